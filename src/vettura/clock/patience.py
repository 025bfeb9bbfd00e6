"""What the processor has spent: to stop what would never end, never to decide what it finds."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


def processor_ns() -> int:
    """Nanoseconds that the processor has worked for this thread."""
    return time.thread_time_ns()


@contextmanager
def processor_patience(seconds: float) -> Iterator[bool]:
    """Raise the built-in `TimeoutError` inside once the processor has worked that long [s].

    Yields whether it watches: only the main thread can be interrupted, and only while nobody else
    uses the same alarm.
    """
    if not _can_watch():
        yield False
        return
    inside = True

    def give_up(_number: int, _frame: object) -> None:
        # An alarm that was already under way when we left must not ring any more.
        if inside:
            raise TimeoutError("the processor has worked too long")

    signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield True
    finally:
        inside = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)


def _can_watch() -> bool:
    return (
        threading.current_thread() is threading.main_thread()
        and hasattr(signal, "setitimer")
        and signal.getsignal(signal.SIGVTALRM) == signal.SIG_DFL
    )
