"""docs/energy-site.md is true: its home files are read, its command runs, the fuse holds."""

import shlex
from datetime import datetime

import msgspec

from make import ROOT
from vettura.bus.messages import decode
from vettura.bus.messages_energy import SiteMeter
from vettura.bus.subjects import site_meter
from vettura.cli.app import run_command
from vettura.energy.config import EnergyConfig
from vettura.house.file import load_home
from vettura.house.rehearsal import rehearse_home
from vettura.life.station import StationConfig
from vettura.units import PHASE_V

TEXT = (ROOT / "docs" / "energy-site.md").read_text("utf-8")
HOME = ROOT / "examples" / "two-wallboxes.toml"


def blocks(kind):
    return [part.split("```")[0] for part in TEXT.split(f"```{kind}\n")[1:]]


def test_its_home_files_are_read_and_the_example_is_one():
    for block in blocks("toml"):
        tree = msgspec.toml.decode(block)
        msgspec.convert(tree["energy"], EnergyConfig)
        msgspec.convert(tree.get("stations", []), list[StationConfig])
    shown = msgspec.toml.decode(blocks("toml")[0])
    home = load_home(HOME)
    assert msgspec.convert(shown["stations"], list[StationConfig]) == home.stations
    assert shown["energy"]["grid"]["fuse_a"] == home.energy.grid.fuse_a


def test_its_command_runs_and_the_evening_stays_below_the_fuse(monkeypatch, capsys):
    heard = []

    def hear(_time_ns, subject, data):
        if subject == site_meter("duo"):
            heard.append(decode(data, SiteMeter, where=subject))

    monkeypatch.chdir(ROOT)
    (line,) = blocks("sh")[0].splitlines()
    program, *words = shlex.split(line)
    assert program == "vettura"
    assert run_command(words) == 0
    assert capsys.readouterr().out.strip()
    start = datetime(2026, 3, 2, 17, 30)  # noqa: DTZ001  local to the home
    rehearse_home(load_home(HOME), seed=5, start=start, duration_s=3_000.0, taps=[hear])
    assert max(one.stations_w for one in heard) > 5_000.0
    assert max(max(one.phase_w) for one in heard) <= 16.0 * PHASE_V
