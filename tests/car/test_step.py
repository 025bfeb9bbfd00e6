"""The step: what one car does in one situation; what holds for all is in book, never, monotone."""

import pytest

from make import ALL_CARS, make_params
from vettura.car.charge import displayed_soc
from vettura.car.relations import resting_state, warmed_up
from vettura.car.state import Inputs, State
from vettura.car.step import step
from vettura.drive.cycles import load_cycle
from vettura.drive.simulate import drive_trip


def resting(params, soc=0.6, ambient=20.0):
    return resting_state(params, displayed_soc=soc, ambient_degc=ambient)


@pytest.mark.parametrize("car", ALL_CARS)
def test_braking_returns_energy_and_never_more_than_it_took(car):
    params = make_params(car)
    state = warmed_up(params, ambient_degc=20.0, displayed_soc=0.5)
    result = drive_trip(params, load_cycle("udds"), state=state)
    assert 0.08 * result.drawn_wh < result.regenerated_wh < 0.5 * result.drawn_wh


def test_a_full_battery_refuses_regeneration_and_the_brakes_take_over():
    params = make_params()
    full = resting(params, 1.0)._replace(speed_mps=25.0)
    half = resting(params, 0.5)._replace(speed_mps=25.0)
    _, from_full = step(params, full, Inputs(speed_mps=23.5), 1.0)
    _, from_half = step(params, half, Inputs(speed_mps=23.5), 1.0)
    assert from_full.brake_power_w > from_half.brake_power_w
    assert from_full.battery_current_a > from_half.battery_current_a


def test_a_wish_beyond_the_motor_is_clipped_and_flagged_not_refused():
    params = make_params()
    state, flows = step(params, resting(params), Inputs(speed_mps=60.0), 1.0)
    assert flows.trace_missed == 1.0
    assert 2.0 < state.speed_mps < 12.0


def test_a_car_that_starts_full_throttle_reaches_100_kmh_about_when_its_maker_says():
    """Xiaomi publishes 5.28 s for the SU7; the figure includes a rolling start, ours does not."""
    params = make_params("xiaomi-su7")
    state, seconds = resting(params, 0.9), 0.0
    while state.speed_mps < 100.0 / 3.6:
        state, _ = step(params, state, Inputs(speed_mps=80.0), 0.1)
        seconds += 0.1
    assert 4.6 < seconds < 6.8


def charge(params, state: State, *, seconds: int, dt: float = 10.0, **offer: float) -> State:
    for _ in range(int(seconds / dt)):
        state, _ = step(params, state, Inputs(awake=0.0, **offer), dt)
    return state


@pytest.mark.parametrize("car", ALL_CARS)
def test_ac_charging_stops_at_the_limit(car):
    params = make_params(car)
    begin = resting(params, 0.5)
    two_hours = charge(params, begin, seconds=7200, ac_power_w=11_000.0)
    end = charge(params, begin, seconds=14 * 3600, ac_power_w=11_000.0, charge_limit=0.8)
    assert displayed_soc(params, end.soc) == pytest.approx(0.8, abs=0.004)
    efficiency = two_hours.charged_wh / two_hours.wall_wh
    assert 0.82 < efficiency < 0.95


@pytest.mark.parametrize("car", ALL_CARS)
def test_dc_charging_tapers_and_a_cold_battery_takes_less(car):
    params = make_params(car)
    low, high, cold = resting(params, 0.2), resting(params, 0.9), resting(params, 0.2, -8.0)
    offer = Inputs(dc_power_w=350_000.0, awake=0.0)
    powers = [step(params, s, offer, 1.0).flows.wall_power_w for s in (low, high, cold)]
    assert powers[0] > powers[1]
    assert powers[0] > 2.0 * powers[2]


def test_a_car_asleep_for_a_day_loses_a_little():
    params = make_params()
    state = begin = resting(params, 0.6)
    for _ in range(1440):
        state, _ = step(params, state, Inputs(awake=0.0, ambient_degc=20.0), 60.0)
    assert 50.0 < state.drawn_wh - begin.drawn_wh < 400.0


def test_the_cabin_reaches_its_target_in_winter_and_in_summer():
    params = make_params()
    for ambient, sun in ((-5.0, 0.0), (36.0, 800.0)):
        state = resting(params, 0.6, ambient)
        wish = Inputs(
            ambient_degc=ambient, sun_w_per_m2=sun, climate_on=1.0, cabin_target_degc=21.0
        )
        for _ in range(30 * 60):
            state, _ = step(params, state, wish, 1.0)
        assert state.cabin_degc == pytest.approx(21.0, abs=1.5)


def test_short_and_long_steps_of_rest_agree():
    params = make_params()
    wish = Inputs(awake=0.0, ambient_degc=-5.0)
    fine = coarse = resting(params, 0.6, 20.0)
    for _ in range(3600):
        fine, _ = step(params, fine, wish, 1.0)
    for _ in range(60):
        coarse, _ = step(params, coarse, wish, 60.0)
    assert coarse.cabin_degc == pytest.approx(fine.cabin_degc, abs=1.0)
    assert coarse.battery_degc == pytest.approx(fine.battery_degc, abs=0.1)
    assert coarse.drawn_wh == pytest.approx(fine.drawn_wh, rel=1e-3)
