"""What the car must not forget, written behind its back so that it never waits for the bus."""

import asyncio
from collections import deque
from math import isfinite

import msgspec
import structlog

from vettura.bus.interface import Bucket, Bus, Stream
from vettura.bus.messages import Audit, Sample, Session, Wire, encode
from vettura.bus.patience import RETRY_S, patiently
from vettura.bus.subjects import (
    AUDIT_STREAM,
    AUDIT_STREAM_MAX_AGE_S,
    AUDIT_STREAM_SUBJECTS,
    CARS_BUCKET,
    CARS_STREAM,
    CARS_STREAM_MAX_AGE_S,
    CARS_STREAM_SUBJECTS,
    car_audit,
    car_samples,
    car_sessions,
)
from vettura.car.trip import Trip
from vettura.clock.interface import Clock
from vettura.drive.living import Living, recall, remember
from vettura.errors import BusError, InputError

log = structlog.get_logger()

FLUSH_S = 10.0
"""How long a stop may take [real s]."""
OUTBOX_LIMIT = 4_096
"""Samples and sessions waiting for the bus; beyond it the oldest are dropped and counted. As many
audits may wait beside them."""


class Keeper:
    """Keeps the latest car in a bucket and its history in a stream, retrying for ever."""

    def __init__(self, bus: Bus, clock: Clock, vin: str) -> None:
        self._bus = bus
        self._clock = clock
        self._vin = vin
        self._latest: bytes | None = None
        self._trip: bytes | None = None
        self._history = _Outbox()
        self._audits = _Outbox()
        self._news = asyncio.Event()

    @property
    def dropped(self) -> int:
        """Samples, sessions and audits lost because the bus was away too long."""
        return self._history.dropped + self._audits.dropped

    async def recall(self) -> tuple[Living | None, Trip | None]:
        """The car and trip that were kept, once the bus is there; None for what was not."""
        return await patiently(self._clock, self._recall)

    async def _recall(self) -> tuple[Living | None, Trip | None]:
        bucket = await self._bucket()
        entry = await bucket.get(f"{self._vin}.state")
        if entry is None or entry.value is None:
            return None, None
        try:
            car = recall(entry.value, where=f"car {self._vin}")
        except InputError as error:
            log.warning("car_memory_unreadable", car=self._vin, error=str(error))
            return None, None
        return car, await self._recall_trip(bucket, car)

    async def _recall_trip(self, bucket: Bucket, car: Living) -> Trip | None:
        kept = await bucket.get(f"{self._vin}.trip")
        if car.progress is None or kept is None or kept.value is None:
            return None
        try:
            trip = msgspec.msgpack.decode(kept.value, type=Trip)
        except msgspec.DecodeError as error:
            log.warning("trip_memory_unreadable", car=self._vin, error=str(error))
            return None
        return trip if trip.id == car.progress.trip_id else None

    def keep(self, car: Living) -> None:
        """Write this as the latest, soon."""
        self._latest = remember(car)
        self._news.set()

    def keep_trip(self, trip: Trip) -> None:
        """Write the trip under way, soon and before the car that drives it."""
        self._trip = msgspec.msgpack.encode(trip)
        self._news.set()

    def record(self, item: Sample | Session) -> None:
        """Append to the car's history, soon."""
        if isinstance(item, Sample):
            subject, key = car_samples(self._vin), f"{self._vin}-{item.time_ns}"
        else:
            subject, key = car_sessions(self._vin), f"{self._vin}-{item.kind}-{item.id}"
        self._history.add(subject, item, key)
        self._news.set()

    def audit(self, ended: Audit) -> None:
        """Append the end of a command to the audits, soon."""
        self._audits.add(car_audit(self._vin), ended, f"{self._vin}-{ended.id}")
        self._news.set()

    async def run(self) -> None:
        """Write whatever there is to write, for ever."""
        bucket = await patiently(self._clock, self._bucket)
        streams = await patiently(self._clock, self._streams)
        while True:
            await self._news.wait()
            if self._audits.is_waiting:
                # A command was answered: who waits for that need not wait for the disk too.
                await self._bus.settle()
            self._news.clear()
            try:
                await self._write(bucket, streams)
            except BusError as error:
                log.info("car_memory_waits", car=self._vin, error=error.message)
                self._news.set()
                await self._clock.sleep(max(RETRY_S, self._clock.resolution_s))

    async def flush(self) -> None:
        """Write what is left, once; for a clean stop, which waits for no bus that is gone."""
        speed = self._clock.speed if isfinite(self._clock.speed) else 1.0
        try:
            await self._clock.wait_for(self._flush(), FLUSH_S * speed)
        except (BusError, TimeoutError) as error:
            log.warning("car_memory_not_flushed", car=self._vin, error=str(error) or "no answer")

    async def _flush(self) -> None:
        await self._write(await self._bucket(), await self._streams())

    async def _write(self, bucket: Bucket, streams: tuple[Stream, Stream]) -> None:
        if self._trip is not None:
            trip = self._trip
            await bucket.put(f"{self._vin}.trip", trip)
            if self._trip is trip:
                self._trip = None
        if self._latest is not None:
            latest = self._latest
            await bucket.put(f"{self._vin}.state", latest)
            if self._latest is latest:
                self._latest = None
        for outbox, stream in zip((self._history, self._audits), streams, strict=True):
            await outbox.empty_into(stream)

    async def _bucket(self) -> Bucket:
        return await self._bus.bucket(CARS_BUCKET)

    async def _streams(self) -> tuple[Stream, Stream]:
        return (
            await self._bus.stream(
                CARS_STREAM, CARS_STREAM_SUBJECTS, max_age_s=CARS_STREAM_MAX_AGE_S
            ),
            await self._bus.stream(
                AUDIT_STREAM, AUDIT_STREAM_SUBJECTS, max_age_s=AUDIT_STREAM_MAX_AGE_S
            ),
        )


class _Outbox:
    """Messages for one stream, in order; each stays until the stream has it."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, bytes, str]] = deque()
        self.dropped = 0

    def add(self, subject: str, item: Wire, key: str) -> None:
        if len(self._waiting) >= OUTBOX_LIMIT:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append((subject, encode(item), key))

    @property
    def is_waiting(self) -> bool:
        """Whether something is not written yet."""
        return bool(self._waiting)

    async def empty_into(self, stream: Stream) -> None:
        while self._waiting:
            subject, data, key = self._waiting[0]
            await stream.publish(subject, data, message_id=key)
            # The head may have been dropped by `add` while we waited.
            if self._waiting and self._waiting[0][2] == key:
                self._waiting.popleft()
