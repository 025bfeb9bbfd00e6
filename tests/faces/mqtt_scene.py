"""What the tests of the MQTT face share: a scripted car, a mosquitto, and one who listens."""

import asyncio
import shutil
import socket
import subprocess
from contextlib import asynccontextmanager, contextmanager

import aiomqtt
import msgspec
import pytest

from vettura.bus import paths
from vettura.bus.messages import (
    Actuate,
    Answer,
    Audit,
    ChargeLimit,
    ChargeStart,
    ChargeStop,
    Climate,
    Command,
    Flap,
    Lock,
    Precondition,
    SignalFrame,
    Targets,
    Unlock,
    decode,
    encode,
)
from vettura.bus.signals import signal_table
from vettura.bus.subjects import car_audit, car_do, car_get, car_signals, car_targets
from vettura.faces.config import CarFacts
from vettura.words import car_state as words

VIN = "LNBSCPBA0RA000055"
FACTS = CarFacts(vin=VIN, home="casa", name="Xiaomi SU7", make="Xiaomi", model="SU7")
PATIENCE_S = 20.0
CHARGING = "Vehicle.Powertrain.TractionBattery.Charging."
OURS = "Vehicle.Private.Vettura."


def plausible_values():
    """A value for every signal: what a parked car would say."""
    values = {path: _any_value(signal) for path, signal in signal_table().items()}
    return values | {
        paths.DISPLAYED_SOC: 61.234,
        "Vehicle.Powertrain.Range": 312_400,
        "Vehicle.TraveledDistance": 18_654_321,
        "Vehicle.Exterior.AirTemperature": 4.5,
        paths.CABIN_DEGC: 12.25,
        paths.CABIN_TARGET: 21.0,
        paths.LATITUDE: 45.0246,
        paths.LONGITUDE: 7.7612,
        paths.GPS_ACCURACY: 4.0,
        OURS + "Mode": "PARKED",
        OURS + "WallPower": 7_412.0,
        OURS + "Charging.FinishTime": "2026-03-02T18:30:00Z",
        OURS + "Charging.SessionEnergy": 6.4321,
        OURS + "Preconditioning.ReadyAt": "",
        OURS + "Update.InstalledVersion": "1.4.2",
        OURS + "Update.LatestVersion": "1.5.0",
        OURS + "LastTrip.Distance": 23_400,
        CHARGING + "ChargeLimit": 80,
        CHARGING + "IsCharging": True,
        CHARGING + "StartStopCharging": "START",
        "Vehicle.LowVoltageBattery.CurrentVoltage": 12.63,
        **dict.fromkeys(words.TYRES.values(), 270),
        **{door + "IsLocked": True for door in words.SEATS.values()},
    }


def _any_value(signal):
    if signal.datatype.endswith("[]"):
        return []
    if signal.datatype == "string":
        return signal.allowed[0] if signal.allowed else ""
    if signal.datatype == "boolean":
        return False
    low = max(signal.min, 0.0)
    return float(low) if signal.datatype in {"float", "double"} else int(low)


class ScriptedCar:
    """A car without physics: it becomes what it is told, or refuses."""

    def __init__(self, bus, clock, vin=VIN):
        self.bus, self.clock, self.vin = bus, clock, vin
        self.values = plausible_values()
        self.told = []
        """Every command, once for each id."""
        self.answers = {}
        """What to answer instead of obeying, by verb or path."""

    async def run(self):
        async with asyncio.TaskGroup() as group:
            group.create_task(self._answer_all())
            group.create_task(self._obey_all())

    def frame(self, *, full=True, **values):
        told = self.values if full else values
        return SignalFrame(time_ns=self.clock.now_ns(), values=dict(told), full=full)

    async def publish(self):
        await self.bus.publish(car_signals(self.vin), encode(self.frame()))

    async def change(self, changes):
        self.values.update(changes)
        frame = SignalFrame(time_ns=self.clock.now_ns(), values=dict(changes))
        await self.bus.publish(car_signals(self.vin), encode(frame))

    async def aim(self, targets):
        message = Targets(time_ns=self.clock.now_ns(), values=targets)
        await self.bus.publish(car_targets(self.vin), encode(message))

    async def end(self, command, result, reason=""):
        now_ns = self.clock.now_ns()
        audit = Audit(
            id=command.id,
            time_ns=now_ns,
            end_ns=now_ns,
            who=command.who,
            role=command.role,
            what=command.verb.__struct_config__.tag,
            result=result,
            reason=reason,
        )
        await self.bus.publish(car_audit(self.vin), encode(audit))

    async def _answer_all(self):
        async for message in await self.bus.subscribe(car_get(self.vin)):
            await self.bus.respond(message, encode(self.frame()))

    async def _obey_all(self):
        async for message in await self.bus.subscribe(car_do(self.vin, "*")):
            command = decode(message.data, Command, where=message.subject)
            if all(command.id != other.id for other in self.told):
                self.told.append(command)
            answer = self._answer(command.verb)
            await self.bus.respond(message, encode(answer))
            if answer.ok:
                await self.publish()

    def _answer(self, verb):
        name = verb.path if isinstance(verb, Actuate) else verb.__struct_config__.tag
        if name in self.answers:
            return self.answers[name]
        self.values.update(_become(verb))
        return Answer(ok=True, state="reached")


def _become(verb):
    match verb:
        case Lock() | Unlock():
            is_locked = isinstance(verb, Lock)
            return {door + "IsLocked": is_locked for door in words.SEATS.values()}
        case Climate():
            return {paths.CLIMATE: verb.on}
        case ChargeLimit():
            return {CHARGING + "ChargeLimit": round(100 * verb.soc)}
        case ChargeStart() | ChargeStop():
            is_on = isinstance(verb, ChargeStart)
            return {CHARGING + "StartStopCharging": "START" if is_on else "STOP"}
        case Flap():
            return {paths.FLAP: verb.open}
        case Precondition(ready_at_ns=None):
            return {OURS + "Preconditioning.ReadyAt": ""}
        case Actuate():
            return {verb.path: verb.value}
    return {}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def mosquitto(folder, *, port=0):
    """Debian's mosquitto on a port of its own, with its memory in `folder`."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        pytest.skip("mosquitto is not installed; Debian has it")
    port = port or free_port()
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\n"
        f"persistence true\npersistence_location {folder}/\nautosave_interval 1\n"
        "max_queued_messages 10000\n"
    )
    with (folder / "mosquitto.log").open("ab") as log:
        process = subprocess.Popen([program, "-c", str(config)], stdout=log, stderr=log)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_S)


class Listener:
    """An MQTT client of the test's own, which remembers what every topic said last."""

    def __init__(self, client):
        self.client = client
        self.kept = {}
        """What came as retained, by topic."""
        self.last = {}
        self.heard = []
        self._news = asyncio.Event()

    async def listen(self):
        async for message in self.client.messages:
            topic = str(message.topic)
            if message.retain:
                self.kept[topic] = message.payload
            self.last[topic] = message.payload
            self.heard.append((topic, message))
            self._news.set()

    def json(self, topic):
        return msgspec.json.decode(self.last[topic])

    async def until(self, holds):
        """Wait until `holds()` is true or raises no KeyError any more."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    if holds():
                        return
                except (KeyError, IndexError):
                    pass
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def listener(port, *, protocol="5", patterns=("#",)):
    """Connect as someone else, and hear everything."""
    version = aiomqtt.ProtocolVersion.V5 if protocol == "5" else aiomqtt.ProtocolVersion.V311
    client = await _patient_client(port, version)
    try:
        ear = Listener(client)
        task = asyncio.create_task(ear.listen())
        for pattern in patterns:
            await client.subscribe(pattern, qos=1)
        try:
            yield ear
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    finally:
        await client.__aexit__(None, None, None)


async def _patient_client(port, version):
    async with asyncio.timeout(PATIENCE_S):
        while True:
            client = aiomqtt.Client("127.0.0.1", port, protocol=version, timeout=5.0)
            # Mosquitto hands on topics that are not UTF-8.
            client._client.suppress_exceptions = True
            try:
                return await client.__aenter__()
            except aiomqtt.MqttError:
                await asyncio.get_running_loop().run_in_executor(None, _breathe)


def _breathe():
    import select

    select.select([], [], [], 0.02)
