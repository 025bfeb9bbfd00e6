"""Charging curves: real ones told from copies, and driven in the time that they promise."""

from itertools import pairwise

import pytest

from make import SHARED
from validation.results_made import made_curve
from vettura.errors import InputError
from vettura.validation.charging import (
    charging_params,
    session_minutes,
    session_power,
    validate_charging,
)
from vettura.validation.curves import Curve, Curves, read_curves

FOLDER = SHARED / "data" / "open_ev_data"
needs_curves = pytest.mark.skipif(not FOLDER.exists(), reason="../shared/data is not here")
CAR_HEADER = "id,brand,model,year,variant,usable_kwh,volts,dc_kw,real_curve"


def written(folder, cars):
    """Open EV Data's two files; a car is its row and its powers at 0, 50 and 100 %."""
    folder.mkdir()
    lines = [CAR_HEADER, *(f"{k},Make,Model {k},2020,,{row}" for k, (row, _) in enumerate(cars))]
    (folder / "cars.csv").write_text("\n".join(lines) + "\n")
    points = [
        f"{k},{soc},{kw}"
        for k, (_, powers) in enumerate(cars)
        for soc, kw in zip((0, 50, 100), powers, strict=True)
    ]
    (folder / "dc_curves.csv").write_text("\n".join(["id,soc_pct,dc_kw", *points]) + "\n")
    return folder


def test_a_constant_power_takes_its_share_of_the_capacity():
    curve = Curve("made", "test", 60_000.0, 400.0, ((0.0, 60_000.0), (1.0, 60_000.0)))
    assert curve.minutes == pytest.approx(42.0)


def test_the_power_lies_on_straight_lines_and_is_held_at_the_ends():
    curve = Curve("made", "test", 1.0, 400.0, ((0.1, 10.0), (0.5, 30.0), (0.9, 20.0)))
    assert [curve.power_w(soc) for soc in (0.0, 0.3, 0.7, 1.0)] == [10.0, 20.0, 25.0, 20.0]


@pytest.mark.parametrize("kw", [30.0, 100.0, 250.0])
def test_a_warm_car_charges_in_the_time_of_its_curve(kw):
    (row,) = validate_charging(Curves([made_curve(kw)], {})).rows
    assert abs(row.error) <= 0.05


def test_a_colder_battery_is_never_faster():
    curve = made_curve()
    params = charging_params(curve)
    minutes = [session_minutes(params, curve, degc) for degc in (-10.0, 0.0, 10.0, 20.0, 28.0)]
    assert all(cold >= warm for cold, warm in pairwise(minutes))


def test_a_session_ends_even_where_the_car_takes_nothing():
    curve = made_curve()
    dead = curve._replace(points=((0.0, 0.0), (1.0, 0.0)))
    assert session_minutes(charging_params(dead), curve, 28.0) == pytest.approx(720.0)


def test_the_power_that_is_drawn_follows_the_curve():
    curve = made_curve()
    session = session_power(charging_params(curve), curve)
    middle = [watts for soc, watts in session if 0.2 < soc < 0.4]
    assert all(watts == pytest.approx(100_000.0, rel=0.03) for watts in middle)


def test_placeholders_copies_and_unreal_curves_are_left_out_and_counted(tmp_path):
    real = ("60,400,100,True", (100, 90, 20))
    placeholder = ("50,400,50,True", (50, 50, 10))
    unreal = ("60,400,100,False", (100, 80, 20))
    copies = [(f"{40 + k},400,{80 + k},True", (80 + k, 80 + k, 0.3 * (80 + k))) for k in range(4)]
    curves = read_curves(written(tmp_path / "data", [real, placeholder, unreal, *copies, real]))
    assert [curve.net_wh for curve in curves.real] == [60_000.0]
    assert curves.left_out == {
        "not flagged as real by its source": 1,
        "power equals the capacity: a placeholder": 1,
        "shape shared by more than 3 packs": 4,
        "the same pack and curve once more": 1,
    }


def test_a_folder_without_curves_and_a_bad_number_are_one_clear_line(tmp_path):
    (tmp_path / "alone").mkdir()
    with pytest.raises(InputError, match=r"no dc_curves\.csv"):
        read_curves(tmp_path / "alone")
    with pytest.raises(InputError, match="not a folder"):
        read_curves(tmp_path / "none")
    bad = written(tmp_path / "data", [("60,400,100,True", (100, "fast", 20))])
    with pytest.raises(InputError, match="line 3"):
        read_curves(bad)


@needs_curves
def test_real_curves_are_met_within_five_percent():
    """A curve with a step of half its power stands on a table of 5 %, and is up to 6 % off."""
    report = validate_charging(read_curves(FOLDER))
    sources = {row.curve.source for row in report.rows}
    assert len(report.rows) > 80
    assert sources == {"open_ev_data", "charging_curves", "xiaomi_su7"}
    within = [abs(row.error) <= 0.05 for row in report.rows]
    assert report.summary.mape <= 0.03
    assert sum(within) >= 0.97 * len(within)
    assert all(row.colder_is_never_faster for row in report.rows)
    assert report.left_out["power equals the capacity: a placeholder"] == 438
