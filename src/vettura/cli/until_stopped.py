"""Commands that go on until somebody stops them: Ctrl-C ends them cleanly, a line tells how far."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from rich.console import Console

from vettura.errors import VetturaError


@asynccontextmanager
async def until_stopped(seconds: float | None = None) -> AsyncIterator[asyncio.TaskGroup]:
    """Run the tasks of a group until all are done, Ctrl-C, or for so many real seconds.

    The first of our own errors among theirs is raised as it is.
    """
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, task.cancel)
    try:
        with suppress(TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                yield group
    except BaseExceptionGroup as several:
        raise _first_of_ours(several) from None
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _first_of_ours(group: BaseExceptionGroup[BaseException]) -> BaseException:
    ours, _ = group.split(VetturaError)
    first: BaseException = group if ours is None else ours
    while ours is not None and isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first


@contextmanager
def status_line() -> Iterator[Callable[[str], None]]:
    """Give a function that shows one changing line on standard error while that is a terminal."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("") as status:
        yield status.update
