"""Chance that can be repeated: named random streams and time-sortable ids."""

from collections.abc import Callable
from hashlib import sha256
from random import Random

# Crockford's base 32 sorts as the numbers do and leaves out I, L, O and U.
# https://www.crockford.com/base32.html
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 26
_TAIL_BITS = 80
_NS_PER_MS = 1_000_000


def random_stream(seed: int, name: str) -> Random:
    """Return a new random stream that depends on `seed` and `name` alone."""
    digest = sha256(f"{seed}:{name}".encode()).digest()
    return Random(int.from_bytes(digest, "big"))  # noqa: S311  chance, not secrets


class IdMaker:
    """Ids in the form of a ULID: 48 bits of milliseconds, then 80 bits of chance.

    Each is greater than the one before, also within one millisecond and when time goes back.
    Source of the form: https://github.com/ulid/spec. `entropy(count)` gives that many bytes.
    """

    def __init__(self, entropy: Callable[[int], bytes]) -> None:
        self._entropy = entropy
        self._last = -1

    def new_id(self, now_ns: int, kind: str = "") -> str:
        """Return an id no other call returns; `now_ns` is the time since the epoch [ns]."""
        now_ms = now_ns // _NS_PER_MS
        if now_ms > self._last >> _TAIL_BITS:
            tail = int.from_bytes(self._entropy(_TAIL_BITS // 8), "big")
            self._last = now_ms << _TAIL_BITS | tail
        else:
            self._last += 1
        text = _base32(self._last)
        return f"{kind}-{text}" if kind else text


def _base32(number: int) -> str:
    return "".join(_DIGITS[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))
