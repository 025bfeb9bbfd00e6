"""The house's own clock on the bus: what time it is, how fast it runs, and where it stopped."""

import asyncio

import structlog

from vettura.bus.interface import Bucket, Bus
from vettura.bus.messages import Answer, ClockState, Command, Speed, decode, encode
from vettura.bus.patience import patiently
from vettura.bus.subjects import HOUSE_BUCKET, house_clock, house_do
from vettura.clock import WallClock
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError

log = structlog.get_logger()

BEAT_S = 1.0
"""Real seconds between two beats."""


class ClockService:
    """Publishes the time every real second, keeps it, and obeys `speed`."""

    def __init__(self, bus: Bus, clock: WallClock, pace: Clock, home: str) -> None:
        self._bus = bus
        self._clock = clock
        self._pace = pace
        self._home = home

    async def run(self) -> None:
        """Beat and listen until cancelled."""
        bucket = await patiently(self._pace, lambda: self._bus.bucket(HOUSE_BUCKET))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._beat(bucket))

    async def _beat(self, bucket: Bucket) -> None:
        await self._tell()
        async for _ in self._pace.every(BEAT_S):
            await self._tell()
            try:
                await bucket.put(f"{self._home}.clock", encode(self._state()))
            except BusError as error:
                log.debug("clock_not_kept", error=error.message)

    async def _listen(self) -> None:
        subject = house_do(self._home, "speed")
        ear = await patiently(self._pace, lambda: self._bus.subscribe(subject))
        async for message in ear:
            answer = self._obey(message.data, message.subject)
            try:
                await self._bus.respond(message, encode(answer))
            except BusError as error:
                log.info("answer_lost", error=error.message)
            await self._tell()

    def _obey(self, data: bytes, subject: str) -> Answer:
        try:
            command = decode(data, Command, where=subject)
        except InputError as error:
            return Answer(ok=False, reason=error.message)
        if not isinstance(command.verb, Speed):
            return Answer(ok=False, reason="the house knows only 'speed'")
        self._clock.set_speed(command.verb.factor)
        log.info("clock_speed", factor=command.verb.factor, who=command.who)
        return Answer(ok=True)

    def _state(self) -> ClockState:
        return ClockState(time_ns=self._clock.now_ns(), factor=self._clock.speed)

    async def _tell(self) -> None:
        try:
            await self._bus.publish(house_clock(self._home), encode(self._state()))
        except BusError as error:
            log.debug("clock_not_told", error=error.message)


async def kept_time_ns(bus: Bus, home: str) -> int | None:
    """When the house stopped last time [ns since the epoch]; None for a house that is new."""
    entry = await (await bus.bucket(HOUSE_BUCKET)).get(f"{home}.clock")
    if entry is None or entry.value is None:
        return None
    try:
        return decode(entry.value, ClockState, where="the kept clock").time_ns
    except InputError as error:
        log.warning("clock_memory_unreadable", error=error.message)
        return None
