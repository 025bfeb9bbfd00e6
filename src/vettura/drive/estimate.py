"""Least squares with a prior, for a handful of unknowns: plain lists, a fixed order of sums.

A belief is a mean and a covariance. A batch of rows is taken in through the normal equations
(`solve`, by Cholesky), one row at a time by the scalar form of the Kalman filter (`observe`); both
give the same answer (Gelb, Applied Optimal Estimation, 1974, ch. 4).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

Matrix = list[list[float]]

HUBER = 1.5
"""Residuals beyond this many standard deviations count linearly, not squared; 1.5 keeps 96 % of the
efficiency on normal noise (Huber, Ann. Math. Stat. 35, 1964)."""


class Belief(NamedTuple):
    """What is held of the unknowns: their mean and covariance."""

    mean: list[float]
    covariance: Matrix

    def sd(self, index: int) -> float:
        """Standard deviation of one unknown."""
        return math.sqrt(max(self.covariance[index][index], 0.0))


def prior(means: Sequence[float], sds: Sequence[float]) -> Belief:
    """A belief before any evidence: independent unknowns."""
    size = len(means)
    covariance = [[0.0] * size for _ in range(size)]
    for index, sd in enumerate(sds):
        covariance[index][index] = sd * sd
    return Belief(list(means), covariance)


def huber_weight(deviations: float) -> float:
    """Weight of a residual that lies that many standard deviations off: 1 near zero."""
    return min(1.0, HUBER / max(abs(deviations), 1e-12))


def cholesky(matrix: Matrix) -> Matrix:
    """Lower triangle L with L·Lᵀ equal to a symmetric positive definite matrix.

    A pivot lost to rounding is held at 1e-12 of its diagonal, so that the answer stays finite.
    """
    size = len(matrix)
    lower = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = matrix[i][j] - sum(lower[i][k] * lower[j][k] for k in range(j))
            if i == j:
                lower[i][i] = math.sqrt(max(rest, 1e-12 * abs(matrix[i][i]), 1e-300))
            else:
                lower[i][j] = rest / lower[j][j]
    return lower


def solve(lower: Matrix, right: Sequence[float]) -> list[float]:
    """Solve L·Lᵀ·x = right."""
    size = len(lower)
    forward = [0.0] * size
    for i in range(size):
        done = sum(lower[i][k] * forward[k] for k in range(i))
        forward[i] = (right[i] - done) / lower[i][i]
    back = [0.0] * size
    for i in reversed(range(size)):
        done = sum(lower[k][i] * back[k] for k in range(i + 1, size))
        back[i] = (forward[i] - done) / lower[i][i]
    return back


def inverse(matrix: Matrix) -> Matrix:
    """Inverse of a symmetric positive definite matrix."""
    lower = cholesky(matrix)
    size = len(matrix)
    columns = [solve(lower, [1.0 if i == j else 0.0 for i in range(size)]) for j in range(size)]
    return [[0.5 * (columns[j][i] + columns[i][j]) for j in range(size)] for i in range(size)]


def normal_equations(
    rows: Sequence[Sequence[float]],
    residuals: Sequence[float],
    variances: Sequence[float],
) -> tuple[Matrix, list[float]]:
    """Jᵀ·R⁻¹·J and Jᵀ·R⁻¹·r of rows J with independent noise of those variances."""
    size = len(rows[0]) if rows else 0
    information = [[0.0] * size for _ in range(size)]
    score = [0.0] * size
    for row, residual, variance in zip(rows, residuals, variances, strict=True):
        for i, left in enumerate(row):
            if left == 0.0:
                continue
            share = left / variance
            score[i] += share * residual
            for j, right in enumerate(row):
                information[i][j] += share * right
    return information, score


def observe(belief: Belief, row: Sequence[float], innovation: float, variance: float) -> Belief:
    """Take in one number: `innovation`, measured less expected, is row·(truth - mean) + noise."""
    reach = [dot(line, row) for line in belief.covariance]
    spread = dot(row, reach) + variance
    gain = [value / spread for value in reach]
    size = len(gain)
    mean = [value + g * innovation for value, g in zip(belief.mean, gain, strict=True)]
    covariance = [
        [belief.covariance[i][j] - gain[i] * reach[j] for j in range(size)] for i in range(size)
    ]
    for i in range(size):
        covariance[i][i] = max(covariance[i][i], 1e-18)
    return Belief(mean, covariance)


def spread_of(covariance: Matrix, row: Sequence[float]) -> float:
    """Variance of row·x."""
    return max(dot(row, [dot(line, row) for line in covariance]), 0.0)


def dot(left: Sequence[float], right: Sequence[float]) -> float:
    """Sum of products, in order."""
    return sum(a * b for a, b in zip(left, right, strict=True))


def correlation(covariance: Matrix) -> Matrix:
    """Correlations, each rounded to a thousandth; 0 where a variance is 0."""
    sds = [math.sqrt(max(covariance[i][i], 0.0)) for i in range(len(covariance))]
    return [
        [
            round(value / (sds[i] * sds[j]), 3) if sds[i] * sds[j] > 0.0 else 0.0
            for j, value in enumerate(line)
        ]
        for i, line in enumerate(covariance)
    ]
