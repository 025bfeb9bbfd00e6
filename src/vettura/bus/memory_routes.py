"""Who hears a subject in memory: found once per subject, forgotten when listeners change."""

from typing import NamedTuple, final

from vettura.bus.interface import Message
from vettura.bus.mailbox import Mailbox
from vettura.bus.memory_faults import Link
from vettura.bus.memory_stream import MemoryStream
from vettura.bus.subjects_match import matches

_ROUTES_MAX = 65_536


@final
class Ear:
    """One subscription: its pattern, its queue group and the way to its mailbox."""

    __slots__ = ("link", "mailbox", "pattern", "queue")

    def __init__(self, pattern: str, queue: str, mailbox: Mailbox[Message]) -> None:
        self.pattern = pattern
        self.queue = queue
        self.mailbox = mailbox
        self.link = Link(mailbox.put)


class Route(NamedTuple):
    """Where the messages of one subject go."""

    ears: tuple[Ear, ...]
    groups: tuple[tuple[Ear, ...], ...]
    """Of each queue group, one member hears a message."""
    streams: tuple[MemoryStream, ...]

    @property
    def is_heard(self) -> bool:
        """Whether somebody listens there who could answer."""
        return bool(self.ears or self.groups)


@final
class Routes:
    """All listeners and streams of a bus, in the order they came."""

    def __init__(self) -> None:
        self._exact: dict[str, dict[Ear, None]] = {}
        self._wild: dict[Ear, None] = {}
        self._streams: list[MemoryStream] = []
        self._known: dict[str, Route] = {}

    def add(self, ear: Ear) -> None:
        """Let a listener hear from now on."""
        self._siblings(ear)[ear] = None
        self._known.clear()

    def remove(self, ear: Ear) -> None:
        """Let a listener hear no more."""
        siblings = self._siblings(ear)
        siblings.pop(ear, None)
        if not siblings:
            self._exact.pop(ear.pattern, None)
        self._known.clear()

    def ears(self) -> list[Ear]:
        """Return all who listen."""
        return [*self._wild, *(ear for ears in self._exact.values() for ear in ears)]

    def set_streams(self, streams: list[MemoryStream]) -> None:
        """Name the streams that store what is sent from now on."""
        self._streams = streams
        self._known.clear()

    def find(self, subject: str) -> Route:
        """Return where a message on `subject` goes."""
        route = self._known.get(subject)
        return route if route is not None else self._look_up(subject)

    def _siblings(self, ear: Ear) -> dict[Ear, None]:
        if "*" in ear.pattern or ">" in ear.pattern:
            return self._wild
        return self._exact.setdefault(ear.pattern, {})

    def _look_up(self, subject: str) -> Route:
        ears: list[Ear] = []
        groups: dict[str, list[Ear]] = {}
        wild = (ear for ear in self._wild if matches(ear.pattern, subject))
        for ear in (*self._exact.get(subject, ()), *wild):
            if ear.queue:
                groups.setdefault(ear.queue, []).append(ear)
            else:
                ears.append(ear)
        streams = tuple(stream for stream in self._streams if stream.stores(subject))
        route = Route(tuple(ears), tuple(map(tuple, groups.values())), streams)
        if len(self._known) >= _ROUTES_MAX:
            self._known.clear()
        self._known[subject] = route
        return route
