"""The whole house in a process of its own: a day passes, kills are survived, commands arrive."""

import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from house.process import house
from make import ROOT

pytestmark = pytest.mark.live

VETTURA = (sys.executable, "-m", "vettura")
VIN = "LNBSCPBA0RA000055"
SOC = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed"
ODOMETER = "Vehicle.TraveledDistance"
MODE = "Vehicle.Private.Vettura.Mode"
PLACE = "Vehicle.Private.Vettura.Place"
CLIMATE = "Vehicle.Cabin.HVAC.IsAirConditioningActive"


def test_a_commute_an_arrival_and_a_charge_pass_by(tmp_path):
    with house(tmp_path, "--speed", "2000") as casa:
        events = casa.events()
        casa.signals_until(VIN, lambda s: s[MODE] == "DRIVING", events=events)
        casa.signals_until(
            VIN, lambda s: s.get(PLACE) == "office" and s.get(MODE) == "PARKED", events=events
        )
        casa.signals_until(VIN, lambda s: s.get(MODE) == "CHARGING", events=events)
        sessions = casa.get("/api/state")["cars"][VIN]["sessions"]
        assert {s["kind"] for s in sessions} >= {"trip"}
        assert casa.stop() == 0


@pytest.mark.parametrize("what", ["DRIVING", "CHARGING"])
def test_kill_dash_nine_and_the_car_wakes_where_it_was(tmp_path, what):
    with house(tmp_path, "--speed", "600") as casa:
        casa.signals_until(VIN, lambda s: s[MODE] == what)
        casa.post("/api/clock", factor=1.0)
        before = casa.signals_until(VIN, lambda s: s[MODE] == what)
        last = casa.get("/api/state")["cars"][VIN]["signals"]
        casa.kill()
    with house(tmp_path, "--speed", "1") as casa:
        woken = casa.signals_until(VIN, lambda s: s.get(SOC) is not None)
    assert woken[MODE] == what
    assert last[ODOMETER] >= before[ODOMETER]
    # One second of the fastest drive there is here, and what was driven before we could look.
    assert -45 <= woken[ODOMETER] - last[ODOMETER] <= 150
    assert woken[SOC] == pytest.approx(last[SOC], abs=0.2)


def server_pid(data_dir):
    return int((data_dir / "casa" / "nats-server.pid").read_text())


def test_the_server_dies_the_page_says_so_the_car_goes_on_and_no_command_is_lost(tmp_path):
    with house(tmp_path, "--speed", "1") as casa:
        events = casa.events()
        casa.signals_until(VIN, lambda s: SOC in s, events=events)
        os.kill(server_pid(tmp_path), signal.SIGKILL)
        status, answer = casa.post(f"/api/cars/{VIN}/do/climate", on=True, target_degc=24.0)
        assert (status, answer["ok"]) == (200, True)
        said = []
        signals = {}
        for kind, data in events:
            if kind == "beat":
                continue
            if data.get("bus"):
                said.append(data["bus"]["up"])
            signals |= data.get("cars", {}).get(VIN, {}).get("signals", {})
            if signals.get(CLIMATE) and said[-1:] == [True]:
                break
        # Down and up again, each said once; a snapshot after the pause repeats the last.
        assert said[:2] == [False, True]
        assert all(said[1:])


def test_a_port_that_is_taken_stops_it_before_anything_starts(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_vettura("run", "--port", str(port), "--data", str(tmp_path / "data"))
    assert done.returncode == 3
    assert f"port {port}" in done.stderr
    assert "in use" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_two_vetturas_on_one_folder_are_one_too_many(tmp_path):
    with house(tmp_path):
        done = run_vettura("run", "--port", "0", "--data", str(tmp_path))
    assert done.returncode == 3
    assert "another vettura" in done.stderr


def test_refusals_reach_the_page_in_words(tmp_path):
    # At real speed nobody plugs the car in before it is asked.
    with house(tmp_path, "--speed", "1") as casa:
        casa.signals_until(VIN, lambda s: SOC in s)
        status, answer = casa.post(f"/api/cars/{VIN}/do/charge_start")
        assert (status, answer["ok"]) == (409, False)
        assert "no cable" in answer["reason"]
        status, answer = casa.post(f"/api/cars/{VIN}/do/charge_limit", soc=1.2)
        assert status == 400
        assert "soc" in answer["reason"]


def run_vettura(*arguments):
    return subprocess.run(
        [*VETTURA, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
    )


def test_one_hour_rehearsed_twice_gives_one_hash_in_two_processes_and_another_seed_another():
    hashes = []
    for seed, hash_seed in ((3, "1"), (3, "2"), (4, "1")):
        done = subprocess.run(
            [*VETTURA, "rehearse", "--hours", "1", "--seed", str(seed), "--json"],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            check=True,
        )
        hashes.append(json.loads(done.stdout)["log_sha256"])
    assert hashes[0] == hashes[1] != hashes[2]
