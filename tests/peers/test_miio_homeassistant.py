"""Home Assistant's own `xiaomi_miio`, unmodified, meets our devices as Xiaomi's."""

import asyncio

import pytest

from faces.miio_scene import played
from peers.homeassistant_process import HomeAssistant, until
from vettura.faces.miio_spec import MIIO_PORT

pytestmark = [pytest.mark.peer, pytest.mark.live]

NETWORK = "127.54.82.0/24"
MET = {"desk": "philips.light.bulb", "fan": "dmaker.fan.1c", "scooter-charger": "chuangmi.plug.m1"}
LIGHT, FAN, PLUG = "light.philips_light_bulb", "fan.dmaker_fan_1c", "switch.chuangmi_plug_m1"


def lives(folder, doors):
    """Set three devices up, look at them, and switch them; returns what was seen."""
    house = HomeAssistant(folder, also="miio")
    try:
        titles = {name: house.meet_xiaomi(*doors[name]) for name in MET}
        seen = [until(lambda: attribute(house, LIGHT, "brightness") == 128)]
        house.call("light.turn_off", LIGHT)
        seen.append(until(lambda: house.state(LIGHT) == "off"))
        house.call("light.turn_on", LIGHT, brightness=51)
        seen.append(until(lambda: attribute(house, LIGHT, "brightness") == 51))
        seen.append(until(lambda: house.state(FAN) == "on"))
        house.call("fan.turn_off", FAN)
        seen.append(until(lambda: house.state(FAN) == "off"))
        # It looks at a plug twice a minute, and asks nothing of one that it has not seen yet.
        seen.append(until(lambda: house.state(PLUG) == "off"))
        house.call("switch.turn_on", PLUG)
        seen.append(until(lambda: house.state(PLUG) == "on"))
        return titles, seen
    finally:
        house.stop()


def attribute(house, entity, name):
    return house.states().get(entity, {}).get("attributes", {}).get(name)


async def test_home_assistant_sets_up_reads_and_switches_our_devices(tmp_path):
    async with played(port=MIIO_PORT, network=NETWORK) as (home, face):
        doors = {name: (door.address, door.token) for name, door in face.doors.items()}
        titles, seen = await asyncio.to_thread(lives, tmp_path, doors)
        assert titles == MET
        assert all(seen)
        assert home.states["desk"]["light.desk"].attributes["brightness"] == 51
        assert home.states["fan"]["fan.fan"].state == "off"
        assert home.states["scooter-charger"]["switch.scooter_charger"].state == "on"
        assert face.tally.garbage == face.tally.stale == 0
