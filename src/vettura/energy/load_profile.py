"""What a house usually uses at each time of its week, learned from what was measured.

Before anything was measured the standard profile of households stands in. What is learned is robust
by its form: tenths and medians of the last six weeks, in which a jump of the meter is one value of
a hundred, and a meter that stops leaves no values at all.
"""

from typing import final

import numpy as np

from vettura.energy.local_grid import LocalGrid
from vettura.energy.prices_expected import kind_of
from vettura.energy.problem import Array
from vettura.energy.spread import Spread

STANDARD_WORKDAY = (
    *(19.21, 16.56, 15.83, 15.92, 17.17, 20.72, 25.78, 26.62, 24.83, 24.35, 24.34, 26.59),
    *(27.22, 26.53, 25.21, 25.74, 28.04, 32.97, 38.26, 40.57, 41.26, 37.77, 32.00, 24.81),
)
STANDARD_SATURDAY = (
    *(21.49, 18.31, 17.08, 16.75, 17.16, 18.21, 21.32, 28.53, 33.86, 36.29, 37.50, 40.06),
    *(38.55, 36.25, 34.91, 34.02, 34.42, 37.11, 39.73, 39.97, 40.34, 37.64, 33.37, 27.46),
)
STANDARD_SUNDAY = (
    *(22.37, 19.28, 17.75, 17.22, 17.48, 18.51, 20.72, 27.16, 34.94, 39.97, 43.14, 47.41),
    *(43.26, 38.16, 34.99, 33.00, 33.10, 36.73, 40.25, 40.89, 40.89, 37.47, 31.75, 24.90),
)
"""BDEW standard load profile H25 of households (2025), April: the quarter from half past each hour
[kWh per quarter of an hour for a million kWh a year]."""
SEASON = (1.24, 2.10e-3, -7.02e-5, 3.20e-7, -3.92e-10)
"""BDEW's factor over the year, powers of the day of the year (VDEW, Repräsentative Lastprofile,
1999): 1.24 on 1 January, 0.80 in July."""

WEEKS = 6
"""So far back is looked."""
MEMORY_DAYS = 21.0
"""A day counts less by e with each of these."""
SAME_WEEKDAY = 2.0
"""Weight of the same day of the week beside other days of its kind."""
PRIOR_DAYS = 1.0
"""The standard profile counts as much as that many days measured just now."""
PRIOR_SHARES = (0.45, 0.8, 1.6)
"""One house beside the mean of many: tenths and median over the mean. It follows the virtual house
of `life.house_load`."""
TENTHS = (0.1, 0.5, 0.9)

_YEAR_DAYS = 365
_EPOCH_ORDINAL = 719_163


def standard_day(day: int, *, columns: int, year_wh: float) -> Array:
    """Mean power [W] of a household's day by slots of the clock.

    `day` is an ordinal date, `year_wh` what the household uses in a year.
    """
    of_kind = (STANDARD_WORKDAY, STANDARD_SATURDAY, STANDARD_SUNDAY)
    kind = int(kind_of(np.asarray((day + 6) % 7)))
    week = 5.0 * sum(STANDARD_WORKDAY) + sum(STANDARD_SATURDAY) + sum(STANDARD_SUNDAY)
    usual_w = year_wh / (_YEAR_DAYS * 24.0)
    shape = np.array(of_kind[kind]) * 7.0 * 24.0 / week
    hours = (np.arange(columns) + 0.5) * 24.0 / columns
    ring = np.interp(hours, np.arange(-1, 25) + 0.5, [shape[-1], *shape, shape[0]])
    return np.asarray(usual_w * season_factor(day) * ring)


def season_factor(day: int) -> float:
    """BDEW's factor of that ordinal date over the year's mean."""
    in_year = (np.datetime64(day - _EPOCH_ORDINAL, "D")).astype("datetime64[D]")
    number = int((in_year - in_year.astype("datetime64[Y]")).astype(int)) + 1
    return float(np.polynomial.polynomial.polyval(number, SEASON))


@final
class LoadOutlook:
    """A house's usual week, from dates by slots of the clock."""

    def __init__(self, load_w: Array, *, first_day: int, year_wh: float) -> None:
        """`load_w` [W] is (dates, slots of a day) from ordinal `first_day`; NaN: not measured."""
        self._load_w = np.where(np.isfinite(load_w) & (load_w >= 0.0), load_w, np.nan)
        self._first_day = first_day
        self._year_wh = year_wh
        self._learned: dict[tuple[int, int], Spread] = {}

    def over(self, grid: LocalGrid, *, today: int) -> Spread:
        """Load [W] of the grid's slots, from what was measured before date `today`."""
        first, last = int(grid.day[0]), int(grid.day[-1])
        days = [self.usual_day(day, today=today) for day in range(first, last + 1)]
        cell = grid.day - first, grid.column
        return Spread(
            low=np.array([day.low for day in days])[cell],
            middle=np.array([day.middle for day in days])[cell],
            high=np.array([day.high for day in days])[cell],
            mean=np.array([day.mean for day in days])[cell],
        )

    def usual_day(self, day: int, *, today: int) -> Spread:
        """Load [W] of date `day` by slots of the clock, as known when `today` begins."""
        if len(self._learned) > _YEAR_DAYS:
            self._learned.clear()
        if (today, day) not in self._learned:
            self._learned[today, day] = self._learn(day, today)
        return self._learned[today, day]

    def _learn(self, day: int, today: int) -> Spread:
        columns = self._load_w.shape[1]
        now = min(max(today - self._first_day, 0), len(self._load_w))
        rows = np.arange(max(0, now - 7 * WEEKS), now)
        weekday, wanted = (self._first_day + rows + 6) % 7, (day + 6) % 7
        is_alike = (weekday < 5) == (wanted < 5)
        rows, weekday = rows[is_alike], weekday[is_alike]
        weight = np.exp((rows - now + 1) / MEMORY_DAYS)
        weight = weight * np.where(weekday == wanted, SAME_WEEKDAY, 1.0)
        standard = standard_day(day, columns=columns, year_wh=self._year_wh)
        prior = np.array(PRIOR_SHARES)[:, None] * standard
        measured = self._load_w[rows]
        # Neighbours tell of a slot too: people are not that punctual.
        around = [np.roll(measured, shift, axis=1) for shift in (-1, 0, 1)]
        values = np.concatenate([*around, prior])
        weights = np.concatenate([weight, weight, weight, np.full(3, PRIOR_DAYS)])
        low, middle, high = _quantiles(values, weights)
        own = np.where(np.isfinite(measured), weight[:, None], 0.0)
        mean = (own * np.nan_to_num(measured)).sum(axis=0) + PRIOR_DAYS * standard
        mean = np.clip(mean / (own.sum(axis=0) + PRIOR_DAYS), low, np.maximum(1.5 * high, low))
        return Spread(low=low, middle=middle, high=high, mean=mean)


def _quantiles(values: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Weighted tenths and median of each column; what is not finite has no weight."""
    there = np.isfinite(values)
    weighted = np.where(there, weights[:, None], 0.0)
    order = np.argsort(np.where(there, values, np.inf), axis=0)
    sorted_values = np.take_along_axis(values, order, axis=0)
    reached = np.cumsum(np.take_along_axis(weighted, order, axis=0), axis=0)
    reached /= reached[-1]
    columns = np.arange(values.shape[1])
    low, middle, high = (
        sorted_values[np.argmax(reached >= tenth - 1e-12, axis=0), columns] for tenth in TENTHS
    )
    return low, middle, high
