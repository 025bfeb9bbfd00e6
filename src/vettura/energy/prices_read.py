"""Reads prices from bytes of any known form; nothing hostile in them reaches a plan.

What cannot be read or believed is left out and said in one line; the rest is kept.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias, final

import msgspec

from vettura.energy.prices_csv import find_in_csv
from vettura.energy.prices_found import Found, Row
from vettura.energy.prices_json import find_in_json
from vettura.energy.prices_market import PricePeriod
from vettura.energy.prices_text import Instants, number_of, per_kwh_of, shown
from vettura.energy.prices_xml import find_in_xml
from vettura.units import NS_PER_S

BYTES_MAX = 4_000_000
LINE_MAX = 300
PeriodUnit: TypeAlias = Literal["", "per_kwh", "cents_per_kwh", "per_mwh"]
UNIT_FACTORS: dict[str, float] = {"per_kwh": 1.0, "cents_per_kwh": 0.01, "per_mwh": 0.001}
STEP_MIN_NS = 60 * NS_PER_S
STEP_MAX_NS = 86_400 * NS_PER_S
SPAN_NS = 800 * STEP_MAX_NS
DEAR_MEDIAN, DEAR_MEDIAN_BESIDE = 1.0, 0.3
"""EUR/kWh: no day of a European day-ahead market has had a median above the first (the limit of a
single hour is 4 to 5 EUR/kWh); above the second it is looked at beside the last days."""
DEAR_TIMES = 8.0
CHEAP_MOST = 0.002
"""EUR/kWh: no day of 2024 in Germany had its dearest hour below 0.016."""
CHEAP_HOURS = 20.0
CURRENCY_SIZE = {
    "SEK": 11.0,
    "NOK": 11.5,
    "DKK": 7.5,
    "CZK": 25.0,
    "PLN": 4.3,
    "HUF": 390.0,
    "JPY": 165.0,
}
"""How many of it make a euro, to within a few parts in ten: enough to see a wrong unit."""


@final
@dataclass(frozen=True, slots=True)
class PriceReading:
    """What could be read, and a line for each kind of thing that could not."""

    periods: tuple[PricePeriod, ...]
    notes: tuple[str, ...]


def read_prices(
    data: bytes,
    *,
    where: str,
    timezone: str,
    currency: str = "EUR",
    unit: PeriodUnit = "",
    usual_per_kwh: float | None = None,
) -> PriceReading:
    """Read CSV, JSON or ENTSO-E's XML.

    `timezone` is that of times without one, `currency` what the house counts in, `unit` what the
    person says when the source does not, and `usual_per_kwh` the last days' median [currency/kWh]
    beside which a mistaken unit shows.
    """
    if len(data) > BYTES_MAX:
        return _nothing(where, f"larger than {BYTES_MAX // 1_000_000} MB, not read")
    found = _find(data)
    if found.currency and found.currency != currency:
        return _nothing(where, f"in {found.currency}, but the house counts in {currency}: ignored")
    rows = sum(len(each) for each in found.lists)
    complaints: list[str] = list(found.notes)
    periods: list[PricePeriod] = []
    odd = 0
    wrong: list[str] = []
    for each in found.lists:
        read, strange, bad = _read_list(each, timezone, unit)
        periods += read
        odd += strange
        wrong += bad
    if wrong:
        complaints.append(f"{len(wrong)} of {rows} entries ignored: {wrong[0]}")
    if odd:
        complaints.append(f"{odd} numbers with a typographic minus or a decimal comma were read")
    periods, doubled = _without_doubles(periods)
    periods, far = _together(periods)
    if far:
        complaints.append(f"{far} entries lie years apart from the others: ignored")
    if doubled:
        complaints.append(f"{doubled} periods were told twice, differently: the last holds")
    size = CURRENCY_SIZE.get(currency, 1.0)
    if doubt := _doubt(periods, size, usual_per_kwh):
        return _nothing(where, doubt, *complaints)
    return PriceReading(tuple(periods), tuple(_line(where, text) for text in complaints))


def _nothing(where: str, *complaints: str) -> PriceReading:
    return PriceReading((), tuple(_line(where, text) for text in complaints))


def _line(where: str, text: str) -> str:
    """One line that can be shown, whatever the source has put into it."""
    printable = "".join(sign if sign.isprintable() else "?" for sign in text[:LINE_MAX])
    return f"{where}: {printable}"


def _find(data: bytes) -> Found:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Found(notes=[f"not UTF-8 at byte {error.start}"])
    if "\0" in text:
        return Found(notes=["binary, not text"])
    begin = text.lstrip()[:1]
    if begin == "<":
        return find_in_xml(text)
    if begin not in {"{", "["}:
        return find_in_csv(text)
    try:
        # The strict reader takes no NaN; one in a list shall not cost the others.
        is_loose = "NaN" in text or "Infinity" in text
        return find_in_json(json.loads(text) if is_loose else msgspec.json.decode(text))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        return Found(notes=[f"not JSON: {str(error)[:100]}"])


def _read_list(
    rows: Sequence[Row], timezone: str, unit: PeriodUnit
) -> tuple[list[PricePeriod], int, list[str]]:
    """Periods of one list, how many numbers were odd, and what was wrong with the others."""
    starts, ends = Instants(timezone), Instants(timezone)
    utc = Instants("UTC")
    good: list[tuple[int, int | None, float, float | None]] = []
    wrong: list[str] = []
    odd = 0
    for row in rows:
        start_ns = (utc if row.is_utc else starts).read(row.start)
        end_ns = None if row.end in {None, ""} else (utc if row.is_utc else ends).read(row.end)
        price, factor = number_of(row.price), _factor(row.unit, unit)
        if start_ns is None:
            wrong.append(f"{row.where}: time is {shown(row.start)}")
        elif price is None:
            wrong.append(f"{row.where}: price is {shown(row.price)}")
        elif factor is None:
            wrong.append(f"{row.where}: unit is {shown(row.unit)}")
        elif end_ns is not None and not STEP_MIN_NS <= end_ns - start_ns <= STEP_MAX_NS:
            wrong.append(f"{row.where}: ends {(end_ns - start_ns) // NS_PER_S} s after its start")
        else:
            odd += price.is_odd
            good.append((start_ns, end_ns, price.value * factor, _carbon(row.carbon)))
    step_ns = _step_ns([entry[0] for entry in good])
    return (
        [
            PricePeriod(start_ns, end_ns or start_ns + step_ns, price, carbon)
            for start_ns, end_ns, price, carbon in good
        ],
        odd,
        wrong,
    )


def _factor(stated: str, unit: PeriodUnit) -> float | None:
    """To per kWh: as the person says, as the source says, else per kWh."""
    if unit:
        return UNIT_FACTORS[unit]
    factor = per_kwh_of(stated)
    return 1.0 if factor is None and "wh" not in stated.lower() else factor


def _carbon(told: object) -> float | None:
    number = None if told is None else number_of(told)
    return None if number is None or not 0.0 <= number.value <= 2_000.0 else number.value


def _step_ns(starts: Sequence[int]) -> int:
    """How long a period is where a list does not say: its commonest step, else an hour."""
    steps = Counter(b - a for a, b in pairwise(starts))
    for step_ns, _ in steps.most_common():
        if STEP_MIN_NS <= step_ns <= 3_600 * NS_PER_S:
            return step_ns
    return 3_600 * NS_PER_S


def _without_doubles(periods: list[PricePeriod]) -> tuple[list[PricePeriod], int]:
    """Sorted, one for each begin; how many were told twice and differed."""
    kept: dict[int, PricePeriod] = {}
    doubled = 0
    for period in periods:
        before = kept.get(period.start_ns)
        doubled += before is not None and before.per_kwh != period.per_kwh
        kept[period.start_ns] = period
    return [kept[start_ns] for start_ns in sorted(kept)], doubled


def _together(periods: list[PricePeriod]) -> tuple[list[PricePeriod], int]:
    """Without what lies years before or after the middle one; and how many that were."""
    if not periods:
        return periods, 0
    middle_ns = periods[len(periods) // 2].start_ns
    kept = [each for each in periods if abs(each.start_ns - middle_ns) <= SPAN_NS]
    return kept, len(periods) - len(kept)


def _doubt(periods: list[PricePeriod], size: float, usual: float | None) -> str:
    """Why these prices cannot be in the unit that was taken; empty when they can."""
    if not periods:
        return ""
    prices = sorted(period.per_kwh / size for period in periods)
    median, most = prices[len(prices) // 2], max(abs(prices[0]), abs(prices[-1]))
    hours = sum(period.end_ns - period.start_ns for period in periods) / (3_600 * NS_PER_S)
    ask = 'name the unit: unit = "per_mwh", "per_kwh" or "cents_per_kwh"'
    if median > DEAR_MEDIAN:
        return f"a median of {median * size:g} per kWh is not believed: all ignored; {ask}"
    if usual is not None and median > max(DEAR_MEDIAN_BESIDE, DEAR_TIMES * usual / size):
        return (
            f"a median of {median * size:g} per kWh after {usual:g} in the last days is not"
            f" believed: all ignored; {ask}"
        )
    if hours >= CHEAP_HOURS and 0.0 < most < CHEAP_MOST:
        return f"at most {most * size:g} per kWh in a day is not believed: all ignored; {ask}"
    return ""
