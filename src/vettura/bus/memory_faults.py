"""What can go wrong on the way of a message in memory, by seed."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, final

from vettura.bus.interface import Message
from vettura.bus.subjects_match import check_pattern, matches
from vettura.clock.interface import Clock
from vettura.errors import UsageError
from vettura.units import NS_PER_S


class Partition(NamedTuple):
    """A time in which no message on the subjects of `pattern` passes."""

    from_s: float
    """Start [s of `Clock.monotonic`]."""
    until_s: float
    """End, itself no longer cut [s of `Clock.monotonic`]."""
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What happens to each message on its way to each listener.

    A message is lost with probability `drop`, else doubled with probability `duplicate`, and each
    copy takes between the two times of `delay_s` [s], evenly spread. As on one connection, what
    goes to one listener never overtakes. What is sent during a partition of its subject is lost.
    """

    drop: float = 0.0
    duplicate: float = 0.0
    delay_s: tuple[float, float] = (0.0, 0.0)
    partitions: tuple[Partition, ...] = ()

    def __post_init__(self) -> None:
        for name in ("drop", "duplicate"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise UsageError(f"faults: {name} is {getattr(self, name)}", hint="give 0 to 1")
        shortest_s, longest_s = self.delay_s
        if not 0.0 <= shortest_s <= longest_s:
            raise UsageError(f"faults: delay_s is {self.delay_s}", hint="give (shortest, longest)")
        for _, _, pattern in self.partitions:
            check_pattern(pattern)

    def cut(self, subject: str, now_s: float) -> bool:
        """Whether a message on `subject` is lost at `now_s` [s of `Clock.monotonic`]."""
        return any(
            from_s <= now_s < until_s and matches(pattern, subject)
            for from_s, until_s, pattern in self.partitions
        )


NO_FAULTS = Faults()


@final
class Link:
    """The way to one listener: what is still under way, in order."""

    __slots__ = ("deliver", "under_way")

    def __init__(self, deliver: Callable[[Message], None]) -> None:
        self.deliver = deliver
        self.under_way: deque[tuple[int, Message]] = deque()


@final
class Couriers:
    """Carry messages to listeners with the faults that the seed deals."""

    def __init__(self, clock: Clock, faults: Faults, stream_name: str) -> None:
        self._clock = clock
        self._faults = faults
        self._chance = clock.random(stream_name)
        self._tasks: dict[Link, asyncio.Task[None]] = {}

    def send(self, link: Link, message: Message) -> None:
        """Start one message on its way, or lose it."""
        faults = self._faults
        if self._chance.random() < faults.drop:
            return
        copies = 2 if self._chance.random() < faults.duplicate else 1
        for _ in range(copies):
            self._send_copy(link, message)

    async def close(self) -> None:
        """Deliver what is still under way, now."""
        tasks = list(self._tasks.values())
        links = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for link in links:
            while link.under_way:
                link.deliver(link.under_way.popleft()[1])

    def _send_copy(self, link: Link, message: Message) -> None:
        shortest_s, longest_s = self._faults.delay_s
        if longest_s == 0.0:
            link.deliver(message)
            return
        delay_s = self._chance.uniform(shortest_s, longest_s)
        due_ns = self._clock.now_ns() + round(delay_s * NS_PER_S)
        if link.under_way:
            due_ns = max(due_ns, link.under_way[-1][0])
        link.under_way.append((due_ns, message))
        if link not in self._tasks:
            self._tasks[link] = asyncio.get_running_loop().create_task(self._walk(link))

    async def _walk(self, link: Link) -> None:
        try:
            while link.under_way:
                await self._clock.sleep_until(link.under_way[0][0])
                link.deliver(link.under_way.popleft()[1])
        finally:
            del self._tasks[link]
