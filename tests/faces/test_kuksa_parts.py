"""What the KUKSA face is made of: numbers, patterns, bytes, the query language."""

import math
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vettura.errors import InputError
from vettura.faces.kuksa_bytes import stamp
from vettura.faces.kuksa_catalogue import Catalogue
from vettura.faces.kuksa_encode import TARGET, Encoder
from vettura.faces.kuksa_query import read_query
from vettura.faces.kuksa_values import SHAPES, check_bounds, gate_of, take_value
from vettura.faces.kuksa_wire import SDV, V1, V2, message_class, rpcs

CATALOGUE = Catalogue()
ROW = {"a.b": 3, "c": "on", "d": True}


def paths_of(pattern):
    return {listed.path for listed in CATALOGUE.matching(pattern)}


def test_numbers_follow_the_sorted_paths_and_our_own_come_last():
    listed = list(CATALOGUE)
    assert [one.id for one in listed] == list(range(1, len(listed) + 1))
    own = [one.path.startswith("Vehicle.Private.") for one in listed]
    assert own == sorted(own)
    assert all(
        one.path < two.path for one, two in pairwise(listed) if not two.path.count("Private")
    )
    assert {one.path: one.id for one in Catalogue()} == CATALOGUE.ids


def test_patterns_mean_what_kuksa_says_they_mean():
    branch = paths_of("Vehicle.Cabin.Sunroof")
    assert branch == paths_of("Vehicle.Cabin.Sunroof.**") == paths_of("**.Sunroof.**")
    assert paths_of("Vehicle.Cabin.Sunroof.*") == {path for path in branch if path.count(".") == 3}
    assert paths_of("Vehicle.Cabin.Sunroof.*.Position") == {"Vehicle.Cabin.Sunroof.Shade.Position"}
    assert paths_of("**.Sunroof.*.Position") == {"Vehicle.Cabin.Sunroof.Shade.Position"}
    assert paths_of("Vehicle.Cabin.Sunroof.**.Position") == {
        "Vehicle.Cabin.Sunroof.Position",
        "Vehicle.Cabin.Sunroof.Shade.Position",
    }
    assert not paths_of("**.Sunroof") | paths_of("*.Sunroof") | paths_of("Sunroof")
    assert len(paths_of("")) == len(CATALOGUE)
    assert paths_of("Vehicle.Speed") == {"Vehicle.Speed"}


@given(st.text("ab*.", max_size=30))
@settings(max_examples=50, deadline=None)
def test_a_pattern_is_answered_or_refused(pattern):
    with suppress(InputError):
        assert len(CATALOGUE.matching(pattern)) <= len(CATALOGUE)


def value_of(datatype):
    """Any value that a type can hold."""
    item = datatype.removesuffix("[]")
    shape = SHAPES[item]
    one = {
        "string": st.text(max_size=40),
        "boolean": st.booleans(),
        "float": st.floats(width=32, allow_nan=False, allow_infinity=False),
        "double": st.floats(allow_nan=False, allow_infinity=False),
    }.get(item, st.integers(shape.low, shape.high))
    return st.lists(one, max_size=5) if datatype.endswith("[]") else one


BY_TYPE = {listed.signal.datatype: listed for listed in CATALOGUE}


@st.composite
def framed(draw):
    """Some signals of all types, with values."""
    listed = draw(st.lists(st.sampled_from(list(CATALOGUE)), min_size=1, max_size=30, unique=True))
    listed = [*listed, *BY_TYPE.values()]
    values = {one.id: draw(value_of(one.signal.datatype)) for one in listed}
    return values, draw(st.integers(0, 2**62))


def read(style, data):
    """What a reader of protocol buffers makes of it: value and time by signal."""
    if style in ("v2", "v2_id"):
        name = "SubscribeResponse" if style == "v2" else "SubscribeByIdResponse"
        entries = message_class(V2, name).FromString(data).entries
        found = {
            key: (point.value, "typed_value", point.timestamp) for key, point in entries.items()
        }
    elif style == "v1":
        updates = message_class(V1, "SubscribeResponse").FromString(data).updates
        found = {
            one.entry.path: (one.entry.value, "value", one.entry.value.timestamp) for one in updates
        }
    else:
        fields = message_class(SDV, "SubscribeReply").FromString(data).fields
        found = {key: (point, "value", point.timestamp) for key, point in fields.items()}
    ids = CATALOGUE.ids
    return {
        key if isinstance(key, int) else ids[key]: (
            take(holder, oneof, key, sdv=style == "sdv"),
            time.ToNanoseconds(),
        )
        for key, (holder, oneof, time) in found.items()
    }


def take(holder, oneof, key, *, sdv):
    listed = CATALOGUE.by_id(key) if isinstance(key, int) else CATALOGUE.by_path(key)
    try:
        return take_value(holder, oneof, listed.signal, sdv=sdv)
    except InputError:
        return math.inf


@pytest.mark.parametrize("style", ["v2", "v2_id", "v1", "sdv"])
@given(frame=framed())
@settings(max_examples=25, deadline=None)
def test_joined_bytes_are_read_as_they_were_meant(style, frame):
    values, time_ns = frame
    times = dict.fromkeys(values, time_ns)
    encoder = Encoder(style, CATALOGUE)
    joined = encoder.join(list(values), values, times)
    framed_twice = [encoder.frame(list(values), values, times, time_ns) for _ in range(2)]
    expected = {number: (value, time_ns) for number, value in values.items()}
    for data in (joined, *framed_twice):
        assert read(style, data) == expected
    assert not encoder.unspeakable


@pytest.mark.parametrize("style", ["v2", "v1", "sdv"])
def test_a_value_of_another_type_is_told_as_unknown_and_counted(style):
    encoder = Encoder(style, CATALOGUE)
    for datatype, listed in BY_TYPE.items():
        wrong = 3 if datatype.startswith("string") or datatype.endswith("[]") else "high"
        if datatype != "boolean":
            encoder.join([listed.id], {listed.id: wrong}, {listed.id: 1})
            encoder.forget([listed.id])
    assert encoder.unspeakable == len(BY_TYPE) - ("boolean" in BY_TYPE)


def test_a_target_is_told_as_a_target():
    listed = CATALOGUE.by_path("Vehicle.Cabin.Door.Row1.DriverSide.Window.Position")
    channel = listed.id + TARGET
    data = Encoder("v1", CATALOGUE).join([channel], {channel: 40}, {channel: 7})
    (update,) = message_class(V1, "SubscribeResponse").FromString(data).updates
    assert update.entry.actuator_target.uint32 == 40
    assert list(update.fields) == [3]
    assert not update.entry.HasField("value")


@given(st.integers(0, 2**62))
def test_a_time_stamp_has_one_width(time_ns):
    point = message_class(V1, "Datapoint").FromString(stamp(time_ns))
    assert point.timestamp.ToNanoseconds() == time_ns
    assert len(stamp(time_ns)) == 14


@given(st.sampled_from(list(CATALOGUE)), st.floats() | st.integers(-(2**65), 2**65))
def test_a_gate_lets_through_what_the_bounds_allow_and_no_more(listed, value):
    gate = gate_of(listed.signal)
    if gate is None or listed.signal.datatype == "boolean":
        return
    try:
        check_bounds(listed.signal, value)
        is_within = True
    except InputError:
        is_within = False
    assert (gate.low <= value <= gate.high) == is_within


def test_every_method_of_the_three_protocols_is_there():
    assert len(rpcs()) == 11 + 5 + 7
    assert len({rpc.path for rpc in rpcs()}) == len(rpcs())


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("a.b > 2", True),
        ("a.b >= 3 AND c = 'on'", True),
        ("a.b < 3 OR c <> 'off'", True),
        ("NOT (a.b = 3)", False),
        ("not not d", True),
        ("a.b BETWEEN 1 AND 3 AND d = TRUE", True),
        ("a.b NOT BETWEEN 1 AND 3", False),
        ("a.b = 'three'", False),
        ("missing > 1 OR d", True),
        ("missing > 1", False),
        ("NOT missing > 1", False),
        ("a.b <> LAG(a.b)", True),
        ("a.b = -3.0e0", False),
    ],
)
def test_a_condition_is_what_sql_makes_of_it(condition, holds):
    query = read_query(f"SELECT a.b AS x, c WHERE {condition};")
    assert query.holds(ROW, {"a.b": 2}) is holds
    assert [column.name for column in query.columns] == ["x", "c"]


def test_a_query_knows_its_columns_and_its_signals():
    query = read_query("select a.b, (a.b > 1) AS more, c > 'a' WHERE d")
    assert [(column.name, column.path) for column in query.columns] == [
        ("a.b", "a.b"),
        ("more", ""),
        ("field_2", ""),
    ]
    assert query.paths == {"a.b", "c", "d"}
    assert not query.is_plain
    assert read_query("SELECT a.b, c").is_plain


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT",
        "SELECT a,",
        "SELECT a WHERE",
        "SELECT a b",
        "SELECT a WHERE a >",
        "SELECT a WHERE (a",
        "SELECT a WHERE a BETWEEN 1",
        "SELECT a WHERE a NOT 1",
        "SELECT LAG(1)",
        "SELECT a AS 3",
        "UPDATE a",
        "SELECT 'a",
        "SELECT a; DROP",
        "SELECT " + "(" * 100 + "a",
        "SELECT " + "a" * 20_000,
        "SELECT " + ",".join(["a"] * 2001),
    ],
)
def test_what_is_no_query_is_refused_in_one_line(text):
    with pytest.raises(InputError) as error:
        read_query(text)
    assert "\n" not in error.value.message


@given(st.text("SELCTWHRANDO abc.()<>='1,", max_size=60))
def test_any_text_is_a_query_or_refused(text):
    try:
        query = read_query("SELECT " + text)
    except InputError:
        return
    query.holds({"a": 1}, {})
    for column in query.columns:
        column.value({"a": 1}, {})
