"""`vettura rehearse` with scenes: what it finds, what it finds not, and how it says so."""

import json
import shlex
from contextlib import redirect_stdout
from importlib.util import module_from_spec, spec_from_file_location
from io import StringIO

import pytest

from make import ROOT
from vettura.cli.app import run_command

PLANTED = ROOT / "examples" / "planted.toml"
WEDNESDAY = "2026-03-04T06:45"
"""The day on which the garage is aired."""
THREE = ["conflict", "loop", "promise"]


def happened(report):
    return [one for one in report["findings"] if one["seen"] == "happened"]


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """One day of the household with three mistakes, as JSON and as a page."""

    page = tmp_path_factory.mktemp("planted") / "planted.html"
    said = StringIO()
    words = ["rehearse", f"{PLANTED}", "--start", WEDNESDAY, "--json", "--page", f"{page}"]
    with redirect_stdout(said):
        assert run_command(words) == 0
    return json.loads(said.getvalue()), page.read_text("utf-8")


def test_three_planted_mistakes_are_named_and_nothing_else(planted):
    report, _ = planted
    assert sorted(one["kind"] for one in report["findings"]) == THREE
    by_kind = {one["kind"]: one for one in report["findings"]}
    assert by_kind["conflict"]["entities"] == ["cover.bedroom_shutters"]
    assert by_kind["conflict"]["scenes"] == [
        "automation.cool_air_for_the_night",
        "automation.shutters_down_for_the_night",
    ]
    assert by_kind["loop"]["scenes"] == [
        "automation.the_loft_lamp_says_whether_somebody_reads",
        "automation.who_reads_needs_the_loft_lamp",
    ]
    assert by_kind["promise"]["title"] == "Garage open while nobody is home: broken"
    assert by_kind["promise"]["scenes"] == ["automation.fresh_air_for_the_garage"]


def test_each_mistake_is_found_in_the_text_too_or_says_where_it_stands(planted):
    report, _ = planted
    for one in report["findings"]:
        assert all("-scenes.yaml:" in where for where in one["where"]), one


def test_a_day_of_the_household_as_it_is_finds_nothing(said):
    code, out, _ = said("rehearse", "--start", WEDNESDAY, "--json")
    assert code == 0
    report = json.loads(out)
    assert report["findings"] == []
    assert report["promises"] == 6
    assert sum(row.get("fired", 0) for row in report["scenes"]) > 5


def test_the_command_beside_a_broken_promise_shows_it_again(planted, said):
    report, _ = planted
    (broken,) = (one for one in report["findings"] if one["kind"] == "promise")
    program, *words = shlex.split(broken["replay"])
    assert program == "vettura"
    code, out, _ = said(*words)
    assert code == 0
    story = out.partition("log ")[2]
    assert "automation.fresh_air_for_the_garage does cover.open_cover" in story
    assert "cover.garage_door: opening → open" in story
    assert "event vettura_promise_broken" in story
    assert "Garage open while nobody is home: broken" in out


def test_the_page_holds_everything_in_one_file(planted):
    _, page = planted
    assert "1 broken promise, 1 conflict, 1 loop" in page
    assert "automation.cool_air_for_the_night" in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")


def test_without_json_people_read_sentences(said):
    code, out, _ = said("rehearse", PLANTED, "--start", "2026-03-04T21:00", "--hours", "2")
    assert code == 0
    assert "1 conflict" in out
    assert "automation.shutters_down_for_the_night wants closed" in out
    assert "Cool air for the night" in out


def changed(tmp_path, before, after):
    """The household's scenes with one change, beside the file they stand for."""
    text = (ROOT / "examples" / "casa-scenes.yaml").read_text("utf-8")
    assert before in text
    path = tmp_path / "casa-scenes.yaml"
    path.write_text(text.replace(before, after, 1), "utf-8")
    return path


def test_against_shows_what_a_change_would_have_changed(said, tmp_path):
    other = changed(tmp_path, 'at: "20:30:00"', 'at: "21:00:00"')
    words = ("--start", "2026-03-02T20:00", "--hours", "1.5", "--against", other)
    code, out, _ = said("rehearse", *words)
    assert code == 0
    assert "automation.low_charge_before_a_long_day fired 1 → 1 times" in out
    assert "− Mon 2 Mar, 20:30:00" in out
    assert "+ Mon 2 Mar, 21:00:00" in out
    code, out, _ = said("rehearse", *words, "--json")
    (scene,) = json.loads(out)["scenes"]
    assert scene["differences"] == 2


def test_against_the_same_scenes_nothing_changes(said, tmp_path):
    other = changed(tmp_path, "brightness_pct: 80", "brightness_pct: 80")
    code, out, _ = said("rehearse", "--hours", "0.2", "--against", other)
    assert code == 0
    assert "would have changed nothing" in out


def test_against_a_file_that_stands_for_none_is_one_clear_line(said, tmp_path):
    other = tmp_path / "others.yaml"
    other.write_text("[]", "utf-8")
    code, _, err = said("rehearse", PLANTED, "--against", other)
    assert code == 2
    assert "the home has 2 files of scenes" in err


def test_scenes_that_are_wrong_are_named_before_anything_is_lived(said, tmp_path):
    other = changed(tmp_path, "platform: state", "platform: stat")
    code, _, err = said("rehearse", "--against", other)
    assert code == 2
    assert "casa-scenes.yaml:" in err


def test_a_page_that_cannot_be_written_is_one_clear_line(said, tmp_path):
    code, _, err = said("rehearse", "--hours", "0.1", "--page", tmp_path / "no" / "page.html")
    assert code == 3
    assert "cannot be written" in err


def test_faults_are_named_with_their_time(said):
    code, out, _ = said("rehearse", "--hours", "3", "--faults", "5")
    assert code == 0
    assert "What was made to go wrong" in out
    assert "faults 5" in out


def test_the_planted_home_is_the_example_home():
    casa = (ROOT / "examples" / "casa.toml").read_text("utf-8")
    planted = PLANTED.read_text("utf-8")
    scenes = '"casa-scenes.yaml", "planted-scenes.yaml"'
    same = planted.replace(scenes, '"casa-scenes.yaml"').replace(", with three mistakes", "")
    begin = "\nseed = "
    assert same.partition(begin)[2] == casa.partition(begin)[2]


def test_the_bench_of_a_month_runs():
    spec = spec_from_file_location("rehearsal", ROOT / "bench" / "rehearsal.py")
    bench = module_from_spec(spec)
    spec.loader.exec_module(bench)
    month = bench._month("planted.toml", 0.1)
    assert month["messages"] > 100
    assert len(month["log_sha256"]) == 64
