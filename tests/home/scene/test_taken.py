"""We take the automations that Home Assistant takes, and refuse those that it refuses."""

import json
from pathlib import Path

import pytest

from home.scene.written import AUTOMATIONS, expected
from vettura.errors import InputError
from vettura.home.scene.read import read_scenes_text

THEIRS = json.loads((Path(__file__).parent / "taken.json").read_text("utf-8"))


def test_the_answers_belong_to_the_questions():
    assert len(AUTOMATIONS) == len(THEIRS) > 250


@pytest.mark.parametrize("number", range(len(AUTOMATIONS)), ids=AUTOMATIONS)
def test_it_is_taken_where_home_assistant_takes_it(number):
    text, taken = AUTOMATIONS[number], not THEIRS[number]
    try:
        read_scenes_text(text)
        message = ""
    except InputError as error:
        message = error.message
    assert (not message) == expected(text, taken), message or THEIRS[number]
