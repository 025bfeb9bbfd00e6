"""A bucket on a NATS server, laid out as NATS' own key-value stores are."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, final

from vettura.bus.interface import Bucket, Entry, Message
from vettura.bus.limits import WATCH_BACKLOG
from vettura.bus.mailbox import Mailbox
from vettura.bus.nats_api import ConsumerInfo, FoundMessage, StreamInfo, place
from vettura.bus.nats_client import STATUS_HEADER
from vettura.bus.nats_jetstream import JetStream
from vettura.bus.subjects_match import check_key, check_message, check_pattern
from vettura.errors import BusError, ConflictError
from vettura.units import NS_PER_S

_OPERATION_HEADER = "KV-Operation"
_EXPECTED_HEADER = "Nats-Expected-Last-Subject-Sequence"
# Real seconds: the server says that it is there; after three silences the watch starts anew.
_HEARTBEAT_S = 5
_SILENCE_S = 3.0 * _HEARTBEAT_S
_IDLE_S = 30
_REOPEN_PAUSE_S = 0.1


@final
class NatsBucket(Bucket):
    """Keys and values on disk; see `open_bucket`."""

    def __init__(self, jetstream: JetStream, name: str) -> None:
        self.name = name
        self._jetstream = jetstream
        self._stream = f"KV_{name}"
        self._prefix = f"$KV.{name}."

    async def get(self, key: str) -> Entry | None:
        """Return the entry, or None when the key was never written or was deleted."""
        entry = await self._last(check_key(key))
        return entry if entry is not None and entry.value is not None else None

    async def put(self, key: str, value: bytes) -> int:
        """Store durably and return the new revision."""
        return await self._write(key, value, {})

    async def update(self, key: str, value: bytes, *, revision: int) -> int:
        """Store only if the key's revision is still `revision` (0: absent); else ConflictError."""
        try:
            return await self._write(key, value, {_EXPECTED_HEADER: str(revision)})
        except ConflictError:
            entry = await self._last(key) if revision == 0 else None
            if entry is None or entry.value is not None:
                raise ConflictError(f"bucket {self.name}: {key} is not at {revision}") from None
        # A deleted key is absent, but its revision is that of the deletion.
        return await self._write(key, value, {_EXPECTED_HEADER: str(entry.revision)})

    async def delete(self, key: str) -> None:
        """Delete; watchers see an entry whose value is None."""
        await self._write(key, b"", {_OPERATION_HEADER: "DEL"})

    async def keys(self) -> list[str]:
        """Return the keys that have a value, sorted."""
        config = {
            "filter_subject": f"{self._prefix}>",
            "deliver_policy": "last_per_subject",
            "headers_only": True,
        }
        messages = await self._jetstream.read(self._stream, config) or []
        entries = map(self._entry, messages)
        return sorted(entry.key for entry in entries if entry.value is not None)

    async def watch(self, pattern: str = ">") -> AsyncGenerator[Entry, None]:
        """Yield the current entries, then every change; a slow reader may miss all but the last.

        After the server was away the watch goes on with what has changed since.
        """
        check_pattern(pattern)
        wire = self._jetstream.wire
        born: int | None = None
        seen = 0
        while not wire.is_closed:
            try:
                born = await self._newest_revision() if born is None else born
                async with aclosing(self._session(pattern)) as entries:
                    async for entry in entries:
                        # To a new watcher, a key that was deleted before is no news.
                        is_news = entry.value is not None or entry.revision > born
                        if entry.revision > seen:
                            seen = entry.revision
                            if is_news:
                                yield entry
            except BusError:
                await wire.pause(_REOPEN_PAUSE_S)
            await wire.wait_up()

    async def _session(self, pattern: str) -> AsyncGenerator[Entry, None]:
        """Yield the newest entry of each key, then changes, until one may have been missed."""
        async with self._jetstream.wire.session(limit=WATCH_BACKLOG) as (subject, mailbox):
            await self._deliver(pattern, subject)
            expected = 1
            while (message := await _next_within(mailbox, _SILENCE_S)) is not None:
                if not message.data and STATUS_HEADER in message.headers:
                    continue  # A heartbeat.
                if mailbox.dropped or place(message).consumer_sequence != expected:
                    return
                expected += 1
                yield self._entry(message)

    async def _deliver(self, pattern: str, subject: str) -> None:
        config = {
            "filter_subject": f"{self._prefix}{pattern}",
            "deliver_subject": subject,
            "deliver_policy": "last_per_subject",
            "ack_policy": "none",
            "max_deliver": 1,
            "mem_storage": True,
            "idle_heartbeat": _HEARTBEAT_S * NS_PER_S,
            "inactive_threshold": _IDLE_S * NS_PER_S,
        }
        body = {"stream_name": self._stream, "config": config}
        await self._jetstream.call(f"CONSUMER.CREATE.{self._stream}", body, ConsumerInfo)

    async def _newest_revision(self) -> int:
        info = await self._jetstream.call(f"STREAM.INFO.{self._stream}", {}, StreamInfo)
        return info.state.last_seq

    async def _last(self, key: str) -> Entry | None:
        body = {"last_by_subj": f"{self._prefix}{key}"}
        verb = f"STREAM.MSG.GET.{self._stream}"
        found = await self._jetstream.find(verb, body, FoundMessage)
        if found is None or found.message is None:
            return None
        is_deleted = _OPERATION_HEADER.encode() in found.message.hdrs
        return Entry(key, None if is_deleted else found.message.data, found.message.seq)

    async def _write(self, key: str, value: bytes, headers: dict[str, str]) -> int:
        subject = f"{self._prefix}{check_key(key)}"
        clean = check_message(subject, value, headers)
        return await self._jetstream.publish(subject, value, clean)

    def _entry(self, message: Message) -> Entry:
        key = message.subject.removeprefix(self._prefix)
        value = None if _OPERATION_HEADER in message.headers else message.data
        return Entry(key, value, place(message).stream_sequence)


async def open_bucket(jetstream: JetStream, name: str, history: int) -> NatsBucket:
    """Return the bucket, making it with `history` entries of each key when it is not there."""
    config: dict[str, Any] = {
        "name": f"KV_{name}",
        "subjects": [f"$KV.{name}.>"],
        "max_msgs_per_subject": history,
        "storage": "file",
        "discard": "new",
        "allow_rollup_hdrs": True,
        "allow_direct": True,
        "deny_delete": True,
    }
    await jetstream.open_stream(config, change=False)
    return NatsBucket(jetstream, name)


async def _next_within(mailbox: Mailbox[Message], silence_s: float) -> Message | None:
    """Return the next message, None when it was silent for too long [real s] or is shut."""
    try:
        async with asyncio.timeout(silence_s):
            return await mailbox.next()
    except (TimeoutError, StopAsyncIteration):
        return None
