"""The cars we ship, over the cycles, beside what was published of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vettura.car.catalogue import load_car
from vettura.car.plausible import CYCLE_OF
from vettura.car.relations import params_of
from vettura.car.spec import CarSpec
from vettura.drive.cycles import load_cycle
from vettura.drive.uncertainty import cycle_interval, road_load_of
from vettura.validation.dyno import at_the_wall
from vettura.validation.summary import Summary, summarise_errors


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryRow:
    """One car over one cycle, at the wall."""

    car: str
    name: str
    cycle: str
    road_load: str
    """Where its road load comes from: coast-down, drag and tyres, or estimated."""
    wh_per_km: float
    low_wh_per_km: float
    high_wh_per_km: float
    """The truth should lie between them in 80 of 100 cars."""
    published_wh_per_km: float | None

    @property
    def error(self) -> float | None:
        """Predicted over published, less one; None when nothing was published."""
        if self.published_wh_per_km is None:
            return None
        return self.wh_per_km / self.published_wh_per_km - 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryReport:
    """All cars over all cycles that results are published for."""

    rows: list[LibraryRow]

    def summary(self) -> Summary | None:
        """Over everything published."""
        errors = [
            (f"{r.name} {r.cycle.upper()}", e) for r in self.rows if (e := r.error) is not None
        ]
        return summarise_errors(errors, stream="cars")


def validate_library(
    cars: Sequence[str], advance: Callable[[], None] = lambda: None
) -> LibraryReport:
    """Drive each car over each cycle; `advance` is called after each car."""
    rows = []
    for car in cars:
        spec = load_car(car)
        rows += [_row(spec, result, cycle) for result, cycle in CYCLE_OF.items()]
        advance()
    return LibraryReport(rows=rows)


def _row(spec: CarSpec, result: str, cycle: str) -> LibraryRow:
    down = spec.body.coast_down
    params = params_of(spec, mass_kg=down.test_mass_kg if down else None)
    wh_per_km = at_the_wall(params, load_cycle(cycle))
    low, high = cycle_interval(wh_per_km, road_load=road_load_of(spec))
    published = spec.published.get(result)
    return LibraryRow(
        car=spec.id,
        name=spec.name,
        cycle=cycle,
        road_load=road_load_of(spec),
        wh_per_km=wh_per_km,
        low_wh_per_km=low,
        high_wh_per_km=high,
        published_wh_per_km=published.value if published else None,
    )
