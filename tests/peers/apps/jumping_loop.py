"""An asyncio loop whose time jumps from timer to timer, and all of the process's time with it.

It never jumps while a thread still works for it. Timers lie on whole microseconds and those of one
moment run in the order in which they were set, so that a run can be repeated to the last bit.
"""

import asyncio
import heapq
import itertools
import selectors
from datetime import timedelta

import time_machine

RESOLUTION_S = 1e-6


class Timer(asyncio.TimerHandle):
    """A timer that knows which of two was set first."""

    __slots__ = ("number",)

    def __lt__(self, other):
        return (self._when, self.number) < (other._when, other.number)


class JumpingLoop(asyncio.SelectorEventLoop):
    """The loop of one run from `start`, an aware datetime; use it as a context."""

    def __init__(self, start):
        self.now_us = round(start.timestamp() * 1e6)
        self._traveller = time_machine.travel(start, tick=False)
        self._numbers = itertools.count()
        self._jobs = 0
        super().__init__(_JumpingSelector(self))
        self._clock_resolution = RESOLUTION_S

    def __enter__(self):
        self._travelling = self._traveller.start()
        return self

    def __exit__(self, *_):
        self._traveller.stop()
        self.close()

    def time(self):
        return self.now_us / 1e6

    def call_at(self, when, callback, *args, context=None):
        timer = Timer(round(when, 6), callback, args, self, context)
        timer.number = next(self._numbers)
        heapq.heappush(self._scheduled, timer)
        timer._scheduled = True
        return timer

    def run_in_executor(self, executor, function, *args):
        self._jobs += 1
        job = super().run_in_executor(executor, function, *args)
        job.add_done_callback(self._one_job_less)
        return job

    def _one_job_less(self, _):
        self._jobs -= 1

    def jump(self):
        """Go to the next timer; False while a thread works, or when there is no timer."""
        if self._jobs or not self._scheduled:
            return False
        ahead_us = round(self._scheduled[0]._when * 1e6) - self.now_us
        if ahead_us > 0:
            self.now_us += ahead_us
            self._travelling.shift(timedelta(microseconds=ahead_us))
        return True


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, loop):
        super().__init__()
        self._loop = loop

    def select(self, timeout=None):
        if timeout is not None and timeout <= 0.0:
            return super().select(0.0)
        if self._loop.jump():
            return super().select(0.0)
        return super().select(timeout if self._loop._jobs else None)
