"""A market's prices over slots to come: published ones, then expected ones with their spread."""

from dataclasses import dataclass
from datetime import timedelta
from typing import final

import numpy as np

from vettura.energy.local_grid import EPOCH_ORDINAL, LocalGrid, by_day, local_grid, ordinal
from vettura.energy.prices_expected import ExpectedDay, expected_day
from vettura.energy.prices_market import CELL_S, Market, over_slots
from vettura.energy.problem import Array
from vettura.life.limits import second_of_day
from vettura.life.local_time import day_start_ns, local_date, local_ns

NOBODY_KNOWS_PER_WH = 78.5e-6
"""Mean of the German day-ahead price over 2024 [EUR/Wh] (Bundesnetzagentur | SMARD.de): stands in
where no price was ever heard."""
_DAYS_MAX = 256


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSlots:
    """What a market asks in each slot [currency per Wh]."""

    middle: Array
    low: Array
    high: Array
    is_known: Array
    """1.0 where it is published, 0.0 where it is expected."""
    is_guess: bool
    """Whether nothing at all was ever heard."""


@final
class PriceOutlook:
    """Expects a market's prices; remembers what it has thought about each day."""

    def __init__(self, market: Market, timezone: str) -> None:
        self._market = market
        self._timezone = timezone
        self._first_day = EPOCH_ORDINAL
        self._days = np.empty((0, 86_400 // CELL_S))
        if len(market.per_wh):
            grid = local_grid(market.slots, timezone)
            self._first_day = int(grid.day[0])
            days = int(grid.day[-1]) - self._first_day + 1
            self._days = by_day(market.per_wh, grid, first_day=self._first_day, days=days)
        self._thought: dict[tuple[int, int], ExpectedDay | None] = {}

    def over(self, grid: LocalGrid, *, known_until_ns: int) -> MarketSlots:
        """Prices over the grid's slots when nothing from `known_until_ns` on is published."""
        slots = grid.slots
        shown = self._market.until(known_until_ns)
        known = over_slots(shown, shown.per_wh, slots)
        is_known = np.isfinite(known)
        if is_known.all():
            certain = np.ones(slots.count)
            return MarketSlots(
                middle=known, low=known, high=known, is_known=certain, is_guess=False
            )
        last = ordinal(known_until_ns - 1, self._timezone) - self._first_day
        last = min(last, len(self._days) - 1)
        first = int(grid.day[0])
        thought = [self._think(last, day) for day in range(first, int(grid.day[-1]) + 1)]
        guess = np.full(slots.count, NOBODY_KNOWS_PER_WH)
        if not all(thought):
            middle = np.where(is_known, known, guess)
            return MarketSlots(
                middle=middle,
                low=middle,
                high=middle,
                is_known=is_known.astype(float),
                is_guess=True,
            )
        # A slot of an hour takes the four quarters that it holds.
        quarters = grid.minute[:, None] * 60 // CELL_S + np.arange(max(1, slots.slot_s // CELL_S))
        cell = grid.day[:, None] - first, quarters % self._days.shape[1]
        low, middle, high = (
            np.where(
                is_known,
                known,
                np.array([getattr(day, name) for day in thought])[cell].mean(axis=1),
            )
            for name in ("low", "middle", "high")
        )
        return MarketSlots(
            middle=middle, low=low, high=high, is_known=is_known.astype(float), is_guess=False
        )

    def _think(self, last: int, day: int) -> ExpectedDay | None:
        key = (last, day)
        if key not in self._thought:
            if len(self._thought) >= _DAYS_MAX:
                self._thought.clear()
            self._thought[key] = expected_day(
                self._days, first_day=self._first_day, last=last, day=day
            )
        return self._thought[key]


def published_until_ns(now_ns: int, *, published: str, timezone: str) -> int:
    """Until when a day-ahead market's prices are out at that instant, if it keeps its hours.

    To the end of tomorrow from `published` (HH:MM, local) on, to the end of today before.
    """
    today = local_date(now_ns, timezone)
    is_out = now_ns >= local_ns(today, second_of_day(published), timezone)
    return day_start_ns(today + timedelta(days=2 if is_out else 1), timezone)
