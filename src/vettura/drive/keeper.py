"""What the car must not forget, written behind its back so that it never waits for the bus."""

import asyncio
from collections import deque

import msgspec
import structlog

from vettura.bus.interface import Bucket, Bus, Stream
from vettura.bus.messages import Sample, Session, encode
from vettura.bus.patience import RETRY_S, patiently
from vettura.bus.subjects import (
    CARS_BUCKET,
    CARS_STREAM,
    CARS_STREAM_MAX_AGE_S,
    CARS_STREAM_SUBJECTS,
    car_samples,
    car_sessions,
)
from vettura.car.trip import Trip
from vettura.clock.interface import Clock
from vettura.drive.living import Living, recall, remember
from vettura.errors import BusError, InputError

log = structlog.get_logger()

OUTBOX_LIMIT = 4_096
"""Samples and sessions waiting for the bus; beyond it the oldest are dropped and counted."""


class Keeper:
    """Keeps the latest car in a bucket and its history in a stream, retrying for ever."""

    def __init__(self, bus: Bus, clock: Clock, vin: str) -> None:
        self._bus = bus
        self._clock = clock
        self._vin = vin
        self._latest: bytes | None = None
        self._trip: bytes | None = None
        self._outbox: deque[tuple[str, bytes, str]] = deque()
        self._news = asyncio.Event()
        self.dropped = 0

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
        if len(self._outbox) >= OUTBOX_LIMIT:
            self._outbox.popleft()
            self.dropped += 1
        if isinstance(item, Sample):
            subject, key = car_samples(self._vin), f"{self._vin}-{item.time_ns}"
        else:
            subject, key = car_sessions(self._vin), f"{self._vin}-{item.kind}-{item.id}"
        self._outbox.append((subject, encode(item), key))
        self._news.set()

    async def run(self) -> None:
        """Write whatever there is to write, for ever."""
        bucket = await patiently(self._clock, self._bucket)
        stream = await patiently(self._clock, self._stream)
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._write(bucket, stream)
            except BusError as error:
                log.info("car_memory_waits", car=self._vin, error=error.message)
                self._news.set()
                await self._clock.sleep(max(RETRY_S, self._clock.resolution_s))

    async def flush(self) -> None:
        """Write what is left, once; for a clean stop."""
        try:
            await self._write(await self._bucket(), await self._stream())
        except BusError as error:
            log.warning("car_memory_not_flushed", car=self._vin, error=error.message)

    async def _write(self, bucket: Bucket, stream: Stream) -> None:
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
        while self._outbox:
            subject, data, key = self._outbox[0]
            await stream.publish(subject, data, message_id=key)
            # The head may have been dropped by `record` while we waited.
            if self._outbox and self._outbox[0][2] == key:
                self._outbox.popleft()

    async def _bucket(self) -> Bucket:
        return await self._bus.bucket(CARS_BUCKET)

    async def _stream(self) -> Stream:
        return await self._bus.stream(
            CARS_STREAM, CARS_STREAM_SUBJECTS, max_age_s=CARS_STREAM_MAX_AGE_S
        )
