"""Local time of slots, as arrays: which date and which minute of the day a clock there shows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from vettura.energy.problem import Array
from vettura.energy.slots import Slots
from vettura.life.local_time import local_date, zone
from vettura.units import NS_PER_S

Counts: TypeAlias = NDArray[np.int64]

EPOCH_ORDINAL = 719_163
"""`date(1970, 1, 1).toordinal()`: dates are counted as Python counts them, from year 1."""
DAY_S = 86_400
MINUTE_S = 60
_SAMPLE = 7 * DAY_S * NS_PER_S


@final
@dataclass(frozen=True, slots=True)
class LocalGrid:
    """What a clock shows at the beginning of each of `slots`.

    On the night clocks go forward an hour of minutes does not occur; on the other one it occurs
    twice.
    """

    slots: Slots
    day: Counts
    """Ordinal of the date, as `date.toordinal()`."""
    minute: Counts
    """Minutes shown since midnight."""
    column: Counts
    """Which slot of a day of 24 hours it is by what the clock shows."""

    @property
    def weekday(self) -> Counts:
        """0 is Monday."""
        return (self.day + 6) % 7

    def part(self, first: int, count: int) -> "LocalGrid":
        """`count` slots from `first` on."""
        slots = Slots(start_ns=self.slots.begin_ns(first), slot_s=self.slots.slot_s, count=count)
        end = first + count
        return LocalGrid(slots, self.day[first:end], self.minute[first:end], self.column[first:end])


def local_grid(slots: Slots, timezone: str) -> LocalGrid:
    """Local time of slots in a zone of an IANA name."""
    begins_s = slots.start_ns // NS_PER_S + slots.slot_s * np.arange(slots.count, dtype=np.int64)
    local_s = begins_s + _offsets_s(slots, timezone)
    second = local_s % DAY_S
    return LocalGrid(
        slots, local_s // DAY_S + EPOCH_ORDINAL, second // MINUTE_S, second // slots.slot_s
    )


def by_day(values: Array, grid: LocalGrid, *, first_day: int, days: int) -> Array:
    """(days, slots of a day): means of `values` by date and by what the clock shows.

    NaN where there is none; an hour that occurs twice gives its mean.
    """
    columns = DAY_S // grid.slots.slot_s
    row = grid.day - first_day
    good = (row >= 0) & (row < days) & np.isfinite(values)
    cell = row[good] * columns + grid.column[good]
    count = np.bincount(cell, minlength=days * columns)
    total = np.bincount(cell, weights=values[good], minlength=days * columns)
    with np.errstate(invalid="ignore"):
        return (total / count).reshape(days, columns)


def ordinal(time_ns: int, timezone: str) -> int:
    """The date there at that instant [ns since the epoch], counted as in `LocalGrid.day`."""
    return local_date(time_ns, timezone).toordinal()


def _offsets_s(slots: Slots, timezone: str) -> Counts:
    """Seconds that local time is ahead of UTC at each slot."""
    offsets = np.empty(slots.count, dtype=np.int64)
    per_sample = max(1, _SAMPLE // slots.slot_ns)
    first, before = 0, _offset_s(slots.start_ns, timezone)
    while first < slots.count:
        end = min(first + per_sample, slots.count)
        after = _offset_s(slots.begin_ns(end - 1), timezone)
        change = end if before == after else _change(slots, first, end - 1, timezone)
        offsets[first:change] = before
        offsets[change:end] = after
        first, before = end, after
        if first < slots.count:
            # A change may fall exactly between two samples.
            before = _offset_s(slots.begin_ns(first), timezone)
    return offsets


def _change(slots: Slots, low: int, high: int, timezone: str) -> int:
    """The first slot after `low` whose offset differs from that of `low`."""
    before = _offset_s(slots.begin_ns(low), timezone)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset_s(slots.begin_ns(middle), timezone) == before:
            low = middle
        else:
            high = middle
    return high


def _offset_s(time_ns: int, timezone: str) -> int:
    place = zone(timezone)
    offset = datetime.fromtimestamp(time_ns // NS_PER_S, tz=place).utcoffset()
    return int((offset or timedelta()).total_seconds())
