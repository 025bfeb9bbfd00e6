"""How the road turns under the car follows from its track."""

from itertools import pairwise

import pytest

from drive.signal_day import RADIUS_M, winding_trip
from make import make_trip
from vettura.car.trip import Trip
from vettura.drive.bend import CURVATURE_PER_M_MAX, LATERAL_MPS2_MAX, bend_at


def test_a_straight_road_does_not_turn():
    bend = bend_at(make_trip(), 150.0, 15.0)
    assert bend.curvature_per_m == pytest.approx(0.0, abs=1e-6)
    assert bend.heading_deg == pytest.approx(8.9, abs=0.5)


def test_a_bend_turns_by_its_radius_and_to_its_side():
    trip = winding_trip()
    left = bend_at(trip, 400.0, 10.0)
    right = bend_at(trip, 1_400.0, 10.0)
    assert left.curvature_per_m == pytest.approx(1.0 / RADIUS_M, rel=0.05)
    assert right.curvature_per_m == pytest.approx(-1.0 / RADIUS_M, rel=0.05)


def test_the_course_never_jumps_and_neither_does_the_curvature():
    trip = winding_trip()
    bends = [bend_at(trip, float(m), 10.0) for m in range(0, int(trip.distance_m), 2)]
    for before, after in pairwise(bends):
        turned = (after.heading_deg - before.heading_deg + 180.0) % 360.0 - 180.0
        assert abs(turned) < 1.0
        assert abs(after.curvature_per_m - before.curvature_per_m) < 5e-4


def test_a_corner_is_cut_and_never_taken_faster_than_people_do():
    corner = Trip(
        id="c",
        origin="a",
        destination="b",
        speed_mps=[0.0, 20.0, 0.0],
        grid_m=10.0,
        latitude_deg=[45.0, 45.001, 45.001],
        longitude_deg=[7.0, 7.0, 7.001],
    )
    for speed_mps in (0.0, 5.0, 20.0):
        curvature = abs(bend_at(corner, 10.0, speed_mps).curvature_per_m)
        assert curvature <= CURVATURE_PER_M_MAX
        assert curvature * speed_mps**2 <= LATERAL_MPS2_MAX + 1e-9


@pytest.mark.parametrize("points", [0, 1])
def test_a_trip_without_a_track_has_no_bends(points):
    trip = Trip(
        id="n",
        origin="a",
        destination="b",
        speed_mps=[0.0, 1.0],
        latitude_deg=[45.0] * points,
        longitude_deg=[7.0] * points,
    )
    assert bend_at(trip, 10.0, 1.0) is None
