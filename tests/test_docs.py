"""What the README tells people to type works as it stands."""

import re
import shlex

import pytest

from make import ROOT, SHARED
from vettura.cli.app import app, run_command

README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = sorted(set(re.findall(r"`vettura ([^`]+)`", README)))
RUN_ELSEWHERE = {
    "run": "tests/house/test_live.py",
    **dict.fromkeys(
        ("get", "set", "do", "audit", "miio", "record", "export", "replay drive.session"),
        "tests/house/test_readme.py",
    ),
    "canlog": "tests/cli/test_canlog.py",
    "energy show": "tests/cli/test_energy_live.py",
}
"""What needs a house that runs, or a file that is made first, and who runs it instead."""


def made_trip(folder):
    rows = [f"{k},{30 if 3 < k < 55 else 0}" for k in range(60)]
    (folder / "TRIP.csv").write_text("\n".join(["time_s,speed_kmh", *rows]) + "\n")


def test_the_readme_names_every_command():
    named = {command.split()[0] for command in COMMANDS}
    there = {name for name in app if not name.startswith("-")}
    assert there <= named


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_does_what_it_says(command, tmp_path, monkeypatch, capsys):
    words = shlex.split(command)
    elsewhere = RUN_ELSEWHERE.get(words[0]) or RUN_ELSEWHERE.get(command)
    if elsewhere:
        pytest.skip(f"{elsewhere} runs it")
    shared = [word for word in words if word.startswith("../shared")]
    if shared and not SHARED.exists():
        pytest.skip("../shared is not here")
    made_trip(tmp_path)
    words = [str(ROOT / word) if word in shared else word for word in words]
    monkeypatch.chdir(tmp_path)
    plots = shared and words[0] == "replay"
    assert run_command([*words, *(["--no-plot"] if plots else [])]) == 0
    assert capsys.readouterr().out.strip()


def test_adding_a_car_is_copying_a_file(tmp_path, monkeypatch, capsys):
    text = (ROOT / "docs" / "adding-a-car.md").read_text("utf-8")
    block = text.split("```sh\n")[1].split("```")[0]
    copy, *commands = [shlex.split(line) for line in block.splitlines()]
    assert copy[0] == "cp"
    (tmp_path / copy[2]).write_bytes((ROOT / copy[1]).read_bytes())
    monkeypatch.chdir(tmp_path)
    assert len(commands) == 3
    for program, *words in commands:
        assert program == "vettura"
        assert run_command(words) == 0
        assert capsys.readouterr().out.strip()


def test_the_commands_about_rehearsals_do_what_they_say(tmp_path, monkeypatch, capsys):
    text = (ROOT / "docs" / "rehearsal.md").read_text("utf-8")
    lines = [
        line for block in text.split("```sh\n")[1:] for line in block.split("```")[0].splitlines()
    ]
    for name in ("planted.toml", "casa-scenes.yaml", "planted-scenes.yaml"):
        (tmp_path / name).write_bytes((ROOT / "examples" / name).read_bytes())
    (tmp_path / "changed").mkdir()
    monkeypatch.chdir(tmp_path)
    for program, *words in map(shlex.split, lines):
        if program == "cp":
            (tmp_path / words[1]).write_bytes((tmp_path / words[0]).read_bytes())
            continue
        assert program == "vettura"
        assert run_command(words) == 0
        said = capsys.readouterr().out
        assert said.strip()
        if "--trace-from" in words:
            assert "event vettura_promise_broken" in said
    assert "Casa Ferrero" in (tmp_path / "evening.html").read_text("utf-8")


def test_every_make_target_of_the_readme_exists():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"\bmake ([a-z][a-z-]*)", README))
    assert targets >= {"run", "test", "setup", "bench"}
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_figures_of_the_readme_name_the_command_they_come_from():
    table = README.split("## How true it is")[1].split("## ")[0]
    rows = [
        row for row in table.splitlines() if row.startswith("| ") and "figure | from" not in row
    ]
    assert rows
    for row in rows:
        assert re.search(r"`(vettura|make) [^`]+` \|$", row), row
