"""Running the house live: a server, a bus, a clock, every service, and whoever looks at them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from vettura.bus.embedded import EmbeddedServer, Ports
from vettura.bus.interface import Bus
from vettura.bus.nats import NatsBus
from vettura.clock import WallClock
from vettura.clock.interface import Clock
from vettura.errors import BusDownError, EnvironmentFault
from vettura.faces.config import FacesConfig
from vettura.house.build import Service, build, prepare
from vettura.house.clockwork import ClockService, kept_time_ns
from vettura.house.faces import NamedFace, all_ready, build_faces, energy_of, facts_of, keep_up
from vettura.house.file import HomeFile
from vettura.units import NS_PER_S

log = structlog.get_logger()

MORNING_HOUR, MORNING_MINUTE = 6, 45
SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the command line says about a live run."""

    speed: float | None = None
    """Multiple of real time; None: as the home file says."""
    start: datetime | None = None
    """Local time at which a new life begins; None: as the home file says."""
    seed: int | None = None
    data_dir: Path
    """Where the embedded server keeps what must outlive the process."""
    nats_url: str = ""
    """A server to use instead of the embedded one."""
    faces: FacesConfig | None = None
    """Which protocols to speak; None: as the home file says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A house that is up."""

    home: HomeFile
    bus: NatsBus
    clock: WallClock
    pace: Clock
    server: EmbeddedServer | None
    """None when the bus is somebody else's server."""
    faces: list[NamedFace]

    async def faces_ready(self) -> None:
        """Return when every face listens, or after a while."""
        await all_ready(self.faces, self.pace)


Companion = Callable[[Running], Awaitable[None]]
"""Something that runs beside the services, such as the page."""


async def run_live(home: HomeFile, wishes: Wishes, *companions: Companion) -> None:
    """Run the house until cancelled; stops everything it started, in order."""
    async with _opened(home, wishes) as running:
        seed = home.seed if wishes.seed is None else wishes.seed
        services = live_services(home, running.bus, running.clock, seed=seed)
        timekeeper = ClockService(running.bus, running.clock, running.pace, home.household.id)
        async with asyncio.TaskGroup() as group:
            group.create_task(timekeeper.run(), name="clock")
            for name, service in services.items():
                group.create_task(service.run(), name=name)
            for face in running.faces:
                group.create_task(keep_up(face, running.pace), name=face.name)
            for companion in companions:
                group.create_task(_accompany(companion, running))


def live_services(home: HomeFile, bus: Bus, clock: Clock, *, seed: int) -> dict[str, Service]:
    """Every service but the stations that a face brings; a rehearsal has virtual ones instead."""
    real = {f"station {station.id}" for station in home.stations if not station.virtual}
    services = build(home, bus, clock, seed=seed)
    return {name: service for name, service in services.items() if name not in real}


async def _accompany(companion: Companion, running: Running) -> None:
    await companion(running)


@asynccontextmanager
async def _opened(home: HomeFile, wishes: Wishes) -> AsyncIterator[Running]:
    """Server, bus and clock, ready for services."""
    pace = WallClock()
    async with AsyncExitStack() as stack:
        server = None
        if not wishes.nats_url:
            store = wishes.data_dir / home.household.id
            ports = Ports(nats=home.bus.nats_port, mqtt=home.bus.mqtt_port)
            server = await stack.enter_async_context(EmbeddedServer(store, pace=pace, ports=ports))
        url = server.url if server else wishes.nats_url
        try:
            bus = await NatsBus.connect(url, clock=pace, name=f"vettura {home.household.id}")
        except BusDownError as error:
            raise EnvironmentFault(error.message, hint="start it, or leave --nats out") from None
        stack.push_async_callback(bus.close)
        await prepare(bus)
        clock = await _clock(home, wishes, bus)
        log.info("house_up", home=home.household.id, nats=url, time=clock.now().isoformat())
        faces = build_faces(
            facts_of(home),
            bus,
            clock,
            pace,
            faces=home.faces if wishes.faces is None else wishes.faces,
            mqtt_port=server.mqtt_port if server else None,
            timezone=home.household.timezone,
            stations=home.stations,
            energy=energy_of(home),
        )
        yield Running(home=home, bus=bus, clock=clock, pace=pace, server=server, faces=faces)


async def _clock(home: HomeFile, wishes: Wishes, bus: NatsBus) -> WallClock:
    speed = home.clock.speed if wishes.speed is None else wishes.speed
    start_ns = await _start_ns(home, wishes, bus, speed)
    seed = home.seed if wishes.seed is None else wishes.seed
    return WallClock(speed=speed, start_ns=start_ns, seed=seed)


async def _start_ns(home: HomeFile, wishes: Wishes, bus: NatsBus, speed: float) -> int:
    """When this run begins. Time never goes back on a car that has lived already.

    A new life begins at the wished start; else now, at the speed of the real clock; else, so that
    there is something to see, on the morning of the last working day.
    """
    zone = ZoneInfo(home.household.timezone)
    now_ns = WallClock().now_ns()
    kept_ns = await kept_time_ns(bus, home.household.id)
    if kept_ns is not None:
        return max(now_ns, kept_ns) if speed == 1.0 else kept_ns
    start = wishes.start or home.clock.start
    if start is not None:
        local = start if start.tzinfo else start.replace(tzinfo=zone)
        return round(local.timestamp() * NS_PER_S)
    return now_ns if speed == 1.0 else _working_morning_ns(now_ns, zone)


def _working_morning_ns(now_ns: int, zone: ZoneInfo) -> int:
    """06:45 local of the latest Monday to Friday that has begun."""
    day = datetime.fromtimestamp(now_ns / NS_PER_S, zone)
    while day.weekday() >= SATURDAY:
        day -= timedelta(days=1)
    morning = day.replace(hour=MORNING_HOUR, minute=MORNING_MINUTE, second=0, microsecond=0)
    return int(morning.timestamp()) * NS_PER_S
