"""Driving road and motors alone says what driving the whole car says, and much sooner."""

import pytest

from drive.truth import cycle
from make import make_params
from vettura.car.relations import resting_state
from vettura.drive.calibrate_follow import Moment, follow
from vettura.drive.calibrate_knobs import set_shares
from vettura.drive.calibrate_traction import (
    TRACTION_NAMES,
    motor_powers_w,
    step_of,
    traction_slopes,
)


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
    assert alone == pytest.approx(whole, rel=0.01)
