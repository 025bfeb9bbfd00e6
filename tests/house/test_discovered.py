"""A whole house, its own NATS, a real Mosquitto: a bell rings, a scene acts, a lamp obeys."""

import json
import shutil

import pytest

from faces.mqtt_scene import mosquitto
from house.process import house
from make import casa_text
from peers.discovery_side import Eavesdropper

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(shutil.which("mosquitto") is None, reason="mosquitto is not installed"),
]
SCENES = """
- alias: Bell
  trigger:
    - platform: mqtt
      topic: door/bell
  action:
    - service: light.turn_on
      target: {entity_id: light.desk}
      data: {brightness: 77}
- alias: Lit
  trigger:
    - platform: state
      entity_id: light.desk
      to: "on"
  action:
    - service: mqtt.publish
      data: {topic: notes, payload: "{{ trigger.to_state.attributes.brightness }}"}
"""
LAMP = {
    "name": None,
    "unique_id": "desk1",
    "device": {"identifiers": ["desk-1"], "name": "Desk"},
    "schema": "json",
    "brightness": True,
    "state_topic": "desk",
    "command_topic": "desk/set",
}


def home_with(folder, port):
    (folder / "scenes.yaml").write_text(SCENES)
    household = casa_text().split("# Which protocols")[0]
    lines = [line for line in household.splitlines() if not line.startswith("scenes =")]
    lines.insert(0, 'scenes = ["scenes.yaml"]')
    lines += ["[faces.discovery]", 'host = "127.0.0.1"', f"port = {port}"]
    path = folder / "home.toml"
    path.write_text("\n".join(lines), "utf-8")
    return path


def rung_until_lit(ear):
    """Ring, again and again while the house wakes, until the lamp is told; what it is told."""
    for _ in range(40):
        heard = ear.said_after(lambda: ear.say("door/bell", b"ring"), {"desk/set"}, 1, patience_s=1)
        if heard:
            return json.loads(heard[0][1])
    raise AssertionError("nobody lit the lamp")


def test_a_bell_lights_a_lamp_that_was_discovered_also_after_a_kill(tmp_path):
    with mosquitto(tmp_path) as port:
        home, ear = home_with(tmp_path, port), Eavesdropper(port)
        ear.say("homeassistant/light/desk/config", json.dumps(LAMP).encode(), retain=True)
        ear.say("desk", b'{"state": "OFF"}', retain=True)
        try:
            with house(tmp_path / "data", "--speed", "1", home=home) as casa:
                assert rung_until_lit(ear) == {"state": "ON", "brightness": 77}
                lit = json.dumps({"state": "ON", "brightness": 77}).encode()
                notes = ear.said_after(lambda: ear.say("desk", lit, retain=True), {"notes"}, 1)
                assert notes == [("notes", b"77")]
                casa.kill()
            with house(tmp_path / "data", "--speed", "1", home=home):
                assert rung_until_lit(ear) == {"state": "ON", "brightness": 77}
        finally:
            ear.stop()
