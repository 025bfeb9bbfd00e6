"""Road load: the coast-down at its own conditions, and what tyres and air make of it."""

import pytest

from make import make_params
from vettura.car.road import (
    REFERENCE_DEGC,
    REFERENCE_DENSITY,
    TYRE_REFERENCE_DEGC,
    drag_n_per_mps2,
    road_load_n,
    rolling_n,
    warm_tyre,
)


def load_n(*, speed_mps=20.0, tyre_degc=TYRE_REFERENCE_DEGC, density=REFERENCE_DENSITY, grade=0.0):
    params = make_params()
    rolling, drag = rolling_n(params, tyre_degc, 0.0), drag_n_per_mps2(params, density, 0.0)
    return road_load_n(params, speed_mps, 0.0, grade, rolling, drag)


@pytest.mark.parametrize("speed_mps", [5.0, 15.0, 30.0])
def test_at_its_own_conditions_the_load_is_the_coast_down(speed_mps):
    road = make_params().road
    plain_n = road.a_n + road.b_n_per_mps * speed_mps + road.c_n_per_mps2 * speed_mps**2
    assert load_n(speed_mps=speed_mps) == pytest.approx(plain_n)


def test_half_an_hour_at_80_kmh_makes_the_tyres_as_warm_as_the_load_holds_for():
    tyre_degc = REFERENCE_DEGC
    for _ in range(3 * 3_600):
        tyre_degc = warm_tyre(tyre_degc, 80.0 / 3.6, REFERENCE_DEGC, 1.0)
    assert tyre_degc == pytest.approx(TYRE_REFERENCE_DEGC, abs=0.1)


def test_colder_tyres_take_ever_more():
    warm, cool, cold = (load_n(tyre_degc=degc) for degc in (50.0, 20.0, -10.0))
    assert warm < cool < cold
    assert cold - cool > cool - warm


def test_a_car_at_rest_is_held():
    assert load_n(speed_mps=0.0, grade=0.1) == 0.0
