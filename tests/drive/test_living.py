"""What a car remembers: all of it comes back, and a memory of an older version is understood."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drive.signal_day import scripted_day
from make import make_living
from vettura.drive.gauges import Gauges
from vettura.drive.living import LastTrip, recall, remember, time_of
from vettura.units import NS_PER_S

NEW_FIELDS = ("body", "curvature_per_m", "gauges", "last_trip", "last_charge", "faults", "pending",
              "serviced_ns", "serviced_m", "ready_at_ns", "charge_current_max_a")  # fmt: skip


def test_a_whole_day_is_remembered_moment_by_moment():
    for moment in list(scripted_day())[::25]:
        again = recall(remember(moment.car), where="test")
        resting = moment.car.__class__.__struct_fields__
        for field in resting:
            if field != "flows":
                assert getattr(again, field) == getattr(moment.car, field), field


def test_a_memory_of_an_older_version_is_recalled_with_what_a_new_car_has():
    fields = msgspec.msgpack.decode(remember(make_living(locked=False)))
    for field in NEW_FIELDS:
        del fields[field]
    again = recall(msgspec.msgpack.encode(fields), where="test")
    assert again == recall(remember(make_living(locked=False)), where="test")
    assert (again.gauges, again.last_trip, again.locked) == (Gauges(), None, False)


def test_a_memory_with_gauges_that_lack_a_newer_one_is_recalled():
    fields = msgspec.msgpack.decode(remember(make_living(gauges=Gauges(low_share=0.5))))
    del fields["gauges"]["charged_c"]
    assert recall(msgspec.msgpack.encode(fields), where="test").gauges.low_share == 0.5


def test_the_last_trip_is_kept():
    trip = LastTrip(start_ns=1, end_ns=2, duration_s=3.0, distance_m=4.0, energy_wh=5.0)
    assert recall(remember(make_living(last_trip=trip)), where="test").last_trip == trip


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:01:00Z", 60),
        ("1970-01-01T01:01:00+01:00", 60),
        ("1970-01-01T00:01:00", 60),
        ("", None),
        ("tomorrow", None),
        (3.0, None),
    ],
)
def test_times_are_read_as_iso_8601(text, seconds):
    assert time_of(text) == (None if seconds is None else seconds * NS_PER_S)


@given(st.text() | st.datetimes().map(str))
def test_no_text_is_too_odd_to_be_asked_for_a_time(text):
    assert time_of(text) is None or isinstance(time_of(text), int)
