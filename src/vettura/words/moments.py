"""Reading dates, times of day and durations as Home Assistant reads them."""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

_DATETIME = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})[T ](?P<hour>\d{1,2}):(?P<minute>\d{1,2})"
    r"(?::(?P<second>\d{1,2})(?:\.(?P<fraction>\d{1,6})\d{0,6})?)?"
    r"(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)?$"
)
_CLOCK = re.compile(
    r"^(?:(?P<days>-?\d+) (?:days?, )?)?(?P<sign>-?)"
    r"((?:(?P<hours>\d+):)(?=\d+:\d+))?(?:(?P<minutes>\d+):)?(?P<seconds>\d+)"
    r"(?:[.,](?P<fraction>\d{1,6})\d{0,6})?$"
)
_ISO = re.compile(
    r"^(?P<sign>[-+]?)P(?:(?P<days>\d+([.,]\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+([.,]\d+)?)H)?(?:(?P<minutes>\d+([.,]\d+)?)M)?"
    r"(?:(?P<seconds>\d+([.,]\d+)?)S)?)?$"
)
_POSTGRES = re.compile(
    r"^(?:(?P<days>-?\d+) (?:days? ?))?"
    r"(?:(?P<sign>[-+])?(?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d)"
    r"(?:\.(?P<fraction>\d{1,6}))?)?$"
)
PARTS = ("days", "hours", "minutes", "seconds", "milliseconds")
"""What a duration may be made of."""


def read_datetime(text: str) -> datetime | None:
    """Read a date with a time, None when it is none; without a zone it stays without."""
    if text.count(" ") > 1:
        return None
    if _DATETIME.match(text) is None or len(text) < 19:
        with suppress(ValueError):
            return datetime.fromisoformat(text)
    found = _DATETIME.match(text)
    if found is None:
        return None
    zone = _zone(found["zone"])
    fraction = int((found["fraction"] or "0").ljust(6, "0"))
    year, month, day, hour, minute = (
        int(found[name]) for name in ("year", "month", "day", "hour", "minute")
    )
    return datetime(year, month, day, hour, minute, int(found["second"] or 0), fraction, zone)


def _zone(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text == "Z":
        return UTC
    minutes = int(text[-2:]) if len(text) > 3 else 0
    offset = timedelta(hours=int(text[1:3]), minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def read_date(text: str) -> date | None:
    """Read YYYY-MM-DD, None when it is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  a date has no zone
    except ValueError:
        return None


def read_time(text: str) -> time | None:
    """Read HH:MM or HH:MM:SS, None when it is none."""
    parts = text.split(":")
    if not 2 <= len(parts) <= 3:
        return None
    try:
        hour, minute, *second = (int(part) for part in parts)
        return time(hour, minute, second[0] if second else 0)
    except (ValueError, OverflowError):
        return None


def read_duration(text: str) -> timedelta | None:
    """Read [days] H:M:S, ISO 8601 (PT10M) or PostgreSQL's form; None when it is none of them."""
    found = _CLOCK.match(text) or _ISO.match(text) or _POSTGRES.match(text)
    if found is None or not text:
        return None
    parts = found.groupdict()
    sign = -1 if parts["sign"] == "-" else 1

    def number(name: str) -> float:
        return float((parts.get(name) or "0").replace(",", "."))

    micros = int((parts.get("fraction") or "0").ljust(6, "0"))
    days = timedelta(days=number("days"))
    rest = timedelta(
        hours=number("hours"),
        minutes=number("minutes"),
        seconds=number("seconds"),
        microseconds=micros,
    )
    return (sign * days if found.re is _ISO else days) + sign * rest


def read_offset(value: object) -> timedelta:
    """Read what stands for a duration in a file of automations.

    Seconds as a number; text H:M, H:M:S, with a sign, or seconds; a mapping of days, hours,
    minutes, seconds and milliseconds. Raises ValueError, which says what was expected.
    """
    if isinstance(value, bool) or value is None:
        raise ValueError("expected a duration such as 00:05:00")
    if isinstance(value, (int, float)):
        return _seconds(float(value))
    if isinstance(value, timedelta):
        return value
    if isinstance(value, dict):
        return _from_parts(value)
    text = str(value).strip()
    if ":" not in text:
        try:
            return _seconds(float(text))
        except ValueError:
            raise ValueError(f"'{text[:40]}' is no duration such as 00:05:00") from None
    return _from_clock(text)


def _seconds(seconds: float) -> timedelta:
    try:
        return timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        raise ValueError(f"{seconds} is no duration") from None


def _from_clock(text: str) -> timedelta:
    sign, plain = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    parts = plain.split(":")
    try:
        numbers = [int(part) for part in parts[:2]]
        seconds = float(parts[2]) if len(parts) == 3 else 0.0
        if len(parts) > 3:
            raise ValueError
        return sign * timedelta(hours=numbers[0], minutes=numbers[1], seconds=seconds)
    except (ValueError, OverflowError):
        raise ValueError(f"'{text[:40]}' is no duration such as 00:05:00") from None


def _from_parts(parts: dict[object, object]) -> timedelta:
    numbers: dict[str, float] = {}
    for name, value in parts.items():
        if name not in PARTS:
            raise ValueError(f"'{name}' is no part of a duration; known are {', '.join(PARTS)}")
        try:
            numbers[str(name)] = float(str(value))
        except ValueError:
            raise ValueError(f"{name}: '{str(value)[:40]}' is no number") from None
    if not numbers:
        raise ValueError(f"expected one of {', '.join(PARTS)}")
    try:
        return timedelta(**numbers)
    except (OverflowError, ValueError):
        raise ValueError("the duration is far too long") from None
