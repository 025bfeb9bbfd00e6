from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from vettura.life.local_time import day_start_ns, local_date, local_ns

HOUR_NS = 3_600 * 10**9
ZONES = ("Europe/Rome", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Beirut")
days = st.dates(date(2000, 1, 1), date(2060, 12, 31))


def test_the_short_night_has_23_hours_and_the_long_one_25():
    assert span_h(date(2026, 3, 29)) == 23
    assert span_h(date(2026, 10, 25)) == 25
    assert span_h(date(2026, 6, 1)) == 24


def span_h(day):
    start, end = (day_start_ns(d, "Europe/Rome") for d in (day, day + timedelta(days=1)))
    return (end - start) / HOUR_NS


def test_after_the_change_the_clock_still_shows_the_time_asked_for():
    for day in (date(2026, 3, 29), date(2026, 10, 25)):
        time_ns = local_ns(day, 7.5 * 3600, "Europe/Rome")
        shown = datetime.fromtimestamp(time_ns / 1e9, ZoneInfo("Europe/Rome"))
        assert (shown.hour, shown.minute, shown.date()) == (7, 30, day)


@settings(deadline=None)
@given(day=days, timezone=st.sampled_from(ZONES))
def test_a_day_begins_on_its_own_date_and_the_moment_before_is_another(day, timezone):
    start_ns = day_start_ns(day, timezone)
    assert local_date(start_ns, timezone) == day
    assert local_date(start_ns - 1_000, timezone) == day - timedelta(days=1)


def test_nanoseconds_before_the_epoch_belong_to_their_date():
    assert local_date(-1, "UTC") == date(1969, 12, 31)
    assert local_ns(date(1970, 1, 2), 0.0, "UTC") == 24 * HOUR_NS
    assert datetime(1970, 1, 1, tzinfo=UTC).date() == local_date(0, "UTC")
