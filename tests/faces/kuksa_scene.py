"""A scripted car on a bus in memory, the KUKSA face before it, and a plain gRPC client."""

import asyncio
from contextlib import asynccontextmanager

from make import VIN
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import (
    Answer,
    Claim,
    Command,
    Provided,
    Release,
    SignalFrame,
    Targets,
    Wish,
    decode,
    encode,
)
from vettura.bus.subjects import (
    car_do,
    car_get,
    car_provided,
    car_signals,
    car_targets,
    car_wish,
)
from vettura.clock import WallClock
from vettura.faces.config import CarFacts, KuksaConfig
from vettura.faces.kuksa import KuksaFace
from vettura.faces.kuksa_grpc import grpc
from vettura.faces.kuksa_wire import SDV, V1, V2, message_class, rpcs

SPEED = "Vehicle.Speed"
SOC = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed"
LOCK = "Vehicle.Cabin.Door.Row1.DriverSide.IsLocked"
WINDOW = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"
VIN_PATH = "Vehicle.VehicleIdentification.VIN"
NOT_OURS = "Vehicle.ADAS.ABS.IsError"
FACTS = CarFacts(vin=VIN, home="casa", name="SU7", make="Xiaomi", model="SU7")
PATIENCE_S = 20.0
YES = Answer(ok=True, state="reached")


class ScriptedCar:
    """Answers as the test says and writes down what it was told."""

    def __init__(self, bus, clock):
        self.bus = bus
        self.clock = clock
        self.values = {SPEED: 3.5, SOC: 60.0, LOCK: True, WINDOW: 0, VIN_PATH: VIN}
        self.answer = YES
        self.heard = []
        self.provided = []

    async def run(self):
        async with asyncio.TaskGroup() as group:
            for subject, take in (
                (car_get(VIN), self._get),
                (car_do(VIN, "*"), self._do),
                (car_provided(VIN), self._provided),
            ):
                group.create_task(self._hear(await self.bus.subscribe(subject), take))

    async def tell(self, *, full=False, **values):
        """Publish these values, by the last words of their names in this module."""
        named = {globals()[name]: value for name, value in values.items()}
        self.values |= named
        await self.publish(named, full=full)

    async def publish(self, values, *, full=False):
        frame = SignalFrame(time_ns=self.clock.now_ns(), values=values, full=full)
        await self.bus.publish(car_signals(VIN), encode(frame))

    async def aim(self, values):
        targets = Targets(time_ns=self.clock.now_ns(), values=values)
        await self.bus.publish(car_targets(VIN), encode(targets))

    async def wish(self, provider, path, value):
        """Hand a wish on to a provider, as a car does, and return its answer."""
        wish = Wish(id="w", path=path, value=value)
        reply = await self.bus.request(car_wish(VIN, provider), encode(wish))
        return decode(reply.data, Answer, where="wish")

    def verbs(self, kind):
        return [command.verb for command in self.heard if isinstance(command.verb, kind)]

    @property
    def claims(self):
        return self.verbs(Claim)

    @property
    def releases(self):
        return self.verbs(Release)

    async def _hear(self, ear, take):
        async for message in ear:
            await take(message)

    async def _get(self, message):
        frame = SignalFrame(time_ns=self.clock.now_ns(), values=dict(self.values), full=True)
        await self.bus.respond(message, encode(frame))

    async def _do(self, message):
        self.heard.append(decode(message.data, Command, where="do"))
        is_claim = isinstance(self.heard[-1].verb, Claim | Release)
        answer = YES if is_claim and self.answer.code != "unavailable" else self.answer
        await self.bus.respond(message, encode(answer))

    async def _provided(self, message):
        self.provided.append(decode(message.data, Provided, where="provided"))


class Client:
    """A client that knows the protocols and nothing else."""

    def __init__(self, port, token=""):
        self.channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        self.metadata = (("authorization", f"Bearer {token}"),) if token else None

    async def ask(self, package, name, **fields):
        """One call with one reply."""
        rpc = rpc_of(package, name)
        call = self.channel.unary_unary(
            rpc.path, serializer(), message_class(package, rpc.reply).FromString
        )
        return await call(message_class(package, rpc.request)(**fields), metadata=self.metadata)

    def hear(self, package, name, **fields):
        """One call with many replies."""
        rpc = rpc_of(package, name)
        call = self.channel.unary_stream(
            rpc.path, serializer(), message_class(package, rpc.reply).FromString
        )
        return call(message_class(package, rpc.request)(**fields), metadata=self.metadata)

    def talk(self, package, name):
        """A call in which the client streams."""
        rpc = rpc_of(package, name)
        multi = self.channel.stream_stream if rpc.server_streams else self.channel.stream_unary
        call = multi(rpc.path, serializer(), message_class(package, rpc.reply).FromString)
        return call(metadata=self.metadata)


def serializer():
    return lambda message: message.SerializeToString()


def rpc_of(package, name):
    return next(rpc for rpc in rpcs() if rpc.service.startswith(package) and rpc.name == name)


def request_of(package, name):
    """An empty request of a method."""
    return message_class(package, rpc_of(package, name).request)()


@asynccontextmanager
async def scene(config=None, **options):
    """Car, face and client; the face has heard the car."""
    pace = WallClock()
    bus = MemoryBus(pace)
    car = ScriptedCar(bus, pace)
    face = KuksaFace(bus, pace, pace, config or KuksaConfig(port=0), FACTS, **options)
    tasks = [asyncio.create_task(car.run()), asyncio.create_task(face.run())]
    client = None
    try:
        async with asyncio.timeout(PATIENCE_S):
            await face.ready.wait()
            client = Client(face.port)
            await until(lambda: face.hub.frames, pace)
            yield car, face, client
    finally:
        if client is not None:
            await client.channel.close()
        for task in reversed(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(holds, pace):
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await pace.sleep(0.005)


async def refusal(call):
    """The status code and the words with which a call is refused."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error.code(), error.details()
    raise AssertionError("it was not refused")


__all__ = ["SDV", "V1", "V2"]
