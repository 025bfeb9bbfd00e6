"""Faults by seed: the same seed deals the same, each has a time, and clock changes are named."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from vettura.home.mishaps import Victims, eve_of_clock_change, plan_mishaps
from vettura.life.local_time import day_start_ns
from vettura.units import NS_PER_S

ROME = "Europe/Rome"
VICTIMS = Victims(
    home="casa",
    timezone=ROME,
    devices=("lamp", "door", "socket"),
    mains=("lamp", "socket"),
    phones=("Giulia", "Marco"),
)
START_NS = day_start_ns(date(2026, 3, 2), ROME)
DAY_S = 86_400.0


def planned(seed, days=1.0, victims=VICTIMS, start_ns=START_NS):
    return plan_mishaps(victims, seed=seed, start_ns=start_ns, duration_s=days * DAY_S)


@given(seed=st.integers(0, 10_000))
def test_a_seed_deals_the_same_and_each_within_its_time(seed):
    found = planned(seed)
    assert found == planned(seed)
    end_ns = START_NS + round(DAY_S) * NS_PER_S
    for one in found:
        assert one.from_ns < end_ns
        assert one.until_ns >= START_NS
        assert one.text
        assert one.what in ("", *VICTIMS.devices, *VICTIMS.phones)


def test_every_ill_befalls_somebody_within_a_few_seeds():
    ills = {one.ill for seed in range(30) for one in planned(seed)}
    assert ills >= {"offline", "lost", "doubled", "delayed", "restart", "phone", "power cut"}


def test_a_longer_rehearsal_begins_as_a_shorter_one_does():
    # Later days must not change what befalls the first, else no fault could be looked at closely.
    short, long = planned(5, days=1), planned(5, days=4)
    assert [one for one in long if one.from_ns < START_NS + DAY_S * NS_PER_S] == short


def test_who_has_no_devices_loses_none():
    bare = Victims(home="casa", timezone=ROME)
    assert {one.ill for seed in range(20) for one in planned(seed, victims=bare)} <= {"restart"}


def test_the_night_on_which_the_clocks_change_is_named():
    eve = eve_of_clock_change(ROME, date(2026, 3, 2))
    assert eve == date(2026, 3, 28)
    found = planned(1, days=2, start_ns=day_start_ns(eve, ROME))
    (change,) = [one for one in found if one.ill == "clock change"]
    assert change.from_ns == day_start_ns(date(2026, 3, 29), ROME) + 2 * 3600 * NS_PER_S


def test_a_zone_without_summer_time_has_no_such_eve():
    assert eve_of_clock_change("Asia/Tokyo", date(2026, 3, 2)) is None
