"""The rehearsed clock, and running a coroutine to its end on it."""

import asyncio
import math
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from random import Random
from typing import Any, TypeVar

from vettura.clock import waits
from vettura.clock.budget import STEP_BUDGET
from vettura.clock.chance import IdMaker, random_stream
from vettura.clock.loop import RehearsalLoop as RehearsalLoop
from vettura.errors import UsageError, VetturaError
from vettura.units import NS_PER_S

T = TypeVar("T")


class RehearsalClock:
    """The clock of a rehearsal: it starts at `start_ns` [ns since the epoch] and never waits.

    Random streams and ids depend on `seed` alone. `resolution_s` is what services are asked to be
    content with; the clock itself stays exact to the nanosecond.
    """

    speed = math.inf

    def __init__(
        self, loop: RehearsalLoop, *, start_ns: int, seed: int, resolution_s: float = 0.0
    ) -> None:
        self._loop = loop
        self.resolution_s = resolution_s
        self._offset_ns = waits.checked_start_ns(start_ns) - loop.elapsed_ns
        self._start_ns = start_ns
        self._seed = seed
        self._ids = IdMaker(random_stream(seed, "ids").randbytes)

    def now_ns(self) -> int:
        """Nanoseconds since the epoch, UTC."""
        return self._offset_ns + self._loop.elapsed_ns

    def now(self) -> datetime:
        """The same instant as an aware datetime, UTC."""
        return waits.datetime_utc(self.now_ns())

    def monotonic(self) -> float:
        """Seconds since this clock was made."""
        return (self.now_ns() - self._start_ns) / NS_PER_S

    def alarm(self, when_ns: int) -> asyncio.Future[None]:
        """Return a future that is done at `when_ns`; what the waits are made of."""
        return self._loop.alarm(when_ns - self._offset_ns)

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
        """Return an id no other call returns; the same one in every run of this seed."""
        return self._ids.new_id(self.now_ns(), kind)


def rehearse(
    main: Callable[[RehearsalClock], Coroutine[Any, Any, T]],
    *,
    start_ns: int,
    seed: int,
    shuffle_seed: int | None = None,
    step_budget: int = STEP_BUDGET,
    resolution_s: float = 0.0,
) -> T:
    """Run `main(clock)` to its end on a clock of its own and return its result.

    `start_ns` is the clock's first instant [ns since the epoch], `resolution_s` the shortest wait
    that services should ask for [s]; 0 lets them have every moment they want. What still runs at
    the end is cancelled, and an error there counts. Every error names the seeds that bring it back.
    """
    _refuse_inside_a_loop()
    loop = RehearsalLoop(shuffle_seed=shuffle_seed, step_budget=step_budget)
    try:
        clock = RehearsalClock(loop, start_ns=start_ns, seed=seed, resolution_s=resolution_s)
        return _run(loop, main(clock))
    except Exception as error:
        _name_seeds(error, f"rehearsed with seed {seed}, shuffle seed {shuffle_seed}")
        raise
    finally:
        _abandon(loop)
        loop.close()


def _refuse_inside_a_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise UsageError(
        "a rehearsal cannot start while an event loop runs", hint="call it from plain code"
    )


def _run(loop: RehearsalLoop, main: Coroutine[Any, Any, T]) -> T:
    task = loop.create_task(main)
    interrupted: list[int] = []

    def interrupt(number: int, _frame: object) -> None:
        interrupted.append(number)
        loop.call_soon(task.cancel)

    try:
        with _on_interrupt(interrupt):
            result = loop.run_until_complete(task)
    except BaseException as error:
        # The first error is the one to read.
        with suppress(Exception):
            _cancel_rest(loop)
        if interrupted and isinstance(error, asyncio.CancelledError):
            raise KeyboardInterrupt from None
        raise
    _cancel_rest(loop)
    return result


@contextmanager
def _on_interrupt(handler: Callable[[int, object], None]) -> Iterator[None]:
    """Let Ctrl-C cancel the rehearsal instead of breaking into whatever line runs just then."""
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _cancel_rest(loop: RehearsalLoop) -> None:
    rest = loop.unfinished()
    for task in rest:
        task.cancel()
    if rest:
        endings = loop.run_until_complete(_gather(rest))
        errors = [ending for ending in endings if isinstance(ending, Exception)]
        if errors:
            raise errors[0]
    loop.run_until_complete(loop.shutdown_asyncgens())


async def _gather(tasks: Sequence[asyncio.Task[Any]]) -> list[Any]:
    return await asyncio.gather(*tasks, return_exceptions=True)


def _abandon(loop: RehearsalLoop) -> None:
    """Keep asyncio from reporting tasks that would not be cancelled: the error has named them."""
    for task in loop.unfinished():
        task._log_destroy_pending = False


def _name_seeds(error: Exception, seeds: str) -> None:
    if isinstance(error, VetturaError):
        error.hint = f"{error.hint}; {seeds}" if error.hint else seeds
    else:
        error.add_note(seeds)
