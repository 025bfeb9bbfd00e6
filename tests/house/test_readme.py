"""What the README tells people to type beside a running house works as it stands."""

import re
import shlex
import signal
import subprocess
import sys

import pytest

from house.faced import START, VIN, faced_home
from house.process import PATIENCE_S, house, wait_for_size
from make import ROOT
from vettura.bus.recording_blocks import HEADER

pytestmark = pytest.mark.live

COMMANDS = re.findall(
    r"^\| `vettura ([^`]+)`", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE
)
BESIDE = [line for line in COMMANDS if line.split()[0] in {"get", "set", "do", "audit", "miio"}]
SESSION = [line for line in COMMANDS if "drive.session" in line]


def typed(line, folder):
    command = [sys.executable, "-m", "vettura", *shlex.split(line)]
    return subprocess.run(
        command, cwd=folder, check=False, capture_output=True, text=True, timeout=PATIENCE_S
    )


def recorded(line, folder):
    """Record until there is something, then stop it as a person does."""
    command = [sys.executable, "-m", "vettura", *shlex.split(line)]
    recorder = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    wait_for_size(folder / shlex.split(line)[1], HEADER.size)
    done = typed("do flash", folder)
    assert done.returncode == 0, done.stderr
    assert typed("get Vehicle.Speed", folder).returncode == 0
    recorder.send_signal(signal.SIGINT)
    _, said = recorder.communicate(timeout=PATIENCE_S)
    assert recorder.returncode == 0, said


def test_the_commands_beside_a_running_house_do_what_they_say(tmp_path):
    options = ("--speed", "1", "--start", START)
    with house(tmp_path / ".vettura", *options, home=faced_home(tmp_path)) as running:
        running.signals_until(VIN, lambda signals: "Vehicle.Speed" in signals)
        assert len(BESIDE) == 5
        for line in BESIDE:
            done = typed(line, tmp_path)
            assert done.returncode == 0, done.stderr
            assert done.stdout.strip() or done.stderr.strip()
        record, *others = SESSION
        assert record.startswith("record")
        recorded(record, tmp_path)
    for line in others:
        done = typed(line, tmp_path)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "drive.jsonl").stat().st_size > 0
