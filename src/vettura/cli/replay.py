"""`vettura replay`: the model beside a trip that was measured."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from vettura.bus.recording import is_session
from vettura.car.catalogue import load_car
from vettura.car.params import Params
from vettura.car.relations import params_of
from vettura.cli.output import Row, complain, note, print_json, print_table, progress
from vettura.cli.play import Playing, play
from vettura.drive.calibrate import Calibration, apply, as_measured
from vettura.drive.calibrate_file import load_calibration
from vettura.drive.channels import climate_fault
from vettura.drive.measured import MeasuredTrip, read_trip
from vettura.drive.plot import plot_replay
from vettura.drive.replay import Replay, replay, series_of
from vettura.errors import InputError, UsageError
from vettura.units import M_PER_KM, PERCENT, WH_PER_KWH

HEADINGS = {
    "trip": "trip",
    "distance_km": "km",
    "ambient_degc": "°C",
    "energy_kwh": "kWh",
    "measured_kwh": "real",
    "error_pct": "error %",
    "heating_kwh": "climate",
    "measured_heating_kwh": "real",
    "end_soc_pct": "end %",
    "measured_end_soc_pct": "real",
}


def replay_command(
    trips: Annotated[list[Path], Parameter(consume_multiple=True)],
    /,
    *,
    car: str = "",
    out: Path = Path("out"),
    plot: bool = True,
    model_climate: Annotated[bool, Parameter(negative="")] = False,
    mass: float | None = None,
    calibration: Path | None = None,
    playing: Playing | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Drive a car's model along measured trips, or play a recorded session on a bus.

    A session is a file of `vettura record`. A trip is a CSV file with `time_s` and `speed_kmh`;
    `elevation_m`, `ambient_degc`, `battery_v`, `battery_a`, `soc_pct`, `heating_kw`, `aircon_kw`
    are used where they are present; predicted is printed and plotted beside measured.

    Parameters
    ----------
    trips
        CSV files, or folders of them; or one session.
    car
        Id of a car (see `vettura cars`), or the path of a car file; a trip needs it.
    out
        Folder for the plots.
    plot
        Write an SVG and a PNG for each trip.
    model_climate
        Let the model decide heating and cooling even where they were measured.
    mass
        Mass of the car with everything in it [kg]; kerb mass plus 4 % and 125 kg when left
        out.
    calibration
        A file that `vettura calibrate --save` wrote for this car.
    json
        Print one JSON object for each trip.
    """
    if len(trips) == 1 and is_session(trips[0]):
        return play(trips[0], playing or Playing(), json=json)
    params, fitted = _model(car, mass=mass, calibration=calibration)
    files = trip_files(trips)
    if not files:
        raise UsageError("name at least one trip: a CSV file, or a folder of them")
    rows, failed = _rows(
        params, files, out=out if plot else None, climate=model_climate, fitted=fitted
    )
    if json:
        print_json(rows)
    else:
        print_table("", HEADINGS, rows)
        _summarise(rows)
        if plot:
            note(f"plots are in {out}/")
    return 2 if failed else 0


def _model(
    car: str, *, mass: float | None, calibration: Path | None
) -> tuple[Params, Calibration | None]:
    """The car to drive, and what its measured trips have shown."""
    if not car:
        raise UsageError("a measured trip needs --car", hint="`vettura cars` lists them")
    spec = load_car(car)
    params = params_of(spec, mass_kg=_checked(mass))
    fitted = load_calibration(calibration, car=spec.id) if calibration else None
    return (apply(params, fitted) if fitted else params), fitted


def _rows(
    params: Params,
    files: Sequence[Path],
    *,
    out: Path | None,
    climate: bool,
    fitted: Calibration | None,
) -> tuple[list[Row], int]:
    """A row for each trip; how many files could not be used is counted."""
    rows: list[Row] = []
    failed = 0
    with progress("replaying", len(files)) as advance:
        for file in files:
            advance(file.name)
            try:
                measured = read_trip(file)
            except InputError as error:
                if len(files) == 1:
                    raise
                failed += 1
                complain(error.message, hint=error.hint)
                continue
            if fitted:
                measured = as_measured(measured, fitted)
            rows.append(_one(params, measured, out, climate=climate))
    return rows, failed


def _checked(mass: float | None) -> float | None:
    if mass is not None and not 300.0 <= mass <= 10_000.0:
        raise UsageError(f"--mass {mass:g}: must lie between 300 and 10,000 kg")
    return mass


def trip_files(trips: Sequence[Path]) -> list[Path]:
    """Every CSV file named, or lying in a folder that is."""
    found: list[Path] = []
    for path in trips:
        if path.is_dir():
            inside = sorted(path.glob("*.csv"))
            if not inside:
                raise InputError(f"{path}: no CSV file in this folder")
            found += inside
        else:
            found.append(path)
    return found


def _one(params: Params, measured: MeasuredTrip, out: Path | None, *, climate: bool) -> Row:
    driven = replay(params, measured, model_climate=climate)
    for line in measured.notes:
        note(f"{measured.name}: {line}")
    if not climate and (fault := climate_fault(measured)):
        note(f"{measured.name}: climate modelled, because {fault}")
    if out is not None:
        plot_replay(series_of(measured, driven), out / measured.name)
    return _row(measured, driven)


def _row(measured: MeasuredTrip, driven: Replay) -> Row:
    error = driven.error
    heating = driven.measured_climate_wh
    soc = measured.soc[-1] if measured.soc else None
    ambient = measured.ambient_degc
    return {
        "trip": measured.name,
        "distance_km": round(driven.distance_m / M_PER_KM, 2),
        "ambient_degc": round(statistics.fmean(ambient), 1) if ambient else None,
        "energy_kwh": round(driven.predicted_wh / WH_PER_KWH, 3),
        "measured_kwh": _kwh(driven.measured_wh),
        "error_pct": round(PERCENT * error, 2) if error is not None else None,
        "heating_kwh": round(driven.climate_wh / WH_PER_KWH, 3),
        "measured_heating_kwh": _kwh(heating),
        "end_soc_pct": round(PERCENT * driven.soc[-1], 2),
        "measured_end_soc_pct": round(PERCENT * soc, 2) if soc is not None else None,
        "missed_s": driven.missed_s,
    }


def _kwh(energy_wh: float | None) -> float | None:
    return round(energy_wh / WH_PER_KWH, 3) if energy_wh is not None else None


def _summarise(rows: Sequence[Row]) -> None:
    errors = [float(e) for row in rows if isinstance(e := row["error_pct"], float)]
    if len(errors) < 2:
        return
    sizes = [abs(error) for error in errors]
    note(
        f"{len(errors)} trips with measured energy: median absolute error "
        f"{statistics.median(sizes):.1f} %, mean absolute {statistics.fmean(sizes):.1f} %, "
        f"bias {statistics.fmean(errors):+.1f} %"
    )
