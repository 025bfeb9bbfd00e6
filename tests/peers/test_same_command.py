"""One command through four doors: page, command line, kuksa-client, and a real Home Assistant."""

import json
import subprocess
import sys
from contextlib import contextmanager

import pytest

from house.faced import START, VIN, by_cli, by_page, drive_off, faced_home
from house.process import house
from peers.environment import clean_environment, program_of, python_of
from peers.homeassistant_process import PATIENCE_S, HomeAssistant, until

pytestmark = [pytest.mark.peer, pytest.mark.timeout(400)]

FLAP = "Vehicle.Powertrain.TractionBattery.Charging.ChargingPort.AnyPosition.IsFlapOpen"
COVER = "cover.xiaomi_su7_charge_flap"
SHUT = "the charge flap stays shut while driving"
DOORS = ("page", "cli", "kuksa", "homeassistant")


@contextmanager
def at_home(folder):
    """A house with its faces, and a Home Assistant that has found its car."""
    python_of("homeassistant")
    program_of("kuksa", "kuksa-client")
    options = ("--speed", "1", "--start", START)
    (folder / "ha").mkdir()
    with house(folder / "data", *options, home=faced_home(folder)) as running:
        home = HomeAssistant(folder / "ha")
        try:
            home.speak_mqtt(running.announced["mqtt"], "3.1.1")
            until(lambda: home.state(COVER) == "closed")
            yield running, home
        finally:
            home.stop()


def by_kuksa_client(running, value):
    """Type it into kuksa-client's own prompt; returns what that prints."""
    port = running.announced[f"kuksa {VIN}"]
    done = subprocess.run(
        [program_of("kuksa", "kuksa-client"), f"grpc://127.0.0.1:{port}"],
        input=f"setTargetValue {FLAP} {value}\nquit\n",
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    return done.stdout


def audits(running, last):
    command = [sys.executable, "-m", "vettura", "audit", "--json", "--last", str(last)]
    done = subprocess.run(
        [*command, "--nats", running.announced["nats"]],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def open_the_flap(running, home):
    """Ask four times, and return the four entries in the car's audit."""
    known = {entry["id"] for entry in audits(running, 100)}
    by_page(running, "flap", open=True)
    by_cli(running, FLAP, "true")
    by_kuksa_client(running, "true")
    home.call("cover.open_cover", COVER)

    def four():
        new = [entry for entry in audits(running, 100) if entry["id"] not in known]
        asked = [entry for entry in new if entry["what"] == FLAP]
        return asked if len(asked) >= len(DOORS) else None

    return until(four)


def test_the_same_command_has_one_entry_and_one_answer_by_each_door(tmp_path):
    with at_home(tmp_path) as (running, home):
        told = open_the_flap(running, home)
        assert [entry["who"] for entry in told] == list(DOORS)
        ends = {(entry["what"], entry["value"], entry["result"]) for entry in told}
        assert ends == {(FLAP, "true", "reached")}
        until(lambda: home.state(COVER) == "open")
        by_page(running, "flap", open=False)
        drive_off(running)
        told = open_the_flap(running, home)
        assert [entry["who"] for entry in told] == list(DOORS)
        ends = {(entry["value"], entry["result"], entry["reason"]) for entry in told}
        assert ends == {("true", "refused", SHUT)}
        assert SHUT in by_kuksa_client(running, "true")
        assert running.get("/api/state")["cars"][VIN]["signals"][FLAP] is False
        assert home.state(COVER) == "closed"
