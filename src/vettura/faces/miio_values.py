"""Between the words of an entity and the values on Xiaomi's wire, by rows of the table. Pure."""

import math
from typing import Any, TypeAlias, TypeGuard

from vettura.bus.messages_home import EntityState
from vettura.errors import InputError
from vettura.faces.miio_spec import Property, Wired

Ours: TypeAlias = bool | int | float | str | list[int]
UNSURE = frozenset({"unavailable", "unknown", ""})
TEXT_MAX = 256
"""Longest text on the wire; what is longer is cut."""
FLOAT_DIGITS = 3

_MIRED = 1e6
_BYTE = 256
_LARGEST = 1e15


def wired(row: Property, state: EntityState | None) -> Wired | None:
    """What the wire says for that state of the row's entity; None while nobody knows."""
    ours = _field(row, state)
    if ours is None:
        return None
    if row.words:
        return row.words.get(str(ours))
    try:
        return _formatted(row, ours)
    except (TypeError, ValueError, ArithmeticError):
        return None


def checked(row: Property, value: object) -> Wired:
    """A value that a client wants to set, of the row's format and in its range; else InputError."""
    if row.format == "bool":
        # Some clients say 0 and 1.
        if isinstance(value, bool) or (isinstance(value, int) and value in (0, 1)):
            return bool(value)
        raise InputError("say true or false")
    if row.format == "str":
        if isinstance(value, str) and len(value) <= TEXT_MAX:
            return _known(row, value)
        raise InputError("say a text")
    if not is_number(value):
        raise InputError("say a number")
    if row.format == "int" and value != int(value):
        raise InputError("say a whole number")
    if not _is_within(row, value):
        raise InputError(f"say a number from {row.low} to {row.high}")
    return _known(row, int(value) if row.format == "int" else float(value))


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a number that any device could mean; JSON knows none too large, we do."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -_LARGEST <= value <= _LARGEST


def ours(row: Property, value: Wired) -> Ours:
    """What a value of the wire means for the entity: a state's word, or an attribute."""
    if row.words:
        word = _word(row, value)
        return word if word is not None else "unknown"
    if row.via == "rgb" and isinstance(value, int):
        return [value // _BYTE**2 % _BYTE, value // _BYTE % _BYTE, value % _BYTE]
    if row.format == "bool":
        return bool(value)
    if row.format == "str" or isinstance(value, str):
        return str(value)
    number = (value - row.offset) / row.scale
    if row.via == "mired":
        number = _MIRED / number if number else 0.0
    if row.format == "int" and (row.scale != 1.0 or row.via) and row.field != "state":
        return round(number)
    number = round(number, FLOAT_DIGITS)
    return int(number) if number == int(number) and row.format == "int" else number


def order(row: Property, value: Wired) -> tuple[str, dict[str, Any]]:
    """The action that brings a row to a value which `checked` has passed, and its data."""
    if isinstance(row.do, str):
        return row.do, {row.key: ours(row, value)}
    word = next((w for w in row.do if row.words.get(w) == value), "")
    if not word:
        raise InputError("nothing brings it to that value")
    return row.do[word], {}


def _field(row: Property, state: EntityState | None) -> object:
    if state is None or state.state in UNSURE:
        return None
    return state.state if row.field == "state" else state.attributes.get(row.field)


def _formatted(row: Property, ours: object) -> Wired:
    if row.format == "bool":
        return bool(ours)
    if row.format == "str":
        return str(ours)[:TEXT_MAX]
    if row.via == "rgb":
        return _rgb(ours)
    if not isinstance(ours, int | float | str):
        raise TypeError(ours)
    number = _MIRED / float(ours) if row.via == "mired" else float(ours)
    number = number * row.scale + row.offset
    if row.low is not None:
        number = max(number, row.low)
    if row.high is not None:
        number = min(number, row.high)
    if not math.isfinite(number):
        raise ValueError(number)
    return round(number) if row.format == "int" else round(number, FLOAT_DIGITS)


def _rgb(ours: object) -> int:
    if not isinstance(ours, list | tuple):
        raise TypeError(ours)
    red, green, blue = (int(part) % _BYTE for part in ours)
    return red * _BYTE**2 + green * _BYTE + blue


def _known(row: Property, value: Wired) -> Wired:
    if row.words and _word(row, value) is None:
        raise InputError(f"say one of {', '.join(map(str, row.words.values()))}")
    return value


def _word(row: Property, value: Wired) -> str | None:
    return next((word for word, wire in row.words.items() if wire == value), None)


def _is_within(row: Property, value: float) -> bool:
    low = -math.inf if row.low is None else row.low
    high = math.inf if row.high is None else row.high
    return low <= value <= high
