"""Server-sent events: a snapshot, then numbered changes, each viewer at its own pace."""

import zlib
from collections.abc import AsyncIterator

import msgspec

from vettura.web.live import Live, joined_json

BEAT_S = 2.0
"""A viewer who hears nothing for three beats knows that the line is dead [real s]."""
BEAT = b": beat\nevent: beat\ndata: {}\n\n"
HELLO = b"retry: 1000\n\n"


async def viewer_events(live: Live, *, last_id: int | None) -> AsyncIterator[bytes]:
    """Yield the event stream of one viewer who has seen everything up to `last_id`.

    Nothing is queued for a viewer: whoever reads slowly gets several changes joined in one, and
    whoever has fallen too far behind gets a new snapshot.
    """
    yield HELLO
    position = last_id
    while not live.closing:
        changes = None if position is None else live.since(position)
        if changes is None:
            state = live.snapshot()
            position = state.id
            yield _event("snapshot", state.id, msgspec.json.encode(state))
        elif changes:
            position = changes[-1].id
            yield _event("delta", position, joined_json(changes))
        elif not await live.news(BEAT_S):
            yield BEAT


async def squeezed(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Compress a stream with gzip, complete after every event."""
    gzip = zlib.compressobj(level=5, wbits=31)
    async for event in events:
        yield gzip.compress(event) + gzip.flush(zlib.Z_SYNC_FLUSH)
    yield gzip.flush(zlib.Z_FINISH)


def _event(kind: str, number: int, data: bytes) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (number, kind.encode(), data)
