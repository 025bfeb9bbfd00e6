"""`vettura calibrate`: what measured trips say of one car."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from vettura.car.catalogue import load_car
from vettura.car.params import Params
from vettura.car.relations import params_of
from vettura.cli.output import Advance, Row, complain, note, print_json, print_table, progress
from vettura.cli.replay import trip_files
from vettura.drive.calibrate import (
    FITTED,
    NOT_SHOWN,
    Calibration,
    Fitted,
    calibrate,
    choose,
    predict,
    replays_of,
)
from vettura.drive.calibrate_file import save_calibration
from vettura.drive.calibrate_knobs import knob_named
from vettura.drive.measured import MeasuredTrip, read_trip
from vettura.errors import InputError, UsageError
from vettura.units import PERCENT

HEADINGS = {
    "title": "parameter",
    "unit": "",
    "file_value": "car file",
    "value": "fitted",
    "sd": "±",
    "verdict": "verdict",
}


def calibrate_command(
    car: str,
    trips: Annotated[list[Path], Parameter(consume_multiple=True)],
    /,
    *,
    use: int | None = None,
    model_climate: Annotated[bool, Parameter(negative="")] = False,
    mass: float | None = None,
    save: Path | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Fit what measured trips can show of a car, and say what they cannot.

    A trip is a CSV file as `vettura replay` takes it, with `battery_v` and `battery_a`. Rolling
    resistance, mass, auxiliary load, drag, drive losses, cold tyres, the heating channel, battery
    capacity and resistance are fitted around the car file's figures, each with its uncertainty;
    what the trips do not show is left as it was.

    Parameters
    ----------
    car
        Id of a car (see `vettura cars`), or the path of a car file.
    trips
        CSV files, or folders of them.
    use
        Calibrate on this many trips, chosen to differ in temperature and speed, and score the
        others; all of them when left out.
    model_climate
        Let the model decide heating, and fit the cabin's heat loss to the measured heating.
    mass
        Mass of the car with everything in it [kg], before fitting; kerb mass plus 4 % and 125 kg
        when left out.
    save
        Write a calibration file, for `--calibration` of `vettura replay` and `vettura drive`.
    json
        Print one JSON object for each parameter, then one with the scores.
    """
    if mass is not None and not 300.0 <= mass <= 10_000.0:
        raise UsageError(f"--mass {mass:g}: must lie between 300 and 10,000 kg")
    spec = load_car(car)
    params = params_of(spec, mass_kg=mass)
    measured, failed = _read(trip_files(trips))
    if use is not None and not 1 <= use <= len(measured):
        raise UsageError(f"--use {use}: must lie between 1 and the {len(measured)} trips there are")
    chosen = measured if use is None else choose(measured, use)
    with progress("calibrating", replays_of(chosen)) as advance:
        found = calibrate(params, chosen, car=spec.id, model_climate=model_climate, count=advance)
    others = [trip for trip in measured if not any(trip is one for one in chosen)]
    scores = _scores(params, found, chosen, others)
    if save is not None:
        save_calibration(save, found)
    _tell(found, scores, save, json=json)
    return 2 if failed else 0


def _read(files: Sequence[Path]) -> tuple[list[MeasuredTrip], int]:
    """Trips with volts and amps; how many files could not be used is counted."""
    if not files:
        raise UsageError("name at least one trip: a CSV file, or a folder of them")
    found: list[MeasuredTrip] = []
    failed = 0
    for file in files:
        try:
            trip = read_trip(file)
            if trip.power_w is None:
                raise InputError(
                    f"{file}: no battery_v and battery_a",
                    hint="calibrating needs the pack's volts and amps",
                )
        except InputError as error:
            if len(files) == 1:
                raise
            failed += 1
            complain(error.message, hint=error.hint)
            continue
        found.append(trip)
    if not found:
        raise InputError("none of the trips can be used")
    return found, failed


def _scores(
    params: Params,
    found: Calibration,
    chosen: Sequence[MeasuredTrip],
    others: Sequence[MeasuredTrip],
) -> Row:
    """How the calibrated model fares on the trips it was fitted to, and on the others."""
    with progress("scoring", len(chosen) + len(others)) as advance:
        return {
            "car": found.car,
            "trips": len(chosen),
            **_score("", params, found, chosen, advance),
            "other_trips": len(others),
            **_score("other_", params, found, others, advance),
            "trip_sigma_pct": round(PERCENT * found.trip_sigma, 2),
        }


def _score(
    prefix: str,
    params: Params,
    found: Calibration,
    trips: Sequence[MeasuredTrip],
    advance: Advance,
) -> Row:
    errors, within = [], []
    for trip in trips:
        advance(trip.name)
        real_wh = trip.energy_wh
        if real_wh is None or real_wh <= 0.0:
            continue
        said = predict(params, trip, found)
        errors.append(PERCENT * (said.energy_wh / real_wh - 1.0))
        within.append(said.low_wh <= real_wh <= said.high_wh)
    if not errors:
        return {}
    return {
        f"{prefix}mean_absolute_error_pct": round(statistics.fmean(map(abs, errors)), 2),
        f"{prefix}bias_pct": round(statistics.fmean(errors), 2),
        f"{prefix}within_80_pct": round(PERCENT * statistics.fmean(within), 1),
    }


def _tell(found: Calibration, scores: Row, save: Path | None, *, json: bool) -> None:
    rows = [_row(one) for one in found.parameters]
    if json:
        print_json([*rows, scores])
    else:
        print_table("", HEADINGS, [_shown(row) for row in rows])
        for row in rows:
            if row["note"]:
                note(f"{row['title']}, {row['verdict']}: {row['note']}")
        for prefix, whose in (("", "these trips"), ("other_", "the other trips")):
            if f"{prefix}bias_pct" in scores:
                note(
                    f"{whose}: mean absolute error "
                    f"{scores[f'{prefix}mean_absolute_error_pct']} %, bias "
                    f"{scores[f'{prefix}bias_pct']} %, {scores[f'{prefix}within_80_pct']} % within "
                    "their 80 % interval"
                )
    for line in found.warnings:
        note(f"warning: {line}")
    if save is not None:
        note(f"wrote {save}")


def _row(one: Fitted) -> Row:
    knob = knob_named(one.name)
    return {
        "parameter": one.name,
        "title": knob.title,
        "unit": knob.unit,
        "file_value": _round(one.file_value * knob.shown_per_unit),
        "value": _round(one.value * knob.shown_per_unit),
        "sd": _round(one.sd * knob.shown_per_unit),
        "verdict": one.verdict,
        "note": one.note,
        "prior": knob.reason,
    }


def _shown(row: Row) -> Row:
    """For people: no figure where there is none."""
    left = row["verdict"] == NOT_SHOWN
    told = {**row, "verdict": "" if row["verdict"] == FITTED else row["verdict"]}
    return {**told, "value": None, "sd": None} if left else told


def _round(value: float) -> float:
    return float(f"{value:.4g}")
