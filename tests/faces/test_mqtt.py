"""The bridge beside real brokers: mosquitto in both protocols, and the listener of our own bus."""

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest
from aiomqtt import MqttError
from msgspec.structs import replace
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from faces.mqtt_scene import (
    CHARGING,
    FACTS,
    PATIENCE_S,
    VIN,
    ScriptedCar,
    free_port,
    listener,
    mosquitto,
)
from vettura.bus.embedded import EmbeddedServer, Ports
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Actuate, Answer, Lock, Unlock
from vettura.bus.paths import FLAP
from vettura.clock import WallClock, rehearse
from vettura.errors import InputError
from vettura.faces import mqtt_house
from vettura.faces.config import HomeAssistantConfig, MqttConfig
from vettura.faces.mqtt import ORDERS_MAX, MqttFace
from vettura.words.car_state import WINDOWS

pytestmark = pytest.mark.live

CAR = f"vettura/{VIN}/"
BRIDGE = "vettura/bridge/casa/availability"
BOTH = ("mosquitto 5", "embedded 3.1.1")
on_every_kind = pytest.mark.parametrize("scene", [*BOTH, "mosquitto 3.1.1"], indirect=True)
LOCK_CONFIG = f"homeassistant/lock/{VIN}/lock/config"


class Scene:
    """A broker, a scripted car on a bus in memory, and the bridge between them."""

    def __init__(self, port, protocol, *, embedded):
        self.port, self.protocol, self.embedded = port, protocol, embedded
        self.pace = WallClock()
        self.bus = MemoryBus(self.pace)
        self.car = ScriptedCar(self.bus, self.pace)

    def face(self, *cars, port=0, **config):
        port = port or self.port
        mqtt = MqttConfig(host="" if self.embedded else "127.0.0.1", port=port, protocol="5")
        return MqttFace(
            self.bus,
            self.pace,
            self.pace,
            mqtt if self.protocol == "5" else replace(mqtt, protocol="3.1.1"),
            cars or [FACTS],
            homeassistant=HomeAssistantConfig(**config),
            embedded_port=port if self.embedded else None,
        )

    @asynccontextmanager
    async def running(self, face):
        tasks = [asyncio.create_task(self.car.run()), asyncio.create_task(face.run())]
        try:
            await asyncio.wait(
                [asyncio.create_task(face.ready.wait()), tasks[1]],
                return_when=asyncio.FIRST_COMPLETED,
            )
            yield face
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def ear(self, **options):
        return listener(self.port, protocol=self.protocol, **options)


@pytest.fixture(params=BOTH)
async def scene(request, tmp_path):
    kind, protocol = request.param.split()
    if kind == "mosquitto":
        with mosquitto(tmp_path) as port:
            yield Scene(port, protocol, embedded=False)
        return
    port = free_port()
    async with EmbeddedServer(tmp_path, pace=WallClock(), ports=Ports(mqtt=port)):
        yield Scene(port, protocol, embedded=True)


@pytest.fixture
def mosquitto_5(tmp_path):
    with mosquitto(tmp_path) as port:
        yield Scene(port, "5", embedded=False)


@on_every_kind
async def test_who_comes_later_finds_everything_kept(scene):
    finish = b"2026-03-02T18:30:00+00:00"
    async with scene.running(scene.face()), scene.ear() as first:
        await first.until(lambda: first.last[CAR + "location"] and first.last[LOCK_CONFIG])
        async with scene.ear() as late:
            await late.until(lambda: late.kept[CAR + "state"] and late.kept[LOCK_CONFIG])
            await late.until(lambda: late.kept[CAR + "location"])
            await late.until(lambda: late.kept[CAR + "availability"] == late.kept[BRIDGE])
            await late.until(lambda: late.kept[CAR + "finish_time"] == finish)
            assert late.kept[BRIDGE] == b"online"
            assert CAR + "vss" not in late.kept
    async with scene.ear() as after:
        await after.until(lambda: after.kept[BRIDGE] == b"offline")


@on_every_kind
async def test_a_command_is_obeyed_and_answered(scene):
    async with scene.running(scene.face()), scene.ear() as ear:
        await ear.until(lambda: ear.json(CAR + "state")["locked"] is True)
        await ear.client.publish(CAR + "do/lock", b"UNLOCK", qos=1)
        await ear.until(lambda: ear.json(CAR + "answer")["what"] == "lock")
        assert ear.json(CAR + "answer")["state"] == "reached"
        await ear.until(lambda: ear.json(CAR + "state")["locked"] is False)
        path = WINDOWS["driver"]
        await ear.client.publish(CAR + "set/" + path.replace(".", "/"), b"40")
        await ear.until(lambda: ear.json(CAR + "answer")["what"] == path)
        await ear.until(lambda: ear.json(CAR + "state")["window_driver"] == 40)
        await ear.until(lambda: path in ear.json(CAR + "vss")["values"])
        told = [(command.verb, command.who, command.role) for command in scene.car.told]
        assert told[0] == (Unlock(), "mqtt", "owner")


async def test_a_refusal_of_the_car_reaches_who_asked(scene):
    reason = "the charge flap stays shut while driving"
    refusal = Answer(ok=False, reason=reason, code="interlock", state="refused")
    scene.car.answers["flap"] = refusal
    async with scene.running(scene.face()), scene.ear() as ear:
        await ear.until(lambda: ear.last[CAR + "state"])
        await ear.client.publish(CAR + "do/charge_flap/homeassistant", b"OPEN")
        await ear.until(lambda: ear.json(CAR + "answer")["reason"] == reason)
        assert ear.json(CAR + "answer")["code"] == "interlock"
        assert scene.car.told[0].who == "homeassistant"
        assert ear.json(CAR + "state")["charge_flap"] == "closed"
        assert scene.car.values[FLAP] is False


async def test_bad_input_is_refused_and_the_next_command_obeyed(scene):
    hostile = [
        ("do/lock", b"\xff\xfe\xfd"),
        ("do/charge_limit", b"NaN"),
        ("do/charge_limit", b"9" * 1_000_000),
        ("do/" + "x" * 200, b"ON"),
        ("do/lock/anybody", b"LOCK"),
        ("do/a.b*>c", b"ON"),
        ("set/Vehicle/Speed", b"[" * 4_000),
        ("set/Vehicle/Speed", b'{"value": NaN}'),
        ("set/" + "a/" * 100, b"1"),
    ]
    async with scene.running(scene.face()) as face, scene.ear() as ear:
        await ear.until(lambda: ear.last[CAR + "state"])
        for leaf, payload in hostile:
            await ear.client.publish(CAR + leaf, payload, qos=1)
        await ear.client.publish(CAR + "do/charge_limit", b"90", qos=1)
        await ear.until(lambda: ear.json(CAR + "state")["charge_limit"] == 90)
        answers = [topic for topic, _ in ear.heard if topic == CAR + "answer"]
        assert len(answers) == len(hostile) + 1
        assert face.counts.refused == len(hostile)
        assert face.counts.connections == 1
        assert [command.verb for command in scene.car.told] == [
            Actuate(path=CHARGING + "ChargeLimit", value=90)
        ]


async def test_a_topic_that_is_not_utf_8_harms_nobody(scene):
    async with scene.running(scene.face()) as face, scene.ear() as ear:
        await ear.until(lambda: ear.last[CAR + "state"])
        await _publish_raw(scene.port, CAR.encode() + b"do/\xff\xfe", b"LOCK")
        await ear.client.publish(CAR + "do/lock", b"LOCK", qos=1)
        await ear.until(lambda: ear.json(CAR + "answer")["what"] == "lock")
        assert face.counts.connections == 1


async def _publish_raw(port, topic, payload):
    """A minimal MQTT 3.1.1 client that sends any bytes as a topic."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    connect = b"\x00\x04MQTT\x04\x02\x00\x3c\x00\x03raw"
    writer.write(b"\x10" + bytes([len(connect)]) + connect)
    await reader.readexactly(4)
    body = len(topic).to_bytes(2, "big") + topic + payload
    writer.write(b"\x30" + bytes([len(body)]) + body + b"\xe0\x00")
    with suppress(ConnectionResetError):
        await reader.read()
    writer.close()


async def test_a_kept_command_is_not_obeyed_when_the_bridge_comes(scene):
    async with scene.ear() as ear:
        await ear.client.publish(CAR + "do/lock", b"UNLOCK", qos=1, retain=True)
        async with scene.running(scene.face()):
            await ear.until(lambda: ear.json(CAR + "answer")["what"] == "lock")
            assert ear.json(CAR + "answer")["ok"] is False
    assert not scene.car.told


async def test_the_same_id_is_obeyed_once(scene):
    async with scene.running(scene.face()), scene.ear() as ear:
        await ear.until(lambda: ear.last[CAR + "state"])
        for _ in range(2):
            await ear.client.publish(CAR + "do/lock", b'{"value": "LOCK", "id": "k7"}', qos=1)
        await ear.until(lambda: [t for t, _ in ear.heard].count(CAR + "answer") == 2)
        assert ear.json(CAR + "answer")["id"] == "k7"
    assert len(scene.car.told) == 1


async def test_the_end_of_what_takes_time_is_told_too(scene):
    path = WINDOWS["driver"]
    scene.car.answers[path] = Answer(ok=True, state="accepted")
    async with scene.running(scene.face()), scene.ear() as ear:
        await ear.until(lambda: ear.last[CAR + "state"])
        await ear.client.publish(CAR + "do/window_driver", b"80")
        await ear.until(lambda: ear.json(CAR + "answer")["state"] == "accepted")
        await scene.car.aim({path: 80})
        await ear.until(lambda: ear.json(CAR + "state")["window_driver_motion"] == "opening")
        await scene.car.end(scene.car.told[0], "timed out", "the window does not move")
        await ear.until(lambda: ear.json(CAR + "answer")["state"] == "timed out")
        assert ear.json(CAR + "answer")["reason"] == "the window does not move"


async def test_a_flood_of_commands_is_answered_as_busy(mosquitto_5):
    scene = mosquitto_5
    async with scene.running(scene.face()) as face, scene.ear() as ear:
        await ear.until(lambda: ear.last[CAR + "state"])
        scene.car.answers["lock"] = Answer(ok=True, state="reached")
        flood = 4 * ORDERS_MAX
        for _ in range(flood):
            await ear.client.publish(CAR + "do/lock", b"LOCK")
        await ear.until(lambda: [t for t, _ in ear.heard].count(CAR + "answer") == flood)
        assert face.counts.orders + face.counts.busy == flood
        assert len(scene.car.told) == face.counts.orders


async def test_a_response_topic_gets_the_answer_with_its_correlation(mosquitto_5):
    scene = mosquitto_5
    async with scene.running(scene.face()), scene.ear() as ear:
        await ear.until(lambda: ear.last[CAR + "state"])
        properties = Properties(PacketTypes.PUBLISH)
        properties.ResponseTopic = "mine/answers"
        properties.CorrelationData = b"\x00seven"
        await ear.client.publish(CAR + "do/lock", b"LOCK", properties=properties)
        await ear.until(lambda: ear.json("mine/answers")["ok"] is True)
        heard = dict(ear.heard)["mine/answers"]
        assert heard.properties.CorrelationData == b"\x00seven"


async def test_nobody_makes_the_bridge_command_or_lie_through_a_response_topic(mosquitto_5):
    scene = mosquitto_5
    forbidden = [CAR + "do/lock", CAR + "state", "homeassistant/lock/x/y/config"]
    async with scene.running(scene.face()) as face, scene.ear() as ear:
        await ear.until(lambda: ear.last[CAR + "state"])
        for topic in forbidden:
            properties = Properties(PacketTypes.PUBLISH)
            properties.ResponseTopic = topic
            await ear.client.publish(CAR + "do/honk", b"PRESS", properties=properties)
        await ear.until(lambda: [t for t, _ in ear.heard].count(CAR + "answer") == len(forbidden))
        assert "homeassistant/lock/x/y/config" not in ear.last
        assert "battery" in ear.json(CAR + "state")
        assert face.counts.refused == 0


@on_every_kind
async def test_a_broken_connection_is_told_by_the_will_and_mended(scene):
    async with _Relay(scene.port) as relay:
        face = scene.face(port=relay.port)
        async with scene.running(face), scene.ear() as ear:
            await ear.until(lambda: ear.last[BRIDGE] == b"online" and ear.last[CAR + "state"])
            await relay.cut()
            await ear.until(lambda: ear.last[BRIDGE] == b"offline")
            await relay.mend()
            await ear.until(lambda: ear.last[BRIDGE] == b"online")
            await ear.client.publish(CAR + "do/lock", b"LOCK", qos=1)
            await ear.until(lambda: ear.json(CAR + "answer")["ok"])
        assert face.counts.connections == 2
    assert [command.verb for command in scene.car.told] == [Lock()]


async def test_a_broker_that_comes_back_without_memory_is_told_everything(tmp_path):
    port = free_port()
    scene = Scene(port, "5", embedded=False)
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    broker = mosquitto(tmp_path / "first", port=port)
    broker.__enter__()
    async with scene.running(scene.face()):
        async with scene.ear() as ear:
            await ear.until(lambda: ear.last[CAR + "location"] and ear.last[LOCK_CONFIG])
            broker.__exit__(None, None, None)
        with mosquitto(tmp_path / "second", port=port):
            async with scene.ear() as ear:
                await ear.until(lambda: ear.last[CAR + "location"] and ear.last[LOCK_CONFIG])


async def test_home_assistant_s_birth_is_answered_with_everything(mosquitto_5, monkeypatch):
    monkeypatch.setattr(mqtt_house, "AGAIN_S", 0.0)
    scene = mosquitto_5
    async with scene.running(scene.face()), scene.ear() as ear:
        await ear.until(lambda: ear.last[CAR + "location"] and ear.last[LOCK_CONFIG])
        ear.last.clear()
        await ear.client.publish("homeassistant/status", b"online")
        await ear.until(lambda: ear.last[CAR + "state"] and ear.last[LOCK_CONFIG])
        assert ear.last[CAR + "availability"] == b"online"


@on_every_kind
async def test_a_car_that_goes_leaves_nothing_with_the_broker(scene):
    async with scene.running(scene.face()) as face, scene.ear() as ear:
        await ear.until(lambda: ear.last[CAR + "location"] and ear.last[LOCK_CONFIG])
        await face.remove(VIN)
        await ear.until(lambda: ear.last[CAR + "ready_at"] == b"")
        await until_kept(scene, [])


async def until_kept(scene, topics):
    """Wait until the broker keeps just these topics of the car."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with scene.ear() as late:
                await late.client.publish("marker", b"here", qos=1)
                await late.until(lambda: late.last["marker"])
                kept = [topic for topic in late.kept if VIN in topic]
            if kept == topics:
                return


@pytest.mark.parametrize("by_device", [False, True])
async def test_what_is_left_of_a_car_that_went_is_found_at_the_next_start(scene, by_device):
    async with scene.running(scene.face(by_device=by_device)), scene.ear() as ear:
        await ear.until(lambda: ear.last[CAR + "location"])
        foreign = f"homeassistant/sensor/{VIN}/other/config"
        await ear.client.publish(foreign, b'{"name": "not ours"}', qos=1, retain=True)
        await ear.until(lambda: ear.last[foreign])
    other = replace(FACTS, vin="LNBSCPBA0RA000099", name="YU7")
    async with scene.running(scene.face(other)), scene.ear() as ear:
        await ear.until(lambda: ear.last[CAR + "ready_at"] == b"")
        await until_kept(scene, [foreign])


async def test_without_any_broker_the_face_says_what_to_do():
    pace = WallClock()
    face = MqttFace(
        MemoryBus(pace), pace, pace, MqttConfig(), [FACTS], homeassistant=None, embedded_port=None
    )
    with pytest.raises(InputError, match="no broker"):
        await face.run()


async def test_a_stranger_with_a_wrong_port_is_tried_again_and_again():
    pace = WallClock()
    config = MqttConfig(host="127.0.0.1", port=free_port())
    face = MqttFace(
        MemoryBus(pace), pace, pace, config, [FACTS], homeassistant=None, embedded_port=None
    )
    with pytest.raises(TimeoutError):
        await pace.wait_for(face.run(), 1.0)
    assert not face.ready.is_set()


def test_a_rehearsal_translates_everything_without_a_socket():
    heard = []

    async def main(clock):
        bus = MemoryBus(clock)
        bus.tap(lambda time_ns, subject, data: heard.append(subject))
        car = ScriptedCar(bus, clock)
        face = MqttFace(
            bus,
            clock,
            clock,
            MqttConfig(),
            [FACTS],
            homeassistant=HomeAssistantConfig(),
            embedded_port=None,
        )
        task = asyncio.create_task(face.run_closed())
        await clock.sleep(1.0)
        await car.publish()
        for percent in range(50):
            await clock.sleep(60.0)
            await car.change({CHARGING + "ChargeLimit": percent})
        await clock.sleep(5.0)
        assert face.sink.count > 100
        task.cancel()

    rehearse(main, start_ns=0, seed=1)
    assert set(heard) == {f"car.{VIN}.signals"}


class _Relay:
    """A wire between bridge and broker that can be cut as a network is."""

    def __init__(self, target):
        self._target = target
        self._writers = []

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        await self.cut()

    async def cut(self):
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def mend(self):
        self._server = await asyncio.start_server(self._join, "127.0.0.1", self.port)

    async def _join(self, reader, writer):
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers += [writer, back]
        await asyncio.gather(_pour(reader, back), _pour(there, writer))


async def _pour(reader, writer):
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except (OSError, MqttError):
        pass
    writer.close()
