"""The timers of a rehearsal, by whole nanoseconds, first set first rung within one instant."""

import heapq
from asyncio import Future, Handle, TimerHandle
from collections import deque
from itertools import count

_SWEEP_MIN = 1_000


class Agenda:
    """A heap of asyncio's timers and of bare futures, which cost a third of a timer."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, int, TimerHandle | Future[None]]] = []
        self._numbers = count()
        self._sweep_at = _SWEEP_MIN

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, when_ns: int, timer: TimerHandle | Future[None]) -> None:
        """Ring `timer` at `when_ns`, unless it is cancelled before."""
        heapq.heappush(self._entries, (when_ns, next(self._numbers), timer))
        if len(self._entries) > self._sweep_at:
            self._sweep()

    def next_ns(self) -> int | None:
        """Return when the next living timer rings; None when there is none."""
        entries = self._entries
        while entries and entries[0][2].cancelled():
            heapq.heappop(entries)
        return entries[0][0] if entries else None

    def ring(self, now_ns: int, ready: deque[Handle]) -> None:
        """Take what is due at `now_ns`: timers go to the end of `ready`, futures are done."""
        entries = self._entries
        while entries and entries[0][0] <= now_ns:
            timer = heapq.heappop(entries)[2]
            if timer.cancelled():
                continue
            if isinstance(timer, TimerHandle):
                ready.append(timer)
            else:
                timer.set_result(None)

    def clear(self) -> None:
        """Forget all timers."""
        self._entries.clear()

    def _sweep(self) -> None:
        # Cancelled timers stay until due; long timeouts that never ring must not pile up.
        self._entries = [entry for entry in self._entries if not entry[2].cancelled()]
        heapq.heapify(self._entries)
        self._sweep_at = max(_SWEEP_MIN, 2 * len(self._entries))
