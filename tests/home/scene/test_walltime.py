"""When the clock on the wall shows a time, on the nights it is changed as well."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vettura.home.scene.walltime import Pattern, local, local_to_ns, next_ns
from vettura.units import NS_PER_S

ROME = ZoneInfo("Europe/Rome")
ALL = tuple(range(24))


def shown(pattern, *start, count=4, fold=0, zone=ROME):
    """Local times of the next ones, with their offset."""
    now_ns = local_to_ns(datetime(*start, tzinfo=zone, fold=fold))
    found = []
    for _ in range(count):
        now_ns = next_ns(pattern, now_ns, zone)
        found.append(local(now_ns, zone).strftime("%d %H:%M%z"))
        now_ns += NS_PER_S
    return found


def test_a_time_that_is_skipped_does_not_come_that_day():
    assert shown(Pattern((2,), (30,), (0,)), 2026, 3, 28, 1, count=3) == [
        "28 02:30+0100",
        "30 02:30+0200",
        "31 02:30+0200",
    ]
    assert shown(Pattern(ALL, (0, 30), (0,)), 2026, 3, 29, 1, 30) == [
        "29 01:30+0100",
        "29 03:00+0200",
        "29 03:30+0200",
        "29 04:00+0200",
    ]


def test_a_time_that_is_shown_twice_comes_twice():
    assert shown(Pattern((2,), (30,), (0,)), 2026, 10, 25, 1, count=3) == [
        "25 02:30+0200",
        "25 02:30+0100",
        "26 02:30+0100",
    ]


@st.composite
def patterns(draw):
    def some(high, most):
        values = st.sets(st.integers(0, high), min_size=1, max_size=most)
        return tuple(sorted(draw(values)))

    return Pattern(some(23, 3), some(59, 3), some(59, 2))


@given(
    patterns(),
    st.integers(0, 400 * 86_400),
    st.sampled_from(["Europe/Rome", "America/St_Johns", "Australia/Lord_Howe", "UTC"]),
)
def test_the_next_time_shows_the_pattern_and_none_lies_before(pattern, second, name):
    zone = ZoneInfo(name)
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    found = local(next_ns(pattern, local_to_ns(start), zone), zone)
    for part, values in zip((found.hour, found.minute, found.second), pattern, strict=True):
        assert part in values
    # Whole minutes between the start and what was found: none of them shows the pattern.
    instant = start.replace(second=0)
    while instant < found - timedelta(minutes=1):
        instant += timedelta(minutes=1)
        there = instant.astimezone(zone)
        shows = there.hour in pattern.hours and there.minute in pattern.minutes
        is_there = instant <= found < instant + timedelta(minutes=1)
        assert not shows or is_there


@pytest.mark.parametrize("zone", ["Europe/Rome", "Asia/Kolkata"])
def test_a_second_that_has_begun_is_not_the_next(zone):
    zone = ZoneInfo(zone)
    noon_ns = local_to_ns(datetime(2026, 3, 2, 12, tzinfo=zone))
    pattern = Pattern((12,), (0,), (0,))
    assert next_ns(pattern, noon_ns, zone) == noon_ns
    assert next_ns(pattern, noon_ns + 1, zone) == noon_ns + 86_400 * NS_PER_S
