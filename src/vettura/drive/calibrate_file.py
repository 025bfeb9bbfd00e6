"""A calibration as a TOML file, to be read by people and taken by other commands."""

from pathlib import Path

import msgspec

from vettura.config import parse_toml, read_bytes
from vettura.drive.calibrate import Calibration
from vettura.drive.calibrate_knobs import NAMES, knob_named
from vettura.errors import InputError

HEAD = """\
# What measured trips say of one car. Values are in SI units, as in the model's parameters;
# `sd` is a standard deviation. A parameter that is "not shown" is left at the car file's figure.
"""


def save_calibration(path: Path, calibration: Calibration) -> None:
    """Write the file, with its folder; InputError when that cannot be done."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_text(calibration), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from None


def load_calibration(path: Path, *, car: str) -> Calibration:
    """Read what `save_calibration` wrote; InputError when it is not that, or of another car."""
    found = parse_toml(read_bytes(path), Calibration, where=str(path))
    if found.car != car:
        raise InputError(
            f"{path}: calibrates '{found.car}', not '{car}'",
            hint=f"calibrate {car} on its own trips",
        )
    count = len(found.parameters)
    if len(found.correlation) != count or any(len(line) != count for line in found.correlation):
        raise InputError(f"{path}: correlation: must have {count} lines of {count} numbers")
    for one in found.parameters:
        if one.name not in NAMES:
            raise InputError(
                f"{path}: parameters: unknown name '{one.name}'",
                hint=f"known are {', '.join(NAMES)}",
            )
        knob = knob_named(one.name)
        if one.file_value <= 0.0 or not 0.5 * knob.low < one.value / one.file_value < 2 * knob.high:
            raise InputError(
                f"{path}: {one.name}: {one.value:g} cannot be, with {one.file_value:g} in the "
                "car file",
                hint=f"{knob.low:g} to {knob.high:g} times the car file's figure are possible",
            )
    return found


def _text(calibration: Calibration) -> str:
    lines = [HEAD]
    parts = {
        name: getattr(calibration, name)
        for name in calibration.__struct_fields__
        if name != "parameters"
    }
    lines += [f"{name} = {_value(value)}" for name, value in parts.items()]
    for one in calibration.parameters:
        lines += ["", "[[parameters]]"]
        lines += [f"{name} = {_value(getattr(one, name))}" for name in one.__struct_fields__]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    """TOML and JSON write strings, numbers, truths and lists of them alike."""
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
