"""How every clock waits: made of `now_ns` and one alarm, so live and rehearsed code wait alike."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from vettura.clock.duration import FOREVER_NS, to_ns
from vettura.clock.interface import Clock
from vettura.errors import UsageError

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_START_NS_MAX = 2**62


class Timeline(Protocol):
    """A time that passes and can ring."""

    def now_ns(self) -> int:
        """Nanoseconds since the epoch, UTC."""
        ...

    def alarm(self, when_ns: int) -> asyncio.Future[None]:
        """Return a future that is done once `now_ns()` has reached `when_ns`, never earlier.

        Cancel it to forget it.
        """
        ...


async def sleep(timeline: Timeline, seconds: float) -> None:
    """Wait that long [s]; zero or less lets other tasks run once."""
    await sleep_until(timeline, timeline.now_ns() + to_ns(seconds))


async def sleep_until(timeline: Timeline, when_ns: int) -> None:
    """Wait for that instant [ns]; when it is past, let other tasks run once."""
    if when_ns <= timeline.now_ns():
        await asyncio.sleep(0)
        return
    await timeline.alarm(when_ns)


async def wait_for(timeline: Timeline, awaitable: Awaitable[T], timeout_s: float) -> T:
    """Await it, or cancel it and raise `TimeoutError` after `timeout_s` [s].

    As `asyncio.timeout` does, with one callback less for each wait: cars wait ten times a second.
    """
    task = asyncio.current_task()
    assert task is not None
    cancelled_before = task.cancelling()
    over = expired = False

    def expire(alarm: asyncio.Future[None]) -> None:
        # The alarm may ring in the very instant in which the awaitable ends.
        nonlocal expired
        if not (over or alarm.cancelled()):
            expired = task.cancel()

    alarm = timeline.alarm(timeline.now_ns() + to_ns(timeout_s))
    alarm.add_done_callback(expire)
    try:
        return await awaitable
    except asyncio.CancelledError:
        # Somebody else may have cancelled us as well: that goes before.
        if expired and task.cancelling() <= cancelled_before + 1:
            raise TimeoutError from None
        raise
    finally:
        over = True
        alarm.cancel()
        if expired:
            task.uncancel()


class Ticks(AsyncIterator[int]):
    """The instants start + k·period [ns] from one period after now; missed ones are skipped."""

    def __init__(self, clock: Clock, period_s: float) -> None:
        self._clock = clock
        self._start_ns = clock.now_ns()
        self._period_ns = to_ns(period_s)
        self._count = 0
        if not 0 < self._period_ns < FOREVER_NS:
            raise UsageError(
                f"a period of {period_s} s cannot tick", hint="give a finite period above 0 s"
            )

    async def __anext__(self) -> int:
        """Wait for the next tick and return `now_ns()`."""
        elapsed_ns = self._clock.now_ns() - self._start_ns
        reached = -(-elapsed_ns // self._period_ns)
        self._count = max(self._count + 1, reached)
        await self._clock.sleep_until(self._start_ns + self._count * self._period_ns)
        return self._clock.now_ns()


def datetime_utc(now_ns: int) -> datetime:
    """Return nanoseconds since the epoch as an aware datetime, UTC, cut to microseconds."""
    return _EPOCH + timedelta(microseconds=now_ns // 1000)


def checked_start_ns(start_ns: int) -> int:
    """Return the start [ns since the epoch] when a clock can begin there."""
    if not 0 <= start_ns < _START_NS_MAX:
        raise UsageError(
            f"a clock cannot start at {start_ns} ns",
            hint="give nanoseconds since 1970, before the year 2116",
        )
    return start_ns
