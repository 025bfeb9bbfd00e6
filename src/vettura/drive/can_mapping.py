"""Which signal of a DBC fills which column of a measured trip."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from vettura.bus.paths import BATTERY
from vettura.config import parse_toml, read_bytes
from vettura.drive.measured import OPTIONAL
from vettura.errors import InputError

COLUMNS = ("speed_kmh", *OPTIONAL)
"""What a trip may hold beside time."""
_NUMBER = r"[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?"
_SOURCE = re.compile(
    rf"(?P<signal>[A-Za-z_][\w.]*)(?:\*(?P<factor>-?{_NUMBER}))?(?P<offset>[-+]{_NUMBER})?"
)


class Source(NamedTuple):
    """Where a column comes from: column = factor · signal + offset."""

    signal: str
    """A signal's name or VSS path; `Message.Signal` where two messages have one of that name."""
    factor: float = 1.0
    offset: float = 0.0


BY_PATH: Mapping[str, Source] = {
    "speed_kmh": Source("Vehicle.Speed"),
    "elevation_m": Source("Vehicle.CurrentLocation.Altitude"),
    "ambient_degc": Source("Vehicle.Exterior.AirTemperature"),
    "battery_v": Source(BATTERY + "CurrentVoltage"),
    "battery_a": Source(BATTERY + "CurrentCurrent"),
    "soc_pct": Source(BATTERY + "StateOfCharge.Current"),
    "heating_kw": Source("Vehicle.Private.Vettura.ClimatePower", factor=0.001),
    "battery_degc": Source(BATTERY + "Temperature.Average"),
    "cabin_degc": Source("Vehicle.Cabin.HVAC.AmbientAirTemperature"),
    "motor_torque_nm": Source("Vehicle.Powertrain.ElectricMotor.Torque"),
}
"""What fills a column by itself where the signals of a DBC name their VSS paths, as ours do.

VSS and a measured trip agree that current into the battery is positive. Climate power is heater and
compressor together, which is all that a trip's columns are used for.
"""


class _MapFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    signals: dict[str, str]


def parse_source(column: str, text: str) -> Source:
    """Read `Signal`, `Signal*0.01` or `Signal*0.01-40`; InputError says what stands there."""
    if column not in COLUMNS:
        raise InputError(f"'{column}': no column of a trip", hint=f"known are {', '.join(COLUMNS)}")
    found = _SOURCE.fullmatch("".join(text.split()))
    if found is None:
        raise InputError(
            f"{column}: '{text}' names no signal", hint="write Signal, or Signal*0.01-40"
        )
    return Source(found["signal"], float(found["factor"] or 1.0), float(found["offset"] or 0.0))


def parse_option(text: str) -> tuple[str, Source]:
    """Read `column=Signal*0.01-40` as the command line gives it."""
    column, equals, rest = text.partition("=")
    if not equals:
        raise InputError(f"'{text}': not column=Signal", hint="such as speed_kmh=VehicleSpeed")
    return column.strip(), parse_source(column.strip(), rest)


def read_mapping(path: Path) -> dict[str, Source]:
    """Read a TOML file with a table `[signals]` of `column = "Signal*0.01-40"`."""
    rows = parse_toml(read_bytes(path), _MapFile, where=str(path)).signals
    try:
        return {column: parse_source(column, text) for column, text in rows.items()}
    except InputError as error:
        raise InputError(f"{path}: {error.message}", hint=error.hint) from None
