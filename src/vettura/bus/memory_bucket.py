"""A bucket in memory that behaves as JetStream's key-value store does."""

from collections.abc import AsyncGenerator
from typing import final

from vettura.bus.interface import Bucket, Entry, Message
from vettura.bus.limits import WATCH_BACKLOG
from vettura.bus.mailbox import Mailbox
from vettura.bus.memory_stream import StreamHost
from vettura.bus.subjects_match import NO_HEADERS, check_key, check_message, check_pattern, matches
from vettura.errors import ConflictError


@final
class MemoryBucket(Bucket):
    """Keeps the newest entry of each key; a deleted key keeps its revision."""

    def __init__(self, host: StreamHost, name: str) -> None:
        self.name = name
        self._host = host
        self._entries: dict[str, Entry] = {}
        self._revision = 0
        self._watchers: dict[Mailbox[Entry], str] = {}
        self._is_closed = False

    async def get(self, key: str) -> Entry | None:
        """Return the entry, or None when the key was never written or was deleted."""
        self._host.check_way(self._subject(key))
        entry = self._entries.get(key)
        return entry if entry is not None and entry.value is not None else None

    async def put(self, key: str, value: bytes) -> int:
        """Store and return the new revision."""
        return self._write(key, value)

    async def update(self, key: str, value: bytes, *, revision: int) -> int:
        """Store only if the key's revision is still `revision` (0: absent); else ConflictError."""
        entry = self._entries.get(check_key(key))
        is_absent = entry is None or entry.value is None
        if not (is_absent and revision == 0) and revision != (entry.revision if entry else 0):
            now = "is absent" if entry is None or is_absent else f"is at revision {entry.revision}"
            raise ConflictError(f"bucket {self.name}: {key} {now}, not at {revision}")
        return self._write(key, value)

    async def delete(self, key: str) -> None:
        """Delete; watchers see an entry whose value is None."""
        self._write(key, None)

    async def keys(self) -> list[str]:
        """Return the keys that have a value, sorted."""
        self._host.check_way(f"$KV.{self.name}.>")
        return sorted(key for key, entry in self._entries.items() if entry.value is not None)

    async def watch(self, pattern: str = ">") -> AsyncGenerator[Entry, None]:
        """Yield the current entries, then every change; a slow reader may miss all but the last."""
        check_pattern(pattern)
        seen: int | None = None
        while not self._is_closed:
            mailbox: Mailbox[Entry] = Mailbox(limit=WATCH_BACKLOG)
            self._watchers[mailbox] = pattern
            try:
                news = self._news(pattern, seen)
                seen = self._revision
                for entry in news:
                    yield entry
                async for entry in mailbox:
                    if mailbox.dropped:
                        break
                    seen = entry.revision
                    yield entry
            finally:
                del self._watchers[mailbox]

    def close(self) -> None:
        """End every watch."""
        self._is_closed = True
        for mailbox in self._watchers:
            mailbox.shut()

    def _subject(self, key: str) -> str:
        return f"$KV.{self.name}.{check_key(key)}"

    def _news(self, pattern: str, seen: int | None) -> list[Entry]:
        """Return the entries since revision `seen`; to a new watcher deleted keys are no news."""
        news = [
            entry
            for key, entry in self._entries.items()
            if (entry.value is not None if seen is None else entry.revision > seen)
            and matches(pattern, key)
        ]
        return sorted(news, key=lambda entry: entry.revision)

    def _write(self, key: str, value: bytes | None) -> int:
        subject = self._subject(key)
        headers = NO_HEADERS if value is not None else {"KV-Operation": "DEL"}
        check_message(subject, value or b"", headers)
        self._host.check_way(subject)
        self._revision += 1
        entry = Entry(key, value, self._revision)
        self._entries[key] = entry
        for mailbox, pattern in self._watchers.items():
            if matches(pattern, key):
                mailbox.put(entry)
        self._host.carry(Message(subject, value or b"", headers))
        return entry.revision
