"""The sky and the air of days to come, with honest errors: a signal of the truth, and experience.

Each date has one figure for its sky (its sun over a clear sky's, as a logarithm) and one for its
air (mean temperature). Experience gives what to expect of it before any weather service has spoken:
mean and spread of the last days, and that tomorrow resembles today. A service adds a signal, the
true figure plus an error; Bayes' rule joins both (two normal distributions), so what comes out is
no surer than it may be.
"""

from functools import lru_cache
from typing import final

import numpy as np
from numpy.typing import NDArray

from vettura.clock.chance import random_stream
from vettura.energy.local_grid import LocalGrid
from vettura.energy.problem import Array
from vettura.energy.spread import Spread, nothing

STEP_H = 6.0
"""Weather services run their models four times a day."""
STEPS = 21
"""Five days ahead."""
SKY_SIGMA_NOW, SKY_SIGMA_DAY = 0.10, 0.25
"""Relative error of a day's sun at its noon, and a day before: 25 % is what the rehearsed year of
`../shared/reference/energy.md` 4.5 has. In between and beyond the variance grows evenly."""
AIR_SIGMA_NOW_K, AIR_SIGMA_DAY_K = 0.5, 1.2
"""Error of a day's mean temperature: 1.2 K is the order of ECMWF's error of a day ahead at 2 m."""
TRAILING_DAYS = 20
PSEUDO_DAYS = 3.0
"""What was believed before anything was measured counts as so many days."""
LOG_CLEARNESS, LOG_SPREAD = -0.4, 0.5
"""The belief about the sky: two thirds of a clear day's sun, give or take half."""
SKY_MEMORY, AIR_MEMORY = 0.5, 0.65
"""Correlation of a day with the one before: `life.climate.DAY_MEMORY` for the air, a little less
for the sky."""
NOWCAST_H = 3.0
"""What the last hour measured beside its forecast fades by e in this time."""
BIAS_MIN, BIAS_MAX = 0.25, 4.0
TENTH_SIGMAS = 1.2816
"""Of a normal distribution."""
_CLEARNESS_MIN = 0.02
_MEASURED_SHARE = 0.5
"""Of a day that must have been measured for it to teach."""
USUAL_DEGC = 12.0
"""Where nobody has told a temperature yet: the year's mean around Turin, roughly."""
_DARK_SHARE = 0.02
"""Slots with less than this share of the day's best clear sky teach nothing."""

Rows = NDArray[np.int64]


@final
class SkyOutlook:
    """Sun on the panels: clear sky times a day's clearness times what each hour has taught."""

    def __init__(
        self,
        sun_w: Array,
        clear_w: Array,
        *,
        seed: int,
        first_day: int,
        has_service: bool = True,
    ) -> None:
        """Both (dates, slots of a day) [W] from `first_day` on; NaN where nothing was measured.

        Without a weather service experience alone tells of the days to come; rows of those days
        are then not looked at.
        """
        self._first_day = first_day
        self._has_sun = bool(np.nanmax(clear_w, initial=0.0) > 0.0)
        if not self._has_sun:
            return
        both = np.isfinite(sun_w) & np.isfinite(clear_w)
        sun, clear = np.where(both, sun_w, 0.0), np.where(both, clear_w, 0.0)
        whole = np.nan_to_num(clear_w).sum(axis=1)
        share = sun.sum(axis=1) / np.maximum(clear.sum(axis=1), 1e-9)
        is_measured = clear.sum(axis=1) > _MEASURED_SHARE * np.maximum(whole, 1e-9)
        logs = np.where(is_measured, np.log(np.clip(share, _CLEARNESS_MIN, 2.0)), np.nan)
        error = walks(seed, "sky", first_day, len(logs), now=SKY_SIGMA_NOW, day=SKY_SIGMA_DAY)
        self._mean, self._sigma = posterior(
            logs,
            logs[:, None] + error if has_service else np.full(error.shape, np.nan),
            variances(SKY_SIGMA_NOW, SKY_SIGMA_DAY),
            belief=(LOG_CLEARNESS, LOG_SPREAD),
            memory=SKY_MEMORY,
        )
        clearness = np.where(is_measured, np.exp(logs), 0.0)
        expected = clear * clearness[:, None]
        self._bias = _hourly_bias(sun, expected)
        self._flicker = _flicker(sun, expected, clear)
        self._best = _trailing_best(clearness)

    def over(self, grid: LocalGrid, clear_w: Array, *, today: int, hour: float) -> Spread:
        """Sun [W] of slots whose clear sky is `clear_w`, as seen on date `today` at that hour."""
        if not self._has_sun:
            return nothing(len(clear_w))
        row = grid.day - self._first_day
        now = today - self._first_day
        step = steps(grid.day - today, hour)
        base_w = clear_w * self._bias[now][grid.column]
        sigma = self._sigma[row, step]
        top_w = base_w * self._best[now]
        mean_w = np.minimum(base_w * np.exp(self._mean[row, step] + 0.5 * sigma**2), top_w)
        wide = np.sqrt(sigma**2 + self._flicker[now] ** 2)
        middle_w = mean_w * np.exp(-0.5 * wide**2)
        return Spread(
            low=middle_w * np.exp(-TENTH_SIGMAS * wide),
            middle=middle_w,
            high=np.minimum(middle_w * np.exp(TENTH_SIGMAS * wide), top_w),
            mean=mean_w,
        )

    def nowcast(
        self, sky: Spread, *, measured_w: Array, grid: LocalGrid, past: slice, clear_w: Array
    ) -> Spread:
        """Bend the next hours by what the last one measured."""
        if not self._has_sun or not len(measured_w):
            return sky
        clear_past_w = clear_w[past]
        row = grid.day[past] - self._first_day
        bias = self._bias[row, grid.column[past]]
        expected_w = float((clear_past_w * bias * np.exp(self._mean[row, 0])).sum())
        if expected_w <= _DARK_SHARE * len(measured_w) * float(clear_w.max()):
            return sky
        ratio = min(max(float(measured_w.sum()) / expected_w, 0.2), 3.0)
        slots = grid.slots
        ahead_h = (np.arange(len(sky.mean)) + 0.5) * slots.hours
        factor = ratio ** np.exp(-ahead_h / NOWCAST_H)
        return Spread(
            low=sky.low * factor,
            middle=sky.middle * factor,
            high=sky.high * factor,
            mean=sky.mean * factor,
        )


@final
class AirOutlook:
    """Temperature: a day's mean, and the usual course of the last days around it."""

    def __init__(
        self, ambient_degc: Array, *, seed: int, first_day: int, has_service: bool = True
    ) -> None:
        """(dates, slots of a day) [°C] from `first_day` on; NaN where nothing was measured."""
        self._first_day = first_day
        there = np.isfinite(ambient_degc)
        count = there.sum(axis=1)
        sums = np.where(there, ambient_degc, 0.0).sum(axis=1)
        is_measured = count >= _MEASURED_SHARE * ambient_degc.shape[1]
        means = np.where(is_measured, sums / np.maximum(count, 1), np.nan)
        known = means[is_measured]
        error = walks(seed, "air", first_day, len(means), now=AIR_SIGMA_NOW_K, day=AIR_SIGMA_DAY_K)
        self._mean, self._sigma = posterior(
            means,
            means[:, None] + error if has_service else np.full(error.shape, np.nan),
            variances(AIR_SIGMA_NOW_K, AIR_SIGMA_DAY_K),
            belief=(float(known[0]) if len(known) else USUAL_DEGC, 3.0),
            memory=AIR_MEMORY,
        )
        off = np.nan_to_num(ambient_degc - means[:, None])
        self._course = _trailing_mean(off)
        self._wander_k = np.sqrt(_trailing_mean(((off - self._course[:-1]) ** 2).mean(axis=1)))

    def over(self, grid: LocalGrid, *, today: int, hour: float) -> Spread:
        """Temperature [°C] of the grid's slots, as seen on date `today` at that hour."""
        row, now = grid.day - self._first_day, today - self._first_day
        step = steps(grid.day - today, hour)
        middle = self._mean[row, step] + self._course[now][grid.column]
        wide = TENTH_SIGMAS * np.sqrt(self._sigma[row, step] ** 2 + self._wander_k[now] ** 2)
        return Spread(low=middle - wide, middle=middle, high=middle + wide, mean=middle)


def steps(days_ahead: Rows, hour: float) -> Rows:
    """How many runs of the weather's models lie between now, at that local hour, and a noon."""
    lead_h = 24.0 * days_ahead + 12.0 - hour
    return np.asarray(np.clip(np.ceil(lead_h / STEP_H), 0, STEPS - 1), dtype=np.int64)


def variances(now: float, day: float) -> Array:
    """Variance of a signal by step of lead: `now` squared at noon, `day` squared a day before."""
    return now**2 + (day**2 - now**2) * (STEP_H / 24.0) * np.arange(STEPS, dtype=np.float64)


def walks(seed: int, what: str, first_day: int, days: int, *, now: float, day: float) -> Array:
    """(days, STEPS) seeded errors: of one date a random walk from `now` at its noon backwards."""
    scale = np.sqrt(np.diff(variances(now, day), prepend=0.0))
    shocks = np.array([_shocks(seed, what, first_day + k) for k in range(days)])
    return np.cumsum(shocks.reshape(days, STEPS) * scale, axis=1)


@lru_cache(maxsize=2_048)
def _shocks(seed: int, what: str, day: int) -> tuple[float, ...]:
    chance = random_stream(seed, f"forecast.{what}.{day}")
    return tuple(chance.gauss(0.0, 1.0) for _ in range(STEPS))


def posterior(
    truth: Array,
    signal: Array,
    noise: Array,
    *,
    belief: tuple[float, float],
    memory: float,
) -> tuple[Array, Array]:
    """Mean and standard deviation (days, STEPS) of a date's figure, from experience and a signal.

    `truth` of a date is used for later dates alone; NaN: nothing was measured. `noise` is the
    signal's variance by step, and a signal that is NaN was not heard. `belief` is what was thought
    of mean and deviation before the first date.
    """
    dates, lead = np.meshgrid(np.arange(len(truth)), np.arange(STEPS), indexing="ij")
    # The last date that has ended when a forecast `lead` steps before this date's noon is made.
    ended = dates + np.floor((12.0 - STEP_H * lead) / 24.0).astype(np.int64) - 1
    mean, spread = _trailing_stats(truth, belief)
    known = np.maximum(ended + 1, 0)
    usual, sigma = mean[known], spread[known]
    last = truth[np.maximum(ended, 0)]
    is_known = (ended >= 0) & np.isfinite(last)
    fades = np.where(is_known, memory ** np.maximum(dates - ended, 0), 0.0)
    prior = usual + fades * (np.where(is_known, last, usual) - usual)
    prior_variance = sigma**2 * (1.0 - fades**2)
    is_heard = np.isfinite(signal)
    weight = np.where(is_heard, prior_variance / (prior_variance + noise), 0.0)
    heard = np.where(is_heard, signal, prior)
    return prior + weight * (heard - prior), np.sqrt(prior_variance * (1.0 - weight))


def _trailing_stats(truth: Array, belief: tuple[float, float]) -> tuple[Array, Array]:
    """Mean and deviation of the last days before each date, and after the last: one longer."""
    known = np.isfinite(truth)
    values = np.where(known, truth, 0.0)
    count = _windowed(known.astype(np.float64)) + PSEUDO_DAYS
    mean = (_windowed(values) + PSEUDO_DAYS * belief[0]) / count
    squares = _windowed(values**2) + PSEUDO_DAYS * (belief[0] ** 2 + belief[1] ** 2)
    return mean, np.sqrt(np.maximum(squares / count - mean**2, (0.1 * belief[1]) ** 2))


def _windowed(values: Array) -> Array:
    """Sum of the last days before each row, the row itself left out: one row longer."""
    sums = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
    begin = np.maximum(np.arange(len(sums)) - TRAILING_DAYS, 0)
    return np.asarray(sums - sums[begin])


def _trailing_mean(values: Array) -> Array:
    """Mean of the last days before each row; the first row, which has none, has its own."""
    count = np.minimum(np.arange(len(values) + 1), TRAILING_DAYS).astype(float)
    shape = (-1, *([1] * (values.ndim - 1)))
    mean = _windowed(values) / np.maximum(count, 1.0).reshape(shape)
    mean[0] = values[0]
    return np.asarray(mean)


def _trailing_best(share: Array) -> Array:
    """The clearest of the last days before each row, and a tenth; a clear sky where none was."""
    best = []
    for row in range(len(share) + 1):
        seen = share[max(0, row - 3 * TRAILING_DAYS) : row]
        best.append(float(seen.max()) if seen.any() else 1.0)
    return np.asarray(1.1 * np.maximum(best, 0.3))


def _hourly_bias(sun: Array, expected: Array) -> Array:
    """What each slot of the day gave beside what its day's clearness says, over the last days."""
    given, said = _windowed(sun), _windowed(expected)
    floor = 0.5 * said.max(axis=1, keepdims=True) * _DARK_SHARE + 1e-9
    return np.where(
        said > floor, np.clip((given + floor) / (said + floor), BIAS_MIN, BIAS_MAX), 1.0
    )


def _flicker(sun: Array, expected: Array, clear: Array) -> Array:
    """Deviation within a day, as a logarithm, of sun over what the day's clearness says."""
    weight = np.where(clear > 0.1 * clear.max(axis=1, keepdims=True), clear, 0.0)
    ratio = np.log(np.clip(sun / np.maximum(expected, 1e-9), 0.1, 10.0))
    squares = (weight * ratio**2).sum(axis=1)
    total = _windowed(weight.sum(axis=1)) + 1e-9
    return np.sqrt(np.where(total > 1.0, _windowed(squares) / total, 0.2**2))
