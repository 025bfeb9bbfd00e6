"""Spans of time as Home Assistant takes them: seconds, HH:MM:SS, or parts by name."""

import math
from collections.abc import Mapping
from datetime import timedelta

from vettura.errors import InputError
from vettura.units import NS_PER_S

SECONDS_MAX = 3.2e9
"""A century; what is longer is a mistake."""
_PART_S = {
    "days": 86_400.0,
    "hours": 3_600.0,
    "minutes": 60.0,
    "seconds": 1.0,
    "milliseconds": 0.001,
}


def period_s(value: object) -> float:
    """Return the span [s]; `InputError` says what is wrong with the value."""
    seconds = _seconds(value)
    if seconds is None:
        raise InputError(f"{str(value)[:40]!r} is no span of time")
    if not math.isfinite(seconds) or abs(seconds) > SECONDS_MAX:
        raise InputError(f"{str(value)[:40]!r} is too long")
    return seconds


def positive_period_s(value: object) -> float:
    """The same, of what may not be negative."""
    seconds = period_s(value)
    if seconds < 0.0:
        raise InputError(f"{str(value)[:40]!r} is negative")
    return seconds


def to_ns(seconds: float) -> int:
    """Seconds as nanoseconds, to the microsecond as Home Assistant counts."""
    return round(seconds * 1e6) * (NS_PER_S // 1_000_000)


def clock_text(seconds: float) -> str:
    """H:MM:SS, as Home Assistant writes a timer's duration."""
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"


def _seconds(value: object) -> float | None:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        return _of_text(value.strip())
    if isinstance(value, Mapping):
        return _of_parts(value)
    return None


def _of_text(text: str) -> float | None:
    sign = -1.0 if text.startswith("-") else 1.0
    parts = text.lstrip("+-").split(":")
    try:
        if len(parts) == 1:
            return float(text)
        if len(parts) > 3:
            return None
        seconds = float(parts[2]) if len(parts) == 3 else 0.0
        return sign * (int(parts[0]) * 3600 + int(parts[1]) * 60 + seconds)
    except (ValueError, OverflowError):
        return None


def _of_parts(parts: Mapping[object, object]) -> float | None:
    total = 0.0
    for name, amount in parts.items():
        if name not in _PART_S or isinstance(amount, bool):
            return None
        if not isinstance(amount, str | int | float):
            return None
        try:
            total += _PART_S[str(name)] * float(amount)
        except (ValueError, OverflowError):
            return None
    return total if parts else None
