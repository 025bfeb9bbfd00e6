"""docs/diagnostics.md says what the faces do, and its commands run as they stand."""

import re
import shlex
import tomllib

import msgspec
import pytest

from drive.test_can_log import OTHER_DBC, other_frames, our_frames, record
from faces.diagnostics_tables import TABLES, table
from make import ROOT
from vettura.bus.orders import read_fields
from vettura.cli.app import run_command
from vettura.drive.can_mapping import read_mapping
from vettura.faces.config import CanConfig, FacesConfig, ObdConfig

DOC = (ROOT / "docs" / "diagnostics.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", DOC, re.MULTILINE | re.DOTALL)


def commands(block):
    return [line for line in block.splitlines() if line.startswith("vettura ")]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_the_document_is_the_one_the_face_uses(name):
    told = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- end -->", DOC, re.DOTALL)
    assert told[1] == table(name), "python tests/faces/diagnostics_tables.py prints it"


def test_the_home_file_of_the_document_switches_both_faces_on():
    faces = msgspec.convert(tomllib.loads(blocks("toml")[0])["faces"], FacesConfig)
    assert (faces.obd, faces.can) == (ObdConfig(), CanConfig())
    assert f"port={CanConfig().port}" in DOC
    assert f"127.0.0.1:{ObdConfig().port}" in DOC


def test_the_fault_of_the_document_is_a_command():
    _, _, verb, *fields = shlex.split(blocks("sh")[1])
    assert read_fields(verb, fields).fault == "isolation"


def test_a_log_becomes_a_trip_by_the_documents_commands(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    record(tmp_path / "trip.log", our_frames())
    dbc, canlog, replay = commands(blocks("sh")[2])
    assert dbc == "vettura dbc > vettura.dbc"
    assert run_command(shlex.split(canlog)[1:]) == 0
    assert run_command([*shlex.split(replay)[1:], "--no-plot"]) == 0
    assert "trip" in capsys.readouterr().out


def test_another_cars_log_is_read_as_the_document_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    record(tmp_path / "drive.blf", other_frames())
    (tmp_path / "other.dbc").write_text(OTHER_DBC.replace("Outside m1", "Charge m1"))
    (command,) = commands(blocks("sh")[3])
    assert run_command(shlex.split(command)[1:]) == 0
    assert "speed_kmh, soc_pct" in " ".join(capsys.readouterr().out.split())
    (tmp_path / "map.toml").write_text(blocks("toml")[1])
    assert set(read_mapping(tmp_path / "map.toml")) == {"speed_kmh", "soc_pct", "battery_a"}
