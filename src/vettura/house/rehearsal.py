"""Rehearsing the house: the same services on a clock that jumps and a bus in memory."""

import asyncio
import hashlib
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from vettura.bus.memory import MemoryBus, Tap
from vettura.clock import Clock, rehearse
from vettura.house.build import Service, build, prepare
from vettura.house.faces import ALL_FACES, NamedFace, build_faces, facts_of
from vettura.house.file import HomeFile
from vettura.units import NS_PER_S

HOUR_NS = 3600 * NS_PER_S
COARSE_S = 1.0
"""The shortest wait that services ask for where nobody looks at tenths of a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What a rehearsal came to."""

    seed: int
    start: str
    simulated_s: float
    messages: int
    log_sha256: str
    """Of time, subject and payload of every message, in order."""
    signals_sha256: str
    """The same of the cars' signals alone: no listener may change it."""


class _Log:
    """A running hash of all that travels; tells how far time has come, once an hour of it."""

    def __init__(self, start_ns: int, on_hour: Callable[[int], None]) -> None:
        self.hash = hashlib.sha256()
        self.signals = hashlib.sha256()
        self.count = 0
        self._start_ns = start_ns
        self._hour = 0
        self._on_hour = on_hour

    def hear(self, time_ns: int, subject: str, data: bytes) -> None:
        name = subject.encode()
        entry = struct.pack(">qII", time_ns, len(name), len(data)) + name + data
        self.hash.update(entry)
        if name.startswith(b"car.") and name.endswith(b".signals"):
            self.signals.update(entry)
        self.count += 1
        hour = (time_ns - self._start_ns) // HOUR_NS
        if hour > self._hour:
            self._hour = hour
            self._on_hour(hour)


def rehearse_home(
    home: HomeFile,
    *,
    seed: int,
    start: datetime,
    duration_s: float,
    shuffle: int | None = None,
    faces: bool = False,
    on_hour: Callable[[int], None] = lambda _: None,
    tap: Tap | None = None,
    exact: bool = False,
) -> Rehearsed:
    """Let the house live `duration_s` from `start` (local when it names no zone).

    The same home, seed, start and duration give the same log to the byte. `shuffle` also shuffles
    tasks that are ready at the same instant, by that seed, to find what depends on their order.
    With `faces` every face listens, translates and encodes, without a socket; the cars' signals
    stay the same to the byte. `on_hour` is told how many hours of the home have passed, `tap` every
    message. `exact` grants services every moment that they would ask for live, ten in a second;
    else they are content with `COARSE_S`, which is some eight times faster.
    """
    zone = ZoneInfo(home.household.timezone)
    begin = start if start.tzinfo else start.replace(tzinfo=zone)
    start_ns = round(begin.timestamp()) * NS_PER_S
    log = _Log(start_ns, on_hour)
    taps = [log.hear] if tap is None else [log.hear, tap]

    async def main(clock: Clock) -> None:
        await _live(home, clock, taps, seed=seed, duration_s=duration_s, faces=faces)

    rehearse(
        main,
        start_ns=start_ns,
        seed=seed,
        shuffle_seed=shuffle,
        resolution_s=0.0 if exact else COARSE_S,
    )
    return Rehearsed(
        seed=seed,
        start=begin.isoformat(),
        simulated_s=duration_s,
        messages=log.count,
        log_sha256=log.hash.hexdigest(),
        signals_sha256=log.signals.hexdigest(),
    )


async def _live(
    home: HomeFile,
    clock: Clock,
    taps: Sequence[Tap],
    *,
    seed: int,
    duration_s: float,
    faces: bool,
) -> None:
    bus = MemoryBus(clock)
    for tap in taps:
        bus.tap(tap)
    await prepare(bus)
    services = build(home, bus, clock, seed=seed)
    listeners = (
        build_faces(facts_of(home), bus, clock, clock, faces=ALL_FACES, mqtt_port=None)
        if faces
        else []
    )
    with suppress(TimeoutError):
        await clock.wait_for(_all(services, listeners), duration_s)
    await bus.close()


async def _all(services: dict[str, Service], faces: list[NamedFace]) -> None:
    async with asyncio.TaskGroup() as group:
        for name, service in services.items():
            group.create_task(service.run(), name=name)
        for named in faces:
            group.create_task(named.face.run_closed(), name=named.name)
