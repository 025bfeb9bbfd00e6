"""What never happens, whatever the world does: nothing is NaN, aborts, or leaves its window."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from car.drives import MILD, drive, settled
from make import ALL_CARS, make_params, make_trip
from vettura.car.battery import charge_limit_w
from vettura.car.charge import displayed_soc
from vettura.car.relations import resting_state
from vettura.car.state import Inputs
from vettura.car.step import step
from vettura.drive.cycles import cycle_names, load_cycle
from vettura.drive.simulate import drive_trip

CARS = {car: make_params(car) for car in ALL_CARS}
CYCLES = {name: load_cycle(name).speed_mps for name in cycle_names()}
NEARLY_EMPTY = 0.02

wild_worlds = st.fixed_dictionaries(
    {
        "speed_mps": st.floats(0.0, 90.0),
        "grade": st.floats(-0.3, 0.3),
        "headwind_mps": st.floats(-30.0, 30.0),
        "ambient_degc": st.floats(-45.0, 55.0),
        "pressure_pa": st.floats(50_000.0, 108_000.0),
        "sun_w_per_m2": st.floats(0.0, 1_400.0),
        "awake": st.sampled_from([0.0, 1.0]),
        "climate_on": st.sampled_from([0.0, 1.0]),
        "cabin_target_degc": st.floats(16.0, 30.0),
        "climate_power_w": st.one_of(st.just(-1.0), st.floats(0.0, 8_000.0)),
        "charge_limit": st.floats(0.0, 1.0),
        "rain_mm_per_h": st.floats(0.0, 200.0),
        "slipstream": st.floats(0.0, 0.5),
        "accessories": st.floats(0.0, 1.0),
        "recirculation": st.floats(0.0, 1.0),
        "people": st.floats(0.0, 9.0),
        "precondition": st.sampled_from([0.0, 1.0]),
        "outlet_power_w": st.one_of(st.just(0.0), st.floats(0.0, 20_000.0)),
        "outlet_reserve": st.floats(0.0, 1.0),
    }
).map(lambda world: Inputs(**world))
stations = st.fixed_dictionaries(
    {
        "ac_power_w": st.one_of(st.just(0.0), st.floats(0.0, 43_000.0)),
        "dc_power_w": st.one_of(st.just(0.0), st.floats(0.0, 600_000.0)),
        "ac_phases": st.sampled_from([1.0, 2.0, 3.0]),
        "dc_current_max_a": st.floats(0.0, 800.0),
        "dc_voltage_max_v": st.sampled_from([500.0, 1_000.0]),
    }
)
aged = st.fixed_dictionaries(
    {"capacity_share": st.floats(0.4, 1.0), "resistance_share": st.floats(0.8, 4.0)}
)


def wild_state(params, soc, degc, ageing):
    """A car with the pack's own charge `soc`, hidden ends included."""
    return resting_state(params, displayed_soc=0.5, ambient_degc=degc)._replace(soc=soc, **ageing)


def check(params, before, state, flows):
    assert all(math.isfinite(value) for value in (*state, *flows))
    assert 0.0 <= state.soc <= 1.0
    assert 0.0 <= displayed_soc(params, state.soc) <= 1.0
    assert state.speed_mps >= 0.0
    assert state.distance_m >= before.distance_m
    assert flows.battery_voltage_v > 0.0
    assert flows.brake_power_w >= 0.0
    assert flows.drive_loss_w >= 0.0
    assert flows.wall_power_w >= flows.charge_power_w >= 0.0


@settings(max_examples=300, deadline=None)
@given(
    car=st.sampled_from(ALL_CARS),
    worlds=st.lists(wild_worlds, min_size=1, max_size=30),
    soc=st.floats(0.0, 1.0),
    degc=st.floats(-45.0, 60.0),
    ageing=aged,
    dt=st.sampled_from([0.1, 1.0]),
)
def test_whatever_a_driver_and_the_weather_ask_every_number_stays_in_its_window(
    car, worlds, soc, degc, ageing, dt
):
    params = CARS[car]
    state = wild_state(params, soc, degc, ageing)
    for world in worlds:
        before = state
        state, flows = step(params, state, world, dt)
        check(params, before, state, flows)


@settings(max_examples=300, deadline=None)
@given(
    car=st.sampled_from(ALL_CARS),
    worlds=st.lists(st.tuples(wild_worlds, stations), min_size=1, max_size=30),
    soc=st.floats(0.0, 1.0),
    degc=st.floats(-45.0, 60.0),
    ageing=aged,
    dt=st.sampled_from([0.1, 1.0, 10.0, 60.0]),
)
def test_whatever_a_station_offers_a_parked_car_every_number_stays_in_its_window(
    car, worlds, soc, degc, ageing, dt
):
    params = CARS[car]
    state = wild_state(params, soc, degc, ageing)
    for world, station in worlds:
        before = state
        state, flows = step(params, state, world._replace(speed_mps=0.0, **station), dt)
        check(params, before, state, flows)
        assert state.speed_mps == state.distance_m == 0.0
        assert flows.outlet_power_w <= params.supply.outlet_power_max_w


@pytest.mark.parametrize("cycle", CYCLES)
@pytest.mark.parametrize("ambient", [-25.0, 0.0, 20.0, 40.0])
def test_no_cycle_breaks_any_car_at_any_temperature_and_charge(cycle, ambient):
    for car, params in CARS.items():
        for soc in (1.0, 0.5, NEARLY_EMPTY, 0.0):
            for climate in (0.0, 1.0):
                world = Inputs(ambient_degc=ambient, climate_on=climate)
                driven = drive(params, settled(params, soc, ambient), CYCLES[cycle], world)
                assert driven.broken == 0.0, (car, soc, climate)


@pytest.mark.parametrize("cycle", CYCLES)
def test_every_car_follows_every_cycle(cycle):
    for car, params in CARS.items():
        for ambient in (0.0, 20.0, 40.0):
            begin = settled(params, 0.9, ambient)
            driven = drive(params, begin, CYCLES[cycle], MILD._replace(ambient_degc=ambient))
            assert driven.missed_s == 0.0, (car, ambient)
            assert driven.state.distance_m == pytest.approx(load_cycle(cycle).distance_m, rel=1e-6)
            # A city car in town to a pick-up in the frost.
            per_km = 1_000.0 * driven.terminal_wh / driven.state.distance_m
            assert 70.0 < per_km < 400.0, (car, ambient)


@settings(max_examples=25, deadline=None)
@given(
    car=st.sampled_from(ALL_CARS),
    ambient=st.floats(-25.0, 40.0),
    grade=st.floats(-0.1, 0.1),
    headwind=st.floats(-10.0, 10.0),
    climate=st.sampled_from([0.0, 1.0]),
)
def test_a_compiled_drive_is_the_living_step_to_the_bit(car, ambient, grade, headwind, climate):
    """All that is shown with compiled drives is so shown of the plain step."""
    params = CARS[car]
    world = Inputs(ambient_degc=ambient, grade=grade, headwind_mps=headwind, climate_on=climate)
    trace = make_trip().speed_mps
    state = begin = settled(params, 0.5, ambient)
    for wish in trace[1:]:
        state, _ = step(params, state, world._replace(speed_mps=wish), 1.0)
    assert drive(params, begin, trace, world).state == state


@pytest.mark.parametrize("grade", [0.0, 0.25])
def test_a_car_that_cannot_follow_is_flagged_goes_on_and_catches_up(grade):
    """A sprint that no car here follows, up a ramp, and then a pace that all of them hold."""
    trace = [0.0, *([80.0] * 10), *([5.0] * 50)]
    for car, params in CARS.items():
        driven = drive(params, settled(params, 0.8, 20.0), trace, MILD._replace(grade=grade))
        assert 9.0 <= driven.missed_s < 40.0, car
        assert driven.state.speed_mps == pytest.approx(5.0), car
        assert driven.broken == 0.0, car


@pytest.mark.parametrize("ambient", [-15.0, 20.0])
def test_an_empty_battery_stops_the_car_and_gives_nothing_more(ambient):
    """Driven until it stands and beyond: no more leaves the cells than was ever in them."""
    world = Inputs(ambient_degc=ambient, climate_on=1.0)
    for car, params in CARS.items():
        begin = settled(params, 0.03, ambient)
        driven = drive(params, begin, [25.0] * 3_600, world, laps=3)
        assert driven.state.speed_mps < 0.1, car
        later = drive(params, driven.state, [25.0] * 600, world)
        assert later.state.distance_m - driven.state.distance_m < 1.0, car
        assert driven.broken == later.broken == 0.0, car
        full_v = 1.5 / params.drive.per_nominal_volt
        assert driven.chemical_wh <= begin.soc * params.pack.capacity_c * full_v / 3_600.0, car
        flat = driven.state._replace(soc=0.0)
        assert drive(params, flat, [25.0] * 600, world).chemical_wh == 0.0, car


@pytest.mark.parametrize("ambient", [-25.0, 40.0])
def test_a_flat_battery_leaves_the_car_dark_and_as_cold_or_hot_as_the_air(ambient):
    world = Inputs(ambient_degc=ambient, climate_on=1.0, people=0.0)
    for car, params in CARS.items():
        flat = settled(params, 0.5, ambient)._replace(soc=0.0)
        later = drive(params, flat, [0.0] * 1_800, world).state
        assert later.auxiliary_wh == later.drawn_wh == 0.0, car
        assert later.cabin_degc == later.battery_degc == ambient, car


@pytest.mark.parametrize("ambient", [-30.0, -20.0, 0.0])
@pytest.mark.parametrize("soc", [0.9, 0.5, 0.15])
def test_full_throttle_in_the_cold_asks_no_more_than_the_pack_can_give(ambient, soc):
    """But for the first second of all: at a crawl the copper takes more than is counted on."""
    world = Inputs(ambient_degc=ambient, climate_on=1.0, speed_mps=60.0)
    for car, params in CARS.items():
        state, _ = step(params, settled(params, soc, ambient), world, 1.0)
        for _ in range(60):
            state, flows = step(params, state, world, 1.0)
            assert flows.unserved_power_w < 1e-6, car


@pytest.mark.parametrize("grade", [-0.2, 0.0, 0.2])
def test_no_emergency_stop_charges_a_battery_faster_than_it_may(grade):
    """From 144 km/h to nothing in one wish, full and half full, warm and cold."""
    for car, params in CARS.items():
        for soc, degc, speed_mps in ((1.0, -10.0, 20.0), (0.5, 20.0, 40.0), (0.5, 0.0, 40.0)):
            state = settled(params, soc, degc)._replace(speed_mps=speed_mps)
            limit_w = charge_limit_w(params, state.soc, state.battery_degc)
            wish = Inputs(ambient_degc=degc, grade=grade)
            after, flows = step(params, state, wish, 1.0)
            assert -flows.battery_power_w <= limit_w, (car, soc, degc)
            assert -flows.wheel_power_w <= params.drive.regen_power_max_w * (1.0 + 1e-9), car
            assert after.speed_mps > 0.0
            assert flows.trace_missed == 1.0


@pytest.mark.parametrize("cycle", CYCLES)
@pytest.mark.parametrize("ambient", [0.0, 20.0])
def test_a_full_car_that_comes_down_a_mountain_keeps_what_it_takes(cycle, ambient):
    """An hour of it, so that every pack is full to the brim: what goes in lies in it."""
    world = MILD._replace(grade=-0.08, ambient_degc=ambient)
    for car, params in CARS.items():
        begin = settled(params, 0.98, ambient)
        driven = drive(params, begin, CYCLES[cycle], world, laps=3)
        full_v = 1.2 / params.drive.per_nominal_volt
        room_wh = (1.0 - begin.soc) * params.pack.capacity_c * full_v / 3_600.0
        assert -room_wh <= driven.chemical_wh, car
        assert begin.soc < driven.state.soc <= 1.0, car
        assert driven.missed_s == 0.0, car


def test_a_drive_that_looks_at_the_conditions_every_ten_seconds_is_nearly_the_same():
    params = CARS["mini-cooper-se"]
    begin = settled(params, 0.7, 5.0)
    result = drive_trip(params, load_cycle("udds"), state=begin, ambient_degc=5.0)
    driven = drive(params, begin, CYCLES["udds"], MILD._replace(ambient_degc=5.0))
    assert result.energy_wh == pytest.approx(driven.terminal_wh, rel=5e-4)
    assert result.state.distance_m == driven.state.distance_m
