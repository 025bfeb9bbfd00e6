"""What every service knows of time and chance.

Live and rehearsed code differ in nothing but the clock they are given.
"""

from collections.abc import AsyncIterator, Awaitable
from datetime import datetime
from random import Random
from typing import Protocol, TypeVar

T = TypeVar("T")


class Clock(Protocol):
    """Time, waiting, named random streams and ids.

    All durations are seconds of *this* clock: at `speed` 60 a sleep of 60 s takes one real second.
    """

    @property
    def speed(self) -> float:
        """Seconds of this clock per real second; infinity in a rehearsal."""
        ...

    @property
    def resolution_s(self) -> float:
        """The shortest wait worth asking for [s].

        A live clock grants about 50 wakes in a real second, so this grows with `speed`. A rehearsal
        says 0, or how coarse its home may be so that a month of it passes in seconds.
        """
        ...

    def now_ns(self) -> int:
        """Nanoseconds since the epoch, UTC: the form that travels on the bus."""
        ...

    def now(self) -> datetime:
        """The same instant as an aware datetime, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since this clock was made; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds of this clock; zero or less lets other tasks run once."""
        ...

    async def sleep_until(self, when_ns: int) -> None:
        """Wait until `now_ns()` has reached `when_ns`; at once when that is past."""
        ...

    def every(self, period_s: float) -> AsyncIterator[int]:
        """Yield `now_ns()` at start + k·period, first after one period.

        Deadlines are integers of nanoseconds, so they do not drift. Ticks that were missed because
        the consumer was busy are skipped, never bunched.
        """
        ...

    async def wait_for(self, awaitable: Awaitable[T], timeout_s: float) -> T:
        """Await it, or cancel it and raise the built-in `TimeoutError` after `timeout_s`."""
        ...

    def random(self, name: str) -> Random:
        """Return a new random stream that depends on the clock's seed and `name` alone."""
        ...

    def new_id(self, kind: str = "") -> str:
        """Return an id no other call returns, sortable by time; `kind` becomes its prefix."""
        ...
