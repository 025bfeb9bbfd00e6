"""The rehearsal's event loop: time jumps to the next timer when nothing is ready.

It leans on a few private names of asyncio: the loop's `_ready`, `_stopping` and `_run_once`, the
handle's `_cancelled` and `_run`.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from itertools import count
from typing import Any, TypeVar, TypeVarTuple
from weakref import WeakKeyDictionary

from vettura.clock import suspects
from vettura.clock.agenda import Agenda
from vettura.clock.budget import STEP_BUDGET, StepBudget
from vettura.clock.chance import random_stream
from vettura.clock.duration import FOREVER_NS, to_ns
from vettura.clock.numbered import NumberedTask
from vettura.clock.refusals import FORBIDDEN, forbidden, refuse
from vettura.errors import DeadlockError
from vettura.units import NS_PER_S

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class RehearsalLoop(asyncio.BaseEventLoop):
    """An event loop without a machine: whole nanoseconds that pass only when all tasks wait.

    `shuffle_seed` shuffles the calls that are ready together; None keeps asyncio's order.
    `step_budget` is how many calls may run in one instant before `LivelockError`.
    The clock's waits are exact; `time()` is a float, so after a year a bare `asyncio.timeout` may
    be some nanoseconds off.
    """

    _ready: deque[asyncio.Handle]
    _stopping: bool

    def __init__(self, *, shuffle_seed: int | None = None, step_budget: int = STEP_BUDGET) -> None:
        super().__init__()
        self.elapsed_ns = 0
        self._thread = threading.get_ident()
        self._agenda = Agenda()
        self._chance = None if shuffle_seed is None else random_stream(shuffle_seed, "shuffle")
        self._budget = StepBudget(step_budget)
        self._task_numbers = count(1)
        self._tasks: WeakKeyDictionary[NumberedTask[Any], None] = WeakKeyDictionary()

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self.elapsed_ns / NS_PER_S

    def alarm(self, when_ns: int) -> asyncio.Future[None]:
        """Return a future that is done when `elapsed_ns` is `when_ns`; cancel it to forget it."""
        future: asyncio.Future[None] = self.create_future()
        if when_ns < FOREVER_NS:
            self._agenda.add(when_ns, future)
        return future

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call back after `delay` [s]."""
        when_ns = self.elapsed_ns + to_ns(delay)
        return self._call_at_ns(when_ns, callback, args, context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call back when `time()` is `when` [s]."""
        # What lies ahead, if only by a fraction of a nanosecond, must let time pass: else a caller
        # that waits until `time()` says so would spin.
        earliest_ns = self.elapsed_ns + (when > self.time())
        return self._call_at_ns(max(to_ns(when), earliest_ns), callback, args, context)

    def _call_at_ns(
        self,
        when_ns: int,
        callback: Callable[..., object],
        args: tuple[object, ...],
        context: Context | None,
    ) -> asyncio.TimerHandle:
        if self.is_closed():
            raise RuntimeError("Event loop is closed")
        timer = asyncio.TimerHandle(when_ns / NS_PER_S, callback, args, self, context)
        if when_ns < FOREVER_NS:
            self._agenda.add(when_ns, timer)
        return timer

    def call_soon_threadsafe(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Call back in this instant; only from the rehearsal's own thread."""
        if threading.get_ident() != self._thread:
            raise forbidden("call_soon_threadsafe from another thread")
        return self.call_soon(callback, *args, context=context)

    def create_task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        name: object = None,
        context: Context | None = None,
    ) -> asyncio.Task[T]:
        """Start a task; numbers count from 1 in each loop, so that logs compare byte for byte."""
        number = next(self._task_numbers)
        task = NumberedTask(coro, loop=self, number=number, name=name, context=context)
        self._tasks[task] = None
        return task

    def unfinished(self) -> list[NumberedTask[Any]]:
        """Return the tasks that are not done, in the order they were made."""
        return [task for task in self._tasks if not task.done()]

    def close(self) -> None:
        """Forget all timers and close."""
        super().close()
        self._agenda.clear()

    def _run_once(self) -> None:
        ready = self._ready
        if not ready and not self._stopping:
            self._jump()
        self._agenda.ring(self.elapsed_ns, ready)
        if self._chance is not None and len(ready) > 1:
            shuffled = list(ready)
            self._chance.shuffle(shuffled)
            ready.clear()
            ready.extend(shuffled)
        self._budget.spend(ready, self.elapsed_ns)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()

    def _jump(self) -> None:
        when_ns = self._agenda.next_ns()
        if when_ns is None:
            raise DeadlockError(
                f"every task waits and no timer is set, {self.time():.9f} s into the rehearsal:"
                + suspects.waiting(self.unfinished()),
                hint="let something wake them, or give their waits a timeout",
            )
        if when_ns > self.elapsed_ns:
            self.elapsed_ns = when_ns
            self._budget.renew()


for _name in FORBIDDEN:
    setattr(RehearsalLoop, _name, refuse(_name))
