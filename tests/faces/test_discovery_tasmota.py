"""Tasmota's own discovery becomes devices as well, and asks them how they are."""

import pytest

from faces.test_discovery import House

MAC = "49A3BC873A78"
PLACE = f"tasmota/discovery/{MAC}/"
CONFIG = {
    "ip": "192.168.15.10",
    "dn": "Workbench",
    "fn": ["Workbench", "Fan", None, None, None, None, None, None],
    "hn": "tasmota-49A3BC-0956",
    "mac": MAC,
    "md": "Sonoff 4CH",
    "ty": 0,
    "if": 0,
    "ofln": "Offline",
    "onln": "Online",
    "state": ["OFF", "ON", "TOGGLE", "HOLD"],
    "sw": "12.5.0",
    "t": "bench",
    "ft": "%topic%/%prefix%/",
    "tp": ["cmnd", "stat", "tele"],
    "rl": [1, 1, 2, 3, 3, 0, 0, 0],
    "swc": [-1, -1, -1, -1],
    "swn": [None, None, None, None],
    "btn": [1, 0, 0, 0],
    "so": {"4": 0, "11": 0, "13": 0, "17": 1, "20": 0, "30": 0, "68": 0, "73": 1, "82": 0},
    "lk": 1,
    "lt_st": 5,
    "sho": [1],
    "ver": 1,
}
SENSORS = {
    "sn": {
        "Time": "2026-03-02T07:00:00",
        "AM2301": {"Temperature": 21.4, "Humidity": 40.1, "DewPoint": 7.2},
        "ENERGY": {
            "TotalStartTime": "2025-01-01T00:00:00",
            "Total": 12.5,
            "Power": [100, 20],
            "Voltage": 231,
        },
        "TempUnit": "C",
    },
    "ver": 1,
}


@pytest.fixture
def house():
    house = House()
    house.hear(PLACE + "config", CONFIG, retained=True)
    house.hear(PLACE + "sensors", SENSORS, retained=True)
    house.hear("bench/tele/LWT", "Online", retained=True)
    return house


def test_its_parts_become_entities_of_one_device(house):
    assert not house.faults
    (about,) = house.abouts().values()
    assert (about.name, about.manufacturer, about.model) == ("Workbench", "Tasmota", "Sonoff 4CH")
    assert set(about.entities) == {
        "switch.workbench",
        "switch.workbench_fan",
        "light.workbench_light_3",
        "cover.workbench_shutter_1",
        "sensor.workbench_am2301_temperature",
        "sensor.workbench_am2301_humidity",
        "sensor.workbench_am2301_dewpoint",
        "sensor.workbench_energy_total",
        "sensor.workbench_energy_power_1",
        "sensor.workbench_energy_power_2",
        "sensor.workbench_energy_voltage",
    }
    power = about.entities["sensor.workbench_energy_power_2"]
    assert (power.device_class, power.unit_of_measurement) == ("power", "W")


def test_it_is_asked_how_it_is_once_it_is_known():
    outcome = House().hear(PLACE + "config", CONFIG, retained=True)
    asked = [(ask.topic, ask.payload) for ask in outcome.asks]
    assert asked == [("bench/cmnd/STATE", b""), ("bench/cmnd/STATUS", b"10")]


def test_state_comes_from_each_of_its_messages(house):
    house.hear(
        "bench/stat/RESULT",
        {
            "POWER1": "ON",
            "POWER2": "OFF",
            "POWER3": "ON",
            "Dimmer": 60,
            "HSBColor": "120,50,60",
            "CT": 300,
            "Scheme": 2,
        },
    )
    house.hear("bench/stat/STATUS10", {"StatusSNS": SENSORS["sn"]})
    house.hear("bench/stat/RESULT", {"Shutter1": {"Position": 20, "Direction": 1, "Target": 40}})
    states = house.states()
    assert states["switch.workbench"].state == "on"
    assert states["switch.workbench_fan"].state == "off"
    light = states["light.workbench_light_3"]
    assert (light.state, light.attributes["brightness"]) == ("on", 153)
    assert light.attributes["effect"] == "2"
    cover = states["cover.workbench_shutter_1"]
    assert (cover.state, cover.attributes["current_position"]) == ("closing", 80)
    assert states["sensor.workbench_energy_power_2"].state == "20"
    house.hear("bench/tele/STATE", {"POWER1": "OFF"})
    house.hear("bench/tele/SENSOR", {"AM2301": {"Temperature": 22.5}})
    assert house.states()["switch.workbench"].state == "off"
    assert house.states()["sensor.workbench_am2301_temperature"].state == "22.5"
    assert not house.faults


@pytest.mark.parametrize(
    ("action", "entity", "data", "sends"),
    [
        ("switch.turn_on", "switch.workbench_fan", {}, [("POWER2", b"ON")]),
        ("light.turn_on", "light.workbench_light_3", {"brightness": 128}, [("Dimmer", b"50")]),
        (
            "light.turn_on",
            "light.workbench_light_3",
            {"hs_color": [240, 80], "brightness": 255},
            [("Backlog", b"HsbColor1 240; HsbColor2 80"), ("Dimmer", b"100")],
        ),
        ("light.turn_off", "light.workbench_light_3", {}, [("POWER3", b"OFF")]),
        ("cover.open_cover", "cover.workbench_shutter_1", {}, [("Backlog", b"ShutterOpen1")]),
        (
            "cover.set_cover_position",
            "cover.workbench_shutter_1",
            {"position": 30},
            [("ShutterPosition1", b"70")],
        ),
    ],
)
def test_commands_are_its_own(house, action, entity, data, sends):
    posts = house.order(action, entity, **data)
    assert [(post.topic, post.payload) for post in posts] == [
        (f"bench/cmnd/{command}", payload) for command, payload in sends
    ]


def test_a_pressed_button_is_a_trigger(house):
    house.hear("bench/stat/RESULT", {"Button1": {"Action": "DOUBLE"}})
    ((_, trigger),) = house.triggers
    assert (trigger.type, trigger.subtype) == ("button_double_press", "button1")


def test_a_single_relay_may_be_called_power():
    house = House()
    house.hear(PLACE + "config", CONFIG | {"rl": [1]})
    house.hear("bench/tele/LWT", "Online")
    house.hear("bench/stat/RESULT", {"POWER": "ON"})
    assert house.states()["switch.workbench"].state == "on"


def test_what_it_no_longer_has_goes(house):
    house.hear(PLACE + "config", CONFIG | {"rl": [1], "btn": [0]})
    house.hear(PLACE + "sensors", "")
    assert set(house.states()) == {"switch.workbench"}
    house.hear(PLACE + "config", "")
    assert not house.register.devices.devices


def test_what_is_wrong_is_one_fault(house):
    for told in ("no json", "[1]", "x" * 600_000):
        house.hear(f"tasmota/discovery/{MAC}/config", told)
    assert len(house.faults) == 3
    assert len(house.states()) == 11
    house.hear("tasmota/discovery/other/config", {"rl": "x", "so": 3, "fn": 1, "tp": [None]})
    assert len(house.faults) == 3
