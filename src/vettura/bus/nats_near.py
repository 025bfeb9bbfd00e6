"""Who listens in this very process: they hear at once, without the way to the server and back."""

from typing import final

from vettura.bus.interface import Message
from vettura.bus.nats_client import Ear
from vettura.bus.subjects_match import matches

_KNOWN_MAX = 65_536


@final
class Near:
    """The ears of one connection, by what they listen to.

    The connection asks the server for no echo of its own messages, so each ear hears each of them
    once: from here.
    """

    def __init__(self) -> None:
        self._exact: dict[str, dict[Ear, None]] = {}
        self._wild: dict[Ear, None] = {}
        self._known: dict[str, tuple[Ear, ...]] = {}

    def add(self, ear: Ear) -> None:
        """Let it hear from now on."""
        self._siblings(ear)[ear] = None
        self._known.clear()

    def remove(self, ear: Ear) -> None:
        """Let it hear no more."""
        siblings = self._siblings(ear)
        siblings.pop(ear, None)
        if not siblings:
            self._exact.pop(ear.pattern, None)
        self._known.clear()

    def tell(self, message: Message) -> int:
        """Give a message to all who listen to its subject; how many they are."""
        ears = self._known.get(message.subject)
        if ears is None:
            ears = self._look_up(message.subject)
        for ear in ears:
            ear.take(message)
        return len(ears)

    def tell_answer(self, message: Message) -> None:
        """The same for a subject that is used once, and so is not worth remembering."""
        for ear in self._wild:
            if ear.pattern[0] in "*>_" and matches(ear.pattern, message.subject):
                ear.take(message)

    def _siblings(self, ear: Ear) -> dict[Ear, None]:
        if "*" in ear.pattern or ">" in ear.pattern:
            return self._wild
        return self._exact.setdefault(ear.pattern, {})

    def _look_up(self, subject: str) -> tuple[Ear, ...]:
        wild = (ear for ear in self._wild if matches(ear.pattern, subject))
        ears = (*self._exact.get(subject, ()), *wild)
        if len(self._known) >= _KNOWN_MAX:
            self._known.clear()
        self._known[subject] = ears
        return ears
