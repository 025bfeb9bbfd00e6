"""Discovery and state as pure data; a real Home Assistant judges them in tests/peers."""

import re

import msgspec
import pytest
from msgspec.structs import replace

from faces.mqtt_scene import FACTS, VIN, plausible_values
from vettura.bus import paths
from vettura.bus.signals import signal_table
from vettura.faces.config import HomeAssistantConfig
from vettura.faces.homeassistant import discovery, discovery_patterns, vin_of
from vettura.faces.mqtt_topics import Topics
from vettura.words import car_state as words
from vettura.words.car import ENTITIES
from vettura.words.car_orders import READERS
from vettura.words.car_state import READINGS, location, motion, owner_state

TOPICS = Topics("vettura", "casa")
DEVICE_KEYS = {"device", "origin", "availability", "availability_mode", "components"}
"""What Home Assistant allows at the top of a config by device, of what we use."""


def messages(*cars, **config):
    found = discovery(cars or (FACTS,), TOPICS, HomeAssistantConfig(**config))
    return {topic: msgspec.json.decode(payload) for topic, payload in found.items()}


def test_every_entity_is_named_in_both_ways():
    for topic, config in messages().items():
        _, component, node, key, _ = topic.split("/")
        assert re.fullmatch(r"[A-Za-z0-9_-]+", node + key)
        assert config["object_id"] == f"xiaomi_su7_{key}"
        assert config["default_entity_id"] == f"{component}.xiaomi_su7_{key}"
        assert config["unique_id"] == f"vettura_{VIN}_{key}"
        assert config["availability_mode"] == "all"
        assert len(config["availability"]) == 2
        assert config["device"]["serial_number"] == VIN
        assert config["origin"]["name"] == "vettura"


def test_no_topic_has_a_space():
    # NATS drops the client that publishes or subscribes to one.
    assert not any(character in topic for topic in messages() for character in " \t")


def test_an_entity_that_takes_commands_has_a_reader():
    commanded = set()
    for config in messages().values():
        for key, topic in config.items():
            if key.endswith("command_topic") or key == "set_position_topic":
                assert topic.endswith("/homeassistant")
                commanded.add(topic.split("/")[3])
    assert commanded == set(READERS)


def test_a_template_reads_words_that_are_in_the_state():
    state = owner_state(plausible_values(), {})
    used = re.findall(r"value_json\.(\w+)", str(messages()))
    assert set(used) <= set(state)


def test_a_config_by_device_holds_the_same_entities():
    single = messages(by_device=True)
    assert set(single) == {f"homeassistant/device/{VIN}/config"}
    config = single.popitem()[1]
    assert set(config) == DEVICE_KEYS
    assert len(config["components"]) == len(ENTITIES) == len(messages())
    assert all("platform" in component for component in config["components"].values())


def test_namesakes_are_told_apart_by_their_vin():
    twin = replace(FACTS, vin="LNBSCPBA0RA000056")
    found = [config["default_entity_id"] for config in messages(FACTS, twin).values()]
    assert len(set(found)) == len(found)
    assert "lock.xiaomi_su7_000055_lock" in found


def test_the_car_is_read_back_from_its_topics():
    assert {vin_of(topic, "homeassistant") for topic in messages()} == {VIN}
    assert {vin_of(topic, "homeassistant") for topic in messages(by_device=True)} == {VIN}
    assert vin_of("other/sensor/x/y/config", "homeassistant") == ""
    assert len(discovery_patterns("homeassistant")) == 2


def test_the_words_read_signals_that_are_in_the_table():
    table = signal_table()
    assert {reading.path for reading in READINGS.values()} <= set(table)
    assert {paths.CLIMATE_POWER, paths.GPS_ACCURACY, paths.TRUNK, paths.FLAP} <= set(table)


def test_what_is_not_known_is_none_and_never_nought():
    assert set(owner_state({}, {}).values()) == {None}
    assert location({}) is None


def test_what_is_no_number_is_not_known():
    state = owner_state({paths.DISPLAYED_SOC: float("nan"), "Vehicle.Speed": "fast"}, {})
    assert state["battery"] is None
    assert state["speed"] is None


def test_a_car_is_put_in_its_owner_s_words_and_units():
    state = owner_state(plausible_values(), {})
    expected = {
        "battery": 61.2,
        "range": 312,
        "odometer": 18_654.3,
        "charge_power": 7.41,
        "tyre_front_left": 2.7,
        "battery_12v": 12.6,
        "last_trip_distance": 23.4,
        "finish_time": "2026-03-02T18:30:00+00:00",
        "ready_at": None,
        "locked": True,
        "status": "parked",
        "climate": "off",
        "climate_action": "off",
        "trunk": "closed",
        "software_latest": "1.5.0",
    }
    assert {key: state[key] for key in expected} == expected


def test_one_open_lock_leaves_the_car_unlocked():
    values = plausible_values() | {words.SEATS["rear_driver_side"] + "IsLocked": False}
    assert owner_state(values, {})["locked"] is False


@pytest.mark.parametrize(
    ("cabin", "power_w", "action"),
    [(12.0, 2_000.0, "heating"), (30.0, 900.0, "cooling"), (21.0, 10.0, "idle")],
)
def test_the_climate_says_what_it_does(cabin, power_w, action):
    values = plausible_values() | {paths.CLIMATE: True, paths.CABIN_DEGC: cabin}
    values[paths.CLIMATE_POWER] = power_w
    assert owner_state(values, {})["climate_action"] == action


@pytest.mark.parametrize(
    ("position", "aim", "said"),
    [(0, None, "closed"), (40, None, "open"), (10, 40, "opening"), (10, 0, "closing")],
)
def test_a_window_says_where_it_goes(position, aim, said):
    path = words.WINDOWS["driver"]
    assert motion({path: position}, {} if aim is None else {path: aim}, path) == said
