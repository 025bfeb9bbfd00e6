"""`vettura calibrate`: a table, data, a file for other commands, clear words for bad input."""

import json
import signal
import subprocess
import sys

import pytest

from drive.truth import changed, cycle, drive
from make import make_params

CAR = "bmw-i3-60ah"
HEADER = (
    "time_s,speed_kmh,elevation_m,ambient_degc,battery_v,battery_a,soc_pct,heating_kw,battery_degc"
)


def written(folder, name, speeds, **how):
    """A trip of a heavy, thirsty, aged car as a file."""
    truth = changed(make_params(CAR), rolling=1.3, capacity=0.85)
    trip = drive(truth, speeds, hills_m=10.0, **how)
    rows = [
        f"{k},{3.6 * trip.speed_mps[k]:.3f},{trip.elevation_m[k]:.2f},{trip.ambient_degc[k]},"
        f"{trip.battery_v[k]:.3f},{trip.battery_a[k]:.4f},{100.0 * trip.soc[k]:.4f},0,"
        f"{trip.battery_degc[k]:.2f}"
        for k in range(len(trip.time_s))
    ]
    file = folder / f"{name}.csv"
    file.write_text("\n".join([HEADER, *rows]) + "\n")
    return file


@pytest.fixture(scope="module")
def trips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trips")
    written(folder, "fast", cycle("wltc3b")[1022:], ambient=24.0)
    written(folder, "town", cycle("udds")[:506], ambient=8.0)
    written(folder, "road", cycle("hwfet"), ambient=15.0)
    return folder


def rows_of(text):
    return [json.loads(line) for line in text.splitlines()]


def test_a_table_for_people_and_what_was_not_shown(said, trips):
    code, out, err = said("calibrate", CAR, trips)
    assert code == 0
    assert "rolling resistance A" in out
    assert "heating channel, not shown: needs cold trips with heating logged" in err
    assert "these trips: mean absolute error" in err


def test_a_saved_calibration_makes_replays_truer_and_drives_dearer(said, trips, tmp_path):
    file = tmp_path / "i3.toml"
    code, out, _ = said("calibrate", CAR, trips, "--use", 2, "--json", "--save", file)
    assert code == 0
    *parameters, scores = rows_of(out)
    found = {row["parameter"]: row for row in parameters}
    assert found["rolling"]["value"] > 1.1 * found["rolling"]["file_value"]
    assert found["capacity"]["value"] == pytest.approx(0.85 * found["capacity"]["file_value"], 0.05)
    assert (scores["trips"], scores["other_trips"]) == (2, 1)
    replayed = ("replay", trips, "--car", CAR, "--json", "--no-plot")
    raw = rows_of(said(*replayed)[1])
    fitted = rows_of(said(*replayed, "--calibration", file)[1])
    for before, after in zip(raw, fitted, strict=True):
        assert abs(after["error_pct"]) < 0.5 * abs(before["error_pct"])
    plain = rows_of(said("drive", CAR, "udds", "--json")[1])[0]
    own = rows_of(said("drive", CAR, "udds", "--json", "--calibration", file)[1])[0]
    assert own["energy_kwh"] > plain["energy_kwh"]
    assert own["road_load"] == "calibrated"


def test_a_calibration_of_another_car_is_refused(said, trips, tmp_path):
    file = tmp_path / "i3.toml"
    assert said("calibrate", CAR, trips / "town.csv", "--save", file)[0] == 0
    code, out, err = said("drive", "vw-id4-pro", "udds", "--calibration", file)
    assert (code, out) == (2, "")
    assert f"calibrates '{CAR}', not 'vw-id4-pro'" in err.replace("\n", " ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("{t}", "--use", "9"), "--use 9: must lie between 1 and the 3 trips there are"),
        (("{t}", "--mass", "5"), "--mass 5"),
        (("{t}/none.csv",), "none.csv: no such file"),
        (("{t}", "--save", "/proc/none/x.toml"), "/proc/none"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line_and_exit_code_two(said, trips, arguments, says):
    words = [word.format(t=trips) for word in arguments]
    code, out, err = said("calibrate", CAR, *words)
    assert (code, out) == (2, "")
    assert says in err


def test_a_trip_without_volts_among_good_ones_is_named_and_left_out(said, trips, tmp_path):
    bare = tmp_path / "bare.csv"
    bare.write_text("time_s,speed_kmh\n" + "".join(f"{k},30\n" for k in range(200)))
    code, out, err = said("calibrate", CAR, bare, trips / "road.csv", "--json")
    assert code == 2
    assert "bare.csv: no battery_v and battery_a" in err
    assert rows_of(out)[-1]["trips"] == 1


def test_ctrl_c_ends_it_without_a_word_too_many(trips):
    """It is interrupted once it has read its trips: the first reading would be too early."""
    script = (
        "import sys, vettura.cli.calibrate as c\n"
        "from vettura.cli.app import run_command\n"
        "fit = c.calibrate\n"
        "def told(*a, **k):\n"
        "    print('now', flush=True)\n"
        "    while True: fit(*a, **k)\n"
        "c.calibrate = told\n"
        "sys.exit(run_command(sys.argv[1:]))\n"
    )
    words = (sys.executable, "-c", script, "calibrate", CAR, str(trips))
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout.readline() == "now\n"
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert err == ""
