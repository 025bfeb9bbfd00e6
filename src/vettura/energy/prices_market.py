"""Market prices on a grid of quarters of an hour, with gaps where nothing is known."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np

from vettura.bus.messages_energy import LearnedSlots
from vettura.energy.problem import Array
from vettura.energy.slots import Slots
from vettura.units import NS_PER_S

CELL_S = 900
"""The shortest period that a day-ahead market in Europe trades."""
CELL_NS = CELL_S * NS_PER_S
PER_WH_MAX = 1.0
"""Currency: no market has asked a thousandth of it."""


class PricePeriod(NamedTuple):
    """One price of a market."""

    start_ns: int
    end_ns: int
    per_kwh: float
    carbon_g_per_kwh: float | None = None


@final
@dataclass(frozen=True, slots=True)
class Market:
    """Prices per watt-hour of cells of 900 s from `start_ns`; NaN where nobody has said."""

    start_ns: int
    per_wh: Array
    carbon_g_per_wh: Array

    @property
    def end_ns(self) -> int:
        """The first instant after the last cell."""
        return self.start_ns + len(self.per_wh) * CELL_NS

    @property
    def slots(self) -> Slots:
        """The cells as slots."""
        return Slots(start_ns=self.start_ns, slot_s=CELL_S, count=len(self.per_wh))

    @property
    def known_until_ns(self) -> int:
        """The end of the last cell that has a price; the start when none has."""
        known = np.flatnonzero(np.isfinite(self.per_wh))
        return self.start_ns + (int(known[-1]) + 1 if len(known) else 0) * CELL_NS

    def until(self, time_ns: int) -> "Market":
        """What lies before that instant; the arrays are shared."""
        count = min(max(0, (time_ns - self.start_ns) // CELL_NS), len(self.per_wh))
        return Market(self.start_ns, self.per_wh[:count], self.carbon_g_per_wh[:count])

    def since(self, time_ns: int) -> "Market":
        """What lies after that instant; the arrays are shared."""
        skip = min(max(0, (time_ns - self.start_ns) // CELL_NS), len(self.per_wh))
        start_ns = self.start_ns + skip * CELL_NS
        return Market(start_ns, self.per_wh[skip:], self.carbon_g_per_wh[skip:])


NO_MARKET = Market(0, np.empty(0), np.empty(0))


def market_of(periods: Iterable[PricePeriod]) -> Market:
    """Lay periods on the grid; a cell not covered from end to end stays unknown."""
    kept = [period for period in periods if period.end_ns > period.start_ns]
    if not kept:
        return NO_MARKET
    start = min(period.start_ns for period in kept) // CELL_NS
    count = -(-max(period.end_ns for period in kept) // CELL_NS) - start
    prices, carbon = np.full(count, np.nan), np.full(count, np.nan)
    parts: dict[int, list[tuple[int, PricePeriod]]] = {}
    for period in kept:
        first, rest_ns = divmod(period.start_ns, CELL_NS)
        end, over_ns = divmod(period.end_ns, CELL_NS)
        if rest_ns or over_ns:
            for cell in range(first, end + 1):
                begin_ns = max(period.start_ns, cell * CELL_NS)
                share_ns = min(period.end_ns, (cell + 1) * CELL_NS) - begin_ns
                if share_ns > 0:
                    parts.setdefault(cell - start, []).append((share_ns, period))
            continue
        prices[first - start : end - start] = period.per_kwh / 1000.0
        if period.carbon_g_per_kwh is not None:
            carbon[first - start : end - start] = period.carbon_g_per_kwh / 1000.0
    for cell, shares in parts.items():
        if sum(share_ns for share_ns, _ in shares) == CELL_NS:
            prices[cell] = sum(s / CELL_NS * period.per_kwh / 1000.0 for s, period in shares)
    return Market(start * CELL_NS, prices, carbon)


def joined(old: Market, new: Market) -> Market:
    """Both, the newer price where both know."""
    if not len(new.per_wh):
        return old
    if not len(old.per_wh):
        return new
    start_ns, end_ns = min(old.start_ns, new.start_ns), max(old.end_ns, new.end_ns)
    slots = Slots(start_ns=start_ns, slot_s=CELL_S, count=(end_ns - start_ns) // CELL_NS)
    arrays = []
    for name in ("per_wh", "carbon_g_per_wh"):
        before = over_slots(old, getattr(old, name), slots)
        after = over_slots(new, getattr(new, name), slots)
        arrays.append(np.where(np.isfinite(after), after, before))
    return Market(start_ns, *arrays)


def over_slots(market: Market, values: Array, slots: Slots) -> Array:
    """Mean of `values`, which lie on the market's cells, over each slot; NaN where one is unknown.

    Slots are whole cells, or equal parts of a cell.
    """
    cells = max(1, slots.slot_s // CELL_S)
    begins_ns = slots.start_ns + slots.slot_ns * np.arange(slots.count, dtype=np.int64)
    first = (begins_ns - market.start_ns) // CELL_NS
    index = first[:, None] + np.arange(cells)
    good = (index >= 0) & (index < len(values))
    if not len(values):
        return np.full(slots.count, np.nan)
    taken = np.where(good, values[np.clip(index, 0, len(values) - 1)], np.nan)
    return np.asarray(taken.mean(axis=1))


def market_kept(market: Market) -> LearnedSlots | None:
    """As it outlives a restart; None for one without prices."""
    if not len(market.per_wh):
        return None
    values = market.per_wh.astype("<f4").tobytes()
    return LearnedSlots(start_ns=market.start_ns, slot_s=CELL_S, values=values)


def market_from(kept: LearnedSlots) -> Market:
    """What was kept; no market where it is of another form."""
    if kept.slot_s != CELL_S or len(kept.values) % 4 or kept.start_ns % CELL_NS:
        return NO_MARKET
    prices = np.frombuffer(kept.values, dtype="<f4").astype(np.float64)
    prices = np.where(np.abs(prices) < PER_WH_MAX, prices, np.nan)
    return Market(kept.start_ns, prices, np.full(len(prices), np.nan))
