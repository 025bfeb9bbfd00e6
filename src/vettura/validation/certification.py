"""Certification: the energy at the wall of a dynamometer test, from road load and few facts."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vettura.drive.uncertainty import cycle_interval
from vettura.validation.dyno import wall_kwh_100km
from vettura.validation.dyno_list import DynoTest, read_tests, suspicious
from vettura.validation.summary import Summary, summarise_errors


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificationRow:
    """One test: predicted and measured energy at the wall."""

    make: str
    model: str
    test_vehicle: str
    config: str
    cycle: str
    predicted_kwh_100km: float
    measured_kwh_100km: float | None
    """None in a list without answers."""
    low_kwh_100km: float
    high_kwh_100km: float
    """The truth should lie between them in 80 of 100 tests."""
    flag: str
    """Why the measured energy cannot be true; empty when nothing speaks against it."""

    @property
    def name(self) -> str:
        """Model, configuration and cycle, for a person."""
        return f"{self.make} {self.model} ({self.config}) {self.cycle.upper()}"

    @property
    def error(self) -> float | None:
        """Predicted over measured energy, less one; None when nothing was measured."""
        if self.measured_kwh_100km is None:
            return None
        return self.predicted_kwh_100km / self.measured_kwh_100km - 1.0

    @property
    def held(self) -> bool:
        """Whether the truth fell in the interval; false when nothing was measured."""
        measured = self.measured_kwh_100km
        return measured is not None and self.low_kwh_100km <= measured <= self.high_kwh_100km


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificationGroup:
    """Some of the tests, and how well they were predicted."""

    name: str
    summary: Summary
    held: float | None
    """Share of the tests whose truth fell in the interval; None where no interval was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificationReport:
    """All tests of a list."""

    rows: list[CertificationRow]

    def groups(self) -> list[CertificationGroup]:
        """Each cycle with and without flagged rows, and HWFET with one number from UDDS."""
        found = []
        for cycle in sorted({row.cycle for row in self.rows}, reverse=True):
            rows = [row for row in self.rows if row.cycle == cycle]
            found += _group(cycle.upper(), rows)
            if any(row.flag for row in rows):
                sound = [row for row in rows if not row.flag]
                found += _group(f"{cycle.upper()} without flagged", sound)
        fitted = summarise_errors(fitted_errors(self.rows), stream="certification fitted")
        if fitted is not None:
            name = "HWFET, fitted on UDDS"
            found.append(CertificationGroup(name=name, summary=fitted, held=None))
        return found


def certify(rows_path: Path, advance: Callable[[], None] = lambda: None) -> CertificationReport:
    """Predict every test of the list at `rows_path`; `advance` is called after each."""
    tests = read_tests(rows_path)
    flags = suspicious(tests)
    rows = []
    for test, flag in zip(tests, flags, strict=True):
        rows.append(_row(test, flag))
        advance()
    return CertificationReport(rows=rows)


def fitted_errors(
    rows: Sequence[CertificationRow], fit_on: str = "udds"
) -> list[tuple[str, float]]:
    """Errors on the other cycle when one number a car, its energy, is fitted on `fit_on`."""
    cars: dict[tuple[str, ...], dict[str, CertificationRow]] = defaultdict(dict)
    for row in rows:
        cars[row.make, row.model, row.test_vehicle, row.config][row.cycle] = row
    found = []
    for cycles in cars.values():
        known = cycles.get(fit_on)
        if known is None or known.error is None:
            continue
        left = 1.0 + known.error
        found += [
            (row.name, (1.0 + row.error) / left - 1.0)
            for row in cycles.values()
            if row.cycle != fit_on and row.error is not None
        ]
    return found


def _row(test: DynoTest, flag: str) -> CertificationRow:
    predicted = wall_kwh_100km(test, test.cycle)
    low, high = cycle_interval(predicted, road_load="coast-down")
    return CertificationRow(
        make=test.make,
        model=test.model,
        test_vehicle=test.test_vehicle,
        config=test.config,
        cycle=test.cycle,
        predicted_kwh_100km=predicted,
        measured_kwh_100km=test.wall_kwh_100km,
        low_kwh_100km=low,
        high_kwh_100km=high,
        flag=flag,
    )


def _group(name: str, rows: Sequence[CertificationRow]) -> list[CertificationGroup]:
    errors = [(row.name, error) for row in rows if (error := row.error) is not None]
    summary = summarise_errors(errors, stream=f"certification {name}")
    if summary is None:
        return []
    held = sum(row.held for row in rows) / len(errors)
    return [CertificationGroup(name=name, summary=summary, held=held)]
