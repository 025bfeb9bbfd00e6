from datetime import date
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vettura.life.house_load import house_load_w, load_day
from vettura.life.house_load_series import house_load_over
from vettura.life.local_time import day_start_ns
from vettura.units import NS_PER_S

ROME = "Europe/Rome"
YEAR_NS = day_start_ns(date(2024, 1, 1), ROME)


@cache
def year(seed, kwh=3_500.0, slot_s=900):
    return house_load_over(
        YEAR_NS,
        slot_s=slot_s,
        count=366 * 86_400 // slot_s,
        timezone=ROME,
        kwh_per_year=kwh,
        seed=seed,
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("kwh", [1_200.0, 5_900.0])
def test_a_year_gives_what_the_house_says_it_uses(seed, kwh):
    assert year(seed, kwh).sum() / 4_000.0 == pytest.approx(kwh, rel=0.03)


def test_the_year_and_the_instant_are_one_function():
    minutes = house_load_over(
        day_start_ns(date(2024, 10, 25), ROME),
        slot_s=60,
        count=5 * 1440,
        timezone=ROME,
        kwh_per_year=3_500.0,
        seed=7,
    )
    start_ns = day_start_ns(date(2024, 10, 25), ROME)
    for k in range(0, 5 * 1440, 13):
        time_ns = start_ns + (60 * k + 30) * NS_PER_S
        live = house_load_w(time_ns, timezone=ROME, kwh_per_year=3_500.0, seed=7)
        assert live == pytest.approx(minutes[k])


@given(st.integers(1_500_000_000, 1_900_000_000), st.integers(0, 2**40))
def test_a_house_always_uses_something_and_never_more_than_its_appliances(second, seed):
    power_w = house_load_w(second * NS_PER_S, timezone=ROME, kwh_per_year=3_500.0, seed=seed)
    assert 50.0 < power_w < 12_000.0


def test_evenings_are_busier_than_nights_and_winters_than_summers():
    table = year(3).reshape(366, 96)
    assert table[:, 72:84].mean() > 2.5 * table[:, 8:20].mean()
    winter, summer = table[:60].mean(), table[152:212].mean()
    assert 1.05 < winter / summer < 1.5


def test_some_days_nobody_is_at_home():
    away = [not load_day(date.fromordinal(738_886 + k), ROME, 5).events for k in range(366)]
    assert 2 <= sum(away) <= 25


def test_seeds_are_different_houses():
    assert not np.allclose(year(1), year(2))
    assert np.array_equal(year(1), year(1))
