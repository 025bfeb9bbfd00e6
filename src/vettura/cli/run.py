"""`vettura run`: the house, live, with its page."""

import asyncio
import logging
import signal
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import structlog
from cyclopts import Parameter

from vettura.car.catalogue import load_car
from vettura.cli.homes import LIVE, home_path
from vettura.cli.logs import log_for_people, log_json
from vettura.cli.output import Cell, note, print_json
from vettura.errors import UsageError, VetturaError
from vettura.faces.config import FacesConfig
from vettura.house import HomeFile, Running, Wishes, load_home, run_live
from vettura.web.app import create_app
from vettura.web.config import CarOnPage, PageConfig, PlaceOnPage
from vettura.web.server import claim_port, serve

SPEED_MAX = 10_000.0


def run(
    home: Path | None = None,
    /,
    *,
    speed: float | None = None,
    start: datetime | None = None,
    port: int = 8420,
    host: str = "127.0.0.1",
    data: Path = Path(".vettura"),
    nats: str = "",
    seed: int | None = None,
    faces: bool = True,
    verbose: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Run a home: its car, people, weather and wallbox live, with a page to watch and command them.

    Parameters
    ----------
    home
        Home file; the example household when left out.
    speed
        How fast its clock runs, as a multiple of real time; the page can change it.
    start
        Local time at which a new life begins. A car that has lived goes on where it was.
    port
        Port of the page; 0 takes a free one.
    host
        Address that the page listens on. It has no login: keep it on this machine.
    data
        Folder that keeps what outlives the process.
    nats
        URL of a NATS server with JetStream to use instead of the embedded one.
    seed
        Where all chance comes from; the home file's when left out.
    faces
        Speak the protocols that the home file names under [faces]; `--no-faces` speaks none.
    verbose
        Log every command and session to standard error.
    json
        Log as JSON, and print the page's address as a JSON object.
    """
    if speed is not None and not 0.0 < speed <= SPEED_MAX:
        raise UsageError(f"--speed {speed:g}: must be above 0 and at most {SPEED_MAX:g}")
    if not 0 <= port <= 65_535:
        raise UsageError(f"--port {port}: must lie between 0 and 65535")
    file = load_home(home_path(home, LIVE))
    level = logging.INFO if verbose else logging.WARNING
    log_json(level) if json else log_for_people(level)
    wishes = Wishes(
        speed=speed,
        start=start,
        seed=seed,
        data_dir=data,
        nats_url=nats,
        faces=None if faces else FacesConfig(),
    )
    asyncio.run(_run(file, wishes, host=host, port=port, json=json))


async def _run(home: HomeFile, wishes: Wishes, *, host: str, port: int, json: bool) -> None:
    # The port first: when it is taken nothing else has been started yet.
    claimed = claim_port(host, port)
    announced: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def announce(running: Running) -> None:
        url = await announced
        await running.faces_ready()
        _announce(url, running, json=json)

    async def show(running: Running) -> None:
        app = create_app(
            bus=running.bus, clock=running.clock, pace=running.pace, page=page_of(home)
        )
        await serve(
            app,
            host=host,
            port=port,
            claimed=claimed,
            on_ready=announced.set_result,
        )

    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel if task else lambda: None)
    try:
        with suppress(asyncio.CancelledError):
            await run_live(home, wishes, show, announce)
    except BaseExceptionGroup as group:
        raise _first_of_ours(group) from None
    finally:
        claimed.close()
    if not json:
        note("vettura: stopped; the car sleeps where it was")


def _announce(url: str, running: Running, *, json: bool) -> None:
    clock = running.clock
    if json:
        server = running.server
        row: dict[str, Cell] = {
            "url": url,
            "nats": server.url if server else "",
            "mqtt": server.mqtt_port if server else 0,
        }
        row.update((named.name, named.face.port) for named in running.faces if named.face.port)
        print_json(row)
        return
    note(f"vettura: {running.home.household.title} is alive at {url}")
    local = clock.now().astimezone(ZoneInfo(running.home.household.timezone))
    note(f"  time there {local:%a %d %b %Y %H:%M}, {clock.speed:g} times real time")
    if running.server:
        note(f"  bus {running.server.url}, MQTT on port {running.server.mqtt_port}")
    for named in running.faces:
        if named.face.port:
            note(f"  {named.name} on port {named.face.port}")
    note("  stop with Ctrl-C")


def _first_of_ours(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first expected failure among those that a task group gathered; else the group."""
    ours, _ = group.split(VetturaError)
    if ours is None:
        structlog.get_logger().error("crash", exc_info=group)
        return group
    first: BaseException = ours
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first


def page_of(home: HomeFile) -> PageConfig:
    """What the page needs to know of a home."""
    household = home.household
    return PageConfig(
        home=household.id,
        title=household.title,
        timezone=household.timezone,
        cars=[
            CarOnPage(vin=car.vin, name=load_car(car.model).name, model=car.model)
            for car in home.cars
        ],
        places=[
            PlaceOnPage(
                name=place.name,
                kind=place.kind,
                latitude_deg=place.latitude_deg,
                longitude_deg=place.longitude_deg,
            )
            for place in household.places
        ],
        stations=[station.id for station in home.stations],
        has_energy=home.energy is not None,
    )
