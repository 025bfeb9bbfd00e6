"""Real Xiaomi devices as devices of a home; here those of another home that plays them."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from faces.miio_scene import at_work, played, until
from vettura.bus.ask import ask
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import decode
from vettura.bus.messages_home import Cause, DeviceAbout, DeviceAction, DeviceState, EntityState
from vettura.bus.subjects import HOME_BUCKET, device_do
from vettura.clock import WallClock
from vettura.errors import InputError
from vettura.faces import miio_call, miio_devices
from vettura.faces.config import MiioConfig, MiioDeviceConfig
from vettura.faces.devices_heard import DevicesHeard
from vettura.faces.miio_devices import MiioDevicesFace
from vettura.faces.miio_spec import Property, models

HOME = "villa"
REAL = {"lamp": "desk", "plug": "scooter-charger", "ventilator": "fan"}
"""Ids of the devices here, and who plays them."""


class Villa:
    """The home that has real devices."""

    def __init__(self, bus, clock, face, heard):
        self.bus, self.clock, self.face, self.heard = bus, clock, face, heard

    def state(self, device, entity):
        told = self.heard.states.get(device)
        return told.entities[entity] if told is not None and entity in told.entities else None

    async def until(self, device, entity, state):
        await until(lambda: (s := self.state(device, entity)) is not None and s.state == state)
        return self.state(device, entity)

    async def act(self, device, action, entity, **data):
        wanted = DeviceAction(
            id=f"a-{self.clock.now_ns()}",
            action=action,
            entity=entity,
            data=data,
            cause=Cause(id="c", who="automation.x", hops=1),
        )
        return await ask(self.bus, self.clock, device_do(HOME, device), wanted)


def config_of(door, name, **more):
    told = {"host": door.address, "port": door.port, "token": door.token}
    return MiioDeviceConfig(id=name, name=name.title(), area="Attic", **(told | more))


@asynccontextmanager
async def villa(*real, poll_s=1.0):
    clock = WallClock()
    bus = MemoryBus(clock)
    face = MiioDevicesFace(bus, clock, clock, MiioConfig(real=list(real), poll_s=poll_s), HOME)
    heard = DevicesHeard(bus, clock, HOME)
    async with at_work(face, heard):
        yield Villa(bus, clock, face, heard)


@asynccontextmanager
async def both(**more):
    async with played() as (casa, server):
        real = [config_of(server.doors[who], name, **more) for name, who in REAL.items()]
        async with villa(*real) as here:
            yield casa, server, here


async def test_real_devices_are_met_told_and_switched():
    async with both() as (casa, _, here):
        lamp = await here.until("lamp", "light.lamp", "on")
        assert lamp.attributes["brightness"] == 128
        about = here.heard.abouts["lamp"]
        assert (about.name, about.area, about.origin) == ("Lamp", "Attic", "miio")
        assert (about.manufacturer, about.model) == ("philips", "philips.light.bulb")
        assert "light.toggle" in about.entities["light.lamp"].actions
        answer = await here.act("lamp", "light.turn_on", "light.lamp", brightness_pct=20)
        assert answer.ok
        await until(lambda: here.state("lamp", "light.lamp").attributes["brightness"] == 51)
        assert here.heard.states["lamp"].cause.who == "automation.x"
        assert casa.states["desk"]["light.desk"].attributes["brightness"] == 51
        assert (await here.act("plug", "switch.toggle", "switch.plug")).ok is True
        await here.until("plug", "switch.plug", "on")
        fan = await here.until("ventilator", "fan.ventilator", "on")
        assert fan.attributes == {"percentage": 67, "oscillating": True, "preset_mode": "Normal"}


async def test_what_changes_at_the_device_is_seen():
    async with both() as (casa, _, here):
        await here.until("plug", "switch.plug", "off")
        await casa.tell("scooter-charger", switch__scooter_charger=EntityState(state="on"))
        await here.until("plug", "switch.plug", "on")
        assert here.heard.states["plug"].cause is None


async def test_a_device_that_knows_names_only_is_asked_by_names():
    rows = [row for row in models()["philips.light.bulb"].properties if row.prop]
    async with played(devices=["desk"]) as (casa, server):
        real = config_of(server.doors["desk"], "lamp", properties=rows)
        async with villa(real) as here:
            lamp = await here.until("lamp", "light.lamp", "on")
            assert lamp.attributes == {"brightness": 128, "color_temp_kelvin": 4000}
            assert (await here.act("lamp", "light.turn_off", "light.lamp")).ok
            await here.until("lamp", "light.lamp", "off")
            assert casa.states["desk"]["light.desk"].state == "off"


async def test_a_wrong_action_is_refused_with_a_reason():
    async with both() as (casa, _, here):
        await here.until("lamp", "light.lamp", "on")
        for action, data in (("light.fly", {}), ("light.turn_on", {"brightness": "much"})):
            answer = await here.act("lamp", action, "light.lamp", **data)
            assert not answer.ok
            assert answer.reason
        assert not casa.told


async def test_a_device_that_falls_silent_is_unavailable_and_comes_back(monkeypatch):
    monkeypatch.setattr(miio_call, "ANSWER_S", 0.1)
    monkeypatch.setattr(miio_devices, "RETRY_S", 0.1)
    async with both() as (_, server, here):
        await here.until("lamp", "light.lamp", "on")
        door = server.doors["desk"]
        server._listeners["desk"].close()
        await here.until("lamp", "light.lamp", "unavailable")
        answer = await here.act("lamp", "light.turn_off", "light.lamp")
        assert (answer.ok, answer.code) == (False, "unavailable")
        loop = asyncio.get_running_loop()
        listener = server._listeners["desk"]
        await loop.create_datagram_endpoint(lambda: listener, local_addr=(door.address, door.port))
        await here.until("lamp", "light.lamp", "on")
        await here.until("plug", "switch.plug", "off")


async def test_a_wrong_token_is_silence_and_the_model_of_the_home_file_stands(monkeypatch):
    monkeypatch.setattr(miio_call, "ANSWER_S", 0.1)
    async with played(devices=["desk"]) as (_, server):
        door = server.doors["desk"]
        real = config_of(door, "lamp", token="00" * 16, model="philips.light.bulb")
        async with villa(real) as here:
            await here.until("lamp", "light.lamp", "unavailable")
            assert server.tally.garbage > 0
            assert here.heard.abouts["lamp"].entities.keys() == {"light.lamp"}


async def test_the_home_file_may_name_the_properties_itself():
    rows = [
        Property(name="lock", siid=4, piid=1, of="binary_sensor:lock", format="bool"),
        Property(name="soc", siid=2, piid=1, of="sensor:battery", format="float", unit="%"),
    ]
    async with played(devices=["car"]) as (_, server):
        real = config_of(server.doors["car"], "su7", properties=rows)
        async with villa(real) as here:
            await here.until("su7", "sensor.su7_battery", "61.2")
            await here.until("su7", "binary_sensor.su7_lock", "on")
            about = here.heard.abouts["su7"].entities["sensor.su7_battery"]
            assert (about.device_class, about.unit_of_measurement) == ("battery", "%")


async def test_a_model_that_is_not_in_the_table_is_said_and_left_alone(monkeypatch):
    monkeypatch.setattr(miio_devices, "RETRY_S", 0.05)
    async with played(devices=["car"]) as (_, server):
        with pytest.raises(InputError, match=r"faces.miio.real: su7: no model 'x.y.z'"):
            async with villa(config_of(server.doors["car"], "su7", model="x.y.z")):
                pass


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"token": "12"}, "32 hexadecimal digits"),
        ({"token_file": "/not/there"}, "cannot be read"),
    ],
)
def test_a_token_that_is_wrong_names_the_device(more, says):
    clock = WallClock()
    real = MiioDeviceConfig(id="lamp", host="127.0.0.1", **more)
    with pytest.raises(InputError, match=rf"faces.miio.real: lamp: .*{says}"):
        MiioDevicesFace(MemoryBus(clock), clock, clock, MiioConfig(real=[real]), HOME)


async def test_what_is_told_is_kept_for_who_comes_later():
    async with both() as (_, _, here):
        await here.until("lamp", "light.lamp", "on")
        bucket = await here.bus.bucket(HOME_BUCKET)
        about = await bucket.get("home.villa.lamp.about")
        state = await bucket.get("home.villa.lamp.state")
        assert decode(about.value, DeviceAbout, where="").entities
        assert decode(state.value, DeviceState, where="").entities["light.lamp"].state == "on"
