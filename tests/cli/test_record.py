"""`record`, `replay` of a session and `export`, as people type them."""

import csv
import json
import shlex
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from house.process import PATIENCE_S, house, wait_for_size
from make import NOON_NS, ROOT, VIN
from vettura.bus.messages import Audit, SignalFrame, Targets, decode, encode
from vettura.bus.recording import Recording, RecordingWriter, recorded
from vettura.bus.recording_blocks import HEADER
from vettura.faces.kuksa_grpc import grpc
from vettura.faces.kuksa_wire import V2, make, message_class

S = 1_000_000_000
SPEED, DOOR = "Vehicle.Speed", "Vehicle.Cabin.Door.Row1.DriverSide.IsLocked"
CHARGE = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed"
HAZARD = "Vehicle.Body.Lights.Hazard.IsSignaling"


def record_of(kind, message, after_s=0):
    return recorded(NOON_NS + after_s * S + 5, f"car.{VIN}.{kind}", encode(message))


@pytest.fixture
def session(tmp_path):
    """Two frames, a target, an audit, and what is none of a car's."""
    path = tmp_path / "drive.session"
    writer = RecordingWriter(path, is_synced=False)
    first = {SPEED: 1.5, DOOR: True, "Vehicle.OBD.Made": ["P0A80"]}
    writer.add(record_of("signals", SignalFrame(time_ns=NOON_NS, values=first, full=True)))
    writer.add(record_of("targets", Targets(time_ns=NOON_NS + 1, values={DOOR: False}), 1))
    last = {SPEED: 2.5}
    writer.add(record_of("signals", SignalFrame(time_ns=NOON_NS + 2 * S + 3, values=last), 2))
    done = Audit(
        id="a", time_ns=7, end_ns=9, who="page", role="owner", what="lock", result="reached"
    )
    writer.add(record_of("audit", done, 3))
    writer.add(recorded(NOON_NS + 4 * S, f"car.{VIN}.signals", b"\xff"))
    writer.add(recorded(NOON_NS + 4 * S, "home.casa.weather", b"\xff"))
    writer.close()
    return path


def test_the_mqtt_export_is_a_json_object_a_line(said, session, tmp_path):
    code, out, err = said("export", session, "--as", "mqtt-json")
    assert code == 0
    assert "1 messages not understood" in err
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["topic"] for row in rows] == [
        f"vettura/{VIN}/{leaf}" for leaf in ("vss", "targets", "vss", "audit")
    ]
    assert rows[0]["time"] == "2026-03-02T12:00:00.000000000Z"
    assert rows[2] == {
        "time": "2026-03-02T12:00:02.000000003Z",
        "time_ns": NOON_NS + 2 * S + 3,
        "topic": f"vettura/{VIN}/vss",
        "payload": {"time": "2026-03-02T12:00:02.000000003Z", "values": {SPEED: 2.5}},
    }
    assert rows[3]["payload"]["who"] == "page"
    assert said("export", session, tmp_path / "o", "--root", "cars", "--json")[0] == 0
    assert '"topic":"cars/' in (tmp_path / "o").read_text()


def table(text):
    return list(csv.reader(text.splitlines()))


def test_the_long_table_has_a_line_for_each_value(said, session):
    rows = table(said("export", session, "--as", "csv")[1])
    assert rows[0] == ["time", "time_ns", "vin", "path", "value", "unit"]
    assert [row[3:] for row in rows[1:]] == [
        [SPEED, "1.5", "km/h"],
        [DOOR, "true", ""],
        ["Vehicle.OBD.Made", '["P0A80"]', ""],
        [SPEED, "2.5", "km/h"],
    ]


def test_the_wide_table_has_every_chosen_signal_as_of_each_frame(said, session):
    rows = table(
        said("export", session, "--as", "csv", "--layout", "wide", "--signals", SPEED, DOOR)[1]
    )
    assert rows[0] == ["time", "time_ns", "vin", DOOR, SPEED]
    assert [row[3:] for row in rows[1:]] == [["true", "1.5"], ["true", "2.5"]]


def test_a_branch_and_a_window_choose_what_is_exported(said, session):
    words = ("export", session, "--as", "csv", "--signals", "Vehicle.Cabin.Door")
    assert [row[3] for row in table(said(*words)[1])[1:]] == [DOOR]
    assert len(table(said(*words, "--from", "1")[1])) == 1
    assert len(table(said(*words, "--to", "2026-03-02T12:00:00")[1])) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--signals", "Vehicle.Nothing"], "no such signal or branch"),
        (["--from", "soon"], "must be seconds from the start, or a time"),
        (["--as", "xml"], "xml"),
    ],
)
def test_a_wrong_option_of_export_is_one_clear_line(said, session, words, told):
    code, out, err = said("export", session, *words)
    assert (code, out) == (2, "")
    assert told in err


def test_what_is_no_session_is_said_so(said, tmp_path):
    (tmp_path / "a").write_text("not one")
    code, _, err = said("export", tmp_path / "a")
    assert code == 2
    assert "not a session that vettura recorded" in err


def test_a_damaged_session_names_its_place(said, session):
    data = bytearray(session.read_bytes())
    data[HEADER.size + 40] ^= 1
    session.write_bytes(data)
    code, _, err = said("export", session)
    assert code == 2
    assert "drive.session: damaged at byte 19" in err


def test_replay_tells_a_session_from_a_measured_trip(said, tmp_path):
    trip = tmp_path / "trip.csv"
    trip.write_text("time_s,speed_kmh\n0,0\n1,0\n")
    code, _, err = said("replay", trip)
    assert code == 2
    assert "a measured trip needs --car" in err


@pytest.mark.parametrize("word", ["fast", "-1", "nan", "1e9"])
def test_a_speed_that_is_none_is_one_clear_line(said, session, word):
    code, _, err = said("replay", session, f"--speed={word}")
    assert code == 2
    assert "--speed" in err


def test_an_empty_session_cannot_be_played(said, tmp_path):
    RecordingWriter(tmp_path / "a").close()
    code, _, err = said("replay", tmp_path / "a")
    assert code == 2
    assert "holds no message" in err


def test_where_no_house_runs_record_says_so_in_one_line(said, tmp_path):
    code, _, err = said("record", tmp_path / "a", "--data", tmp_path)
    assert code == 3
    assert "no house is running" in err
    assert not (tmp_path / "a").exists()


def test_a_rehearsal_is_recorded_and_exported(said, tmp_path):
    code, out, _ = said("rehearse", "--hours", "0.1", "--record", tmp_path / "a", "--json")
    assert code == 0
    with Recording(tmp_path / "a") as recording:
        assert recording.is_whole
        assert 0 < recording.count <= json.loads(out)["messages"]
    code, _, err = said("rehearse", "--hours", "0.1", "--record", tmp_path / "a")
    assert code == 2
    assert "is there already" in err


@contextmanager
def vettura(*words):
    process = subprocess.Popen(
        [sys.executable, "-m", "vettura", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.live
def test_a_running_house_is_recorded_played_and_recorded_again(tmp_path):
    data = tmp_path / "data"
    killed, ended = tmp_path / "killed", tmp_path / "ended"
    with (
        house(data, "--speed", "60"),
        vettura("record", killed, "--data", data) as first,
        vettura("record", ended, "--data", data, "--json") as second,
    ):
        for path in (killed, ended):
            wait_for_size(path, 4000)
        first.kill()
        second.send_signal(signal.SIGINT)
        out, err = second.communicate(timeout=PATIENCE_S)
    assert second.returncode == 0, err
    told = json.loads(out)
    assert told["dropped"] == 0
    with Recording(killed) as recording:
        assert not recording.is_whole
        assert recording.count == len(list(recording.messages())) > 0
    with Recording(ended) as recording:
        assert recording.is_whole
        assert recording.count == told["messages"]
        frames = [
            decode(m.data, SignalFrame, where=m.subject)
            for m in recording.messages()
            if m.subject.endswith(".signals")
        ]
    assert ended.stat().st_size == told["bytes"]
    # What changed while the car was asked for everything may come before it.
    assert any(frame.full and SPEED in frame.values for frame in frames[:20])
    with vettura("replay", ended, "--speed", "max", "--json") as playing:
        out, err = playing.communicate(timeout=PATIENCE_S)
    assert playing.returncode == 0, err
    assert json.loads(out)["messages"] == told["messages"]


@pytest.mark.live
def test_a_session_is_met_by_kuksa_clients_and_cannot_be_commanded(said, tmp_path):
    session = tmp_path / "a.session"
    assert said("rehearse", "--hours", "0.2", "--record", session)[0] == 0
    with vettura("replay", session, "--speed", "max", "--faces", "--stay") as playing:
        for line in playing.stderr:
            if line.startswith("  kuksa "):
                break
        port = int(line.rsplit(maxsplit=1)[1])
        value, refused = asked_of_kuksa(port)
        playing.send_signal(signal.SIGINT)
        _, err = playing.communicate(timeout=PATIENCE_S)
    assert playing.returncode == 0, err
    assert 46.0 < value.value.float < 60.0
    assert refused == "a recording cannot be commanded"


def asked_of_kuksa(port):
    """The car's charge by v2 GetValue, and why it does not flash its lights."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:

        def call(name, **fields):
            ask = channel.unary_unary(f"/{V2}.VAL/{name}", lambda one: one.SerializeToString())
            request = make(V2, f"{name}Request", **fields)
            return ask(request, timeout=PATIENCE_S, wait_for_ready=True)

        reply = call("GetValue", signal_id=make(V2, "SignalID", path=CHARGE))
        wish = make(V2, "Value", bool=True)
        with pytest.raises(grpc.RpcError) as refusal:
            call("Actuate", signal_id=make(V2, "SignalID", path=HAZARD), value=wish)
    value = message_class(V2, "GetValueResponse").FromString(reply).data_point
    return value, refusal.value.details()


def test_the_commands_of_the_guide_work_as_they_stand(said, tmp_path, monkeypatch):
    text = (ROOT / "docs" / "recording.md").read_text("utf-8")
    block = text.split("```sh\n")[1].split("```")[0]
    monkeypatch.chdir(tmp_path)
    for line in block.splitlines():
        program, *words = shlex.split(line)
        assert program == "vettura"
        assert said(*words)[0] == 0
    assert (tmp_path / "morning.jsonl").read_text().startswith('{"time":')
    assert (tmp_path / "speed.csv").read_text().startswith("time,")
