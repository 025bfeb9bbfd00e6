"""One drive along a road on one day: the speed trace that lights, others and a foot make of it."""

import math
from random import Random  # noqa: TID251  the type; streams are made by the clock's room
from typing import NamedTuple

from vettura.life.lanes import TOWN_MPS, Lanes

ACCELERATION_MPS2 = (0.9, 1.6)
BRAKING_MPS2 = (0.8, 1.45)
"""What a driver is used to, drawn for each stretch; half of measured launches and stops lie in it
(TUM 2020, doi 10.21227/6jr9-5235)."""
ACCELERATION_MAX_MPS2, BRAKING_MAX_MPS2 = 1.6, 1.75

_CELL_M = 10.0
_STOP_SHARE = 0.42
_WAIT_S = (2.0, 70.0)
_WAIT_MEAN_S = 22.0
_CREEP_MPS = 0.3
_MOOD_MAX = 0.03
"""Nobody drives faster than that above what the lane allows today, whatever the mood."""
_STRETCH_SECONDS_MAX = 200_000


class Foot(NamedTuple):
    """How someone accelerates and brakes on one stretch."""

    acceleration_mps2: float
    braking_mps2: float


def speed_trace(lanes: Lanes, chance: Random) -> list[float]:
    """Return the speed [m/s] each second from standing to standing along the whole road."""
    ceiling = _ceiling(lanes, chance)
    stops = [at for at in lanes.crossings_m if chance.random() < _STOP_SHARE]
    trace = [0.0] * (2 + int(chance.uniform(0.0, 4.0)))
    wish, begin_m = 0.0, 0.0
    for end_m in (*stops, lanes.length_m):
        foot = Foot(chance.uniform(*ACCELERATION_MPS2), chance.uniform(*BRAKING_MPS2))
        allowed = _allowed(ceiling, begin_m, end_m, foot.braking_mps2)
        speeds, wish, begin_m = _stretch(allowed, begin_m, end_m, foot, chance, wish)
        trace += speeds
        if end_m < lanes.length_m:
            trace += [0.0] * round(_wait_s(chance))
    trace.append(0.0)
    return _fitted(trace, lanes.length_m)


def _ceiling(lanes: Lanes, chance: Random) -> list[float]:
    """The highest speed [m/s] today in each cell of 10 m."""
    cells = [0.0] * (int(lanes.length_m / _CELL_M) + 2)
    for zone in lanes.zones:
        pace = min(chance.gauss(0.95, 0.08), 1.04) if zone.limit_mps > TOWN_MPS else 1.0
        speed_mps = zone.limit_mps * max(pace, 0.7) * chance.uniform(0.92, 1.06)
        for cell in _cells(zone.begin_m, zone.end_m, len(cells)):
            cells[cell] = speed_mps
    cells[-1] = cells[-2] = cells[-3]
    _slow_down(cells, [(b.begin_m, b.end_m, b.speed_mps) for b in lanes.bends])
    _slow_down(cells, _others(lanes, chance))
    return cells


def _others(lanes: Lanes, chance: Random) -> list[tuple[float, float, float]]:
    """Where somebody in front is slower for a while: begin, end [m], speed [m/s]."""
    pieces, here_m = [], chance.expovariate(1.0 / 900.0)
    while here_m < lanes.length_m:
        limit_mps = next(
            z.limit_mps for z in lanes.zones if here_m < z.end_m or z is lanes.zones[-1]
        )
        until_m = here_m + limit_mps * chance.uniform(2.0, 14.0)
        pieces.append((here_m, until_m, limit_mps * chance.uniform(0.5, 0.92)))
        here_m = until_m + chance.expovariate(1.0 / (90.0 * limit_mps))
    return pieces


def _slow_down(cells: list[float], pieces: list[tuple[float, float, float]]) -> None:
    for begin_m, end_m, speed_mps in pieces:
        for cell in _cells(begin_m, end_m, len(cells)):
            cells[cell] = min(cells[cell], speed_mps)


def _cells(begin_m: float, end_m: float, count: int) -> range:
    return range(int(begin_m / _CELL_M), min(int(end_m / _CELL_M) + 1, count))


def _allowed(
    ceiling: list[float], begin_m: float, end_m: float, braking_mps2: float
) -> list[float]:
    """The speeds from which everything ahead can still be met: v² = v_next² + 2·b·s, backwards."""
    allowed = ceiling[int(begin_m / _CELL_M) : int(end_m / _CELL_M) + 2]
    for index in reversed(range(len(allowed) - 1)):
        reach = math.sqrt(allowed[index + 1] ** 2 + 2.0 * braking_mps2 * _CELL_M)
        allowed[index] = min(allowed[index], reach)
    return allowed


def _stretch(
    allowed: list[float], begin_m: float, end_m: float, foot: Foot, chance: Random, wish: float
) -> tuple[list[float], float, float]:
    """Drive from standing at `begin_m` to standing at `end_m`; returns also mood and place."""
    first_m = int(begin_m / _CELL_M) * _CELL_M
    here_m, speed, speeds = begin_m, 0.0, list[float]()
    for _ in range(_STRETCH_SECONDS_MAX):
        # A foot never holds still: an AR(1) mood of 1.8 % with a memory of 12 s.
        wish = 0.92 * wish + chance.gauss(0.0, 0.007)
        target = _lookup(allowed, (here_m + speed - first_m) / _CELL_M) * (
            1.0 + min(wish, _MOOD_MAX)
        )
        following = min(
            _towards(speed, target, foot), _before_stop(speed, end_m - here_m, foot.braking_mps2)
        )
        following = max(following, speed - BRAKING_MAX_MPS2, 0.0)
        here_m += 0.5 * (speed + following)
        if following < _CREEP_MPS and end_m - here_m < 1.0:
            speeds.append(0.0)
            break
        speed = max(following, _CREEP_MPS)
        speeds.append(speed)
    return speeds, wish, here_m


def _towards(speed: float, target: float, foot: Foot) -> float:
    """The speed a second later [m/s]: less push at high speed and close to the target."""
    if target <= speed:
        return target
    push = foot.acceleration_mps2 * max(0.3, 1.0 - speed / 48.0)
    return speed + min(push, 0.15 + 0.6 * (target - speed), ACCELERATION_MAX_MPS2)


def _before_stop(speed: float, left_m: float, braking_mps2: float) -> float:
    """The highest speed in a second from which the stop in `left_m` is still met.

    Solves v²/(2·b) + (v + speed)/2 = left for v.
    """
    half = 0.5 * braking_mps2
    inside = half * half + 2.0 * braking_mps2 * (left_m - 0.5 * speed)
    return math.sqrt(inside) - half if inside > half * half else 0.0


def _lookup(table: list[float], position: float) -> float:
    index = min(max(int(position), 0), len(table) - 2)
    share = min(max(position - index, 0.0), 1.0)
    return table[index] + share * (table[index + 1] - table[index])


def _wait_s(chance: Random) -> float:
    return min(max(chance.expovariate(1.0 / _WAIT_MEAN_S), _WAIT_S[0]), _WAIT_S[1])


def _fitted(trace: list[float], length_m: float) -> list[float]:
    """Stretch the speeds by the last fraction of a percent, so that the way is exactly as long."""
    way_m = sum(trace)
    return [speed * length_m / way_m for speed in trace]
