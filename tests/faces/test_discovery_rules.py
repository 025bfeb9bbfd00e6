"""The rules of discovery one by one, as pure functions of messages and time."""

import csv
import json
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faces.test_discovery import NOON_NS, House
from vettura.bus.messages import encode
from vettura.bus.messages_home import DeviceAction
from vettura.errors import RefusedError
from vettura.faces.discovery_devices import Limits
from vettura.faces.discovery_hearing import matches
from vettura.faces.discovery_inbox import LETTERS_MAX, PER_TOPIC_MAX, Inbox
from vettura.faces.discovery_message import Found, Gone, Wrong, read_discovery
from vettura.faces.discovery_names import expanded
from vettura.faces.mqtt_link import Letter

BOX = {"identifiers": ["box"], "name": "Box"}


@pytest.fixture
def house():
    return House()


def sensor(house, key="T", **config):
    more = {"name": key, "unique_id": key, "device": BOX, "state_topic": key.lower()}
    return house.hear(f"homeassistant/sensor/{key}/config", more | config)


def test_all_abbreviations_of_2024_3_3_are_there():
    rows = list(
        csv.DictReader(
            files("vettura.faces").joinpath("discovery_words.csv").read_text().splitlines()
        )
    )
    kinds = [row["kind"] for row in rows]
    assert (kinds.count("config"), kinds.count("device"), kinds.count("origin")) == (258, 10, 3)


def test_words_are_written_out_and_the_base_put_in():
    config = expanded(
        {
            "~": "home/lamp",
            "stat_t": "~/state",
            "cmd_t": "set/~",
            "pl_on": "~ON~",
            "avty": {"t": "~/here", "pl_avail": "yes"},
            "dev": {"ids": "a", "mf": "b"},
            "o": {"name": "c", "sw": "1"},
        }
    )
    assert config == {
        "state_topic": "home/lamp/state",
        "command_topic": "set/home/lamp",
        "payload_on": "~ON~",
        "availability": [{"topic": "home/lamp/here", "payload_available": "yes"}],
        "device": {"identifiers": "a", "manufacturer": "b"},
        "origin": {"name": "c", "sw_version": "1"},
    }


def test_a_device_may_announce_all_its_parts_at_once(house):
    config = {
        "dev": {"ids": "ea334450945afc", "name": "Kitchen", "mf": "Bla electronics"},
        "o": {"name": "bla2mqtt", "sw": "2.1"},
        "stat_t": "kitchen/state",
        "cmps": {
            "t": {
                "p": "sensor",
                "dev_cla": "temperature",
                "unit_of_meas": "°C",
                "val_tpl": "{{ value_json.t }}",
                "uniq_id": "t1",
            },
            "h": {
                "p": "sensor",
                "dev_cla": "humidity",
                "unit_of_meas": "%",
                "val_tpl": "{{ value_json.h }}",
                "uniq_id": "h1",
            },
            "bad": {"p": "sensor", "stat_t": "#"},
        },
    }
    house.hear("homeassistant/device/ea334450945afc/config", config)
    house.hear("kitchen/state", {"t": 20.5, "h": 41})
    states = house.states()
    assert states["sensor.kitchen_temperature"].state == "20.5"
    assert states["sensor.kitchen_humidity"].state == "41"
    assert [whose for whose, _ in house.faults] == ["device ea334450945afc bad"]
    config["cmps"] = {"h": {"p": "sensor"}}
    house.hear("homeassistant/device/ea334450945afc/config", config)
    assert set(house.states()) == {"sensor.kitchen_temperature"}
    house.hear("homeassistant/device/ea334450945afc/config", "")
    assert not house.states()
    assert not house.register.devices.devices


def test_several_bridges_may_add_to_one_device(house):
    first = {"identifiers": ["one"], "name": "Lamp"}
    second = {"identifiers": ["two", "one"], "connections": [["mac", "AA:bb:CC:00:11:22"]]}
    third = {"connections": [["mac", "aabbcc001122"]], "manufacturer": "Maker"}
    for name, device in (("A", first), ("B", second), ("C", third)):
        sensor(house, name, device=device)
    (about,) = house.abouts().values()
    assert (about.name, about.manufacturer) == ("Lamp", "Maker")
    assert set(about.entities) == {"sensor.lamp_a", "sensor.lamp_b", "sensor.lamp_c"}


def test_a_unique_id_is_one_entity_with_one_id_for_ever(house):
    sensor(house, "T")
    house.hear("homeassistant/sensor/other/config", {"unique_id": "T", "state_topic": "x"})
    assert "unique_id is taken" in house.faults[0][1]
    house.hear("homeassistant/sensor/T/config", "")
    assert not house.states()
    renamed = {"name": "New", "unique_id": "T", "device": BOX, "state_topic": "x"}
    house.hear("homeassistant/sensor/other/config", renamed)
    assert list(house.states()) == ["sensor.box_t"]
    assert house.abouts()["mqtt_box"].entities["sensor.box_t"].name == "Box New"


def test_names_that_are_taken_get_a_number(house):
    for number in range(3):
        sensor(house, f"n{number}", name="Same")
    assert set(house.states()) == {"sensor.box_same", "sensor.box_same_2", "sensor.box_same_3"}


@pytest.mark.parametrize(
    ("config", "entity_id"),
    [
        ({"name": None}, "sensor.box"),
        ({"object_id": "Other Name"}, "sensor.other_name"),
        ({"default_entity_id": "sensor.later"}, "sensor.later"),
        ({"device_class": "pm25"}, "sensor.box_pm2_5"),
        ({"device_class": "enum"}, "sensor.box_mqtt_sensor"),
        ({}, "sensor.box_mqtt_sensor"),
        ({"name": "Straße 1,000"}, "sensor.box_strasse_1000"),
    ],
)
def test_entities_are_named_as_home_assistant_names_them(house, config, entity_id):
    shared = {"unique_id": "u", "device": BOX, "state_topic": "t"}
    house.hear("homeassistant/sensor/u/config", shared | config)
    assert list(house.states()) == [entity_id]


def test_a_new_config_keeps_what_is_known(house):
    sensor(house, value_template="{{ value }}")
    house.hear("t", "5")
    sensor(house, unit_of_measurement="W")
    assert house.states()["sensor.box_t"].state == "5"
    assert house.abouts()["mqtt_box"].entities["sensor.box_t"].unit_of_measurement == "W"


def test_what_is_off_by_default_stays_away(house):
    sensor(house, enabled_by_default=False)
    assert not house.states()
    assert not house.faults


@pytest.mark.parametrize(
    ("mode", "said", "is_there"),
    [
        ("all", ["a on", "b on"], True),
        ("all", ["a on"], False),
        ("any", ["a off", "b on"], True),
        ("any", [], False),
        ("latest", ["b on", "a off"], False),
        ("latest", ["a off", "b on"], True),
        ("latest", ["a on", "b what"], True),
    ],
)
def test_availability_has_modes(house, mode, said, is_there):
    signs = [
        {"topic": topic, "payload_available": "on", "payload_not_available": "off"}
        for topic in ("a", "b")
    ]
    sensor(house, availability=signs, availability_mode=mode)
    for words in said:
        house.hear(*words.split())
    assert (house.states()["sensor.box_t"].state != "unavailable") is is_there


def test_a_value_grows_too_old(house):
    sensor(house, expire_after=10)
    assert house.states()["sensor.box_t"].state == "unavailable"
    house.hear("t", "1")
    house.now_s = 6.0
    house.hear("t", "2")
    assert house.register.pass_time(11.0).devices == set()
    assert house.states()["sensor.box_t"].state == "2"
    assert house.register.pass_time(16.0).devices == {"mqtt_box"}
    assert house.states()["sensor.box_t"].state == "unavailable"
    assert house.register.next_s() is None


def test_a_flood_does_not_fill_the_list_of_what_is_due(house):
    sensor(house, expire_after=10)
    for number in range(1000):
        house.now_s = number / 1000
        house.hear("t", str(number))
    assert len(house.register._hearing._due) == 1


def test_what_is_on_goes_off_by_itself(house):
    config = {"name": "M", "state_topic": "m", "off_delay": 5}
    house.hear("homeassistant/binary_sensor/m/config", config)
    house.hear("m", "ON")
    house.now_s = 3.0
    house.hear("m", "ON")
    assert house.register.pass_time(5.0).devices == set()
    assert house.states()["binary_sensor.m"].state == "on"
    house.register.pass_time(8.0)
    assert house.states()["binary_sensor.m"].state == "off"


def test_the_word_none_is_unknown_and_empty_is_nothing(house):
    sensor(house, unit_of_measurement="W", value_template="{{ value_json.p }}")
    house.hear("t", {"p": 7})
    house.hear("t", {"p": None})
    assert house.states()["sensor.box_t"].state == "unknown"
    house.hear("t", {"p": 8})
    house.hear("t", {"other": 9})
    assert house.states()["sensor.box_t"].state == "8"
    assert not house.faults


@pytest.mark.parametrize(
    "template",
    [
        "{{ value_json.a.b.c }}",
        "{{ value | int + 1 }}",
        "{{ ().__class__.__mro__ }}",
        "{% for a in range(9999999) %}{% endfor %}",
        "{{ 'x' * 99999999 }}",
    ],
)
def test_templates_that_fail_or_reach_out_leave_the_state_as_it_was(house, template):
    sensor(house, unit_of_measurement="W", value_template=template)
    sensor(house, "U")
    house.hear("t", "no number")
    house.hear("u", "fine")
    states = house.states()
    assert states["sensor.box_t"].state == "unknown"
    assert states["sensor.box_u"].state == "fine"


def test_attributes_come_by_json_but_not_those_of_the_component(house):
    sensor(house, json_attributes_topic="a", json_attributes_template="{{ value_json.x | tojson }}")
    house.hear("a", {"x": {"colour": "red", "state_class": "fake", "icon": "fake"}})
    assert house.states()["sensor.box_t"].attributes == {"colour": "red"}
    house.hear("a", {"x": [1]})
    house.hear("a", {"x": {"long": "y" * 20_000}})
    assert house.states()["sensor.box_t"].attributes == {"colour": "red"}
    assert len(house.faults) == 2


def test_events_are_not_what_is_kept(house):
    config = {"name": "E", "state_topic": "e", "event_types": ["press"]}
    house.hear("homeassistant/event/e/config", config)
    house.hear("e", {"event_type": "press"}, retained=True)
    assert house.states()["event.e"].state == "unknown"
    house.hear("e", {"event_type": "press", "force": 3})
    state = house.states()["event.e"]
    assert state.state == "2026-03-02T11:00:00.000+00:00"
    assert state.attributes["force"] == 3


def test_there_is_room_for_so_many(house):
    small = House(limits=Limits(devices=2, entries=3, bytes=100_000))
    for number in range(5):
        sensor(small, f"n{number}", device={"identifiers": [f"d{number}"], "name": "D"})
    assert len(small.abouts()) == 2
    for number in range(5):
        sensor(small, f"m{number}", device={"identifiers": ["d0"], "name": "D"})
    assert len(small.states()) == 3
    huge = {"identifiers": ["d0"], "name": "D"}
    sensor(small, "n0", device=huge, pad="x" * 65_000)
    sensor(small, "n1", device=huge, pad="x" * 60_000)
    assert "room for" in small.faults[-1][1]
    small.hear("homeassistant/sensor/n0/config", "")
    sensor(small, "n1", device=huge, pad="x" * 60_000)
    assert len(small.states()) == 2


@pytest.mark.parametrize(
    ("action", "data", "reason"),
    [
        ("number.set_value", {"value": 500}, "from -5 to 5"),
        ("number.set_value", {"value": "many"}, "must be a number"),
        ("number.set_value", {}, "say value"),
        ("number.set_value", {"value": float("nan")}, "must be a number"),
    ],
)
def test_actions_that_cannot_be_are_refused_with_a_reason(house, action, data, reason):
    config = {"name": "N", "command_topic": "n", "min": -5, "max": 5}
    house.hear("homeassistant/number/n/config", config)
    with pytest.raises(RefusedError, match=reason):
        house.order(action, "number.n", **data)


def test_what_is_not_there_is_not_told_anything(house):
    config = {"name": "S", "command_topic": "s", "availability_topic": "here"}
    house.hear("homeassistant/switch/s/config", config)
    with pytest.raises(RefusedError, match="not there just now"):
        house.order("switch.turn_on", "switch.s")
    house.hear("here", "online")
    (post,) = house.order("switch.turn_on", "switch.s")
    assert (post.topic, post.payload) == ("s", b"ON")
    assert house.states()["switch.s"].state == "on"


def test_qos_and_retain_of_commands_are_as_announced(house):
    config = {"name": "S", "command_topic": "s", "qos": 2, "retain": True}
    house.hear("homeassistant/switch/s/config", config)
    (post,) = house.order("switch.turn_on", "switch.s")
    assert (post.qos, post.retain) == (2, True)


def test_an_action_for_a_device_means_all_its_entities_that_know_it(house):
    for name in ("a", "b"):
        config = {"name": name, "unique_id": name, "device": BOX, "command_topic": name}
        house.hear(f"homeassistant/switch/{name}/config", config)
    sensor(house)
    done = house.register.deed("mqtt_box", DeviceAction(id="1", action="homeassistant.turn_on"))
    assert [post.topic for _, deed in done for post in deed.posts] == ["a", "b"]


@pytest.mark.parametrize(
    ("filters", "topics", "others"),
    [
        ("a/+/c", ["a/b/c", "a//c"], ["a/b", "a/b/c/d"]),
        ("a/#", ["a", "a/b", "a/b/c"], ["b", "ab"]),
        ("+/b", ["a/b", "/b"], ["$a/b", "b"]),
    ],
)
def test_filters_mean_topics_as_in_mqtt(filters, topics, others):
    assert all(matches(filters, topic) for topic in topics)
    assert not any(matches(filters, topic) for topic in others)


@given(st.binary(max_size=200), st.text(max_size=60))
def test_any_message_is_found_gone_or_wrong(payload, topic):
    for heading in read_discovery("homeassistant", f"homeassistant/{topic}/config", payload):
        assert isinstance(heading, Found | Gone | Wrong)


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "name",
                "unique_id",
                "state_topic",
                "device",
                "schema",
                "brightness",
                "min",
                "max",
                "options",
                "availability",
                "qos",
                "~",
                "avty_t",
                "stat_t",
                "platform",
                "components",
                "expire_after",
            ]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
            lambda one: (
                st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=5), one, max_size=3)
            ),
            max_leaves=8,
        ),
        max_size=8,
    ),
    st.sampled_from(
        ["sensor", "light", "cover", "climate", "number", "device", "device_automation", "fan"]
    ),
)
def test_any_config_becomes_something_that_travels_or_a_fault(config, component):
    house = House()
    try:
        told = json.dumps(config)
    except ValueError:
        return
    outcome = house.hear(f"homeassistant/{component}/x/config", told)
    for device in outcome.described:
        encode(house.register.devices.about(device))
        encode(house.register.state(device, time_ns=NOON_NS, now_s=0.0))
    assert all(reason and "\n" not in reason for _, reason in outcome.faults)


def test_the_inbox_keeps_order_and_of_a_flood_the_newest():
    inbox = Inbox()
    for number in range(1000):
        inbox.put(Letter("flood", str(number).encode()))
        if number % 100 == 0:
            inbox.put(Letter("lamp", str(number).encode()))
    taken = inbox.take(10_000)
    floods = [letter.payload for letter in taken if letter.topic == "flood"]
    assert floods == [*(str(n).encode() for n in range(PER_TOPIC_MAX - 1)), b"999"]
    assert [one.payload for one in taken if one.topic == "lamp"] == [
        str(n).encode() for n in range(0, 1000, 100)
    ]
    assert inbox.conflated == 1000 - PER_TOPIC_MAX
    assert not inbox.is_filled.is_set()


def test_the_inbox_has_room_for_so_much():
    inbox = Inbox()
    for number in range(40):
        inbox.put(Letter(f"big/{number}", b"x" * 1_000_000))
    assert inbox.dropped == 40 - 16
    for number in range(LETTERS_MAX + 10):
        inbox.put(Letter(f"small/{number}", b""))
    assert len(inbox) == LETTERS_MAX


def test_a_wrong_config_of_a_known_entity_changes_nothing(house):
    sensor(house)
    house.hear("t", "1")
    before = house.abouts()
    sensor(house, state_topic="bad/#/topic")
    assert house.abouts() == before
    house.hear("t", "2")
    assert house.states()["sensor.box_t"].state == "2"


def test_the_reason_of_a_fault_is_one_line(house):
    house.hear("homeassistant/sensor/x/config", {"state_topic": "a\nb"})
    assert "\n" not in house.faults[0][1]
