"""Meter values of a wallbox as watts and watt-hours, whatever units, phases and gaps it has. Pure.

Facts: OCPP 1.6 edition 2, 7.31 to 7.45 (a value without a measurand is the register of energy
taken, in Wh; without a unit Wh); OCPP 2.0.1 part 2, 2.45 and 2.53 (a unit with a power of ten).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, final

from vettura.faces.ocpp_times import read_time_ns
from vettura.units import NS_PER_S, SECONDS_PER_HOUR

VOLTS = 230.0
"""Line to neutral, where the meter does not say (IEC 60038)."""
SAMPLES_MAX = 2_000
"""So many samples of one message are read."""
NOTES_MAX = 4
REGISTER = "Energy.Active.Import.Register"
GIVEN = "Energy.Active.Export.Register"
POWER, POWER_GIVEN = "Power.Active.Import", "Power.Active.Export"
CURRENT, CURRENT_GIVEN = "Current.Import", "Current.Export"
VOLTAGE, SOC = "Voltage", "SoC"
_UNITS = {
    REGISTER: {"wh": 1.0, "kwh": 1_000.0, "mwh": 1_000_000.0},
    POWER: {"w": 1.0, "kw": 1_000.0, "mw": 1_000_000.0},
    CURRENT: {"a": 1.0, "ma": 0.001},
    VOLTAGE: {"v": 1.0, "kv": 1_000.0},
    SOC: {"percent": 0.01, "%": 0.01},
}
_KIN = {GIVEN: REGISTER, POWER_GIVEN: POWER, CURRENT_GIVEN: CURRENT}
PHASES = ("L1", "L2", "L3")
ASIDE = frozenset({"EV", "Inlet", "Body", "Upstream"})
"""Where a sample is taken that is not what flows into the car; only charge is read at the car."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one message says; None for what it does not say."""

    time_ns: int | None = None
    """Of its newest sample that has one."""
    energy_wh: float | None = None
    given_wh: float | None = None
    power_w: float | None = None
    """Into the car; negative is out of it."""
    soc: float | None = None
    notes: tuple[str, ...] = ()
    """What was ignored or guessed, in words for a person."""


class _Sample(NamedTuple):
    measurand: str
    phase: str
    value: float


@final
@dataclass(slots=True)
class _Found:
    """Values by measurand and phase; the newest wins."""

    values: dict[str, dict[str, float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    time_ns: int | None = None

    def note(self, text: str) -> None:
        if text not in self.notes and len(self.notes) < NOTES_MAX:
            self.notes.append(text)


def read_meter(values: object, *, energy_unit: str = "Wh") -> Reading:
    """Read a list of meter values of any version, in whatever state it is.

    `energy_unit` is what the station means by an energy without a unit.
    """
    found = _Found()
    for entry in _oldest_first(values):
        time_ns = read_time_ns(entry.get("timestamp"))
        if time_ns is not None:
            found.time_ns = time_ns
        for sample in _samples(entry, found, energy_unit):
            found.values.setdefault(sample.measurand, {})[sample.phase] = sample.value
    return Reading(
        time_ns=found.time_ns,
        energy_wh=_whole(found.values.get(REGISTER)),
        given_wh=_whole(found.values.get(GIVEN)),
        power_w=_power_w(found.values),
        soc=_share(found.values.get(SOC)),
        notes=tuple(found.notes),
    )


def _oldest_first(values: object) -> list[dict[str, Any]]:
    entries = values[:SAMPLES_MAX] if isinstance(values, list) else []
    dicts = [entry for entry in entries if isinstance(entry, dict)]
    return sorted(dicts, key=lambda entry: read_time_ns(entry.get("timestamp")) or 0)


def _samples(entry: dict[str, Any], found: _Found, energy_unit: str) -> Iterator[_Sample]:
    sampled = entry.get("sampledValue")
    for one in sampled[:SAMPLES_MAX] if isinstance(sampled, list) else []:
        if isinstance(one, dict):
            sample = _sample(one, found, energy_unit)
            if sample is not None:
                yield sample


def _sample(one: dict[str, Any], found: _Found, energy_unit: str) -> _Sample | None:
    measurand = one.get("measurand", REGISTER)
    kin = _KIN.get(measurand, measurand) if isinstance(measurand, str) else ""
    if kin not in _UNITS or (one.get("location") in ASIDE and kin != SOC):
        return None
    value = _number(one.get("value"))
    if value is None:
        found.note(f"{measurand} of {str(one.get('value'))[:20]} is no number")
        return None
    phase = one.get("phase")
    # L1-N is what flows in L1; between two lines there is only voltage.
    name = phase.removesuffix("-N") if isinstance(phase, str) else ""
    if name not in {*PHASES, ""}:
        return None
    return _Sample(str(measurand), name, value * _factor(one, kin, found, energy_unit))


def _factor(one: dict[str, Any], kin: str, found: _Found, energy_unit: str) -> float:
    """What makes it W, Wh, A, V or a share."""
    of_measure = one.get("unitOfMeasure")
    told = of_measure if isinstance(of_measure, dict) else one
    unit = told.get("unit")
    multiplier = told.get("multiplier", 0)
    is_sound = type(multiplier) is int and -9 <= multiplier <= 9
    power_of_ten = 10.0**multiplier if is_sound else 1.0
    if not is_sound:
        found.note(f"a multiplier of {str(multiplier)[:20]} is left out")
    units = _UNITS[kin]
    if unit is None and kin == REGISTER:
        unit = energy_unit
    if unit is None:
        return power_of_ten * next(iter(units.values()))
    factor = units.get(str(unit).lower())
    if factor is None:
        found.note(f"the unit '{str(unit)[:20]}' is none of {kin}; {next(iter(units))} is taken")
        factor = next(iter(units.values()))
    return power_of_ten * factor


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        # A comma is how half of Europe writes it, and some of its wallboxes.
        number = float(value.replace(",", ".") if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _whole(phases: dict[str, float] | None) -> float | None:
    """Of all phases: told as one, or the sum of what is told of each."""
    if not phases:
        return None
    return phases.get("", sum(value for name, value in phases.items() if name))


def _share(phases: dict[str, float] | None) -> float | None:
    share = _whole(phases)
    return None if share is None else min(1.0, max(0.0, share))


def _power_w(values: dict[str, dict[str, float]]) -> float | None:
    """What flows in less what flows out; from currents where no power is told."""
    taken_w, given_w = _whole(values.get(POWER)), _whole(values.get(POWER_GIVEN))
    if taken_w is None and given_w is None:
        volts = values.get(VOLTAGE, {})
        taken_w = _from_currents(values.get(CURRENT), volts)
        given_w = _from_currents(values.get(CURRENT_GIVEN), volts)
    if taken_w is None and given_w is None:
        return None
    return (taken_w or 0.0) - (given_w or 0.0)


def _from_currents(amps: dict[str, float] | None, volts: dict[str, float]) -> float | None:
    if not amps:
        return None
    level = volts.get("", VOLTS)
    lines = [name for name in amps if name] or [""]
    return sum(amps[name] * volts.get(name, level) for name in lines)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """One register of a station as it grows on: what cannot be is held back, in `offset_wh` taken
    out."""

    raw_wh: float | None = None
    """What the station told last and was believed."""
    time_ns: int = 0
    offset_wh: float = 0.0
    doubted_wh: float | None = None
    """What it told last and was not believed."""

    @property
    def total_wh(self) -> float:
        """Ever counted: it only grows."""
        return (self.raw_wh or 0.0) + self.offset_wh


SLACK_WH = 1_100.0
"""A register may grow by so much more than the power allows: some count in whole kWh."""
_SCALES = {
    1.0: "",
    1_000.0: "the register is told 1000 times too small",
    0.001: "the register is told 1000 times too large",
}
OVER = 1.5
"""A station may give so much more than its config says before it is not believed."""


def counted(
    counter: Counter, raw_wh: float, time_ns: int, *, power_w_max: float
) -> tuple[Counter, str]:
    """Take in a register's value; says in words what was wrong with it, empty for nothing.

    A value that could not have been reached by now, or that went back, is believed once the next
    one goes on from it: then the station has another meter, and the count goes on from its own.
    One that fits a thousand times larger or smaller is in another unit.
    """
    if counter.raw_wh is None:
        return replace(counter, raw_wh=raw_wh, time_ns=time_ns, doubted_wh=None), ""
    hours = max(0, time_ns - counter.time_ns) / NS_PER_S / SECONDS_PER_HOUR
    room_wh = SLACK_WH + OVER * power_w_max * hours
    for factor in _SCALES:
        if 0.0 <= raw_wh * factor - counter.raw_wh <= room_wh:
            text = _SCALES[factor]
            believed = replace(
                counter,
                raw_wh=raw_wh * factor,
                time_ns=max(time_ns, counter.time_ns),
                doubted_wh=None,
            )
            return believed, text
    doubted = counter.doubted_wh
    if doubted is not None and 0.0 <= raw_wh - doubted <= room_wh:
        moved = Counter(raw_wh=raw_wh, time_ns=time_ns, offset_wh=counter.total_wh - doubted)
        return moved, "the register begins anew; the count goes on"
    text = f"the register jumps from {counter.raw_wh:.0f} to {raw_wh:.0f} Wh; ignored"
    return replace(counter, doubted_wh=raw_wh), text
