"""Statistics of relative errors: how large, how biased, how sure, and which are the worst."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from vettura.clock.chance import random_stream

BOOTSTRAP_ROUNDS = 2_000
BOOTSTRAP_LEVEL = 0.9
WORST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a list of relative errors (predicted over measured, less one) comes to."""

    count: int
    mape: float
    """Mean of the absolute errors."""
    mape_interval: tuple[float, float]
    """90 % of bootstrap samples have their mean absolute error here."""
    median: float
    """Of the absolute errors."""
    p90: float
    """Nine in ten absolute errors are no larger."""
    bias: float
    """Mean of the errors."""
    bias_interval: tuple[float, float]
    worst: tuple[tuple[str, float], ...]
    """Names and errors of the three largest, the largest first."""


def summarise_errors(errors: Sequence[tuple[str, float]], *, stream: str) -> Summary | None:
    """Summary of named relative errors; None when there is none.

    The bootstrap (Efron, Annals of Statistics 7, 1979: percentiles of resampled means) draws from
    the random stream of that name, so the same errors always give the same interval.
    """
    if not errors:
        return None
    values = [error for _, error in errors]
    sizes = [abs(error) for error in values]
    by_size = sorted(errors, key=lambda pair: (-abs(pair[1]), pair[0]))
    return Summary(
        count=len(values),
        mape=fmean(sizes),
        mape_interval=bootstrap(sizes, fmean, stream=stream),
        median=median(sizes),
        p90=percentile(sizes, 0.9),
        bias=fmean(values),
        bias_interval=bootstrap(values, fmean, stream=stream),
        worst=tuple(by_size[:WORST]),
    )


def bootstrap(
    values: Sequence[float], statistic: Callable[[Sequence[float]], float], *, stream: str
) -> tuple[float, float]:
    """Interval that holds BOOTSTRAP_LEVEL of the statistic over samples drawn with repetition."""
    chance = random_stream(0, f"bootstrap {stream}")
    found = [statistic(chance.choices(values, k=len(values))) for _ in range(BOOTSTRAP_ROUNDS)]
    outside = 0.5 * (1.0 - BOOTSTRAP_LEVEL)
    return percentile(found, outside), percentile(found, 1.0 - outside)


def percentile(values: Sequence[float], share: float) -> float:
    """Value below which that share (0 to 1) lies, on straight lines between the sorted values."""
    ranked = sorted(values)
    position = share * (len(ranked) - 1)
    index = min(int(position), max(len(ranked) - 2, 0))
    following = min(index + 1, len(ranked) - 1)
    return ranked[index] + (position - index) * (ranked[following] - ranked[index])


def root_mean_square(*, predicted: Sequence[float], measured: Sequence[float]) -> float:
    """Root of the mean squared difference, in the unit of the two."""
    squares = ((p - m) * (p - m) for p, m in zip(predicted, measured, strict=True))
    return math.sqrt(fmean(squares))


def r_squared(*, predicted: Sequence[float], measured: Sequence[float]) -> float | None:
    """Share of the variance of what was measured that is explained; None where nothing varies."""
    mean = fmean(measured)
    spread = fmean((m - mean) * (m - mean) for m in measured)
    if spread <= 0.0:
        return None
    return 1.0 - root_mean_square(predicted=predicted, measured=measured) ** 2 / spread
