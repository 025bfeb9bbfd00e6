"""The one table of car signals: every face, page and document reads it from here.

Facts of COVESA VSS 6.0 (`signals.csv`, MPL-2.0): path, kind, type, unit, range, enum; ours: how
often a signal is sent and how far it must move first.
"""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from vettura.bus.messages import SignalValue

VSS_VERSION = (6, 0)
RATE_PERIOD_S = {"fast": 0.0, "second": 1.0, "slow": 10.0, "still": float("inf")}
"""Shortest time between two sendings of a signal of that group [s]."""


class Signal(NamedTuple):
    """One row of the table."""

    path: str
    kind: str
    """attribute, sensor or actuator."""
    datatype: str
    unit: str
    min: float
    max: float
    allowed: tuple[str, ...]
    """The words a string may be; empty when any will do."""
    period_s: float
    deadband: float


@cache
def signal_table() -> Mapping[str, Signal]:
    """Every signal of our car by path, in the order of the paths."""
    text = files("vettura.bus").joinpath("signals.csv").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {row["path"]: _signal(row) for row in csv.DictReader(lines)}


def _signal(row: dict[str, str]) -> Signal:
    return Signal(
        path=row["path"],
        kind=row["kind"],
        datatype=row["datatype"],
        unit=row["unit"],
        min=float(row["min"] or "-inf"),
        max=float(row["max"] or "inf"),
        allowed=tuple(row["allowed"].split("|")) if row["allowed"] else (),
        period_s=RATE_PERIOD_S[row["rate"]],
        deadband=float(row["deadband"] or 0.0),
    )


class Changes:
    """Decides which values of a car are worth sending: what changed, and not too often."""

    def __init__(self) -> None:
        self._sent: dict[str, SignalValue] = {}
        self._due: dict[str, float] = {}

    def full(self, values: Mapping[str, SignalValue], now_s: float) -> dict[str, SignalValue]:
        """All of them; remembers that they were sent at `now_s`."""
        self._sent = dict(values)
        self._due = {path: now_s + signal_table()[path].period_s for path in values}
        return dict(values)

    def since(self, values: Mapping[str, SignalValue], now_s: float) -> dict[str, SignalValue]:
        """Those that differ from what was sent last and whose rate allows another."""
        table, sent, due = signal_table(), self._sent, self._due
        changed: dict[str, SignalValue] = {}
        for path, value in values.items():
            before = sent.get(path)
            if value == before or now_s < due.get(path, 0.0):
                continue
            signal = table[path]
            if signal.deadband and _moved_less(value, before, signal.deadband):
                continue
            changed[path] = value
            sent[path] = value
            due[path] = now_s + signal.period_s
        return changed


def _moved_less(value: SignalValue, before: SignalValue | None, deadband: float) -> bool:
    if not isinstance(value, int | float) or not isinstance(before, int | float):
        return False
    return abs(value - before) < deadband
