"""Recording a house: what its bus carries, into a session file."""

import asyncio
from collections.abc import Sequence
from functools import partial

import structlog

from vettura.bus.interface import Bus, Subscription
from vettura.bus.patience import patiently
from vettura.bus.recording import RecordingWriter, recorded
from vettura.bus.subjects import CARS_BUCKET, HOME_BUCKET, car_get, car_signals
from vettura.bus.subjects_match import matches
from vettura.clock.interface import Clock
from vettura.errors import BusError

log = structlog.get_logger()

FLUSH_S = 2.0
"""Real seconds after which what was heard is on the disk: so much a kill may cost."""
QUEUE_LIMIT = 4096
"""Messages that wait to be written; the next is dropped and counted."""
STATE_SUFFIX = ".state"


def heard_subjects(*, vin: str = "*", is_all: bool = False) -> tuple[str, ...]:
    """The patterns that a recording listens to: of one car, or of all with `*`.

    `is_all` adds commands, what providers give, samples, sessions and the house's clock.
    """
    kinds = ["signals", "targets", "audit", "twin"]
    if is_all:
        kinds += ["do.*", "provided", "wish.*", "samples", "sessions"]
    house = ("home.>", "energy.>", "house.>") if is_all else ("home.>", "energy.>")
    return (*(f"car.{vin}.{kind}" for kind in kinds), *house)


class Tape:
    """A writer and what of a bus shall come to it."""

    def __init__(self, writer: RecordingWriter, patterns: Sequence[str]) -> None:
        self.writer = writer
        self.patterns = patterns

    def hear(self, arrival_ns: int, subject: str, data: bytes) -> None:
        """Write one message if it shall; this is also the tap of a bus in memory."""
        if any(matches(pattern, subject) for pattern in self.patterns):
            self.writer.add(recorded(arrival_ns, subject, data))


class Recorder:
    """Puts what is heard on a bus on tape, with the time of its `clock`, until cancelled.

    Begins with what is there already: a full frame of each car, and what the home has kept.
    """

    def __init__(self, bus: Bus, clock: Clock, tape: Tape) -> None:
        self._bus = bus
        self._clock = clock
        self._tape = tape
        self._ears: list[Subscription] = []

    @property
    def dropped(self) -> int:
        """Messages that came faster than they could be written."""
        return sum(ear.dropped for ear in self._ears)

    async def run(self) -> None:
        """Listen and write until cancelled; who made the tape closes its writer."""
        for pattern in self._tape.patterns:
            listen = partial(self._bus.subscribe, pattern, limit=QUEUE_LIMIT)
            self._ears.append(await patiently(self._clock, listen))
        async with asyncio.TaskGroup() as group:
            for ear in self._ears:
                group.create_task(self._write(ear))
            group.create_task(self._begin())
            group.create_task(self._flush())

    async def _write(self, ear: Subscription) -> None:
        async for message in ear:
            self._tape.hear(self._clock.now_ns(), message.subject, message.data)

    async def _flush(self) -> None:
        async for _ in self._clock.every(FLUSH_S):
            self._tape.writer.flush()

    async def _begin(self) -> None:
        try:
            await self._keep_home()
            for key in await (await self._bus.bucket(CARS_BUCKET)).keys():
                if key.endswith(STATE_SUFFIX):
                    await self._ask(key.removesuffix(STATE_SUFFIX))
        except BusError as error:
            log.warning("recording_begins_empty", error=error.message)

    async def _keep_home(self) -> None:
        bucket = await self._bus.bucket(HOME_BUCKET)
        for key in await bucket.keys():
            entry = await bucket.get(key)
            if entry is not None and entry.value is not None:
                self._tape.hear(self._clock.now_ns(), key, entry.value)

    async def _ask(self, vin: str) -> None:
        try:
            reply = await self._bus.request(car_get(vin), b"")
        except BusError as error:
            log.info("car_not_asked", car=vin, error=error.message)
            return
        self._tape.hear(self._clock.now_ns(), car_signals(vin), reply.data)
