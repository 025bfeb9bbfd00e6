"""What docs/xiaomi.md tells people to type works, with the peer's own commands."""

import os
import re
import shlex
import tomllib

import msgspec
import pytest

from faces.miio_scene import NETWORK, played
from make import ROOT
from peers.environment import program_of, python_of, running, talk
from peers.test_kuksa_page import program
from vettura.faces.config import FacesConfig
from vettura.faces.miio_played import (
    BAD_ARGUMENTS,
    BAD_VALUE,
    INTERNAL,
    NO_SUCH,
    NOT_SETTABLE,
    OK,
)
from vettura.faces.miio_spec import MIIO_PORT, models

PAGE = (ROOT / "docs" / "xiaomi.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def rows(heading):
    """The first column of the table below a heading row, without back-quotes."""
    table = PAGE.split(heading)[1].split("\n\n")[0]
    return [row.split("|")[1].strip(" `") for row in table.splitlines()[2:]]


def test_the_blocks_of_the_home_file_are_sound():
    for text in blocks("toml"):
        config = msgspec.convert(tomllib.loads(text)["faces"], FacesConfig)
        assert config.miio is not None or config.ble is not None


def test_the_tables_are_those_of_the_program():
    car = models()["vettura.car.v1"]
    assert rows("| service.property |") == [f"{r.siid}.{r.piid}" for r in car.properties]
    assert rows("| model | plays |") == [name for name, one in models().items() if one.serves]
    codes = [OK, NOT_SETTABLE, NO_SUCH, INTERNAL, BAD_VALUE, BAD_ARGUMENTS]
    assert rows("| code | meaning |") == [str(code) for code in codes]
    for name in models():
        assert f"`{name}`" in PAGE


@pytest.mark.peer
@pytest.mark.live
async def test_the_clients_own_commands_do_what_the_page_says(tmp_path):
    look, car = (block for block in blocks("sh") if "miiocli" in block)
    program(tmp_path, "miiocli", program_of("miio", "miiocli"))
    async with played(port=MIIO_PORT, network=NETWORK) as (home, face):

        def meant(text):
            for mark, device in (("CAR_", "car"), ("", "desk")):
                door = face.doors[device]
                text = text.replace(f"{mark}ADDRESS", door.address)
                text = text.replace(f"{mark}TOKEN", door.token)
            return text

        async def typed(text):
            path = f"{tmp_path}:{os.environ['PATH']}"
            return await talk("sh", "-eu", "-c", meant(text), cwd=tmp_path, PATH=path)

        assert "Brightness: 50" in await typed(look)
        assert home.states["desk"]["light.desk"].attributes["brightness"] == 102
        assert "61.2" in await typed(car)
        assert home.told[-1].action == "lock.lock"
        command = [str(python_of("miio")), "-c", meant(blocks("python")[0])]
        async with running(command) as snippet:
            assert await snippet.all() == [60]
    assert shlex.split(look)[0] == "miiocli"
