"""Calendar entries that need a car: an iCalendar file in, drives out.

An entry needs a car when its LOCATION is a place of the household other than home, when it has a
GEO, or when its text says how far it is ("120 km": there and back). What it cannot be is left out:
entries at home or on the net. A place nobody knows is said in a line and taken for a short way.
"""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, final

from vettura.bus.messages_energy import CalendarDrive
from vettura.energy.calendar_repeats import starts_of
from vettura.energy.calendar_text import Event, Property, duration_of, events_of, text_of, when_of
from vettura.errors import InputError
from vettura.life.household import Household
from vettura.life.local_time import local_date, local_ns
from vettura.life.places import Place, distance_m
from vettura.life.travel import drive_s
from vettura.units import M_PER_KM, NS_PER_S

BYTES_MAX = 4_000_000
DAYS_AHEAD = 8
DAYS_BACK = 15
"""So long may an entry last and still be under way."""
ALL_DAY_LEAVES_S = 8 * 3_600.0
"""Who is away all day leaves at eight in the morning: nothing is said, and early is safe."""
ALL_DAY_RETURNS_S = 20 * 3_600.0
ROAD_OVER_STRAIGHT = 1.33
"""Way on the road over the straight line, as `energy.drives` reckons."""
UNKNOWN_WAY_M = 20_000.0
"""There and back, to a place that nobody knows."""
NAME_CHARACTERS_MAX = 60

_KILOMETRES = re.compile(r"(?<![\d.,])(\d{1,4})\s?km\b", re.IGNORECASE)
_ONLINE = re.compile(
    r"https?://|\b(zoom|teams|meet|webex|skype|online|phone|telefono)\b", re.IGNORECASE
)
_GEO = re.compile(r"\s*(-?\d{1,2}(?:\.\d+)?)\s*;\s*(-?\d{1,3}(?:\.\d+)?)\s*")


@final
@dataclass(frozen=True, slots=True)
class CalendarReading:
    """Drives that are not over, by time, and a line for each kind of thing that was left out."""

    drives: tuple[CalendarDrive, ...]
    notes: tuple[str, ...]


class _Way(NamedTuple):
    """How far an entry is, there and back [m], and how long one way takes [s]."""

    distance_m: float
    one_way_s: float
    note: str = ""


def read_calendar(
    data: bytes, *, household: Household, now_ns: int, where: str = "calendar"
) -> CalendarReading:
    """The drives that an iCalendar file asks for within the next days."""
    try:
        if len(data) > BYTES_MAX:
            raise InputError(f"larger than {BYTES_MAX // 1_000_000} MB")
        text = data.decode("utf-8-sig")
        if "BEGIN:VCALENDAR" not in text[:2_000].upper():
            raise InputError("not an iCalendar file")
        events = list(events_of(text))
    except UnicodeDecodeError as error:
        return CalendarReading((), (f"{where}: not UTF-8 at byte {error.start}",))
    except InputError as error:
        return CalendarReading((), (f"{where}: {error.message}",))
    drives, notes = _drives(events, household, now_ns)
    lines = tuple(
        f"{where}: {text}" + (f" (and {count - 1} more like it)" if count > 1 else "")
        for text, count in Counter(notes).items()
    )
    return CalendarReading(tuple(sorted(drives, key=lambda drive: drive.leave_ns)), lines)


def _drives(
    events: list[Event], household: Household, now_ns: int
) -> tuple[list[CalendarDrive], list[str]]:
    moved = _moved(events, household.timezone)
    drives: list[CalendarDrive] = []
    notes: list[str] = []
    for event in events:
        try:
            way = _way(event, household)
            if way is None or text_of(event, "STATUS").upper() == "CANCELLED":
                continue
            found = _of_event(event, way, moved, household, now_ns)
        except InputError as error:
            title = text_of(event, "SUMMARY")[:40]
            notes.append(f"{title!r} ignored: {error.message}")
            continue
        drives += found
        if found and way.note:
            notes.append(way.note)
    return drives, notes


def _moved(events: list[Event], timezone: str) -> set[tuple[str, int]]:
    """Repeats that an entry of their own stands in for: RECURRENCE-ID by UID."""
    moved = set()
    for event in events:
        for found in event.get("RECURRENCE-ID", []):
            try:
                moved.add((text_of(event, "UID"), _ns(when_of(found, timezone), timezone)))
            except InputError:
                continue
    return moved


def _of_event(
    event: Event, way: _Way, moved: set[tuple[str, int]], household: Household, now_ns: int
) -> list[CalendarDrive]:
    zone = household.timezone
    if "DTSTART" not in event:
        raise InputError("it has no DTSTART")
    first = when_of(event["DTSTART"][0], zone)
    length = _length(event, first, zone)
    today = local_date(now_ns, zone)
    is_own = "RECURRENCE-ID" in event
    rule = None if is_own else event.get("RRULE", [None])[0]
    skipped = _skipped(event, zone)
    drives = []
    for start in starts_of(
        first,
        rule,
        since=today - timedelta(days=DAYS_BACK),
        until=today + timedelta(days=DAYS_AHEAD),
        timezone=zone,
    ):
        key = _ns(start, zone)
        if key in skipped or (not is_own and (text_of(event, "UID"), key) in moved):
            continue
        drive = _drive(event, start, length, way, household)
        if drive.back_ns > now_ns:
            drives.append(drive)
    return drives


def _drive(
    event: Event, start: datetime | date, length: timedelta, way: _Way, household: Household
) -> CalendarDrive:
    zone = household.timezone
    way_ns = round(way.one_way_s * NS_PER_S)
    if isinstance(start, datetime):
        begin_ns = _ns(start, zone)
        leave_ns, back_ns = begin_ns - way_ns, _ns(start, zone) + _length_ns(length) + way_ns
    else:
        last = start + max(length, timedelta(days=1)) - timedelta(days=1)
        leave_ns = local_ns(start, ALL_DAY_LEAVES_S, zone)
        back_ns = local_ns(last, ALL_DAY_RETURNS_S, zone)
    title = text_of(event, "SUMMARY") or text_of(event, "LOCATION") or "calendar"
    return CalendarDrive(
        name=title[:NAME_CHARACTERS_MAX],
        leave_ns=leave_ns,
        back_ns=max(back_ns, leave_ns + NS_PER_S),
        distance_m=round(way.distance_m, 1),
        person=_person(event, household),
    )


def _length_ns(length: timedelta) -> int:
    return length // timedelta(microseconds=1) * 1_000


def _length(event: Event, first: datetime | date, timezone: str) -> timedelta:
    """How long an entry lasts: by its end, its duration, or a day for a date (RFC 5545, 3.6.1)."""
    if "DTEND" in event:
        last = when_of(event["DTEND"][0], timezone)
        if isinstance(last, datetime) != isinstance(first, datetime):
            raise InputError("it begins on a date and ends at a time")
        if isinstance(first, datetime) and isinstance(last, datetime):
            length = last.astimezone(UTC) - first.astimezone(UTC)
        else:
            length = last - first
    elif "DURATION" in event:
        length = duration_of(event["DURATION"][0])
    else:
        length = timedelta() if isinstance(first, datetime) else timedelta(days=1)
    if not timedelta() <= length <= timedelta(days=DAYS_BACK):
        raise InputError(f"it lasts {length.days} days")
    return length


def _skipped(event: Event, timezone: str) -> set[int]:
    """Begins that EXDATE takes out."""
    skipped = set()
    for line in event.get("EXDATE", []):
        for value in line.value.split(","):
            found = when_of(Property("EXDATE", line.parameters, value), timezone)
            skipped.add(_ns(found, timezone))
    return skipped


def _way(event: Event, household: Household) -> _Way | None:
    """How far it is; None for an entry that needs no car."""
    home = household.home
    location = text_of(event, "LOCATION")
    text = f"{text_of(event, 'SUMMARY')} {location} {text_of(event, 'DESCRIPTION')}"
    if stated := _KILOMETRES.search(text):
        whole_m = float(stated[1]) * M_PER_KM
        return _Way(whole_m, _seconds(whole_m / 2.0))
    place = _place(location, household) or _place_of_geo(text_of(event, "GEO"))
    if place is None and (not location or _ONLINE.search(text)):
        return None
    if place is None:
        line = f"place {location[:40]!r} is not known: 20 km there and back are taken"
        return _Way(UNKNOWN_WAY_M, _seconds(UNKNOWN_WAY_M / 2.0), line)
    straight_m = distance_m(home, place)
    if straight_m <= home.radius_m:
        return None
    return _Way(2.0 * ROAD_OVER_STRAIGHT * straight_m, drive_s(home, place))


def _place(location: str, household: Household) -> Place | None:
    """The household's place that the location names, whole or as a part of it."""
    lower = location.casefold()
    named = [each for each in household.places if each.name.casefold() in lower]
    return max(named, key=lambda each: len(each.name), default=None) if lower else None


def _place_of_geo(text: str) -> Place | None:
    found = _GEO.fullmatch(text)
    if not found or abs(float(found[1])) > 80.0 or abs(float(found[2])) > 180.0:
        return None
    return Place(
        name="calendar",
        kind="leisure",
        latitude_deg=float(found[1]),
        longitude_deg=float(found[2]),
    )


def _seconds(way_m: float) -> float:
    """A way of unknown roads at 60 km/h, and five minutes to get going."""
    return 300.0 + way_m * 3.6 / 60.0


def _person(event: Event, household: Household) -> str:
    """Whom the entry names: among those invited, or in its title; empty for nobody."""
    lines = [*event.get("ATTENDEE", []), *event.get("ORGANIZER", [])]
    invited = " ".join(line.parameters.get("CN", "") for line in lines)
    words = set(re.findall(r"\w+", f"{text_of(event, 'SUMMARY')} {invited}".casefold()))
    named = [each.name for each in household.people if each.name.casefold() in words]
    return named[0] if len(named) == 1 else ""


def _ns(when: datetime | date, timezone: str) -> int:
    """The instant [ns since the epoch]; of a date, its midnight at home."""
    if not isinstance(when, datetime):
        return local_ns(when, 0.0, timezone)
    since = when.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(microseconds=1) * 1_000
