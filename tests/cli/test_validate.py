"""`vettura validate`: rows for programs, tables for people, a page and plots where they belong."""

import json

import pytest

from make import ROOT, SHARED
from vettura.cli.app import run_command

CAR = "bmw-i3-60ah"
PAGE = "# Page\n\n<!-- {0} -->\n<!-- /{0} -->\n"
TESTS = """make,model,test_vehicle,config,drive,rated_hp,test_mass_kg,coef_a_n,coef_b_n_per_mps,\
coef_c_n_per_mps2,cycle,wall_kwh_100km,motor_front,motor_rear,gears,lift_off_regen,\
battery_gross_kwh,pack_volt_class
Make,Model,V1,0,R,204,2155,106.7,2.898,0.3563,udds,12.4,,PSM,1,light,82,400
Make,Model,V1,0,R,204,2155,106.7,2.898,0.3563,hwfet,14.7,,PSM,1,light,82,400
"""
CURVES = ("id,usable_kwh,volts,dc_kw,real_curve\na,60,400,100,True\n", "id,soc_pct,dc_kw\n")
POINTS = "a,0,100\na,50,90\na,100,20\n"


def rows_of(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def said(capsys, tmp_path, monkeypatch):
    """Run a command in an empty folder: its exit code, output and errors."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def run(*arguments):
        code = run_command(["validate", *map(str, arguments)])
        heard = capsys.readouterr()
        assert "Traceback" not in heard.err
        return code, heard.out, heard.err

    return run


@pytest.fixture
def tests(tmp_path):
    folder = tmp_path / "epa"
    folder.mkdir()
    (folder / "tests.csv").write_text(TESTS)
    return folder


@pytest.fixture
def trips(tmp_path):
    folder = tmp_path / "trips"
    folder.mkdir()
    for name, amps in (("a", -14), ("b", -16), ("c", -18)):
        rows = [f"{k},{40 if k % 60 > 9 else 0},370,{amps},80,{amps}" for k in range(300)]
        header = "time_s,speed_kmh,battery_v,battery_a,soc_pct,ambient_degc"
        (folder / f"{name}.csv").write_text("\n".join([header, *rows]) + "\n")
    return folder


@pytest.fixture
def curves(tmp_path):
    folder = tmp_path / "curves"
    folder.mkdir()
    (folder / "cars.csv").write_text(CURVES[0])
    (folder / "dc_curves.csv").write_text(CURVES[1] + POINTS)
    return folder


def test_certification_prints_one_object_a_test_and_leaves_no_files(said, tests, tmp_path):
    code, out, _ = said("certification", tests, "--json")
    rows = rows_of(out)
    needed = {"make", "model", "test_vehicle", "config", "cycle", "wall_kwh_100km"}
    assert code == 0
    assert [row["cycle"] for row in rows] == ["udds", "hwfet"]
    assert all(needed <= set(row) for row in rows)
    assert list((tmp_path / "here").iterdir()) == []


def test_trips_print_one_object_a_trip(said, trips):
    code, out, _ = said("trips", trips, "--car", CAR, "--json")
    rows = rows_of(out)
    assert code == 0
    assert [row["trip"] for row in rows] == ["a", "b", "c"]
    for row in rows:
        assert {"trip", "energy_kwh", "end_soc_pct", "heating_kwh"} <= set(row)
        assert row["low_kwh"] < row["energy_kwh"] < row["high_kwh"]


def test_trips_without_any_answer_are_predicted_all_the_same(said, tmp_path):
    path = tmp_path / "bare.csv"
    path.write_text("time_s,speed_kmh\n" + "".join(f"{k},{k % 40}\n" for k in range(100)))
    code, out, _ = said("trips", path, "--car", CAR, "--json")
    (row,) = rows_of(out)
    assert code == 0
    assert row["energy_kwh"] > 0.0
    assert row["measured_kwh"] is row["error_pct"] is row["held"] is None


def test_modelled_heating_is_printed_when_asked(said, tmp_path):
    path = tmp_path / "heated.csv"
    rows = [f"{k},{k % 40},-5,3" for k in range(300)]
    path.write_text("\n".join(["time_s,speed_kmh,ambient_degc,heating_kw", *rows]) + "\n")
    given = rows_of(said("trips", path, "--car", CAR, "--json")[1])[0]
    modelled = rows_of(said("trips", path, "--car", CAR, "--json", "--model-climate")[1])[0]
    assert (given["climate"], modelled["climate"]) == ("measured", "modelled")
    assert given["energy_kwh"] != modelled["energy_kwh"]
    assert given["heating_kwh"] == modelled["heating_kwh"]
    assert given["measured_heating_kwh"] == pytest.approx(3.0 * 299 / 3600, abs=0.001)


def test_charging_prints_one_object_a_curve(said, curves):
    (row,) = rows_of(said("charging", curves, "--json")[1])
    assert row["minutes"] == pytest.approx(row["curve_minutes"], rel=0.05)


def test_a_bad_trip_among_good_ones_is_named_and_the_others_are_driven(said, trips):
    (trips / "b.csv").write_text("time_s,speed_kmh\n0,1\n1,fast\n")
    code, out, err = said("trips", trips, "--car", CAR, "--json")
    assert code == 2
    assert [row["trip"] for row in rows_of(out)] == ["a", "c"]
    assert "b.csv, line 3" in err


@pytest.mark.parametrize("kind", ["certification", "trips", "charging"])
def test_a_page_gets_its_section_and_pictures(said, tests, trips, curves, tmp_path, kind):
    given = {"certification": [tests], "trips": [trips, "--car", CAR], "charging": [curves]}[kind]
    page, out = tmp_path / "page.md", tmp_path / "pictures"
    page.write_text(PAGE.format(kind))
    code, _, err = said(kind, *given, "--report", page, "--out", out)
    text = page.read_text()
    assert code == 0
    assert f"section '{kind}'" in err
    assert f"](pictures/{kind}.svg)" in text
    said(kind, *given, "--report", page, "--out", out, "--no-plot", "--json")
    assert page.read_text() == text


def test_in_a_checkout_the_page_of_the_checkout_is_rewritten(said, curves, tmp_path):
    docs = tmp_path / "here" / "docs"
    docs.mkdir()
    (docs / "validation.md").write_text(PAGE.format("charging"))
    assert said("charging", curves)[0] == 0
    assert "](validation/charging.svg)" in (docs / "validation.md").read_text()


def test_each_kind_has_help_and_json(said):
    for kind in ("certification", "trips", "charging", "cell"):
        code, out, _ = said(kind, "--help")
        assert code == 0
        assert "--json" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["certification", "nowhere"], "nowhere"),
        (["trips", "nowhere", "--car", CAR], "nowhere"),
        (["trips", "nowhere.csv", "--car", "kitt"], "known are"),
        (["trips", "a.csv", "--car", CAR, "--calibrate", "-1"], "--calibrate -1"),
        (["charging", "nowhere"], "not a folder"),
        (["weather"], "weather"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line_and_exit_code_two(said, arguments, says):
    code, out, err = said(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("vettura: ")
    assert says in err


@pytest.mark.skipif(not SHARED.exists(), reason="../shared is not here")
def test_the_figures_of_the_page_are_those_of_the_command(said, tmp_path):
    """Charging alone, because it is quick: the page in this repository is up to date."""
    page = tmp_path / "page.md"
    page.write_text((ROOT / "docs" / "validation.md").read_text("utf-8"), "utf-8")
    folder = SHARED / "data" / "open_ev_data"
    out = tmp_path / "validation"
    out.mkdir()
    for picture in (ROOT / "docs" / "validation").glob("*.svg"):
        (out / picture.name).write_bytes(picture.read_bytes())
    said("charging", folder, "--report", page, "--out", out, "--no-plot", "--json")
    assert page.read_text("utf-8") == (ROOT / "docs" / "validation.md").read_text("utf-8")
