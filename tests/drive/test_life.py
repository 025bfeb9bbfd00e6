"""A car's life between two moments: trips arrive, charges end, nothing depends on the stride."""

import msgspec
import pytest
from msgspec.structs import replace

from make import make_living, make_params, make_trip
from vettura.bus.messages import Climate, Drive, Plug
from vettura.car.charge import displayed_soc
from vettura.drive.commands import obey
from vettura.drive.life import advance
from vettura.drive.living import ON_THE_ROAD, Air, headwind_mps, recall, remember
from vettura.errors import InputError
from vettura.units import NS_PER_S

PARAMS = make_params()
HOUR_NS = 3600 * NS_PER_S


def live(car, seconds, *, trip=None, stride_s=None, air=None):
    until = car.time_ns + int(seconds * NS_PER_S)
    stride = int((stride_s or seconds) * NS_PER_S)
    ended = []
    while car.time_ns < until:
        car, sessions = advance(PARAMS, car, air or Air(), trip, min(car.time_ns + stride, until))
        ended += sessions
    return car, ended


def test_a_trip_arrives_and_tells_what_it_took():
    trip = make_trip()
    car, _ = obey(PARAMS, make_living(), Drive(trip=trip))
    car, ended = live(car, trip.duration_s + 5, trip=trip, stride_s=0.1)
    assert (car.mode, car.place, car.state.speed_mps) == ("parked", "work", 0.0)
    (session,) = ended
    assert session.kind == "trip"
    assert session.distance_m == pytest.approx(trip.distance_m, rel=0.01)
    assert session.energy_wh > 0.0
    assert session.soc_end < session.soc_start


@pytest.mark.parametrize("stride_s", [0.1, 0.37, 1.0, 7.0])
def test_how_often_one_looks_does_not_change_where_the_car_gets(stride_s):
    trip = make_trip()
    car, _ = obey(PARAMS, make_living(), Drive(trip=trip))
    far, _ = live(car, trip.duration_s + 5, trip=trip, stride_s=stride_s)
    assert far.state.distance_m == pytest.approx(trip.distance_m, rel=0.01)


def test_a_car_that_runs_empty_is_stranded_on_the_road_and_says_so():
    trip = make_trip(top_mps=30, hold_s=3600)
    car, _ = obey(PARAMS, make_living(soc=0.02), Drive(trip=trip))
    car, ended = live(car, trip.duration_s + 600, trip=trip)
    assert car.place == ON_THE_ROAD
    assert ended[0].destination == ON_THE_ROAD
    assert ended[0].distance_m < 0.9 * trip.distance_m


def test_a_car_whose_trip_was_lost_comes_to_a_stop():
    trip = make_trip()
    car, _ = obey(PARAMS, make_living(), Drive(trip=trip))
    car, _ = live(car, 40, trip=trip)
    car, ended = live(car, 60, trip=None)
    assert (car.mode, car.place) == ("parked", ON_THE_ROAD)
    assert len(ended) == 1


def test_a_charge_ends_at_the_limit_and_tells_what_it_took():
    car, _ = obey(PARAMS, make_living(), Plug(station="wallbox", power_w_max=11_000.0))
    car, ended = live(car, 6 * 3600, stride_s=5.0)
    assert car.mode == "parked"
    assert displayed_soc(PARAMS, car.state.soc) == pytest.approx(0.8, abs=2e-3)
    (session,) = ended
    assert session.kind == "charge"
    assert 14_000.0 < session.energy_wh < 19_000.0


def test_climate_of_a_parked_car_ends_after_half_an_hour():
    car, _ = obey(PARAMS, make_living(), Climate(on=True))
    assert live(car, 29 * 60, stride_s=10)[0].climate_on
    assert not live(car, 32 * 60, stride_s=10)[0].climate_on


def test_a_car_that_is_remembered_is_recalled_the_same():
    trip = make_trip()
    car, _ = obey(PARAMS, make_living(), Drive(trip=trip))
    car, _ = live(car, 30, trip=trip)
    again = recall(remember(car), where="test")
    assert again.state == car.state
    assert again.progress == car.progress
    assert (again.time_ns, again.locked, again.cable) == (car.time_ns, car.locked, car.cable)


def test_a_memory_from_before_health_was_kept_is_of_a_new_pack():
    fields = msgspec.msgpack.decode(remember(make_living()))
    del fields["state"]["capacity_share"], fields["state"]["resistance_share"]
    again = recall(msgspec.msgpack.encode(fields), where="test")
    assert again.state == make_living().state
    assert (again.state.capacity_share, again.state.resistance_share) == (1.0, 1.0)


@pytest.mark.parametrize("data", [b"", b"\x81", b"\xc1", b"\x80", b"\x81\xa1a\x01"])
def test_a_memory_that_cannot_be_read_is_one_clear_line(data):
    with pytest.raises(InputError, match="memory cannot be read"):
        recall(data, where="car X")


@pytest.mark.parametrize(
    ("bearing", "heading", "against"),
    [
        (0.0, 0.0, 5.0),
        (180.0, 0.0, -5.0),
        (90.0, 0.0, 0.0),
        (270.0, 270.0, 5.0),
        (10.0, 190.0, -5.0),
    ],
)
def test_wind_blows_against_the_car_by_its_course(bearing, heading, against):
    air = Air(wind_mps=10.0, wind_bearing_deg=bearing)
    assert headwind_mps(air, heading) == pytest.approx(against, abs=1e-9)


def test_a_headwind_costs_and_height_saves():
    trip = make_trip(top_mps=25, hold_s=300)
    used = {}
    cases = {"calm": {}, "storm": {"wind_mps": 20.0}, "high": {}}
    for name, wind in cases.items():
        car, _ = obey(PARAMS, make_living(), Drive(trip=trip))
        raised = replace(trip, elevation_m=[2_500.0] * len(trip.elevation_m))
        air = Air(wind_bearing_deg=10.0, **wind)
        _, (session,) = live(car, 400, trip=raised if name == "high" else trip, air=air)
        used[name] = session.energy_wh
    assert used["storm"] > 1.1 * used["calm"] > 1.1 * used["high"]
