"""The pictures of a replay: both files, the same bytes, and a clear line without matplotlib."""

import sys
from dataclasses import replace
from itertools import accumulate

import pytest

from vettura.drive.plot import ReplaySeries, plot_replay
from vettura.errors import EnvironmentFault

SECONDS = 180


def made_series(**changes) -> ReplaySeries:
    """A drive up to 15 m/s and back, measured 5 % above what is predicted."""
    speed = [min(k, 15, SECONDS - 1 - k) * 1.0 for k in range(SECONDS)]
    power = [500.0 + 900.0 * v for v in speed]
    measured = [1.05 * p for p in power]
    series = ReplaySeries(
        title="made",
        time_s=[float(k) for k in range(SECONDS)],
        speed_mps=speed,
        elevation_m=[300.0 + 0.1 * k for k in range(SECONDS)],
        power_w=power,
        measured_power_w=measured,
        energy_wh=[wh / 3600.0 for wh in accumulate(power)],
        measured_energy_wh=[wh / 3600.0 for wh in accumulate(measured)],
        soc=[0.8 - 1e-4 * k for k in range(SECONDS)],
        measured_soc=[0.8 - 1.05e-4 * k for k in range(SECONDS)],
        climate_w=[800.0] * SECONDS,
        measured_climate_w=[800.0] * SECONDS,
    )
    return replace(series, **changes)


def test_a_replay_is_drawn_as_svg_and_png(tmp_path):
    svg, png = plot_replay(made_series(), tmp_path / "deep" / "trip")
    assert svg.read_text("utf-8").startswith("<?xml")
    assert png.read_bytes().startswith(b"\x89PNG")


def test_the_same_series_give_the_same_bytes(tmp_path):
    first = plot_replay(made_series(), tmp_path / "a")
    again = plot_replay(made_series(), tmp_path / "b")
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in again]


def test_another_prediction_gives_another_picture(tmp_path):
    first, _ = plot_replay(made_series(), tmp_path / "a")
    other, _ = plot_replay(made_series(soc=[0.5] * SECONDS), tmp_path / "b")
    assert first.read_bytes() != other.read_bytes()


def test_a_trip_that_measured_nothing_is_drawn_all_the_same(tmp_path):
    bare = made_series(
        elevation_m=None,
        measured_power_w=None,
        measured_energy_wh=None,
        measured_soc=None,
        measured_climate_w=None,
    )
    _, png = plot_replay(bare, tmp_path / "bare")
    assert png.stat().st_size > 10_000


def test_a_name_with_a_dot_keeps_its_pictures_apart(tmp_path):
    first = plot_replay(made_series(), tmp_path / "trip.1")
    second = plot_replay(made_series(), tmp_path / "trip.2")
    assert not set(first) & set(second)


def test_without_matplotlib_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(EnvironmentFault, match="matplotlib") as caught:
        plot_replay(made_series(), tmp_path / "a")
    assert "pip install 'vettura[plots]'" in caught.value.hint


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(EnvironmentFault, match="cannot write"):
        plot_replay(made_series(), tmp_path / "file" / "a")
