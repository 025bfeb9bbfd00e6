"""The DBC: strict, ours, and every signal what the car told within its resolution."""

import subprocess
import sys

import pytest

from faces.diagnosed_car import KNOWN, sample_value
from vettura.bus.signals import signal_table
from vettura.errors import EnvironmentFault
from vettura.faces import can_frames
from vettura.faces.can_frames import car_messages, load_dbc

DATABASE = load_dbc()
SIGNALS = [
    (message, signal, str(signal.dbc.attributes["VssPath"].value))
    for message in DATABASE.messages
    for signal in message.signals
]


def decoded(values):
    frames = {m.can_id: m.frame(values).data for m in car_messages()}
    return {
        path: value
        for message in DATABASE.messages
        for name, value in message.decode(frames[message.frame_id]).items()
        for _, signal, path in SIGNALS
        if signal.name == name
    }


def test_there_are_a_score_of_messages_with_a_cycle_each():
    messages = car_messages()
    assert 12 <= len(messages) <= 24
    assert {m.cycle_s for m in messages} <= {0.02, 0.1, 0.2, 0.5, 1.0}
    assert all(m.can_id < 0x700 for m in messages)


def test_every_signal_is_one_of_the_table_in_its_unit_and_holds_its_range():
    paths = [path for *_, path in SIGNALS]
    assert len(set(paths)) == len(paths)
    for _, signal, path in SIGNALS:
        row = signal_table()[path]
        assert (signal.unit or "") == row.unit, path
        names = {str(name) for name in signal.choices.values()}
        assert "SNA" in names, path
        if row.allowed:
            assert names - {"SNA"} == set(row.allowed), path
        for end in (row.min, row.max):
            if abs(end) != float("inf") and row.unit != "W":
                assert signal.minimum <= end <= signal.maximum, path


@pytest.mark.parametrize("path", [path for *_, path in SIGNALS])
def test_a_signal_comes_out_as_the_car_told_it(path):
    value = sample_value(path)
    resolution = next(signal.scale for _, signal, p in SIGNALS if p == path)
    got = decoded({path: value})
    if isinstance(value, str):
        assert str(got[path]) == value
    elif isinstance(value, bool):
        assert str(got[path]) == "true"
    else:
        assert abs(float(got[path]) - value) <= resolution / 2 + 1e-9
    assert {str(other) for p, other in got.items() if p != path} == {"SNA"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e9, -1e9, "fast", [1.0], None])
def test_what_is_no_speed_is_not_available(value):
    assert str(decoded({"Vehicle.Speed": value})["Vehicle.Speed"]) == "SNA"


def test_a_frame_is_the_same_object_until_a_signal_in_it_changes():
    motion = car_messages()[0]
    first = motion.frame(KNOWN)
    assert motion.frame({**KNOWN, "Vehicle.Diagnostics.DTCCount": 9}) is first
    assert motion.frame({**KNOWN, "Vehicle.Speed": 1.0}).data != first.data


def test_a_missing_library_is_one_clear_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "cantools", None)
    with pytest.raises(EnvironmentFault) as caught:
        load_dbc()
    assert "cantools" in caught.value.message
    assert caught.value.hint == "pip install 'vettura[obd]'"


def test_the_diagnosis_port_needs_no_extra():
    code = (
        "import sys; sys.modules.update(dict.fromkeys(('can', 'cantools', 'isotp')));"
        "import vettura.faces.obd, vettura.faces.can"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_overlapping_signals_are_refused(tmp_path):
    text = can_frames.dbc_text().replace("IsMoving : 48|2", "IsMoving : 47|2")
    (tmp_path / "bad.dbc").write_text(text)
    import cantools

    with pytest.raises(cantools.Error, match="overlapping"):
        cantools.database.load_file(tmp_path / "bad.dbc", strict=True)
