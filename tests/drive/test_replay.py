"""The model along measured trips: as good as promised, and its pictures are drawn."""

import statistics

import pytest

from make import SHARED
from vettura.car import load_car, params_of
from vettura.drive.measured import read_trip
from vettura.drive.plot import plot_replay
from vettura.drive.replay import replay, series_of

TRIPS = sorted((SHARED / "data" / "bmw_i3").glob("*.csv"))
needs_trips = pytest.mark.skipif(not TRIPS, reason="../shared/data/bmw_i3 is not here")


def made_trip(tmp_path):
    header = "time_s,speed_kmh,elevation_m,ambient_degc,battery_v,battery_a,soc_pct,heating_kw"
    rows = [f"{k},{50 if 5 < k < 90 else 0},{300 + k / 20},5,370,-20,80,1.5" for k in range(120)]
    path = tmp_path / "made.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


@needs_trips
def test_the_median_error_of_energy_over_all_i3_trips_is_at_most_ten_percent():
    params = params_of(load_car("bmw-i3-60ah"))
    errors = [replay(params, read_trip(path)).error for path in TRIPS]
    assert statistics.median(map(abs, errors)) <= 0.10
    assert sum(abs(e) <= 0.15 for e in errors) >= 0.8 * len(errors)


@needs_trips
def test_no_second_of_any_measured_trip_is_missed_by_the_model():
    params = params_of(load_car("bmw-i3-60ah"))
    assert sum(replay(params, read_trip(path)).missed_s for path in TRIPS) <= 5.0


def test_measured_heating_is_used_unless_the_model_is_asked(tmp_path):
    trip = read_trip(made_trip(tmp_path))
    params = params_of(load_car("bmw-i3-60ah"))
    assert replay(params, trip).climate_wh == pytest.approx(1500.0 * 119 / 3600.0)
    assert replay(params, trip, model_climate=True).climate_wh != pytest.approx(49.6, rel=0.01)


def test_the_plots_are_drawn_and_the_same_trip_gives_the_same_svg(tmp_path):
    trip = read_trip(made_trip(tmp_path))
    driven = replay(params_of(load_car("bmw-i3-60ah")), trip)
    first = plot_replay(series_of(trip, driven), tmp_path / "a")
    again = plot_replay(series_of(trip, driven), tmp_path / "b")
    assert first[0].read_bytes() == again[0].read_bytes()
    assert first[0].read_text().startswith("<?xml")
    assert first[1].read_bytes().startswith(b"\x89PNG")
    assert first[1].stat().st_size > 20_000
