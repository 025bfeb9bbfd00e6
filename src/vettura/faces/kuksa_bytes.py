"""Protocol buffers by hand, as far as values and time stamps go.

Widths are made constant where they can be: a varint may be padded with empty groups, which every
reader takes.
"""

import struct
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from vettura.bus.messages import SignalValue
from vettura.faces.kuksa_values import SHAPES
from vettura.units import NS_PER_S

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
"""Wire types."""
STAMP_BYTES = 14
"""A time stamp with its tag: two varints of five bytes, each with its tag, in a message."""
PADDED_KEPT = 8192
"""Whole numbers whose bytes are remembered."""
_BITS_32 = 1 << 32


class Way(NamedTuple):
    """How values of one type become bytes."""

    tag: bytes
    """Before the value where `letters` are given; else `pack` makes it too."""
    letters: str
    """Of the value in a struct, without the tag; empty when its width varies."""
    pack: Callable[[SignalValue], bytes] | None
    """Makes the bytes of a value; None where a struct takes the value itself."""


@cache
def way_of(datatype: str) -> Way:
    """How values of a VSS type become bytes."""
    number = SHAPES[datatype].number
    item = datatype.removesuffix("[]")
    if datatype.endswith("[]"):
        return Way(b"", "", lambda value: sized(number, _array(item, value)))
    match item:
        case "float":
            return Way(tag(number, FIXED32), "f", None)
        case "double":
            return Way(tag(number, FIXED64), "d", None)
        case "boolean":
            return Way(tag(number, VARINT), "?", None)
        case "int8" | "int16" | "int32":
            return Way(tag(number, VARINT), "5s", _SIGNED.__getitem__)
        case "uint8" | "uint16" | "uint32":
            return Way(tag(number, VARINT), "5s", _UNSIGNED.__getitem__)
        case "string":
            return Way(b"", "", lambda value: sized(number, _text(value)))
    head = tag(number, VARINT)
    convert = _zigzag if item == "int64" else _natural
    return Way(b"", "", lambda value: head + varint(convert(value)))


class _Last:
    """The last time stamp made; a frame asks for it once for each signal."""

    time_ns = -1
    data = b""


def stamp(time_ns: int) -> bytes:
    """Field 1 of a Datapoint, a google.protobuf.Timestamp, always of `STAMP_BYTES`."""
    if time_ns != _Last.time_ns:
        seconds, nanos = divmod(max(0, time_ns), NS_PER_S)
        _Last.data = b"\x0a\x0c\x08" + padded(seconds) + b"\x10" + padded(nanos)
        _Last.time_ns = time_ns
    return _Last.data


def varint(number: int) -> bytes:
    """A whole number from 0, in as few bytes as it takes."""
    data = bytearray()
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    data.append(number)
    return bytes(data)


def padded(number: int) -> bytes:
    """A whole number from 0 to 2**35 - 1 in five bytes."""
    return bytes(
        (
            number & 0x7F | 0x80,
            number >> 7 & 0x7F | 0x80,
            number >> 14 & 0x7F | 0x80,
            number >> 21 & 0x7F | 0x80,
            number >> 28 & 0x7F,
        )
    )


def tag(number: int, wire_type: int) -> bytes:
    """What stands before a field."""
    return varint(number << 3 | wire_type)


def sized(number: int, data: bytes) -> bytes:
    """A field of bytes, a text or a message."""
    return tag(number, LENGTH) + varint(len(data)) + data


class _Padded(dict[SignalValue, bytes]):
    """Whole numbers of 32 bits in five bytes; what was made is kept, as values come again."""

    def __init__(self, encode: Callable[[SignalValue], int]) -> None:
        super().__init__()
        self._encode = encode

    def __missing__(self, value: SignalValue) -> bytes:
        data = padded(_below_32(self._encode(value)))
        if len(self) >= PADDED_KEPT:
            self.clear()
        self[value] = data
        return data


def _below_32(number: int) -> int:
    if number >= _BITS_32:
        raise ValueError("more than 32 bits")
    return number


def _number(value: SignalValue) -> int:
    if isinstance(value, int | float):
        return int(value)
    raise TypeError(f"not a number but {type(value).__name__}")


def _natural(value: SignalValue) -> int:
    number = _number(value)
    if number < 0:
        raise ValueError("below zero")
    return number


def _zigzag(value: SignalValue) -> int:
    number = _number(value)
    return number << 1 if number >= 0 else (-number << 1) - 1


def _text(value: object) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"not a text but {type(value).__name__}")
    return value.encode()


def _array(item: str, value: SignalValue) -> bytes:
    if not isinstance(value, list):
        raise TypeError(f"not an array but {type(value).__name__}")
    if item == "string":
        return b"".join(sized(1, _text(one)) for one in value)
    if item in ("float", "double"):
        return sized(1, struct.pack(f"<{len(value)}{item[0]}", *value))
    convert = _zigzag if item.startswith("int") else _natural
    return sized(1, b"".join(varint(convert(one)) for one in value))


_SIGNED = _Padded(_zigzag)
_UNSIGNED = _Padded(_natural)
