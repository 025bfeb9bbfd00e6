"""Prices as ENTSO-E's transparency platform gives them: Publication_MarketDocument in XML."""

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as Xml

from vettura.energy.prices_found import ROWS_MAX, Found, Row
from vettura.energy.prices_text import currency_of

_RESOLUTION = re.compile(r"PT(\d{1,3})M")


def find_in_xml(text: str) -> Found:
    """Rows of every TimeSeries; a position left out repeats the one before (curve type A03)."""
    found = Found()
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        found.notes.append("an XML document with a DOCTYPE is not read")
        return found
    try:
        root = Xml.fromstring(text)  # noqa: S314
    except Xml.ParseError as error:
        found.notes.append(f"not XML: {error}")
        return found
    for number, series in enumerate(_all(root, "TimeSeries")):
        found.currency = found.currency or currency_of(_text(series, "currency_Unit.name"))
        unit = f"per {_text(series, 'price_Measure_Unit.name') or 'MWh'}"
        for period in _all(series, "Period"):
            rows = _period(period, f"TimeSeries {number + 1}", unit, found)
            if rows:
                found.lists.append(rows)
    if not found.lists and not found.notes:
        reason = _text(root, "text")[:100]
        found.notes.append(f"no prices in it{': ' if reason else ''}{reason}")
    return found


def _period(period: Xml.Element, where: str, unit: str, found: Found) -> list[Row]:
    begin, end = (_time(_text(period, name)) for name in ("start", "end"))
    resolution = _RESOLUTION.fullmatch(_text(period, "resolution"))
    if begin is None or end is None or resolution is None or int(resolution[1]) < 1:
        found.notes.append(f"{where}: no readable interval and resolution")
        return []
    step = timedelta(minutes=int(resolution[1]))
    count = (end - begin) // step
    if not 0 < count <= ROWS_MAX:
        found.notes.append(f"{where}: {count} positions")
        return []
    points = {
        int(_text(point, "position") or 0): _text(point, "price.amount")
        for point in _all(period, "Point")
        if _text(point, "position").isdecimal() and len(_text(point, "position")) < 6
    }
    rows, price = [], ""
    for position in range(1, count + 1):
        price = points.get(position, price)
        start = begin + (position - 1) * step
        if price:
            rows.append(
                Row(f"{where}, position {position}", str(start), str(start + step), price, unit)
            )
    return rows


def _time(text: str) -> datetime | None:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _all(node: Xml.Element, name: str) -> list[Xml.Element]:
    """All descendants of that name in any namespace."""
    return [each for each in node.iter() if each.tag.rsplit("}", 1)[-1] == name]


def _text(node: Xml.Element, name: str) -> str:
    return next(((each.text or "").strip() for each in _all(node, name)), "")
