"""The requests of JetStream's API that we need."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, final

import msgspec

from vettura.bus.interface import Message
from vettura.bus.nats_api import (
    NAME_IN_USE,
    NOT_FOUND,
    Acknowledgement,
    ConsumerInfo,
    R,
    Reply,
    StreamInfo,
    decode,
    raise_fault,
)
from vettura.bus.nats_client import NO_RESPONDER_STATUS, STATUS_HEADER
from vettura.bus.nats_wire import Wire, next_answer
from vettura.errors import (
    BusDownError,
    BusError,
    BusTimeoutError,
    NoResponderError,
)
from vettura.units import NS_PER_S

# Real seconds. An idle ephemeral consumer is removed by the server after the second.
_ANSWER_TIMEOUT_S = 5.0
_IDLE_S = 30.0
_FETCH_MAX = 1_000


@final
class JetStream:
    """Speaks to JetStream over a wire."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    async def call(self, verb: str, body: Mapping[str, Any], kind: type[R]) -> R:
        """Send one API request and return its answer; raises what the server refuses."""
        reply = await self._ask(verb, body, kind)
        if reply.error is not None:
            raise_fault(verb, reply.error)
        return reply

    async def find(self, verb: str, body: Mapping[str, Any], kind: type[R]) -> R | None:
        """Send one API request and return its answer, None when the thing is not there."""
        reply = await self._ask(verb, body, kind)
        if reply.error is not None and reply.error.code == NOT_FOUND:
            return None
        if reply.error is not None:
            raise_fault(verb, reply.error)
        return reply

    async def publish(self, subject: str, data: bytes, headers: dict[str, str]) -> int:
        """Store a message durably and return its sequence."""
        try:
            answer = await self.wire.ask(
                subject, data, headers, timeout_s=_ANSWER_TIMEOUT_S, of_server=True
            )
        except NoResponderError:
            raise BusDownError(f"no stream stores {subject} just now") from None
        reply = decode(subject, answer, Acknowledgement)
        if reply.error is not None:
            raise_fault(subject, reply.error)
        return reply.seq

    async def open_stream(self, config: Mapping[str, Any], *, change: bool) -> None:
        """Make the stream; when it is there, change it to `config` if asked to."""
        verb = f"STREAM.CREATE.{config['name']}"
        reply = await self._ask(verb, config, StreamInfo)
        if reply.error is None:
            return
        if reply.error.err_code != NAME_IN_USE:
            raise_fault(verb, reply.error)
        if change:
            await self.call(f"STREAM.UPDATE.{config['name']}", config, StreamInfo)

    async def fetch(
        self, stream: str, consumer: str, *, batch: int, wait_s: float
    ) -> list[Message]:
        """Return up to `batch` messages of a pull consumer; wait `wait_s` real s for the first."""
        messages = await self._fetch_ready(stream, consumer, batch)
        if messages or wait_s <= 0:
            return messages
        expires_ns = max(1_000_000, round(wait_s * NS_PER_S))
        first = await self._next(
            stream, consumer, {"batch": 1, "expires": expires_ns}, timeout_s=wait_s
        )
        if first and batch > 1:
            return first + await self._fetch_ready(stream, consumer, batch - 1)
        return first

    async def read(
        self, stream: str, config: Mapping[str, Any], *, enough: int = 0
    ) -> list[Message] | None:
        """Return all messages that a consumer of this `config` would see now.

        None when there are fewer than `enough`.
        """
        full = {
            "ack_policy": "none",
            "mem_storage": True,
            "inactive_threshold": round(_IDLE_S * NS_PER_S),
        }
        body = {"stream_name": stream, "config": {**full, **config}}
        made = await self.call(f"CONSUMER.CREATE.{stream}", body, ConsumerInfo)
        messages: list[Message] = []
        try:
            while enough <= made.num_pending > len(messages):
                batch = min(_FETCH_MAX, made.num_pending - len(messages))
                more = await self._fetch_ready(stream, made.name, batch)
                if not more:
                    break
                messages += more
        finally:
            with suppress(BusError):
                await self.find(f"CONSUMER.DELETE.{stream}.{made.name}", {}, Reply)
        return messages if made.num_pending >= enough else None

    async def _fetch_ready(self, stream: str, consumer: str, batch: int) -> list[Message]:
        request = {"batch": batch, "no_wait": True}
        return await self._next(stream, consumer, request, timeout_s=_ANSWER_TIMEOUT_S)

    async def _next(
        self, stream: str, consumer: str, request: Mapping[str, int], *, timeout_s: float
    ) -> list[Message]:
        """Ask for messages and gather them until the batch is full or the server says the end."""
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        messages: list[Message] = []
        async with self.wire.session() as (reply, answers):
            if not await self.wire.publish(subject, msgspec.json.encode(request), None, reply):
                raise BusDownError(f"cannot pull from stream {stream}: {self.wire.last_error}")
            while len(messages) < request["batch"]:
                try:
                    message = await next_answer(
                        answers, subject, timeout_s=timeout_s + _ANSWER_TIMEOUT_S
                    )
                except (BusDownError, BusTimeoutError):
                    if messages:
                        break
                    raise
                status = "" if message.data else message.headers.get(STATUS_HEADER, "")
                if status == NO_RESPONDER_STATUS:
                    raise BusDownError(f"stream {stream} has no consumer {consumer} just now")
                if status:
                    break
                messages.append(message)
        return messages

    async def _ask(self, verb: str, body: Mapping[str, Any], kind: type[R]) -> R:
        data = msgspec.json.encode(body) if body else b""
        try:
            subject = f"$JS.API.{verb}"
            answer = await self.wire.ask(
                subject, data, None, timeout_s=_ANSWER_TIMEOUT_S, of_server=True
            )
        except NoResponderError:
            raise BusDownError("the NATS server has no JetStream just now") from None
        return decode(verb, answer, kind)
