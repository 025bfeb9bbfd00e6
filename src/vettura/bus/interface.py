"""The one bus: what a service may ask of it, whatever carries the messages.

Subjects are NATS subjects: tokens joined by dots; `*` matches one token, a last `>` one or more.
Two implementations, held to one contract suite: `bus.memory.MemoryBus` and `bus.nats.NatsBus`.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import NamedTuple, Protocol

MAX_PAYLOAD_BYTES = 1_048_576
"""Largest message [bytes]: nats-server's default `max_payload`."""


class Message(NamedTuple):
    """One message as it arrived."""

    subject: str
    data: bytes
    headers: Mapping[str, str]
    reply: str = ""
    """Where an answer is awaited; empty when nobody asked."""


class Entry(NamedTuple):
    """One value of a bucket. `value` is None when the key was deleted."""

    key: str
    value: bytes | None
    revision: int


class StreamMessage(NamedTuple):
    """One stored message of a stream."""

    subject: str
    data: bytes
    headers: Mapping[str, str]
    sequence: int
    """Position in the stream, from 1."""


class Subscription(Protocol):
    """An open ear: `async for message in subscription`. Ends when closed.

    Holds at most `limit` unread messages; beyond that the newest is dropped and counted.
    """

    @property
    def dropped(self) -> int:
        """Messages lost because the reader was too slow."""
        ...

    def __aiter__(self) -> AsyncIterator[Message]: ...

    async def next(self) -> Message:
        """Return the next message; raises StopAsyncIteration once closed and drained."""
        ...

    async def close(self) -> None:
        """Stop listening. Safe to call twice."""
        ...


class Bucket(Protocol):
    """Key-value store that outlives the process. Keys match `[-/_=.a-zA-Z0-9]+`."""

    async def get(self, key: str) -> Entry | None:
        """Return the entry, or None when the key was never written or was deleted."""
        ...

    async def put(self, key: str, value: bytes) -> int:
        """Store durably and return the new revision."""
        ...

    async def update(self, key: str, value: bytes, *, revision: int) -> int:
        """Store only if the key's revision is still `revision` (0: absent); else ConflictError."""
        ...

    async def delete(self, key: str) -> None:
        """Delete; watchers see an entry whose value is None."""
        ...

    async def keys(self) -> list[str]:
        """Return the keys that have a value, sorted."""
        ...

    def watch(self, pattern: str = ">") -> AsyncGenerator[Entry, None]:
        """Yield the current entries, then every change, also across a restart of the server.

        Who reads slowly may see only the last of several changes of a key. Ends when the bus is
        closed; who stops earlier calls `aclose()`.
        """
        ...


class Stream(Protocol):
    """A durable log of subjects. What `publish` acknowledged is on disk."""

    async def publish(self, subject: str, data: bytes, *, message_id: str = "") -> int:
        """Append and return the sequence; a repeated `message_id` is stored once."""
        ...

    async def pull(self, consumer: str, *, batch: int, timeout_s: float) -> list[StreamMessage]:
        """Return up to `batch` messages that this durable consumer has not acknowledged yet.

        Waits at most `timeout_s` for the first one and returns an empty list when none came.
        Messages not acknowledged within 30 s are handed out again.
        """
        ...

    async def acknowledge(self, consumer: str, sequence: int) -> None:
        """Mark every message up to and including `sequence` as done for this consumer."""
        ...

    async def last(self, subject: str, count: int) -> list[StreamMessage]:
        """Return the newest `count` messages on `subject` (wildcards allowed), oldest first."""
        ...


class Bus(Protocol):
    """Publish, subscribe, ask, and keep."""

    @property
    def is_up(self) -> bool:
        """Whether messages can travel now."""
        ...

    async def publish(
        self, subject: str, data: bytes, *, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send to whoever listens now. While the server is away, a bounded amount is kept."""
        ...

    async def subscribe(
        self, pattern: str, *, queue: str = "", limit: int = 10_000
    ) -> Subscription:
        """Listen. Members of one `queue` share the messages, each going to one of them."""
        ...

    async def request(
        self,
        subject: str,
        data: bytes,
        *,
        timeout_s: float = 2.0,
        headers: Mapping[str, str] | None = None,
    ) -> Message:
        """Ask and return the first answer.

        Raises NoResponderError at once when nobody listens, BusTimeoutError, or BusDownError.
        """
        ...

    async def respond(self, message: Message, data: bytes) -> None:
        """Answer a message that has a `reply`; does nothing when it has none."""
        ...

    async def settle(self) -> None:
        """Wait until all that was sent is on its way to its listeners; not for a lost server."""
        ...

    async def bucket(self, name: str, *, history: int = 1) -> Bucket:
        """Open the bucket, making it when it is not there."""
        ...

    async def stream(
        self, name: str, subjects: Sequence[str], *, max_age_s: float = 0.0, max_bytes: int = -1
    ) -> Stream:
        """Open the stream that stores `subjects`, making it when it is not there.

        `max_age_s` 0 and `max_bytes` -1 mean no limit.
        """
        ...

    async def close(self) -> None:
        """Hand over what is unsent, stop every subscription, and leave. Safe to call twice."""
        ...
