"""From topic and payload to a verb, whatever they are."""

import math
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from faces.mqtt_scene import OURS, VIN
from vettura.bus.messages import (
    Actuate,
    ChargeStart,
    ChargeStop,
    Climate,
    Command,
    Flap,
    Flash,
    Honk,
    Lock,
    Precondition,
    Unlock,
    Wake,
    encode,
)
from vettura.bus.paths import CABIN_TARGET, CHARGE_LIMIT, FLAP, TRUNK
from vettura.bus.signals import signal_table
from vettura.faces.mqtt_orders import Order, Refused, read_order
from vettura.words.car_orders import READERS
from vettura.words.car_state import WINDOWS

SPEED = "Vehicle.Speed"


def do(entity, payload):
    return read_order(f"vettura/{VIN}/do/{entity}", payload)


def put(path, payload):
    return read_order(f"vettura/{VIN}/set/{path.replace('.', '/')}", payload)


@pytest.mark.parametrize(
    ("entity", "payload", "verb"),
    [
        ("lock", b"LOCK", Lock()),
        ("lock", b"unlock", Unlock()),
        ("climate", b"heat_cool", Climate(on=True)),
        ("climate", b"off", Climate(on=False)),
        ("climate_temperature", b"22.5", Actuate(path=CABIN_TARGET, value=22.5)),
        ("charge", b"ON", ChargeStart()),
        ("charge", b"OFF", ChargeStop()),
        ("charge_limit", b"80", Actuate(path=CHARGE_LIMIT, value=80)),
        ("charge_current_limit", b"16", Actuate(path=OURS + "Charging.CurrentLimit", value=16.0)),
        ("charge_flap", b"OPEN", Flap(open=True)),
        ("trunk", b"CLOSE", Actuate(path=TRUNK, value=False)),
        ("window_driver", b"40", Actuate(path=WINDOWS["driver"], value=40)),
        ("window_driver", b"OPEN", Actuate(path=WINDOWS["driver"], value=100)),
        ("preconditioning", b"ON", Actuate(path=OURS + "Preconditioning.IsActive", value=True)),
        ("departure", b"", Precondition(ready_at_ns=None)),
        (
            "departure",
            b"2026-03-02T07:30:00+01:00",
            Precondition(ready_at_ns=1_772_433_000_000_000_000),
        ),
        ("honk", b"PRESS", Honk()),
        ("flash", b"PRESS", Flash()),
        ("wake", b"PRESS", Wake()),
    ],
)
def test_an_owner_s_words_become_a_verb(entity, payload, verb):
    assert do(entity, payload) == Order(VIN, entity, verb, "mqtt", "")


@pytest.mark.parametrize(
    ("entity", "payload", "code"),
    [
        ("lock", b"", "type"),
        ("lock", b"explode", "type"),
        ("charge_limit", b"NaN", "type"),
        ("charge_limit", b"inf", "type"),
        ("charge_limit", b"1_0", "type"),
        ("charge_limit", b"\xff\xfe", "type"),
        ("window_driver", b"half", "type"),
        ("departure", b"07:30", "type"),
        ("departure", b"2026-03-02T07:30:00", "type"),
        ("departure", b"0001-01-01T00:00:00+23:59", "range"),
        ("departure", b"9999-01-01T00:00:00Z", "range"),
        ("teleport", b"ON", "unknown"),
        ("lock", b"x" * 1_048_576, "type"),
    ],
)
def test_other_words_are_refused_with_a_reason(entity, payload, code):
    refused = do(entity, payload)
    assert isinstance(refused, Refused)
    assert refused.vin == VIN
    assert (refused.code, refused.what) == (code, entity)
    assert refused.reason


@pytest.mark.parametrize(
    ("entity", "payload"),
    [("charge_limit", b"19"), ("window_driver", b"-1"), ("climate_temperature", b"15.9")],
)
def test_whether_a_number_is_in_range_is_left_to_the_car(entity, payload):
    order = do(entity, payload)
    assert isinstance(order, Order)
    assert order.verb.value == float(payload)


@pytest.mark.parametrize(
    ("path", "payload", "value"),
    [
        (FLAP, b"true", True),
        (FLAP, b"off", False),
        (FLAP, b"1", True),
        (WINDOWS["driver"], b"40", 40),
        (WINDOWS["driver"], b"40.0", 40),
        (CABIN_TARGET, b"22", 22.0),
        ("Vehicle.Body.Lights.LightSwitch", b"AUTO", "AUTO"),
        ("Vehicle.Body.Lights.LightSwitch", b'"AUTO"', "AUTO"),
        (WINDOWS["driver"], b'{"value": 40, "id": "mine"}', 40),
        (SPEED, b"12", 12.0),
    ],
)
def test_a_value_becomes_the_type_of_its_signal(path, payload, value):
    order = put(path, payload)
    assert isinstance(order, Order)
    assert order.verb == Actuate(path=path, value=value)
    assert type(order.verb.value) is type(value)
    assert order.id == ("mine" if b"mine" in payload else "")


@pytest.mark.parametrize(
    ("path", "payload"),
    [
        (CABIN_TARGET, b"NaN"),
        (CABIN_TARGET, b"1e999"),
        (CABIN_TARGET, b'{"value": "22"}'),
        (WINDOWS["driver"], b"40.5"),
        (WINDOWS["driver"], b"true"),
        (WINDOWS["driver"], b"9" * 400),
        (WINDOWS["driver"], b"9" * 25),
        (FLAP, b"maybe"),
        (FLAP, b"null"),
        (FLAP, b"[" * 4000),
        (FLAP, b'{"value":' * 400),
        ("Vehicle.Body.Lights.LightSwitch", b""),
    ],
)
def test_a_value_of_another_type_is_refused(path, payload):
    refused = put(path, payload)
    assert isinstance(refused, Refused)
    assert refused.code == "type"


def test_a_signal_that_is_not_there_is_refused():
    assert put("Vehicle.Warp.Factor", b"9").code == "unknown"


@pytest.mark.parametrize(
    "topic",
    ["", "/", "vettura", f"vettura/{VIN}", f"vettura/{VIN}/state", f"other/{VIN}/do/lock", "////"],
)
def test_other_topics_are_nobody_s(topic):
    assert read_order(topic, b"ON").vin == ""


def test_home_assistant_is_told_from_others_by_its_topic():
    assert read_order(f"vettura/{VIN}/do/lock/homeassistant", b"LOCK").who == "homeassistant"
    assert isinstance(read_order(f"vettura/{VIN}/do/lock/anybody", b"LOCK"), Refused)


ENTITIES = st.sampled_from([*READERS, "nothing"])
PATHS = st.sampled_from([path.replace(".", "/") for path in signal_table()])
TOPICS = st.one_of(
    st.text(max_size=80),
    ENTITIES.map(lambda name: f"vettura/{VIN}/do/{name}"),
    PATHS.map(lambda path: f"vettura/{VIN}/set/{path}"),
    st.text(string.printable, max_size=40).map(lambda text: f"vettura/{VIN}/do/{text}"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=9,
)
PAYLOADS = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.floats().map(lambda number: str(number).encode()),
    JSON.map(lambda value: repr(value).replace("'", '"').encode("utf-8", "replace")),
    JSON.map(lambda value: f'{{"value": {value!r}, "id": "x"}}'.encode("utf-8", "replace")),
)


@given(TOPICS, PAYLOADS)
@example("vettura//do/charge_limit", b"1e20")
def test_any_message_is_an_order_or_a_refusal(topic, payload):
    read = read_order(topic, payload)
    assert isinstance(read, Order | Refused)
    if isinstance(read, Order):
        assert encode(Command(id=read.id or "x", verb=read.verb))
    if isinstance(read, Order) and isinstance(read.verb, Actuate):
        value = read.verb.value
        assert not isinstance(value, float) or math.isfinite(value)
    assert isinstance(read, Order) or (read.reason and len(read.what) <= 128)
