"""When a calendar entry comes again: the rules that people's calendars make, in local time.

Known: daily, weekly by days, monthly and yearly on the same day, with interval, count and end.
Other rules raise an InputError, so that nobody takes an entry for one that does not repeat.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

from vettura.energy.calendar_text import Property, when_of
from vettura.errors import InputError

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FIRST_YEAR, LAST_YEAR = 1950, 2200
_KNOWN = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST", "BYMONTHDAY", "BYMONTH"}


def starts_of(
    first: datetime | date, rule: Property | None, *, since: date, until: date, timezone: str
) -> list[datetime | date]:
    """The begins of an entry on dates from `since` to `until`, both included.

    A time of day is that of the clock where the entry is, so that it stays over a change of clocks.
    """
    if not FIRST_YEAR <= first.year < LAST_YEAR:
        raise InputError(f"it begins in the year {first.year}")
    if rule is None:
        return [first] if since <= _date(first) <= until else []
    parts = _parts(rule, first)
    end = _end(parts, rule, timezone)
    count = _number(parts, "COUNT", default=0)
    before, days = _days(_date(first), parts, since)
    found: list[datetime | date] = []
    for number, day in enumerate(days, start=before + 1):
        if day > until or (count and number > count):
            break
        start = _on(first, day)
        if end is not None and _is_after(start, end):
            break
        if day >= since:
            found.append(start)
    return found


def _parts(rule: Property, first: datetime | date) -> dict[str, str]:
    pairs = [part.split("=", 1) for part in rule.value.strip().upper().split(";") if part]
    if any(len(pair) != 2 for pair in pairs):
        raise InputError(f"RRULE is {rule.value[:60]!r}")
    parts = {pair[0]: pair[1] for pair in pairs}
    frequency = parts.get("FREQ", "")
    day = _date(first)
    # Some programs repeat in the rule what the begin says already.
    for name, own in (("BYMONTHDAY", str(day.day)), ("BYMONTH", str(day.month))):
        if parts.get(name) == own and frequency in {"MONTHLY", "YEARLY"}:
            del parts[name]
    strange = set(parts) - _KNOWN
    strange |= {name for name in ("BYMONTHDAY", "BYMONTH") if name in parts}
    if "BYDAY" in parts and frequency != "WEEKLY":
        strange.add("BYDAY")
    if strange or frequency not in {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}:
        raise InputError(f"RRULE {rule.value[:60]!r} is not known")
    return parts


def _days(first: date, parts: dict[str, str], since: date) -> tuple[int, Iterator[date]]:
    """How many dates of a rule were passed over before `since`, and the others in order."""
    interval = max(1, _number(parts, "INTERVAL", default=1))
    match parts["FREQ"]:
        case "DAILY":
            passed = max(0, (since - first).days // interval)
            return passed, _every(first, timedelta(days=interval), passed)
        case "WEEKLY":
            return _weekly(first, interval, parts, since)
        case "MONTHLY":
            return 0, _monthly(first, interval)
        case _:
            return 0, _monthly(first, 12 * interval)


def _every(day: date, step: timedelta, passed: int) -> Iterator[date]:
    day += passed * step
    while day.year < LAST_YEAR:
        yield day
        day += step


def _weekly(
    first: date, interval: int, parts: dict[str, str], since: date
) -> tuple[int, Iterator[date]]:
    named = parts.get("BYDAY", DAYS[first.weekday()]).split(",")
    begin = DAYS.index(parts["WKST"]) if parts.get("WKST") in DAYS else 0
    if any(name not in DAYS for name in named):
        raise InputError(f"BYDAY is {parts['BYDAY'][:40]!r}")
    week = first - timedelta(days=(first.weekday() - begin) % 7)
    offsets = sorted({(DAYS.index(name) - begin) % 7 for name in named})
    passed = max(0, (since - week).days // (7 * interval))
    early = sum(week + timedelta(days=offset) < first for offset in offsets)
    weeks = _every(week, timedelta(weeks=interval), passed)
    days = (week + timedelta(days=offset) for week in weeks for offset in offsets)
    before = passed * len(offsets) - early if passed else 0
    return before, (day for day in days if day >= first)


def _monthly(first: date, interval: int) -> Iterator[date]:
    """The same day of each month; months without it are left out (RFC 5545, 3.3.10)."""
    month = 12 * first.year + first.month - 1
    while month // 12 < LAST_YEAR:
        with suppress(ValueError):
            yield first.replace(year=month // 12, month=month % 12 + 1)
        month += interval


def _end(parts: dict[str, str], rule: Property, timezone: str) -> datetime | date | None:
    if "UNTIL" not in parts:
        return None
    return when_of(Property("UNTIL", rule.parameters, parts["UNTIL"]), timezone)


def _is_after(start: datetime | date, end: datetime | date) -> bool:
    if isinstance(start, datetime) and isinstance(end, datetime):
        return start.astimezone(UTC) > end.astimezone(UTC)
    return _date(start) > _date(end)


def _number(parts: dict[str, str], name: str, *, default: int) -> int:
    text = parts.get(name, str(default))
    if not text.isdecimal() or len(text) > 6:
        raise InputError(f"{name} is {text[:20]!r}")
    return int(text)


def _date(when: datetime | date) -> date:
    return when.date() if isinstance(when, datetime) else when


def _on(first: datetime | date, day: date) -> datetime | date:
    """The entry on another date, at the same time by the clock where it is."""
    if isinstance(first, datetime):
        return first.replace(year=day.year, month=day.month, day=day.day)
    return day
