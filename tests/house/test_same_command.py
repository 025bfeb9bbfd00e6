"""One command, four ways: page, command line, KUKSA and Home Assistant's topics are one path."""

import json
import subprocess
import sys

import pytest

from house.faced import (
    START,
    VIN,
    by_cli,
    by_home_assistant,
    by_kuksa,
    by_page,
    drive_off,
    faced_home,
)
from house.process import house

pytestmark = pytest.mark.live

FLAP = "Vehicle.Powertrain.TractionBattery.Charging.ChargingPort.AnyPosition.IsFlapOpen"
LIMIT = "Vehicle.Powertrain.TractionBattery.Charging.ChargeLimit"


@pytest.fixture(scope="module")
def faced(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faced")
    options = ("--speed", "1", "--start", START)
    with house(folder / "data", *options, home=faced_home(folder)) as running:
        running.signals_until(VIN, lambda signals: "Vehicle.Speed" in signals)
        yield running


def audits(running, last):
    command = [sys.executable, "-m", "vettura", "audit", "--json", "--last", str(last)]
    said = subprocess.run(
        [*command, "--nats", running.announced["nats"]],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    return [json.loads(line) for line in said.splitlines()]


def four_ways(running):
    return [
        by_page(running, "flap", open=True),
        by_cli(running, FLAP, "true"),
        by_kuksa(running, FLAP, bool=True),
        by_home_assistant(running, "charge_flap", "OPEN"),
    ]


def test_the_same_wish_has_one_answer_and_one_entry_for_each_way(faced):
    assert four_ways(faced) == [""] * 4
    told = audits(faced, 4)
    assert [one["who"] for one in told] == ["page", "cli", "kuksa", "homeassistant"]
    assert {(one["what"], one["value"], one["result"]) for one in told} == {
        (FLAP, "true", "reached")
    }
    assert len({one["id"] for one in told}) == 4
    by_page(faced, "flap", open=False)


def test_what_is_out_of_range_is_refused_alike(faced):
    by_page(faced, "charge_limit", soc=0.7)
    reasons = {
        by_cli(faced, LIMIT, "5"),
        by_kuksa(faced, LIMIT, uint32=5),
        by_home_assistant(faced, "charge_limit", "5"),
    }
    assert len(reasons) == 1
    assert "20" in reasons.pop()
    told = audits(faced, 3)
    assert {(one["what"], one["result"], one["code"]) for one in told} == {
        (LIMIT, "refused", "range")
    }


def test_a_flap_that_must_not_open_while_driving_stays_shut_whoever_asks(faced):
    drive_off(faced)
    reasons = set(four_ways(faced))
    assert reasons == {"the charge flap stays shut while driving"}
    assert faced.get("/api/state")["cars"][VIN]["signals"][FLAP] is False
    told = audits(faced, 4)
    assert [one["who"] for one in told] == ["page", "cli", "kuksa", "homeassistant"]
    assert {(one["what"], one["value"], one["result"], one["code"]) for one in told} == {
        (FLAP, "true", "refused", "interlock")
    }
