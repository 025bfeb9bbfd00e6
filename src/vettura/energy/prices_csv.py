"""Prices in a table of text: one line each, a header that names columns and units."""

import csv
import io

from vettura.energy.prices_found import ROWS_MAX, Found, Row
from vettura.energy.prices_text import currency_of, per_kwh_of

_STARTS = ("start", "begin", "from", "datum von", "mtu", "time", "date", "datum", "hour", "inizio")
_ENDS = ("end", "until", "to", "datum bis", "fine")
_PRICES = ("price", "preis", "prezzo", "value", "rate", "cost", "wh]", "/kwh", "/mwh", "pun")
_CARBON = ("carbon", "co2", "g_per_kwh", "gco2")


def find_in_csv(text: str) -> Found:
    """Rows of a CSV with a header; comma, semicolon or tab between columns."""
    found = Found()
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        found.notes.append("it is empty")
        return found
    delimiter = max(";\t,", key=lines[0].count)
    try:
        table = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter))
    except csv.Error as error:
        found.notes.append(f"not a table: {error}")
        return found
    header = [cell.strip() for cell in table[0]]
    start, end = _column(header, _STARTS), _column(header, _ENDS, whole=True)
    carbon = _column(header, _CARBON)
    price = _column([c if k != carbon else "" for k, c in enumerate(header)], _PRICES, units=True)
    if start is None or price is None:
        missing = "time" if start is None else "price"
        found.notes.append(f"no column of {missing} among {', '.join(header)[:120]}")
        return found
    if len(table) - 1 > ROWS_MAX:
        found.notes.append(f"only the last {ROWS_MAX} of {len(table) - 1} rows were read")
    unit, is_utc = header[price], "utc" in header[start].lower()
    found.currency = currency_of(header[price])
    rows = []
    for line, cells in list(enumerate(table[1:], start=2))[-ROWS_MAX:]:
        padded = [*cells, *([""] * (len(header) - len(cells)))]
        rows.append(
            Row(
                where=f"line {line}",
                start=padded[start],
                end=None if end is None else padded[end],
                price=padded[price],
                unit=unit,
                carbon=None if carbon is None else padded[carbon],
                is_utc=is_utc,
            )
        )
    found.lists.append(rows)
    return found


def _column(
    header: list[str], names: tuple[str, ...], *, whole: bool = False, units: bool = False
) -> int | None:
    """The first column that bears one of the names, the first name first."""
    lower = [cell.lower() for cell in header]
    if units:
        # Of several columns with prices the first that also says its unit.
        for index, cell in enumerate(lower):
            if per_kwh_of(cell) is not None and any(name in cell for name in names):
                return index
    for name in names:
        for index, cell in enumerate(lower):
            if cell == name or (not whole and name in cell) or cell.startswith(f"{name}_"):
                return index
    return None
