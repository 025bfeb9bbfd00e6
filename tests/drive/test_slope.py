"""Slopes: smoothed over distance, so that a standing car climbs nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vettura.drive.slope import GRADE_MAX, grades


@given(
    speeds=st.lists(st.floats(0.0, 60.0), min_size=2, max_size=80),
    heights=st.lists(st.floats(-100.0, 3_000.0), min_size=80, max_size=80),
)
def test_every_second_has_a_slope_within_reason(speeds, heights):
    slopes = grades(speeds, heights[: len(speeds)])
    assert len(slopes) == len(speeds)
    assert all(abs(slope) <= GRADE_MAX for slope in slopes)


def test_what_is_climbed_along_the_way_is_what_the_elevation_gained():
    speeds = [20.0] * 400
    heights = [
        500.0 + (0.6 * k if 100 <= k < 300 else 60.0 if k < 100 else 180.0) for k in range(400)
    ]
    climbed = sum(slope * 20.0 for slope in grades(speeds, heights))
    assert climbed == pytest.approx(heights[-1] - heights[0], abs=3.0)
