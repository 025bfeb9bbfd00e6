"""Checks of what people write into a household file; each error names the key and the range."""

import math
import re

from vettura.errors import InputError

_TOKEN = re.compile(r"[A-Za-z0-9][-_A-Za-z0-9]{0,31}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_TEXT_CHARACTERS_MAX = 64


def check_range(key: str, value: float, *, low: float, high: float) -> None:
    """Raise `InputError` unless `value` is a number from `low` to `high`, in the unit of `key`."""
    if not (math.isfinite(value) and low <= value <= high):
        raise InputError(f"{key} is {value}", hint=f"give a number from {low:g} to {high:g}")


def check_token(key: str, value: str) -> None:
    """Raise `InputError` unless `value` can be a token of a subject."""
    if not _TOKEN.fullmatch(value):
        raise InputError(
            f"{key} is {value[:_TEXT_CHARACTERS_MAX]!r}",
            hint="give 1 to 32 letters, digits, - and _, beginning with a letter or digit",
        )


def check_text(key: str, value: str) -> None:
    """Raise `InputError` unless `value` is one short line to show to people."""
    fits = 0 < len(value) <= _TEXT_CHARACTERS_MAX
    if not fits or not value.isprintable() or value != value.strip():
        raise InputError(
            f"{key} is {value[:_TEXT_CHARACTERS_MAX]!r}",
            hint=f"give 1 to {_TEXT_CHARACTERS_MAX} printable characters",
        )


def check_time(key: str, value: str, *, low: str, high: str) -> None:
    """Raise `InputError` unless `value` is a time of day from `low` to `high`, all as HH:MM."""
    if not _TIME.fullmatch(value) or not low <= value <= high:
        raise InputError(f"{key} is {value[:16]!r}", hint=f'give "HH:MM" from {low} to {high}')


def second_of_day(value: str) -> int:
    """Seconds from midnight to a checked HH:MM [s]."""
    hours, minutes = value.split(":")
    return 3600 * int(hours) + 60 * int(minutes)
