"""Tasks whose order in a set is the same in every process."""

import asyncio
from collections.abc import Coroutine, Generator
from contextvars import Context
from typing import Any, TypeVar

T = TypeVar("T")


class NumberedTask(asyncio.Task[T]):
    """A task that hashes to its number, not to its address.

    `asyncio.TaskGroup` and `asyncio.wait` keep tasks in sets; by address they would be cancelled
    in another order in every process, and the log of a crash could not be compared.
    """

    # asyncio's own switch for its complaint about a pending task that is thrown away.
    _log_destroy_pending: bool

    def __init__(
        self,
        coroutine: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        loop: asyncio.AbstractEventLoop,
        number: int,
        name: object,
        context: Context | None,
    ) -> None:
        self._number = number
        name = f"task-{number}" if name is None else str(name)
        super().__init__(coroutine, loop=loop, name=name, context=context)

    def __hash__(self) -> int:
        return self._number
