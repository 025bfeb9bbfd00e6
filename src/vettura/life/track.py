"""The line of a road over the ground: where it winds and how it climbs. The same both ways."""

import math
from functools import lru_cache
from itertools import pairwise
from random import Random  # noqa: TID251  the type; streams are made by the clock's room
from typing import NamedTuple

from vettura.clock.chance import random_stream
from vettura.errors import InputError
from vettura.life.places import EARTH_RADIUS_M, Place, distance_m

GRID_M = 100.0
"""Distance between two points of the track, measured along the road."""
GRADE_MAX = 0.06
WINDING = (1.25, 1.40)
"""Length of a road over the straight line; Boscoe et al. 2012 (The Professional Geographer 64, 188)
find 1.42 as the mean of the United States, and Europe's roads are denser."""

_SHORTEST_M, _LONGEST_M = 100.0, 700_000.0
_CLIMB_MAX = 0.05
_WAVES = 9


class Track(NamedTuple):
    """Points every `GRID_M` metres, the last at the end of the road."""

    length_m: float
    latitude_deg: tuple[float, ...]
    longitude_deg: tuple[float, ...]
    elevation_m: tuple[float, ...]


def road_name(origin: Place, destination: Place) -> tuple[str, bool]:
    """Name of the road between two places, and whether it is travelled in its own direction."""
    ends = [
        f"{place.latitude_deg:.5f},{place.longitude_deg:.5f},{place.elevation_m:.0f}"
        for place in (origin, destination)
    ]
    return "|".join(sorted(ends)), ends[0] <= ends[1]


def make_track(origin: Place, destination: Place) -> Track:
    """Return the road's line from `origin` to `destination`; backwards it is the same line.

    Schematic: 1.25 to 1.40 times the straight line, longer only where no grade within 6 % would
    climb it. Places closer than 100 m or farther than 700 km apart are an `InputError`.
    """
    straight_m = distance_m(origin, destination)
    if not _SHORTEST_M <= straight_m <= _LONGEST_M:
        raise InputError(
            f"{origin.name} and {destination.name} are {straight_m:.0f} m apart",
            hint=f"a road needs {_SHORTEST_M:.0f} m to {_LONGEST_M / 1000:.0f} km",
        )
    name, is_forward = road_name(origin, destination)
    ends = (origin, destination) if is_forward else (destination, origin)
    track = _track(name, *ends)
    return track if is_forward else _backwards(track)


@lru_cache(maxsize=256)
def _track(name: str, start: Place, end: Place) -> Track:
    chance = random_stream(0, f"road.{name}")
    straight_m = distance_m(start, end)
    climb_m = end.elevation_m - start.elevation_m
    length_m = max(chance.uniform(*WINDING) * straight_m, 1.5 * abs(climb_m) / _CLIMB_MAX)
    count = max(1, round(length_m / GRID_M))
    along, aside = _line(chance, straight_m, count)
    latitude, longitude = _on_the_ground(start, end, along, aside)
    return Track(count * GRID_M, latitude, longitude, _heights(chance, start, end, count))


def _backwards(track: Track) -> Track:
    return Track(
        track.length_m,
        track.latitude_deg[::-1],
        track.longitude_deg[::-1],
        track.elevation_m[::-1],
    )


def _line(chance: Random, straight_m: float, count: int) -> tuple[list[float], list[float]]:
    """Points along the straight line and aside of it [m], evenly spaced over the road's length."""
    steps = max(200, 2 * count)
    waves = [(k, chance.gauss(0.0, 1.0) / k**1.2) for k in range(1, _WAVES + 1)]
    shape = [
        sum(size * math.sin(math.pi * k * index / steps) for k, size in waves)
        for index in range(steps + 1)
    ]
    dx = straight_m / steps
    dy = [b - a for a, b in pairwise(shape)]
    scale = _scale(dx, dy, count * GRID_M)
    reached, along, aside, index = 0.0, [0.0], [0.0], 0
    for point in range(1, count):
        # Walk until the piece of line that holds this point.
        while reached + math.hypot(dx, scale * dy[index]) < point * GRID_M and index < steps - 1:
            reached += math.hypot(dx, scale * dy[index])
            index += 1
        share = (point * GRID_M - reached) / math.hypot(dx, scale * dy[index])
        along.append((index + share) * dx)
        aside.append(scale * (shape[index] + share * dy[index]))
    return [*along, straight_m], [*aside, 0.0]


def _scale(dx: float, dy: list[float], length_m: float) -> float:
    """How far the waves must swing for the line to have that length: bisection."""
    low, high = 0.0, length_m / max(sum(map(abs, dy)), 1e-9)
    for _ in range(40):
        middle = 0.5 * (low + high)
        is_short = sum(math.hypot(dx, middle * step) for step in dy) < length_m
        low, high = (middle, high) if is_short else (low, middle)
    return high


def _on_the_ground(
    start: Place, end: Place, along: list[float], aside: list[float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Put the line onto the map; good enough for a schematic road, exact at both ends."""
    dlat = end.latitude_deg - start.latitude_deg
    dlon = (end.longitude_deg - start.longitude_deg + 180.0) % 360.0 - 180.0
    squeeze = math.cos(math.radians(0.5 * (start.latitude_deg + end.latitude_deg)))
    degree_m = math.radians(EARTH_RADIUS_M)
    east, north = dlon * squeeze, dlat
    size = math.hypot(east, north)
    latitude, longitude = [], []
    for forth_m, side_m in zip(along, aside, strict=True):
        share = forth_m / along[-1]
        latitude.append(start.latitude_deg + share * dlat + side_m / degree_m * east / size)
        shift = side_m / degree_m * north / size / squeeze
        longitude.append((start.longitude_deg + share * dlon - shift + 180.0) % 360.0 - 180.0)
    latitude[-1], longitude[-1] = end.latitude_deg, end.longitude_deg
    return tuple(latitude), tuple(longitude)


def _heights(chance: Random, start: Place, end: Place, count: int) -> tuple[float, ...]:
    """Elevations [m]: a smooth way up or down with hills on it, grades within `GRADE_MAX`."""
    climb_m = end.elevation_m - start.elevation_m
    length_m = count * GRID_M
    waves = [
        (length_m / chance.uniform(1_200.0, 6_000.0), chance.uniform(0.0, 6.28), 1.0)
        for _ in range(4)
    ]
    slope = [
        climb_m * (_smooth((k + 1) / count) - _smooth(k / count)) / GRID_M for k in range(count)
    ]
    hills = [_hill(waves, k / count) for k in range(count + 1)]
    steepest = max(abs(b - a) / GRID_M for a, b in pairwise(hills))
    room = GRADE_MAX - max(map(abs, slope))
    wanted_m = chance.uniform(2.0, 7.0)
    size_m = min(wanted_m, 0.95 * room / steepest) if steepest > 0.0 else 0.0
    return tuple(
        start.elevation_m + climb_m * _smooth(k / count) + size_m * hills[k]
        for k in range(count + 1)
    )


def _hill(waves: list[tuple[float, float, float]], share: float) -> float:
    """Hills without unit, level with the road at both ends."""
    swing = sum(
        size * math.sin(2 * math.pi * count * share + phase) for count, phase, size in waves
    )
    return math.sin(math.pi * share) * swing if 0.0 < share < 1.0 else 0.0


def _smooth(share: float) -> float:
    return share * share * (3.0 - 2.0 * share)
