"""`vettura energy plan`: a request to evcc's optimiser, answered."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from vettura.cli.output import Row, print_table
from vettura.errors import InputError
from vettura.units import PERCENT, SECONDS_PER_HOUR

if TYPE_CHECKING:
    from vettura.energy.evcc import Request, Response

Flag = Annotated[bool, Parameter(negative="")]


def plan(request: Path, *, json: Flag = False) -> None:
    """Answer a request to evcc's optimiser.

    Parameters
    ----------
    request
        A file with the JSON that evcc sends to `/optimize/charge-schedule`.
    json
        Print the answer as evcc's optimiser would send it.
    """
    from vettura.energy.evcc import read_request
    from vettura.energy.evcc_answer import answer

    try:
        text = request.read_bytes()
    except OSError as error:
        raise InputError(f"{request}: {error.strerror}") from error
    asked = read_request(text)
    given = answer(asked)
    if json:
        sys.stdout.write(msgspec.json.encode(given).decode() + "\n")
        return
    worth = "" if given.objective_value is None else f", worth {given.objective_value:.4f}"
    print_table(f"{given.status}{worth}", _headings(asked), _rows(asked, given))


def _headings(asked: "Request") -> dict[str, str]:
    headings = {"hour": "h", "import_wh": "import Wh", "export_wh": "export Wh"}
    for i in range(len(asked.batteries)):
        headings |= {f"battery_{i}_wh": f"battery {i} Wh", f"battery_{i}_percent": "%"}
    return headings


def _rows(asked: "Request", given: "Response") -> list[Row]:
    rows: list[Row] = []
    begins_h = 0.0
    for step, seconds in enumerate(asked.time_series.dt if given.batteries else ()):
        row: dict[str, str | float | int | bool | None] = {
            "hour": round(begins_h, 2),
            "import_wh": round(given.grid_import[step]),
            "export_wh": round(given.grid_export[step]),
        }
        for i, (battery, its) in enumerate(zip(asked.batteries, given.batteries, strict=True)):
            flow = its.charging_power[step] - its.discharging_power[step]
            row[f"battery_{i}_wh"] = round(flow)
            full = battery.capacity or 1.0
            row[f"battery_{i}_percent"] = round(its.state_of_charge[step] / full * PERCENT)
        rows.append(row)
        begins_h += seconds / SECONDS_PER_HOUR
    return rows
