"""Reading a trip that was measured: a CSV file with time, speed, and whatever else was logged."""

import csv
import math
import stat
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from vettura.drive.slope import grades
from vettura.errors import InputError
from vettura.units import KMH_PER_MPS, PERCENT, SECONDS_PER_HOUR, W_PER_KW

GAP_MAX_S = 60.0
SPEED_MAX_KMH = 400.0
ROWS_MAX = 1_000_000
BYTES_MAX = 500_000_000
NEEDED = ("time_s", "speed_kmh")
OPTIONAL = {
    "elevation_m": (-500.0, 9_000.0),
    "ambient_degc": (-60.0, 60.0),
    "battery_v": (0.0, 1_500.0),
    "battery_a": (-3_000.0, 3_000.0),
    "soc_pct": (0.0, 100.0),
    "heating_kw": (-1.0, 50.0),
    "aircon_kw": (-1.0, 50.0),
    "battery_degc": (-60.0, 120.0),
    "cabin_degc": (-60.0, 100.0),
    "motor_torque_nm": (-5_000.0, 5_000.0),
}
"""What is used where it was logged, and between which values; loggers write -999 or 65535 for "no
reading", so a value outside counts as missing."""


class Sheet(NamedTuple):
    """A CSV file as it was read."""

    header: list[str]
    rows: list[list[str]]
    lines: list[int]
    """Line of the file that each row ends on, for a person who looks there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredTrip:
    """A measured trip on a grid of one second; a column that was not logged is None."""

    name: str
    time_s: list[float]
    speed_mps: list[float]
    grade: list[float] | None
    """Slope of the road, from elevation smoothed over distance."""
    elevation_m: list[float] | None
    ambient_degc: list[float] | None
    battery_v: list[float] | None
    battery_a: list[float] | None
    """Negative when discharging."""
    soc: list[float] | None
    """The pack's own charge, 0 to 1."""
    begin_soc: float | None = None
    """The charge at the start, which is known from the first minute even where `soc` is left out
    for a gap; None when it is not."""
    heating_w: list[float] | None
    aircon_w: list[float] | None
    battery_degc: list[float] | None
    cabin_degc: list[float] | None
    motor_torque_nm: list[float] | None = None
    """At the motor's shaft; negative when regenerating. None when not logged."""
    notes: list[str]
    """What was repaired or left out, for a person."""

    @property
    def power_w(self) -> list[float] | None:
        """Power at the pack's terminals, positive when discharging; None without volts and amps."""
        if self.battery_v is None or self.battery_a is None:
            return None
        return [-v * a for v, a in zip(self.battery_v, self.battery_a, strict=True)]

    @property
    def energy_wh(self) -> float | None:
        """Energy drawn from the pack, net of regeneration, by the trapezoidal rule."""
        power = self.power_w
        if power is None:
            return None
        return sum(0.5 * (a + b) for a, b in pairwise(power)) / SECONDS_PER_HOUR

    @property
    def climate_w(self) -> list[float] | None:
        """Electric power of heater and compressor together; None when neither was logged."""
        if self.heating_w is None and self.aircon_w is None:
            return None
        zeros = [0.0] * len(self.time_s)
        pairs = zip(self.heating_w or zeros, self.aircon_w or zeros, strict=True)
        return [max(heat, 0.0) + max(cool, 0.0) for heat, cool in pairs]


def read_trip(path: Path) -> MeasuredTrip:
    """Read a CSV file; InputError names file, line, column and remedy."""
    sheet = _read_sheet(path)
    missing = [name for name in NEEDED if name not in sheet.header]
    if missing:
        there = ", ".join(sheet.header) or "no header"
        raise InputError(
            f"{path}: no column '{missing[0]}'",
            hint=f"{_remedy(sheet.header, missing[0])}; the file has {there}",
        )
    time_s = _needed(path, sheet, "time_s")
    _check_time(path, sheet.lines, time_s)
    speed_kmh = _needed(path, sheet, "speed_kmh")
    _check_speed(path, sheet.lines, speed_kmh)
    grid = [time_s[0] + k for k in range(int(time_s[-1] - time_s[0] + 1e-6) + 1)]
    notes: list[str] = []
    found = {
        name: _optional(sheet, name, time_s, grid, notes)
        for name in OPTIONAL
        if name in sheet.header
    }
    speed_mps = [v / KMH_PER_MPS for v in _resample(time_s, speed_kmh, grid)]
    elevation_m = found.get("elevation_m")
    return MeasuredTrip(
        name=path.stem,
        time_s=[t - grid[0] for t in grid],
        speed_mps=speed_mps,
        grade=grades(speed_mps, elevation_m) if elevation_m else None,
        elevation_m=elevation_m,
        ambient_degc=found.get("ambient_degc"),
        battery_v=found.get("battery_v"),
        battery_a=found.get("battery_a"),
        soc=_scaled(found.get("soc_pct"), 1.0 / PERCENT),
        begin_soc=_begin_soc(sheet, time_s),
        heating_w=_scaled(found.get("heating_kw"), W_PER_KW),
        aircon_w=_scaled(found.get("aircon_kw"), W_PER_KW),
        battery_degc=found.get("battery_degc"),
        cabin_degc=found.get("cabin_degc"),
        motor_torque_nm=found.get("motor_torque_nm"),
        notes=notes,
    )


def _read_sheet(path: Path) -> Sheet:
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        _check_file(path)
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            for row in reader:
                if row:
                    rows.append(row)
                    lines.append(reader.line_num)
                if len(rows) > ROWS_MAX:
                    raise InputError(f"{path}: more than {ROWS_MAX} lines", hint="split the trip")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 at byte {error.start}") from None
    except csv.Error as error:
        raise InputError(f"{path}: not a CSV file: {error}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: {reason.lower()}") from None
    if len(header) == 1 and ";" in header[0]:
        raise InputError(
            f"{path}: columns are parted by ';'", hint="use commas, and points in numbers"
        )
    if len(rows) < 2:
        raise InputError(f"{path}: fewer than two lines of data")
    return Sheet(header, rows, lines)


def _check_file(path: Path) -> None:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        raise InputError(f"{path}: not a file", hint="write the trip to a CSV file first")
    if status.st_size > BYTES_MAX:
        raise InputError(f"{path}: larger than {BYTES_MAX} bytes", hint="split the trip")


def _remedy(header: list[str], wanted: str) -> str:
    stem = wanted.split("_")[0]
    near = [name for name in header if name.startswith(stem)]
    return f"convert '{near[0]}' to {wanted}" if near else f"add {wanted}"


def _cell(row: list[str], index: int) -> float:
    """The number in a cell; NaN for an empty one, and for what is no number."""
    try:
        value = float(row[index])
    except (ValueError, IndexError):
        return math.nan
    return value if math.isfinite(value) else math.nan


def _needed(path: Path, sheet: Sheet, name: str) -> list[float]:
    index = sheet.header.index(name)
    values = [_cell(row, index) for row in sheet.rows]
    for line, row, value in zip(sheet.lines, sheet.rows, values, strict=True):
        if math.isnan(value):
            text = row[index] if index < len(row) else ""
            raise InputError(
                f"{path}, line {line}, column '{name}': {text!r} is not a number",
                hint="fill it or cut the line out; a gap of up to 60 s is bridged",
            )
    return values


def _check_time(path: Path, lines: list[int], time_s: list[float]) -> None:
    pairs = zip(pairwise(lines), pairwise(time_s), strict=True)
    for (line_before, line), (before, after) in pairs:
        if after <= before:
            raise InputError(
                f"{path}, line {line}: time goes from {before:g} to {after:g} s",
                hint="sort the lines by time_s and drop repeated ones",
            )
        if after - before > GAP_MAX_S:
            raise InputError(
                f"{path}: gap of {after - before:g} s between lines {line_before} and {line}",
                hint="split the trip there, or fill the gap",
            )


def _check_speed(path: Path, lines: list[int], speed_kmh: list[float]) -> None:
    for line, speed in zip(lines, speed_kmh, strict=True):
        if not 0.0 <= speed <= SPEED_MAX_KMH:
            raise InputError(
                f"{path}, line {line}, column 'speed_kmh': {speed:g} km/h",
                hint=f"speeds lie between 0 and {SPEED_MAX_KMH:g} km/h; is the unit right?",
            )


def _optional(
    sheet: Sheet, name: str, time_s: list[float], grid: list[float], notes: list[str]
) -> list[float] | None:
    """A column on the grid; None, with a note, when too much of it is missing."""
    index = sheet.header.index(name)
    low, high = OPTIONAL[name]
    values = [_cell(row, index) for row in sheet.rows]
    known = [(t, v) for t, v in zip(time_s, values, strict=True) if low <= v <= high]
    if len(known) == len(values):
        return _resample(time_s, values, grid)
    what = "missing values" if any(map(math.isnan, values)) else "values that cannot be"
    times = [t for t, _ in known]
    edges = [time_s[0], *times, time_s[-1]]
    widest = max(after - before for before, after in pairwise(edges))
    if len(known) < 2 or widest > GAP_MAX_S:
        notes.append(f"column '{name}' left out: {widest:g} s of {what} in a row")
        return None
    notes.append(f"column '{name}': {len(values) - len(known)} {what} were bridged")
    return _resample(times, [v for _, v in known], grid)


def _begin_soc(sheet: Sheet, time_s: list[float]) -> float | None:
    """The first reading of the charge, when it comes within GAP_MAX_S; None otherwise."""
    if "soc_pct" not in sheet.header:
        return None
    index = sheet.header.index("soc_pct")
    low, high = OPTIONAL["soc_pct"]
    for t, row in zip(time_s, sheet.rows, strict=True):
        if t - time_s[0] > GAP_MAX_S:
            break
        if low <= (value := _cell(row, index)) <= high:
            return value / PERCENT
    return None


def _resample(time_s: list[float], values: list[float], grid: list[float]) -> list[float]:
    """Linear interpolation on the grid, held at both ends. Both time axes rise."""
    out, k = [], 0
    for t in grid:
        while k < len(time_s) - 2 and time_s[k + 1] < t:
            k += 1
        if t <= time_s[0]:
            out.append(values[0])
            continue
        span = time_s[k + 1] - time_s[k]
        share = min((t - time_s[k]) / span, 1.0)
        out.append(values[k] + share * (values[k + 1] - values[k]))
    return out


def _scaled(values: list[float] | None, factor: float) -> list[float] | None:
    return None if values is None else [factor * v for v in values]
