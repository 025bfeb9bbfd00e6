"""Every actuator of the table: obeyed with every legal value, refused with the right code."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from make import NOON_NS, make_living, make_params, make_trip
from vettura.bus import paths as at
from vettura.bus.messages import (
    Actuate,
    ChargeLimit,
    ChargeStart,
    ChargeStop,
    Climate,
    Command,
    Drive,
    Flap,
    Flash,
    Honk,
    Lock,
    Plug,
    Precondition,
    Unlock,
    Wake,
)
from vettura.bus.signals import signal_table
from vettura.drive import actuators
from vettura.drive.actuators import DRIVE, LOCKS, NARROWER, NEUTRAL, PARK, REVERSE
from vettura.drive.arbiter import Outside, judge
from vettura.drive.body import value_of
from vettura.drive.commands import decide
from vettura.drive.life import advance
from vettura.drive.living import Air, recall, remember
from vettura.units import NS_PER_S

PARAMS = make_params()
PLUG = Plug(station="wallbox", power_w_max=11_000.0)
PARKED = make_living()
CHARGING = decide(PARAMS, PARKED, PLUG).car
DRIVING = advance(
    PARAMS,
    decide(PARAMS, PARKED, Drive(trip=make_trip())).car,
    Air(),
    make_trip(),
    NOON_NS + 20 * NS_PER_S,
).car
ACTUATORS = [path for path, signal in signal_table().items() if signal.kind == "actuator"]
NEEDS_CABLE = {(at.CHARGE, "START"), (at.CHARGE, "STOP"), (at.LATCH, True)}
"""What a parked car without a cable has to refuse."""
INT_SIZES = {"int8": 127, "uint8": 255, "uint16": 65_535, "uint32": 2**32 - 1}


def ruled(car, verb, *, role="local", granted=False, command_id="c1"):
    command = Command(id=command_id, verb=verb, who="test", role=role, granted=granted)
    return judge(PARAMS, car, command, recent={}, outside=Outside())


def legal_values(path):
    """Every legal value of an actuator, as a strategy."""
    signal = signal_table()[path]
    lowest, highest = NARROWER.get(path, (signal.min, signal.max))
    if path == at.GEAR:
        return st.sampled_from([PARK, DRIVE, REVERSE, NEUTRAL])
    if path == at.READY_AT:
        return st.sampled_from(["", "2026-03-02T13:00:00Z", "2026-03-02T13:00:00+01:00"])
    if signal.datatype == "boolean":
        return st.booleans()
    if signal.datatype == "string":
        if signal.allowed:
            return st.sampled_from(signal.allowed)
        times = ["", "2026-03-02T13:00:00Z", "2026-03-09T07:30:00+01:00"]
        return st.sampled_from(times) if signal.unit else st.text(max_size=1_024)
    if signal.datatype in INT_SIZES:
        most = INT_SIZES[signal.datatype]
        least = 0 if signal.datatype.startswith("u") else -most - 1
        return st.integers(int(max(lowest, least)), int(min(highest, most)))
    edges = {"min_value": max(lowest, -3.4e38), "max_value": min(highest, 3.4e38)}
    return st.floats(**edges, allow_nan=False)


def test_an_actuator_is_never_outside_the_table():
    named = vars(actuators)
    paths = {path for name, path in vars(at).items() if name.isupper() and name in named}
    paths |= {*LOCKS, *NARROWER}
    assert len(paths) > 20
    assert paths <= set(ACTUATORS)


@pytest.mark.parametrize("path", ACTUATORS)
@settings(max_examples=20)
@given(data=st.data())
def test_a_parked_car_obeys_every_legal_value_of_someone_at_it(path, data):
    value = data.draw(legal_values(path))
    if path == at.READY_AT and value == "2026-03-02T13:00:00+01:00":
        return  # That is noon UTC, which is now.
    car = CHARGING if (path, value) in NEEDS_CABLE else PARKED
    ruling = ruled(car, Actuate(path=path, value=value))
    assert ruling.answer.ok, ruling.answer
    assert ruling.answer.state in {"reached", "accepted"}
    assert ruling.targets
    kept = recall(remember(ruling.car), where="test")
    assert kept.pending == ruling.car.pending


@pytest.mark.parametrize("path", ACTUATORS)
@settings(max_examples=20)
@given(data=st.data())
def test_a_wrong_type_is_refused_and_leaves_the_car_as_it_was(path, data):
    datatype = signal_table()[path].datatype
    wrong = [st.lists(st.text(max_size=3), max_size=3)]
    if datatype != "boolean":
        wrong.append(st.booleans())
    if datatype != "string":
        wrong.append(st.text(max_size=9))
    if datatype not in {"float", "double"}:
        wrong.append(st.floats())
    if datatype in {"boolean", "string"}:
        wrong.append(st.integers(-(2**63), 2**64 - 1))
    ruling = ruled(PARKED, Actuate(path=path, value=data.draw(st.one_of(wrong))))
    assert (ruling.answer.code, ruling.answer.state) == ("type", "refused")
    assert ruling.car is PARKED
    assert [audit.result for audit in ruling.audits] == ["refused"]


def out_of_range(path):
    signal = signal_table()[path]
    lowest, highest = NARROWER.get(path, (signal.min, signal.max))
    if signal.allowed or signal.unit == "iso8601":
        return ["nonsense", "9" * 40]
    if signal.datatype == "string":
        return ["x" * 1_025]
    if signal.datatype in {"float", "double"}:
        beyond = [edge + step for edge, step in ((lowest, -1.0), (highest, 1.0))]
        return [math.nan, math.inf, -math.inf, 1e39, *filter(math.isfinite, beyond)]
    if signal.datatype == "boolean":
        return []
    size = INT_SIZES[signal.datatype]
    least = 0 if signal.datatype.startswith("u") else -size - 1
    return [int(min(highest, size)) + 1, int(max(lowest, least)) - 1, 2**64 - 1]


@pytest.mark.parametrize(
    ("path", "value"), [(path, value) for path in ACTUATORS for value in out_of_range(path)]
)
def test_a_value_out_of_range_is_refused_and_leaves_the_car_as_it_was(path, value):
    ruling = ruled(PARKED, Actuate(path=path, value=value))
    assert ruling.answer.code == "range", ruling.answer
    assert ruling.answer.reason
    assert ruling.car is PARKED


@pytest.mark.parametrize("path", ["Vehicle.Speed", "Vehicle.VersionVSS.Major"])
def test_what_is_no_actuator_cannot_be_commanded(path):
    ruling = ruled(PARKED, Actuate(path=path, value=1))
    assert ruling.answer.code == "unknown"
    assert "cannot be commanded" in ruling.answer.reason


def test_what_nobody_knows_and_what_this_car_lacks_are_told_apart():
    unknown = ruled(PARKED, Actuate(path="Vehicle.Wings.Flap", value=1)).answer
    lacking = ruled(PARKED, Actuate(path="Vehicle.Body.RearMainSpoilerPosition", value=1.0)).answer
    assert unknown.code == "unknown"
    assert (lacking.code, "has no" in lacking.reason) == ("unavailable", True)


@pytest.mark.parametrize(
    ("verb", "path", "value"),
    [
        (Lock(), at.LOCK, True),
        (Unlock(), at.LOCK, False),
        (Climate(on=True), at.CLIMATE, True),
        (Climate(on=False), at.CLIMATE, False),
        (ChargeStart(), at.CHARGE, "START"),
        (ChargeStop(), at.CHARGE, "STOP"),
        (ChargeLimit(soc=0.9), at.CHARGE_LIMIT, 90),
        (Flap(open=True), at.FLAP, True),
        (Flap(open=False), at.FLAP, False),
        (Honk(), at.HORN, True),
        (Flash(), at.HAZARD, True),
        (Wake(), at.AWAKE, True),
        (Precondition(), at.READY_AT, ""),
        (Precondition(ready_at_ns=NOON_NS + 3600 * NS_PER_S), at.READY_AT, "2026-03-02T13:00:00Z"),
        (
            Precondition(ready_at_ns=NOON_NS + 3600 * NS_PER_S),
            at.READY_AT,
            "2026-03-02T14:00:00+01:00",
        ),
    ],
)
@pytest.mark.parametrize("car", [PARKED, CHARGING, DRIVING], ids=["parked", "charging", "driving"])
@pytest.mark.parametrize("role", ["app", "local"])
def test_a_verb_and_its_path_are_the_same_command(car, role, verb, path, value):
    by_verb = ruled(car, verb, role=role)
    by_path = ruled(car, Actuate(path=path, value=value), role=role)
    assert by_verb == by_path
    assert all(audit.what == path for audit in by_verb.audits)


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        (at.FLAP, True, "the charge flap stays shut while driving"),
        (at.LOCK, False, "the doors stay locked while driving"),
        ("Vehicle.Cabin.Door.Row2.DriverSide.IsLocked", False, "stay locked while driving"),
        ("Vehicle.Body.Trunk.Rear.IsLocked", False, "stay locked while driving"),
        ("Vehicle.Body.Trunk.Rear.IsOpen", True, "the trunk stays shut"),
        ("Vehicle.Body.Hood.IsOpen", True, "the bonnet stays shut"),
        ("Vehicle.Cabin.Door.Row1.DriverSide.IsOpen", True, "the doors stay shut"),
        ("Vehicle.Body.Mirrors.DriverSide.IsFolded", True, "the mirrors stay out"),
        ("Vehicle.Cabin.Seat.Row1.DriverSide.Position", 10, "while driving"),
        (at.GEAR, PARK, "parks when it stands"),
        (at.PARK_LOCK, True, "parks when it stands"),
        (at.PARKING_BRAKE, True, "parks when it stands"),
        (at.AWAKE, False, "while it drives"),
    ],
)
def test_what_must_not_be_while_driving_is_refused(path, value, why):
    ruling = ruled(DRIVING, Actuate(path=path, value=value))
    assert ruling.answer.code == "interlock"
    assert why in ruling.answer.reason
    assert ruling.car is DRIVING


@pytest.mark.parametrize(
    "path", [path for path in ACTUATORS if signal_table()[path].interlock == "standing"]
)
def test_shutting_and_locking_is_allowed_while_driving(path):
    if signal_table()[path].datatype == "boolean":
        shut = path.endswith(".IsLocked")
        assert ruled(DRIVING, Actuate(path=path, value=shut)).answer.ok


@pytest.mark.parametrize(
    ("path", "value"),
    [(at.GEAR, DRIVE), (at.PARK_LOCK, False), (at.PARKING_BRAKE, False), (at.LATCH, False)],
)
def test_a_plugged_car_stays_in_park_and_its_cable_latched_while_current_flows(path, value):
    answer = ruled(CHARGING, Actuate(path=path, value=value)).answer
    assert answer.code == "interlock"
    stopped = decide(PARAMS, CHARGING, ChargeStop()).car
    assert ruled(stopped, Actuate(path=path, value=value)).answer.ok == (path == at.LATCH)


def test_a_full_movement_takes_its_time_and_a_place_that_is_reached_none():
    window = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"
    ruling = ruled(PARKED, Actuate(path=window, value=100))
    assert ruling.answer.state == "accepted"
    later = advance(PARAMS, ruling.car, Air(), None, NOON_NS + 2 * NS_PER_S).car
    assert value_of(later.body, window) == 50
    there = advance(PARAMS, later, Air(), None, NOON_NS + 4 * NS_PER_S).car
    assert ruled(there, Actuate(path=window, value=100)).answer.state == "reached"


def test_the_trip_meter_starts_again_from_what_it_was_set_to():
    car = make_living()
    car = ruled(car, Actuate(path=at.TRIP_METER, value=1_500)).car
    assert car.body.values[at.TRIP_METER] == car.state.distance_m - 1_500


def test_a_sleeping_car_sleeps_at_once_unless_its_climate_runs():
    awake = ruled(PARKED, Wake()).car
    assert awake.awake_until_ns > NOON_NS
    assert ruled(awake, Actuate(path=at.AWAKE, value=False)).car.awake_until_ns == NOON_NS
    warm = ruled(awake, Climate(on=True)).car
    assert ruled(warm, Actuate(path=at.AWAKE, value=False)).answer.code == "interlock"


def test_whoever_drives_off_shuts_the_trunk_first():
    trunk = "Vehicle.Body.Trunk.Rear.IsOpen"
    opened = ruled(PARKED, Actuate(path=trunk, value=True)).car
    opened = advance(PARAMS, opened, Air(), None, NOON_NS + 10 * NS_PER_S).car
    assert value_of(opened.body, trunk) is True
    gone = decide(PARAMS, opened, Drive(trip=make_trip())).car
    gone = advance(PARAMS, gone, Air(), make_trip(), NOON_NS + 30 * NS_PER_S).car
    assert value_of(gone.body, trunk) is False
