"""How one entity went: its states over time, in three columns."""

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple, final

from vettura.bus.messages_home import Cause

NO_STATE = frozenset({"unknown", "unavailable", ""})


class Span(NamedTuple):
    """A time during which an entity had one state."""

    begin_ns: int
    end_ns: int
    state: str
    cause: Cause | None
    """What led to it; None when it came by itself."""


@final
class Track:
    """The states of one entity in order of time; a state that stays is one row."""

    __slots__ = ("causes", "states", "times_ns")

    def __init__(self) -> None:
        self.times_ns = array("q")
        self.states: list[str] = []
        self.causes: list[Cause | None] = []

    def __len__(self) -> int:
        return len(self.states)

    def add(self, time_ns: int, state: str, cause: Cause | None) -> bool:
        """Add what is known from `time_ns` on; returns whether it is another state than before."""
        if self.states and self.states[-1] == state:
            return False
        self.times_ns.append(time_ns)
        self.states.append(state)
        self.causes.append(cause)
        return True

    def at(self, time_ns: int) -> str:
        """The state at that instant; empty before the first."""
        index = bisect_right(self.times_ns, time_ns) - 1
        return self.states[index] if index >= 0 else ""

    def spans(self, until_ns: int) -> Iterator[Span]:
        """Each state with its time; the last one lasts until `until_ns`."""
        ends_ns = [*self.times_ns[1:], max(until_ns, self.times_ns[-1])] if self.states else []
        for row in zip(self.times_ns, ends_ns, self.states, self.causes, strict=True):
            yield Span(*row)

    def between(self, from_ns: int, until_ns: int) -> range:
        """The rows that began after `from_ns` and not after `until_ns`."""
        return range(bisect_right(self.times_ns, from_ns), bisect_right(self.times_ns, until_ns))

    def numbers(self) -> list[float]:
        """The states that are numbers, in order."""
        return [value for state in self.states if (value := number(state)) is not None]


def number(state: object) -> float | None:
    """A state as a number; None when it is none, or not finite."""
    try:
        value = float(str(state))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
