"""Bluetooth advertisements become devices of the home; what is broken is counted and left."""

import json
import os
import tomllib
from contextlib import asynccontextmanager, suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faces.ble_made import (
    BINDKEY,
    DOOR,
    MOTION,
    NIGHT_LIGHT,
    SCALE,
    THERMOMETER,
    door,
    line,
    measured,
    moved,
    passed,
    weighed,
)
from faces.miio_scene import at_work, until
from peers.test_miio_page import blocks
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import decode
from vettura.bus.messages_home import HomeEvent
from vettura.bus.subjects import home_event
from vettura.clock import WallClock
from vettura.errors import EnvironmentFault, InputError
from vettura.faces import ble_advert
from vettura.faces.ble import CHUNK_BYTES, BleFace
from vettura.faces.ble_advert import LINE_BYTES_MAX, Parser, read_advert
from vettura.faces.config import BleConfig, BleDeviceConfig, FacesConfig
from vettura.faces.devices_heard import DevicesHeard

HOME = "casa"
DEVICES = [
    BleDeviceConfig(id="bath-scale", address=SCALE, name="Bath scale", area="Bathroom"),
    BleDeviceConfig(id="bedroom", address=THERMOMETER.lower()),
    BleDeviceConfig(id="front-door", address=DOOR, bindkey=BINDKEY.hex()),
    BleDeviceConfig(id="hall", address=MOTION, bindkey=BINDKEY.hex()),
    BleDeviceConfig(id="night-light", address=NIGHT_LIGHT),
]


class Air:
    """What a radio writes, and what the home knows."""

    def __init__(self, path, bus, face, heard):
        self.path, self.bus, self.face, self.heard = path, bus, face, heard

    def say(self, *lines):
        with self.path.open("ab") as file:
            file.write(b"".join(lines))

    def state(self, device, entity):
        told = self.heard.states.get(device)
        known = told is not None and entity in told.entities
        return told.entities[entity].state if known else None

    async def until(self, device, entity, state):
        await until(lambda: self.state(device, entity) == state)


@asynccontextmanager
async def air(folder, *, devices=DEVICES, file="adverts.jsonl", **config):
    clock = WallClock()
    bus = MemoryBus(clock)
    path = folder / file
    if file == "adverts.jsonl" and not path.exists():
        path.touch()
    face = BleFace(bus, clock, clock, BleConfig(source=str(path), devices=devices, **config), HOME)
    heard = DevicesHeard(bus, clock, HOME)
    async with at_work(face, heard):
        yield Air(path, bus, face, heard)


async def test_a_scale_is_stepped_on_and_left(tmp_path):
    async with air(tmp_path) as here:
        here.say(weighed(70.9, stable=False), weighed(71.4))
        await here.until("bath-scale", "sensor.bath_scale_weight", "71.4")
        about = here.heard.abouts["bath-scale"]
        assert (about.name, about.area, about.origin) == ("Bath scale", "Bathroom", "ble")
        assert about.manufacturer == "Xiaomi"
        weight = about.entities["sensor.bath_scale_weight"]
        assert (weight.device_class, weight.unit_of_measurement) == ("weight", "kg")
        here.say(weighed(0.0, removed=True))
        await here.until("bath-scale", "sensor.bath_scale_mass_non_stabilized", "0.0")
        # What somebody weighed stays told.
        assert here.state("bath-scale", "sensor.bath_scale_weight") == "71.4"


async def test_warmth_doors_and_movement_are_told(tmp_path):
    async with air(tmp_path) as here:
        here.say(measured(21.5, 48.3), door(True), moved())
        await here.until("bedroom", "sensor.bedroom_temperature", "21.5")
        assert here.state("bedroom", "sensor.bedroom_humidity") == "48.3"
        await here.until("front-door", "binary_sensor.front_door_opening", "on")
        await here.until("hall", "binary_sensor.hall_motion", "on")
        here.say(door(False, counter=2))
        await here.until("front-door", "binary_sensor.front_door_opening", "off")


async def test_what_only_happens_is_an_event(tmp_path):
    async with air(tmp_path) as here:
        ear = await here.bus.subscribe(home_event(HOME))
        here.say(passed())
        told = decode((await ear.next()).data, HomeEvent, where="event")
        assert told.event_type == "xiaomi_ble_event"
        assert told.data["device_id"] == "night-light"
        assert told.data["event_type"] == "motion_detected"


async def test_a_wrong_key_is_counted_and_the_rest_goes_on(tmp_path):
    locked = BleDeviceConfig(id="front-door", address=DOOR, bindkey="00" * 16)
    async with air(tmp_path, devices=[locked, DEVICES[0]]) as here:
        here.say(door(True), weighed(60.0))
        await here.until("bath-scale", "sensor.bath_scale_weight", "60.0")
        assert here.face.tally.locked == 1
        assert "front-door" not in here.heard.states


async def test_strangers_garbage_and_endless_lines_are_counted(tmp_path):
    async with air(tmp_path) as here:
        endless = b"[" * (2 * LINE_BYTES_MAX) + b"\n"
        here.say(b"{\n", b"\xff\xfe\n", endless, b"\n", line("00:11:22:33:44:55"))
        here.say(line(SCALE, u181d=b"\x01"), line(THERMOMETER, ufe95=b"\x50\x50\xaa\x01\x01"))
        here.say(weighed(55.0))
        await here.until("bath-scale", "sensor.bath_scale_weight", "55.0")
        assert here.face.tally.strangers == 1
        assert here.face.tally.garbage >= 3


async def test_a_flood_is_told_once_in_a_while(tmp_path):
    async with air(tmp_path) as here:
        here.say(*(weighed(50.0 + k % 100 / 10.0) for k in range(10_000)), weighed(90.0))
        await here.until("bath-scale", "sensor.bath_scale_weight", "90.0")
        bucket = await here.bus.bucket("home")
        entry = await bucket.get("home.casa.bath-scale.state")
        reads = here.path.stat().st_size // CHUNK_BYTES + 2
        assert entry.revision <= 2 * reads


async def test_who_is_silent_for_long_is_unavailable_unless_it_sleeps(tmp_path):
    async with air(tmp_path, stale_s=0.5) as here:
        here.say(measured(20.0, 50.0), weighed(71.4))
        await here.until("bath-scale", "sensor.bath_scale_weight", "71.4")
        await here.until("bedroom", "sensor.bedroom_temperature", "unavailable")
        assert here.state("bath-scale", "sensor.bath_scale_weight") == "71.4"
        here.say(measured(20.0, 50.0, counter=2))
        await here.until("bedroom", "sensor.bedroom_temperature", "20.0")


async def test_a_pipe_is_read_as_a_file_is(tmp_path):
    path = tmp_path / "adverts.jsonl"
    os.mkfifo(path)
    handles = []

    def opened():
        with suppress(OSError):  # Nobody reads yet.
            handles.append(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        return handles

    async with air(tmp_path) as here:
        await until(opened)
        os.write(handles[0], weighed(64.2))
        await here.until("bath-scale", "sensor.bath_scale_weight", "64.2")
    os.close(handles[0])


async def test_a_source_that_comes_later_is_waited_for(tmp_path):
    async with air(tmp_path, file="later.jsonl") as here:
        await until(lambda: here.face.is_deaf)
        here.say(weighed(64.2))
        await here.until("bath-scale", "sensor.bath_scale_weight", "64.2")


async def test_the_page_about_it_is_right(tmp_path):
    config = msgspec.convert(tomllib.loads(blocks("toml")[-1])["faces"], FacesConfig).ble
    (shell,) = [block for block in blocks("sh") if config.source in block]
    assert shell.endswith(f">> {config.source}\n")
    async with air(tmp_path, devices=config.devices) as here:
        here.say(shell.split("'")[1].encode() + b"\n")
        await here.until("bath-scale", "sensor.bath_scale_weight", "75.1")


@given(st.binary(max_size=40), st.sampled_from([SCALE, THERMOMETER, DOOR]))
def test_any_bytes_in_the_air_are_read_or_refused(data, address):
    for uuid in ("181d", "181b", "fe95"):
        advert = read_advert(
            json.dumps({"address": address, "service_data": {uuid: data.hex()}}).encode()
        )
        try:
            Parser(BINDKEY).read(advert)
        except InputError:
            continue


@pytest.mark.parametrize(
    ("more", "says"),
    [({"bindkey": "12"}, "24 or 32"), ({"bindkey_file": "/not/there"}, "cannot be read")],
)
def test_a_key_that_is_wrong_names_the_device(more, says):
    clock = WallClock()
    one = BleDeviceConfig(id="door", address=DOOR, **more)
    with pytest.raises(InputError, match=rf"faces.ble.devices: door: .*{says}"):
        BleFace(MemoryBus(clock), clock, clock, BleConfig(source="x", devices=[one]), HOME)


def test_a_missing_library_is_one_clear_line(monkeypatch):
    def missing(_):
        raise ImportError

    monkeypatch.setattr(ble_advert, "import_module", missing)
    with pytest.raises(EnvironmentFault, match=r"faces.ble: the library 'xiaomi_ble'"):
        ble_advert.library()
