"""The live bus: a NATS server, embedded or remote."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import final

from vettura.bus.interface import Bucket, Bus, Message, Stream, Subscription
from vettura.bus.limits import check_history, check_limits
from vettura.bus.nats_bucket import open_bucket
from vettura.bus.nats_jetstream import JetStream
from vettura.bus.nats_stream import open_stream
from vettura.bus.nats_wire import Wire
from vettura.bus.subjects_match import (
    check_message,
    check_name,
    check_not_stored,
    check_pattern,
    check_queue,
)
from vettura.clock.interface import Clock
from vettura.errors import BusDownError

BUFFER_BYTES = 8 * 1024 * 1024
"""How much is kept while the server is away, unless told otherwise [bytes]."""
_QUEUES_OPEN_S = 5.0


@final
class NatsBus(Bus):
    """One connection to a NATS server; it reconnects for ever, every 0.25 real seconds.

    Who listens on this very bus hears its messages at once, also while the server is away; the
    server carries them to everybody else.

    All times here are real seconds, whatever the clock's speed: the timeouts of `request` and
    `pull`, the age limit of a stream, and the 30 s after which a stream hands out again. Buckets
    and streams are kept in files by JetStream.
    """

    def __init__(self, wire: Wire, queues: Wire, *, redeliver_after_s: float) -> None:
        self._wire = wire
        self._queues = queues
        self._opening = asyncio.Lock()
        self._jetstream = JetStream(wire)
        self._redeliver_after_s = redeliver_after_s
        self._stored: dict[str, Sequence[str]] = {}

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        clock: Clock,
        name: str,
        timeout_s: float = 5.0,
        redeliver_after_s: float = 30.0,
        buffer_bytes: int = BUFFER_BYTES,
    ) -> "NatsBus":
        """Return a bus that is up; raises `BusDownError` when that takes `timeout_s` real seconds.

        `name` is shown in the server's monitoring; `buffer_bytes` bounds what is kept while the
        server is away.
        """
        wire, queues = (
            Wire(url, clock=clock, name=each, buffer_bytes=buffer_bytes)
            for each in (name, f"{name} queues")
        )
        await wire.open(timeout_s=timeout_s)
        return cls(wire, queues, redeliver_after_s=redeliver_after_s)

    @property
    def is_up(self) -> bool:
        """Whether messages can travel now."""
        return self._wire.is_up

    @property
    def dropped(self) -> int:
        """Messages that were not sent because the buffer was full while the server was away."""
        return self._wire.dropped

    @property
    def errors(self) -> int:
        """How many errors the connection has met, failed attempts to reconnect included."""
        return self._wire.errors

    @property
    def last_error(self) -> Exception | None:
        """The last of them."""
        return self._wire.last_error

    async def wait_up(self) -> None:
        """Wait until messages can travel; returns also when the bus is closed."""
        await self._wire.wait_up()

    async def publish(
        self, subject: str, data: bytes, *, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send to whoever listens now.

        While the server is away up to `buffer_bytes` are kept and sent later; what does not fit is
        dropped and counted in `dropped`. Only a message that can never be sent raises.
        """
        clean = check_message(subject, data, headers)
        self._check_open()
        await self._wire.publish(subject, data, clean)

    async def subscribe(
        self, pattern: str, *, queue: str = "", limit: int = 10_000
    ) -> Subscription:
        """Listen. Members of one `queue` share the messages, each going to one of them.

        Which member that is the server decides, so they listen on a connection of their own.
        """
        check_pattern(pattern)
        check_queue(queue)
        self._check_open()
        if not queue:
            return await self._wire.listen(pattern, limit=limit)
        async with self._opening:
            if not self._queues.is_opened:
                await self._queues.open(timeout_s=_QUEUES_OPEN_S)
        return await self._queues.listen(pattern, queue=queue, limit=limit)

    async def request(
        self,
        subject: str,
        data: bytes,
        *,
        timeout_s: float = 2.0,
        headers: Mapping[str, str] | None = None,
    ) -> Message:
        """Ask and return the first answer; `timeout_s` is real seconds.

        Raises `BusDownError` at once when the server is away or goes away, `NoResponderError` at
        once when nobody listens, else `BusTimeoutError`.
        """
        clean = check_message(subject, data, headers)
        check_not_stored(subject, self._stored)
        return await self._wire.ask(subject, data, clean, timeout_s=timeout_s)

    async def respond(self, message: Message, data: bytes) -> None:
        """Answer a message that has a `reply`; does nothing when it has none."""
        if message.reply:
            await self.publish(message.reply, data)

    async def settle(self) -> None:
        """Wait until the server has taken all that was sent; not while it is away."""
        await self._wire.settle()

    async def bucket(self, name: str, *, history: int = 1) -> Bucket:
        """Open the bucket, making it when it is not there; `history` counts only then."""
        check_name("bucket", name)
        check_history(history)
        return await open_bucket(self._jetstream, name, history)

    async def stream(
        self, name: str, subjects: Sequence[str], *, max_age_s: float = 0.0, max_bytes: int = -1
    ) -> Stream:
        """Open the stream that stores `subjects`, making it or changing it to these limits."""
        check_name("stream", name)
        check_limits(subjects, max_age_s, max_bytes)
        stream = await open_stream(
            self._jetstream,
            name,
            subjects,
            max_age_s=max_age_s,
            max_bytes=max_bytes,
            redeliver_after_s=self._redeliver_after_s,
        )
        self._stored[name] = stream.subjects
        return stream

    async def close(self) -> None:
        """Hand over what is unsent, end every subscription and watch. Safe to call twice."""
        await self._wire.close()
        await self._queues.close()

    def _check_open(self) -> None:
        if self._wire.is_closed:
            raise BusDownError("the bus is closed")
