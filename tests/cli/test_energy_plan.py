"""`vettura energy plan`: evcc's request, answered on the command line."""

import json
import shlex

import msgspec

from energy.evcc_requests import draw_request
from make import ROOT


def test_a_request_is_answered_as_a_table_or_in_evccs_form(said, tmp_path):
    path = tmp_path / "request.json"
    path.write_bytes(msgspec.json.encode(draw_request(3)))
    code, out, _ = said("energy", "plan", path)
    assert code == 0
    assert "import Wh" in out
    assert "worth" in out
    code, out, _ = said("energy", "plan", path, "--json")
    assert code == 0
    assert json.loads(out)["status"] == "Optimal"


def test_what_is_no_request_is_one_line(said, tmp_path):
    path = tmp_path / "request.json"
    path.write_text('{"batteries": 3}')
    code, _, err = said("energy", "plan", path)
    assert code == 2
    assert "the request is not one of evcc's" in err
    code, _, err = said("energy", "plan", tmp_path / "none.json")
    assert code == 2
    assert "none.json: No such file" in err


def test_the_commands_of_the_planners_page_do_what_they_say(said, monkeypatch):
    monkeypatch.chdir(ROOT)
    text = (ROOT / "docs" / "energy-planner.md").read_text("utf-8")
    commands = [
        shlex.split(line)
        for block in text.split("```sh\n")[1:]
        for line in block.split("```")[0].splitlines()
    ]
    assert len(commands) == 2
    for program, *words in commands:
        assert program == "vettura"
        code, out, _ = said(*words)
        assert code == 0
        assert "Optimal" in out
