"""`vettura canlog` and `vettura dbc`: from a CAN log to a trip, and what our frames mean."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from vettura.cli.output import Row, print_json, print_lines, print_table
from vettura.drive.can_log import read_can_log, write_trip
from vettura.drive.can_mapping import parse_option, read_mapping
from vettura.faces.can_frames import dbc_path, dbc_text

HEADINGS = {
    "trip": "trip",
    "seconds": "s",
    "frames": "frames",
    "unused": "unused",
    "undecodable": "undecodable",
    "columns": "columns",
}


def canlog(
    log: Path,
    /,
    *,
    out: Path = Path("trip.csv"),
    dbc: Path | None = None,
    mapping: Path | None = None,
    signal: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Turn a recorded CAN log into a trip that `vettura replay` drives.

    Our own frames need no more than the log. For another car give its DBC and say which signal is
    which column: `--signal speed_kmh=WheelSpeed*0.01 soc_pct=Battery.Charge`.

    Parameters
    ----------
    log
        A log that python-can reads: .asc, .blf, .csv, .trc, or .log of candump.
    out
        CSV file to write.
    dbc
        What the frames mean; ours when left out.
    mapping
        TOML file with a table [signals] of column = "Signal*factor+offset".
    signal
        The same on the command line, as column=Signal*factor+offset; stands above the file.
    json
        Print a JSON object instead of a table.
    """
    sources = read_mapping(mapping) if mapping else {}
    sources |= dict(parse_option(text) for text in signal or [])
    with dbc_path(dbc) as path:
        trip = read_can_log(log, path, sources)
    write_trip(trip, out)
    row: Row = {
        "trip": str(out),
        "seconds": len(trip.rows),
        "frames": trip.frames,
        "unused": trip.unused,
        "undecodable": trip.undecodable,
        "columns": ", ".join(trip.columns),
    }
    if json:
        print_json(row)
    else:
        print_table("", HEADINGS, [row])
    return 0


def dbc(*, json: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Print the DBC file of our CAN frames, for any tool that reads one.

    Parameters
    ----------
    json
        Print one JSON object that holds the file.
    """
    if json:
        print_json({"file": "vettura.dbc", "text": dbc_text()})
    else:
        print_lines(dbc_text().splitlines())
    return 0
