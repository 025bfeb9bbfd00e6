"""`vettura drive`: one car over one cycle, at once."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from vettura.car.catalogue import load_car
from vettura.car.relations import params_of, warmed_up
from vettura.car.spec import CarSpec
from vettura.cli.output import Row, print_json, print_table
from vettura.drive.calibrate import Calibration, apply
from vettura.drive.calibrate_file import load_calibration
from vettura.drive.cycles import load_cycle
from vettura.drive.simulate import drive_trip
from vettura.drive.uncertainty import cycle_interval, road_load_of
from vettura.errors import UsageError
from vettura.units import KMH_PER_MPS, M_PER_KM, WH_PER_KWH


def drive(
    car: str,
    cycle: str,
    /,
    *,
    ambient: float = 22.0,
    climate: Annotated[bool, Parameter(negative="")] = False,
    soc: float = 90.0,
    calibration: Path | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Drive a car over a cycle and print what it took from the battery.

    The truth of 80 in 100 such drives on a road lies between the low and the high consumption.

    A car with a published coast-down is driven at the mass that was set for it, as on the
    dynamometer; others as usually driven:
    kerb mass plus 4 % and 125 kg.

    Parameters
    ----------
    car
        Id of a car (see `vettura cars`), or the path of a car file.
    cycle
        udds, hwfet or wltc3b.
    ambient
        Air temperature [°C].
    climate
        Keep the cabin at 21 °C.
    soc
        Displayed charge at the start [%].
    calibration
        A file that `vettura calibrate --save` wrote for this car; its mass replaces the others.
    json
        Print one JSON object.
    """
    if not 1.0 <= soc <= 100.0:
        raise UsageError(f"--soc {soc:g}: must lie between 1 and 100 %")
    if not -40.0 <= ambient <= 55.0:
        raise UsageError(f"--ambient {ambient:g}: must lie between -40 and 55 °C")
    spec = load_car(car)
    fitted = load_calibration(calibration, car=spec.id) if calibration else None
    row = _drive(spec, cycle, ambient, climate=climate, soc=soc / 100.0, fitted=fitted)
    if json:
        print_json(row)
        return
    rows: list[Row] = [{"what": key, "value": value} for key, value in row.items()]
    print_table("", {"what": "", "value": ""}, rows)


def _drive(
    spec: CarSpec,
    cycle: str,
    ambient: float,
    *,
    climate: bool,
    soc: float,
    fitted: Calibration | None,
) -> Row:
    trip = load_cycle(cycle)
    down = spec.body.coast_down
    params = params_of(spec, mass_kg=down.test_mass_kg if down else None)
    if fitted:
        params = apply(params, fitted)
    state = warmed_up(params, ambient_degc=ambient, displayed_soc=soc)
    result = drive_trip(params, trip, state=state, ambient_degc=ambient, climate=climate)
    road_load = "calibrated" if fitted else road_load_of(spec)
    low_wh, high_wh = cycle_interval(
        result.energy_wh, road_load=road_load, climate=result.climate_wh
    )
    # kWh/100 km for each Wh; a car that did not move has no consumption.
    per_wh = 100.0 / result.distance_m if result.distance_m > 0.0 else 0.0
    return {
        "car": spec.id,
        "cycle": cycle,
        "ambient_degc": ambient,
        "mass_kg": params.road.mass_kg,
        "distance_km": round(result.distance_m / M_PER_KM, 3),
        "mean_kmh": round(result.distance_m / trip.duration_s * KMH_PER_MPS, 2),
        "energy_kwh": round(result.energy_wh / WH_PER_KWH, 4),
        "kwh_per_100km": round(result.wh_per_km / 10.0, 3),
        "low_kwh_per_100km": round(low_wh * per_wh, 3),
        "high_kwh_per_100km": round(high_wh * per_wh, 3),
        "drawn_kwh": round(result.drawn_wh / WH_PER_KWH, 4),
        "regenerated_kwh": round(result.regenerated_wh / WH_PER_KWH, 4),
        "climate_kwh": round(result.climate_wh / WH_PER_KWH, 4),
        "auxiliary_kwh": round(result.auxiliary_wh / WH_PER_KWH, 4),
        "missed_s": result.missed_s,
        "road_load": road_load,
    }
