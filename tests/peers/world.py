"""Our side of the table: one living car with its KUKSA port, on the embedded bus."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

from make import NOON_NS, VIN, make_trip
from vettura.bus.ask import ask
from vettura.bus.embedded import EmbeddedServer
from vettura.bus.messages import Actuate, Audit, Command, Drive, SignalFrame, decode
from vettura.bus.nats import NatsBus
from vettura.bus.subjects import (
    AUDIT_STREAM,
    AUDIT_STREAM_SUBJECTS,
    car_audit,
    car_do,
    car_get,
    car_signals,
)
from vettura.car.catalogue import load_car
from vettura.clock import WallClock
from vettura.drive import CarConfig, CarService
from vettura.faces.config import CarFacts, KuksaConfig
from vettura.faces.kuksa import KuksaFace
from vettura.house.build import prepare
from vettura.trust.keys import new_private_pem, public_pem
from vettura.trust.tokens import mint
from vettura.units import NS_PER_S

PATIENCE_S = 60.0
SPEED = "Vehicle.Speed"
SOC = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed"
LATITUDE = "Vehicle.CurrentLocation.Latitude"
WINDOW = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"
OTHER_WINDOW = "Vehicle.Cabin.Door.Row1.PassengerSide.Window.Position"
SEAT = "Vehicle.Cabin.Seat.Row1.DriverSide.Position"
OUTSIDE = "Vehicle.Exterior.AirTemperature"
COOLING = "Vehicle.Cabin.HVAC.IsAirConditioningActive"
MODE = "Vehicle.Powertrain.Transmission.PerformanceMode"
TRUNK = "Vehicle.Body.Trunk.Rear.IsOpen"
FLAP = "Vehicle.Powertrain.TractionBattery.Charging.ChargingPort.AnyPosition.IsFlapOpen"


class World:
    """A car, who may talk to it, and what it has become."""

    def __init__(self, bus, clock, pace, server, face):
        self.bus = bus
        self.clock = clock
        self.pace = pace
        self.server = server
        self.face = face
        self._ids = 0

    @property
    def port(self):
        return self.face.port

    async def tell(self, verb, *, role="owner"):
        """Command the car as somebody who is no peer."""
        self._ids += 1
        command = Command(id=f"test-{self._ids}", verb=verb, who="test", role=role)
        subject = car_do(VIN, verb.__struct_config__.tag)
        return await ask(self.bus, self.pace, subject, command)

    async def actuate(self, path, value, *, role="owner"):
        return await self.tell(Actuate(path=path, value=value), role=role)

    async def drive(self, **trip):
        return await self.tell(Drive(trip=make_trip(**trip)), role="local")

    async def signals(self):
        reply = await self.bus.request(car_get(VIN), b"", timeout_s=PATIENCE_S)
        return decode(reply.data, SignalFrame, where="get").values

    async def until(self, path, accept):
        """The car's value at `path` as soon as `accept` takes it."""
        ear = await self.bus.subscribe(car_signals(VIN))
        try:
            async with asyncio.timeout(PATIENCE_S):
                value = (await self.signals())[path]
                while not accept(value):
                    frame = decode((await ear.next()).data, SignalFrame, where="signals")
                    value = frame.values.get(path, value)
                return value
        finally:
            await ear.close()

    async def audits(self, what, count=1):
        """The entries of the audit about one path or verb, once there are that many."""
        stream = await self.bus.stream(AUDIT_STREAM, AUDIT_STREAM_SUBJECTS)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                stored = await stream.last(car_audit(VIN), 256)
                found = [decode(message.data, Audit, where="audit") for message in stored]
                found = [entry for entry in found if entry.what == what]
                if len(found) >= count:
                    return found
                await self.pace.sleep(0.05)


@asynccontextmanager
async def world(folder, **kuksa):
    """A new car at home at noon, at the pace of real time, until the block ends."""
    pace, clock = WallClock(), WallClock(start_ns=NOON_NS)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(EmbeddedServer(folder / "bus", pace=pace))
        bus = await NatsBus.connect(server.url, clock=pace, name="peers")
        stack.push_async_callback(bus.close)
        await prepare(bus)
        car = CarService(bus, clock, _config(), load_car("xiaomi-su7"))
        face = KuksaFace(bus, clock, pace, KuksaConfig(port=0, **kuksa), _facts())
        running = [asyncio.create_task(service.run()) for service in (car, face)]
        stack.push_async_callback(_ended, running)
        async with asyncio.timeout(PATIENCE_S):
            ready = asyncio.create_task(face.ready.wait())
            await asyncio.wait([ready, *running], return_when=asyncio.FIRST_COMPLETED)
            for task in running:
                if task.done():
                    task.result()
            await ready
        yield World(bus, clock, pace, server, face)


async def _ended(tasks):
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if ended is not None and not isinstance(ended, asyncio.CancelledError):
            raise ended


def _config():
    return CarConfig(
        vin=VIN, home="casa", place="home", latitude_deg=45.0, longitude_deg=7.6, altitude_m=300.0
    )


def _facts():
    return CarFacts(vin=VIN, home="casa", name="Xiaomi SU7", make="Xiaomi", model="SU7")


class Keys:
    """Public keys in files, as a home file names them, and tokens signed with their halves."""

    def __init__(self, folder):
        self._private = {kind: new_private_pem(kind) for kind in ("ed25519", "es256", "rs256")}
        self.files = []
        for kind, pem in self._private.items():
            path = folder / f"{kind}.pub"
            path.write_bytes(public_pem(pem))
            self.files.append(str(path))

    def token(self, scope, *, kind="ed25519", lasts_s=600, age_s=0, forged=False):
        pem = new_private_pem(kind) if forged else self._private[kind]
        issued_s = WallClock().now_ns() // NS_PER_S - age_s
        return mint(pem, scope=scope, subject="peer", issued_s=issued_s, lasts_s=lasts_s)
