"""What meters have said: means of past slots, kept as long as forecasts look back.

A value holds until the next one, but not longer than a meter may be silent. What cannot be is left
out and counted: a meter that jumps beyond the fuse, goes negative where nothing can, repeats itself
or tells of the past.
"""

import math
from typing import final

import numpy as np

from vettura.bus.messages_energy import LearnedSlots
from vettura.energy.local_grid import by_day, local_grid
from vettura.energy.problem import Array
from vettura.energy.slots import Slots
from vettura.units import NS_PER_S, SECONDS_PER_HOUR

DAYS = 43
"""Six weeks, and the day that is not over."""
HOLDS_NS = 1_200 * NS_PER_S
"""A meter that is silent for longer has stopped."""
AHEAD_NS = 120 * NS_PER_S
"""A meter's clock may be ahead by this."""
COVERED_SHARE = 0.5
"""Of a slot, that must have been measured for its mean to count."""
_DAY_S = 86_400


@final
class SlotHistory:
    """Means of one measured quantity over slots, for the last weeks."""

    def __init__(self, *, slot_s: int, low: float, high: float) -> None:
        """Values outside `low` to `high` are left out."""
        self._slot_ns = slot_s * NS_PER_S
        self._slot_s = slot_s
        self._low, self._high = low, high
        self._values = np.full(DAYS * _DAY_S // slot_s, np.nan)
        self._newest = -1
        """Number of the last slot that was written, since the epoch."""
        self._slot = -1
        self._sum = 0.0
        self._covered_ns = 0
        self._last: tuple[int, float] | None = None
        self.strange = 0
        """Values that cannot be."""
        self.stale = 0
        """Values of the past, or told again."""

    def hear(self, time_ns: int, value: float, *, now_ns: int | None = None) -> None:
        """Take one value of that instant [ns since the epoch]; None: it is now."""
        if now_ns is not None and time_ns > now_ns + AHEAD_NS:
            # A clock that is ahead would make all that follows look old.
            self.strange += 1
            return
        if not math.isfinite(value) or not self._low <= value <= self._high:
            self.strange += 1
            # What was measured before still holds until the meter is silent for too long.
            return
        last = self._last
        if last is not None:
            if time_ns <= last[0]:
                self.stale += 1
                return
            if time_ns - last[0] <= HOLDS_NS:
                self._hold(last[0], time_ns, last[1])
        self._last = (time_ns, value)

    def recent(self, now_ns: int, *, hours: float) -> Array:
        """Means of the slots of the last hours that have ended; NaN where nothing was measured."""
        end = now_ns // self._slot_ns
        count = max(1, round(hours * SECONDS_PER_HOUR / self._slot_s))
        return self._span(end - count, count)

    def days(self, first_day: int, days: int, timezone: str) -> Array:
        """(days, slots of a day) from that ordinal date, by what the clock there shows."""
        if self._newest < 0:
            return np.full((days, _DAY_S // self._slot_s), np.nan)
        first = self._newest - len(self._values) + 1
        slots = Slots(start_ns=first * self._slot_ns, slot_s=self._slot_s, count=len(self._values))
        grid = local_grid(slots, timezone)
        return by_day(self._span(first, slots.count), grid, first_day=first_day, days=days)

    def fill(self, slots: Slots, values: Array) -> None:
        """Remember means of slots of this length that were measured elsewhere."""
        first = slots.start_ns // self._slot_ns
        if not len(values) or slots.slot_s != self._slot_s:
            return
        self._reach(first + len(values) - 1)
        numbers = np.arange(first, first + len(values))
        there = numbers > self._newest - len(self._values)
        self._values[numbers[there] % len(self._values)] = values[there]

    def kept(self) -> LearnedSlots | None:
        """As it outlives a restart; None when nothing was measured."""
        if self._newest < 0:
            return None
        first = self._newest - len(self._values) + 1
        values = self._span(first, len(self._values)).astype("<f4")
        return LearnedSlots(
            start_ns=first * self._slot_ns, slot_s=self._slot_s, values=values.tobytes()
        )

    def recall(self, kept: LearnedSlots | None) -> None:
        """Take what was kept; what is of another form is left."""
        if kept is None or len(kept.values) % 4:
            return
        values = np.frombuffer(kept.values, dtype="<f4").astype(np.float64)
        values = np.where((values >= self._low) & (values <= self._high), values, np.nan)
        slots = Slots(start_ns=kept.start_ns, slot_s=kept.slot_s, count=len(values))
        self.fill(slots, values)

    def _hold(self, since_ns: int, until_ns: int, value: float) -> None:
        """That value held from one instant to the other."""
        while since_ns < until_ns:
            slot = since_ns // self._slot_ns
            if slot != self._slot:
                self._close()
                self._slot = slot
            end_ns = min(until_ns, (slot + 1) * self._slot_ns)
            self._sum += value * (end_ns - since_ns)
            self._covered_ns += end_ns - since_ns
            since_ns = end_ns
        if self._covered_ns and until_ns % self._slot_ns == 0:
            self._close()

    def _close(self) -> None:
        """The slot is over: its mean counts if enough of it was measured."""
        if self._slot >= 0 and self._covered_ns >= COVERED_SHARE * self._slot_ns:
            self._reach(self._slot)
            self._values[self._slot % len(self._values)] = self._sum / self._covered_ns
        self._slot, self._sum, self._covered_ns = -1, 0.0, 0

    def _reach(self, slot: int) -> None:
        """Make room up to that slot; what lies between was not measured."""
        missing = min(slot - self._newest, len(self._values)) if self._newest >= 0 else 0
        for number in range(slot - missing + 1, slot + 1):
            self._values[number % len(self._values)] = np.nan
        self._newest = max(self._newest, slot)

    def _span(self, first: int, count: int) -> Array:
        numbers = np.arange(first, first + count)
        oldest = self._newest - len(self._values) + 1
        there = (numbers >= oldest) & (numbers <= self._newest)
        return np.where(there, self._values[numbers % len(self._values)], np.nan)
