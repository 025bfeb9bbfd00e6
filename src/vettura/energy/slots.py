"""The grid of time that prices, forecasts and plans share: equal slots of whole seconds, in UTC."""

from dataclasses import dataclass
from typing import final

from vettura.units import NS_PER_S, SECONDS_PER_HOUR


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """`count` slots of `slot_s` seconds from `start_ns`; local time plays no part in it.

    A slot length that divides an hour begins at full multiples of it in every time zone in use, so
    the two nights on which clocks change are nights like any other.
    """

    start_ns: int
    slot_s: int
    count: int

    @property
    def slot_ns(self) -> int:
        """Length of a slot [ns]."""
        return self.slot_s * NS_PER_S

    @property
    def hours(self) -> float:
        """Length of a slot [h]."""
        return self.slot_s / SECONDS_PER_HOUR

    @property
    def end_ns(self) -> int:
        """The first instant after the last slot [ns since the epoch]."""
        return self.start_ns + self.count * self.slot_ns

    def begin_ns(self, slot: int) -> int:
        """The first instant of that slot [ns since the epoch]."""
        return self.start_ns + slot * self.slot_ns

    def index(self, time_ns: int) -> int:
        """The slot that holds that instant; below 0 before the first, `count` and more after."""
        return (time_ns - self.start_ns) // self.slot_ns


def slots_from(time_ns: int, *, slot_s: int, count: int) -> Slots:
    """`count` slots; the first is the one that holds `time_ns` [ns since the epoch]."""
    slot_ns = slot_s * NS_PER_S
    return Slots(start_ns=time_ns // slot_ns * slot_ns, slot_s=slot_s, count=count)
