"""What devices tell: published at once and in order, kept behind their backs."""

import asyncio
from collections import deque
from typing import final

import structlog

from vettura.bus.interface import Bus
from vettura.bus.messages import Wire, encode
from vettura.bus.patience import patiently
from vettura.bus.subjects import HOME_BUCKET
from vettura.clock.interface import Clock
from vettura.errors import BusError

log = structlog.get_logger()

RETRY_S = 5.0
UNTOLD_MAX = 4_096
"""Messages that wait for a bus that is away; the oldest are dropped, the newest state is kept."""


@final
class Telling:
    """Publishes in the order it was asked to; of each subject the newest is kept in the bucket."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._untold: deque[tuple[str, bytes]] = deque(maxlen=UNTOLD_MAX)
        self._unkept: dict[str, bytes] = {}
        self._has_news = asyncio.Event()
        self._order = asyncio.Lock()

    def say(self, subject: str, message: Wire, *, keeps: bool = True) -> None:
        """Publish `message` with the next `flush`, and keep it when it `keeps`."""
        data = encode(message)
        self._untold.append((subject, data))
        if keeps:
            self._unkept[subject] = data
            self._has_news.set()

    async def flush(self) -> None:
        """Publish what was said; what the bus does not take is published with the next flush."""
        async with self._order:
            while self._untold:
                subject, data = self._untold[0]
                try:
                    await self._bus.publish(subject, data)
                except BusError as error:
                    log.info("device_not_told", subject=subject, error=error.message)
                    return
                self._untold.popleft()

    async def run(self) -> None:
        """Keep what was said until cancelled."""
        bucket = await patiently(self._clock, lambda: self._bus.bucket(HOME_BUCKET))
        while True:
            await self._has_news.wait()
            self._has_news.clear()
            try:
                await self.flush()
                while self._unkept:
                    subject = next(iter(self._unkept))
                    data = self._unkept[subject]
                    await bucket.put(subject, data)
                    if self._unkept.get(subject) is data:
                        del self._unkept[subject]
            except BusError as error:
                log.info("device_not_kept", error=error.message)
            if self._unkept or self._untold:
                await self._clock.sleep(RETRY_S)
                self._has_news.set()
