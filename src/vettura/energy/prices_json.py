"""Prices in JSON of the forms that suppliers, markets and home automation give them.

Known by their keys: aWATTar, Tibber, ENTSO-E and Nord Pool in Home Assistant, Energy-Charts, SMARD,
Octopus, evcc's `rates`, and any list of {start, end, value} or {start, price}.
"""

from collections.abc import Iterator
from typing import Any, TypeAlias

from vettura.energy.prices_found import ROWS_MAX, Found, Row
from vettura.energy.prices_text import currency_of

Json: TypeAlias = Any
"""Whatever a JSON text holds."""

_STARTS = (
    *("start", "startsAt", "starts_at", "start_timestamp", "start_time", "startTime", "time_start"),
    *("valid_from", "from", "deliveryStart", "timestamp", "datetime", "time", "hour", "date"),
)
_ENDS = (
    *("end", "endsAt", "ends_at", "end_timestamp", "end_time", "endTime", "time_end"),
    *("valid_to", "to", "deliveryEnd", "until"),
)
_PRICES = (
    *("total", "value", "price", "marketprice", "value_inc_vat", "price_per_kwh", "per_kwh"),
    *("price_ct_per_kwh", "price_eur_per_kwh", "price_eur_per_mwh", "electricity_price", "rate"),
)
_CARBON = ("carbon_g_per_kwh", "co2", "co2_g_per_kwh", "carbonIntensity")
_UNITS = ("unit", "price_unit", "unit_of_measurement")
_KNOWN_UNITS = {
    "total": "per kWh",
    "marketprice": "per MWh",
    "value_inc_vat": "pence per kWh",
    "price_per_kwh": "per kWh",
    "per_kwh": "per kWh",
    "price_ct_per_kwh": "ct per kWh",
    "price_eur_per_kwh": "per kWh",
    "price_eur_per_mwh": "per MWh",
}
"""Keys that say their unit: Tibber, aWATTar and Octopus give no other."""
_DEPTH_MAX = 12
_NODES_MAX = 200_000


def find_in_json(tree: Json) -> Found:
    """Rows of every list in the tree that looks like prices."""
    found = Found()
    for path, node, unit in _walk(tree, found):
        rows = _rows(path, node, unit)
        if rows:
            if len(rows) > ROWS_MAX:
                found.notes.append(f"only the last {ROWS_MAX} of {len(rows)} rows were read")
            found.lists.append(rows[-ROWS_MAX:])
    if not found.lists and not found.notes:
        found.notes.append("no list of {start, end, value} in it")
    return found


def _walk(tree: Json, found: Found) -> Iterator[tuple[str, Json, str]]:
    """Every dictionary and list with its path, and the unit that was stated on the way to it."""
    stack: list[tuple[str, Json, str, int]] = [("", tree, "", 0)]
    nodes = 0
    while stack:
        path, node, unit, depth = stack.pop()
        nodes += 1
        if nodes > _NODES_MAX or depth > _DEPTH_MAX:
            found.notes.append("it is too deep or too large to be searched to the end")
            return
        if isinstance(node, dict):
            unit = _unit(node) or unit
            currency = node.get("currency")
            if isinstance(currency, str) and not found.currency:
                found.currency = currency_of(currency)
            inner: list[tuple[str, Json]] = [(f"{path}.{key}"[:80], node[key]) for key in node]
        elif isinstance(node, list):
            if node and isinstance(node[0], dict) and not found.currency:
                found.currency = currency_of(_unit(node[0]))
            # A table's rows are read as rows; whatever they hold is no table of its own.
            whole = [] if _is_table(node) else node
            inner = [(f"{path}[{k}]", each) for k, each in enumerate(whole)]
        else:
            continue
        yield path, node, unit
        stack += [
            (where, each, unit, depth + 1)
            for where, each in reversed(inner)
            if isinstance(each, dict | list)
        ]


def _unit(node: dict[str, Json]) -> str:
    """The unit that a dictionary states; Nord Pool says in a key of its own if it means cents."""
    unit = next((node[key] for key in _UNITS if isinstance(node.get(key), str)), "")[:40]
    if unit and node.get("price_in_cents") is True:
        return f"ct per {unit}"
    return f"per {unit}" if unit.lower() in {"kwh", "mwh"} else unit


def _is_table(node: list[Json]) -> bool:
    return bool(node) and isinstance(node[0], dict) and _key(node[0], _STARTS) != ""


def _rows(path: str, node: Json, unit: str) -> list[Row]:
    if isinstance(node, list):
        if _is_table(node):
            return _table(path, node, unit)
        if path.endswith(".series") and node and isinstance(node[0], list):
            return _pairs(path, node)
        return []
    times, prices = node.get("unix_seconds"), node.get("price")
    if isinstance(times, list) and isinstance(prices, list):
        # Energy-Charts: two lists side by side.
        pairs = zip(times, prices, strict=False)
        return [
            Row(f"{path}.price[{k}]", time, None, price, unit)
            for k, (time, price) in enumerate(pairs)
        ]
    return []


def _table(path: str, node: list[Json], unit: str) -> list[Row]:
    first = next(each for each in node if isinstance(each, dict))
    price = _key(first, _PRICES)
    if not price:
        return []
    start, end, carbon = _key(first, _STARTS), _key(first, _ENDS), _key(first, _CARBON)
    rows = []
    for index, each in enumerate(node):
        if not isinstance(each, dict):
            rows.append(Row(f"{path}[{index}]", None, None, None, unit))
            continue
        stated = _unit(each) or unit or _KNOWN_UNITS.get(price, "")
        rows.append(
            Row(
                where=f"{path}[{index}]".lstrip("."),
                start=each.get(start),
                end=each.get(end) if end else None,
                price=each.get(price),
                unit=stated,
                carbon=each.get(carbon) if carbon else None,
            )
        )
    return rows


def _pairs(path: str, node: list[Json]) -> list[Row]:
    """SMARD's `series`: [milliseconds, EUR/MWh]; hours to come have no price yet."""
    return [
        Row(f"{path}[{k}]", pair[0], None, pair[1], "EUR per MWh")
        for k, pair in enumerate(node)
        if isinstance(pair, list) and len(pair) == 2 and pair[1] is not None
    ]


def _key(node: dict[str, Json], names: tuple[str, ...]) -> str:
    return next((name for name in names if name in node), "")
