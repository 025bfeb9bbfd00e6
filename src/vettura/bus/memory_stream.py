"""A stream in memory that behaves as one of JetStream does."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, final

from vettura.bus.interface import Message, Stream, StreamMessage
from vettura.bus.limits import DEDUPE_WINDOW_S, MESSAGE_ID_HEADER, PENDING_MAX, check_batch
from vettura.bus.subjects_match import check_message, check_name, check_pattern, check_stored
from vettura.bus.subjects_match import matches as matches_pattern
from vettura.clock.interface import Clock
from vettura.units import NS_PER_S

# What nats-server's file store adds to each record (server/filestore.go, fileStoreMsgSize).
_RECORD_BYTES = 30


class StreamHost(Protocol):
    """What a stream or bucket in memory needs of its bus."""

    def check_way(self, subject: str) -> None:
        """Raise `BusDownError` when no message on `subject` passes just now."""
        ...

    def carry(self, message: Message) -> None:
        """Hand a message to all who listen and to all streams that store it."""
        ...


@dataclass(slots=True, kw_only=True)
class _Consumer:
    next_sequence: int = 1
    acknowledged: int = 0
    # What was handed out and when [ns]; handing out again moves it to the end.
    pending: dict[int, int] = field(default_factory=dict)


@final
class MemoryStream(Stream):
    """Keeps messages, their ids and what each durable consumer has done."""

    def __init__(
        self, host: StreamHost, clock: Clock, name: str, *, redeliver_after_s: float
    ) -> None:
        self.name = name
        self.subjects: tuple[str, ...] = ()
        self._host = host
        self._clock = clock
        self._redeliver_after_ns = round(redeliver_after_s * NS_PER_S)
        self._max_age_ns = 0
        self._max_bytes = -1
        self._stored: dict[int, tuple[int, StreamMessage]] = {}
        self._stored_bytes = 0
        self._last_sequence = 0
        self._ids: dict[str, tuple[int, int]] = {}
        self._consumers: dict[str, _Consumer] = {}
        self._pullers: list[asyncio.Future[None]] = []

    def configure(self, subjects: Sequence[str], max_age_s: float, max_bytes: int) -> None:
        """Set what the stream stores and for how long [s, bytes]; 0 and -1 mean no limit."""
        self.subjects = tuple(map(check_pattern, subjects))
        self._max_age_ns = round(max_age_s * NS_PER_S)
        self._max_bytes = max_bytes
        self._forget_old()

    def stores(self, subject: str) -> bool:
        """Whether messages on `subject` are kept."""
        return any(matches_pattern(pattern, subject) for pattern in self.subjects)

    def store(self, message: Message) -> None:
        """Keep one message, unless it bears an id that is known since 120 s."""
        message_id = message.headers.get(MESSAGE_ID_HEADER, "")
        if message_id and self._knows(message_id):
            return
        self._last_sequence += 1
        if message_id:
            self._ids[message_id] = (self._clock.now_ns(), self._last_sequence)
        kept = StreamMessage(message.subject, message.data, message.headers, self._last_sequence)
        self._stored[kept.sequence] = (self._clock.now_ns(), kept)
        self._stored_bytes += _record_bytes(kept)
        self._forget_old()
        self.wake_all()

    async def publish(self, subject: str, data: bytes, *, message_id: str = "") -> int:
        """Append and return the sequence; `message_id` is stored once within 120 s."""
        headers = {MESSAGE_ID_HEADER: message_id} if message_id else None
        clean = check_message(subject, data, headers)
        check_stored(self.name, self.subjects, subject)
        self._host.check_way(subject)
        self._host.carry(Message(subject, data, clean))
        return self._ids[clean[MESSAGE_ID_HEADER]][1] if message_id else self._last_sequence

    async def pull(self, consumer: str, *, batch: int, timeout_s: float) -> list[StreamMessage]:
        """Return up to `batch` messages not acknowledged yet, waiting `timeout_s` for the first."""
        state = self._consumer(consumer)
        check_batch(batch)
        deadline_ns = self._clock.now_ns() + round(timeout_s * NS_PER_S)
        while True:
            self._check_any_way()
            messages = self._hand_out(state, batch)
            left_ns = deadline_ns - self._clock.now_ns()
            if messages or left_ns <= 0:
                return messages
            await self._wait(state, left_ns)

    async def acknowledge(self, consumer: str, sequence: int) -> None:
        """Mark every message up to and including `sequence` as done for this consumer."""
        state = self._consumer(consumer)
        self._check_any_way()
        state.acknowledged = max(state.acknowledged, sequence)
        state.next_sequence = max(state.next_sequence, sequence + 1)
        for done in [pending for pending in state.pending if pending <= sequence]:
            del state.pending[done]
        self.wake_all()

    async def last(self, subject: str, count: int) -> list[StreamMessage]:
        """Return the newest `count` messages on `subject` (wildcards allowed), oldest first."""
        check_pattern(subject)
        self._check_any_way()
        self._forget_old()
        found: list[StreamMessage] = []
        for _, message in reversed(self._stored.values()):
            if len(found) >= count:
                break
            if matches_pattern(subject, message.subject):
                found.append(message)
        return found[::-1]

    def _consumer(self, name: str) -> _Consumer:
        return self._consumers.setdefault(check_name("consumer", name), _Consumer())

    def _check_any_way(self) -> None:
        for subject in self.subjects:
            self._host.check_way(subject)

    def _knows(self, message_id: str) -> bool:
        oldest_ns = self._clock.now_ns() - round(DEDUPE_WINDOW_S * NS_PER_S)
        while self._ids:
            first = next(iter(self._ids))
            if self._ids[first][0] > oldest_ns:
                break
            del self._ids[first]
        return message_id in self._ids

    def _hand_out(self, consumer: _Consumer, batch: int) -> list[StreamMessage]:
        self._forget_old()
        now_ns = self._clock.now_ns()
        handed: list[StreamMessage] = []
        for sequence in self._due(consumer, now_ns):
            if len(handed) >= batch:
                break
            consumer.pending.pop(sequence, None)
            if sequence not in self._stored:
                continue
            if sequence >= consumer.next_sequence:
                consumer.next_sequence = sequence + 1
            consumer.pending[sequence] = now_ns
            handed.append(self._stored[sequence][1])
        return handed

    def _due(self, consumer: _Consumer, now_ns: int) -> Iterator[int]:
        """Yield what was handed out too long ago, then what never was."""
        latest_ns = now_ns - self._redeliver_after_ns
        yield from [seq for seq, handed_ns in consumer.pending.items() if handed_ns <= latest_ns]
        first = next(iter(self._stored), self._last_sequence + 1)
        for sequence in range(max(first, consumer.next_sequence), self._last_sequence + 1):
            if len(consumer.pending) >= PENDING_MAX:
                return
            yield sequence

    async def _wait(self, consumer: _Consumer, left_ns: int) -> None:
        if consumer.pending:
            oldest_ns = next(iter(consumer.pending.values()))
            again_ns = oldest_ns + self._redeliver_after_ns - self._clock.now_ns()
            left_ns = min(left_ns, max(again_ns, 1))
        woken = asyncio.get_running_loop().create_future()
        self._pullers.append(woken)
        try:
            await self._clock.wait_for(woken, left_ns / NS_PER_S)
        except TimeoutError:
            pass
        finally:
            if woken in self._pullers:
                self._pullers.remove(woken)

    def wake_all(self) -> None:
        """Let every waiting `pull` look again."""
        for woken in self._pullers:
            if not woken.done():
                woken.set_result(None)
        self._pullers.clear()

    def _forget_old(self) -> None:
        oldest_ns = self._clock.now_ns() - self._max_age_ns if self._max_age_ns else 0
        while self._stored:
            sequence = next(iter(self._stored))
            stored_ns, message = self._stored[sequence]
            is_over = 0 <= self._max_bytes < self._stored_bytes
            if not is_over and not (self._max_age_ns and stored_ns <= oldest_ns):
                return
            del self._stored[sequence]
            self._stored_bytes -= _record_bytes(message)


def _record_bytes(message: StreamMessage) -> int:
    headers_bytes = 0
    if message.headers:
        headers_bytes = 16 + sum(
            len(name) + len(value) + 4 for name, value in message.headers.items()
        )
    return _RECORD_BYTES + len(message.subject) + headers_bytes + len(message.data)
