"""Malformed inputs: valid ones, broken in the ways that wires, files and people break them.

Each is a pure function of seed and index, so one number brings an input back.
"""

from random import Random  # noqa: TID251  seeded anew for each input, by its number

TOKENS = (
    b"NaN",
    b"Infinity",
    b"-1e999",
    b"null",
    b"{}",
    b"[]",
    b'""',
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\x00",
    b"\r\n",
    b"%s%n",
    b"../../",
    b"#",
    b"+",
    b"*",
    b">",
    b"-0",
    b"9" * 40,
    b"1" + b"0" * 400,
    b"9" * 4400,
    b"18446744073709551616",
    b"-9223372036854775809",
    b"2026-03-02T07:30:00+25:00",
    b"9999-12-31T23:59:59-14:00",
    b"0001-01-01T00:00:00+14:00",
    b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00",  # MessagePack: a double that is not a number
    b"\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00",  # infinity
    b"\xcf" + b"\xff" * 8,
    b"\xd3\x80" + b"\x00" * 7,
    b"\xdd\xff\xff\xff\xff",  # arrays, maps, bytes and strings of four billion
    b"\xdf\xff\xff\xff\xff",
    b"\xc6\xff\xff\xff\xff",
    b"\xdb\xff\xff\xff\xff",
    b"\xc1",
    b"\x91" * 600,
    b"\xff" * 9 + b"\x01",  # protobuf: the longest varint
    b"\x80" * 12,
    b"\x0a\xff\xff\xff\xff\x0f",
    b"\x0b" * 120,
)
LENGTHS = (b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff", b"\x80\x00", b"\x00\x00\x00\x00")
LARGE_BYTES = 1_048_576
LARGE_EVERY = 4096
"""One input in so many is a megabyte."""
DEEP_MAX = 2000


def malformed(seed: int, index: int, samples: tuple[bytes, ...]) -> bytes:
    """The input of that number; about one in sixteen is valid as it is."""
    chance = Random(seed * 1_000_003 + index)
    data = chance.choice(samples)
    if index % LARGE_EVERY == LARGE_EVERY - 1:
        return _large(chance, data)
    for _ in range(chance.choice((0, 1, 1, 1, 1, 2, 2, 3, 1, 2, 4, 1, 1, 2, 3, 8))):
        data = chance.choice(BREAKERS)(chance, data, samples)
    return data


def _flip(chance: Random, data: bytes, _: tuple[bytes, ...]) -> bytes:
    broken = bytearray(data)
    for _k in range(chance.choice((1, 1, 2, 8)) if broken else 0):
        broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
    return bytes(broken)


def _set(chance: Random, data: bytes, _: tuple[bytes, ...]) -> bytes:
    broken = bytearray(data)
    if broken:
        broken[chance.randrange(len(broken))] = chance.choice((0, 1, 127, 128, 255, 34, 123, 46))
    return bytes(broken)


def _cut(chance: Random, data: bytes, _: tuple[bytes, ...]) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _delete(chance: Random, data: bytes, _: tuple[bytes, ...]) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + data[at + chance.randrange(1, 9) :]


def _repeat(chance: Random, data: bytes, _: tuple[bytes, ...]) -> bytes:
    at = chance.randrange(len(data) + 1)
    piece = data[at : at + chance.randrange(1, 17)]
    return data[:at] + piece * chance.choice((2, 3, 40)) + data[at:]


def _splice(chance: Random, data: bytes, samples: tuple[bytes, ...]) -> bytes:
    other = chance.choice(samples)
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


def _insert(chance: Random, data: bytes, _: tuple[bytes, ...]) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(TOKENS) + data[at:]


def _overwrite(chance: Random, data: bytes, _: tuple[bytes, ...]) -> bytes:
    at = chance.randrange(len(data) + 1)
    token = chance.choice(TOKENS + LENGTHS)
    return data[:at] + token + data[at + len(token) :]


def _noise(chance: Random, data: bytes, _: tuple[bytes, ...]) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.randbytes(chance.randrange(1, 24)) + data[at:]


def _deep(chance: Random, data: bytes, _: tuple[bytes, ...]) -> bytes:
    depth = chance.randrange(1, DEEP_MAX)
    opening, closing = chance.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"\x91", b"\x00")))
    at = data.find(b":") + 1 or chance.randrange(len(data) + 1)
    return data[:at] + opening * depth + b"1" + closing * depth + data[at:]


def _large(chance: Random, data: bytes) -> bytes:
    filling = chance.choice(
        (b"9", b"[", b"a", b"\x00", b"\xff", b"\x91", b'{"a":', b"01 ", data or b"z")
    )
    at = chance.randrange(len(data) + 1)
    return data[:at] + filling * (LARGE_BYTES // len(filling)) + data[at:]


BREAKERS = (
    _flip,
    _flip,
    _set,
    _cut,
    _delete,
    _repeat,
    _splice,
    _insert,
    _insert,
    _overwrite,
    _noise,
    _deep,
)
