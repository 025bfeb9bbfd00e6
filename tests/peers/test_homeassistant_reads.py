"""Home Assistant's own reading of automations: the stored answers are still its answers."""

import json

import pytest

from home.scene.written import AUTOMATIONS
from make import ROOT
from peers.environment import run_to_end

pytestmark = pytest.mark.peer
ANSWERS = ROOT / "tests" / "home" / "scene" / "taken.json"


def test_the_stored_answers_are_those_of_home_assistant(tmp_path):
    """A file that is not there is made anew: delete it after a change of the corpus."""
    file = tmp_path / "automations.json"
    file.write_text(json.dumps(AUTOMATIONS), "utf-8")
    answers = json.loads(run_to_end("homeassistant", "apps/homeassistant_reads.py", file))[
        "answers"
    ]
    if not ANSWERS.exists():
        rows = ",\n".join(json.dumps(answer, ensure_ascii=False) for answer in answers)
        ANSWERS.write_text(f"[\n{rows}\n]\n", "utf-8")
    stored = json.loads(ANSWERS.read_text("utf-8"))
    for text, fresh, kept in zip(AUTOMATIONS, answers, stored, strict=True):
        assert bool(fresh) == bool(kept), (text, fresh, kept)
