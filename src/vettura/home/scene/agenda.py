"""What is to be done when, and in which order within one instant.

Home Assistant does each thing in turns of its event loop, and automations that run at the same
time take turns. Who sees what of whom follows from how many turns a thing takes, so this agenda
counts turns too: what is put off by n turns runs after all that was put off by fewer.
"""

import heapq
from collections import deque
from collections.abc import Callable
from typing import final

from vettura.errors import LivelockError

Deed = Callable[[], None]
TURNS_MAX = 100_000
"""In one instant; then somebody goes round and round."""


@final
class Alarm:
    """A deed at a time; cancel it to forget it."""

    __slots__ = ("deed", "when_ns")

    def __init__(self, when_ns: int, deed: Deed) -> None:
        self.when_ns = when_ns
        self.deed: Deed | None = deed

    def cancel(self) -> None:
        """Do not ring."""
        self.deed = None


@final
class Agenda:
    """Alarms by time, and what is to be done in this instant by turns."""

    def __init__(self) -> None:
        self._alarms: list[tuple[int, int, Alarm]] = []
        self._number = 0
        self._ready: deque[tuple[int, Deed]] = deque()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to do in this instant."""
        return not self._ready

    def at(self, when_ns: int, deed: Deed) -> Alarm:
        """Do it at that time [ns since the epoch]."""
        alarm = Alarm(when_ns, deed)
        self._number += 1
        heapq.heappush(self._alarms, (when_ns, self._number, alarm))
        return alarm

    def soon(self, deed: Deed, turns: int = 1) -> None:
        """Do it in this instant, after so many turns."""
        self._ready.append((turns, deed))

    def next_ns(self) -> int | None:
        """When the next alarm rings; None when there is none."""
        alarms = self._alarms
        while alarms and alarms[0][2].deed is None:
            heapq.heappop(alarms)
        return alarms[0][0] if alarms else None

    def ring(self, now_ns: int) -> None:
        """Do all that is due."""
        while (when_ns := self.next_ns()) is not None and when_ns <= now_ns:
            alarm = heapq.heappop(self._alarms)[2]
            if alarm.deed is not None:
                self._ready.append((1, alarm.deed))
                alarm.deed = None

    def settle(self) -> None:
        """Do everything that is to be done in this instant."""
        ready = self._ready
        for _ in range(TURNS_MAX):
            if not ready:
                return
            for _ in range(len(ready)):
                turns, deed = ready.popleft()
                if turns > 1:
                    ready.append((turns - 1, deed))
                else:
                    deed()
        ready.clear()
        raise LivelockError("the scenes go round without time passing")
