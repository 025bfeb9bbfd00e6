"""The one table of car signals: every face, page and document reads it from here.

Facts of COVESA VSS 6.0 (`signals.csv`, MPL-2.0): path, kind, type, unit, range, enum; ours: how
often a signal is sent and how far it must move first, who may command it, when it is refused and
how long it takes. `rest_of_vss` lists what VSS names and our car has not.
"""

import csv
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from vettura.bus.messages import ROLES, Role, SignalValue
from vettura.errors import InputError

_TRUE = {"true", "on", "yes", "1"}
_NUMBER = (int, float)
_FALSE = {"false", "off", "no", "0"}
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
    change: str
    """static, on_change or continuous."""
    interlock: str
    """When a command is refused: standing, no_current, no_cable; empty for never."""
    role: Role
    """The least that may command it; means nothing but for actuators."""
    travel_s: float
    """How long a full movement takes [s]; 0 for at once."""
    description: str


@cache
def signal_table() -> Mapping[str, Signal]:
    """Every signal of our car by path, in the order of the paths."""
    return {row["path"]: _signal(row) for row in _rows("signals.csv")}


@cache
def rest_of_vss() -> Mapping[str, Signal]:
    """Every signal of VSS 6.0 that our car has not, by path: listed, without a value of its own."""
    return {row["path"]: _signal(row) for row in _rows("vss_rest.csv")}


def signal_of(path: str) -> Signal | None:
    """The row of a path: of our car, else of the rest of VSS; None when nobody knows it."""
    return signal_table().get(path) or rest_of_vss().get(path)


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files("vettura.bus").joinpath(name).read_text("utf-8")
    return csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))


def _signal(row: dict[str, str]) -> Signal:
    return Signal(
        path=row["path"],
        kind=row["kind"],
        datatype=row["datatype"],
        unit=row["unit"],
        min=float(row["min"] or "-inf"),
        max=float(row["max"] or "inf"),
        allowed=tuple(row["allowed"].split("|")) if row["allowed"] else (),
        period_s=RATE_PERIOD_S[row.get("rate", "fast")],
        deadband=float(row.get("deadband") or 0.0),
        change=row.get("change") or ("static" if row["kind"] == "attribute" else "continuous"),
        interlock=row.get("interlock", ""),
        role=_role(row.get("role") or ROLES[0]),
        travel_s=float(row.get("travel_s") or 0.0),
        description=row.get("description", ""),
    )


def is_whole(signal: Signal) -> bool:
    """Whether its values are whole numbers."""
    return "int" in signal.datatype


def read_value(signal: Signal, text: str) -> SignalValue:
    """Read what a person or a wire wrote as a value of that signal.

    Raises `InputError`; only the type is read here, whether the value is allowed says the car.
    """
    word = text.strip()
    if signal.datatype == "boolean":
        if word.lower() not in _TRUE | _FALSE:
            raise InputError(f"{signal.path}: '{word[:40]}' is neither true nor false")
        return word.lower() in _TRUE
    if signal.datatype.endswith("[]"):
        items = [item.strip() for item in word.strip("[]").split(",") if item.strip()]
        return [
            _number(signal, item) if "string" not in signal.datatype else item for item in items
        ]
    return text if signal.datatype == "string" else _number(signal, word)


def _number(signal: Signal, word: str) -> float | int:
    try:
        value = int(word) if is_whole(signal) else float(word)
    except ValueError:
        kind = "a whole number" if is_whole(signal) else "a number"
        raise InputError(f"{signal.path}: '{word[:40]}' is not {kind}") from None
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{signal.path}: {word[:40]} is not a finite number")
    return value


def _role(word: str) -> Role:
    return next(role for role in ROLES if role == word)


class Changes:
    """Decides which values of a car are worth sending: what changed, and not too often."""

    def __init__(self) -> None:
        self._sent: dict[str, SignalValue] = {}
        self._due: dict[str, float] = {}

    def full(self, values: Mapping[str, SignalValue], now_s: float) -> dict[str, SignalValue]:
        """All of them; remembers that they were sent at `now_s`."""
        self._sent = dict(values)
        table = signal_table()
        self._due = {path: now_s + table[path].period_s for path in values if path in table}
        return dict(values)

    def since(
        self, values: Mapping[str, SignalValue], now_s: float, *, exact: Collection[str] = ()
    ) -> dict[str, SignalValue]:
        """Those that differ from what was sent last and whose rate allows another.

        `exact`: paths whose every change is worth sending; only these may be outside our table.
        """
        table, sent, due = signal_table(), self._sent, self._due
        changed: dict[str, SignalValue] = {}
        for path, value in values.items():
            before = sent.get(path)
            if value == before:
                continue
            if path in exact:
                changed[path] = sent[path] = value
                continue
            if now_s < due.get(path, 0.0):
                continue
            signal = table[path]
            if (
                signal.deadband
                and isinstance(value, _NUMBER)
                and isinstance(before, _NUMBER)
                and abs(value - before) < signal.deadband
            ):
                continue
            changed[path] = value
            sent[path] = value
            due[path] = now_s + signal.period_s
        return changed

    def forget(self, paths: Iterable[str]) -> None:
        """What these were is no longer known to anybody: they are sent again as soon as asked."""
        for path in paths:
            self._sent.pop(path, None)
            self._due.pop(path, None)
