"""A stream on a NATS server."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, final

from vettura.bus.interface import Message, Stream, StreamMessage
from vettura.bus.limits import DEDUPE_WINDOW_S, MESSAGE_ID_HEADER, PENDING_MAX, check_batch
from vettura.bus.nats_api import ConsumerInfo, Reply, StreamInfo, place
from vettura.bus.nats_jetstream import JetStream
from vettura.bus.subjects_match import check_message, check_name, check_pattern, check_stored
from vettura.errors import BusError, BusTimeoutError
from vettura.units import NS_PER_S

_ACKNOWLEDGE_TIMEOUT_S = 2.0
# How much further back `last` looks when a window held too few messages.
_WINDOW_GROWTH = 8


@final
class NatsStream(Stream):
    """A durable log; see `open_stream`. Timeouts and ages are real seconds."""

    def __init__(
        self, jetstream: JetStream, name: str, subjects: Sequence[str], *, redeliver_after_s: float
    ) -> None:
        self.name = name
        self.subjects = tuple(subjects)
        self._jetstream = jetstream
        self._redeliver_after_s = redeliver_after_s
        # For each consumer that is known to be there: where to acknowledge what it was handed.
        self._handed: dict[str, dict[int, str]] = {}
        self._done: dict[str, int] = {}

    async def publish(self, subject: str, data: bytes, *, message_id: str = "") -> int:
        """Append and return the sequence; `message_id` is stored once within 120 s.

        After `BusDownError` or `BusTimeoutError` it may or may not be stored: try again with the
        same `message_id`.
        """
        headers = {MESSAGE_ID_HEADER: message_id} if message_id else None
        clean = check_message(subject, data, headers)
        check_stored(self.name, self.subjects, subject)
        return await self._jetstream.publish(subject, data, clean)

    async def pull(self, consumer: str, *, batch: int, timeout_s: float) -> list[StreamMessage]:
        """Return up to `batch` messages not acknowledged yet, waiting `timeout_s` for the first."""
        check_name("consumer", consumer)
        check_batch(batch)
        while True:
            messages = await self._fetch(consumer, batch, timeout_s)
            done = self._done.get(consumer, 0)
            news = [message for message in messages if message.sequence > done]
            if len(news) < len(messages):
                # The server syncs messages at once, but acknowledgements a moment later, and was
                # killed before it did.
                await self._acknowledge_unseen(consumer, done)
            if news or not messages:
                return news

    async def acknowledge(self, consumer: str, sequence: int) -> None:
        """Mark every message up to and including `sequence` as done for this consumer.

        The server writes that to disk a moment later: when it is killed and we are too, messages
        can come again.
        """
        check_name("consumer", consumer)
        handed = await self._known(consumer)
        subject = handed.get(sequence)
        for done in [number for number in handed if number <= sequence]:
            del handed[done]
        self._done[consumer] = max(sequence, self._done.get(consumer, 0))
        if subject is not None:
            with suppress(BusTimeoutError):  # The server is silent when that was done before.
                await self._acknowledge_at(subject)
                return
        await self._acknowledge_unseen(consumer, sequence)

    async def last(self, subject: str, count: int) -> list[StreamMessage]:
        """Return the newest `count` messages on `subject` (wildcards allowed), oldest first."""
        check_pattern(subject)
        if count < 1:
            return []
        info = await self._jetstream.call(f"STREAM.INFO.{self.name}", {}, StreamInfo)
        first, newest = info.state.first_seq, info.state.last_seq
        window = count
        while True:
            start = max(first, newest - window + 1, 1)
            config = {
                "filter_subject": subject,
                "deliver_policy": "by_start_sequence",
                "opt_start_seq": start,
            }
            enough = 0 if start <= max(first, 1) else count
            messages = await self._jetstream.read(self.name, config, enough=enough)
            if messages is not None:
                return [_stored(message) for message in messages[-count:]]
            window *= _WINDOW_GROWTH

    async def _fetch(self, consumer: str, batch: int, timeout_s: float) -> list[StreamMessage]:
        handed = await self._known(consumer)
        try:
            messages = await self._jetstream.fetch(
                self.name, consumer, batch=batch, wait_s=timeout_s
            )
        except BusError:
            self._handed.pop(consumer, None)  # It may be gone; the next pull makes it anew.
            raise
        for message in messages:
            handed[place(message).stream_sequence] = message.reply
        return [_stored(message) for message in messages]

    async def _known(self, consumer: str) -> dict[int, str]:
        """Return what was handed to this durable consumer, making it when it is not there."""
        if consumer not in self._handed:
            if await self._info(consumer) is None:
                await self._make(consumer, {"deliver_policy": "all"})
            self._handed[consumer] = {}
        return self._handed[consumer]

    async def _info(self, consumer: str) -> ConsumerInfo | None:
        verb = f"CONSUMER.INFO.{self.name}.{consumer}"
        return await self._jetstream.find(verb, {}, ConsumerInfo)

    async def _make(self, consumer: str, start: dict[str, Any]) -> None:
        config = {
            "durable_name": consumer,
            "ack_policy": "all",
            "ack_wait": round(self._redeliver_after_s * NS_PER_S),
            "max_ack_pending": PENDING_MAX,
            **start,
        }
        verb = f"CONSUMER.DURABLE.CREATE.{self.name}.{consumer}"
        body = {"stream_name": self.name, "config": config}
        await self._jetstream.call(verb, body, ConsumerInfo)

    async def _acknowledge_at(self, subject: str) -> None:
        await self._jetstream.wire.ask(subject, b"+ACK", None, timeout_s=_ACKNOWLEDGE_TIMEOUT_S)

    async def _acknowledge_unseen(self, consumer: str, sequence: int) -> None:
        """Acknowledge what an earlier process, or nobody yet, was handed."""
        info = await self._info(consumer)
        if info is not None and sequence <= info.ack_floor.stream_seq:
            return
        if info is None or sequence > info.delivered.stream_seq:
            await self._jetstream.find(f"CONSUMER.DELETE.{self.name}.{consumer}", {}, Reply)
            start = {"deliver_policy": "by_start_sequence", "opt_start_seq": sequence + 1}
            await self._make(consumer, start)
            return
        behind = info.delivered.stream_seq - sequence
        number = max(info.delivered.consumer_seq - behind, info.ack_floor.consumer_seq + 1)
        await self._acknowledge_at(f"$JS.ACK.{self.name}.{consumer}.1.{sequence}.{number}.0.0")


async def open_stream(
    jetstream: JetStream,
    name: str,
    subjects: Sequence[str],
    *,
    max_age_s: float,
    max_bytes: int,
    redeliver_after_s: float,
) -> NatsStream:
    """Return the stream, made or changed to these limits [real s, bytes]."""
    config = {
        "name": name,
        "subjects": list(subjects),
        "max_age": round(max_age_s * NS_PER_S),
        "max_bytes": max_bytes,
        "storage": "file",
        "duplicate_window": round(min(DEDUPE_WINDOW_S, max_age_s or DEDUPE_WINDOW_S) * NS_PER_S),
    }
    await jetstream.open_stream(config, change=True)
    return NatsStream(jetstream, name, subjects, redeliver_after_s=redeliver_after_s)


def _stored(message: Message) -> StreamMessage:
    sequence = place(message).stream_sequence
    return StreamMessage(message.subject, message.data, message.headers, sequence)
