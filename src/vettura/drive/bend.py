"""How the road turns under the car: course and curvature of a trip's track. Pure."""

import math
from itertools import pairwise
from typing import NamedTuple

from vettura.car.trip import Trip

LATERAL_MPS2_MAX = 4.0
"""No driver of these trips takes a bend faster; where a coarse track turns sharper than the speed
allows, the car cuts the corner. Everyday drivers stay below 4 m/s² (Bosch, Automotive Handbook)."""
CURVATURE_PER_M_MAX = 1.0 / 6.0
"""The turning circle of a car: about 12 m across."""


class Bend(NamedTuple):
    """The road at one point."""

    heading_deg: float
    """Course from north, clockwise."""
    curvature_per_m: float
    """One over the radius; positive to the left, as ISO 8855 counts yaw."""


def bend_at(trip: Trip, along_m: float, speed_mps: float) -> Bend | None:
    """Course and curvature there; None without a track.

    The course turns evenly between the points of the track, where it is that of the chord through
    the two neighbours; the curvature is what it turns per metre, joined by straight lines.
    """
    if len(trip.latitude_deg) < 2:
        return None
    position = along_m / trip.grid_m
    index = min(max(int(position), 0), len(trip.latitude_deg) - 2)
    share = min(max(position - index, 0.0), 1.0)
    courses = [_course_deg(trip, point) for point in range(index - 1, index + 3)]
    turns = [_turn_deg(a, b) for a, b in pairwise(courses)]
    heading_deg = (courses[1] + share * turns[1]) % 360.0
    near, far = (0, 1) if share < 0.5 else (1, 2)
    weight = share + 0.5 if share < 0.5 else share - 0.5
    turn_deg = turns[near] + weight * (turns[far] - turns[near])
    curvature = -math.radians(turn_deg) / trip.grid_m
    limit = LATERAL_MPS2_MAX / max(speed_mps * speed_mps, 1.0)
    limit = min(limit, CURVATURE_PER_M_MAX)
    return Bend(heading_deg, min(max(curvature, -limit), limit))


def _course_deg(trip: Trip, point: int) -> float:
    """Bearing of the chord from the point before to the one after, held at both ends."""
    last = len(trip.latitude_deg) - 1
    before, after = min(max(point - 1, 0), last - 1), max(min(point + 1, last), 1)
    latitude = trip.latitude_deg[before]
    north = trip.latitude_deg[after] - latitude
    east = trip.longitude_deg[after] - trip.longitude_deg[before]
    return math.degrees(math.atan2(east * math.cos(math.radians(latitude)), north))


def _turn_deg(start_deg: float, end_deg: float) -> float:
    """The short way from one course to another; positive clockwise."""
    return (end_deg - start_deg + 180.0) % 360.0 - 180.0
