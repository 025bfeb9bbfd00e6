"""Traces on their way to the stream that keeps them, behind the scenes' back."""

import asyncio
from collections import deque
from typing import final

import structlog

from vettura.bus.interface import Bus
from vettura.bus.messages import encode
from vettura.bus.messages_home import Trace
from vettura.bus.patience import patiently
from vettura.bus.subjects import TRACES_STREAM, TRACES_STREAM_MAX_AGE_S, TRACES_STREAM_SUBJECTS
from vettura.clock.interface import Clock
from vettura.errors import BusError

log = structlog.get_logger()

UNTOLD_MAX = 2_000
RETRY_S = 5.0


@final
class Traces:
    """Stores traces in order; while the bus is away the oldest are dropped."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._untold: deque[tuple[str, bytes, str]] = deque(maxlen=UNTOLD_MAX)
        self._has_news = asyncio.Event()

    def say(self, subject: str, message: Trace) -> None:
        """Store it soon."""
        self._untold.append((subject, encode(message), message.run))
        self._has_news.set()

    async def run(self) -> None:
        """Store until cancelled."""
        stream = await patiently(
            self._clock,
            lambda: self._bus.stream(
                TRACES_STREAM, TRACES_STREAM_SUBJECTS, max_age_s=TRACES_STREAM_MAX_AGE_S
            ),
        )
        while True:
            await self._has_news.wait()
            self._has_news.clear()
            while self._untold:
                subject, data, run = self._untold[0]
                try:
                    await stream.publish(subject, data, message_id=run)
                except BusError as error:
                    log.info("trace_not_stored", error=error.message)
                    await self._clock.sleep(RETRY_S)
                    continue
                if self._untold and self._untold[0][1] is data:
                    self._untold.popleft()
