"""The bytes of Xiaomi's miIO protocol (UDP 54321). Pure.

A packet is a header of 32 bytes and, unless it is a greeting, an encrypted JSON text that ends with
a zero byte:

| bytes | what |
|---|---|
| 0-1 | 0x2131 |
| 2-3 | length of the whole packet |
| 4-7 | zero; in a greeting all ones |
| 8-11 | the device's number |
| 12-15 | stamp: seconds since the device started |
| 16-31 | MD5 of bytes 0-15, token and ciphertext |

The text is AES-128 in CBC mode with PKCS7 padding, key MD5(token), first block MD5(key + token).
Who greets sends all ones behind the length; the answer says the device's number and stamp.
Source: the protocol as OpenMiHome/mihome-binary-protocol describes it.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from vettura.errors import InputError

TOKEN_BYTES = 16
HEADER_BYTES = 32
PACKET_BYTES_MAX = 4096
"""python-miio reads no more of an answer; no device's own requests come near it."""
HELLO = bytes.fromhex("21310020" + "ff" * 28)
"""What a client sends first: who are you, and what is your time?"""

_MAGIC = 0x2131
_HEADER = struct.Struct(">HHIII")
_BLOCK_BYTES = 16
_HIDDEN = b"\xff" * TOKEN_BYTES
"""Stands where a device that nobody owns yet would tell its token."""


class Greeting(NamedTuple):
    """A device's answer to a hello."""

    device: int
    stamp: int


class Packet(NamedTuple):
    """What a packet says once it is known to be sound."""

    device: int
    stamp: int
    text: bytes
    """JSON."""


class Keys(NamedTuple):
    """A token, and what follows from it."""

    token: bytes
    key: bytes
    first_block: bytes


class Request(msgspec.Struct, frozen=True):
    """What a client wants."""

    id: int
    method: str
    params: object = None


def read_token(text: str) -> bytes:
    """The 16 bytes of a token from its 32 hexadecimal digits; InputError never repeats it."""
    try:
        token = bytes.fromhex(text.strip())
    except ValueError:
        token = b""
    if len(token) != TOKEN_BYTES:
        raise InputError("a token has 32 hexadecimal digits")
    return token


def keys_of(token: bytes) -> Keys:
    """The keys that belong to a token."""
    key = _digest(token)
    return Keys(token, key, _digest(key + token))


def is_hello(data: bytes) -> bool:
    """Whether somebody greets; what stands behind the length differs between clients."""
    return len(data) == HEADER_BYTES and data[:4] == HELLO[:4]


def greeting(device: int, stamp: int) -> bytes:
    """A device's answer to a hello; it does not tell its token."""
    return _HEADER.pack(_MAGIC, HEADER_BYTES, 0, device, stamp) + _HIDDEN


def read_greeting(data: bytes) -> Greeting:
    """The answer to a hello; InputError when it is none."""
    if not is_hello(data):
        raise InputError("not an answer to a hello")
    _, _, _, device, stamp = _HEADER.unpack(data[:16])
    return Greeting(device, stamp)


def pack(keys: Keys, *, device: int, stamp: int, text: bytes) -> bytes:
    """A whole packet that carries a JSON text."""
    padder = PKCS7(8 * _BLOCK_BYTES).padder()
    plain = padder.update(text + b"\x00") + padder.finalize()
    encryptor = _cipher(keys).encryptor()
    body = encryptor.update(plain) + encryptor.finalize()
    head = _HEADER.pack(_MAGIC, HEADER_BYTES + len(body), 0, device, stamp)
    return head + _digest(head + keys.token + body) + body


def unpack(data: bytes, keys: Keys) -> Packet:
    """What a packet says; InputError when it is broken or made with another token."""
    if not HEADER_BYTES + _BLOCK_BYTES <= len(data) <= PACKET_BYTES_MAX:
        raise InputError(f"a packet of {len(data)} bytes")
    magic, length, _, device, stamp = _HEADER.unpack(data[:16])
    body = data[HEADER_BYTES:]
    if magic != _MAGIC or length != len(data) or len(body) % _BLOCK_BYTES:
        raise InputError("not a miIO packet")
    if _digest(data[:16] + keys.token + body) != data[16:HEADER_BYTES]:
        raise InputError("the checksum is wrong: broken, or another token")
    decryptor = _cipher(keys).decryptor()
    plain = decryptor.update(body) + decryptor.finalize()
    unpadder = PKCS7(8 * _BLOCK_BYTES).unpadder()
    try:
        text = unpadder.update(plain) + unpadder.finalize()
    except ValueError:
        raise InputError("the padding is wrong") from None
    return Packet(device, stamp, text.rstrip(b"\x00"))


def read_request(text: bytes) -> Request:
    """What a client wants; InputError when it is no request."""
    with _said_wrong():
        return msgspec.json.decode(text, type=Request)


def read_answer(text: bytes) -> dict[str, Any]:
    """What a device answers; InputError when it is no JSON object."""
    with _said_wrong():
        return msgspec.json.decode(text, type=dict[str, Any])


@contextmanager
def _said_wrong() -> Iterator[None]:
    try:
        yield
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"not what one says in miIO: {error}") from None


def _cipher(keys: Keys) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES128(keys.key), modes.CBC(keys.first_block))


def _digest(data: bytes) -> bytes:
    # The protocol's own checksum and key derivation; nothing newer is understood.
    return md5(data, usedforsecurity=False).digest()
