"""What docs/devices-in.md tells people to type works as it stands."""

import asyncio
import re
import shutil
import tomllib

import msgspec
import pytest

from faces.mqtt_scene import listener, mosquitto
from faces.test_discovery_face import Scene
from faces.test_mqtt_docs import _run
from make import ROOT
from vettura.faces.config import FacesConfig
from vettura.faces.discovery_kinds import KINDS
from vettura.home.scene.read import read_scenes

TEXT = (ROOT / "docs" / "devices-in.md").read_text("utf-8")
WITHOUT_CLIENTS = shutil.which("mosquitto_pub") is None


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def test_the_settings_of_the_page_are_read():
    for block in blocks("toml"):
        msgspec.convert(tomllib.loads(block)["faces"], FacesConfig)


def test_the_scenes_of_the_page_are_read(tmp_path):
    path = tmp_path / "scenes.yaml"
    path.write_text("\n".join(blocks("yaml")))
    assert len(read_scenes([str(path)]).automations) == 2


def test_the_page_names_every_component():
    assert not [name for name in KINDS if not re.search(rf"\b{name}\b", TEXT)]


@pytest.mark.live
@pytest.mark.skipif(WITHOUT_CLIENTS, reason="mosquitto_pub is not installed; Debian has it")
async def test_the_commands_of_the_page_do_what_it_says(tmp_path):
    announce, remove = blocks("sh")
    with mosquitto(tmp_path) as port:
        scene = Scene(port)
        async with scene.running(scene.face()), listener(port) as ear:
            await _run("set -e\n" + announce.replace("1883", str(port)), tmp_path)
            await scene.until(lambda: scene.shows("light.desk", "on"))
            (device,) = scene.abouts
            assert scene.abouts[device].area == "Study"
            assert (await scene.do("light.turn_off", "light.desk", device=device)).ok
            await ear.until(lambda: ear.json("desk/set") == {"state": "OFF"})
            await _run("set -e\n" + remove.replace("1883", str(port)), tmp_path)
            async with asyncio.timeout(20):
                await scene.until(lambda: not scene.abouts[device].entities)
