"""Driving road and motors alone says what driving the whole car says, and much sooner."""

from dataclasses import replace

import pytest

from drive.truth import cycle
from drive.truth import drive as driven
from make import make_params
from vettura.car.relations import resting_state
from vettura.drive.calibrate_follow import Moment, follow
from vettura.drive.calibrate_knobs import HEATING, KNOBS, set_shares
from vettura.drive.calibrate_traction import (
    TRACTION_NAMES,
    motor_powers_w,
    step_of,
    traction_slopes,
)
from vettura.drive.calibrate_trips import How, case_of, fitted_names, predicted, sensitivities


@pytest.fixture(scope="module", params=["udds", "hwfet"])
def drive(request):
    moments = [
        Moment(speed_mps=v, grade=0.02 if k // 200 % 2 else -0.02, ambient_degc=5.0)
        for k, v in enumerate(cycle(request.param)[:600])
    ]
    params = make_params()
    return params, resting_state(params, displayed_soc=0.7, ambient_degc=5.0), moments


def test_at_the_same_figures_the_motors_take_the_same(drive):
    params, state, moments = drive
    driven = follow(params, state, moments)
    assert motor_powers_w(params, driven.seconds) == [s.motor_w for s in driven.seconds]
    assert [s.motor_w for s in driven.seconds] == [f.motor_power_w for f in driven.flows]


@pytest.mark.parametrize("name", TRACTION_NAMES)
def test_the_slope_of_the_energy_is_that_of_the_whole_car(drive, name):
    params, state, moments = drive
    base = follow(params, state, moments)
    moved = follow(set_shares(params, {name: 1.0 + step_of(name)}), state, moments)
    whole = sum(f.battery_power_w for f in moved.flows) - sum(f.battery_power_w for f in base.flows)
    alone = sum(traction_slopes(params, {}, base.seconds)[name]) * step_of(name)
    assert whole != 0.0
    assert alone == pytest.approx(whole, rel=0.01)


@pytest.mark.parametrize("climate_w", [None, 900.0])
def test_a_trips_slopes_are_those_of_whole_replays(climate_w):
    params = make_params("bmw-i3-60ah")
    trip = driven(params, cycle("udds")[:700], ambient=2.0, hills_m=15.0, climate_w=900.0)
    if climate_w is None:
        trip = replace(trip, heating_w=None)
    how = How(params=params, model_climate=False, target_degc=21.0, count=lambda: None)
    case = case_of(trip, model_climate=False)
    shares = {"rolling": 1.1, "auxiliary": 1.2, "heating": 1.1}
    now = predicted(how, case, shares)
    found = sensitivities(how, case, shares, now)
    assert set(found) == set(fitted_names(how, case))
    for name, slopes in found.items():
        moved = {**shares, name: shares.get(name, 1.0) + step_of(name)}
        whole = sum(predicted(how, case, moved).energies_wh) - sum(now.energies_wh)
        assert sum(slopes) * step_of(name) == pytest.approx(whole, rel=0.04, abs=0.05), name


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.name)
def test_every_parameter_has_a_grip_on_the_car(knob):
    for car in ("bmw-i3-60ah", "xiaomi-su7-max"):
        params = make_params(car)
        moved = set_shares(params, {knob.name: 1.1})
        # The heating channel is the trip's, not the car's.
        assert (moved == params) is (knob.name == HEATING), car
