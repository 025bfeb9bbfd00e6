"""`vettura canlog` and `vettura dbc`: the way from a log to a replayed trip, typed."""

import json

from drive.test_can_log import OTHER_DBC, other_frames, our_frames, record
from vettura.cli.app import run_command


def test_a_log_is_turned_into_a_trip_and_replayed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    record(tmp_path / "log.asc", our_frames())
    assert run_command(["canlog", "log.asc", "--out", "trip.csv", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["undecodable"] == 0
    assert "battery_v" in told["columns"]
    assert run_command(["replay", "trip.csv", "--car", "xiaomi-su7", "--no-plot", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["measured_kwh"] > 0.0


def test_another_cars_log_needs_its_dbc_and_names(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    record(tmp_path / "log.log", other_frames())
    (tmp_path / "other.dbc").write_text(OTHER_DBC)
    (tmp_path / "map.toml").write_text('[signals]\nspeed_kmh = "Wheels.Speed*1.609344"\n')
    words = ["canlog", "log.log", "--dbc", "other.dbc", "--mapping", "map.toml"]
    assert run_command([*words, "--signal", "ambient_degc=Outside", "battery_a=Current*-1"]) == 0
    assert (tmp_path / "trip.csv").read_text().startswith("time_s,speed_kmh,ambient_degc,battery_a")
    assert run_command(["canlog", "log.log"]) == 2
    assert "vettura.dbc" in capsys.readouterr().err


def test_the_dbc_is_printed_for_other_tools(capsys):
    import cantools

    assert run_command(["dbc"]) == 0
    database = cantools.database.load_string(capsys.readouterr().out, "dbc", strict=True)
    assert database.get_message_by_name("Motion").frame_id == 0x100
