from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vettura.energy.config import (
    Band,
    DynamicTariff,
    EnergyConfig,
    FixedTariff,
    GridConfig,
    TimeOfUseTariff,
)
from vettura.energy.local_grid import local_grid
from vettura.energy.prices_market import NO_MARKET, PricePeriod, joined, market_of, over_slots
from vettura.energy.prices_outlook import PriceOutlook, published_until_ns
from vettura.energy.slots import Slots
from vettura.energy.tariff import Known, connection_of, market_carbon, price_slots, true_prices
from vettura.life.household import WEEK
from vettura.life.local_time import day_start_ns, local_ns
from vettura.units import NS_PER_S

ROME = "Europe/Rome"
HOUR_NS = 3600 * NS_PER_S
DAYS = {"spring": date(2024, 3, 31), "autumn": date(2024, 10, 27), "plain": date(2024, 7, 10)}
ITALIAN = TimeOfUseTariff(
    bands=(
        Band(per_kwh=0.31, since="08:00", until="19:00", days=WEEK[:5]),
        Band(
            per_kwh=0.27,
            since="07:00",
            until="23:00",
            days=("mon", "tue", "wed", "thu", "fri", "sat"),
        ),
    ),
    otherwise_per_kwh=0.22,
)
"""ARERA's F1, F2 and F3."""


def day_slots(day, *, slot_s=900, days=1):
    begin, end = (day_start_ns(date.fromordinal(day.toordinal() + k), ROME) for k in (0, days))
    return Slots(start_ns=begin, slot_s=slot_s, count=(end - begin) // (slot_s * NS_PER_S))


def prices(tariff, slots, **more):
    return price_slots(EnergyConfig(tariff=tariff), local_grid(slots, ROME), **more)


def test_a_fixed_price_is_always_the_same_and_known():
    seen = prices(FixedTariff(per_kwh=0.3), day_slots(DAYS["plain"]))
    assert (seen.import_per_wh == 0.3e-3).all()
    assert (seen.export_per_wh == 0.08e-3).all()
    assert seen.known == 96
    assert seen.note == ""


@pytest.mark.parametrize("slot_s", [900, 1800, 3600])
def test_bands_hold_at_their_hours_by_the_clock(slot_s):
    slots = day_slots(date(2024, 7, 8), slot_s=slot_s, days=7)
    seen = prices(ITALIAN, slots).import_per_wh.reshape(7, -1)
    hours = np.arange(seen.shape[1]) * slot_s / 3600.0
    assert seen[0, (hours >= 8) & (hours < 19)] == pytest.approx(0.31e-3)
    assert seen[0, hours < 7] == pytest.approx(0.22e-3)
    assert seen[5, (hours >= 8) & (hours < 19)] == pytest.approx(0.27e-3)
    assert seen[6] == pytest.approx(0.22e-3)


@pytest.mark.parametrize(("name", "cheap"), [("spring", 24), ("plain", 28), ("autumn", 32)])
def test_a_night_tariff_has_an_hour_less_in_spring_and_more_in_autumn(name, cheap):
    night = TimeOfUseTariff(
        bands=(Band(per_kwh=0.1, since="22:00", until="05:00"),), otherwise_per_kwh=0.3
    )
    slots = day_slots(DAYS[name])
    seen = prices(night, Slots(start_ns=slots.start_ns - 2 * HOUR_NS, slot_s=900, count=80))
    assert int((seen.import_per_wh < 0.2e-3).sum()) == cheap
    assert (seen.import_per_wh[:cheap] < 0.2e-3).all()


def test_a_band_over_midnight_belongs_to_the_day_on_which_it_begins():
    friday = TimeOfUseTariff(
        bands=(Band(per_kwh=0.1, since="22:00", until="06:00", days=("fri",)),),
        otherwise_per_kwh=0.3,
    )
    seen = prices(friday, day_slots(date(2024, 7, 12), slot_s=3600, days=3)).import_per_wh
    assert np.flatnonzero(seen < 0.2e-3).tolist() == [22, 23, 24, 25, 26, 27, 28, 29]


def test_a_band_of_winter_holds_in_its_months_alone():
    winter = TimeOfUseTariff(bands=(Band(per_kwh=0.4, months=(12, 1)),), otherwise_per_kwh=0.2)
    seen = prices(winter, day_slots(date(2024, 11, 30), slot_s=3600, days=2)).import_per_wh
    assert seen == pytest.approx([0.2e-3] * 24 + [0.4e-3] * 24)


def test_a_slot_over_a_bands_border_pays_the_mean_of_its_parts():
    odd = TimeOfUseTariff(
        bands=(Band(per_kwh=0.4, since="00:00", until="07:20"),), otherwise_per_kwh=0.1
    )
    seen = prices(odd, day_slots(DAYS["plain"], slot_s=3600)).import_per_wh
    assert seen[7] == pytest.approx((0.4 + 2.0 * 0.1) / 3.0 * 1e-3)


def market(day, values, *, minutes=60, carbon=None):
    begin = day_start_ns(day, ROME)
    step = minutes * 60 * NS_PER_S
    return market_of(
        PricePeriod(begin + k * step, begin + (k + 1) * step, value, carbon)
        for k, value in enumerate(values)
        if value is not None
    )


def test_what_a_house_pays_is_the_market_times_a_factor_and_something():
    known = market(DAYS["plain"], [0.1, -0.05, *([0.2] * 22)])
    config = EnergyConfig(tariff=DynamicTariff(factor=1.22, plus_per_kwh=0.14))
    seen = true_prices(config, day_slots(DAYS["plain"]), timezone=ROME, market=known)
    assert seen.import_per_wh[:8] == pytest.approx(
        [(1.22 * 0.1 + 0.14) * 1e-3] * 4 + [(1.22 * -0.05 + 0.14) * 1e-3] * 4
    )
    assert seen.known == 96


@pytest.mark.parametrize("name", DAYS)
def test_quarters_and_hours_meet_slots_of_any_length(name):
    hours = {"spring": 23, "autumn": 25, "plain": 24}[name]
    values = np.random.default_rng(1).normal(0.08, 0.05, 4 * hours)
    quarters = market(DAYS[name], values.tolist(), minutes=15)
    for slot_s in (900, 1800, 3600):
        slots = day_slots(DAYS[name], slot_s=slot_s)
        seen = over_slots(quarters, quarters.per_wh, slots)
        assert seen == pytest.approx(values.reshape(slots.count, -1).mean(axis=1) / 1000.0)


def test_a_dynamic_feed_in_follows_the_same_market_or_its_own():
    known = market(DAYS["plain"], [0.1] * 24)
    own = market(DAYS["plain"], [0.06] * 24)
    config = EnergyConfig(tariff=DynamicTariff(), feed_in=DynamicTariff(factor=0.9))
    grid = local_grid(day_slots(DAYS["plain"]), ROME)
    both = [Known(PriceOutlook(each, ROME), each.end_ns) for each in (known, own)]
    assert price_slots(config, grid, market=both[0]).export_per_wh == pytest.approx(0.09e-3)
    seen = price_slots(config, grid, market=both[0], feed_market=both[1])
    assert seen.export_per_wh == pytest.approx(0.054e-3)
    assert seen.import_per_wh == pytest.approx(0.1e-3)


def test_a_gap_among_published_prices_is_expected_and_said():
    before = [0.1 + 0.005 * k for k in range(24)]
    days = [*before, *before, *before[:5], None, None, *before[7:]]
    known = market(date(2024, 7, 8), days)
    heard = Known(PriceOutlook(known, ROME), known.end_ns)
    seen = prices(DynamicTariff(), day_slots(DAYS["plain"]), market=heard)
    assert seen.known == 20
    assert seen.note == "8 slots without prices among published ones are expected"
    assert seen.import_per_wh[20:28] == pytest.approx(np.repeat(before[5:7], 4) / 1000.0, rel=1e-6)
    assert seen.import_per_wh[28] == pytest.approx(0.135e-3)


def test_without_any_market_a_usual_price_stands_in_and_it_is_said():
    seen = prices(DynamicTariff(plus_per_kwh=0.2), day_slots(DAYS["plain"]))
    assert seen.known == 0
    assert (seen.import_per_wh > 0.2e-3).all()
    assert "no prices were ever heard" in seen.note


def test_late_prices_are_expected_from_the_last_days():
    days = [[0.1 + 0.01 * (k % 5) + 0.002 * d for k in range(24)] for d in range(9)]
    known = market(date(2024, 7, 1), [v for day in days for v in day])
    heard = Known(PriceOutlook(known, ROME), known.end_ns)
    seen = prices(DynamicTariff(), day_slots(DAYS["plain"]), market=heard)
    assert seen.known == 0
    assert seen.note == "no prices are published for these hours: expected ones stand in"
    assert (seen.import_low <= seen.import_per_wh).all()
    assert (seen.import_per_wh <= seen.import_high).all()
    by_hour = seen.import_per_wh.reshape(24, 4)[:, 0]
    assert np.corrcoef(by_hour, days[0])[0, 1] > 0.999


@pytest.mark.parametrize(("hour", "days"), [(12.99, 1), (13.0, 2), (23.9, 2), (0.0, 1)])
@pytest.mark.parametrize("name", DAYS)
def test_prices_are_out_to_the_end_of_tomorrow_from_the_hour_that_config_names(hour, days, name):
    now_ns = local_ns(DAYS[name], 3600 * hour, ROME)
    until = published_until_ns(now_ns, published="13:00", timezone=ROME)
    assert until == day_start_ns(date.fromordinal(DAYS[name].toordinal() + days), ROME)


def test_newer_prices_replace_older_ones_and_old_ones_are_forgotten():
    old = market(DAYS["plain"], [0.1] * 24)
    new = market(DAYS["plain"], [None] * 12 + [0.2] * 24)
    both = joined(old, new)
    assert both.per_wh[:48] == pytest.approx(0.1e-3)
    assert both.per_wh[48:] == pytest.approx(0.2e-3)
    late = market(date(2024, 12, 1), [0.3] * 24)
    assert joined(both, late).since(late.start_ns).per_wh == pytest.approx(0.3e-3)
    assert joined(NO_MARKET, old) is old
    assert joined(old, NO_MARKET) is old


def test_carbon_is_what_the_source_says_else_what_config_says():
    slots = day_slots(DAYS["plain"], slot_s=3600)
    told = market(DAYS["plain"], [0.1] * 24, carbon=320.0)
    silent = market(DAYS["plain"], [0.1] * 24)
    assert market_carbon(told, slots, GridConfig()) == pytest.approx(0.32)
    assert market_carbon(told, slots, GridConfig(carbon_g_per_kwh=100.0)) == pytest.approx(0.1)
    assert market_carbon(silent, slots, GridConfig()) is None


def test_the_fuse_and_the_peak_become_a_connection():
    grid = connection_of(GridConfig(fuse_a=25.0, phases=3, peak_per_kw=5.0), peak_so_far_w=4_000.0)
    assert grid.phase_w_max == 5_750.0
    assert grid.import_w_max == grid.export_w_max == 17_250.0
    assert grid.peak_per_w == 0.005
    assert grid.peak_so_far_w == 4_000.0
    assert connection_of(GridConfig(export_w_max=0.0)).export_w_max == 0.0


bands = st.builds(
    Band,
    per_kwh=st.floats(-1.0, 1.0),
    since=st.sampled_from(["00:00", "05:10", "12:00", "22:30"]),
    until=st.sampled_from(["00:00", "06:00", "13:37", "23:59"]),
    days=st.lists(st.sampled_from(["mon", "sat", "sun"]), max_size=3).map(tuple),
    months=st.lists(st.integers(1, 12), max_size=3).map(tuple),
)


@given(st.lists(bands, min_size=1, max_size=5), st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_any_bands_give_prices_between_the_lowest_and_the_highest(some, day):
    tariff = TimeOfUseTariff(bands=tuple(some), otherwise_per_kwh=0.25)
    seen = prices(tariff, day_slots(day)).import_per_wh
    values = [0.25, *(band.per_kwh for band in some)]
    assert seen.min() >= min(values) / 1000.0 - 1e-12
    assert seen.max() <= max(values) / 1000.0 + 1e-12
