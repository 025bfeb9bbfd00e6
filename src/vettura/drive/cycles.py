"""Standard driving cycles, as package data."""

import csv
from functools import cache
from importlib.resources import files

from vettura.car.trip import Trip
from vettura.errors import InputError


def cycle_names() -> list[str]:
    """Names of the cycles we ship, sorted."""
    folder = files("vettura.drive").joinpath("cycles")
    return sorted(entry.name.removesuffix(".csv") for entry in folder.iterdir())


@cache
def load_cycle(name: str) -> Trip:
    """The cycle as a trip on a flat road, one speed [m/s] a second; InputError lists the names."""
    if name not in cycle_names():
        raise InputError(
            f"no cycle is called '{name}'", hint=f"known are {', '.join(cycle_names())}"
        )
    text = files("vettura.drive").joinpath("cycles", f"{name}.csv").read_text("utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return Trip(
        id=name,
        origin="dynamometer",
        destination="dynamometer",
        speed_mps=[float(row["speed_mps"]) for row in rows],
    )
