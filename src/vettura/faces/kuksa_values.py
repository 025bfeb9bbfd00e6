"""Values between the bus and KUKSA's messages: which field a type has, and what a type can hold.

v2 has a message `Value`, v1 and sdv have the same fields inside `Datapoint`; sdv gives the plain
ones another name. Numbers and types of the fields are the same in all three.
"""

import math
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from vettura.bus.messages import SignalValue
from vettura.bus.signals import Signal
from vettura.errors import InputError
from vettura.faces.kuksa_wire import Proto

TEXT_BYTES_MAX = 65_536
_PLAIN_FIELD_MAX = 18
"""Arrays have the fields from 21."""
ITEMS_MAX = 4096
"""Of an array."""


class Shape(NamedTuple):
    """How a VSS type travels."""

    field: str
    """Of v1 and v2."""
    sdv_field: str
    number: int
    """Of the field, in all three protocols."""
    low: int
    high: int
    """What the type can hold, for whole numbers; 0 and 0 for others."""


def _whole(field: str, number: int, bits: int) -> Shape:
    if field.startswith("u"):
        return Shape(field, f"{field}_value", number, 0, 2**bits - 1)
    return Shape(field, f"{field}_value", number, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


_PLAIN = {
    "string": Shape("string", "string_value", 11, 0, 0),
    "boolean": Shape("bool", "bool_value", 12, 0, 0),
    "int8": _whole("int32", 13, 8),
    "int16": _whole("int32", 13, 16),
    "int32": _whole("int32", 13, 32),
    "int64": _whole("int64", 14, 64),
    "uint8": _whole("uint32", 15, 8),
    "uint16": _whole("uint32", 15, 16),
    "uint32": _whole("uint32", 15, 32),
    "uint64": _whole("uint64", 16, 64),
    "float": Shape("float", "float_value", 17, 0, 0),
    "double": Shape("double", "double_value", 18, 0, 0),
}
SHAPES = _PLAIN | {
    f"{name}[]": Shape(
        f"{shape.field}_array", f"{shape.field}_array", shape.number + 10, shape.low, shape.high
    )
    for name, shape in _PLAIN.items()
}
"""By the type's name in VSS."""


def put_value(holder: Proto, signal: Signal, value: SignalValue | None, *, sdv: bool) -> None:
    """Write a value into a `Value` or a `Datapoint`; an unknown one leaves it unset.

    InputError when the value is not of the signal's type.
    """
    if value is None:
        return
    shape = SHAPES[signal.datatype]
    field = shape.sdv_field if sdv else shape.field
    clean = _CLEAN[signal.datatype.removesuffix("[]")]
    try:
        if signal.datatype.endswith("[]"):
            items = value if isinstance(value, list) else [value]
            getattr(holder, field).values.extend(clean(item) for item in items)
        else:
            setattr(holder, field, clean(value))
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{signal.path}: {error}") from None


_CLEAN: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_PLAIN, int),
    "string": str,
    "boolean": bool,
    "float": float,
    "double": float,
}


def take_value(holder: Proto, oneof: str, signal: Signal, *, sdv: bool) -> SignalValue:
    """Read a value of the signal's type; InputError names the type when it is of another."""
    shape = SHAPES[signal.datatype]
    set_field = holder.WhichOneof(oneof)
    if set_field != (shape.sdv_field if sdv else shape.field):
        named = set_field or "nothing"
        raise InputError(f"{signal.path} is of type {signal.datatype}, not {named}")
    raw = getattr(holder, set_field)
    if shape.number <= _PLAIN_FIELD_MAX:
        if type(raw) is float and not math.isfinite(raw):
            raise InputError(f"{signal.path} is a number, not {raw}")
        value: SignalValue = raw
    else:
        if len(raw.values) > ITEMS_MAX:
            raise InputError(f"{signal.path}: an array may have {ITEMS_MAX} items")
        value = list(raw.values)
    return value


class Gate(NamedTuple):
    """What a number or a truth of one signal must be, for who takes many of them."""

    field: str
    """Of v1 and v2."""
    low: float
    high: float


def gate_of(signal: Signal) -> Gate | None:
    """The gate of a signal; None for texts and arrays, which are looked at one by one."""
    if signal.datatype.endswith("]") or signal.datatype == "string":
        return None
    shape = SHAPES[signal.datatype]
    if signal.datatype == "boolean":
        return Gate(shape.field, 0, 1)
    # Finite even where the table has no bound: infinity and what is no number stay outside.
    low = max(signal.min, shape.low if shape.high else -sys.float_info.max)
    high = min(signal.max, shape.high or sys.float_info.max)
    return Gate(shape.field, low, high)


def check_bounds(signal: Signal, value: SignalValue) -> None:
    """Refuse what the type cannot hold, or the table forbids; InputError says which.

    For values that are published: what is commanded, the car itself checks.
    """
    shape = SHAPES[signal.datatype]
    for item in value if isinstance(value, list) else (value,):
        if isinstance(item, str):
            if signal.allowed and item not in signal.allowed:
                raise InputError(f"{signal.path} is one of {', '.join(signal.allowed)}")
            if len(item) > TEXT_BYTES_MAX:
                raise InputError(f"{signal.path}: a text may have {TEXT_BYTES_MAX} characters")
        elif isinstance(item, bool):
            continue
        elif not signal.min <= item <= signal.max:
            raise InputError(f"{signal.path} is between {signal.min:g} and {signal.max:g}")
        elif shape.high and not shape.low <= item <= shape.high:
            raise InputError(f"{signal.path} of type {signal.datatype} cannot hold {item}")
        elif not math.isfinite(item):
            raise InputError(f"{signal.path} is a number, not {item}")
