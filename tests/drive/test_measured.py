"""Measured trips: what is wrong with a file is said with line, column and remedy."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from make import SHARED
from vettura.drive.measured import read_trip
from vettura.errors import InputError

TRIPS = sorted((SHARED / "data" / "bmw_i3").glob("*.csv"))


def written(tmp_path, text, name="trip.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def table(rows, header="time_s,speed_kmh"):
    return "\n".join([header, *rows]) + "\n"


def test_a_plain_file_is_read_in_si(tmp_path):
    trip = read_trip(written(tmp_path, table(["0,0", "1,36", "2,72"])))
    assert trip.speed_mps == [0.0, 10.0, 20.0]
    assert trip.grade is None
    assert trip.energy_wh is None


def test_an_uneven_grid_is_brought_to_one_second(tmp_path):
    trip = read_trip(written(tmp_path, table(["0.5,0", "2.5,72", "4.5,0"])))
    assert trip.time_s == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert trip.speed_mps == [0.0, 10.0, 20.0, 10.0, 0.0]


def test_energy_is_volts_times_amps_and_positive_when_discharging(tmp_path):
    rows = [f"{k},36,360,-10" for k in range(3601)]
    trip = read_trip(written(tmp_path, table(rows, "time_s,speed_kmh,battery_v,battery_a")))
    assert trip.energy_wh == pytest.approx(3600.0)


def test_a_constant_climb_gives_its_slope(tmp_path):
    rows = [f"{k},36,{300 + 0.5 * k}" for k in range(300)]
    trip = read_trip(written(tmp_path, table(rows, "time_s,speed_kmh,elevation_m")))
    assert trip.grade[150] == pytest.approx(0.05, rel=0.02)


def test_a_standing_car_on_a_wandering_barometer_has_no_slope_beyond_reason(tmp_path):
    rows = [f"{k},0,{300 + (k % 7)}" for k in range(300)]
    trip = read_trip(written(tmp_path, table(rows, "time_s,speed_kmh,elevation_m")))
    assert max(map(abs, trip.grade)) < 0.01


def test_few_missing_values_are_bridged_and_many_leave_the_column_out(tmp_path):
    few = [f"{k},36,{'' if k == 5 else 20}" for k in range(200)]
    many = [f"{k},36,{'' if k < 100 else 20}" for k in range(200)]
    header = "time_s,speed_kmh,ambient_degc"
    bridged = read_trip(written(tmp_path, table(few, header)))
    left_out = read_trip(written(tmp_path, table(many, header)))
    assert bridged.ambient_degc[5] == 20.0
    assert "bridged" in bridged.notes[0]
    assert left_out.ambient_degc is None
    assert "left out" in left_out.notes[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ["fewer than two"]),
        ("time_s,speed_kmh\n", ["fewer than two"]),
        (table(["0,1", "1,1"], "time_s,speed_mps"), ["'speed_kmh'", "convert 'speed_mps'"]),
        (table(["0,1", "1,1"], "t,speed_kmh"), ["no column 'time_s'", "the file has t, speed_kmh"]),
        (table(["0,1", "1,"]), ["line 3", "'speed_kmh'", "not a number"]),
        (table(["0,1", "1,nan"]), ["line 3", "'speed_kmh'", "not a number"]),
        (table(["0,1", "1,inf"]), ["line 3", "not a number"]),
        (table(["0,1", "1,fast"]), ["line 3", "'fast' is not a number"]),
        (table(["0,1", "1"]), ["line 3", "'speed_kmh'"]),
        (table(["0,1", "1,2", "1,3"]), ["line 4", "time goes from 1 to 1"]),
        (table(["5,1", "4,2"]), ["line 3", "time goes from 5 to 4"]),
        (table(["0,1", "75,2"]), ["gap of 75 s", "lines 2 and 3", "split"]),
        (table(["0,1", "1,-3"]), ["line 3", "-3 km/h"]),
        (table(["0,1", "1,900"]), ["line 3", "900 km/h", "unit"]),
        ("time_s;speed_kmh\n0;1\n1;2\n", ["';'", "commas"]),
        (b"\xff\xfe\x00t", ["not UTF-8"]),
    ],
)
def test_a_bad_file_is_one_clear_line(tmp_path, text, says):
    path = written(tmp_path, text)
    with pytest.raises(InputError) as caught:
        read_trip(path)
    assert str(caught.value).startswith(str(path))
    for word in says:
        assert word in str(caught.value)


def test_a_line_is_counted_as_an_editor_counts_it_past_empty_ones(tmp_path):
    path = written(tmp_path, "time_s,speed_kmh\n0,1\n\n1,2\n\n2,fast\n")
    with pytest.raises(InputError, match="line 6, column 'speed_kmh'"):
        read_trip(path)


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("ambient_degc", "-273.15"),
        ("soc_pct", "65535"),
        ("battery_v", "-999"),
        ("cabin_degc", "1e308"),
    ],
)
def test_a_reading_that_cannot_be_counts_as_missing(tmp_path, column, wrong):
    few = [f"{k},36,{wrong if k == 5 else 20}" for k in range(200)]
    many = [f"{k},36,{wrong}" for k in range(200)]
    header = f"time_s,speed_kmh,{column}"
    bridged = read_trip(written(tmp_path, table(few, header)))
    left_out = read_trip(written(tmp_path, table(many, header)))
    assert bridged.notes == [f"column '{column}': 1 values that cannot be were bridged"]
    assert left_out.notes == [
        f"column '{column}' left out: 199 s of values that cannot be in a row"
    ]


def test_what_is_no_file_is_refused_before_it_is_read():
    with pytest.raises(InputError, match="/dev/zero: not a file"):
        read_trip(Path("/dev/zero"))


def test_a_folder_or_a_missing_file_is_one_clear_line(tmp_path):
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(InputError, match=str(path)):
            read_trip(path)


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=400))
def test_no_bytes_at_all_give_anything_but_a_clear_line(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("bytes") / "trip.csv"
    path.write_bytes(data)
    with pytest.raises(InputError):
        read_trip(path)


@settings(max_examples=200, deadline=None)
@given(
    cells=st.lists(
        st.tuples(
            st.one_of(st.floats(allow_nan=True).map(str), st.text(max_size=5)),
            st.one_of(st.floats(allow_nan=True).map(str), st.text(max_size=5)),
        ),
        max_size=20,
    )
)
def test_no_cells_at_all_give_anything_but_a_trip_or_a_clear_line(tmp_path_factory, cells):
    path = tmp_path_factory.mktemp("cells") / "trip.csv"
    text = table([",".join(cell) for cell in cells])
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        trip = read_trip(path)
    except InputError:
        return
    assert all(0.0 <= v <= 112.0 for v in trip.speed_mps)


@pytest.mark.skipif(not TRIPS, reason="../shared/data/bmw_i3 is not here")
@pytest.mark.parametrize("path", TRIPS, ids=lambda p: p.stem)
def test_every_measured_trip_of_the_i3_can_be_read(path):
    trip = read_trip(path)
    assert 400 < len(trip.time_s) < 4_000
    assert 500.0 < trip.energy_wh < 12_000.0
    assert max(map(abs, trip.grade)) <= 0.25
