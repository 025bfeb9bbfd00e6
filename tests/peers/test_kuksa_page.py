"""What docs/kuksa.md tells people to type works, with the peer's own commands."""

import os
import re
import stat
import sys
import tomllib

import msgspec
import pytest

from house.process import house
from make import ROOT, casa_text
from peers.environment import program_of, python_of, running, talk
from peers.world import COOLING, SEAT, TRUNK, WINDOW, world
from vettura.faces.config import FacesConfig
from vettura.faces.kuksa_wire import rpcs

pytestmark = [pytest.mark.peer, pytest.mark.live]

PAGE = (ROOT / "docs" / "kuksa.md").read_text("utf-8")
PORT = "55555"
CLIENTS = {"kuksa-client", "velocitas-sdk", "Node"}


def blocks(language):
    """The code blocks of the page in one language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def program(folder, name, command):
    """A program by that name which runs `command`."""
    path = folder / name
    path.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


async def typed(folder, port, text):
    """What a shell answers to a block of the page, for a car on another port."""
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    program(programs, "vettura", f"env PYTHONPATH={ROOT / 'src'} {sys.executable} -m vettura")
    program(programs, "kuksa-client", program_of("kuksa", "kuksa-client"))
    return await talk(
        "sh",
        "-eu",
        "-c",
        text.replace(PORT, str(port)),
        cwd=folder,
        PATH=f"{programs}:{os.environ['PATH']}",
    )


def configured(text):
    """What a block of the home file says about the port."""
    return msgspec.convert(tomllib.loads(text)["faces"], FacesConfig).kuksa


def python_of_the_page(car, text):
    """A block of Python, run by the peer's own."""
    return running([str(python_of("kuksa")), "-u", "-c", text.replace(PORT, str(car.port))])


def test_the_blocks_of_the_home_file_are_sound():
    plain, with_keys = [configured(text) for text in blocks("toml") if "[faces" in text]
    assert plain.port == int(PORT)
    assert with_keys.token_keys == ["app.key.pub"]


def test_every_call_has_a_row_and_a_client():
    rows = dict(re.findall(r"^\| `([^`]+/[^`]+)` \| ([^|]+) \|$", PAGE, re.MULTILINE))
    assert set(rows) == {rpc.path.removeprefix("/") for rpc in rpcs()}
    for clients in rows.values():
        assert set(clients.split(", ")) <= CLIENTS
    for file in re.findall(r"`(tests/peers/[^`]+)`", PAGE):
        assert (ROOT / file).exists()


async def test_a_whole_house_answers_the_clients_own_commands(tmp_path):
    """As the page begins: a home file with the port in it, and `vettura run`."""
    home = tmp_path / "home.toml"
    casa, *_ = casa_text().split("\n[faces")
    home.write_text(f"{casa}\n{blocks('toml')[0].replace(PORT, '0')}", "utf-8")
    look = next(block for block in blocks("sh") if "getMetaData" in block)
    with house(tmp_path / "data", home=home) as running_house:
        ports = [port for name, port in running_house.announced.items() if "kuksa" in name]
        said = await typed(tmp_path, ports[0], look)
    assert '"path": "Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed"' in said
    assert "OK" in said


async def test_the_clients_own_commands_do_what_the_page_says(tmp_path):
    look = next(block for block in blocks("sh") if "getMetaData" in block)
    async with world(tmp_path) as car:
        said = await typed(tmp_path, car.port, look)
        assert await car.until(WINDOW, lambda value: value == 40) == 40
    assert "OK" in said
    assert '"error"' not in said


async def test_the_program_that_watches_a_window_ends_with_the_window(tmp_path):
    program_text = next(block for block in blocks("python") if "subscribe_current_values" in block)
    async with world(tmp_path) as car, python_of_the_page(car, program_text) as watching:
        seen = await watching.all()
    assert seen[-1] == 90
    assert len(seen) > 3


async def test_the_program_that_is_a_part_of_the_car_is_asked(tmp_path):
    program_text = next(block for block in blocks("python") if "subscribe_target_values" in block)
    async with world(tmp_path) as car, python_of_the_page(car, program_text) as seat:
        asked = None
        while asked is None:
            await car.actuate(SEAT, 77)
            try:
                asked = await car.pace.wait_for(seat.line(), 1.0)
            except TimeoutError:
                continue
        assert asked == "asked for 77"
        assert await car.until(SEAT, lambda value: value == 77) == 77


async def test_the_tokens_of_the_page_let_in_as_far_as_it_says(tmp_path):
    make_keys = next(block for block in blocks("sh") if "new-key" in block)
    use_token = next(block for block in blocks("sh") if "--token_or_tokenfile" in block)
    config = configured(blocks("toml")[-1])
    async with world(tmp_path / "first") as car:
        assert "actuate:Vehicle.Cabin" in await typed(tmp_path, car.port, make_keys)
    keys = [str(tmp_path / name) for name in config.token_keys]
    async with world(tmp_path / "second", token_keys=keys) as car:
        said = await typed(tmp_path, car.port, use_token)
        assert (await car.signals())[COOLING] is True
        assert (await car.signals())[TRUNK] is False
    assert said.count("OK") == 1
    assert '"code": 403' in said
