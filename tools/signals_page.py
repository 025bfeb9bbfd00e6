"""Write `docs/signals.md` from the table of signals; `--check` only says whether it is current."""

import sys
from collections.abc import Sequence
from pathlib import Path

from vettura.bus.signals import Signal, rest_of_vss, signal_table

PAGE = Path(__file__).parents[1] / "docs" / "signals.md"
HEAD = """# Signals

<!-- Written by tools/signals_page.py from src/vettura/bus/signals.csv: change that file. -->

Every signal that a car of vettura tells: {count} paths, of which {ours} below
`Vehicle.Private.Vettura` are our own because VSS lacks them. Further {rest} paths of VSS are listed
to those who ask, without a value of their own (`src/vettura/bus/vss_rest.csv`).

Path, kind, type, unit, range and enum of what is not our own are facts of the COVESA Vehicle
Signal Specification (VSS) 6.0, © COVESA contributors,
<https://github.com/COVESA/vehicle_signal_specification>, tag v6.0; the descriptions are ours. This
page, like `src/vettura/bus/signals.csv`, is under the Mozilla Public License 2.0,
<https://mozilla.org/MPL/2.0/>; all else in vettura is under the Apache License 2.0.

- **rate**: how often it is sent at most when it changes; *full*: with all others,
  every minute or, asleep, every ten.
- **from**: the least role that may command it: app, fleet, owner, or local (someone in or at the
  car).
- **refused**: *moving*, while the car moves; *current*, while current flows through the cable;
  *cable*, while a charging cable is plugged in.
- **travel**: how long a full movement takes.
"""
RATES = {0.0: "10 Hz", 1.0: "1 s", 10.0: "10 s", float("inf"): "full"}
REFUSED = {"standing": "moving", "no_current": "current", "no_cable": "cable", "": ""}
COLUMNS = (
    *("path", "kind", "type", "unit", "range"),
    *("rate", "from", "refused", "travel", "meaning"),
)
LONG = ("ADAS", "Body", "Cabin", "Chassis", "CurrentLocation", "Powertrain", "Private")
"""Branches with a table of their own; all others share one."""


def page() -> str:
    """The whole page."""
    table = signal_table()
    ours = sum(path.startswith("Vehicle.Private.") for path in table)
    head = HEAD.format(count=len(table), ours=ours, rest=len(rest_of_vss()))
    tables = [_table(name) for name in ("", *LONG)]
    return "\n".join([head, *tables])


def _table(name: str) -> str:
    rows = [_row(_cells(signal)) for signal in signal_table().values() if _branch(signal) == name]
    title = f"## Vehicle.{name}" if name else "## Vehicle, what is in no branch below"
    return "\n".join([title, "", _row(COLUMNS), _row(["---"] * len(COLUMNS)), *rows, ""])


def _branch(signal: Signal) -> str:
    name = signal.path.split(".")[1]
    return name if name in LONG else ""


def _cells(signal: Signal) -> list[str]:
    commanded = signal.kind == "actuator"
    return [
        f"`{signal.path}`",
        signal.kind,
        signal.datatype,
        signal.unit,
        _range(signal),
        RATES[signal.period_s],
        signal.role if commanded else "",
        REFUSED[signal.interlock],
        f"{signal.travel_s:g} s" if signal.travel_s else "",
        signal.description,
    ]


def _range(signal: Signal) -> str:
    if signal.allowed:
        return ", ".join(signal.allowed)
    low = "" if signal.min == float("-inf") else f"{signal.min:g}"
    high = "" if signal.max == float("inf") else f"{signal.max:g}"
    return f"{low} to {high}" if low and high else f"from {low}" if low else ""


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def main() -> int:
    """Write the page, or with `--check` return 1 when it is not current."""
    if "--check" in sys.argv[1:]:
        return 0 if PAGE.read_text("utf-8") == page() else 1
    PAGE.write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
