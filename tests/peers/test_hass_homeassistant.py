"""A real Home Assistant over its WebSocket API: what it has comes in, and actions go out."""

import json
from contextlib import contextmanager

import pytest

from faces.mqtt_scene import FACTS, mosquitto
from peers.discovery_side import Eavesdropper, OneFace
from peers.environment import python_of
from peers.homeassistant_process import HomeAssistant, until
from vettura.bus.messages import Answer
from vettura.faces.config import HassConfig, HomeAssistantConfig, HomeFacts
from vettura.faces.hass import HassFace
from vettura.faces.homeassistant import discovery
from vettura.faces.mqtt_topics import Topics

pytestmark = [pytest.mark.peer, pytest.mark.timeout(400)]

MORE = """\
input_boolean:
  guests:
    name: Guests
input_number:
  target:
    name: Target
    min: 5
    max: 30
    step: 0.5
input_select:
  mood:
    options: [calm, lively]
template:
  - sensor:
      - name: Warmth
        unique_id: warmth
        unit_of_measurement: "°C"
        device_class: temperature
        state: "{{ states('input_number.target') }}"
light:
  - platform: template
    lights:
      lamp:
        friendly_name: Lamp
        turn_on:
          - service: input_boolean.turn_on
            target: {entity_id: input_boolean.guests}
        turn_off:
          - service: input_boolean.turn_off
            target: {entity_id: input_boolean.guests}
        value_template: "{{ is_state('input_boolean.guests', 'on') }}"
"""


def our_side(home, token_file):
    """A home whose only face is Home Assistant's."""
    url, facts = f"http://127.0.0.1:{home.port}", HomeFacts(id="casa", timezone="Europe/Rome")
    config = HassConfig(url=url, token_file=str(token_file))
    return OneFace(lambda bus, pace: HassFace(bus, pace, pace, config, facts, [FACTS]))


@contextmanager
def scene(folder):
    python_of("homeassistant")
    for name in ("broker", "home"):
        (folder / name).mkdir()
    with mosquitto(folder / "broker") as port:
        home = HomeAssistant(folder / "home", more=MORE)
        try:
            home.speak_mqtt(port, "5")
            token = folder / "token"
            token.write_text(home.token)
            ours = our_side(home, token)
            try:
                yield home, ours, port
            finally:
                ours.stop()
        finally:
            home.stop()


SHOWN = {
    "input_boolean.guests",
    "input_number.target",
    "input_select.mood",
    "sensor.warmth",
    "light.lamp",
    "person.owner",
}


def test_what_it_has_comes_in_and_actions_go_out(tmp_path):
    with scene(tmp_path) as (home, ours, port):
        until(lambda: set(ours.states()) == SHOWN)
        states_are_its_own(home, ours)
        actions_are_done(home, ours)
        its_own_changes_come_in(home, ours)
        our_car_is_not_looped_back(home, ours, port)
        it_may_restart(home, ours)


def states_are_its_own(home, ours):
    def same():
        its = home.states()
        mine = ours.states()
        return all(
            mine[name].state == its[name]["state"]
            and json.loads(json.dumps(mine[name].attributes)) == its[name]["attributes"]
            for name in SHOWN
        )

    until(same)
    devices = ours.abouts().values()
    abouts = {name: one for about in devices for name, one in about.entities.items()}
    assert abouts["light.lamp"].actions == ["light.toggle", "light.turn_off", "light.turn_on"]
    assert "input_number.set_value" in abouts["input_number.target"].actions
    assert (abouts["input_number.target"].min, abouts["input_number.target"].max) == (5.0, 30.0)
    assert abouts["input_select.mood"].options == ["calm", "lively"]
    assert abouts["sensor.warmth"].unit_of_measurement == "°C"


def actions_are_done(home, ours):
    assert ours.call("light.turn_on", "light.lamp") == Answer(ok=True, state="reached")
    assert home.state("light.lamp") == "on"
    until(lambda: ours.states()["light.lamp"].state == "on")
    assert ours.call("input_number.set_value", "input_number.target", value=21.5).ok
    until(lambda: ours.states()["sensor.warmth"].state == "21.5")
    refused = ours.call("input_number.set_value", "input_number.target", value=99)
    assert not refused.ok
    assert "99" in refused.reason


def its_own_changes_come_in(home, ours):
    home.call("input_select.select_option", "input_select.mood", option="lively")
    until(lambda: ours.states()["input_select.mood"].state == "lively")


def our_car_is_not_looped_back(home, ours, port):
    ear = Eavesdropper(port)
    told = discovery([FACTS], Topics("vettura", "casa"), HomeAssistantConfig())
    for topic, payload in told.items():
        ear.say(topic, payload, retain=True)
    other = {"name": "Plug", "unique_id": "p", "command_topic": "p", "device": {"ids": "p"}}
    ear.say("homeassistant/switch/plug/config", json.dumps(other), retain=True)
    ear.mark()
    until(lambda: len(home.states()) > len(told))
    until(lambda: any(name.startswith("switch.") for name in ours.states()))
    ear.stop()
    assert not [name for name in ours.states() if "xiaomi" in name]


def it_may_restart(home, ours):
    home.stop()
    until(lambda: ours.states()["light.lamp"].state == "unavailable")
    home.start()
    until(lambda: ours.states()["light.lamp"].state in {"on", "off"})
