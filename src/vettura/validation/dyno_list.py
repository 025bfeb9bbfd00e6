"""Reading a list of dynamometer tests, and telling rows that cannot be from those that can."""

import csv
import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Literal, NamedTuple, TypeAlias

from vettura.drive.cycles import cycle_names, load_cycle
from vettura.errors import InputError
from vettura.units import M_PER_KM, SECONDS_PER_HOUR

Regen: TypeAlias = Literal["strong", "selectable", "light", "none"]
"""What lifting the accelerator does."""
FILE_NAME = "tests.csv"
ROWS_MAX = 100_000
ROTATING_SHARE = 0.015
"""What wheels and brakes add to the inertia that a dynamometer simulates (40 CFR 1066.210)."""
TWINS_APART = 0.12
"""Cars of one maker with the same drive differ in body, wheels and load, which the road load holds;
energy over the work of that road load cannot differ by more than this."""
LEAST_OVER_WORK, MOST_OVER_WORK = 1.0, 1.7
"""Energy at the wall over the work at the wheels: less than the first would be a charger, a
battery, a motor and a gear without loss; more than the second wastes two fifths of what it took."""


class DynoTest(NamedTuple):
    """One row: what was set on the dynamometer, public facts of the car, and what was measured."""

    make: str
    model: str
    test_vehicle: str
    config: str
    drive: str
    """F, R, or all wheels: A, 4, P."""
    rated_hp: float
    test_mass_kg: float
    coef_a_n: float
    coef_b_n_per_mps: float
    coef_c_n_per_mps2: float
    cycle: str
    wall_kwh_100km: float | None
    """Measured at the wall; None in a list without answers."""
    motor_front: str
    motor_rear: str
    gears: int
    lift_off_regen: Regen
    battery_gross_kwh: float
    pack_volt_class: float

    @property
    def name(self) -> str:
        """Make, model, configuration and cycle, for a person."""
        config = f" ({self.test_vehicle}/{self.config})"
        return f"{self.make} {self.model}{config} {self.cycle.upper()}"

    @property
    def car(self) -> tuple[str, str, str, str]:
        """What both cycles of one configuration share."""
        return self.make, self.model, self.test_vehicle, self.config

    @property
    def twins(self) -> tuple[str | int | float, ...]:
        """What tests of one maker's drive on one cycle share."""
        motors = self.drive, self.motor_front, self.motor_rear, self.gears
        return self.make, *motors, self.lift_off_regen, self.pack_volt_class, self.cycle


REGENS: tuple[Regen, ...] = ("strong", "selectable", "light", "none")
NUMBERS = {
    "rated_hp": (5.0, 3_000.0),
    "test_mass_kg": (300.0, 6_000.0),
    "coef_a_n": (-200.0, 2_000.0),
    "coef_b_n_per_mps": (-40.0, 60.0),
    "coef_c_n_per_mps2": (0.0, 3.0),
    "gears": (1.0, 4.0),
    "battery_gross_kwh": (3.0, 300.0),
    "pack_volt_class": (48.0, 1_500.0),
}
WORDS = ("make", "model", "test_vehicle", "config", "drive", "cycle", "motor_front", "motor_rear")
MEASURED, MEASURED_RANGE = "wall_kwh_100km", (3.0, 100.0)


def read_tests(path: Path) -> list[DynoTest]:
    """Read the list, or the one in that folder; InputError names file, line and column."""
    file = _file(path)
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text, strict=True)
            header = reader.fieldnames or []
            needed = (*WORDS, "lift_off_regen", *NUMBERS)
            missing = [name for name in needed if name not in header]
            if missing:
                raise InputError(
                    f"{file}: no column '{missing[0]}'", hint=f"needed are {', '.join(needed)}"
                )
            tests = [_test(f"{file}, line {reader.line_num}", row) for row in reader]
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: not UTF-8 at byte {error.start}") from None
    except csv.Error as error:
        raise InputError(f"{file}: not a CSV file: {error}") from None
    except OSError as error:
        hint = f"name a folder that holds {FILE_NAME}, or such a file"
        raise InputError(f"{file}: {(error.strerror or str(error)).lower()}", hint=hint) from None
    if not tests:
        raise InputError(f"{file}: no tests in it")
    if len(tests) > ROWS_MAX:
        raise InputError(f"{file}: more than {ROWS_MAX} lines", hint="split the list")
    return tests


def _file(path: Path) -> Path:
    """The file itself; of a folder `tests.csv`, or the one CSV file that it holds."""
    if not path.is_dir() or (path / FILE_NAME).exists():
        return path / FILE_NAME if path.is_dir() else path
    tables = sorted(path.glob("*.csv"))
    return tables[0] if len(tables) == 1 else path / FILE_NAME


def _test(where: str, row: dict[str, str | None]) -> DynoTest:
    word = {name: (row.get(name) or "").strip() for name in (*WORDS, "lift_off_regen")}
    if word["cycle"] not in cycle_names():
        raise InputError(
            f"{where}, column 'cycle': no cycle is called {word['cycle']!r}",
            hint=f"known are {', '.join(cycle_names())}",
        )
    number = {name: _number(where, name, row.get(name), limits) for name, limits in NUMBERS.items()}
    answer = (row.get(MEASURED) or "").strip()
    return DynoTest(
        make=word["make"],
        model=word["model"],
        test_vehicle=word["test_vehicle"],
        config=word["config"],
        drive=word["drive"],
        rated_hp=number["rated_hp"],
        test_mass_kg=number["test_mass_kg"],
        coef_a_n=number["coef_a_n"],
        coef_b_n_per_mps=number["coef_b_n_per_mps"],
        coef_c_n_per_mps2=number["coef_c_n_per_mps2"],
        cycle=word["cycle"],
        wall_kwh_100km=_number(where, MEASURED, answer, MEASURED_RANGE) if answer else None,
        motor_front=word["motor_front"],
        motor_rear=word["motor_rear"],
        gears=int(number["gears"]),
        lift_off_regen=_regen(where, word["lift_off_regen"]),
        battery_gross_kwh=number["battery_gross_kwh"],
        pack_volt_class=number["pack_volt_class"],
    )


def _regen(where: str, word: str) -> Regen:
    for known in REGENS:
        if word == known:
            return known
    raise InputError(
        f"{where}, column 'lift_off_regen': {word!r}", hint=f"known are {', '.join(REGENS)}"
    )


def _number(where: str, name: str, text: str | None, limits: tuple[float, float]) -> float:
    low, high = limits
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise InputError(
            f"{where}, column '{name}': {text or ''!r} is not a number from {low:g} to {high:g}"
        )
    return value


def road_work_wh_per_km(test: DynoTest) -> float:
    """Work [Wh/km] at the wheels over the cycle: the road load's, and half of what braking wastes.

    The road load along the way, plus half the energy that the brakes or the motor take back: what a
    car of no loss in driving and half the loss in braking would need. No model of the car is in it.
    """
    trace = load_cycle(test.cycle).speed_mps
    inertia_kg = test.test_mass_kg * (1.0 + ROTATING_SHARE)
    work_j = way_m = 0.0
    for before, now in pairwise(trace):
        mean = 0.5 * (before + now)
        road_n = test.coef_a_n + test.coef_b_n_per_mps * mean + test.coef_c_n_per_mps2 * mean * mean
        force_n = (road_n if mean > 0.0 else 0.0) + inertia_kg * (now - before)
        work_j += (force_n if force_n > 0.0 else 0.5 * force_n) * mean
        way_m += mean
    return work_j / way_m * M_PER_KM / SECONDS_PER_HOUR


def suspicious(tests: Sequence[DynoTest]) -> list[str]:
    """Why each row cannot be true, one text a row; empty where nothing speaks against it.

    Judged against the work of the row's own road load and against its twins (other cars of the same
    maker with the same drive on the same cycle), never against a prediction.
    """
    ratios = [_over_work(test) for test in tests]
    usual = {cycle: _usual(tests, ratios, cycle) for cycle in {test.cycle for test in tests}}
    twins: dict[tuple[str | int | float, ...], list[int]] = defaultdict(list)
    for k, test in enumerate(tests):
        if ratios[k] is not None:
            twins[test.twins].append(k)
    reasons = [_implausible(ratio) for ratio in ratios]
    for group in twins.values():
        for k in group:
            reasons[k] = reasons[k] or _unlike_twins(k, group, ratios, usual[tests[k].cycle])
    return reasons


def _over_work(test: DynoTest) -> float | None:
    if test.wall_kwh_100km is None:
        return None
    return 10.0 * test.wall_kwh_100km / road_work_wh_per_km(test)


def _usual(tests: Sequence[DynoTest], ratios: Sequence[float | None], cycle: str) -> float:
    there = [r for test, r in zip(tests, ratios, strict=True) if r and test.cycle == cycle]
    return median(there) if there else 1.0


def _implausible(ratio: float | None) -> str:
    if ratio is None or LEAST_OVER_WORK <= ratio <= MOST_OVER_WORK:
        return ""
    return f"energy at the wall is {ratio:.2f} of the work at the wheels"


def _unlike_twins(
    k: int, group: Sequence[int], ratios: Sequence[float | None], usual: float
) -> str:
    """Why row `k` disagrees with its twins; of two that disagree, the less usual one is named."""
    own = ratios[k]
    others = [r for j in group if j != k and (r := ratios[j]) is not None]
    if own is None or not others:
        return ""
    apart = own / median(others) - 1.0
    less_usual = abs(own - usual) >= max(abs(r - usual) for r in others)
    if abs(apart) <= TWINS_APART or not less_usual:
        return ""
    return f"{apart:+.0%} beside its twins, for the same work at the wheels"
