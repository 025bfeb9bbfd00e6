"""Ended charges as a household reads them: once each, by month, and as a file for a spreadsheet.

Pure. The file is CSV as RFC 4180 has it, with instants as ISO 8601 with their zone's offset.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from itertools import groupby

import msgspec

from vettura.bus.messages_energy import Bill
from vettura.units import NS_PER_S, WH_PER_KWH

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to spreadsheets (OWASP, "CSV Injection")."""
ENERGY_DIGITS, MONEY_DIGITS, CARBON_DIGITS = 3, 4, 3
G_PER_KG = 1000.0


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """The charges that ended in one month of the home's calendar, in one currency."""

    month: str
    """Such as 2026-03."""
    currency: str
    charges: int
    energy_wh: float
    given_wh: float
    sun_wh: float
    cost: float
    plugged_cost: float
    carbon_g: float
    plugged_carbon_g: float


def read_once(bills: Iterable[Bill]) -> list[Bill]:
    """Each charge once, as it was billed last, in the order of their ends."""
    by_id = {bill.id: bill for bill in bills}
    return sorted(by_id.values(), key=lambda bill: (bill.end_ns, bill.id))


def by_month(bills: Iterable[Bill], zone: tzinfo) -> list[Month]:
    """Totals for each month in which a charge ended there, the newest first."""

    def key(bill: Bill) -> tuple[str, str]:
        return month_of(bill, zone), bill.currency

    months = groupby(sorted(bills, key=key), key=key)
    return [_month(*named, list(group)) for named, group in months][::-1]


def month_of(bill: Bill, zone: tzinfo) -> str:
    """The month in which it ended there, such as 2026-03."""
    return _local(bill.end_ns, zone).strftime("%Y-%m")


def written(bills: Sequence[Bill], zone: tzinfo) -> str:
    """The charges as CSV: a header with units, one row each, lines ended by CR and LF."""
    currencies = sorted({bill.currency for bill in bills})
    money = currencies[0] if len(currencies) == 1 else "in the row's currency"
    out = io.StringIO(newline="")
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(
        [
            "id",
            "station",
            "vin",
            "start (ISO 8601)",
            "end (ISO 8601)",
            "energy (kWh)",
            "given back (kWh)",
            "from the sun (kWh)",
            f"cost ({_cell(money)})",
            f"cost if charged at once ({_cell(money)})",
            "carbon (kg)",
            "carbon if charged at once (kg)",
            "currency",
            "note",
        ]
    )
    rows.writerows(_row(bill, zone) for bill in bills)
    return out.getvalue()


def _row(bill: Bill, zone: tzinfo) -> list[str]:
    return [
        _cell(bill.id),
        _cell(bill.station),
        _cell(bill.vin),
        _local(bill.start_ns, zone).isoformat(timespec="seconds"),
        _local(bill.end_ns, zone).isoformat(timespec="seconds"),
        f"{bill.energy_wh / WH_PER_KWH:.{ENERGY_DIGITS}f}",
        f"{bill.given_wh / WH_PER_KWH:.{ENERGY_DIGITS}f}",
        f"{bill.sun_wh / WH_PER_KWH:.{ENERGY_DIGITS}f}",
        f"{bill.cost:.{MONEY_DIGITS}f}",
        f"{bill.plugged_cost:.{MONEY_DIGITS}f}",
        f"{bill.carbon_g / G_PER_KG:.{CARBON_DIGITS}f}",
        f"{bill.plugged_carbon_g / G_PER_KG:.{CARBON_DIGITS}f}",
        _cell(bill.currency),
        _cell(bill.note),
    ]


def _cell(text: str) -> str:
    """Somebody else's words, so that no spreadsheet takes them for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def _local(time_ns: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(time_ns // NS_PER_S, UTC).astimezone(zone)


def _month(month: str, currency: str, bills: list[Bill]) -> Month:
    return Month(
        month=month,
        currency=currency,
        charges=len(bills),
        energy_wh=sum(bill.energy_wh for bill in bills),
        given_wh=sum(bill.given_wh for bill in bills),
        sun_wh=sum(bill.sun_wh for bill in bills),
        cost=sum(bill.cost for bill in bills),
        plugged_cost=sum(bill.plugged_cost for bill in bills),
        carbon_g=sum(bill.carbon_g for bill in bills),
        plugged_carbon_g=sum(bill.plugged_carbon_g for bill in bills),
    )
