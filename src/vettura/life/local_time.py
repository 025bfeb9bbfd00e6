"""Wall time of a household in nanoseconds of the bus, right on the nights the clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from vettura.errors import InputError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@cache
def zone(timezone: str) -> ZoneInfo:
    """Return the time zone of an IANA name; `InputError` when there is none."""
    try:
        return ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        raise InputError(
            f"timezone is {timezone[:64]!r}", hint="give an IANA name such as Europe/Rome"
        ) from None


def local_date(time_ns: int, timezone: str) -> date:
    """The date there at that instant [ns since the epoch]."""
    return (_EPOCH + time_ns // 1000 * _MICROSECOND).astimezone(zone(timezone)).date()


def local_ns(day: date, second: float, timezone: str) -> int:
    """The instant [ns since the epoch] when the clock there shows midnight plus `second` [s].

    A time that the clock skips in spring counts on from before the change; of a time that comes
    twice in autumn the first is meant.
    """
    shown = datetime.combine(day, time()) + timedelta(seconds=second)
    instant = shown.replace(tzinfo=zone(timezone)).astimezone(UTC)
    return (instant - _EPOCH) // _MICROSECOND * 1000


def day_start_ns(day: date, timezone: str) -> int:
    """The first instant of that date there [ns since the epoch]."""
    return local_ns(day, 0.0, timezone)
