"""The functions of templates that know the time and the zone of the home."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from vettura.clock import Clock
from vettura.errors import InputError
from vettura.words.moments import read_datetime, read_duration, read_time
from vettura.words.template_numbers import MISSING, refuse
from vettura.words.template_states import Note

_STEPS = ((60, "second"), (60, "minute"), (24, "hour"), (30, "day"), (12, "month"))
_FORMAT_MAX = 1_000


class Times:
    """`now` and its kin; `clock` gives the time, `zone` is that of the home."""

    def __init__(self, clock: Clock, zone: tzinfo, note: Note) -> None:
        self._clock = clock
        self._zone = zone
        self._note = note

    def functions(self) -> dict[str, Callable[..., Any]]:
        """By the name that templates call them."""
        return {
            "now": self.now,
            "utcnow": self.utcnow,
            "today_at": self.today_at,
            "as_timestamp": self.as_timestamp,
            "as_datetime": as_datetime,
            "as_local": self.as_local,
            "as_timedelta": as_timedelta,
            "strptime": strptime,
            "relative_time": self.relative_time,
            "time_since": self.time_since,
            "time_until": self.time_until,
            "timestamp_custom": self.timestamp_custom,
            "timestamp_local": self.timestamp_local,
            "timestamp_utc": timestamp_utc,
            "timedelta": timedelta,
        }

    def now(self) -> datetime:
        """`now`: in the home's zone; a result with it may change each minute."""
        self._read_time()
        return self._clock.now().astimezone(self._zone)

    def utcnow(self) -> datetime:
        """`utcnow`."""
        self._read_time()
        return self._clock.now().replace(tzinfo=UTC)

    def today_at(self, time_text: str = "") -> datetime:
        """`today_at`: today, at that time of day, in the home's zone."""
        self._read_time()
        today = self._clock.now().astimezone(self._zone).date()
        if not time_text:
            return datetime(today.year, today.month, today.day, tzinfo=self._zone)
        found = read_time(str(time_text))
        if found is None:
            raise ValueError(f"today_at got '{time_text}', which is no time of day")
        return datetime.combine(today, found, self._zone)

    def as_local(self, value: datetime) -> datetime:
        """`as_local`: without a zone it is already there."""
        return self._in_zone(value).astimezone(self._zone)

    def as_timestamp(self, value: Any, default: Any = MISSING) -> Any:
        """`as_timestamp`: seconds since the epoch."""
        try:
            moment = value if isinstance(value, datetime) else read_datetime(str(value))
            if moment is not None:
                return self._in_zone(moment).timestamp()
        except (ValueError, TypeError):
            pass
        return refuse("as_timestamp", value) if default is MISSING else default

    def timestamp_custom(
        self,
        value: Any,
        date_format: str = "%Y-%m-%d %H:%M:%S",
        local: bool = True,
        default: Any = MISSING,
    ) -> Any:
        """`timestamp_custom`: seconds since the epoch as text of any form."""
        if len(date_format) > _FORMAT_MAX:
            raise InputError("timestamp_custom has too long a format")
        try:
            moment = _from_timestamp(value)
            return (moment.astimezone(self._zone) if local else moment).strftime(date_format)
        except (ValueError, TypeError):
            return refuse("timestamp_custom", value) if default is MISSING else default

    def timestamp_local(self, value: Any, default: Any = MISSING) -> Any:
        """`timestamp_local`: seconds since the epoch as ISO text in the home's zone."""
        try:
            return _from_timestamp(value).astimezone(self._zone).isoformat()
        except (ValueError, TypeError):
            return refuse("timestamp_local", value) if default is MISSING else default

    def relative_time(self, value: Any) -> Any:
        """`relative_time`: how long ago, in its largest unit; what is to come stays as it is.

        Between two times of the home's zone that is by the clock on the wall, as in Python.
        """
        if not isinstance(value, datetime):
            self._read_time()
            return value
        ago = self.now() - self._in_zone(value)
        return value if ago < timedelta() else _in_words(ago, 1)

    def time_since(self, value: Any, precision: int = 1) -> Any:
        """`time_since`: how long ago, in up to `precision` units (0: all)."""
        return self._apart(value, precision, since=True)

    def time_until(self, value: Any, precision: int = 1) -> Any:
        """`time_until`: how long still, in up to `precision` units (0: all)."""
        return self._apart(value, precision, since=False)

    def _apart(self, value: Any, precision: int, *, since: bool) -> Any:
        if not isinstance(value, datetime):
            self._read_time()
            return value
        gap = self.now() - self._in_zone(value)
        gap = gap if since else -gap
        return value if gap < timedelta() else _in_words(gap, precision or len(_STEPS) + 1)

    def _in_zone(self, value: datetime) -> datetime:
        return value if value.tzinfo is not None else value.replace(tzinfo=self._zone)

    def _read_time(self) -> None:
        if self._note.reads is not None:
            self._note.reads.time = True


def as_datetime(value: Any, default: Any = MISSING) -> Any:
    """`as_datetime`: of seconds since the epoch, or of text."""
    try:
        return _from_timestamp(float(value))
    except (ValueError, TypeError):
        pass
    try:
        if isinstance(value, str) and (moment := read_datetime(value)) is not None:
            return moment
    except ValueError:
        pass
    if default is not MISSING:
        return default
    return None if isinstance(value, str) else refuse("as_datetime", value)


def as_timedelta(value: str) -> timedelta | None:
    """`as_timedelta`: None when it is none."""
    return read_duration(value)


def strptime(text: Any, form: str, default: Any = MISSING) -> Any:
    """`strptime`."""
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007  as the form says
    except (ValueError, AttributeError, TypeError):
        return refuse("strptime", text) if default is MISSING else default


def timestamp_utc(value: Any, default: Any = MISSING) -> Any:
    """`timestamp_utc`: seconds since the epoch as ISO text."""
    try:
        return _from_timestamp(value).isoformat()
    except (ValueError, TypeError):
        return refuse("timestamp_utc", value) if default is MISSING else default


def _from_timestamp(value: float) -> datetime:
    try:
        return datetime.fromtimestamp(value, tz=UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(str(error)) from None


def _in_words(gap: timedelta, precision: int) -> str:
    """Say how long, rounded to the largest unit, or in several units cut off at the last."""
    if precision == 1:
        return _largest(gap.total_seconds())
    left = int(gap.total_seconds())
    parts: list[str] = []
    sizes = [1]
    for size, _ in _STEPS:
        sizes.append(sizes[-1] * size)
    names = [name for _, name in _STEPS] + ["year"]
    for size, name in reversed(list(zip(sizes, names, strict=True))):
        count, left = divmod(left, size)
        if count and len(parts) < precision:
            parts.append(_counted(count, name))
    return " ".join(parts) or "0 seconds"


def _largest(seconds: float) -> str:
    amount = seconds
    for step, name in _STEPS:
        if round(amount) < step:
            return _counted(round(amount), name)
        amount /= step
    return _counted(round(amount), "year")


def _counted(count: int, name: str) -> str:
    return f"1 {name}" if count == 1 else f"{count} {name}s"
