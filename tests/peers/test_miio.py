"""python-miio 0.5.12, unmodified: as the client of our devices, and as the device of our client."""

import json

import pytest

from faces.miio_scene import played
from faces.test_miio_devices import villa
from peers.environment import peer, said_by
from vettura.faces.config import MiioDeviceConfig
from vettura.faces.miio_spec import MIIO_PORT

pytestmark = [pytest.mark.peer, pytest.mark.live]

NETWORK = "127.54.79.0/24"
OTHER = "127.54.80.1"
TOKEN = "00112233445566778899aabbccddeeff"


def told(said, key):
    return [line[key] for line in said if key in line]


async def test_python_miio_finds_reads_and_switches_our_devices_and_reads_the_car():
    async with played(port=MIIO_PORT, network=NETWORK) as (home, face):
        assert {door.port for door in face.doors.values()} == {MIIO_PORT}
        doors = {name: (door.address, door.token) for name, door in face.doors.items()}
        said = await said_by("miio", "apps/miio_client.py", json.dumps(doors))
    assert set(told(said, "found")) == doors.keys()
    assert not set(told(said, "token")) & {token for _, token in doors.values()}
    (called,) = told(said, "called")
    if called is not None:  # There is a network to call on.
        assert set(called) == {address for address, _ in doors.values()}
    models = told(said, "model")
    assert models == ["philips.light.bulb", "dmaker.fan.1c", "vettura.car.v1"]
    bulb = [line for line in said if "brightness" in line]
    assert bulb == [
        {"on": True, "brightness": 50, "cct": 53},
        {"on": False, "brightness": 50},
        {"on": True, "brightness": 30, "cct": 70},
    ]
    assert told(said, "off") == [["ok"]]
    assert {"on": True, "rgb": [255, 0, 128], "mode": "RGB"} in said
    assert {"before": False, "after": True, "temperature": 30} in said
    assert told(said, "power") == [False]
    assert told(said, "position") == [40]
    assert {"started": 0, "state": "Sweeping"} in said
    before, after = told(said, "car")
    assert before == {
        "battery": 61.2,
        "range": 312.0,
        "charging": True,
        "locked": True,
        "climate": False,
        "target": 21.0,
        "nothing": -4003,
    }
    assert after == before | {"locked": False, "climate": True, "target": 22.5}
    assert told(said, "battery") == [[-4002]]
    assert told(said, "honk") == [0]
    assert "No response" in told(said, "stranger")[0]
    assert face.tally.garbage > 0
    assert {action.who for action in home.told} == {"miio"}


async def test_our_client_reads_and_switches_a_device_of_python_miio():
    async with peer("miio", "apps/miio_device.py", OTHER, TOKEN) as device:
        port = (await device.next())["port"]
        real = MiioDeviceConfig(id="plug", name="Plug", host=OTHER, port=port, token=TOKEN)
        async with villa(real) as here:
            assert await here.until("plug", "switch.plug", "off")
            assert here.state("plug", "sensor.plug_power").state == "12.34"
            assert here.state("plug", "sensor.plug_temperature").state == "31"
            assert here.heard.abouts["plug"].model == "chuangmi.plug.212a01"
            answer = await here.act("plug", "switch.turn_on", "switch.plug")
            assert answer.ok, answer.reason
            await here.until("plug", "switch.plug", "on")
        said = await device.until(lambda line: "set" in line)
        assert said == {"set": [2, 1], "value": True}
