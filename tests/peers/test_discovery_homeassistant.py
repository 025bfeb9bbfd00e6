"""The very same announcements, read by a real Home Assistant and by us: all of it agrees."""

import csv
import json
import subprocess
import threading
from importlib.resources import files

import pytest

from faces.discovery_household import bridges, payload_of
from faces.mqtt_scene import mosquitto
from peers.discovery_side import Eavesdropper, discovering
from peers.environment import python_of
from peers.homeassistant_process import HomeAssistant, until

pytestmark = [pytest.mark.peer, pytest.mark.timeout(600)]

ITS_OWN = frozenset({"sun.sun", "zone.home", "person.owner"})
FIXED = frozenset(
    [
        "friendly_name",
        "supported_features",
        "icon",
        "device_class",
        "unit_of_measurement",
        "state_class",
        "assumed_state",
        "entity_picture",
        "attribution",
        "battery_icon",
        "auto_update",
        "in_progress",
        "skipped_version",
    ]
)
"""Attributes of Home Assistant that are no state: ours are told once, with what a device is."""


ABBREVIATIONS = """
import json
from homeassistant.components.mqtt import abbreviations as its
tables = (its.ABBREVIATIONS, its.DEVICE_ABBREVIATIONS, its.ORIGIN_ABBREVIATIONS)
print(json.dumps(dict(zip(("config", "device", "origin"), tables))))
"""


def test_the_abbreviations_are_its_own():
    found = subprocess.run(
        [python_of("homeassistant"), "-c", ABBREVIATIONS], capture_output=True, check=True
    )
    text = files("vettura.faces").joinpath("discovery_words.csv").read_text("utf-8")
    ours = {}
    for row in csv.DictReader(text.splitlines()):
        ours.setdefault(row["kind"], {})[row["short"]] = row["long"]
    assert {kind: ours[kind] for kind in ("config", "device", "origin")} == json.loads(found.stdout)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    python_of("homeassistant")
    folder = tmp_path_factory.mktemp("discovery")
    for name in ("broker", "home"):
        (folder / name).mkdir()
    with mosquitto(folder / "broker") as port:
        home = HomeAssistant(folder / "home")
        try:
            home.speak_mqtt(port, "5")
            ours, ear = discovering(port), Eavesdropper(port)
            try:
                announce(ear)
                yield home, ours, ear
            finally:
                ear.stop()
                ours.stop()
        finally:
            home.stop()


def announce(ear):
    for bridge in bridges():
        for topic, config in bridge.announces:
            ear.say(topic, payload_of(config), retain=True)
    ear.mark()


def tell(ear, name=None):
    for bridge in bridges():
        if name in {None, bridge.name}:
            for topic, told in bridge.tells:
                ear.say(topic, payload_of(told))
    ear.mark()


def its_states(home):
    return {name: one for name, one in home.states().items() if name not in ITS_OWN}


def test_the_same_entities_are_found(scene):
    home, ours, _ = scene
    until(lambda: set(its_states(home)) == set(ours.states()) or None, patience_s=20)


def test_they_have_the_same_names_classes_and_units(scene):
    home, ours, _ = scene
    wrong = {}
    known = {name: about for one in ours.abouts().values() for name, about in one.entities.items()}
    for name, state in its_states(home).items():
        about, attributes = known[name], state["attributes"]
        its = [attributes.get(key, "") for key in ("friendly_name", "device_class")]
        its.append(attributes.get("unit_of_measurement", ""))
        mine = [about.name, about.device_class, about.unit_of_measurement]
        if its != mine:
            wrong[name] = (its, mine)
    assert not wrong


def test_what_is_told_shows_in_the_same_way(scene):
    home, ours, ear = scene
    pause = threading.Event()
    for _ in range(10):
        tell(ear)
        pause.wait(1.5)
        wrong = differences(home, ours)
        if not wrong:
            break
    assert not wrong


def differences(home, ours):
    theirs, mine = its_states(home), ours.states()
    wrong = {}
    for name, state in theirs.items():
        shown = mine[name]
        is_event = name.startswith("event.")
        if shown.state != state["state"] and not is_event:
            wrong[name] = ("state", state["state"], shown.state)
        its = {key: one for key, one in state["attributes"].items() if key not in FIXED}
        own = {key: one for key, one in shown.attributes.items() if key not in FIXED}
        own = json.loads(json.dumps(own))
        if state["state"] != "unavailable" and its != own:
            keys = [key for key in {*its, *own} if its.get(key, "-") != own.get(key, "-")]
            wrong[name] = {key: (its.get(key, "-"), own.get(key, "-")) for key in keys}
    return wrong


@pytest.mark.parametrize("bridge", bridges(), ids=lambda bridge: bridge.name)
def test_what_is_asked_is_said_in_the_same_way(scene, bridge):
    home, ours, ear = scene
    wrong = []
    for order in bridge.orders:
        topics = {topic for topic, _ in order.sends}
        count = len(order.sends)
        tell(ear, bridge.name)
        its = ear.said_after(lambda o=order: home.call(o.action, o.entity, **o.data), topics, count)
        tell(ear, bridge.name)
        own = ear.said_after(lambda o=order: ours.call(o.action, o.entity, **o.data), topics, count)
        if its != own or len(its) != count:
            wrong.append((order.action, order.entity, order.data, its, own))
    assert not wrong
