"""Commands: data on standard output, words on standard error, an exit code for each kind of end."""

import json
import os
import signal
import subprocess
import sys

import pytest

from make import ALL_CARS, ROOT
from vettura import __version__
from vettura.cli.app import app

VETTURA = (sys.executable, "-m", "vettura")

RUN_AND_TELL = """
import sys
import vettura.house.rehearsal as rehearsal
from vettura.cli.app import run_command

heard = rehearsal._Log.hear

def hear(log, time_ns, subject, data):
    heard(log, time_ns, subject, data)
    if log._hour == 1 and not told:
        told.append(print("an hour has passed", flush=True))

told = []
rehearsal._Log.hear = hear
sys.exit(run_command(sys.argv[1:]))
"""
"""A command that says when it is in the middle of its work."""


def rows_of(text):
    return [json.loads(line) for line in text.splitlines()]


def written_trip(path, rows=None):
    lines = rows or [f"{k},{40 if 3 < k < 55 else 0},370,-20" for k in range(60)]
    path.write_text("\n".join(["time_s,speed_kmh,battery_v,battery_a", *lines]) + "\n")
    return path


def test_every_command_has_help_and_json(said):
    for name in (n for n in app if not n.startswith("-")):
        code, out, _ = said(name, "--help")
        assert code == 0
        assert "--json" in out


def test_the_version_is_the_packages_own(said):
    assert said("--version")[1].strip() == __version__


def test_cars_lists_every_car(said):
    code, out, _ = said("cars", "--json")
    assert code == 0
    assert [row["id"] for row in rows_of(out)] == ALL_CARS


def test_one_car_shows_the_source_of_every_figure(said):
    rows = rows_of(said("cars", "bmw-i3-60ah", "--json")[1])
    assert len(rows) > 20
    assert all(row["source"] for row in rows)
    assert any(row["estimate"] for row in rows)


def test_a_car_file_of_ones_own_is_shown_too(said, tmp_path):
    source = ROOT / "src" / "vettura" / "car" / "models" / "vw-id4-pro.toml"
    mine = tmp_path / "mine.toml"
    mine.write_text(source.read_text("utf-8"), "utf-8")
    assert said("cars", mine)[0] == 0


def test_a_car_we_ship_is_checked_clean(said):
    code, out, _ = said("cars", "check", "xiaomi-su7")
    assert code == 0
    assert "nothing missing" in out
    assert said("cars", "check", "xiaomi-su7", "--json")[:2] == (0, "")


def test_a_checked_file_gets_a_line_for_everything_that_is_wrong(said, tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text("[body]\nkerb_mass_kg = { value = 15, source = 'me' }\n", "utf-8")
    code, out, _ = said("cars", "check", mine)
    assert code == 1
    lines = out.splitlines()
    assert len(lines) > 30
    assert all(line.startswith(("error: ", "warning: ")) for line in lines)
    rows = rows_of(said("cars", "check", mine, "--json")[1])
    assert [row["figure"] for row in rows] == [line.split(": ")[1] for line in lines]
    assert set(rows[0]) == {"severity", "figure", "what", "why", "remedy"}


@pytest.mark.parametrize("text", [None, "[body", "\udcff"])
def test_a_file_that_cannot_be_read_is_not_checked(said, tmp_path, text):
    mine = tmp_path / "mine.toml"
    if text is not None:
        mine.write_bytes(text.encode("utf-8", "surrogateescape"))
    code, out, err = said("cars", "check", mine)
    assert (code, out) == (2, "")
    assert "mine.toml" in err


@pytest.mark.parametrize("width", ["80", "120"])
def test_ids_stay_whole_in_a_narrow_table(said, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", width)
    out = said("cars")[1]
    assert all(f"{car} " in out for car in ALL_CARS)
    assert max(map(len, out.splitlines())) <= int(width)
    assert len(out.splitlines()) == len(ALL_CARS) + 1, "a row of the table takes more than a line"


def test_drive_prints_one_object(said):
    (row,) = rows_of(said("drive", "tesla-model-3-rwd", "udds", "--json")[1])
    assert row["distance_km"] == pytest.approx(11.99, abs=0.01)
    assert 8.0 < row["kwh_per_100km"] < 13.0
    assert row["missed_s"] == 0.0


def test_cold_costs(said):
    def used(*options):
        return rows_of(said("drive", "vw-id4-pro", "udds", "--json", *options)[1])[0]["energy_kwh"]

    assert used("--ambient", "-10", "--climate") > used("--ambient", "-10") > used()


def test_age_prints_one_object_a_year(said):
    rows = rows_of(said("age", "vw-id4-pro", "--years", "3", "--json")[1])
    assert [row["year"] for row in rows] == [0, 1, 2, 3]
    assert rows[0]["capacity_pct"] == 100.0
    assert 90.0 < rows[-1]["capacity_pct"] < 99.0
    assert rows[-1]["range_km"] < rows[0]["range_km"]


def test_months_of_ones_own_replace_a_place(said):
    def left(*options):
        return rows_of(said("age", "vw-id4-pro", "--years", "2", "--json", *options)[1])[-1]

    cool = left("--monthly", ",".join(["5"] * 12))
    hot = left("--monthly", ",".join(["30"] * 12))
    assert hot["capacity_pct"] < left()["capacity_pct"] < cool["capacity_pct"]


def test_replay_prints_and_draws(said, tmp_path):
    trip = written_trip(tmp_path / "trip.csv")
    code, out, _ = said("replay", trip, "--car", "bmw-i3-60ah", "--out", tmp_path / "o", "--json")
    (row,) = rows_of(out)
    assert code == 0
    assert {"trip", "energy_kwh", "end_soc_pct", "heating_kwh"} <= set(row)
    assert row["measured_kwh"] == pytest.approx(0.370 * 20 * 59 / 3600, rel=0.01)
    assert (tmp_path / "o" / "trip.svg").exists()
    assert (tmp_path / "o" / "trip.png").exists()


def test_a_bad_trip_among_good_ones_is_named_and_the_others_are_driven(said, tmp_path):
    written_trip(tmp_path / "a.csv")
    written_trip(tmp_path / "b.csv", ["0,10,370,-5", "nan,20,370,-5"])
    written_trip(tmp_path / "c.csv")
    code, out, err = said("replay", tmp_path, "--car", "bmw-i3-60ah", "--no-plot", "--json")
    assert code == 2
    assert [row["trip"] for row in rows_of(out)] == ["a", "c"]
    assert "b.csv, line 3, column 'time_s'" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["fly"], "fly"),
        (["drive"], "CAR"),
        (["drive", "kitt", "udds"], "known are"),
        (["drive", "vw-id4-pro", "nedc"], "known are"),
        (["drive", "vw-id4-pro", "udds", "--soc", "0"], "between 1 and 100"),
        (["drive", "vw-id4-pro", "udds", "--soc", "full"], "--soc"),
        (["drive", "vw-id4-pro", "udds", "--ambient", "90"], "between -40 and 55"),
        (["drive", "vw-id4-pro", "udds", "--warp"], "--warp"),
        (["cars", "nowhere.toml"], "nowhere.toml"),
        (["age", "kitt"], "known are"),
        (["age", "vw-id4-pro", "--years", "0"], "between 1 and 40"),
        (["age", "vw-id4-pro", "--place", "atlantis"], "known are turin"),
        (["age", "vw-id4-pro", "--charge-to", "nan"], "between 20 and 100"),
        (["age", "vw-id4-pro", "--fast-share", "2"], "between 0 and 1"),
        (["age", "vw-id4-pro", "--km-per-year", "-1"], "between 0 and 200000"),
        (["age", "vw-id4-pro", "--monthly", "1,2,3"], "must be 12"),
        (["age", "vw-id4-pro", "--monthly", "warm"], "numbers with commas"),
        (["replay", "--car", "vw-id4-pro"], "TRIPS"),
        (["replay", "nowhere.csv", "--car", "vw-id4-pro"], "nowhere.csv"),
        (["replay", "nowhere.csv"], "--car"),
        (["replay", "a.csv", "--car", "vw-id4-pro", "--mass", "2"], "between 300"),
        (["rehearse", "--days", "0"], "more than 0"),
        (["rehearse", "nowhere.toml"], "nowhere.toml"),
        (["rehearse", "--start", "soon"], "--start"),
        (["run", "nowhere.toml"], "nowhere.toml"),
        (["run", "--speed", "0"], "--speed 0"),
        (["run", "--speed", "nan"], "--speed nan"),
        (["run", "--port", "99999"], "between 0 and 65535"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line_and_exit_code_two(said, arguments, says):
    code, out, err = said(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("vettura: ")
    assert says in err


def test_doctor_is_content_here_and_says_when_it_is_not(said, tmp_path):
    assert said("doctor", "--data", tmp_path)[0] == 0
    (tmp_path / "file").touch()
    code, out, _ = said("doctor", "--json", "--data", tmp_path / "file" / "data")
    assert code == 1
    assert [r["what"] for r in rows_of(out) if r["needed"] and not r["ok"]] == ["data folder"]


def test_a_drive_loads_no_bus_no_web_and_no_plots():
    code = (
        "import sys; from vettura.cli.app import run_command; "
        "run_command(['drive', 'vw-id4-pro', 'udds', '--json']); "
        "print(sorted({'nats', 'litestar', 'matplotlib', 'numpy', 'uvicorn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.live
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_running_house_stops_when_asked_and_leaves_nothing_running(tmp_path, number):
    options = ("--port", "0", "--json", "--data", str(tmp_path))
    house = subprocess.Popen([*VETTURA, "run", *options], stdout=subprocess.PIPE, cwd=ROOT)
    json.loads(house.stdout.readline())
    server = int((tmp_path / "casa" / "nats-server.pid").read_text())
    house.send_signal(number)
    assert house.wait(timeout=60) == 0
    house.stdout.close()
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)


@pytest.mark.live
def test_a_long_rehearsal_stops_cleanly_on_ctrl_c():
    rehearsal = subprocess.Popen(
        [sys.executable, "-c", RUN_AND_TELL, "rehearse", "--days", "300"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert rehearsal.stdout.readline() == "an hour has passed\n"
    rehearsal.send_signal(signal.SIGINT)
    _, errors = rehearsal.communicate(timeout=60)
    assert (rehearsal.returncode, errors) == (130, "")


@pytest.mark.live
def test_a_reader_that_has_enough_is_no_error():
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m vettura cars bmw-i3-60ah --json | head -n 1"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1
