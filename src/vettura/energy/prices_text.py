"""Numbers, instants and units as people and machines write them into lists of prices."""

import math
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, final

from vettura.life.local_time import zone
from vettura.units import NS_PER_S

MINUSES = "\u2212\u2013\u2012\ufe63\uff0d"
"""What typesetters put for a minus sign."""
SPACES = "\u00a0\u202f\u2009"
EARLIEST_NS = 946_684_800 * NS_PER_S
"""2000-01-01."""
LATEST_NS = 4_102_444_800 * NS_PER_S
"""2100-01-01."""
PRICE_MAX = 1e6
"""No market in any currency has asked as much for a MWh."""
TEXT_MAX = 64

_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)?|[.,]\d+)([eE][+-]?\d{1,2})?")
_DAY_FIRST = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})[ ,T]+(\d{1,2}):(\d{2})(?::(\d{2}))?")
_CENTS = re.compile(r"(^|[^a-z])(ct|cts|cents?|c|eurocents?|öre|øre|ore|pence|p)([^a-z]|$)")
_CURRENCIES = re.compile(r"(?<![A-Z])(AUD|CHF|CZK|DKK|EUR|GBP|HUF|JPY|NOK|PLN|SEK|USD)(?![A-Z])")


class Number(NamedTuple):
    """A number that was read, and whether its spelling needed a look twice."""

    value: float
    is_odd: bool
    """A typographic minus or a decimal comma."""


def number_of(value: object) -> Number | None:
    """The number; None for what is none, is not finite, or is beyond any price."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            return _bounded(float(value), is_odd=False)
        except OverflowError:
            return None
    if not isinstance(value, str) or len(value) > TEXT_MAX:
        return None
    text = value.strip().strip(SPACES)
    plain = text.translate({ord(sign): "-" for sign in MINUSES})
    if not _NUMBER.fullmatch(plain) or not plain.isascii():
        return None
    return _bounded(float(plain.replace(",", ".")), is_odd=plain != text or "," in plain)


def _bounded(value: float, *, is_odd: bool) -> Number | None:
    if not math.isfinite(value) or abs(value) > PRICE_MAX:
        return None
    return Number(value, is_odd)


@final
class Instants:
    """Reads instants in the order of a list, so that a local hour that comes twice is two hours."""

    def __init__(self, timezone: str) -> None:
        """`timezone` is that of times that do not say theirs."""
        self._zone = zone(timezone)
        self._previous_ns = EARLIEST_NS

    def read(self, value: object) -> int | None:
        """The instant [ns since the epoch]; None for what is none, or never was on a clock."""
        shown = _instant(value)
        if shown is None or not 2000 <= shown.year <= 2100:
            return None
        if shown.tzinfo is None:
            local = self._local_ns(shown)
            if local is None:
                return None
            self._previous_ns = time_ns = local
        else:
            time_ns = _ns(shown)
        return time_ns if EARLIEST_NS <= time_ns < LATEST_NS else None

    def _local_ns(self, shown: datetime) -> int | None:
        first, second = (_ns(shown.replace(tzinfo=self._zone, fold=fold)) for fold in (0, 1))
        if first == second:
            return first
        back = datetime.fromtimestamp(first // NS_PER_S, self._zone).replace(tzinfo=None)
        if back != shown.replace(microsecond=0):
            # Clocks went forward over it.
            return None
        return second if first <= self._previous_ns else first


def _instant(value: object) -> datetime | None:
    if isinstance(value, bool):
        return None
    try:
        if isinstance(value, int | float):
            seconds = float(value)
            # Milliseconds since the epoch have been above this since 1971, seconds never are.
            if seconds > 4.2e10:
                seconds /= 1000.0
            return datetime.fromtimestamp(seconds, UTC)
        if not isinstance(value, str) or not 8 <= len(value) <= TEXT_MAX:
            return None
        text = value.strip().split(" - ")[0]
        if found := _DAY_FIRST.fullmatch(text):
            day, month, year, hour, minute, second = (int(part or 0) for part in found.groups())
            return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  as shown
        return datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None


def _ns(when: datetime) -> int:
    since = when.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(microseconds=1) * 1000


@lru_cache(maxsize=256)
def per_kwh_of(text: str) -> float | None:
    """What a price in that unit is multiplied by to be per kWh; None when the text names none."""
    lower = text.lower().replace("_", " ")
    if "mwh" in lower:
        per_energy = 1e-3
    elif "kwh" in lower:
        per_energy = 1.0
    else:
        return None
    return per_energy / 100.0 if _CENTS.search(lower) else per_energy


def currency_of(text: str) -> str:
    """The currency that the text names, as three letters; empty for none."""
    if "€" in text:
        return "EUR"
    if "£" in text:
        return "GBP"
    found = _CURRENCIES.search(text.upper().replace("_", " "))
    return found[1] if found else ""


def shown(value: object) -> str:
    """A value for a line of text: short, on one line, in quotes."""
    text = repr(value)
    printable = "".join(sign if sign.isprintable() else "?" for sign in text[:40])
    return printable + ("…" if len(text) > 40 else "")
