"""`vettura cars`: the cars there are, and whether a car file can be true."""

from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from vettura.car.catalogue import car_bytes, car_ids, load_car
from vettura.car.plausible import CYCLE_OF, check_car
from vettura.car.spec import CarSpec
from vettura.cli.output import Row, print_json, print_lines, print_table
from vettura.config import read_toml
from vettura.drive.cycles import load_cycle
from vettura.drive.uncertainty import road_load_of
from vettura.units import W_PER_KW, WH_PER_KWH

cars = App(name="cars", help="List the cars, or show one with its sources.")


@cars.command
def check(file: str, /, *, json: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Look for everything that is missing, implausible or inconsistent in a car file.

    One line for each finding: where, what, why, what to do. Exit code 1 when there are any.

    Parameters
    ----------
    file
        Path of a car file, however incomplete; or the id of a car.
    json
        Print JSON objects, one a line.
    """
    tree = read_toml(car_bytes(file), where=file)
    found = check_car(tree, {cycle: load_cycle(cycle) for cycle in CYCLE_OF.values()})
    if json:
        print_json(finding._asdict() for finding in found)
    else:
        clean = [f"{file}: nothing missing, implausible or inconsistent"]
        print_lines([str(finding) for finding in found] or clean)
    return 1 if found else 0


@cars.default
def show(name: str = "", /, *, json: Annotated[bool, Parameter(negative="")] = False) -> None:
    """List the cars, or show one with the source of every figure.

    Parameters
    ----------
    name
        Id of a car, or the path of a car file.
    json
        Print JSON objects, one a line.
    """
    if name:
        _show(load_car(name), json=json)
        return
    rows = [_row(load_car(car)) for car in car_ids()]
    if json:
        print_json(rows)
        return
    headings = {
        "id": "id",
        "year": "year",
        "kerb_mass_kg": "kg",
        "power_kw": "kW",
        "net_kwh": "kWh",
        "chemistry": "cells",
        "heat_pump": "heat pump",
        "road_load": "road load",
    }
    print_table("", headings, [_whole_kw(row) for row in rows])


def _row(spec: CarSpec) -> Row:
    return {
        "id": spec.id,
        "name": spec.name,
        "year": spec.year,
        "kerb_mass_kg": spec.body.kerb_mass_kg.value,
        "power_kw": spec.drive.power_max_w.value / W_PER_KW,
        "net_kwh": spec.battery.capacity_net_wh.value / WH_PER_KWH,
        "chemistry": spec.battery.chemistry.value.upper(),
        "heat_pump": spec.climate.heat_pump.value,
        "road_load": road_load_of(spec),
    }


def _whole_kw(row: Row) -> Row:
    """Without decimals of power, so that every column fits into 80 characters."""
    power_kw = row["power_kw"]
    return {**row, "power_kw": round(power_kw) if isinstance(power_kw, float) else power_kw}


def _show(spec: CarSpec, *, json: bool) -> None:
    rows: list[Row] = []
    for part, group in _parts(spec):
        for field in group.__struct_fields__:
            figure = getattr(group, field)
            if figure is None:
                continue
            rows.append(
                {
                    "figure": f"{part}.{field}",
                    "value": _value(figure),
                    "estimate": getattr(figure, "estimate", False),
                    "source": spec.sources[figure.source],
                }
            )
    if json:
        print_json(rows)
        return
    headings = {"figure": "figure", "value": "value", "estimate": "estimate", "source": "source"}
    print_table(f"{spec.name} {spec.year}", headings, rows)


def _parts(spec: CarSpec) -> list[tuple[str, msgspec.Struct]]:
    parts: list[tuple[str, msgspec.Struct]] = [("body", spec.body), ("drive", spec.drive)]
    parts += [(f"motors.{motor.axle.value}", motor) for motor in spec.motors]
    return [
        *parts,
        ("battery", spec.battery),
        ("climate", spec.climate),
        ("charging", spec.charging),
    ]


def _value(figure: object) -> str:
    value = getattr(figure, "value", None)
    if value is None:
        names = ("a_n", "b_n_per_mps", "c_n_per_mps2", "test_mass_kg")
        return ", ".join(f"{name} {getattr(figure, name):g}" for name in names)
    if isinstance(value, list):
        at: list[float] = getattr(figure, "at", [])
        return ", ".join(f"{a:g}: {v:g}" for a, v in zip(at, value, strict=True))
    return f"{value:g}" if isinstance(value, float) else str(value)
