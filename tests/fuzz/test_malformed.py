"""Whatever comes in by any door is taken or refused; nothing gets out and memory stays flat.

The same doors take a million inputs each by `python tools/fuzz.py`.
"""

import re
from functools import cache

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.entries import DOORS, build
from fuzz.malformed import malformed
from fuzz.running import Broken, Door, Outcome, feed, inputs_of, run

INPUTS = 1000
SEED = 20260302
built = cache(build)


@pytest.mark.parametrize("name", DOORS)
def test_thousands_of_malformed_inputs_are_taken_or_refused(name):
    door = built(name)
    outcome = run(door, inputs_of(door, seed=SEED, count=INPUTS), count=INPUTS)
    assert outcome.broken is None, f"{name}, seed {SEED}: {outcome.broken}"
    assert outcome.accepted > 0
    assert outcome.refused > 0


@pytest.mark.parametrize("name", DOORS)
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_bytes_of_hypothesis_are_taken_or_refused(name, data):
    door = built(name)
    piece = st.one_of(st.binary(max_size=64), st.sampled_from(door.samples))
    whole = b"".join(data.draw(st.lists(piece, max_size=4)))
    broken, _ = feed(door, whole, 0)
    assert broken is None, str(broken)


def _action(entity, data):
    wish = {"id": "1", "action": "light.turn_on", "entity": entity, "data": data}
    return b"mqtt_quirks\x00" + msgspec.msgpack.encode(wish)


FOUND = {
    "discovery-do": (
        _action("light.quirk_j_hs", {"flash": [["long"]]}),
        *(_action(f"light.{name}", {"white": [1]}) for name in ("quirk_j_white", "quirk_j_hs")),
    ),
    "ocpp": (
        b'2[2,"7","StartTransaction",{"connectorId":1,"idTag":"C","meterStart":1%b,'
        b'"timestamp":"2026-03-02T06:00:00Z"}]' % (b"0" * 400),
    ),
    "miio": (b't{"id":7,"method":"set_bricct","params":[2%b,3]}' % (b"1" + b"0" * 400),),
    "miio-bus": (
        b'r{"id":1,"result":["on",-922337203785477580950,20]}',
        b'r{"id":1,"result":["on",50e20]}',
    ),
}
"""What a million inputs brought out once."""


@pytest.mark.parametrize("name", FOUND)
def test_what_got_out_once_stays_in(name):
    door = built(name)
    for data in FOUND[name]:
        broken, _ = feed(door, data, 0)
        assert broken is None, str(broken)


def test_a_platform_that_is_no_word_stays_in():
    door = built("hass")
    for sample in door.samples:
        broken, _ = feed(door, re.sub(rb'"platform": ?"[^"]*"', b'"platform":{"a":1}', sample), 0)
        assert broken is None, str(broken)


def test_every_valid_sample_of_some_door_is_accepted_by_it():
    for name in DOORS:
        door = built(name)
        assert any(door.feed(sample) for sample in door.samples), name


def test_a_number_brings_an_input_back():
    samples = (b"abc", b"defg")
    again = [malformed(3, index, samples) for index in range(500)]
    assert again == [malformed(3, index, samples) for index in range(500)]
    assert len(set(again)) > 300
    assert len(malformed(3, 4095, samples)) > 1_000_000


def test_what_gets_out_is_found_and_can_be_brought_back():
    def feed_one(data):
        if b"x" in data:
            raise KeyError(data)
        return True

    door = Door("made", (b"axb",), feed_one)
    outcome = run(door, inputs_of(door, seed=1, count=100), count=100)
    assert isinstance(outcome, Outcome)
    assert isinstance(outcome.broken, Broken)
    assert malformed(1, outcome.broken.index, door.samples) == outcome.broken.data
    assert "KeyError" in str(outcome.broken)
