"""How fast one may and must drive along a road: classes, bends and junctions. The same each day."""

from functools import lru_cache
from random import Random  # noqa: TID251  the type; streams are made by the clock's room
from typing import NamedTuple

from vettura.clock.chance import random_stream
from vettura.units import KMH_PER_MPS

TOWN_MPS = 50.0 / KMH_PER_MPS
"""Speed limit inside towns [m/s], Italy: Codice della Strada, art. 142."""
_LANE_MPS = 30.0 / KMH_PER_MPS
_COUNTRY_MPS = (70.0 / KMH_PER_MPS, 90.0 / KMH_PER_MPS)
_MOTORWAY_MPS = (110.0 / KMH_PER_MPS, 130.0 / KMH_PER_MPS)
_MOTORWAY_FROM_M = 16_000.0


class Zone(NamedTuple):
    """A piece of road with one speed limit."""

    begin_m: float
    end_m: float
    limit_mps: float


class Slow(NamedTuple):
    """A bend, crossing or roundabout that is driven slower."""

    begin_m: float
    end_m: float
    speed_mps: float


class Lanes(NamedTuple):
    """What a road asks of whoever drives along it."""

    length_m: float
    zones: tuple[Zone, ...]
    bends: tuple[Slow, ...]
    crossings_m: tuple[float, ...]
    """Where one may have to stop."""


def lanes_of(name: str, length_m: float, *, is_forward: bool) -> Lanes:
    """Return the lanes of the road of that name and length [m], as seen in that direction."""
    lanes = _lanes(name, length_m)
    return lanes if is_forward else _backwards(lanes)


@lru_cache(maxsize=256)
def _lanes(name: str, length_m: float) -> Lanes:
    chance = random_stream(0, f"lanes.{name}")
    zones = tuple(_zones(chance, length_m))
    bends, crossings = [], []
    for zone in zones:
        bends += _bends(chance, zone)
        crossings += _crossings(chance, zone, length_m)
    return Lanes(length_m, zones, tuple(bends), tuple(crossings))


def _zones(chance: Random, length_m: float) -> list[Zone]:
    """A lane and a town at both ends, country roads between, a motorway on long ways."""
    lane_m = min(150.0, 0.1 * length_m)
    town_m = [min(chance.uniform(900.0, 3_200.0), 0.45 * length_m) for _ in range(2)]
    country = (town_m[0], length_m - town_m[1])
    zones = [Zone(0.0, lane_m, _LANE_MPS), Zone(lane_m, country[0], TOWN_MPS)]
    if length_m > _MOTORWAY_FROM_M and chance.random() < min(1.0, length_m / 40_000.0):
        enter = country[0] + chance.uniform(0.08, 0.2) * (country[1] - country[0])
        leave = country[1] - chance.uniform(0.08, 0.2) * (country[1] - country[0])
        zones += _country(chance, country[0], enter)
        zones.append(Zone(enter, leave, chance.choice(_MOTORWAY_MPS)))
        zones += _country(chance, leave, country[1])
    else:
        zones += _country(chance, *country)
    return [
        *zones,
        Zone(country[1], length_m - lane_m, TOWN_MPS),
        Zone(length_m - lane_m, length_m, _LANE_MPS),
    ]


def _country(chance: Random, begin_m: float, end_m: float) -> list[Zone]:
    """Roads of 70 and 90 km/h, now and then through a village."""
    zones, here_m, village = [], begin_m, False
    while here_m < end_m:
        piece_m = chance.uniform(500.0, 1_100.0) if village else chance.uniform(1_200.0, 4_000.0)
        until_m = end_m if end_m - here_m - piece_m < 300.0 else here_m + piece_m
        limit_mps = TOWN_MPS if village else chance.choice(_COUNTRY_MPS)
        zones.append(Zone(here_m, until_m, limit_mps))
        here_m, village = until_m, not village and chance.random() < 0.6
    return zones


def _bends(chance: Random, zone: Zone) -> list[Slow]:
    """Bends and roundabouts: in towns at corners, in the country every two kilometres or so."""
    if zone.limit_mps >= _MOTORWAY_MPS[0]:
        return []
    spacing_m = 700.0 if zone.limit_mps <= TOWN_MPS else 1_600.0
    bends, here_m = [], zone.begin_m + chance.expovariate(1.0 / spacing_m)
    while here_m + 40.0 < zone.end_m:
        if zone.limit_mps <= TOWN_MPS:
            speed_mps = chance.uniform(5.0, 9.5)
        else:
            speed_mps = chance.uniform(0.5, 0.9) * zone.limit_mps
        bends.append(Slow(here_m, here_m + chance.uniform(15.0, 40.0), speed_mps))
        here_m += 120.0 + chance.expovariate(1.0 / spacing_m)
    return bends


def _crossings(chance: Random, zone: Zone, length_m: float) -> list[float]:
    """Lights and give-ways, none within 120 m of an end of the road or of one another."""
    if zone.limit_mps >= _MOTORWAY_MPS[0]:
        return []
    spacing_m = 330.0 if zone.limit_mps <= TOWN_MPS else 2_200.0
    crossings, here_m = [], zone.begin_m + 60.0 + chance.expovariate(1.0 / spacing_m)
    while here_m + 60.0 < zone.end_m:
        if 120.0 < here_m < length_m - 120.0:
            crossings.append(here_m)
        here_m += 120.0 + chance.expovariate(1.0 / spacing_m)
    return crossings


def _backwards(lanes: Lanes) -> Lanes:
    end_m = lanes.length_m
    return Lanes(
        end_m,
        tuple(Zone(end_m - b, end_m - a, limit) for a, b, limit in reversed(lanes.zones)),
        tuple(Slow(end_m - b, end_m - a, speed) for a, b, speed in reversed(lanes.bends)),
        tuple(end_m - at for at in reversed(lanes.crossings_m)),
    )
