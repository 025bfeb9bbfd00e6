"""Our templates say what Home Assistant 2024.3.3 says; its answers lie in template_answers.json."""

import json
from pathlib import Path

import pytest

from words import template_world
from words.template_corpus import DATETIMES, DURATIONS, PERIODS, SLUGS, TEMPLATES, VALUES

THEIRS = json.loads((Path(__file__).parent / "template_answers.json").read_text("utf-8"))
OURS = json.loads(json.dumps(template_world.answers()))


def test_the_answers_belong_to_the_questions():
    assert len(TEMPLATES) > 500
    assert {key: len(answers) for key, answers in THEIRS.items()} == {
        "templates": len(TEMPLATES),
        "values": len(VALUES),
        "slugs": len(SLUGS),
        "periods": len(PERIODS),
        "datetimes": len(DATETIMES),
        "durations": len(DURATIONS),
    }


@pytest.mark.parametrize("number", range(len(TEMPLATES)), ids=TEMPLATES)
def test_a_template_says_what_it_says_there(number):
    theirs, ours = THEIRS["templates"][number], OURS["templates"][number]
    if "error" in theirs:
        # What is wrong is said in words of our own.
        assert "error" in ours
    else:
        assert ours == theirs


@pytest.mark.parametrize("kind", ["values", "slugs", "periods", "datetimes", "durations"])
def test_what_surrounds_templates_is_read_as_there(kind):
    asked = template_world.request()[kind]
    for question, theirs, ours in zip(asked, THEIRS[kind], OURS[kind], strict=True):
        assert ours == theirs, question
