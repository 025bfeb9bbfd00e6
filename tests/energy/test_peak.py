"""The month's highest quarter of an hour is what the counter shows, and each month begins anew."""

import pytest

from vettura.bus.messages_energy import SiteMeter
from vettura.energy.peak import Watch, highest, watched
from vettura.units import NS_PER_S

START_NS = 1_772_452_800 * NS_PER_S


def peaks(readings):
    watch, found = Watch(), []
    for minute, import_wh in readings:
        meter = SiteMeter(
            time_ns=START_NS + minute * 60 * NS_PER_S, grid_w=0.0, import_wh=import_wh
        )
        watch, power_w = watched(watch, meter)
        found += [power_w] if power_w is not None else []
    return found


def test_a_quarter_of_an_hour_is_its_energy_over_its_time():
    readings = [(minute, 100.0 * minute) for minute in range(46)]
    assert peaks(readings) == pytest.approx([6_000.0] * 3)


def test_a_gap_and_a_counter_set_back_are_no_peak():
    assert peaks([(0, 0.0), (40, 9e6), (45, 9e6)]) == []
    assert peaks([(0, 5_000.0), (15, 10.0), (30, 10.0)]) == [0.0]


def test_each_month_begins_anew():
    march = highest(("2026-03", 5_000.0), 3_000.0, time_ns=START_NS, timezone="Europe/Rome")
    assert march == ("2026-03", 5_000.0)
    later_ns = START_NS + 40 * 86_400 * NS_PER_S
    assert highest(march, 3_000.0, time_ns=later_ns, timezone="Europe/Rome") == ("2026-04", 3_000.0)
