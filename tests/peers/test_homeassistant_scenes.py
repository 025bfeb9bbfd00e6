"""The same months in Home Assistant's core and in our scenes: every action agrees.

Which automation shows what stands in `docs/scenes-homeassistant.md`.
"""

import json
import subprocess
import sys
from functools import cache

import pytest

from make import ROOT
from peers.environment import clean_environment, command_of, place_of, python_of
from peers.our_month import OurMonth
from peers.sameness import actions, changes, digest, left, parting, runs
from peers.scenario import AUTOMATIONS, DAYS, DIGESTS, MARCH, OCTOBER, automations, scenario
from vettura.home.scene.read import read_scenes

PATIENCE_S = 1_200.0
pytestmark = [pytest.mark.peer, pytest.mark.timeout(2 * PATIENCE_S)]
MONTHS = {"march": MARCH, "october": OCTOBER}
NEVER = {"automation.condition_on_an_unknown_thing"}
"""Those whose condition holds never."""


def lived_by_homeassistant(told):
    """What Home Assistant says of a scenario; skips where it has no `time-machine`."""
    python = python_of("homeassistant")
    probe = [python, "-c", "import time_machine"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("Home Assistant's environment is older than its lock; `make peers` makes it")
    done = subprocess.run(
        command_of("homeassistant", "apps/homeassistant_month.py", ()),
        input=json.dumps(told).encode(),
        env=clean_environment(PYTHONHASHSEED="0"),
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-4_000:]
    return [json.loads(line) for line in done.stdout.splitlines()][:-1]


def lived_by_us(told):
    scenes = read_scenes(sorted(AUTOMATIONS.glob("*.yaml")), root=AUTOMATIONS)
    return OurMonth(told, scenes).live()


@cache
def both(month):
    told = scenario(start=MONTHS[month], days=31)
    return lived_by_us(told), lived_by_homeassistant(told)


@pytest.mark.parametrize("month", MONTHS)
def test_every_action_agrees_in_time_order_and_data(month):
    ours, theirs = map(actions, both(month))
    assert parting(ours, theirs) is None
    assert len(theirs) > 30_000


@pytest.mark.parametrize("month", MONTHS)
def test_every_run_begins_when_and_why_it_does_there(month):
    ours, theirs = map(runs, both(month))
    assert parting(ours, theirs) is None


@pytest.mark.parametrize("month", MONTHS)
def test_helpers_change_as_they_do_there_and_end_so(month):
    ours, theirs = both(month)
    assert parting(changes(ours), changes(theirs)) is None
    assert left(ours) == left(theirs)


@pytest.mark.parametrize("seed", [2, 3])
def test_other_lives_agree_as_well(seed):
    told = scenario(**DAYS["autumn"], seed=seed)
    ours, theirs = lived_by_us(told), lived_by_homeassistant(told)
    for kind in (actions, runs, changes):
        assert parting(kind(ours), kind(theirs)) is None
    assert left(ours) == left(theirs)


@pytest.mark.parametrize("month", MONTHS)
def test_the_sun_is_told_as_it_is_there(month):
    ours, theirs = ([line for line in lines if "sun" in line] for lines in both(month))
    assert [line["at_us"] for line in ours] == [line["at_us"] for line in theirs]
    for one, other in zip(ours, theirs, strict=True):
        assert one["sun"] == other["sun"]
        for name in ("elevation", "azimuth"):
            assert one["attributes"].pop(name) == pytest.approx(
                other["attributes"].pop(name), abs=0.03
            )
        assert one["attributes"] == other["attributes"]


def test_every_automation_acts():
    _, theirs = both("march")
    acting = {line["who"] for line in actions(theirs)}
    there = {entity for entity in left(theirs) if entity.startswith("automation.")}
    assert there - acting == NEVER
    assert len(there) == len(automations())


@pytest.mark.parametrize("season", DAYS)
def test_the_digests_of_the_ordinary_tests_are_home_assistants(season):
    assert digest(lived_by_homeassistant(scenario(**DAYS[season]))) == DIGESTS[season]


def test_home_assistant_lives_through_a_day_twice_in_the_same_way():
    one, other = (lived_by_homeassistant(scenario(days=1)) for _ in range(2))
    assert one == other


def test_the_bench_tells_both():
    place_of("homeassistant")
    command = [sys.executable, str(ROOT / "bench" / "scenes.py"), "--small", "--json"]
    done = subprocess.run(command, capture_output=True, timeout=PATIENCE_S, check=True)
    told = json.loads(done.stdout)
    assert told["same"]
    assert told["homeassistant_over_vettura_lived"] > 0.0
