"""Rehearsing the house: the same services on a clock that jumps and a bus in memory."""

import hashlib
import struct
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from vettura.bus.memory import MemoryBus, Tap
from vettura.clock import Clock, rehearse
from vettura.home.mishaps import Mishap
from vettura.house.build import build, prepare
from vettura.house.faces import ALL_FACES, NamedFace, build_faces, energy_of, facts_of
from vettura.house.file import HomeFile
from vettura.house.misfortune import Misfortune, bus_faults, forgetful, victims_of
from vettura.house.stage import Stage
from vettura.units import NS_PER_S

HOUR_NS = 3600 * NS_PER_S
COARSE_S = 1.0
"""The shortest wait that services ask for where nobody looks at tenths of a second."""
Hour = Callable[[int], None]


def nothing(_hour: int) -> None:
    """Who is told of the hours and does not care."""


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

    def __init__(self, start_ns: int, on_hour: Hour) -> None:
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
    exact: bool = False,
    on_hour: Hour = nothing,
    taps: Sequence[Tap] = (),
    mishaps: Sequence[Mishap] = (),
) -> Rehearsed:
    """Let the house live `duration_s` from `start` (local when it names no zone).

    The same home, seed, start and duration give the same log to the byte. `shuffle` also shuffles
    tasks that are ready at the same instant, by that seed, to find what depends on their order.
    With `faces` every face listens, translates and encodes, without a socket; the cars' signals
    stay the same to the byte. `exact` grants services every moment that they would ask for live,
    ten in a second; else they are content with `COARSE_S`, which is some eight times faster.
    `on_hour` is told how many hours of the home have passed, `taps` hear every message. `mishaps`
    befall services and messages, each at its time.
    """
    begin = start if start.tzinfo else start.replace(tzinfo=ZoneInfo(home.household.timezone))
    start_ns = start_ns_of(home, start)
    log = _Log(start_ns, on_hour)

    async def main(clock: Clock) -> None:
        scene = _Scene(home, seed, faces, mishaps, start_ns)
        await _live(scene, clock, [log.hear, *taps], duration_s=duration_s)

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


def start_ns_of(home: HomeFile, start: datetime) -> int:
    """A start as nanoseconds since the epoch; local to the home when it names no zone."""
    zone = ZoneInfo(home.household.timezone)
    begin = start if start.tzinfo else start.replace(tzinfo=zone)
    return round(begin.timestamp()) * NS_PER_S


@dataclass(frozen=True, slots=True)
class _Scene:
    """What is lived."""

    home: HomeFile
    seed: int
    faces: bool
    mishaps: Sequence[Mishap]
    start_ns: int


async def _live(scene: _Scene, clock: Clock, taps: Sequence[Tap], *, duration_s: float) -> None:
    home, victims = scene.home, victims_of(scene.home)
    bus = MemoryBus(clock, faults=bus_faults(scene.mishaps, victims, scene.start_ns))
    for tap in taps:
        bus.tap(tap)
    await prepare(bus)
    lived = forgetful(home, scene.mishaps) if scene.mishaps else home
    stage = Stage(lambda: build(lived, bus, clock, seed=scene.seed, tells_all=True))
    others = [_face(named) for named in _faces(home, bus, clock)] if scene.faces else []
    if scene.mishaps:
        others.append(Misfortune(bus, clock, stage, scene.mishaps, victims).run)
    with suppress(TimeoutError):
        await clock.wait_for(stage.run(*others), duration_s)
    await bus.close()


def _faces(home: HomeFile, bus: MemoryBus, clock: Clock) -> list[NamedFace]:
    return build_faces(
        facts_of(home),
        bus,
        clock,
        clock,
        faces=ALL_FACES,
        mqtt_port=None,
        stations=home.stations,
        energy=energy_of(home),
    )


def _face(named: NamedFace) -> Callable[[], Coroutine[Any, Any, None]]:
    return named.face.run_closed
