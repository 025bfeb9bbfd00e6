"""The half of `vettura replay` that plays a recorded session on a bus."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from cyclopts import Parameter

from vettura.bus.embedded import EmbeddedServer
from vettura.bus.nats import NatsBus
from vettura.bus.recording import Recording
from vettura.cli.house_bus import house_bus
from vettura.cli.output import Row, note, print_json
from vettura.cli.until_stopped import status_line, until_stopped
from vettura.clock import WallClock
from vettura.errors import InputError, UsageError
from vettura.faces.config import (
    CarFacts,
    FacesConfig,
    HomeAssistantConfig,
    KuksaConfig,
    MqttConfig,
    ObdConfig,
)
from vettura.house.build import prepare
from vettura.house.faces import all_ready, build_faces, keep_up
from vettura.house.player import PlayedCar, Player
from vettura.units import NS_PER_S

TOLD_EVERY_S = 0.5
SPEED_MAX = 10_000.0
FASTEST = 0.0
LOOK_S = 0.05
IDENTITY = "Vehicle.VehicleIdentification."
SPOKEN = FacesConfig(
    kuksa=KuksaConfig(), mqtt=MqttConfig(), homeassistant=HomeAssistantConfig(), obd=ObdConfig()
)
"""What a played session speaks: all that needs no extra."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Playing:
    """How a session is played."""

    speed: str = "1"
    """For a session: how fast, as a multiple of the times it was recorded at; `max` or 0 for as
    fast as it goes."""
    begin: Annotated[str, Parameter(name="--from")] = ""
    """For a session: where to begin, as seconds from its start or as an ISO time."""
    end: Annotated[str, Parameter(name="--to")] = ""
    """For a session: where to end, likewise."""
    nats: str = ""
    """For a session: URL of the bus to play on; one of its own when left out."""
    stay: Annotated[bool, Parameter(negative="")] = False
    """For a session: go on answering as of its end, until Ctrl-C."""
    faces: Annotated[bool, Parameter(negative="")] = False
    """For a session: speak KUKSA, OBD, MQTT and Home Assistant too, on a bus of its own."""


def play(file: Path, wishes: Playing, *, json: bool) -> int:
    """Play one session; returns the exit code."""
    factor = _factor(wishes.speed)
    if wishes.faces and wishes.nats:
        raise UsageError("--faces and --nats: a house has its own faces", hint="leave one out")
    with Recording(file) as recording:
        if not recording.count:
            raise InputError(f"{file}: holds no message")
        if not recording.is_whole:
            note(f"{file}: its recording was cut; {recording.lost_bytes:,} bytes are lost")
        asyncio.run(_play(recording, wishes, factor, json=json))
    return 0


async def _play(recording: Recording, wishes: Playing, factor: float, *, json: bool) -> None:
    from_ns = place_in(recording, wishes.begin, option="--from")
    to_ns = place_in(recording, wishes.end, option="--to")
    start_ns = recording.first_ns if from_ns is None else from_ns
    async with until_stopped() as group, _bus(wishes.nats) as (bus, url, mqtt_port):
        clock = WallClock(speed=factor or 1.0, start_ns=start_ns)
        player = Player(
            bus, clock, recording, from_ns=from_ns, to_ns=to_ns, is_paced=factor != FASTEST
        )
        if not json:
            note(f"vettura: playing {recording.path} on {url}; stop with Ctrl-C")
        playing = group.create_task(player.run())
        telling = group.create_task(_tell(player, recording))
        faces = await _speak(group, player, bus, clock, mqtt_port) if wishes.faces else []
        await _first(player, playing)
        if wishes.stay and not playing.done():
            note("vettura: the session has ended; it goes on answering until Ctrl-C")
            await playing
        _tell_end(player, recording, json=json)
        for task in (playing, telling, *faces):
            task.cancel()


async def _speak(
    group: asyncio.TaskGroup, player: Player, bus: NatsBus, clock: WallClock, mqtt_port: int
) -> list["asyncio.Task[None]"]:
    """Start the faces for the cars that have said who they are, and say where they listen."""
    pace = WallClock()
    async for _ in pace.every(LOOK_S):
        if player.ended.is_set() or any(facts_in(car) for car in player.cars.values()):
            break
    cars = [facts for car in player.cars.values() if (facts := facts_in(car)) is not None]
    faces = build_faces(cars, bus, clock, pace, faces=SPOKEN, mqtt_port=mqtt_port)
    tasks = [group.create_task(keep_up(face, pace), name=face.name) for face in faces]
    await all_ready(faces, pace)
    for face in faces:
        port = face.face.port or mqtt_port
        note(f"  {face.name} on port {port}")
    return tasks


def facts_in(car: PlayedCar) -> CarFacts | None:
    """Who a played car is; None while it has not said so."""
    make, model = (car.values.get(IDENTITY + name) for name in ("Brand", "Model"))
    if not isinstance(make, str) or not isinstance(model, str):
        return None
    return CarFacts(vin=car.vin, home="replay", name=f"{make} {model}", make=make, model=model)


async def _first(player: Player, playing: "asyncio.Task[None]") -> None:
    """Wait until the session has been played, or cannot be."""
    ended = asyncio.ensure_future(player.ended.wait())
    await asyncio.wait((ended, playing), return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    if playing.done():
        await playing


def _tell_end(player: Player, recording: Recording, *, json: bool) -> None:
    row: Row = {
        "file": str(recording.path),
        "messages": player.played,
        "seconds": round((player.time_ns - recording.first_ns) / NS_PER_S, 3),
        "cars": ", ".join(player.cars),
    }
    if json:
        print_json(row)
    else:
        note(f"vettura: {player.played:,} messages played of {row['cars'] or 'no car'}")


async def _tell(player: Player, recording: Recording) -> None:
    """How far it has come, on one line of a terminal."""
    whole_s = (recording.last_ns - recording.first_ns) / NS_PER_S
    pace = WallClock()
    with status_line() as show:
        async for _ in pace.every(TOLD_EVERY_S):
            passed_s = (player.time_ns - recording.first_ns) / NS_PER_S
            show(f"playing: {passed_s:,.1f} of {whole_s:,.1f} s, {player.played:,} messages")


@asynccontextmanager
async def _bus(nats: str) -> AsyncIterator[tuple[NatsBus, str, int]]:
    """The bus to play on, where it is, and its port for MQTT when it is ours.

    Somebody's, or an embedded one that leaves nothing.
    """
    async with AsyncExitStack() as stack:
        if nats:
            bus = await stack.enter_async_context(house_bus(nats, Path()))
            url, mqtt_port = nats, 0
        else:
            folder = stack.enter_context(TemporaryDirectory(prefix="vettura-replay-"))
            pace = WallClock()
            server = await stack.enter_async_context(EmbeddedServer(Path(folder), pace=pace))
            url, mqtt_port = server.url, server.mqtt_port
            bus = await NatsBus.connect(url, clock=pace, name="vettura replay")
            stack.push_async_callback(bus.close)
        await prepare(bus)
        yield bus, url, mqtt_port


def _factor(word: str) -> float:
    try:
        factor = FASTEST if word == "max" else float(word)
    except ValueError:
        factor = math.nan
    if not (0.0 <= factor <= SPEED_MAX):
        raise UsageError(f"--speed {word}: must be max, 0 or a number up to {SPEED_MAX:g}")
    return factor


def place_in(recording: Recording, word: str, *, option: str) -> int | None:
    """That place of the session [ns since the epoch]; None when none is named."""
    if not word:
        return None
    try:
        return recording.first_ns + round(float(word) * NS_PER_S)
    except (ValueError, OverflowError):
        pass
    try:
        time = datetime.fromisoformat(word)
    except ValueError:
        raise UsageError(
            f"{option} {word}: must be seconds from the start, or a time such as "
            "2026-03-02T07:15:00+01:00"
        ) from None
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return round(aware.timestamp() * NS_PER_S)
