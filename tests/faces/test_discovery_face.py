"""The face beside real brokers: devices in, actions out, floods, losses and restarts."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from faces.discovery_household import bridges, payload_of
from faces.mqtt_scene import FACTS, PATIENCE_S, free_port, listener, mosquitto
from vettura.bus.embedded import EmbeddedServer, Ports
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Answer, decode, encode
from vettura.bus.messages_home import (
    Cause,
    DeviceAbout,
    DeviceAction,
    DeviceState,
    EntityAbout,
    HomeEvent,
    TopicMessage,
    TopicsWanted,
)
from vettura.bus.subjects import (
    HOME_BUCKET,
    device_about,
    device_do,
    device_state,
    home_event,
    topic_in,
    topic_out,
    topics_wanted,
)
from vettura.clock import WallClock, rehearse
from vettura.errors import InputError, NoResponderError
from vettura.faces.config import DiscoveryConfig, HomeAssistantConfig, HomeFacts, MqttConfig
from vettura.faces.discovery import DiscoveryFace
from vettura.faces.homeassistant import discovery
from vettura.faces.mqtt_topics import Topics

pytestmark = pytest.mark.live

LAMP = "mqtt_lamp_1"
LIGHT = "light.lamp"
LAMP_TOPIC = "homeassistant/light/lamp/config"
LAMP_CONFIG = {
    "name": None,
    "unique_id": "lamp1",
    "device": {"identifiers": ["lamp-1"], "name": "Lamp"},
    "schema": "json",
    "brightness": True,
    "state_topic": "lamp",
    "command_topic": "lamp/set",
}


class Scene:
    """A broker, a bus in memory, and the face between them."""

    def __init__(self, port, *, embedded=False):
        self.port, self.embedded = port, embedded
        self.pace = WallClock()
        self.bus = MemoryBus(self.pace)
        self.states, self.abouts, self.heard = {}, {}, []

    def face(self, *, mqtt=None, **config):
        host = "" if self.embedded else "127.0.0.1"
        return DiscoveryFace(
            self.bus,
            self.pace,
            self.pace,
            DiscoveryConfig(host=host, port=self.port, **config),
            HomeFacts(id="casa", timezone="Europe/Rome"),
            [FACTS],
            mqtt=mqtt,
            embedded_port=self.port if self.embedded else None,
        )

    @asynccontextmanager
    async def running(self, face):
        tasks = [asyncio.create_task(one) for one in (face.run(), self._hear())]
        try:
            waits = [asyncio.create_task(face.ready.wait()), *tasks]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            yield face
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hear(self):
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hear_states())
            group.create_task(self._hear_abouts())

    async def _hear_states(self):
        async for message in await self.bus.subscribe(device_state("casa", "*")):
            state = decode(message.data, DeviceState, where=message.subject)
            self.states[message.subject.split(".")[2]] = state
            self.heard.append(state)

    async def _hear_abouts(self):
        async for message in await self.bus.subscribe(device_about("casa", "*")):
            about = decode(message.data, DeviceAbout, where=message.subject)
            self.abouts[message.subject.split(".")[2]] = about

    async def until(self, holds):
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    if holds():
                        return
                except (KeyError, IndexError):
                    pass
                await self.pace.sleep(0.01)

    def shows(self, entity, state):
        return any(
            one.entities[entity].state == state
            for one in self.states.values()
            if entity in one.entities
        )

    async def kept(self, key):
        entry = await (await self.bus.bucket(HOME_BUCKET)).get(key)
        return None if entry is None else entry.value

    async def do(self, action, entity=LIGHT, *, device=LAMP, name="1", cause=None, **data):
        asked = DeviceAction(id=name, action=action, entity=entity, data=data, cause=cause)
        reply = await self.bus.request(device_do("casa", device), encode(asked))
        return decode(reply.data, Answer, where=device)


async def say(ear, topic, told, *, retain=False):
    await ear.client.publish(topic, payload_of(told), retain=retain)


@pytest.fixture
def scene(tmp_path):
    with mosquitto(tmp_path) as port:
        yield Scene(port)


async def test_a_lamp_comes_shows_obeys_and_goes(scene):
    async with scene.running(scene.face()), listener(scene.port) as ear:
        await say(ear, LAMP_TOPIC, LAMP_CONFIG, retain=True)
        await scene.until(lambda: scene.shows(LIGHT, "unknown"))
        about = scene.abouts[LAMP]
        assert about.name == "Lamp"
        assert about.origin == "mqtt"
        assert about.entities[LIGHT].actions == ["light.toggle", "light.turn_off", "light.turn_on"]
        await say(ear, "lamp", {"state": "OFF"})
        await scene.until(lambda: scene.shows(LIGHT, "off"))
        answer = await scene.do("light.turn_on", brightness=51)
        assert answer == Answer(ok=True, state="reached")
        await ear.until(lambda: ear.json("lamp/set") == {"state": "ON", "brightness": 51})
        assert scene.shows(LIGHT, "off")
        await say(ear, "lamp", {"state": "ON", "brightness": 51})
        await scene.until(lambda: scene.shows(LIGHT, "on"))
        key = device_state("casa", LAMP)
        await _until_kept(scene, key, b"on")
        await say(ear, LAMP_TOPIC, "", retain=True)
        await scene.until(lambda: not scene.abouts[LAMP].entities)
        await _until_kept(scene, key, None)
        with pytest.raises(NoResponderError):
            await scene.do("light.turn_on", name="2")


async def _until_kept(scene, key, part):
    async with asyncio.timeout(PATIENCE_S):
        while True:
            kept = await scene.kept(key)
            if (kept is None) if part is None else (kept is not None and part in kept):
                return
            await scene.pace.sleep(0.02)


async def test_the_whole_household_comes_at_once(scene):
    async with scene.running(scene.face()) as face, listener(scene.port) as ear:
        for bridge in bridges():
            for topic, config in bridge.announces:
                await say(ear, topic, config, retain=True)
        wanted = {entity for bridge in bridges() for entity in bridge.shows}
        await scene.until(
            lambda: {e for about in scene.abouts.values() for e in about.entities} == wanted
        )
        assert face.counts.faults == 0
        assert len(scene.abouts) == 21


async def test_what_happened_before_is_heard_from_what_is_kept(scene):
    async with listener(scene.port) as ear:
        await say(ear, LAMP_TOPIC, LAMP_CONFIG, retain=True)
        await say(ear, "lamp", {"state": "ON"}, retain=True)
        async with scene.running(scene.face()):
            await scene.until(lambda: scene.shows(LIGHT, "on"))
            # A second entity on a topic that is listened to already hears what is kept there too.
            more = {"name": "Raw", "unique_id": "r", "state_topic": "lamp"}
            await say(ear, "homeassistant/sensor/raw/config", more, retain=True)
            await scene.until(lambda: scene.shows("sensor.raw", '{"state": "ON"}'))


async def test_bridges_are_asked_to_tell_their_states(scene):
    async with listener(scene.port) as ear, scene.running(scene.face()):
        await ear.until(lambda: ear.last["homeassistant/status"] == b"online")
        assert "homeassistant/status" not in ear.kept


async def test_a_cause_travels_to_the_state_that_it_led_to(scene):
    cause = Cause(id="r1", who="automation.evening", hops=1, chain=["person.giulia"])
    async with scene.running(scene.face()), listener(scene.port) as ear:
        await say(ear, LAMP_TOPIC, LAMP_CONFIG)
        await scene.until(lambda: scene.shows(LIGHT, "unknown"))
        await scene.do("light.turn_on", cause=cause)
        await ear.until(lambda: ear.last["lamp/set"])
        await say(ear, "lamp", {"state": "ON"})
        await scene.until(lambda: scene.shows(LIGHT, "on"))
    assert scene.states[LAMP].cause == cause
    assert scene.heard[0].cause is None


async def test_an_action_is_obeyed_once_for_each_id_and_refused_with_a_reason(scene):
    async with scene.running(scene.face()), listener(scene.port) as ear:
        await say(ear, LAMP_TOPIC, LAMP_CONFIG)
        await scene.until(lambda: scene.shows(LIGHT, "unknown"))
        for _ in range(3):
            assert (await scene.do("light.turn_on")).ok
        assert (await scene.do("light.turn_off", name="2")).ok
        await ear.until(lambda: ear.json("lamp/set") == {"state": "OFF"})
        assert [topic for topic, _ in ear.heard].count("lamp/set") == 2
        refusals = [
            ("light.turn_on", LIGHT, {"brightness": "bright"}, "brightness must be a number"),
            ("light.paint", LIGHT, {}, "knows no light.paint"),
            ("switch.turn_on", LIGHT, {}, "knows no switch.turn_on"),
            ("light.turn_on", "light.other", {}, "has no light.other"),
        ]
        for action, entity, data, reason in refusals:
            answer = await scene.do(action, entity, name=f"n{reason}", **data)
            assert not answer.ok
            assert reason in answer.reason
        assert (await scene.do("homeassistant.turn_off", "", name="all")).ok


async def test_without_its_broker_all_is_unavailable_until_it_is_back(scene, tmp_path):
    port = free_port()
    scene.port = port
    folder = tmp_path / "second"
    folder.mkdir()
    with mosquitto(folder, port=port):
        face = scene.face()
        task = asyncio.create_task(face.run())
        hearing = asyncio.create_task(scene._hear())
        await face.ready.wait()
        async with listener(port) as ear:
            await say(ear, LAMP_TOPIC, LAMP_CONFIG, retain=True)
            await say(ear, "lamp", {"state": "ON"}, retain=True)
            await scene.until(lambda: scene.shows(LIGHT, "on"))
    await scene.until(lambda: scene.shows(LIGHT, "unavailable"))
    assert not (await scene.do("light.turn_off")).ok
    with mosquitto(folder, port=port):
        await scene.until(lambda: scene.shows(LIGHT, "on"))
        assert face.counts.connections >= 2
        for one in (task, hearing):
            one.cancel()
        await asyncio.gather(task, hearing, return_exceptions=True)


async def test_a_flood_is_conflated_and_the_last_word_is_heard(scene):
    async with scene.running(scene.face()) as face, listener(scene.port) as ear:
        config = {"name": "Flood", "unique_id": "f", "state_topic": "flood"}
        await say(ear, "homeassistant/sensor/flood/config", config)
        await say(ear, LAMP_TOPIC, LAMP_CONFIG)
        await scene.until(lambda: scene.shows("sensor.flood", "unknown"))
        await scene.until(lambda: scene.shows(LIGHT, "unknown"))
        for number in range(10_000):
            await ear.client.publish("flood", str(number).encode())
        await say(ear, "lamp", {"state": "ON"})
        await say(ear, "flood", "end")
        await scene.until(lambda: scene.shows(LIGHT, "on"))
        await scene.until(lambda: scene.shows("sensor.flood", "end"))
        told = [state for state in scene.heard if "sensor.flood" in state.entities]
        assert len(told) < 1000
        assert len(face.inbox) == 0


async def test_what_is_wrong_costs_a_line_and_others_go_on(scene):
    wrong = {
        "homeassistant/light/a/config": "no json",
        "homeassistant/light/b/config": {"name": "B"},
        "homeassistant/light/c c/config": {"name": "C"},
        "homeassistant/tag/d/config": {"topic": "d"},
        "homeassistant/sensor/e/config": {"state_topic": "#"},
        "homeassistant/sensor/f/config": {"state_topic": "f", "value_template": "{{ value "},
        "homeassistant/sensor/g/config": {"name": "G", "state_topic": "g" * 70_000},
        "homeassistant/sensor/h/config": {"name": "H", "pad": "h" * 1_000_000},
        "homeassistant/switch/i/config": {"command_topic": f"vettura/{FACTS.vin}/do/lock"},
        "homeassistant/switch/j/config": {"command_topic": "homeassistant/status"},
    }
    async with scene.running(scene.face()) as face, listener(scene.port) as ear:
        for topic, told in wrong.items():
            await say(ear, topic, told)
        await say(ear, LAMP_TOPIC, LAMP_CONFIG)
        await scene.until(lambda: scene.shows(LIGHT, "unknown"))
        assert face.counts.faults == len(wrong)
        await say(ear, "lamp", "x" * 1_000_000)
        await say(ear, "lamp", {"state": "ON"})
        await scene.until(lambda: scene.shows(LIGHT, "on"))
        assert face.counts.faults == len(wrong) + 1
        assert list(scene.abouts) == [LAMP]


async def test_our_own_cars_are_not_read_back(scene):
    told = discovery([FACTS], Topics("vettura", "casa"), HomeAssistantConfig())
    told |= discovery([FACTS], Topics("vettura", "casa"), HomeAssistantConfig(by_device=True))
    async with scene.running(scene.face(mqtt=MqttConfig())) as face, listener(scene.port) as ear:
        for topic, payload in told.items():
            await ear.client.publish(topic, payload, retain=True)
        await say(ear, LAMP_TOPIC, LAMP_CONFIG)
        await scene.until(lambda: scene.shows(LIGHT, "unknown"))
        assert face.counts.faults == 0
        assert list(scene.abouts) == [LAMP]


async def _keep(scene, subject, kind, kept):
    async for message in await scene.bus.subscribe(subject):
        kept += [decode(message.data, kind, where=subject)]


async def test_pressed_buttons_are_events(scene):
    config = {
        "automation_type": "trigger",
        "topic": "remote/action",
        "type": "button_short_press",
        "subtype": "button_1",
        "payload": "on",
        "device": {"identifiers": ["remote-1"], "name": "Remote"},
    }
    events = []

    hearing = asyncio.create_task(_keep(scene, home_event("casa"), HomeEvent, events))
    async with scene.running(scene.face()), listener(scene.port) as ear:
        await say(ear, "remote/action", "on", retain=True)
        await say(ear, "homeassistant/device_automation/remote/on/config", config, retain=True)
        await say(ear, LAMP_TOPIC, LAMP_CONFIG)
        await scene.until(lambda: scene.shows(LIGHT, "unknown"))
        await say(ear, "remote/action", "off")
        await say(ear, "remote/action", "on")
        await scene.until(lambda: events)
        hearing.cancel()
    assert len(events) == 1
    assert events[0].event_type == "device_trigger"
    data = events[0].data
    assert (data["name"], data["type"], data["subtype"]) == (
        "Remote",
        "button_short_press",
        "button_1",
    )


async def test_scenes_hear_and_speak_mqtt(scene):
    told = []

    hearing = asyncio.create_task(_keep(scene, topic_in("casa"), TopicMessage, told))
    async with scene.running(scene.face()) as face, listener(scene.port) as ear:
        wanted = TopicsWanted(filters=["doors/+/bell", "lamp", "#", "bad+/x"])
        await (await scene.bus.bucket(HOME_BUCKET)).put(topics_wanted("casa"), encode(wanted))
        await say(ear, LAMP_TOPIC, LAMP_CONFIG)
        await scene.until(lambda: face.scenes.filters == {"doors/+/bell", "lamp"})
        await scene.until(lambda: scene.shows(LIGHT, "unknown"))
        await _until_heard(scene, ear, "doors/front/bell", told)
        await say(ear, "lamp", {"state": "ON"})
        await scene.until(lambda: scene.shows(LIGHT, "on"))
        await scene.until(lambda: [one for one in told if one.topic == "lamp"])
        out = TopicMessage(topic="notes/kitchen", payload="milk", qos=1, retain=True)
        for message in (out, TopicMessage(topic="notes/#", payload="no")):
            await scene.bus.publish(topic_out("casa"), encode(message))
        await ear.until(lambda: ear.last["notes/kitchen"] == b"milk")
        hearing.cancel()
    assert face.scenes.refused >= 2


async def test_others_than_scenes_hear_topics_too(scene):
    told = []
    hearing = asyncio.create_task(_keep(scene, topic_in("casa"), TopicMessage, told))
    async with scene.running(scene.face()) as face, listener(scene.port) as ear:
        bucket = await scene.bus.bucket(HOME_BUCKET)
        for who, topic in (("energy", "evcc/rates"), ("", "doors/bell")):
            wanted = TopicsWanted(filters=[topic])
            await bucket.put(topics_wanted("casa", who), encode(wanted))
        await scene.until(lambda: face.scenes.filters == {"evcc/rates", "doors/bell"})
        await _until_heard(scene, ear, "evcc/rates", told)
        # Who wants nothing any more takes nothing from the others.
        await bucket.put(topics_wanted("casa"), encode(TopicsWanted(filters=[])))
        await scene.until(lambda: face.scenes.filters == {"evcc/rates"})
        hearing.cancel()


async def _until_heard(scene, ear, topic, told):
    async with asyncio.timeout(PATIENCE_S):
        while not [one for one in told if one.topic == topic]:
            await say(ear, topic, "ring")
            await scene.pace.sleep(0.05)


async def test_entity_ids_stay_and_are_nobody_elses(scene):
    other = DeviceAbout(name="Kitchen", entities={LIGHT: EntityAbout(name="Lamp")})
    bucket = await scene.bus.bucket(HOME_BUCKET)
    await bucket.put(device_about("casa", "kitchen"), encode(other))
    async with listener(scene.port) as ear:
        async with scene.running(scene.face()):
            await say(ear, LAMP_TOPIC, LAMP_CONFIG, retain=True)
            await scene.until(lambda: scene.shows("light.lamp_2", "unknown"))
            await _until_kept(scene, "home.casa.mqtt.ids", b"light.lamp_2")
        await bucket.delete(device_about("casa", "kitchen"))
        scene.states.clear()
        renamed = LAMP_CONFIG | {"device": {"identifiers": ["lamp-1"], "name": "Reading lamp"}}
        await say(ear, LAMP_TOPIC, renamed, retain=True)
        async with scene.running(scene.face()):
            await scene.until(lambda: scene.shows("light.lamp_2", "unknown"))
            assert scene.abouts[LAMP].entities["light.lamp_2"].name == "Reading lamp"


async def test_what_went_while_we_were_away_is_forgotten(scene, monkeypatch):
    from vettura.faces import discovery as face_module

    monkeypatch.setattr(face_module, "LOOKING_BACK_S", 0.2)
    async with listener(scene.port) as ear:
        async with scene.running(scene.face()):
            await say(ear, LAMP_TOPIC, LAMP_CONFIG, retain=True)
            await _until_kept(scene, device_about("casa", LAMP), b"Lamp")
        await say(ear, LAMP_TOPIC, "", retain=True)
        async with scene.running(scene.face()):
            await _until_kept(scene, device_about("casa", LAMP), None)
            assert not scene.abouts[LAMP].entities


async def test_the_houses_own_broker_does_as_well(tmp_path):
    pace = WallClock()
    async with EmbeddedServer(tmp_path, pace=pace, ports=Ports(mqtt=free_port())) as server:
        scene = Scene(server.mqtt_port, embedded=True)
        ear_of = listener(scene.port, protocol="3.1.1")
        async with scene.running(scene.face()) as face, ear_of as ear:
            spaced = LAMP_CONFIG | {"unique_id": "s", "state_topic": "a lamp"}
            await say(ear, "homeassistant/light/spaced/config", spaced)
            await say(ear, LAMP_TOPIC, LAMP_CONFIG, retain=True)
            await say(ear, "lamp", {"state": "ON"}, retain=True)
            await scene.until(lambda: scene.shows(LIGHT, "on"))
            assert (await scene.do("light.turn_off")).ok
            await ear.until(lambda: json.loads(ear.last["lamp/set"]) == {"state": "OFF"})
            assert face.counts.connections == 1
            assert face.counts.faults == 1


async def test_without_any_broker_there_is_one_clear_line():
    scene = Scene(0, embedded=True)
    with pytest.raises(InputError, match="no broker"):
        await scene.face().run()


def test_closed_it_listens_to_the_home_and_says_nothing():
    heard = []

    async def main(clock):
        bus = MemoryBus(clock)
        bus.tap(lambda *message: heard.append(message))
        face = DiscoveryFace(
            bus,
            clock,
            clock,
            DiscoveryConfig(),
            HomeFacts(id="casa"),
            [FACTS],
            mqtt=None,
            embedded_port=None,
        )
        out = encode(TopicMessage(topic="a", payload="b"))
        task = asyncio.create_task(face.run_closed())
        await clock.sleep(1.0)
        await bus.publish(topic_out("casa"), out)
        await clock.sleep(1.0)
        task.cancel()

    rehearse(main, start_ns=0, seed=1)
    assert len(heard) == 1
