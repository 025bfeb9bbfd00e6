"""One place that builds what tests need; every argument has a default."""

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from vettura.car.catalogue import car_ids, load_car
from vettura.car.params import Params
from vettura.car.relations import params_of, resting_state
from vettura.car.trip import Trip
from vettura.drive.living import AT_REST, Living

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
VIN = "LVXSU7CASA0000001"
NOON_NS = 1_772_452_800_000_000_000
"""2026-03-02 12:00 UTC, a Monday."""

ALL_CARS = car_ids()


def casa_text() -> str:
    """The example household as text; written anywhere, it still finds its scenes."""
    examples = ROOT / "examples"
    text = (examples / "casa.toml").read_text("utf-8")
    return text.replace('"casa-scenes.yaml"', f'"{examples / "casa-scenes.yaml"}"')


def make_params(car: str = "xiaomi-su7", **roads: float) -> Params:
    """The parameters of a car we ship; keywords change its `road` part."""
    params = params_of(load_car(car))
    return params._replace(road=params.road._replace(**roads))


def make_living(car: str = "xiaomi-su7", *, soc: float = 0.6, **changes: Any) -> Living:
    """A parked car at home at noon."""
    params = make_params(car)
    living = Living(
        vin=VIN,
        time_ns=NOON_NS,
        state=resting_state(params, displayed_soc=soc, ambient_degc=15.0),
        flows=AT_REST,
        place="home",
        wh_per_m=0.15,
    )
    return replace(living, **changes)


def make_trip(
    *, top_mps: float = 15.0, hold_s: int = 60, grade: float = 0.0, trip_id: str = "t1"
) -> Trip:
    """Accelerate at 1 m/s², hold, brake at 1 m/s², stop; on a constant slope."""
    top = int(top_mps)
    trace = [*range(top), *([top] * hold_s), *range(top, -1, -1), 0]
    distance = float(sum(trace))
    points = int(distance / 100.0) + 3
    return Trip(
        id=trip_id,
        origin="home",
        destination="work",
        speed_mps=[float(v) for v in trace],
        elevation_m=[300.0 + grade * 100.0 * k for k in range(points)],
        latitude_deg=[45.0 + 0.0009 * k for k in range(points)],
        longitude_deg=[7.6 + 0.0002 * k for k in range(points)],
    )
