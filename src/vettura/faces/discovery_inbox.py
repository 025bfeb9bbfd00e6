"""Messages that wait for their turn: every one of them, until a topic floods."""

import asyncio
from collections import deque
from dataclasses import dataclass

from vettura.faces.mqtt_link import Letter

PER_TOPIC_MAX = 16
"""Messages of one topic that wait; the last of a flood stands for the rest of it."""
LETTERS_MAX = 20_000
BYTES_MAX = 16_777_216


@dataclass(slots=True)
class _Slot:
    letter: Letter


class Inbox:
    """A queue that keeps the order, and of a flooded topic its newest message."""

    def __init__(self) -> None:
        self.conflated = 0
        """Messages that a newer one of their topic has replaced."""
        self.dropped = 0
        """Messages for which there was no room."""
        self.is_filled = asyncio.Event()
        self._slots: deque[_Slot] = deque()
        self._newest: dict[str, _Slot] = {}
        self._counts: dict[str, int] = {}
        self._bytes = 0

    def put(self, letter: Letter) -> None:
        """Take a message in; never waits."""
        count = self._counts.get(letter.topic, 0)
        is_full = len(self._slots) >= LETTERS_MAX
        is_full = is_full or self._bytes + len(letter.payload) > BYTES_MAX
        if count >= PER_TOPIC_MAX or (is_full and count):
            self._replace(self._newest[letter.topic], letter)
        elif is_full:
            self.dropped += 1
        else:
            self._append(letter, count)

    def _replace(self, slot: _Slot, letter: Letter) -> None:
        self._bytes += len(letter.payload) - len(slot.letter.payload)
        slot.letter = letter
        self.conflated += 1

    def _append(self, letter: Letter, count: int) -> None:
        slot = _Slot(letter)
        self._slots.append(slot)
        self._newest[letter.topic] = slot
        self._counts[letter.topic] = count + 1
        self._bytes += len(letter.payload)
        self.is_filled.set()

    def take(self, count: int) -> list[Letter]:
        """The next messages, at most so many."""
        taken = [self._slots.popleft().letter for _ in range(min(count, len(self._slots)))]
        for letter in taken:
            self._bytes -= len(letter.payload)
            left = self._counts[letter.topic] - 1
            if left:
                self._counts[letter.topic] = left
            else:
                del self._counts[letter.topic], self._newest[letter.topic]
        if not self._slots:
            self.is_filled.clear()
        return taken

    def __len__(self) -> int:
        return len(self._slots)
