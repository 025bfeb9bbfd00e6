"""The cars we ship, and reading a car file that someone else wrote."""

import tomllib
from functools import cache
from importlib.resources import files

from vettura.car.shape import table_faults
from vettura.car.spec import CarSpec, Table
from vettura.config import parse_toml, read_bytes
from vettura.errors import InputError


def car_ids() -> list[str]:
    """Ids of the cars we ship, sorted."""
    models = files("vettura.car").joinpath("models")
    names = (entry.name for entry in models.iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


@cache
def load_car(name: str) -> CarSpec:
    """Return the car with that id, or the one in that file when `name` ends in `.toml`.

    Raises InputError naming the file and the key, or the ids that there are.
    """
    return parse_car(car_bytes(name), where=name if name.endswith(".toml") else f"{name}.toml")


def car_bytes(name: str) -> bytes:
    """The text of the car with that id, or of that file; InputError when there is none."""
    if name.endswith(".toml"):
        return read_bytes(name)
    known = car_ids()
    if name not in known:
        raise InputError(
            f"no car is called '{name}'",
            hint=f"known are {', '.join(known)}; or name a file that ends in .toml",
        )
    return files("vettura.car").joinpath("models", f"{name}.toml").read_bytes()


def parse_car(text: bytes, *, where: str) -> CarSpec:
    """Read a car file; `where` names it in errors."""
    spec = parse_toml(text, CarSpec, where=where)
    _check_sources(spec, text, where)
    _check_consistency(spec, where)
    return spec


def _check_sources(spec: CarSpec, text: bytes, where: str) -> None:
    used = set(_sources_in(tomllib.loads(text.decode())))
    for source in sorted(used - set(spec.sources)):
        raise InputError(f"{where}: source '{source}' is not in [sources]", hint="add it there")


def _sources_in(tree: object) -> list[str]:
    if isinstance(tree, list):
        return [source for branch in tree for source in _sources_in(branch)]
    if not isinstance(tree, dict):
        return []
    found = [value for key, value in tree.items() if key == "source" and isinstance(value, str)]
    return found + [source for value in tree.values() for source in _sources_in(value)]


def _check_consistency(spec: CarSpec, where: str) -> None:
    gross, net = spec.battery.capacity_gross_wh.value, spec.battery.capacity_net_wh.value
    if net > gross:
        raise InputError(
            f"{where}: battery.capacity_net_wh {net:g} exceeds capacity_gross_wh {gross:g}"
        )
    _check_table(spec.charging.dc_curve, f"{where}: charging.dc_curve")


def _check_table(table: Table, where: str) -> None:
    for fault in table_faults(table.at, table.value):
        raise InputError(f"{where}: {fault}")
