"""What Home Assistant did with the same automations, held without it; the peers' tests make it."""

import re

import pytest

from make import ROOT
from peers.corpus import texts
from peers.our_month import OurMonth
from peers.sameness import actions, digest, runs
from peers.scenario import AUTOMATIONS, DAYS, DIGESTS, scenario
from vettura.home.scene.read import read_scenes

PAGE = (ROOT / "docs" / "scenes-homeassistant.md").read_text("utf-8")
ROWS = re.findall(
    r"^\| (.+) \| (.+) \| `(.+)` \|$", PAGE.split("## What does not")[0], re.MULTILINE
)


@pytest.fixture(scope="module")
def scenes():
    return read_scenes(sorted(AUTOMATIONS.glob("*.yaml")), root=AUTOMATIONS)


@pytest.mark.parametrize("season", DIGESTS)
def test_days_around_a_change_of_the_clock_are_as_in_home_assistant(season, scenes):
    assert digest(OurMonth(scenario(**DAYS[season]), scenes).live()) == DIGESTS[season]


def test_a_day_is_the_same_twice(scenes):
    one, other = (OurMonth(scenario(days=1), scenes).live() for _ in range(2))
    assert actions(one) == actions(other)
    assert runs(one) == runs(other)


def test_there_are_automations_enough(scenes):
    assert len(scenes.automations) == len(texts()) >= 60
    assert f" {len(texts())} automations" in PAGE


@pytest.mark.parametrize(("construct", "alias", "word"), ROWS)
def test_what_the_page_says_agrees_stands_in_the_automation_it_names(construct, alias, word):
    assert word in texts()[alias]


def test_the_page_has_all_constructs():
    assert len(ROWS) > 120
