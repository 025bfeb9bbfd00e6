"""Published charging curves: reading them, and telling real ones from placeholders."""

import csv
import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, TypeAlias

from vettura.errors import InputError
from vettura.units import PERCENT, W_PER_KW, WH_PER_KWH

FROM_SOC, TO_SOC = 0.10, 0.80
SHARED_BY_MAX = 3
"""A normalised shape that more packs than this share was drawn once and copied."""
SAME_KW = 0.05
"""A power this near to the capacity in kWh is the capacity, typed into the wrong column."""
W_PER_WH_MAX = 5.0
"""No car on sale charges faster (5C: CATL Qilin packs, 2024); what says so is a slip."""
CURVE_FILES = ("dc_curves.csv", "curves.csv", "su7_max_dc_curve.csv")
SIBLINGS = ("open_ev_data", "charging_curves", "xiaomi_su7")
SU7_MAX_NET_WH, SU7_MAX_MINUTES = 99_000.0, 23.0 + 46.0 / 60.0
"""Net capacity, and the minutes from 10 to 80 % that the page of the curve prints beside it."""

Points: TypeAlias = tuple[tuple[float, float], ...]


class Curve(NamedTuple):
    """A car's published power over charge."""

    car: str
    source: str
    """Name of the data set."""
    net_wh: float
    pack_v: float
    points: Points
    """Displayed charge (0 to 1) and power [W] at the inlet."""
    printed_minutes: float | None = None
    """10 to 80 % as the source prints it; None when it prints none."""

    def power_w(self, soc: float) -> float:
        """Power [W] there: straight lines between the points, held at both ends."""
        if soc <= self.points[0][0]:
            return self.points[0][1]
        for (low, low_w), (high, high_w) in pairwise(self.points):
            if soc <= high:
                return low_w + (soc - low) / (high - low) * (high_w - low_w)
        return self.points[-1][1]

    @property
    def minutes(self) -> float:
        """Minutes from 10 to 80 %: the capacity over the power, integrated in steps of 0.1 %."""
        count = 1_000
        width = (TO_SOC - FROM_SOC) / count
        middles = (FROM_SOC + (k + 0.5) * width for k in range(count))
        hours = sum(self.net_wh * width / self.power_w(soc) for soc in middles)
        return 60.0 * hours


class Curves(NamedTuple):
    """Real curves, and why others were left out, with their number."""

    real: list[Curve]
    left_out: dict[str, int]


def read_curves(folder: Path) -> Curves:
    """Curves of a folder and of its siblings by the names in SIBLINGS.

    InputError when neither the folder nor a sibling holds a file of curves.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: not a folder", hint=f"it should hold {CURVE_FILES[0]}")
    folders = dict.fromkeys([folder, *(folder.resolve().parent / name for name in SIBLINGS)])
    seen: set[Path] = set()
    found: list[Curve] = []
    left_out: Counter[str] = Counter()
    for place in folders:
        for name in CURVE_FILES:
            file = place / name
            if file.is_file() and file.resolve() not in seen:
                seen.add(file.resolve())
                curves = _READERS[name](file)
                found += curves.real
                left_out.update(curves.left_out)
    if not seen:
        raise InputError(f"{folder}: no {' or '.join(CURVE_FILES)} there or beside it")
    usable = [curve for curve in found if _covers(curve)]
    left_out["does not cover 10 to 80 %"] += len(found) - len(usable)
    once = {(c.net_wh, _shape(c)): c for c in reversed(usable)}
    left_out["the same pack and curve once more"] += len(usable) - len(once)
    kept = sorted(once.values(), key=lambda c: (c.source, c.car, c.net_wh))
    return Curves(kept, {why: count for why, count in sorted(left_out.items()) if count})


def _read_open_ev_data(file: Path) -> Curves:
    """Open EV Data: flagged real, power not the capacity, shape not shared by many packs."""
    points = _points(file, key="id")
    cars = {row["id"]: row for row in _rows(file.with_name("cars.csv"), ("id", "usable_kwh"))}
    left_out: Counter[str] = Counter()
    curves = []
    for key, curve_points in points.items():
        row = cars.get(key, {})
        net_kwh, dc_kw = _float(row.get("usable_kwh")), _float(row.get("dc_kw"))
        if row.get("real_curve") != "True" or not net_kwh > 0.0:
            left_out["not flagged as real by its source"] += 1
        elif abs(dc_kw - net_kwh) < SAME_KW:
            left_out["power equals the capacity: a placeholder"] += 1
        elif max(watts for _, watts in curve_points) > W_PER_WH_MAX * WH_PER_KWH * net_kwh:
            left_out[f"power of more than {W_PER_WH_MAX:g} capacities an hour"] += 1
        else:
            names = (row.get("brand"), row.get("model"), row.get("year"), row.get("variant"))
            name = " ".join(word for word in names if word)
            volts = _float(row.get("volts"))
            pack_v = volts if volts > 0.0 else 400.0
            curves.append(
                Curve(name, "open_ev_data", net_kwh * WH_PER_KWH, pack_v, tuple(curve_points))
            )
    packs = {(curve.net_wh, _shape(curve)) for curve in curves}
    shared = Counter(shape for _, shape in packs)
    real = [curve for curve in curves if shared[_shape(curve)] <= SHARED_BY_MAX]
    left_out[f"shape shared by more than {SHARED_BY_MAX} packs"] += len(curves) - len(real)
    return Curves(real, dict(left_out))


def _read_charging_curves(file: Path) -> Curves:
    rows = _rows(file, ("car", "net_kwh", "soc_pct", "dc_kw"))
    capacity = {row["car"]: _float(row["net_kwh"]) * WH_PER_KWH for row in rows}
    curves = []
    for car, points in _points(file, key="car").items():
        pack_v = 800.0 if max(watts for _, watts in points) > 205_000.0 else 400.0
        printed = SU7_MAX_MINUTES if car.startswith("xiaomi_su7_max") else None
        curves.append(Curve(car, "charging_curves", capacity[car], pack_v, tuple(points), printed))
    return Curves(curves, {})


def _read_su7_max(file: Path) -> Curves:
    points = tuple(_points(file, key=None)[""])
    curve = Curve("Xiaomi SU7 Max", "xiaomi_su7", SU7_MAX_NET_WH, 800.0, points, SU7_MAX_MINUTES)
    return Curves([curve], {})


_READERS = {
    "dc_curves.csv": _read_open_ev_data,
    "curves.csv": _read_charging_curves,
    "su7_max_dc_curve.csv": _read_su7_max,
}


def _points(file: Path, key: str | None) -> dict[str, list[tuple[float, float]]]:
    """Charge and power [W] of each car of a file, sorted by charge."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    needed = ("soc_pct", "dc_kw") if key is None else (key, "soc_pct", "dc_kw")
    for number, row in enumerate(_rows(file, needed), start=2):
        soc_pct, kw = _float(row["soc_pct"]), _float(row["dc_kw"])
        if not (0.0 <= soc_pct <= PERCENT and kw >= 0.0):
            raise InputError(
                f"{file}, line {number}: {row['soc_pct']} % and {row['dc_kw']} kW",
                hint="charge lies between 0 and 100 %, power is not negative",
            )
        found[row[key] if key else ""].append((soc_pct / PERCENT, kw * W_PER_KW))
    return {car: sorted(dict(points).items()) for car, points in found.items()}


def _rows(file: Path, needed: Iterable[str]) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text, strict=True, restval="")
            missing = [name for name in needed if name not in (reader.fieldnames or [])]
            if missing:
                raise InputError(f"{file}: no column '{missing[0]}'")
            return list(reader)
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"{file}: not a CSV file: {error}") from None
    except OSError as error:
        raise InputError(f"{file}: {(error.strerror or str(error)).lower()}") from None


def _float(text: str | None) -> float:
    """The number in a cell; NaN for an empty one, and for what is no number."""
    try:
        return float(text or "")
    except ValueError:
        return math.nan


def _shape(curve: Curve) -> Points:
    peak_w = max(watts for _, watts in curve.points) or 1.0
    return tuple((soc, round(watts / peak_w, 2)) for soc, watts in curve.points)


def _covers(curve: Curve) -> bool:
    socs = [soc for soc, _ in curve.points]
    inside = [watts for soc, watts in curve.points if FROM_SOC <= soc <= TO_SOC]
    return socs[0] <= FROM_SOC and socs[-1] >= TO_SOC and min(inside, default=1.0) > 0.0
