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


class Spell(NamedTuple):
    """A time of bad connection for messages on the subjects of `pattern`."""

    from_s: float
    """Start [s of `Clock.monotonic`]."""
    until_s: float
    """End [s of `Clock.monotonic`]."""
    pattern: str
    drop: float = 0.0
    duplicate: float = 0.0
    delay_s: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What happens to each message on its way to each listener.

    A message is lost with probability `drop`, else doubled with probability `duplicate`, and each
    copy takes between the two times of `delay_s` [s], evenly spread. As on one connection, what
    goes to one listener never overtakes. What is sent during a partition of its subject is lost.
    During a spell of its subject the first such spell's figures count instead of these; an answer
    goes by the subject of its question.
    """

    drop: float = 0.0
    duplicate: float = 0.0
    delay_s: tuple[float, float] = (0.0, 0.0)
    partitions: tuple[Partition, ...] = ()
    spells: tuple[Spell, ...] = ()

    def __post_init__(self) -> None:
        _check_figures(self)
        for _, _, pattern in self.partitions:
            check_pattern(pattern)
        for spell in self.spells:
            _check_figures(spell)
            check_pattern(spell.pattern)

    def at(self, subject: str, now_s: float) -> "Faults | Spell":
        """The figures for a message on `subject` at `now_s` [s of `Clock.monotonic`]."""
        for spell in self.spells:
            if spell.from_s <= now_s < spell.until_s and matches(spell.pattern, subject):
                return spell
        return self

    def cut(self, subject: str, now_s: float) -> bool:
        """Whether a message on `subject` is lost at `now_s` [s of `Clock.monotonic`]."""
        return any(
            from_s <= now_s < until_s and matches(pattern, subject)
            for from_s, until_s, pattern in self.partitions
        )


def _check_figures(part: Faults | Spell) -> None:
    for name, share in (("drop", part.drop), ("duplicate", part.duplicate)):
        if not 0.0 <= share <= 1.0:
            raise UsageError(f"faults: {name} is {share}", hint="give 0 to 1")
    shortest_s, longest_s = part.delay_s
    if not 0.0 <= shortest_s <= longest_s:
        raise UsageError(f"faults: delay_s is {part.delay_s}", hint="give (shortest, longest)")


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

    def send(self, link: Link, message: Message, subject: str) -> None:
        """Start one message on its way, or lose it, by the faults of `subject`."""
        faults = self._faults.at(subject, self._clock.monotonic())
        if self._chance.random() < faults.drop:
            return
        copies = 2 if self._chance.random() < faults.duplicate else 1
        for _ in range(copies):
            self._send_copy(link, message, faults.delay_s)

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

    def _send_copy(self, link: Link, message: Message, delay_s: tuple[float, float]) -> None:
        shortest_s, longest_s = delay_s
        if longest_s == 0.0 and not link.under_way:
            link.deliver(message)
            return
        late_s = self._chance.uniform(shortest_s, longest_s)
        due_ns = self._clock.now_ns() + round(late_s * NS_PER_S)
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
