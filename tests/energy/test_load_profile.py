from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vettura.energy.load_profile import LoadOutlook, season_factor, standard_day
from vettura.energy.local_grid import local_grid
from vettura.energy.slots import Slots
from vettura.life.local_time import day_start_ns
from vettura.units import NS_PER_S

MONDAY = date(2024, 3, 4).toordinal()
YEAR_WH = 3_500_000.0


def week(rows=42, *, seed=1):
    """A house that cooks at seven in the evening on working days and sleeps in at the weekend."""
    chance = np.random.default_rng(seed)
    table = 200.0 + chance.gamma(2.0, 30.0, (rows, 96))
    for row in range(rows):
        weekday = row % 7
        if weekday < 5:
            table[row, 76:80] += 2_000.0
        else:
            table[row, 40:44] += 1_500.0
    return table


def usual(table, day, *, today=MONDAY + 42):
    outlook = LoadOutlook(table, first_day=MONDAY, year_wh=YEAR_WH)
    return outlook.usual_day(day, today=today)


def test_a_standard_year_has_the_energy_it_should():
    days = range(date(2023, 1, 1).toordinal(), date(2024, 1, 1).toordinal())
    total_wh = sum(standard_day(day, columns=96, year_wh=YEAR_WH).sum() / 4.0 for day in days)
    assert total_wh == pytest.approx(YEAR_WH, rel=0.02)


def test_the_standard_seasons_are_bdews():
    january, july = (season_factor(date(2023, m, 1).toordinal()) for m in (1, 7))
    assert january == pytest.approx(1.24, abs=0.01)
    assert july == pytest.approx(0.80, abs=0.03)


def test_working_days_and_weekends_are_learned_apart():
    monday, sunday = usual(week(), MONDAY + 42), usual(week(), MONDAY + 48)
    assert monday.middle[77] > 2_000.0
    assert sunday.middle[77] < 500.0
    assert sunday.middle[41] > 1_500.0
    assert monday.middle[41] < 500.0


def test_before_anything_is_measured_the_standard_stands_in():
    seen = usual(np.full((42, 96), np.nan), MONDAY + 42)
    assert seen.mean == pytest.approx(standard_day(MONDAY + 42, columns=96, year_wh=YEAR_WH))
    assert (seen.low < seen.middle).all()
    assert (seen.middle < seen.high).all()


def test_one_jump_of_the_meter_changes_neither_tenths_nor_the_mean_much():
    table = week()
    broken = table.copy()
    broken[41 - 7, 50] = 20_000.0
    seen, again = usual(table, MONDAY + 42), usual(broken, MONDAY + 42)
    assert again.high[50] == pytest.approx(seen.high[50], rel=0.25)
    assert again.mean[50] <= 1.5 * again.high[50]


def test_values_below_zero_teach_nothing():
    table = week()
    table[:, 10] = -500.0
    assert usual(table, MONDAY + 42).low.min() >= 0.0


def test_what_has_changed_is_learned_within_weeks():
    table = week()
    table[28:, :76] += 1_000.0
    assert usual(table, MONDAY + 42).middle[30] > 1_000.0


def test_only_days_that_have_ended_are_looked_at():
    table = week()
    other = table.copy()
    other[30:] = 9_999.0
    seen, again = (usual(each, MONDAY + 30, today=MONDAY + 30) for each in (table, other))
    assert np.array_equal(seen.middle, again.middle)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(0, 42), st.sampled_from([24, 48, 96]))
def test_tenths_are_in_order_whatever_the_meter_said(seed, rows, columns):
    chance = np.random.default_rng(seed)
    table = chance.normal(300.0, 400.0, (42, columns))
    table[chance.random(table.shape) < 0.3] = np.nan
    table[rows:] = np.nan
    outlook = LoadOutlook(table, first_day=MONDAY, year_wh=YEAR_WH)
    begin_ns = day_start_ns(date.fromordinal(MONDAY + 42), "Europe/Rome") + 7 * 3600 * NS_PER_S
    slots = Slots(start_ns=begin_ns, slot_s=86_400 // columns, count=2 * columns)
    seen = outlook.over(local_grid(slots, "Europe/Rome"), today=MONDAY + 42)
    assert (seen.low >= 0.0).all()
    assert (seen.low <= seen.middle).all()
    assert (seen.middle <= seen.high).all()
    assert (seen.mean >= seen.low).all()
    assert np.isfinite(seen.mean).all()
