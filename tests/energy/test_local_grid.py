from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vettura.energy.local_grid import by_day, local_grid, ordinal
from vettura.energy.slots import Slots
from vettura.life.local_time import day_start_ns, local_date, zone
from vettura.units import NS_PER_S

ROME = "Europe/Rome"


def day_slots(day, timezone=ROME, slot_s=900, days=1):
    begin = day_start_ns(day, timezone)
    end = day_start_ns(date.fromordinal(day.toordinal() + days), timezone)
    return Slots(start_ns=begin, slot_s=slot_s, count=(end - begin) // (slot_s * NS_PER_S))


@given(
    st.integers(1_600_000_000, 1_900_000_000),
    st.sampled_from([900, 1800, 3600]),
    st.sampled_from([ROME, "UTC", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"]),
)
def test_a_slot_shows_what_the_clock_there_shows(start_s, slot_s, timezone):
    slots = Slots(start_ns=start_s // slot_s * slot_s * NS_PER_S, slot_s=slot_s, count=1_000)
    grid = local_grid(slots, timezone)
    for slot in range(0, slots.count, 37):
        when = datetime.fromtimestamp(slots.begin_ns(slot) // NS_PER_S, UTC)
        shown = when.astimezone(zone(timezone))
        assert grid.day[slot] == shown.date().toordinal()
        assert grid.minute[slot] == 60 * shown.hour + shown.minute
        assert grid.weekday[slot] == shown.weekday()


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2024, 3, 31), 23), (date(2024, 10, 27), 25), (date(2024, 6, 1), 24)]
)
def test_the_nights_that_clocks_change_have_23_and_25_hours(day, hours):
    slots = day_slots(day)
    grid = local_grid(slots, ROME)
    assert slots.count == 4 * hours
    assert set(grid.day) == {day.toordinal()}
    twos = int(((grid.minute >= 120) & (grid.minute < 180)).sum())
    assert twos == {23: 0, 24: 4, 25: 8}[hours]


def test_days_by_the_clock_have_a_hole_in_spring_and_a_mean_in_autumn():
    slots = day_slots(date(2024, 10, 27))
    grid = local_grid(slots, ROME)
    values = np.arange(100.0)
    table = by_day(values, grid, first_day=date(2024, 10, 27).toordinal(), days=1)
    assert table[0, 8] == (8.0 + 12.0) / 2.0
    assert table[0, 95] == 99.0
    slots = day_slots(date(2024, 3, 31))
    grid = local_grid(slots, ROME)
    table = by_day(np.ones(92), grid, first_day=date(2024, 3, 31).toordinal(), days=1)
    assert np.isnan(table[0, 8:12]).all()
    assert np.isfinite(np.delete(table[0], range(8, 12))).all()


def test_a_part_of_a_grid_is_the_grid_of_the_part():
    slots = day_slots(date(2024, 10, 26), days=3)
    grid = local_grid(slots, ROME)
    part = grid.part(90, 40)
    again = local_grid(part.slots, ROME)
    assert np.array_equal(part.day, again.day)
    assert np.array_equal(part.minute, again.minute)
    assert ordinal(part.slots.start_ns, ROME) == local_date(part.slots.start_ns, ROME).toordinal()
