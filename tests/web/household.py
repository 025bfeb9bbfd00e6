"""A small household on an in-memory bus, and a page about it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from msgspec.structs import replace

from vettura.bus import subjects
from vettura.bus.interface import Bus, Message
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Answer, Command, Sample, SignalFrame, SignalValue, decode, encode
from vettura.clock import WallClock
from vettura.errors import BusDownError
from vettura.web import CarOnPage, PageConfig, PlaceOnPage, claim_port, create_app, serve

VIN = "LVTTESTCAR0000001"
HOME = "casa"
PAGE = PageConfig(
    home=HOME,
    title="Casa Test",
    timezone="Europe/Rome",
    cars=[CarOnPage(vin=VIN, name="Aria", model="SU7")],
    places=[PlaceOnPage(name="Home", kind="home", latitude_deg=45.0, longitude_deg=9.0)],
    stations=["wallbox"],
)
SPEED = "Vehicle.Speed"
START_NS = 1_773_126_600_000_000_000


class SwitchedBus:
    """A bus whose server can be taken away and brought back."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.is_up = True

    async def request(
        self,
        subject: str,
        data: bytes,
        *,
        timeout_s: float = 2.0,
        headers: Mapping[str, str] | None = None,
    ) -> Message:
        if not self.is_up:
            raise BusDownError("no server at nats://127.0.0.1:4222")
        return await self._bus.request(subject, data, timeout_s=timeout_s, headers=headers)

    def __getattr__(self, name: str) -> object:
        return getattr(self._bus, name)


class Household:
    """What a test holds in its hands."""

    def __init__(self, client: httpx.AsyncClient, bus: MemoryBus, switch: SwitchedBus) -> None:
        self.client, self.bus, self.switch = client, bus, switch
        self.commands: list[Command] = []

    async def drive_at(self, speed_kmh: float, **values: SignalValue) -> None:
        """Publish a frame of the car."""
        frame = SignalFrame(time_ns=START_NS, values={SPEED: speed_kmh, **values})
        await self.bus.publish(subjects.car_signals(VIN), encode(frame))

    async def answer(self, pattern: str, answer: Answer) -> None:
        """Take every command on `pattern`, keep it, and answer the same; runs until cancelled."""
        async for message in await self.bus.subscribe(pattern):
            self.commands.append(decode(message.data, Command, where="test"))
            await self.bus.respond(message, encode(answer))


def sample(time_ns: int, soc: float = 0.5, mode: str = "parked") -> Sample:
    """One believable point of the past."""
    return Sample(
        time_ns=time_ns,
        soc=soc,
        speed_mps=0.0,
        battery_power_w=60.0,
        cabin_degc=20.0,
        ambient_degc=10.0,
        range_m=300_000.0,
        odometer_m=1000.0,
        mode=mode,
    )


@asynccontextmanager
async def household(
    patience_s: float = 8.0, *, kept: Mapping[str, bytes] | None = None, has_energy: bool = False
) -> AsyncIterator[Household]:
    """Serve the page on a free port for as long as the block lasts.

    Five samples are stored, and what is `kept` by its key in the bucket of the home.
    """
    pace = WallClock()
    bus = MemoryBus(pace)
    switch = SwitchedBus(bus)
    clock = WallClock(start_ns=START_NS)
    away: Any = switch
    page = replace(PAGE, has_energy=has_energy)
    app = create_app(bus=away, clock=clock, pace=pace, page=page, patience_s=patience_s)
    bucket = await bus.bucket(subjects.HOME_BUCKET)
    for key, data in (kept or {}).items():
        await bucket.put(key, data)
    stream = await bus.stream(subjects.CARS_STREAM, subjects.CARS_STREAM_SUBJECTS)
    for minute in range(60, 55, -1):
        point = sample(START_NS - minute * 60_000_000_000, soc=0.5 + (60 - minute) / 100)
        await stream.publish(subjects.car_samples(VIN), encode(point))
    claimed = claim_port("127.0.0.1", 0)
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(
        serve(app, host="127.0.0.1", port=0, claimed=claimed, on_ready=ready.set_result)
    )
    async with httpx.AsyncClient(base_url=await ready, timeout=10.0) as client:
        await _past_is_read(client)
        yield Household(client, bus, switch)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    await bus.close()


async def _past_is_read(client: httpx.AsyncClient) -> None:
    """Wait until what is stored has been read: viewers get a new snapshot then."""
    times: list[int] = []
    while not times:
        state = (await client.get("/api/state")).json()
        times = state["cars"][VIN]["samples"]["time_s"]


async def read_events(response: httpx.Response) -> AsyncIterator[tuple[str, int | None, str]]:
    """Yield (event, id, data) of a server-sent event stream."""
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
            continue
        if "event" in fields:
            number = int(fields["id"]) if "id" in fields else None
            yield fields["event"], number, fields.get("data", "")
        fields = {}
