"""What docs/mqtt.md and docs/home-assistant.md tell people to type works as it stands."""

import asyncio
import re
import shutil
import tomllib

import msgspec
import pytest

from faces.mqtt_scene import FACTS, PATIENCE_S, VIN, ScriptedCar, mosquitto
from make import ROOT
from vettura.bus.memory import MemoryBus
from vettura.clock import WallClock
from vettura.faces.config import FacesConfig, HomeAssistantConfig, MqttConfig
from vettura.faces.mqtt import MqttFace
from vettura.house.file import BusConfig
from vettura.words.car import ENTITIES
from vettura.words.car_orders import READERS

PAGES = {
    name: (ROOT / "docs" / name).read_text("utf-8") for name in ("mqtt.md", "home-assistant.md")
}


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", PAGES[page], re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_the_settings_of_the_page_are_read(page):
    assert blocks(page, "toml")
    for block in blocks(page, "toml"):
        home = tomllib.loads(block)
        msgspec.convert(home.get("faces", {}), FacesConfig)
        msgspec.convert(home.get("bus", {}), BusConfig)


def test_the_page_names_every_entity_that_takes_commands():
    text = PAGES["mqtt.md"]
    assert not [entity for entity in READERS if f"`{entity}`" not in text]


def test_the_page_counts_the_entities():
    assert f"with {len(ENTITIES)}\nentities" in PAGES["home-assistant.md"]


@pytest.mark.live
@pytest.mark.parametrize("page", PAGES)
async def test_the_commands_of_the_page_do_what_it_says(page, tmp_path):
    if shutil.which("mosquitto_sub") is None:
        pytest.skip("mosquitto_sub is not installed; Debian has it in mosquitto-clients")
    pace = WallClock()
    bus = MemoryBus(pace)
    car = ScriptedCar(bus, pace)
    with mosquitto(tmp_path) as port:
        config = MqttConfig(host="127.0.0.1", port=port)
        face = MqttFace(
            bus,
            pace,
            pace,
            config,
            [FACTS],
            homeassistant=HomeAssistantConfig(),
            embedded_port=None,
        )
        tasks = [asyncio.create_task(car.run()), asyncio.create_task(face.run())]
        await face.ready.wait()
        script = "set -e\n" + "".join(blocks(page, "sh")).replace("1883", str(port))
        printed = await _run(script, tmp_path)
        async with asyncio.timeout(PATIENCE_S):
            while not car.told:
                await pace.sleep(0.02)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if page == "mqtt.md":
        answers = [msgspec.json.decode(line) for line in printed if line.startswith(b'{"what"')]
        assert [answer["ok"] for answer in answers] == [True, True, False, True, True]
        assert answers[2]["code"] == "unknown"
    else:
        assert VIN in printed[0].decode()
        assert car.told[0].who == "homeassistant"


async def _run(script, folder):
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", script, stdout=asyncio.subprocess.PIPE, cwd=folder
    )
    async with asyncio.timeout(60.0):
        out, _ = await process.communicate()
    assert process.returncode == 0
    return out.splitlines()
