"""The live clock: real time, or real time times a factor."""

import asyncio
import math
import os
import time
from collections.abc import AsyncIterator, Awaitable
from datetime import datetime
from random import Random
from typing import TypeVar

from vettura.clock import waits
from vettura.clock.chance import IdMaker, random_stream
from vettura.clock.duration import FOREVER_NS
from vettura.errors import UsageError
from vettura.units import NS_PER_S

T = TypeVar("T")

_SPEED_MAX = 10_000.0
_WAKES_PER_REAL_S = 50


class WallClock:
    """A clock that follows the machine's monotonic time, `speed` seconds for each real one.

    Steps of the machine's wall time after the start do not move it. `start_ns` is where it begins
    [ns since the epoch], the machine's present time when None. `seed` feeds the random streams;
    ids come from the operating system's chance. Use it from the thread of one event loop.
    """

    def __init__(self, *, speed: float = 1.0, start_ns: int | None = None, seed: int = 0) -> None:
        self._speed = _checked_speed(speed)
        self._seed = seed
        self._ids = IdMaker(os.urandom)
        self._start_ns = waits.checked_start_ns(time.time_ns() if start_ns is None else start_ns)
        self._anchor_ns = self._start_ns
        self._anchor_real_ns = _real_ns()
        self._alarms: set[_WallAlarm] = set()

    @property
    def speed(self) -> float:
        """Seconds of this clock per real second."""
        return self._speed

    @property
    def resolution_s(self) -> float:
        """The shortest wait worth asking for [s]."""
        return self._speed / _WAKES_PER_REAL_S

    def set_speed(self, speed: float) -> None:
        """Run at `speed` from now on [s per real s]; time goes on from where it is.

        Every pending wait keeps its instant and is timed anew.
        """
        _checked_speed(speed)
        real_ns = _real_ns()
        self._anchor_ns = self._at_ns(real_ns)
        self._anchor_real_ns = real_ns
        self._speed = speed
        for alarm in list(self._alarms):
            alarm.arm()

    def now_ns(self) -> int:
        """Nanoseconds since the epoch, UTC."""
        return self._at_ns(_real_ns())

    def _at_ns(self, real_ns: int) -> int:
        return self._anchor_ns + int((real_ns - self._anchor_real_ns) * self._speed)

    def now(self) -> datetime:
        """The same instant as an aware datetime, UTC."""
        return waits.datetime_utc(self.now_ns())

    def monotonic(self) -> float:
        """Seconds since this clock was made."""
        return (self.now_ns() - self._start_ns) / NS_PER_S

    def alarm(self, when_ns: int) -> asyncio.Future[None]:
        """Return a future that is done once `now_ns()` is `when_ns`; what the waits are made of."""
        alarm = _WallAlarm(self, when_ns)
        self._alarms.add(alarm)
        alarm.rung.add_done_callback(lambda _: self._alarms.discard(alarm))
        alarm.arm()
        return alarm.rung

    async def sleep(self, seconds: float) -> None:
        """Wait that many seconds of this clock."""
        await waits.sleep(self, seconds)

    async def sleep_until(self, when_ns: int) -> None:
        """Wait until `now_ns()` has reached `when_ns`."""
        await waits.sleep_until(self, when_ns)

    def every(self, period_s: float) -> AsyncIterator[int]:
        """Yield `now_ns()` at start + k·period [s], missed ticks skipped."""
        return waits.Ticks(self, period_s)

    async def wait_for(self, awaitable: Awaitable[T], timeout_s: float) -> T:
        """Await it, or cancel it and raise `TimeoutError` after `timeout_s`."""
        return await waits.wait_for(self, awaitable, timeout_s)

    def random(self, name: str) -> Random:
        """Return a new random stream that depends on the seed and `name` alone."""
        return random_stream(self._seed, name)

    def new_id(self, kind: str = "") -> str:
        """Return an id no other call returns, on any machine."""
        return self._ids.new_id(self.now_ns(), kind)


class _WallAlarm:
    """One pending instant, timed in real seconds by the loop it was made in."""

    def __init__(self, clock: WallClock, when_ns: int) -> None:
        self._clock = clock
        self._when_ns = when_ns
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self.rung: asyncio.Future[None] = self._loop.create_future()
        self.rung.add_done_callback(self._disarm)

    def arm(self) -> None:
        """Set the loop's timer by the clock's present speed."""
        self._disarm()
        if self._when_ns >= FOREVER_NS or self.rung.done() or self._loop.is_closed():
            return
        left_s = (self._when_ns - self._clock.now_ns()) / NS_PER_S / self._clock.speed
        # What is past keeps its negative delay, so that late alarms still ring in their order.
        self._timer = self._loop.call_later(left_s, self._ring)

    def _disarm(self, _rung: object = None) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _ring(self) -> None:
        # The loop may fire a moment early, and rounding may cost a nanosecond.
        if self._clock.now_ns() < self._when_ns:
            self.arm()
        elif not self.rung.done():
            self.rung.set_result(None)


def _real_ns() -> int:
    """Real nanoseconds that only grow; the machine's own sleep counts where the system tells."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return time.monotonic_ns()


def _checked_speed(speed: float) -> float:
    if not (math.isfinite(speed) and 0 < speed <= _SPEED_MAX):
        raise UsageError(
            f"a clock cannot run at speed {speed}",
            hint=f"give a factor above 0 and up to {_SPEED_MAX:,.0f}",
        )
    return speed
