"""A car at a two-way DC station: it gives what is asked, within itself, and charges again."""

import pytest
from msgspec.structs import replace

from make import make_living, make_params
from vettura.bus.messages import Offer, Plug
from vettura.bus.paths import CHARGING, GIVE_MAX, IS_CHARGING, LATCH, OURS, WALL_POWER
from vettura.car.ageing import AGEING
from vettura.car.catalogue import load_car
from vettura.car.charge import displayed_soc
from vettura.drive.actuators import interlocked
from vettura.drive.commands import decide, obey
from vettura.drive.life import advance
from vettura.drive.living import Air
from vettura.drive.pace import period_s
from vettura.drive.signals import signal_values
from vettura.drive.signals_make import make_of
from vettura.units import NS_PER_S

LEAF = "nissan-leaf-40kwh"
PARAMS = make_params(LEAF)
BOX = Plug(station="box", power_w_max=7_000.0, dc=True, offered_w=0.0)
HOUR_NS = 3_600 * NS_PER_S


def plugged(**changes):
    return obey(PARAMS, make_living(LEAF, **changes), BOX)[0]


def giving(asked_w=5_000.0, **changes):
    car, why = obey(PARAMS, plugged(**changes), Offer(power_w_max=0.0, give_w=asked_w))
    assert not why
    return car


def lived(car, hours, params=PARAMS):
    return advance(params, car, Air(), None, car.time_ns + round(hours * HOUR_NS)).car


def test_an_hour_of_giving_leaves_the_battery_and_is_counted_once():
    before = giving(soc=0.8)
    after = lived(before, 1.0)
    assert after.flows.wall_power_w == -5_000.0
    assert after.state.outlet_wh - before.state.outlet_wh == pytest.approx(5_000.0)
    assert after.state.drawn_wh - before.state.drawn_wh > 5_000.0
    assert after.state.wall_wh == before.state.wall_wh
    assert displayed_soc(PARAMS, after.state.soc) < 0.8 - 5_000.0 / 41_000.0


@pytest.mark.parametrize(("asked_w", "given_w"), [(2_000.0, 2_000.0), (9_000.0, 6_000.0)])
def test_station_and_car_limit_what_is_given(asked_w, given_w):
    assert lived(giving(asked_w, soc=0.8), 0.05).flows.wall_power_w == -given_w


def test_it_stops_at_the_reserve_that_its_owner_set():
    car = lived(giving(soc=0.5, discharge_reserve=0.4), 3.0)
    assert displayed_soc(PARAMS, car.state.soc) == pytest.approx(0.4, abs=0.005)
    assert car.flows.wall_power_w == pytest.approx(0.0, abs=60.0)


def test_after_giving_it_charges_again_to_its_limit():
    car = lived(giving(soc=0.8), 1.0)
    assert car.charge is None or displayed_soc(PARAMS, car.state.soc) < car.charge_limit
    car, why = obey(PARAMS, car, Offer(power_w_max=7_000.0))
    assert not why
    assert lived(car, 0.05).flows.wall_power_w == pytest.approx(7_000.0, rel=0.01)
    assert displayed_soc(PARAMS, lived(car, 4.0).state.soc) == pytest.approx(0.8, abs=0.01)


def test_giving_wears_the_battery_as_driving_does():
    ageing = AGEING["nmc"]
    rests = make_living(LEAF, soc=0.8)
    day_ns = 24 * HOUR_NS + 1
    given = advance(PARAMS, giving(soc=0.8), Air(), None, rests.time_ns + day_ns, ageing).car
    idle = advance(PARAMS, plugged(soc=0.8), Air(), None, rests.time_ns + day_ns, ageing).car
    assert given.state.capacity_share < idle.state.capacity_share


@pytest.mark.parametrize(
    ("car_id", "plug", "reason"),
    [
        (LEAF, replace(BOX, dc=False), "only a DC station"),
        ("xiaomi-su7", BOX, "gives nothing"),
        (LEAF, None, "no cable"),
    ],
)
def test_who_cannot_give_says_why(car_id, plug, reason):
    params = make_params(car_id)
    car = make_living(car_id)
    if plug is not None:
        car, _ = obey(params, car, plug)
    done = decide(params, car, Offer(power_w_max=0.0, give_w=3_000.0))
    assert reason in done.reason
    assert done.car.cable == car.cable


def test_signals_say_that_and_how_much_it_gives():
    car = lived(giving(soc=0.7), 0.1)
    spec = load_car(LEAF)
    told = signal_values(PARAMS, make_of(PARAMS, spec, car.vin), car, Air())
    assert told[WALL_POWER] == -5_000.0
    assert told[OURS + "Discharging.Power"] == 5_000.0
    assert told[GIVE_MAX] == 6_000.0
    assert told[CHARGING + "IsDischarging"]
    assert not told[IS_CHARGING]
    assert told[LATCH]
    assert interlocked(car, LATCH, value=False)
    assert period_s(car, 0.0) <= 5.0


def test_a_plug_begins_with_what_the_station_offers_now():
    car = plugged(soc=0.5)
    assert lived(car, 0.05).flows.wall_power_w == 0.0
    one_phase, _ = obey(PARAMS, car, Offer(power_w_max=3_000.0, phases=1))
    assert one_phase.cable.phases == 1
