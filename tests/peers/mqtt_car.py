"""A living car with its bridge to MQTT in a process of its own: `python mqtt_car.py JSON`.

It reads one JSON command a line from its input and answers each with one JSON line.
"""

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path

import structlog

from vettura.bus.ask import ask
from vettura.bus.embedded import EmbeddedServer, Ports
from vettura.bus.messages import Command, Drive, SignalFrame, decode
from vettura.bus.nats import NatsBus
from vettura.bus.subjects import car_do, car_get
from vettura.car import load_car
from vettura.car.trip import Trip
from vettura.clock import WallClock
from vettura.drive import CarConfig, CarService
from vettura.faces.config import CarFacts, HomeAssistantConfig, MqttConfig
from vettura.faces.mqtt import MqttFace
from vettura.house.build import prepare

SPEEDS_MPS = [*range(10), *[10] * 20, *range(10, -1, -1), 0]


class Process:
    """The car, the bridge and the bus of this process."""

    def __init__(self, config):
        self.vin = config["vin"]
        self.config = config
        self.pace = WallClock()
        ports = Ports(mqtt=config["mqtt_port"])
        self.server = EmbeddedServer(Path(config["data"]), pace=self.pace, ports=ports)

    async def run(self):
        async with self.server:
            self.bus = await NatsBus.connect(self.server.url, clock=self.pace, name="peer test")
            await prepare(self.bus)
            self.face = self._face()
            # Car and bridge end while their bus still lives, as they do in a house.
            with suppress(asyncio.CancelledError):
                await self._live()
            await self.bus.close()

    async def _live(self):
        async with asyncio.TaskGroup() as group:
            group.create_task(self._car().run())
            group.create_task(self.face.run())
            await self.face.ready.wait()
            _say({"mqtt_port": self.face.port})
            await self._obey_input()
            raise asyncio.CancelledError

    def _car(self):
        place = CarConfig(
            vin=self.vin,
            home="casa",
            place="home",
            latitude_deg=45.0246,
            longitude_deg=7.7612,
            altitude_m=305.0,
            soc=0.46,
        )
        return CarService(self.bus, self.pace, place, load_car("xiaomi-su7"))

    def _face(self):
        facts = CarFacts(vin=self.vin, home="casa", name="Xiaomi SU7", make="Xiaomi", model="SU7")
        return MqttFace(
            self.bus,
            self.pace,
            self.pace,
            MqttConfig(**self.config["mqtt"]),
            [facts],
            homeassistant=HomeAssistantConfig(),
            embedded_port=self.server.mqtt_port,
        )

    async def _obey_input(self):
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
        while line := await reader.readline():
            _say(await getattr(self, line.decode().strip())())

    async def frame(self):
        reply = await self.bus.request(car_get(self.vin), b"", timeout_s=10.0)
        return decode(reply.data, SignalFrame, where="get").values

    async def drive(self):
        trip = Trip(
            id=self.pace.new_id("trip"),
            origin="home",
            destination="work",
            speed_mps=[float(speed_mps) for speed_mps in SPEEDS_MPS],
            elevation_m=[305.0] * 10,
        )
        command = Command(
            id=self.pace.new_id("test"), verb=Drive(trip=trip), who="test", role="local"
        )
        answer = await ask(self.bus, self.pace, car_do(self.vin, "drive"), command)
        return {"ok": answer.ok, "reason": answer.reason}

    async def remove(self):
        await self.face.remove(self.vin)
        return {"ok": True}


def _say(thing):
    sys.stdout.write(json.dumps(thing) + "\n")
    sys.stdout.flush()


structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
asyncio.run(Process(json.loads(sys.argv[1])).run())
