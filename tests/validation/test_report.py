"""The page: a command rewrites its own section, the same each time, and nothing else."""

import pytest

from make import ROOT, make_params
from validation.trips_made import CAR, true_trip
from vettura.errors import InputError
from vettura.validation.charging import validate_charging
from vettura.validation.curves import Curve, Curves
from vettura.validation.report import (
    SECTIONS,
    markdown_table,
    percent,
    rewrite_section,
    span,
)
from vettura.validation.sections import charging_section, trips_section
from vettura.validation.trips import validate_trips

PAGE = "before\n\n<!-- trips -->\nold\n<!-- /trips -->\n\n<!-- cell -->\nkept\n<!-- /cell -->\n"


def test_only_the_named_section_changes(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    rewrite_section(page, "trips", "new \\1 text")
    assert page.read_text() == PAGE.replace("old", "new \\1 text")
    rewrite_section(page, "trips", "old")
    assert page.read_text() == PAGE


def test_a_page_without_the_section_is_one_clear_line(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    with pytest.raises(InputError, match="no section 'charging'"):
        rewrite_section(page, "charging", "new")
    with pytest.raises(InputError, match="none"):
        rewrite_section(tmp_path / "none.md", "trips", "new")


def test_the_page_of_this_repository_has_every_section():
    text = (ROOT / "docs" / "validation.md").read_text("utf-8")
    for section in SECTIONS:
        assert f"\n<!-- {section} -->\n" in text
        assert f"\n<!-- /{section} -->\n" in text


def test_numbers_are_written_for_people():
    assert percent(0.0512) == "5.1 %"
    assert percent(-0.0512, sign=True) == "−5.1 %"
    assert percent(None) == "–"
    assert span((0.01, 0.125)) == "1.0 to 12.5 %"


def test_a_table_has_a_line_for_each_row():
    table = markdown_table({"a": "A", "b": "B"}, [{"a": "1", "b": "2"}, {"a": "3"}])
    assert table.splitlines() == ["| A | B |", "|---|---:|", "| 1 | 2 |", "| 3 |   |"]


def test_the_section_of_trips_names_the_worst_and_is_the_same_each_time():
    def section():
        trips = [true_trip("good"), true_trip("bad", gain=1.5)]
        report = validate_trips(make_params(CAR), trips)
        return trips_section(report, CAR, ["validation/trips.svg"])

    assert "Worst, heating as measured: bad −33" in section()
    assert "![trips](validation/trips.svg)" in section()
    assert section() == section()


def test_the_section_of_charging_says_what_was_left_out():
    curve = Curve("made", "test", 60_000.0, 400.0, ((0.0, 6e4), (1.0, 6e4)), printed_minutes=43.0)
    report = validate_charging(Curves([curve], {"copied": 7}))
    text = charging_section(report, [])
    assert "- 7: copied" in text
    assert "printed 43.0 min" in text
    assert "never faster for 1 of 1" in text
