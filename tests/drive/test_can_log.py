"""From a recorded CAN log to a trip: our frames, another car's, and files that are broken."""

import sys

import can
import cantools
import pytest

from make import make_params
from vettura.drive.can_log import READERS, read_can_log, write_trip
from vettura.drive.can_mapping import Source, parse_option, read_mapping
from vettura.drive.measured import read_trip
from vettura.drive.replay import replay
from vettura.errors import EnvironmentFault, InputError
from vettura.faces.can_frames import car_messages, dbc_text

BATTERY = "Vehicle.Powertrain.TractionBattery."
OTHER_DBC = """VERSION ""
BU_: Car
BO_ 512 Wheels: 8 Car
 SG_ Speed : 7|16@0+ (0.0625,0) [0|250] "mph" Car
 SG_ Kind M : 23|8@0+ (1,0) [0|3] "" Car
 SG_ Outside m1 : 31|8@0+ (0.5,-40) [-40|80] "degC" Car
 SG_ Other m2 : 31|8@0+ (1,0) [0|255] "" Car
BO_ 513 Pack: 4 Car
 SG_ Speed : 7|8@0+ (1,0) [0|255] "" Car
 SG_ Current : 15|16@0- (0.1,0) [-3000|3000] "A" Car
VAL_ 512 Speed 65535 "Signal not available" ;
"""


@pytest.fixture
def dbc(tmp_path):
    path = tmp_path / "vettura.dbc"
    path.write_text(dbc_text())
    return path


def driven(second):
    return {
        "Vehicle.Speed": 36.0 if 5 <= second < 55 else 0.0,
        "Vehicle.CurrentLocation.Altitude": 300.0,
        "Vehicle.Exterior.AirTemperature": 12.5,
        "Vehicle.Private.Vettura.ClimatePower": 800.0,
        BATTERY + "CurrentVoltage": 400.0,
        BATTERY + "CurrentCurrent": -10.0,
        BATTERY + "StateOfCharge.Current": 80.0 - 0.01 * second,
    }


def record(path, frames):
    """Write frames (seconds, identifier, bytes) as the log that the ending says."""
    with can.Logger(path) as log:
        for at_s, can_id, data in frames:
            log(
                can.Message(
                    timestamp=at_s,
                    arbitration_id=can_id,
                    data=data,
                    channel="can0",
                    is_extended_id=False,
                )
            )
    return path


def our_frames(seconds=60):
    messages = car_messages()
    for tick in range(seconds * 10):
        values = driven(tick / 10.0)
        for message in messages:
            if tick % max(round(message.cycle_s * 10), 1) == 0:
                yield (1_000.0 + tick / 10.0, *message.frame(values))


@pytest.mark.parametrize("ending", READERS)
def test_our_log_becomes_a_trip_that_replay_drives(ending, tmp_path, dbc):
    trip = read_can_log(record(tmp_path / f"log{ending}", our_frames()), dbc)
    write_trip(trip, tmp_path / "trip.csv")
    measured = read_trip(tmp_path / "trip.csv")
    assert trip.undecodable == 0
    assert 59 <= len(measured.time_s) <= 61
    assert max(measured.speed_mps) == pytest.approx(10.0)
    assert measured.energy_wh == pytest.approx(4_000.0 * 60.0 / 3600.0, rel=0.03)
    assert measured.soc[0] == pytest.approx(0.8, abs=1e-3)
    assert measured.ambient_degc[30] == pytest.approx(12.5)
    assert measured.climate_w[30] == pytest.approx(800.0)
    assert replay(make_params(), measured).distance_m == pytest.approx(500.0, rel=0.05)


def other_frames():
    for second in range(20):
        speed = 65_535 if second == 7 else round((20 + second) / 0.0625)
        yield second, 512, bytes([speed >> 8, speed & 255, 1, 104, 0, 0, 0, 0])
        yield second, 512, bytes([speed >> 8, speed & 255, 2, 0, 0, 0, 0, 0])
        yield second, 513, bytes([0, 0xFF, 0x9C, 0])
        yield second, 999, b"unknown"
        yield second, 512, b"\1"


def test_another_cars_signals_are_named_and_scaled(tmp_path):
    (tmp_path / "other.dbc").write_text(OTHER_DBC)
    (tmp_path / "map.toml").write_text('[signals]\nambient_degc = "Outside"\n')
    sources = read_mapping(tmp_path / "map.toml")
    sources |= dict(
        map(parse_option, ["speed_kmh=Wheels.Speed*1.609344", "battery_a = Pack.Current * -1 + 2"])
    )
    log = record(tmp_path / "log.log", other_frames())
    trip = read_can_log(log, tmp_path / "other.dbc", sources)
    assert trip.columns == ["speed_kmh", "ambient_degc", "battery_a"]
    assert (trip.frames, trip.unused, trip.undecodable) == (100, 20, 20)
    assert [row["time_s"] for row in trip.rows] == [k for k in range(20) if k != 7]
    assert trip.rows[0]["speed_kmh"] == pytest.approx(20 * 1.609344)
    assert {row["ambient_degc"] for row in trip.rows} == {12.0}
    assert {round(row["battery_a"], 6) for row in trip.rows} == {12.0}


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("speed_kmh=A", Source("A")),
        ("speed_kmh=M.A*0.5", Source("M.A", 0.5)),
        ("speed_kmh=A*-2e-3+4", Source("A", -0.002, 4.0)),
        ("speed_kmh=A-40", Source("A", 1.0, -40.0)),
    ],
)
def test_a_source_is_a_signal_a_factor_and_an_offset(text, source):
    assert parse_option(text) == ("speed_kmh", source)


@pytest.mark.parametrize("text", ["", "speed_kmh", "speed_kmh=", "speed=A", "speed_kmh=A*b", "=A"])
def test_what_is_no_source_is_refused(text):
    with pytest.raises(InputError):
        parse_option(text)


def test_a_signal_that_is_not_there_is_named(tmp_path):
    other = tmp_path / "other.dbc"
    other.write_text(OTHER_DBC)
    log = record(tmp_path / "log.log", other_frames())
    with pytest.raises(InputError, match=r"other\.dbc: no signal is known to be speed_kmh"):
        read_can_log(log, other)
    sources = {"speed_kmh": Source("Wheels.Speed"), "soc_pct": Source("Nope")}
    with pytest.raises(InputError, match=r"other\.dbc: no signal 'Nope' for soc_pct"):
        read_can_log(log, other, sources)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.log", None),
        ("log.txt", b"hello"),
        ("log.log", b""),
        ("log.log", b"(1.0) can0 100#00 R\nno frame\n"),
        ("log.log", b"\xff\xfe\x00" * 100),
        ("log.asc", b"date Fri\nbase hex\n 0.1 1 xyz Rx d 8 00\n" * 3),
        ("log.csv", b"a,b\n1,2\n"),
        ("log.blf", b"LOGG" + bytes(200)),
        ("log.blf", b"nothing"),
        ("log.trc", b";$FILEVERSION=9.9\n1 2 3\n"),
    ],
)
def test_a_broken_log_is_refused_by_name_and_place(name, content, tmp_path, dbc):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_can_log(path, dbc)
    assert str(path) in caught.value.message


@pytest.mark.parametrize("content", [b"", b"hello", b"BO_ 1 A: 8 X\n SG_ y", b"\xff\xfe" * 50])
def test_a_broken_dbc_is_refused_by_name(content, tmp_path):
    (tmp_path / "bad.dbc").write_bytes(content)
    log = record(tmp_path / "log.log", other_frames())
    with pytest.raises(InputError, match=r"bad\.dbc"):
        read_can_log(log, tmp_path / "bad.dbc")
    with pytest.raises(InputError, match=r"none\.dbc"):
        read_can_log(log, tmp_path / "none.dbc")


def test_the_line_that_is_broken_is_named(tmp_path, dbc):
    path = record(tmp_path / "log.log", our_frames(3))
    lines = path.read_text().splitlines()
    lines[40] = "(1.0) can0 100#0G R"
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match=r"log\.log, line 41: not readable"):
        read_can_log(path, dbc)


def test_a_log_of_another_car_is_no_trip_of_ours(tmp_path, dbc):
    with pytest.raises(InputError, match="fewer than two seconds"):
        read_can_log(record(tmp_path / "log.log", other_frames()), dbc)


def test_a_missing_library_is_one_clear_line(tmp_path, dbc, monkeypatch):
    assert cantools
    monkeypatch.setitem(sys.modules, "cantools", None)
    with pytest.raises(EnvironmentFault) as caught:
        read_can_log(tmp_path / "log.log", dbc)
    assert caught.value.hint == "pip install 'vettura[obd]'"
