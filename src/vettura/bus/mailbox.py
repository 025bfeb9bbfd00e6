"""A bounded queue of messages: the `Subscription` of both buses, and what their insides wait on."""

import asyncio
import types
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from typing import Generic, TypeVar, final

from vettura.errors import InputError

T = TypeVar("T")

# A reader that never has to wait lets others run after so many messages.
_BURST = 64


@final
class Mailbox(Generic[T]):
    """Holds at most `limit` unread messages; beyond that the newest is dropped and counted.

    `leave` is awaited once when the reader closes it.
    """

    __slots__ = ("_burst", "_dropped", "_is_shut", "_leave", "_limit", "_messages", "_waiters")

    def __init__(self, *, limit: int, leave: Callable[[], Awaitable[None]] | None = None) -> None:
        if limit < 1:
            raise InputError(f"a subscription cannot hold {limit} messages", hint="give 1 or more")
        self._limit = limit
        self._leave = leave
        self._messages: deque[T] = deque()
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._dropped = 0
        self._burst = 0
        self._is_shut = False

    @property
    def dropped(self) -> int:
        """Messages lost because the reader was too slow."""
        return self._dropped

    @property
    def is_shut(self) -> bool:
        """Whether nothing more comes in."""
        return self._is_shut

    def put(self, message: T) -> None:
        """Hand over one message; never waits."""
        if self._is_shut:
            return
        if len(self._messages) >= self._limit:
            self._dropped += 1
            return
        self._messages.append(message)
        if self._waiters:
            self._wake_one()

    def shut(self) -> None:
        """Take no more; the reader still gets what is unread, then the end."""
        self._is_shut = True
        while self._waiters:
            self._wake_one()

    async def next(self) -> T:
        """Return the next message; raises StopAsyncIteration once closed and drained."""
        if self._messages:
            self._burst += 1
            if self._burst >= _BURST:
                self._burst = 0
                await _let_others_run()
        while not self._messages:
            if self._is_shut:
                raise StopAsyncIteration
            self._burst = 0
            await self._wait()
        return self._messages.popleft()

    async def close(self) -> None:
        """Stop listening. Safe to call twice."""
        leave, self._leave = self._leave, None
        self.shut()
        if leave is not None:
            await leave()

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    def __anext__(self) -> Awaitable[T]:
        return self.next()

    async def _wait(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled() and self._messages:
                self._wake_one()  # It was our turn; the message goes to the next in line.
            elif waiter in self._waiters:
                self._waiters.remove(waiter)
            raise

    def _wake_one(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return


@types.coroutine
def _let_others_run() -> Generator[None, None, None]:
    yield
