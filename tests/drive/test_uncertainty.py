"""Intervals: around the prediction, wider where less is known."""

import math

from hypothesis import given
from hypothesis import strategies as st

from vettura.car import load_car
from vettura.drive.uncertainty import (
    CALIBRATED,
    CYCLE_SIGMA,
    cycle_interval,
    energy_interval,
    road_load_of,
)

ABOUT = {"distance_m": 20_000.0, "climate_wh": 0.0, "climate_measured": False}


def width(energy_wh=3_000.0, **changes):
    low_wh, high_wh = energy_interval(energy_wh, **{**ABOUT, **changes})
    return high_wh - low_wh


@given(
    energy_wh=st.floats(-5_000.0, 100_000.0),
    distance_m=st.floats(0.0, 1e6),
    share=st.floats(0.0, 1.0),
    level=st.floats(0.01, 0.99),
)
def test_the_prediction_lies_in_the_middle_of_a_finite_interval(
    energy_wh, distance_m, share, level
):
    low_wh, high_wh = energy_interval(
        energy_wh,
        distance_m=distance_m,
        climate_wh=share * max(energy_wh, 0.0),
        climate_measured=True,
        level=level,
    )
    assert math.isfinite(low_wh)
    assert low_wh <= energy_wh <= high_wh
    assert math.isclose(high_wh - energy_wh, energy_wh - low_wh, rel_tol=1e-6, abs_tol=1e-6)


def test_what_is_less_known_has_the_wider_interval():
    assert width(doubt=CALIBRATED) < width()
    assert width(climate_wh=800.0, climate_measured=True) < width(climate_wh=800.0)
    assert width() < width(distance_m=5_000.0)
    assert width(level=0.5) < width(level=0.8) < width(level=0.95)


def test_a_long_drive_from_public_figures_is_known_to_about_a_tenth():
    assert 0.07 < 0.5 * width(energy_wh=15_000.0, distance_m=100_000.0) / 15_000.0 < 0.15


def test_a_road_load_that_is_guessed_widens_a_cycles_interval():
    widths = []
    for road_load in ("calibrated", "coast-down", "drag and tyres", "estimated"):
        low, high = cycle_interval(150.0, road_load=road_load)
        assert low < 150.0 < high
        widths.append(high - low)
    assert widths == sorted(widths)
    cold_low, cold_high = cycle_interval(150.0, road_load="coast-down", climate=40.0)
    assert cold_high - cold_low > widths[1]


def test_the_source_of_a_cars_road_load_is_told():
    assert road_load_of(load_car("tesla-model-3-rwd")) == "coast-down"
    assert road_load_of(load_car("xiaomi-su7")) == "estimated"
    assert set(CYCLE_SIGMA) == {"calibrated", "coast-down", "drag and tyres", "estimated"}
