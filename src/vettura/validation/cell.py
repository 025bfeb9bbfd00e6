"""Our cell against a measured one: a Nissan Leaf's, pulsed and discharged on a Bitrode tester.

Each file is run through the car's own battery functions, current in, voltage out; nothing is fitted
here. The cell is the relations' "lmo" with one cell in series.
"""

import csv
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import NamedTuple

from vettura.car.battery import battery_degc_after, carry_current, open_circuit_v, resistance
from vettura.car.chemistry import CHEMISTRIES, mean_v, pack_params
from vettura.errors import InputError
from vettura.units import PERCENT, SECONDS_PER_HOUR

RATED_AH = 33.1
"""AESC's cell of 2013, at C/3."""
CAPACITY_SHARE = 31.0 / RATED_AH
"""What this used cell holds of it: 30.3 Ah at 1C until 3.0 V under load, 30.7 Ah from the rest
after C/3 to the full charge, and what is left below that rest's 3.07 V."""
CELL_J_PER_K, CELL_UA_W_PER_K = 800.0, 1.5
"""0.8 kg of about 1,000 J/(kg·K); both faces (2 x 0.29 m x 0.216 m) in a chamber's moving air of
12 W/(m²·K)."""
ROOM_DEGC = 25.0
"""Air of a test whose file does not name it."""
COLUMNS, TIME, STEP, CURRENT, VOLTAGE, MODE = 14, 1, 6, 8, 9, 13
DIRECTIONS = {"REST": 0.0, "CHRG": -1.0, "DCHG": 1.0}
PULSE_MIN_S, PULSE_MAX_S = 5.0, 60.0
FULL_V, FULL_SHARE_PER_HOUR = 4.19, 0.05
"""Charged at 4.2 V until the current has fallen to a twentieth of the capacity per hour: full."""
STEP_MAX_S, REST_STEP_MAX_S = 1.0, 10.0
BYTES_MAX = 500_000_000
MV_PER_V = 1000.0

NOMINAL_V = mean_v(CHEMISTRIES["lmo"].cell_v)
CELL = pack_params(
    CHEMISTRIES["lmo"],
    cells_in_series=1,
    gross_wh=RATED_AH * NOMINAL_V,
    net_wh=RATED_AH * NOMINAL_V,
    discharge_power_max_w=0.0,
    charge_power_max_w=0.0,
)._replace(degc_per_j=1.0 / CELL_J_PER_K, ua_w_per_k=CELL_UA_W_PER_K)


class Reading(NamedTuple):
    """A line of the tester's log."""

    time_s: float
    current_a: float
    """Positive when discharging."""
    voltage_v: float
    phase: tuple[str, str]
    """Step of the programme and mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSeries:
    """What is drawn, one value for each line of the log."""

    time_s: list[float]
    current_a: list[float]
    """Positive when discharging."""
    measured_v: list[float]
    model_v: list[float]
    soc: list[float]
    cell_degc: list[float]
    """The model's: the files hold no temperature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Current for some seconds after a rest; resistance is change of voltage over current."""

    at_s: float
    duration_s: float
    soc: float
    current_a: float
    """At its end; positive when discharging."""
    measured_ohm: float
    model_ohm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRow:
    """How the model did on one file."""

    file: str
    ambient_degc: float
    pulses: int
    resistance_error_pct: float | None
    """Mean absolute, over the pulses; None for a file without any."""
    voltage_rmse_mv: float
    """Over all lines."""
    voltage_bias_mv: float
    """Model less measured, mean over all lines."""
    each: list[Pulse]
    series: CellSeries


@dataclass(frozen=True, slots=True, kw_only=True)
class CellReport:
    """How the model did on a folder of files."""

    rows: list[CellRow]

    @property
    def worst_resistance_error_pct(self) -> float | None:
        """Of the file that came out worst; None when no file holds a pulse."""
        errors = [r.resistance_error_pct for r in self.rows if r.resistance_error_pct is not None]
        return max(errors, default=None)

    @property
    def worst_voltage_rmse_mv(self) -> float:
        """Of the file that came out worst."""
        return max(row.voltage_rmse_mv for row in self.rows)


def validate_cell(folder: Path) -> CellReport:
    """Hold the model against every CSV file of the folder; InputError says what cannot be read."""
    if not folder.is_dir():
        raise InputError(
            f"{folder}: not a folder", hint="name the folder of the tester's CSV files"
        )
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".csv")
    if not paths:
        raise InputError(f"{folder}: no CSV files", hint="put the tester's exports there")
    return CellReport(
        rows=[
            compare(path.name, read_log(path), ambient_degc=ambient_of(path.name)) for path in paths
        ]
    )


def ambient_of(file: str) -> float:
    """Air [°C] of a test by its file's name: "HPPC-10C" is 10 °C, "3C-Discharge" is a rate."""
    named = re.search(r"hppc\D*?(\d+)c(?![a-z])", file, flags=re.IGNORECASE)
    return float(named[1]) if named else ROOM_DEGC


def read_log(path: Path) -> list[Reading]:
    """Lines of a Bitrode export, with or without a header; InputError names file and line."""
    try:
        if path.stat().st_size > BYTES_MAX:
            raise InputError(f"{path}: larger than {BYTES_MAX} bytes", hint="split the file")
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            rows = [(lines.line_num, row) for row in lines if row]
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 at byte {error.start}") from None
    except csv.Error as error:
        raise InputError(f"{path}: not a CSV file: {error}") from None
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    if rows and rows[0][1][1:2] and rows[0][1][1].strip().lower().startswith("time"):
        rows = rows[1:]
    log = [_reading(path, line, row) for line, row in rows]
    if len(log) < 2:
        raise InputError(f"{path}: fewer than two lines of data")
    for (line, _), (before, now) in zip(rows[1:], pairwise(log), strict=True):
        if now.time_s < before.time_s:
            raise InputError(
                f"{path}, line {line}: time goes from {before.time_s:g} to {now.time_s:g} s",
                hint="export one test to one file",
            )
    return log


def _reading(path: Path, line: int, row: list[str]) -> Reading:
    if len(row) < COLUMNS:
        raise InputError(
            f"{path}, line {line}: {len(row)} columns, not {COLUMNS}",
            hint="export from the tester with all columns, up to Mode",
        )
    mode = row[MODE].strip().upper()
    if mode not in DIRECTIONS:
        raise InputError(
            f"{path}, line {line}: mode {row[MODE]!r}", hint="modes are " + ", ".join(DIRECTIONS)
        )
    # The tester writes some currents with a sign and some without; the mode is always right.
    current_a = DIRECTIONS[mode] * abs(_number(path, line, row[CURRENT]))
    return Reading(
        _number(path, line, row[TIME]),
        current_a,
        _number(path, line, row[VOLTAGE]),
        (row[STEP].strip(), mode),
    )


def _number(path: Path, line: int, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{path}, line {line}: {text!r} is not a number")
    return value


def compare(file: str, log: list[Reading], *, ambient_degc: float) -> CellRow:
    """The model through the log's current, beside its voltage."""
    series = run_model(log, ambient_degc=ambient_degc)
    each = find_pulses(log, series)
    errors = [abs(pulse.model_ohm / pulse.measured_ohm - 1.0) for pulse in each]
    off_v = [a - b for a, b in zip(series.model_v, series.measured_v, strict=True)]
    return CellRow(
        file=file,
        ambient_degc=ambient_degc,
        pulses=len(each),
        resistance_error_pct=PERCENT * sum(errors) / len(errors) if errors else None,
        voltage_rmse_mv=MV_PER_V * math.sqrt(sum(v * v for v in off_v) / len(off_v)),
        voltage_bias_mv=MV_PER_V * sum(off_v) / len(off_v),
        each=each,
        series=series,
    )


def run_model(log: list[Reading], *, ambient_degc: float) -> CellSeries:
    """The model's voltage at every line, from a rested cell at the air's temperature."""
    soc, pair_v, degc = first_soc(log, ambient_degc=ambient_degc), 0.0, ambient_degc
    model_v, socs, degcs = [_terminal_v(log[0].current_a, soc, pair_v, degc)], [soc], [degc]
    for before, now in pairwise(log):
        for current_a, dt in _steps(before, now):
            done = carry_current(CELL, soc, pair_v, degc, CAPACITY_SHARE, 1.0, current_a, dt)
            degc = battery_degc_after(CELL, degc, ambient_degc, done.heat_w, 0.0, dt)
            soc, pair_v = done.soc, done.polarisation_v
        model_v.append(_terminal_v(now.current_a, soc, pair_v, degc))
        socs.append(soc)
        degcs.append(degc)
    return CellSeries(
        time_s=[reading.time_s for reading in log],
        current_a=[reading.current_a for reading in log],
        measured_v=[reading.voltage_v for reading in log],
        model_v=model_v,
        soc=socs,
        cell_degc=degcs,
    )


def _steps(before: Reading, now: Reading) -> Iterator[tuple[float, float]]:
    """Current [A] and length [s] of the steps from one line to the next.

    Within a phase the current goes straight from one to the other. A new phase begins right after
    the last line of the one before: the tester writes every end.
    """
    span_s = now.time_s - before.time_s
    begin_a = before.current_a if before.phase == now.phase else now.current_a
    longest_s = STEP_MAX_S if begin_a or now.current_a else REST_STEP_MAX_S
    count = math.ceil(span_s / longest_s - 1e-6)
    for k in range(count):
        yield begin_a + (now.current_a - begin_a) * (k + 0.5) / count, span_s / count


def _terminal_v(current_a: float, soc: float, pair_v: float, degc: float) -> float:
    ohmic_ohm = resistance(CELL, soc, degc, 1.0).ohmic_ohm
    return open_circuit_v(CELL, soc) - pair_v - current_a * ohmic_ohm


def first_soc(log: list[Reading], *, ambient_degc: float) -> float:
    """Charge at the first line: counted back from the end of the first full charge.

    In a file without one, what the first voltage tells.
    """
    capacity_c = CELL.capacity_c * CAPACITY_SHARE
    full_a = FULL_SHARE_PER_HOUR * capacity_c / SECONDS_PER_HOUR
    drawn_c = 0.0
    for index, (before, now) in enumerate(pairwise(log)):
        drawn_c += sum(current_a * dt for current_a, dt in _steps(before, now))
        ends = all(after.phase != now.phase for after in log[index + 2 : index + 3])
        if ends and -full_a <= now.current_a < 0.0 and now.voltage_v >= FULL_V:
            return min(max(1.0 + drawn_c / capacity_c, 0.0), 1.0)
    return _soc_of(log[0], ambient_degc=ambient_degc)


def _soc_of(reading: Reading, *, ambient_degc: float) -> float:
    """Charge at which the model shows that voltage, by halving."""
    low, high = 0.0, 1.0
    for _ in range(40):
        half = 0.5 * (low + high)
        below = _terminal_v(reading.current_a, half, 0.0, ambient_degc) < reading.voltage_v
        low, high = (half, high) if below else (low, half)
    return 0.5 * (low + high)


def find_pulses(log: list[Reading], series: CellSeries) -> list[Pulse]:
    """Every short current after a rest, in both directions."""
    runs = [[index for index, _ in run] for _, run in groupby(enumerate(log), lambda x: x[1].phase)]
    found = []
    for rest, run in pairwise(runs):
        begin, end = rest[-1], run[-1]
        current_a = log[end].current_a
        duration_s = log[end].time_s - log[begin].time_s
        short = PULSE_MIN_S <= duration_s <= PULSE_MAX_S
        if not short or current_a == 0.0 or log[begin].current_a != 0.0:
            continue
        found.append(
            Pulse(
                at_s=log[begin].time_s,
                duration_s=duration_s,
                soc=series.soc[begin],
                current_a=current_a,
                measured_ohm=(log[begin].voltage_v - log[end].voltage_v) / current_a,
                model_ohm=(series.model_v[begin] - series.model_v[end]) / current_a,
            )
        )
    return found
