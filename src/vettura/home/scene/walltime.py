"""When the clock on the wall shows a time, right on the nights it is put forward or back.

A time that the clock skips does not come that day; one that it shows twice comes twice, as in
Home Assistant.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from vettura.home.scene.state import instant
from vettura.units import NS_PER_S

DAYS_MAX = 400
_DAY_S = 86_400


class Pattern(NamedTuple):
    """Moments of a day: each of these hours, minutes and seconds, in rising order."""

    hours: Sequence[int]
    minutes: Sequence[int]
    seconds: Sequence[int]


def next_ns(pattern: Pattern, from_ns: int, zone: ZoneInfo) -> int | None:
    """The first whole second from `from_ns` on that shows the pattern there; None in a year."""
    start_s = -(-from_ns // NS_PER_S)
    for _ in range(DAYS_MAX):
        offset_s = _offset_s(start_s, zone)
        candidate_s = _next_on_wall(pattern, start_s + offset_s) - offset_s
        change_s = _change_s(start_s, candidate_s, offset_s, zone)
        if change_s is None:
            return candidate_s * NS_PER_S
        start_s = change_s
    return None


def local(time_ns: int, zone: ZoneInfo) -> datetime:
    """What clock and calendar there show at that instant."""
    return instant(time_ns).astimezone(zone)


def local_to_ns(when: datetime) -> int:
    """An aware datetime as nanoseconds since the epoch."""
    since = when.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since // timedelta(microseconds=1)) * 1000


def _offset_s(time_s: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(time_s, zone).utcoffset()
    assert offset is not None
    return round(offset.total_seconds())


def _change_s(start_s: int, end_s: int, offset_s: int, zone: ZoneInfo) -> int | None:
    """The first second after `start_s` and up to `end_s` with another offset; None for none."""
    low = start_s
    while low < end_s:
        # No zone has changed its clocks twice in a day.
        high = min(low + _DAY_S, end_s)
        if _offset_s(high, zone) != offset_s:
            while high - low > 1:
                middle = (low + high) // 2
                if _offset_s(middle, zone) == offset_s:
                    low = middle
                else:
                    high = middle
            return high
        low = high
    return None


def _next_on_wall(pattern: Pattern, wall_s: int) -> int:
    """The first second from `wall_s` on that matches; both as seconds of a clock never changed."""
    day, second_of_day = divmod(wall_s, _DAY_S)
    hour, rest = divmod(second_of_day, 3600)
    minute, second = divmod(rest, 60)
    at = bisect_left(pattern.seconds, second)
    if at == len(pattern.seconds):
        at, minute = 0, minute + 1
    second_found = pattern.seconds[at]
    at = bisect_left(pattern.minutes, minute)
    if at == len(pattern.minutes):
        at, hour = 0, hour + 1
        second_found = pattern.seconds[0]
    elif pattern.minutes[at] != minute:
        second_found = pattern.seconds[0]
    minute_found = pattern.minutes[at]
    at = bisect_left(pattern.hours, hour)
    if at == len(pattern.hours):
        at, day = 0, day + 1
        minute_found, second_found = pattern.minutes[0], pattern.seconds[0]
    elif pattern.hours[at] != hour:
        minute_found, second_found = pattern.minutes[0], pattern.seconds[0]
    return day * _DAY_S + pattern.hours[at] * 3600 + minute_found * 60 + second_found
