"""The fit itself: rows of evidence and priors in, shares with their uncertainty out. Pure algebra.

Unknowns are the parameters of KNOBS as shares of the car file's figures, and one offset for each
trip: what made it dearer or cheaper than any parameter explains. Outlying rows count linearly
instead of squared (Huber); of an outlying trip hardly more than its shape counts.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from vettura.drive.calibrate_evidence import DRIVING, STRETCH_SIGMA, TRIP_SIGMA, Row, variance_of
from vettura.drive.calibrate_knobs import KNOBS
from vettura.drive.estimate import (
    Matrix,
    cholesky,
    dot,
    huber_weight,
    inverse,
    normal_equations,
    solve,
)

SHOWN_REDUCTION = 0.20
"""A parameter is shown when its uncertainty shrinks by at least this much."""
ROUNDS = 8
TRIP_PRIOR_COUNT, STRETCH_PRIOR_COUNT = 6.0, 40.0
"""How many trips and stretches the noise held beforehand counts as."""
COUNT = len(KNOBS)


class Noise(NamedTuple):
    """What no parameter explains, relative to the energy drawn."""

    trip: float = TRIP_SIGMA
    stretch: float = STRETCH_SIGMA


class Fit(NamedTuple):
    """What the evidence came to."""

    shares: list[float]
    """One for each of KNOBS; 1 for what is left at the car file's figure."""
    covariance: Matrix
    """Of their errors; what was left alone keeps its prior width and widens the others."""
    shown: list[bool]
    at_bound: list[bool]
    noise: Noise
    offsets: list[float]
    """Of each trip, relative."""


class _System(NamedTuple):
    """Normal equations of one linearisation."""

    information: Matrix
    """Of the evidence alone, without priors."""
    score: list[float]


def fit(evidence: Sequence[Sequence[Row]], shares: Sequence[float]) -> Fit:
    """Fit the rows of each trip, linearised at `shares`.

    Parameters the rows do not show are set back to 1, the least shown first, until all that are
    left are clearly narrower than before; so two that can hardly be told apart are not both lost.
    """
    free = [True] * COUNT
    at_bound = [False] * COUNT
    now = list(shares)
    while True:
        noise, system, found, offsets = _settled(evidence, shares, now, free)
        beyond = _beyond(found, free)
        if beyond is not None:
            knob = KNOBS[beyond]
            now[beyond] = min(max(found[beyond], knob.low), knob.high)
            free[beyond], at_bound[beyond] = False, True
            continue
        weakest = _weakest(system, len(evidence), free)
        if weakest is not None:
            now[weakest], free[weakest] = 1.0, False
            continue
        covariance = _considered(system, len(evidence), free)
        return Fit(found, covariance, _shown(free, at_bound), at_bound, noise, offsets)


def _shown(free: Sequence[bool], at_bound: Sequence[bool]) -> list[bool]:
    """Fitted, or driven to its bound."""
    return [a or b for a, b in zip(free, at_bound, strict=True)]


def _settled(
    evidence: Sequence[Sequence[Row]],
    linear_at: Sequence[float],
    fixed: Sequence[float],
    free: Sequence[bool],
) -> tuple[Noise, _System, list[float], list[float]]:
    """Solve, weigh and estimate the noise in turns until they agree."""
    noise = Noise()
    found = [x if not go else 1.0 for x, go in zip(fixed, free, strict=True)]
    offsets = [0.0] * len(evidence)
    trip_weights = [1.0] * len(evidence)
    row_weights = [[1.0] * len(rows) for rows in evidence]
    system = _System([], [])
    for _ in range(ROUNDS):
        system = _assemble(evidence, linear_at, noise, trip_weights, row_weights)
        found, offsets, spreads = _solved(system, noise, fixed, free)
        residuals = _residuals(evidence, linear_at, found, offsets)
        row_weights = [
            [
                huber_weight(r / math.sqrt(variance_of(row, noise.stretch)))
                for row, r in zip(rows, left, strict=True)
            ]
            for rows, left in zip(evidence, residuals, strict=True)
        ]
        trip_weights = [huber_weight(offset / noise.trip) ** 2 for offset in offsets]
        noise = _noise(evidence, residuals, row_weights, offsets, trip_weights, spreads)
    return noise, system, found, offsets


def _assemble(
    evidence: Sequence[Sequence[Row]],
    linear_at: Sequence[float],
    noise: Noise,
    trip_weights: Sequence[float],
    row_weights: Sequence[Sequence[float]],
) -> _System:
    """Rows over shares - 1 and over the offsets, whose scale is 1 prior deviation."""
    lines, residuals, variances = [], [], []
    for trip, rows in enumerate(evidence):
        for row, weight in zip(rows, row_weights[trip], strict=True):
            offset = [0.0] * len(evidence)
            if row.kind == DRIVING:
                offset[trip] = row.size * noise.trip / math.sqrt(trip_weights[trip])
            lines.append([*row.sensitivity, *offset])
            moved = [x - 1.0 for x in linear_at]
            residuals.append(row.measured - row.predicted + dot(row.sensitivity, moved))
            variances.append(variance_of(row, noise.stretch) / weight)
    if not lines:
        size = COUNT + len(evidence)
        return _System([[0.0] * size for _ in range(size)], [0.0] * size)
    return _System(*normal_equations(lines, residuals, variances))


def _with_priors(system: _System, trips: int) -> Matrix:
    widths = [knob.prior_sd for knob in KNOBS] + [1.0] * trips
    whole = [list(line) for line in system.information]
    for k, width in enumerate(widths):
        whole[k][k] += 1.0 / (width * width)
    return whole


def _solved(
    system: _System, noise: Noise, fixed: Sequence[float], free: Sequence[bool]
) -> tuple[list[float], list[float], list[float]]:
    """Shares, offsets, and the standard deviations of the offsets, both relative."""
    trips = len(system.score) - COUNT
    whole = _with_priors(system, trips)
    going = [k for k in range(COUNT + trips) if k >= COUNT or free[k]]
    held = [k for k in range(COUNT) if not free[k]]
    right = [system.score[i] - sum(whole[i][k] * (fixed[k] - 1.0) for k in held) for i in going]
    part = [[whole[i][j] for j in going] for i in going]
    answer = dict(zip(going, solve(cholesky(part), right), strict=True))
    cov = inverse(part)
    spread = {k: math.sqrt(cov[n][n]) for n, k in enumerate(going)}
    shares = [1.0 + answer[k] if free[k] else fixed[k] for k in range(COUNT)]
    tail = range(COUNT, COUNT + trips)
    return shares, [noise.trip * answer[k] for k in tail], [noise.trip * spread[k] for k in tail]


def _residuals(
    evidence: Sequence[Sequence[Row]],
    linear_at: Sequence[float],
    found: Sequence[float],
    offsets: Sequence[float],
) -> list[list[float]]:
    moved = [x - at for x, at in zip(found, linear_at, strict=True)]
    return [
        [
            row.measured
            - row.predicted
            - dot(row.sensitivity, moved)
            - (offset * row.size if row.kind == DRIVING else 0.0)
            for row in rows
        ]
        for rows, offset in zip(evidence, offsets, strict=True)
    ]


def _noise(
    evidence: Sequence[Sequence[Row]],
    residuals: Sequence[Sequence[float]],
    row_weights: Sequence[Sequence[float]],
    offsets: Sequence[float],
    trip_weights: Sequence[float],
    spreads: Sequence[float],
) -> Noise:
    """Leftover by trip and by stretch: what was held before, drawn towards what is seen."""
    trip = TRIP_PRIOR_COUNT * TRIP_SIGMA**2
    for offset, weight, spread in zip(offsets, trip_weights, spreads, strict=True):
        trip += weight * offset**2 + spread**2
    stretch, count = STRETCH_PRIOR_COUNT * STRETCH_SIGMA**2, STRETCH_PRIOR_COUNT
    for rows, left, weights in zip(evidence, residuals, row_weights, strict=True):
        for row, r, weight in zip(rows, left, weights, strict=True):
            if row.kind == DRIVING and row.size > 0.0:
                stretch += max(weight * r * r - row.floor**2, 0.0) / row.size**2
                count += 1.0
    return Noise(math.sqrt(trip / (TRIP_PRIOR_COUNT + len(evidence))), math.sqrt(stretch / count))


def _beyond(found: Sequence[float], free: Sequence[bool]) -> int | None:
    """The parameter that lies farthest outside its bounds."""
    over = {
        k: max(knob.low - found[k], found[k] - knob.high) / knob.prior_sd
        for k, knob in enumerate(KNOBS)
        if free[k]
    }
    worst = max(over, key=lambda k: over[k], default=None)
    return worst if worst is not None and over[worst] > 0.0 else None


def _weakest(system: _System, trips: int, free: Sequence[bool]) -> int | None:
    """The parameter that the rows show least, when that is not enough."""
    going = [k for k in range(COUNT + trips) if k >= COUNT or free[k]]
    whole = _with_priors(system, trips)
    cov = inverse([[whole[i][j] for j in going] for i in going])
    left = {k: math.sqrt(cov[n][n]) / KNOBS[k].prior_sd for n, k in enumerate(going) if k < COUNT}
    weakest = max(left, key=lambda k: left[k], default=None)
    return weakest if weakest is not None and left[weakest] > 1.0 - SHOWN_REDUCTION else None


def _considered(system: _System, trips: int, free: Sequence[bool]) -> Matrix:
    """Covariance of the errors when some parameters are left at the car file's figures.

    The others were solved as if those were right; what they may be off by is carried over
    ("consider" covariance: Schmidt, Advances in Control Systems 3, 1966).
    """
    whole = _with_priors(system, trips)
    going = [k for k in range(COUNT + trips) if k >= COUNT or free[k]]
    held = [k for k in range(COUNT) if not free[k]]
    own = inverse([[whole[i][j] for j in going] for i in going])
    pull = [[dot(line, [system.information[j][h] for j in going]) for h in held] for line in own]
    width = [KNOBS[h].prior_sd ** 2 for h in held]
    out = [[0.0] * COUNT for _ in range(COUNT)]
    for m, i in enumerate(going):
        if i >= COUNT:
            continue
        for n, j in enumerate(going):
            if j < COUNT:
                carried = sum(a * w * b for a, w, b in zip(pull[m], width, pull[n], strict=True))
                out[i][j] = own[m][n] + carried
        for n, h in enumerate(held):
            out[i][h] = out[h][i] = -pull[m][n] * width[n]
    for h in held:
        out[h][h] = KNOBS[h].prior_sd ** 2
    return out
