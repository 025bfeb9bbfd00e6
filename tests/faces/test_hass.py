"""A Home Assistant's entities become devices; a real one is met in tests/peers."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from faces.hass_simulator import TOKEN, Simulator
from faces.mqtt_scene import FACTS
from faces.test_discovery_face import Scene
from vettura.bus.messages import Answer, encode
from vettura.bus.messages_home import Cause, DeviceAbout, EntityAbout
from vettura.bus.subjects import HOME_BUCKET, device_about
from vettura.clock import rehearse
from vettura.errors import InputError
from vettura.faces import hass as hass_module
from vettura.faces.config import HassConfig, HomeFacts
from vettura.faces.hass import HassFace
from vettura.faces.hass_home import HassHome, registries_of
from vettura.faces.hass_link import socket_url

LAMP = "hass_d1"


class HassScene(Scene):
    """A simulated Home Assistant, a bus in memory, and the face between them."""

    def __init__(self, simulator, folder):
        super().__init__(0)
        self.simulator = simulator
        self.token_file = folder / "token"
        self.token_file.write_text(TOKEN + "\n")

    def face(self, *, platforms=(), **config):
        wanted = {"url": self.simulator.url, "token_file": str(self.token_file)} | config
        return HassFace(
            self.bus,
            self.pace,
            self.pace,
            HassConfig(**wanted),
            HomeFacts(id="casa"),
            [FACTS],
            platforms=platforms,
        )


@pytest.fixture
def quick(monkeypatch):
    for name, value in (("RETRY_S", 0.02), ("TOKEN_S", 0.05), ("REGISTRIES_S", 0.02)):
        monkeypatch.setattr(hass_module, name, value)


@asynccontextmanager
async def scene_of(tmp_path):
    async with Simulator().running() as simulator:
        yield HassScene(simulator, tmp_path)


async def test_its_entities_come_in_as_devices(tmp_path):
    async with scene_of(tmp_path) as scene, scene.running(scene.face()):
        await scene.until(lambda: scene.shows("light.desk", "on"))
        await scene.until(lambda: scene.shows("input_boolean.guests", "off"))
        about = scene.abouts[LAMP]
        assert about.name == "Giulia's lamp"
        assert (about.area, about.manufacturer, about.model) == ("Study", "Signify", "LCT001")
        assert about.origin == "homeassistant"
        assert about.entities["light.desk"].actions == [
            "light.flash",
            "light.turn_off",
            "light.turn_on",
        ]
        power = about.entities["sensor.desk_power"]
        assert (power.device_class, power.unit_of_measurement) == ("power", "W")
        shown = scene.states[LAMP].entities["light.desk"]
        assert shown.attributes["brightness"] == 128
        assert "entity_picture" not in shown.attributes


async def test_our_own_car_is_not_looped_back_nor_what_the_home_has_itself(tmp_path):
    async with scene_of(tmp_path) as scene:
        other = DeviceAbout(
            name="Guests", entities={"input_boolean.guests": EntityAbout(name="Guests")}
        )
        bucket = await scene.bus.bucket(HOME_BUCKET)
        await bucket.put(device_about("casa", "helpers"), encode(other))
        async with scene.running(scene.face(platforms=("mqtt",))):
            await scene.until(lambda: scene.shows("light.desk", "on"))
            shown = {name for about in scene.abouts.values() for name in about.entities}
            assert shown == {"light.desk", "sensor.desk_power"}
            await bucket.delete(device_about("casa", "helpers"))
            await scene.until(lambda: scene.shows("input_boolean.guests", "off"))


async def test_changes_come_in_and_what_goes_is_gone(tmp_path):
    async with scene_of(tmp_path) as scene, scene.running(scene.face()):
        await scene.until(lambda: scene.shows("light.desk", "on"))
        await scene.simulator.change("light.desk", s="off", a={"brightness": None})
        await scene.until(lambda: scene.shows("light.desk", "off"))
        minus = {"c": {"light.desk": {"-": {"a": ["brightness"]}}}}
        await scene.simulator.tell(minus)
        await scene.until(
            lambda: "brightness" not in scene.states[LAMP].entities["light.desk"].attributes
        )
        new = {"a": {"light.new": {"s": "on", "a": {"friendly_name": "New"}}}}
        await scene.simulator.tell(new)
        await scene.until(lambda: scene.shows("light.new", "on"))
        await scene.simulator.tell({"r": ["light.new", "sensor.desk_power"]})
        await scene.until(lambda: not scene.abouts["hass_light_new"].entities)
        await scene.until(lambda: list(scene.abouts[LAMP].entities) == ["light.desk"])


async def test_actions_go_out_and_their_cause_comes_back(tmp_path):
    cause = Cause(id="r1", who="automation.evening")
    async with scene_of(tmp_path) as scene, scene.running(scene.face()):
        await scene.until(lambda: scene.shows("light.desk", "on"))
        answer = await scene.do(
            "light.turn_off", "light.desk", device=LAMP, cause=cause, transition=2
        )
        assert answer == Answer(ok=True, state="reached")
        (call,) = scene.simulator.calls
        assert (call["domain"], call["service"]) == ("light", "turn_off")
        assert call["service_data"] == {"transition": 2}
        assert call["target"] == {"entity_id": ["light.desk"]}
        await scene.until(lambda: scene.shows("light.desk", "off"))
        assert scene.states[LAMP].cause == cause


async def test_what_is_not_its_own_is_refused_and_what_it_refuses_is_told(tmp_path):
    async with scene_of(tmp_path) as scene, scene.running(scene.face()):
        await scene.until(lambda: scene.shows("light.desk", "on"))
        answer = await scene.do("light.refuse", "light.desk", device=LAMP, name="1")
        assert (answer.ok, answer.reason) == (False, "No such bulb")
        for number, action in enumerate(("homeassistant.restart", "hassio.host_shutdown")):
            answer = await scene.do(action, "light.desk", device=LAMP, name=f"n{number}")
            assert not answer.ok
            assert "knows no" in answer.reason
        assert len(scene.simulator.calls) == 1


async def test_an_action_that_takes_long_is_accepted(tmp_path, monkeypatch):
    monkeypatch.setattr(hass_module, "SHORT_S", 0.05)
    async with scene_of(tmp_path) as scene, scene.running(scene.face()):
        await scene.until(lambda: scene.shows("light.desk", "on"))
        scene.simulator.holds.clear()
        answer = await scene.do("light.turn_off", "light.desk", device=LAMP)
        assert answer == Answer(ok=True, state="accepted")
        scene.simulator.holds.set()
        await scene.until(lambda: scene.shows("light.desk", "off"))


async def test_it_may_go_and_come_back(tmp_path, quick):
    async with Simulator().running() as simulator:
        scene = HassScene(simulator, tmp_path)
        face = scene.face()
        task, hearing = asyncio.create_task(face.run()), asyncio.create_task(scene._hear())
        await scene.until(lambda: scene.shows("light.desk", "on"))
        await simulator.drop()
        await scene.until(lambda: face.counts.connections == 2)
        await scene.until(lambda: scene.shows("light.desk", "on"))
    await scene.until(lambda: scene.shows("light.desk", "unavailable"))
    assert not (await scene.do("light.turn_off", "light.desk", device=LAMP)).ok
    del simulator.states["input_boolean.guests"]
    async with simulator.running():
        await scene.until(lambda: scene.shows("light.desk", "on"))
        await scene.until(lambda: not scene.abouts["hass_input_boolean_guests"].entities)
        for one in (task, hearing):
            one.cancel()
        await asyncio.gather(task, hearing, return_exceptions=True)


async def test_a_wrong_token_is_one_line_and_shown_once(tmp_path, quick):
    async with scene_of(tmp_path) as scene:
        scene.token_file.write_text("wrong")
        face = scene.face()
        async with scene.running(face):
            await face.ready.wait()
            await scene.pace.sleep(0.3)
            assert scene.simulator.tokens == ["wrong"]
            assert face.counts.tokens_refused == 1
            scene.token_file.write_text(TOKEN)
            await scene.until(lambda: scene.shows("light.desk", "on"))


async def test_without_a_token_there_is_one_clear_line(tmp_path):
    async with scene_of(tmp_path) as scene:
        for config, reason in (({"token_file": ""}, "no file"), ({"token_file": "/no"}, "be read")):
            with pytest.raises(InputError, match=reason):
                await scene.face(**config).run()


async def test_registries_that_change_are_read_again(tmp_path, quick):
    async with scene_of(tmp_path) as scene, scene.running(scene.face()):
        await scene.until(lambda: scene.shows("light.desk", "on"))
        scene.simulator.entities[0] = scene.simulator.entities[0] | {"area_id": "hall"}
        await scene.simulator.registry()
        await scene.until(lambda: scene.abouts[LAMP].area == "Hall")


async def test_who_is_no_home_assistant_is_left_alone(tmp_path, quick):
    async with scene_of(tmp_path) as scene:
        scene.simulator.greets = False
        face = scene.face()
        task = asyncio.create_task(face.run())
        await scene.until(lambda: scene.simulator.visits >= 3)
        assert not face.ready.is_set()
        assert not face.home.devices()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_addresses_are_read_as_people_type_them():
    socket = "ws://casa:8123/api/websocket"
    assert socket_url("http://casa:8123/") == socket
    assert socket_url(socket) == socket
    assert socket_url("https://casa") == "wss://casa/api/websocket"


def test_only_the_domains_that_are_asked_for_come_in():
    home = HassHome(domains=["light"])
    home.take({"a": {"light.a": {"s": "on"}, "switch.b": {"s": "on"}}})
    assert home.learn(registries_of([], [], [], {})) == {"hass_light_a"}


def test_an_entity_is_shown_only_once_the_registries_know_whose_it_is():
    home = HassHome(own_marks=["vettura_V"])
    home.learn(registries_of([], [], [], {}))
    told, described = home.take({"a": {"lock.car": {"s": "locked"}, "light.a": {"s": "on"}}})
    assert (told, described, home.has_strangers) == (set(), set(), True)
    devices = [{"id": "d", "identifiers": [["mqtt", "vettura_V"]]}]
    entities = [{"entity_id": "lock.car", "device_id": "d", "platform": "mqtt"}]
    assert home.learn(registries_of([], devices, entities, {})) == {"hass_light_a"}
    assert not home.has_strangers


def test_attributes_that_are_too_large_are_left_out():
    home = HassHome()
    home.take({"a": {"light.a": {"s": "x" * 300, "a": {"long": "y" * 20_000, "n": 10**30}}}})
    home.learn(registries_of([], [], [], {}))
    state = home.state("hass_light_a", time_ns=0, now_s=0.0, is_there=True)
    assert state.entities["light.a"].state == "unknown"
    assert state.entities["light.a"].attributes == {}
    assert home.refused == 1


def test_closed_it_does_nothing(tmp_path):
    config = HassConfig(token_file=str(tmp_path / "token"))

    async def main(clock):
        scene = HassScene(Simulator(), tmp_path)
        face = replace(config) and HassFace(
            scene.bus, clock, clock, config, HomeFacts(id="casa"), [FACTS]
        )
        task = asyncio.create_task(face.run_closed())
        await clock.sleep(1.0)
        assert not task.done()
        task.cancel()

    rehearse(main, start_ns=0, seed=1)
