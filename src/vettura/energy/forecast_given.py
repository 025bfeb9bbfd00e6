"""A forecast of the sun that somebody gives: power of these panels, or light on the ground.

Known by their keys: Open-Meteo (shortwave_radiation), Forecast.Solar (watts), Solcast (pv_estimate
with its tenths), evcc's solar `rates`, and any list of {start, end, watts} or {start, value}.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias, final

import msgspec

from vettura.energy.prices_found import ROWS_MAX
from vettura.energy.prices_read import BYTES_MAX, SPAN_NS, STEP_MAX_NS, STEP_MIN_NS
from vettura.energy.prices_text import Instants, number_of, shown
from vettura.units import NS_PER_S

Json: TypeAlias = Any
HOUR_NS = 3_600 * NS_PER_S
POWER_MAX_W = 1_000_000.0
LIGHT_MAX_W_PER_M2 = 1_600.0
"""Between bright clouds the ground gets more than a clear sky's 1,100."""
_STARTS = ("start", "startsAt", "period_start", "from", "timestamp", "time", "datetime")
_ENDS = ("end", "endsAt", "period_end", "to")
_POWERS = (
    *("watts", "power_w", "pv_estimate", "value", "price", "power", "pv_w"),
    *("pv_power_w", "solar_w"),
)
_KILOWATTS = ("pv_estimate",)


class GivenPeriod(NamedTuple):
    """One entry of a forecast."""

    start_ns: int
    end_ns: int
    mean: float
    """Power [W], or light on the ground [W/m²]."""
    low: float | None = None
    """One in ten is below; None: the source does not say."""
    high: float | None = None


@final
@dataclass(frozen=True, slots=True)
class GivenReading:
    """What could be read, sorted by time, and a line for each kind of thing that could not."""

    periods: tuple[GivenPeriod, ...]
    is_light: bool
    """Whether it tells light on the ground instead of power."""
    notes: tuple[str, ...]


def read_given(data: bytes, *, where: str, timezone: str) -> GivenReading:
    """Read a forecast of the sun; `timezone` is that of times without one."""
    try:
        if len(data) > BYTES_MAX:
            raise ValueError(f"larger than {BYTES_MAX // 1_000_000} MB, not read")
        text = data.decode("utf-8-sig")
        tree = json.loads(text) if "NaN" in text else msgspec.json.decode(text)
    except (UnicodeDecodeError, msgspec.DecodeError, ValueError, RecursionError) as error:
        return GivenReading((), False, (f"{where}: {str(error)[:100]}",))
    light = _light(tree, timezone)
    rows, wrong = light if light is not None else _power(tree, timezone)
    most = LIGHT_MAX_W_PER_M2 if light is not None else POWER_MAX_W
    kept: dict[int, GivenPeriod] = {}
    for row in rows[:ROWS_MAX]:
        if 0.0 <= row.mean <= most and STEP_MIN_NS <= row.end_ns - row.start_ns <= STEP_MAX_NS:
            kept[row.start_ns] = row
        else:
            wrong.append(f"{row.mean:g} for {(row.end_ns - row.start_ns) // NS_PER_S} s")
    periods = [kept[start_ns] for start_ns in sorted(kept)]
    if periods:
        middle_ns = periods[len(periods) // 2].start_ns
        periods = [each for each in periods if abs(each.start_ns - middle_ns) < SPAN_NS]
    notes = [f"{where}: {len(wrong)} entries ignored: {wrong[0]}"] if wrong else []
    if not periods and not notes:
        notes.append(f"{where}: no forecast of the sun in it")
    return GivenReading(tuple(periods), light is not None, tuple(notes))


def _light(tree: Json, timezone: str) -> tuple[list[GivenPeriod], list[str]] | None:
    """Open-Meteo's hourly or quarterly light; None where there is none."""
    if not isinstance(tree, dict):
        return None
    for part, length_ns in (("minutely_15", HOUR_NS // 4), ("hourly", HOUR_NS)):
        table = tree.get(part)
        if not isinstance(table, dict):
            continue
        times, light = table.get("time"), table.get("shortwave_radiation")
        if isinstance(times, list) and isinstance(light, list):
            zone = "UTC" if tree.get("utc_offset_seconds", 0) == 0 else timezone
            rows, wrong = _rows(zip(times, light, strict=False), zone)
            # The time is the end of the period whose mean it tells.
            return [GivenPeriod(at - length_ns, at, value) for at, value in rows], wrong
    return None


def _power(tree: Json, timezone: str) -> tuple[list[GivenPeriod], list[str]]:
    watts = _inner(tree, "watts")
    if isinstance(watts, dict):
        # Forecast.Solar: power at instants, straight lines between them.
        rows, wrong = _rows(watts.items(), timezone)
        return [
            GivenPeriod(a, b, 0.5 * (first + second)) for (a, first), (b, second) in pairwise(rows)
        ], wrong
    table = _table(tree)
    return _listed(table, timezone) if table else ([], [])


def _inner(tree: Json, name: str) -> Json:
    """`name` at the top, or one step below."""
    if not isinstance(tree, dict):
        return None
    if name in tree:
        return tree[name]
    below = (each.get(name) for each in tree.values() if isinstance(each, dict))
    return next((each for each in below if each is not None), None)


def _table(tree: Json) -> list[Json]:
    """The first list of entries at the top or up to two steps below."""
    level = [tree]
    for _ in range(3):
        for node in level:
            if isinstance(node, list) and node and isinstance(node[0], dict):
                return node
        level = [
            each for node in level if isinstance(node, dict) for each in list(node.values())[:50]
        ]
    return []


def _rows(pairs: Any, timezone: str) -> tuple[list[tuple[int, float]], list[str]]:  # noqa: ANN401
    instants = Instants(timezone)
    rows, wrong = [], []
    for time, value in pairs:
        at, number = instants.read(time), number_of(value)
        if at is None or number is None:
            wrong.append(f"{shown(time)}: {shown(value)}")
        else:
            rows.append((at, number.value))
    return rows, wrong


def _listed(table: Sequence[Json], timezone: str) -> tuple[list[GivenPeriod], list[str]]:
    first = table[0]
    power = _key(first, _POWERS)
    factor = 1_000.0 if power in _KILOWATTS else 1.0
    start, end = _key(first, _STARTS), _key(first, _ENDS)
    starts, ends = Instants(timezone), Instants(timezone)
    rows: list[GivenPeriod] = []
    wrong: list[str] = []
    step_ns = _step_ns(table, start or end, timezone)
    for each in table:
        if not isinstance(each, dict) or not power:
            wrong.append(f"entry is {shown(each)}")
            continue
        begin_ns = starts.read(each.get(start)) if start else None
        end_ns = ends.read(each.get(end)) if end else None
        mean = number_of(each.get(power))
        if (begin_ns is None and end_ns is None) or mean is None:
            wrong.append(f"entry is {shown(each)}")
            continue
        if begin_ns is None and end_ns is not None:
            begin_ns = end_ns - step_ns
        elif begin_ns is not None and end_ns is None:
            end_ns = begin_ns + step_ns
        assert begin_ns is not None
        assert end_ns is not None
        low, high = (number_of(each.get(f"{power}{tenth}")) for tenth in (10, 90))
        rows.append(
            GivenPeriod(
                begin_ns,
                end_ns,
                factor * mean.value,
                None if low is None else factor * low.value,
                None if high is None else factor * high.value,
            )
        )
    return rows, wrong


def _step_ns(table: Sequence[Json], key: str, timezone: str) -> int:
    instants = Instants(timezone)
    times = [instants.read(each.get(key)) for each in table[:3] if isinstance(each, dict)]
    steps = [b - a for a, b in pairwise(times) if a is not None and b is not None]
    return next((step for step in steps if STEP_MIN_NS <= step <= HOUR_NS), HOUR_NS)


def _key(node: Json, names: tuple[str, ...]) -> str:
    return next((name for name in names if name in node), "")
