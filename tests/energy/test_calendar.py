from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vettura.bus.messages_energy import CalendarDrives
from vettura.energy.calendar import read_calendar
from vettura.energy.calendar_drives import calendar_drives
from vettura.energy.calendar_repeats import starts_of
from vettura.energy.calendar_text import Property
from vettura.life.household import Household, Person
from vettura.life.local_time import local_ns
from vettura.life.places import Place, distance_m
from vettura.units import NS_PER_S

ROME = "Europe/Rome"
HOME = Place(name="home", kind="home", latitude_deg=45.07, longitude_deg=7.69)
LAKE = Place(name="lake", kind="leisure", latitude_deg=45.88, longitude_deg=8.55)
CASA = Household(
    id="casa",
    timezone=ROME,
    places=(HOME, LAKE),
    people=(Person(name="Giulia"), Person(name="Marco")),
)
MONDAY = date(2024, 5, 13)
NOW_NS = local_ns(MONDAY, 8 * 3600, ROME)
HOUR = 3600.0


def calendar(*events):
    inner = "\r\n".join(f"BEGIN:VEVENT\r\n{event.strip()}\r\nEND:VEVENT" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{inner}\r\nEND:VCALENDAR\r\n".encode()


def read(*events, now_ns=NOW_NS, household=CASA):
    return read_calendar(calendar(*events), household=household, now_ns=now_ns)


def days_of(reading):
    """Local dates and hours at which people leave, without the way there."""
    zone_hours = 2 * 3600 * NS_PER_S
    return [
        datetime.fromtimestamp((drive.leave_ns + zone_hours) / 1e9, UTC).date()
        for drive in reading.drives
    ]


def test_an_entry_at_a_place_of_the_household_is_a_drive_there_and_back():
    reading = read(
        "SUMMARY:Sailing\nDTSTART;TZID=Europe/Rome:20240514T100000\n"
        "DTEND;TZID=Europe/Rome:20240514T180000\nLOCATION:Lake\\, jetty 4"
    )
    (drive,) = reading.drives
    assert reading.notes == ()
    assert drive.name == "Sailing"
    assert drive.distance_m == pytest.approx(2 * 1.33 * distance_m(HOME, LAKE), abs=1.0)
    begin_ns = local_ns(date(2024, 5, 14), 10 * HOUR, ROME)
    assert 1.0 < (begin_ns - drive.leave_ns) / NS_PER_S / HOUR < 2.5
    assert drive.back_ns - drive.leave_ns == pytest.approx(
        8 * HOUR * NS_PER_S + 2 * (begin_ns - drive.leave_ns), rel=1e-6
    )


def test_entries_at_home_or_on_the_net_need_no_car():
    reading = read(
        "SUMMARY:Dinner\nDTSTART:20240514T180000Z\nLOCATION:home",
        "SUMMARY:Call\nDTSTART:20240514T180000Z\nLOCATION:https://meet.example.org/x",
        "SUMMARY:Call\nDTSTART:20240514T180000Z\nLOCATION:Zoom",
        "SUMMARY:Birthday\nDTSTART;VALUE=DATE:20240514",
    )
    assert reading.drives == ()
    assert reading.notes == ()


def test_kilometres_in_the_text_are_taken_at_their_word():
    (drive,) = read("SUMMARY:Fair (320 km)\nDTSTART:20240514T080000Z\nDURATION:PT6H").drives
    assert drive.distance_m == 320_000.0


def test_a_geo_is_enough():
    (drive,) = read("SUMMARY:Hike\nDTSTART:20240514T080000Z\nGEO:45.88;8.55").drives
    assert drive.distance_m == pytest.approx(2 * 1.33 * distance_m(HOME, LAKE), abs=1.0)


def test_an_unknown_place_is_said_and_counted_as_near():
    reading = read("SUMMARY:Dentist\nDTSTART:20240514T080000Z\nLOCATION:Via Roma 1")
    assert reading.drives[0].distance_m == 20_000.0
    assert reading.notes == (
        "calendar: place 'Via Roma 1' is not known: 20 km there and back are taken",
    )


def test_all_day_entries_leave_at_eight_and_are_back_in_the_evening_of_the_last_day():
    (drive,) = read(
        "SUMMARY:Away\nDTSTART;VALUE=DATE:20240515\nDTEND;VALUE=DATE:20240518\nLOCATION:lake"
    ).drives
    assert drive.leave_ns == local_ns(date(2024, 5, 15), 8 * HOUR, ROME)
    assert drive.back_ns == local_ns(date(2024, 5, 17), 20 * HOUR, ROME)


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("FREQ=DAILY", range(13, 22)),
        ("FREQ=DAILY;INTERVAL=3", [13, 16, 19]),
        ("FREQ=DAILY;COUNT=135", [13, 14, 15]),
        ("FREQ=WEEKLY", [18]),
        ("FREQ=WEEKLY;BYDAY=TU,TH", [14, 16, 21]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", [20]),
        ("FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20240515T235959Z", [14]),
        ("FREQ=WEEKLY;BYDAY=TU,TH;COUNT=39", [14]),
        ("FREQ=MONTHLY", []),
        ("FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=2", []),
    ],
)
def test_repeats_come_on_their_days(rule, days):
    # It began in January 2024: a Tuesday for the rules by day, else the day that suits.
    first = {"FREQ=WEEKLY": "20240106"}.get(rule, "20240102")
    event = f"SUMMARY:Gym\nDTSTART;TZID=Europe/Rome:{first}T190000\nDURATION:PT1H\nLOCATION:lake"
    reading = read(f"{event}\nRRULE:{rule}")
    assert reading.notes == ()
    assert [day.day for day in days_of(reading)] == list(days)


WEEK = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
weekly = st.builds(
    lambda days, first: f"FREQ=WEEKLY;BYDAY={','.join(days)};WKST={first}",
    st.lists(st.sampled_from(WEEK), min_size=1, max_size=4, unique=True),
    st.sampled_from(WEEK),
)


@settings(max_examples=80)
@given(
    st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY"]) | weekly,
    st.integers(1, 5),
    st.sampled_from(["", ";COUNT=1", ";COUNT=9", ";COUNT=133", ";UNTIL=20240601T120000Z"]),
    st.dates(date(2019, 1, 1), date(2024, 8, 1)),
)
def test_rules_give_the_days_that_dateutil_gives(rule, interval, end, first):
    rrule = pytest.importorskip("dateutil.rrule")
    text = f"{rule};INTERVAL={interval}{end}"
    begin = datetime(first.year, first.month, first.day, 12, tzinfo=UTC)
    since, until = date(2024, 5, 1), date(2024, 6, 30)
    days = [
        each.date()
        for each in rrule.rrulestr(text, dtstart=begin).between(
            datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 7, 1, tzinfo=UTC), inc=True
        )
    ]
    starts = starts_of(begin, Property("RRULE", {}, text), since=since, until=until, timezone="UTC")
    assert [start.date() for start in starts] == days


def test_the_same_day_of_each_month_and_year_comes_again():
    event = "SUMMARY:x\nDTSTART:20230516T120000Z\nLOCATION:lake\nRRULE:FREQ="
    for rule in ("MONTHLY", "YEARLY", "YEARLY;COUNT=2", "MONTHLY;BYMONTHDAY=16"):
        assert [day.day for day in days_of(read(event + rule))] == [16], rule
    assert not read(event + "YEARLY;COUNT=1").drives


def test_moved_cancelled_and_skipped_repeats_do_not_come():
    daily = (
        "UID:1\nSUMMARY:Gym\nDTSTART;TZID=Europe/Rome:20240501T190000\nDURATION:PT1H\n"
        "LOCATION:lake\nRRULE:FREQ=DAILY\nEXDATE;TZID=Europe/Rome:20240514T190000,20240515T190000"
    )
    moved = (
        "UID:1\nSUMMARY:Gym\nRECURRENCE-ID;TZID=Europe/Rome:20240516T190000\n"
        "DTSTART;TZID=Europe/Rome:20240516T070000\nDURATION:PT1H\nLOCATION:lake"
    )
    off = (
        "UID:1\nSUMMARY:Gym\nRECURRENCE-ID;TZID=Europe/Rome:20240517T190000\nSTATUS:CANCELLED\n"
        "DTSTART;TZID=Europe/Rome:20240517T190000\nDURATION:PT1H\nLOCATION:lake"
    )
    days = [day.day for day in days_of(read(daily, moved, off))]
    assert days == [13, 16, 18, 19, 20, 21]


@pytest.mark.parametrize(
    ("first", "now"),
    [("20240325", date(2024, 3, 29)), ("20241021", date(2024, 10, 25))],
)
def test_a_daily_entry_stays_at_its_hour_over_both_nights(first, now):
    reading = read(
        f"SUMMARY:x\nDTSTART;TZID=Europe/Rome:{first}T090000\nRRULE:FREQ=DAILY\nGEO:45.08;7.72",
        now_ns=local_ns(now, 0.0, ROME),
    )
    ways = {
        local_ns(now + timedelta(days=k), 9 * HOUR, ROME) - drive.leave_ns
        for k, drive in enumerate(reading.drives)
    }
    assert len(reading.drives) == 9
    assert len(ways) == 1


def test_whom_an_entry_names_drives():
    event = "DTSTART:20240514T080000Z\nLOCATION:lake\nSUMMARY:"
    assert read(f"{event}Giulia sails").drives[0].person == "Giulia"
    assert read(f"{event}Sailing\nATTENDEE;CN=Marco:mailto:m@x").drives[0].person == "Marco"
    assert read(f"{event}Giulia and Marco").drives[0].person == ""


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("DTSTART:tomorrow", "DTSTART is 'tomorrow'"),
        ("X-A:1", "it has no DTSTART"),
        ("DTSTART;TZID=Mars/Base:20240514T080000", "time zone 'Mars/Base' is not known"),
        ("DTSTART:20240514T080000Z\nDTEND:20240513T080000Z", "it lasts -1 days"),
        ("DTSTART:20240514T080000Z\nDTEND:20250513T080000Z", "it lasts 364 days"),
        ("DTSTART:20240514T080000Z\nDTEND;VALUE=DATE:20240515", "begins on a date and ends"),
        ("DTSTART:20240514T080000Z\nDURATION:-PT1H", "DURATION is '-PT1H'"),
        ("DTSTART:20240514T080000Z\nRRULE:FREQ=MONTHLY;BYDAY=2TU", "is not known"),
        ("DTSTART:20240514T080000Z\nRRULE:FREQ=SECONDLY", "is not known"),
        ("DTSTART:20240514T080000Z\nRRULE:FREQ=DAILY;COUNT=-1", "COUNT is '-1'"),
        ("DTSTART:00010101T000000Z\nRRULE:FREQ=DAILY", "it begins in the year 1"),
    ],
)
def test_what_is_not_understood_is_one_line(event, said):
    good = "SUMMARY:Good\nDTSTART:20240514T080000Z\nLOCATION:lake"
    reading = read(f"SUMMARY:Bad\nLOCATION:lake\n{event}", good)
    assert [drive.name for drive in reading.drives] == ["Good"]
    assert len(reading.notes) == 1
    assert said in reading.notes[0]
    assert "'Bad' ignored" in reading.notes[0]


def test_an_alarm_inside_an_entry_is_not_the_entry():
    (drive,) = read(
        "SUMMARY:Real\nBEGIN:VALARM\nSUMMARY:Alarm\nDTSTART:19990101T000000Z\nEND:VALARM\n"
        "DTSTART:20240514T080000Z\nLOCATION:lake"
    ).drives
    assert drive.name == "Real"


def test_long_lines_are_unfolded():
    (drive,) = read("SUMMARY:Sai\r\n ling\nDTSTART:20240514T080000Z\nLOCATION:la\n\tke").drives
    assert drive.name == "Sailing"


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"hello", b"<html>", b"x" * 4_000_001])
def test_what_is_no_calendar_is_one_line(data):
    reading = read_calendar(data, household=CASA, now_ns=NOW_NS)
    assert reading.drives == ()
    assert len(reading.notes) == 1


def test_five_thousand_old_rules_are_read_in_a_moment():
    old = "SUMMARY:x\nDTSTART:19510101T080000Z\nRRULE:FREQ=DAILY;INTERVAL=977\nLOCATION:lake"
    reading = read(*[old] * 4_000)
    assert reading.notes == ()


lines = st.sampled_from(
    [
        *("DTSTART:20240514T080000Z", "DTSTART;VALUE=DATE:20240514", "DTEND:20240514T090000Z"),
        *("DURATION:P1D", "LOCATION:lake", "GEO:45;8", "RRULE:FREQ=DAILY", "EXDATE:2024"),
        *("BEGIN:VALARM", "END:VALARM", "BEGIN:VEVENT", "END:VEVENT", "RECURRENCE-ID:x", "UID:1"),
    ]
)


@settings(max_examples=80)
@given(
    st.lists(
        lines
        | st.text(max_size=30)
        | st.tuples(
            st.sampled_from(["DTSTART", "RRULE", "GEO", "DTEND"]), st.text(max_size=20)
        ).map(":".join),
        max_size=12,
    )
)
def test_no_lines_break_the_reader(content):
    reading = read("\n".join(content))
    for drive in reading.drives:
        assert drive.back_ns > max(drive.leave_ns, NOW_NS)
        assert drive.distance_m >= 0.0
    assert all("\n" not in note and len(note) < 300 for note in reading.notes)


def test_each_car_has_its_drivers_entries_and_one_takes_the_unnamed():
    event = "DTSTART:20240514T080000Z\nLOCATION:lake\nSUMMARY:"
    reading = read(f"{event}Giulia sails", f"{event}Sailing", f"{event}Marco sails")
    told = CalendarDrives(time_ns=NOW_NS, drives=list(reading.drives))

    def names(driver, takes_unnamed):
        drives = calendar_drives(told, driver=driver, takes_unnamed=takes_unnamed, degc=9.0)
        assert all(drive.source == "calendar" and drive.degc == 9.0 for drive in drives)
        return sorted(drive.name for drive in drives)

    assert names("Giulia", True) == ["Giulia sails", "Sailing"]
    assert names("Marco", False) == ["Marco sails"]
    assert calendar_drives(None, driver="Marco", takes_unnamed=True, degc=9.0) == []
