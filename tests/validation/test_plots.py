"""Pictures: drawn, small, and the same to the byte."""

import sys

import pytest

from make import make_params
from validation.results_made import made_curve, made_row
from validation.trips_made import CAR, bare_trip, true_trip
from vettura.errors import EnvironmentFault
from vettura.validation.certification import CertificationReport
from vettura.validation.charging import validate_charging
from vettura.validation.curves import Curves
from vettura.validation.pictures import draw_certification, draw_charging, draw_trips
from vettura.validation.trips import validate_trips


def drawn(folder):
    rows = [made_row("udds", 11.0, 10.0), made_row("hwfet", 12.1, 12.0)]
    trips = [true_trip("warm"), true_trip("cold", ambient_degc=0.0)]
    return [
        *draw_certification(CertificationReport(rows=rows), folder),
        *draw_trips(validate_trips(make_params(CAR), trips), folder),
        *draw_charging(validate_charging(Curves([made_curve()], {})), folder),
    ]


def test_every_kind_is_drawn_small_and_the_same_each_time(tmp_path):
    first, again = drawn(tmp_path / "a"), drawn(tmp_path / "b")
    assert [path.name for path in first] == [
        "certification.svg",
        "trips.svg",
        "trips-heating-modelled.svg",
        "charging.svg",
    ]
    for path, other in zip(first, again, strict=True):
        assert path.read_bytes() == other.read_bytes()
        assert path.read_text("utf-8").startswith("<?xml")
        assert path.stat().st_size < 100_000


def test_what_was_not_measured_is_not_drawn(tmp_path):
    report = validate_trips(make_params(CAR), [bare_trip()])
    unanswered = CertificationReport(rows=[made_row("udds", 11.0, None)])
    assert draw_trips(report, tmp_path) == []
    assert draw_certification(unanswered, tmp_path) == []
    assert draw_charging(validate_charging(Curves([], {})), tmp_path) == []


def test_without_matplotlib_one_clear_line_says_how_to_go_on(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(EnvironmentFault, match="--no-plot"):
        drawn(tmp_path)


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EnvironmentFault, match="cannot write"):
        drawn(tmp_path / "file")
