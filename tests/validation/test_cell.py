"""Our cell against a measured Leaf cell: near enough, and bad files are one clear line."""

import pytest

from make import SHARED
from vettura.errors import InputError
from vettura.validation.cell import (
    CAPACITY_SHARE,
    RATED_AH,
    ambient_of,
    compare,
    find_pulses,
    read_log,
    run_model,
    validate_cell,
)

LEAF_CELL = SHARED / "data" / "leaf_cell"
HEADER = (
    "Exclude,Time(s),Cycle,Loop,Loop,Loop,Step,StepTime(s),Current(A),Voltage(V),Power(W),"
    "Capacity(Ah),Energy(Wh),Mode,Data,\n"
)


def line(time_s, *, step=1, current_a=0.0, voltage_v=3.9, mode="REST"):
    return f"No,{time_s},1,1,1,1,{step},1.0,{current_a},{voltage_v},0.0,0.0,0.0,{mode}, ,\n"


def write(folder, text, name="test.csv"):
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def pulsed(sign=1.0):
    """A rest, 30 s of 30 A out, a rest, 10 s of 22.5 A in, a rest."""
    lines = [line(0), line(10)]
    lines += [
        line(10 + k, step=2, current_a=sign * 30, voltage_v=3.83, mode="DCHG") for k in range(1, 31)
    ]
    lines += [line(40 + k, step=3, voltage_v=3.89) for k in range(1, 41)]
    lines += [
        line(80 + k, step=4, current_a=22.5, voltage_v=3.95, mode="CHRG") for k in range(1, 11)
    ]
    return "".join([*lines, line(91, step=5), line(150, step=5)])


@pytest.mark.skipif(not LEAF_CELL.is_dir(), reason="measured Leaf cell files are not here")
def test_the_model_holds_against_every_file_of_the_leaf_cell():
    report = validate_cell(LEAF_CELL)
    assert report.rows
    for row in report.rows:
        assert row.voltage_rmse_mv <= 25.0, row.file
        assert 0.0 <= min(row.series.soc) <= max(row.series.soc) <= 1.0
        if "HPPC" in row.file:
            assert row.pulses >= 18
            assert row.resistance_error_pct <= 10.0, row.file
            assert {pulse.current_a > 0.0 for pulse in row.each} == {True, False}
    assert report.worst_voltage_rmse_mv <= 25.0
    assert report.worst_resistance_error_pct <= 10.0


@pytest.mark.skipif(not LEAF_CELL.is_dir(), reason="measured Leaf cell files are not here")
def test_a_discharge_in_twenty_minutes_warms_the_cell():
    log = read_log(LEAF_CELL / "3C-Discharge-Bitrode-data.csv")
    series = run_model(log, ambient_degc=25.0)
    assert 35.0 < max(series.cell_degc) < 50.0


@pytest.mark.parametrize(
    ("file", "degc"),
    [
        ("NissanLeaf-cell-Low-Current-HPPC-10C.csv", 10.0),
        ("NissanLeaf-cell-Low-Current-HPPC-25C-2.csv", 25.0),
        ("NissanLeaf-cell-Low-Current-HPPC-40C.csv", 40.0),
        ("3C-Discharge-Bitrode-data.csv", 25.0),
        ("2C-Discharge-Bitrode-data.csv", 25.0),
    ],
)
def test_the_air_is_read_from_the_name_and_a_rate_is_no_temperature(file, degc):
    assert ambient_of(file) == degc


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("header", ["", HEADER])
def test_header_and_sign_of_the_current_do_not_matter(tmp_path, sign, header):
    log = read_log(write(tmp_path, header + pulsed(sign)))
    assert {reading.current_a for reading in log} == {0.0, 30.0, -22.5}
    assert log == read_log(write(tmp_path, pulsed(), "plain.csv"))


def test_pulses_of_both_directions_are_found_with_their_resistance(tmp_path):
    log = read_log(write(tmp_path, pulsed()))
    out, back = find_pulses(log, run_model(log, ambient_degc=25.0))
    assert (out.duration_s, back.duration_s) == (30.0, 10.0)
    assert out.measured_ohm == pytest.approx((3.9 - 3.83) / 30.0)
    assert back.measured_ohm == pytest.approx((3.95 - 3.89) / 22.5)
    assert 0.0015 < back.model_ohm < out.model_ohm < 0.004


def test_a_colder_cell_resists_more_and_a_warmer_one_less(tmp_path):
    log = read_log(write(tmp_path, pulsed()))
    cold, mild, warm = (compare("x", log, ambient_degc=t).each[0].model_ohm for t in (10, 25, 40))
    assert 1.3 < cold / mild < 1.7
    assert 0.65 < warm / mild < 0.88


def test_charge_is_counted_back_from_the_first_full_charge(tmp_path):
    half_a_full_one = 0.5 * RATED_AH * CAPACITY_SHARE
    text = (
        line(0, voltage_v=3.9)
        + line(1, step=2, current_a=half_a_full_one, voltage_v=3.95, mode="CHRG")
        + line(3_601, step=2, current_a=half_a_full_one, voltage_v=4.2, mode="CHRG")
        + line(3_602, step=3, current_a=1.0, voltage_v=4.2, mode="CHRG")
        + line(3_700, step=4, voltage_v=4.18)
    )
    series = run_model(read_log(write(tmp_path, text)), ambient_degc=25.0)
    assert series.soc[0] == pytest.approx(0.5, abs=1e-3)
    assert series.soc[-1] == pytest.approx(1.0, abs=1e-9)


def test_without_a_full_charge_the_first_voltage_tells_the_charge(tmp_path):
    series = run_model(read_log(write(tmp_path, pulsed())), ambient_degc=25.0)
    assert series.model_v[0] == pytest.approx(3.9, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "fewer than two lines"),
        (line(1), "fewer than two lines"),
        ("1,2,3\n4,5,6\n", "line 1: 3 columns, not 14"),
        (line(1) + line(2, current_a="much"), "line 2: 'much' is not a number"),
        (line(1) + line(2, voltage_v="nan"), "line 2: 'nan' is not a number"),
        (line(1) + line(2, mode="STOP"), "line 2: mode 'STOP'"),
        (line(2) + line(1), "line 2: time goes from 2 to 1 s"),
    ],
)
def test_a_bad_file_is_one_clear_line(tmp_path, text, words):
    with pytest.raises(InputError, match=words):
        read_log(write(tmp_path, text))


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "bytes.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        read_log(path)


def test_a_folder_without_files_is_refused(tmp_path):
    with pytest.raises(InputError, match="no CSV files"):
        validate_cell(tmp_path)
    with pytest.raises(InputError, match="not a folder"):
        validate_cell(tmp_path / "nowhere")
