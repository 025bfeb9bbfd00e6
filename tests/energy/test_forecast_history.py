from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vettura.bus.messages_energy import LearnedSlots
from vettura.energy.forecast_history import DAYS, SlotHistory
from vettura.energy.slots import Slots
from vettura.life.local_time import day_start_ns
from vettura.units import NS_PER_S

ROME = "Europe/Rome"
DAY = date(2024, 5, 13)
BEGIN_NS = day_start_ns(DAY, ROME)
MINUTE_NS = 60 * NS_PER_S


def history(**more):
    return SlotHistory(slot_s=900, low=-100.0, high=10_000.0, **more)


def at(minutes):
    return BEGIN_NS + round(minutes * MINUTE_NS)


def test_a_slots_mean_is_that_of_what_held_in_it():
    seen = history()
    for minute, value in ((0, 100.0), (5, 400.0), (15, 1_000.0), (30, 0.0), (31, 0.0)):
        seen.hear(at(minute), value)
    assert seen.recent(at(30), hours=0.5) == pytest.approx([300.0, 1_000.0])


def test_a_meter_that_stops_leaves_a_gap():
    seen = history()
    seen.hear(at(0), 500.0)
    seen.hear(at(15), 500.0)
    seen.hear(at(120), 500.0)
    seen.hear(at(135), 500.0)
    values = seen.recent(at(135), hours=2.25)
    assert values[0] == values[-1] == 500.0
    assert np.isnan(values[1:-1]).all()


@pytest.mark.parametrize("value", [1e9, -5_000.0, float("nan"), float("inf")])
def test_what_cannot_be_is_counted_and_not_learned(value):
    seen = history()
    seen.hear(at(0), 500.0)
    seen.hear(at(5), value)
    seen.hear(at(15), 500.0)
    assert seen.strange == 1
    assert seen.recent(at(15), hours=0.25) == pytest.approx([500.0])


def test_the_past_told_again_changes_nothing():
    seen = history()
    for minute in (0, 10, 10, 5, 0, 15):
        seen.hear(at(minute), 100.0 if minute in (0, 10, 15) else 9_000.0)
    assert seen.stale == 3
    assert seen.recent(at(15), hours=0.25) == pytest.approx([100.0])


def test_a_meter_whose_clock_is_years_ahead_stops_nobody():
    seen = history()
    seen.hear(at(0), 100.0, now_ns=at(0))
    seen.hear(at(50_000_000), 100.0, now_ns=at(7))
    seen.hear(at(15), 100.0, now_ns=at(15))
    assert seen.strange == 1
    assert seen.recent(at(15), hours=0.25) == pytest.approx([100.0])


def test_days_lie_by_the_clock():
    seen = history()
    for quarter in range(97):
        seen.hear(at(15 * quarter), float(quarter))
    table = seen.days(DAY.toordinal() - 1, 3, ROME)
    assert np.isnan(table[0]).all()
    assert table[1] == pytest.approx(np.arange(96.0))
    assert np.isnan(table[2]).all()


def test_what_is_kept_is_what_comes_back():
    seen, again = history(), history()
    for quarter in range(97):
        seen.hear(at(15 * quarter), float(quarter))
    again.recall(seen.kept())
    assert again.recent(at(24 * 60), hours=24) == pytest.approx(np.arange(96.0))
    assert history().kept() is None


@pytest.mark.parametrize(
    "kept",
    [
        LearnedSlots(start_ns=0, slot_s=900, values=b"123"),
        LearnedSlots(start_ns=0, slot_s=3600, values=b"1234" * 8),
        LearnedSlots(start_ns=0, slot_s=900, values=b""),
        LearnedSlots(start_ns=0, slot_s=900, values=np.full(4, 1e9, "<f4").tobytes()),
    ],
)
def test_memory_of_another_form_is_left(kept):
    seen = history()
    seen.recall(kept)
    assert np.isnan(seen.recent(at(60), hours=1)).all()


def test_an_older_memory_does_not_cover_what_is_newer():
    seen = history()
    newer = Slots(start_ns=BEGIN_NS, slot_s=900, count=96)
    seen.fill(newer, np.full(96, 7.0))
    long_ago = Slots(start_ns=BEGIN_NS - DAYS * 86_400 * NS_PER_S, slot_s=900, count=96)
    seen.fill(long_ago, np.full(96, 3.0))
    assert seen.recent(at(24 * 60), hours=24) == pytest.approx(np.full(96, 7.0))


@given(
    st.lists(
        st.tuples(st.integers(-3_000, 100_000), st.floats(allow_nan=True)), min_size=1, max_size=40
    )
)
def test_whatever_a_meter_says_means_stay_between_the_limits(told):
    seen = history()
    for minutes, value in told:
        seen.hear(at(minutes), value)
    table = seen.days(DAY.toordinal() - 3, 80, ROME)
    known = table[np.isfinite(table)]
    assert ((known >= -100.0) & (known <= 10_000.0)).all()
    assert seen.strange + seen.stale <= len(told)
