"""What docs/ocpp.md says is what the code does."""

import re

import pytest

from make import ROOT, casa_text
from vettura.errors import InputError
from vettura.faces import ocpp_point_served, ocpp_v2, ocpp_v16
from vettura.faces.ocpp_schema import actions
from vettura.faces.ocpp_wire import VERSIONS
from vettura.house.file import load_home

DOC = (ROOT / "docs" / "ocpp.md").read_text("utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", DOC, re.DOTALL)
HEAD = "| message | 1.6 | 2.0.1 | 2.1 |\n|---|---|---|---|\n"


def cell(version, action):
    """Who serves or sends a message of that version."""
    if action not in actions(version):
        return ""
    is_old = version == "1.6"
    dialect = ocpp_v16 if is_old else ocpp_v2
    ours = set(dialect.SERVED) | dialect.SENT
    point = ocpp_point_served
    served, sent = (point.SERVED_16, point.SENT_16) if is_old else (point.SERVED_2, point.SENT_2)
    who = [name for name, all_ in (("C", ours), ("W", set(served) | sent)) if action in all_]
    return " ".join(who) or "-"


def table():
    """The table of every message, as the code has it."""
    names = sorted(set().union(*map(actions, VERSIONS)))
    rows = [
        f"| {name} | " + " | ".join(cell(v, name) for v in ("1.6", "2.0.1", "2.1")) + " |\n"
        for name in names
    ]
    return HEAD + "".join(rows).replace("|  |", "| |").replace("|  |", "| |")


def test_the_table_of_messages_is_what_is_served():
    assert table() in DOC


def test_the_actions_of_a_station_are_those_that_the_table_names():
    told = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", DOC, re.MULTILINE))))
    for wishes in (ocpp_v16.WISHES, ocpp_v2.WISHES):
        assert set(wishes) | {"offer", "tell", "configure"} <= told


def home_of(tmp_path, text):
    path = tmp_path / "home.toml"
    path.write_text(casa_text() + "\n" + text)
    return load_home(path)


def test_the_blocks_are_a_home_file_that_can_be_read(tmp_path):
    home = home_of(tmp_path, "\n".join(BLOCKS))
    assert home.faces.ocpp is not None
    assert [entry.identity for entry in home.faces.ocpp.stations] == ["CP-0815"]
    assert [point.station for point in home.faces.ocpp_points] == ["wallbox"]
    assert [station.virtual for station in home.stations] == [True, False]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[faces.ocpp]\n[[faces.ocpp.stations]]\nid = "nobody"', "no station"),
        ('[faces.ocpp]\n[[faces.ocpp.stations]]\nid = "wallbox"', "virtual"),
        ('[[faces.ocpp_points]]\nstation = "nobody"\nurl = "ws://x"', "no station"),
        ("[faces.ocpp]\nsecurity = 4", "security"),
    ],
)
def test_what_a_home_file_may_not_say_is_told(tmp_path, text, word):
    with pytest.raises(InputError, match=word):
        home_of(tmp_path, text)
