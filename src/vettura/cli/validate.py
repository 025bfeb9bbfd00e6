"""`vettura validate`: the model held against measurements, each kind with a command of its own."""

import os
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, NamedTuple

from cyclopts import Parameter

from vettura.car.catalogue import car_ids, load_car
from vettura.car.relations import params_of
from vettura.cli.output import complain, note, print_json, print_table, progress
from vettura.cli.replay import trip_files
from vettura.cli.validate_rows import (
    CARS,
    CELL,
    CERTIFICATION,
    CHARGING,
    FIGURES,
    TRIPS,
    cell_row,
    certification_row,
    charging_row,
    figures_row,
    library_row,
    table_row,
    trip_row,
)
from vettura.drive.measured import MeasuredTrip, read_trip
from vettura.errors import InputError, UsageError
from vettura.validation.cell import validate_cell
from vettura.validation.certification import certify
from vettura.validation.charging import validate_charging
from vettura.validation.curves import read_curves
from vettura.validation.dyno_list import read_tests
from vettura.validation.groups import group_trips
from vettura.validation.library import validate_library
from vettura.validation.pictures import draw_cell, draw_certification, draw_charging, draw_trips
from vettura.validation.report import PAGE, rewrite_section
from vettura.validation.sections import (
    cars_section,
    cell_section,
    certification_section,
    charging_section,
    doubt_about,
    stage_lines,
    trips_section,
)
from vettura.validation.trips import TripsReport, pick_teachers, validate_trips

PLOTS = Path("docs/validation")
CURVES = Path("../shared/data/open_ev_data")
Flag = Annotated[bool, Parameter(negative="")]


class Paper(NamedTuple):
    """Where pictures and figures are written."""

    out: Path
    plot: bool
    page: Path | None
    """None: the page of the checkout, where this is one."""
    json: bool

    def write(
        self,
        section: str,
        draw: Callable[[Path], Sequence[Path]],
        render: Callable[[Sequence[str]], str],
    ) -> None:
        """Draw, and rewrite the section of the page; `--json` alone leaves both as they are."""
        if self.json and self.page is None:
            return
        if self.plot and find_spec("matplotlib") is None:
            note("plots are left out: pip install 'vettura[plots]'")
        elif self.plot:
            drawn = draw(self.out)
            if drawn:
                note(f"plots are in {self.out}/")
        page = self.page or (PAGE if PAGE.is_file() else None)
        if page is None:
            return
        # Pictures of an earlier run stay linked when none are drawn now.
        pictures = sorted(self.out.glob(f"{section}*.svg"))
        rewrite_section(page, section, render([_link(page, picture) for picture in pictures]))
        note(f"section '{section}' of {page} is written")


def _link(page: Path, picture: Path) -> str:
    return Path(os.path.relpath(picture, page.parent)).as_posix()


def certification(
    folder: Path,
    /,
    *,
    out: Path = PLOTS,
    plot: bool = True,
    report: Path | None = None,
    json: Flag = False,
) -> None:
    """Predict every dynamometer test of a list from road load, mass and few public facts.

    Parameters
    ----------
    folder
        A folder that holds tests.csv, or such a file.
    out
        Folder for the plots.
    plot
        Draw predicted against measured.
    report
        Page whose section is rewritten; docs/validation.md in a checkout.
    json
        Print one JSON object a test, and write neither plots nor page unless --report is given.
    """
    with progress("certification", total=len(read_tests(folder))) as advance:
        found = certify(folder, advance)
    rows = [certification_row(row) for row in found.rows]
    if json:
        print_json(rows)
    else:
        print_table("", CERTIFICATION, [table_row(row) for row in rows])
        groups = found.groups()
        print_table("", FIGURES, [figures_row(g.name, g.summary, g.held) for g in groups])
    for row in found.rows:
        if row.flag:
            note(f"{row.name}: {row.flag}")
    Paper(out, plot, report, json).write(
        "certification",
        lambda where: draw_certification(found, where),
        lambda pictures: certification_section(found, pictures),
    )


def cars(*, report: Path | None = None, json: Flag = False) -> None:
    """Drive every car that we ship over the cycles, beside what was published of it.

    At the wall, with the interval in which the truth should lie for 80 of 100 cars: wide where
    nobody published a road load.

    Parameters
    ----------
    report
        Page whose section is rewritten; docs/validation.md in a checkout.
    json
        Print one JSON object for each car and cycle, and write no page unless --report is given.
    """
    names = car_ids()
    with progress("cars", total=len(names)) as advance:
        found = validate_library(names, advance)
    rows = [library_row(row) for row in found.rows]
    if json:
        print_json(rows)
    else:
        print_table("", CARS, [table_row(row) for row in rows])
        summary = found.summary()
        if summary is not None:
            print_table("", FIGURES, [figures_row("published", summary, None)])
    Paper(PLOTS, False, report, json).write(
        "cars", lambda _: [], lambda pictures: cars_section(found, pictures)
    )


def trips(
    folders: Annotated[list[Path], Parameter(consume_multiple=True)],
    /,
    *,
    car: str,
    calibrate: int = 0,
    model_climate: Flag = False,
    out: Path = PLOTS,
    plot: bool = True,
    report: Path | None = None,
    json: Flag = False,
) -> int:
    """Drive a car along measured trips: energy, charge, power and voltage beside the truth.

    Parameters
    ----------
    folders
        Folders of CSV files, or such files (see `vettura replay`).
    car
        Id of a car (see `vettura cars`), or the path of a car file.
    calibrate
        Fit the car on so many of the trips first, chosen by weather and speed, and
        judge it on the others.
    model_climate
        Print the energy with heater and compressor modelled, even where they were measured.
    out
        Folder for the plots.
    plot
        Draw predicted against measured.
    report
        Page whose section is rewritten; docs/validation.md in a checkout.
    json
        Print one JSON object a trip, and write neither plots nor page unless --report is given.
    """
    if calibrate < 0:
        raise UsageError(f"--calibrate {calibrate}: must not be negative")
    params = params_of(load_car(car))
    measured, failed = _read(trip_files(folders))
    teachers = pick_teachers(measured, calibrate) if calibrate else []
    with progress("trips", total=len(measured)) as advance:
        found = validate_trips(
            params,
            measured,
            teachers=teachers,
            advance=advance,
        )
    rows = [trip_row(score, modelled=model_climate) for score in found.scores]
    if json:
        print_json(rows)
    else:
        print_table("", TRIPS, [table_row(row) for row in rows])
        _print_groups(found)
    _note_doubts(found)
    Paper(out, plot, report, json).write(
        "trips",
        lambda where: draw_trips(found, where),
        lambda pictures: trips_section(found, car, pictures),
    )
    return 2 if failed else 0


def _print_groups(found: TripsReport) -> None:
    groups = group_trips(found)
    given = [figures_row(g.name, g.given, g.held) for g in groups]
    modelled = [figures_row(g.name, g.modelled, g.held_modelled) for g in groups]
    if groups:
        print_table("heating as measured", FIGURES, given)
        print_table("heating modelled", FIGURES, modelled)
    for line in stage_lines(found):
        note(line)


def _note_doubts(found: TripsReport) -> None:
    for score in found.scores:
        if why := doubt_about(score):
            note(f"{score.trip}: {why}")


def _read(files: Sequence[Path]) -> tuple[list[MeasuredTrip], bool]:
    """The trips that can be read; the others are named on standard error."""
    found, failed = [], False
    for file in files:
        try:
            found.append(read_trip(file))
        except InputError as error:
            failed = True
            complain(error.message, hint=error.hint)
    if not found:
        raise InputError("no trip could be read")
    return found, failed


def charging(
    folder: Path = CURVES,
    /,
    *,
    out: Path = PLOTS,
    plot: bool = True,
    report: Path | None = None,
    json: Flag = False,
) -> None:
    """Charge from 10 to 80 % along published curves by the model's own charging step.

    Placeholders and shapes that many packs share are left out and counted.

    Parameters
    ----------
    folder
        Folder of curves; charging_curves and xiaomi_su7 beside it are read too.
    out
        Folder for the plots.
    plot
        Draw some of the curves.
    report
        Page whose section is rewritten; docs/validation.md in a checkout.
    json
        Print one JSON object a curve, and write neither plots nor page unless --report is given.
    """
    curves = read_curves(folder)
    with progress("charging", total=len(curves.real)) as advance:
        found = validate_charging(curves, advance)
    rows = [charging_row(row) for row in found.rows]
    if json:
        print_json(rows)
    else:
        print_table("", CHARGING, [table_row(row) for row in rows])
        if found.summary is not None:
            print_table("", FIGURES, [figures_row("10 to 80 %", found.summary, None)])
        for why, count in found.left_out.items():
            note(f"left out {count}: {why}")
    Paper(out, plot, report, json).write(
        "charging",
        lambda where: draw_charging(found, where),
        lambda pictures: charging_section(found, pictures),
    )


def cell(
    folder: Path,
    /,
    *,
    out: Path = PLOTS,
    plot: bool = True,
    report: Path | None = None,
    json: Flag = False,
) -> None:
    """Hold a cell's pulses and discharges against the model's voltage.

    Parameters
    ----------
    folder
        Folder of a Bitrode tester's files.
    out
        Folder for the plots.
    plot
        Draw the voltages.
    report
        Page whose section is rewritten; docs/validation.md in a checkout.
    json
        Print one JSON object a file, and write neither plots nor page unless --report is given.
    """
    found = validate_cell(folder)
    rows = [cell_row(row) for row in found.rows]
    if json:
        print_json(rows)
    else:
        print_table("", CELL, [table_row(row) for row in rows])
    Paper(out, plot, report, json).write(
        "cell",
        lambda where: draw_cell(found, where),
        lambda pictures: cell_section(found, pictures),
    )
