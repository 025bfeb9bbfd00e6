"""Tokens, from anybody."""

from functools import cache

from fuzz.entries import Door, text
from make import NOON_NS
from vettura.errors import InputError
from vettura.trust.keys import new_private_pem, public_pem
from vettura.trust.scopes import read_scopes
from vettura.trust.tokens import Verifier, mint, peek_claims

S = 1_000_000_000
SCOPE = "read:Vehicle.Speed actuate:Vehicle.*.Door provide:Vehicle.Cabin create"


@cache
def _keys() -> tuple[bytes, ...]:
    return tuple(new_private_pem(kind) for kind in ("EdDSA", "ES256"))


def token() -> Door:
    """The verifier, the reader of scopes, and the one that only shows claims."""
    keys = _keys()
    minted = tuple(
        mint(key, scope=SCOPE, subject="app", issued_s=NOON_NS // S, lasts_s=3600) for key in keys
    )
    verifier = Verifier([public_pem(key) for key in keys], lambda: NOON_NS)
    none = b"eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."
    samples = (*(one.encode() for one in minted), none, SCOPE.encode())

    def feed(data: bytes) -> bool:
        words = text(data)
        accepted = 0
        for read in (verifier.check, read_scopes, peek_claims):
            try:
                read(words)
                accepted += 1
            except InputError:
                pass
        return accepted > 0

    return Door("token", samples, feed)


DOORS = {"token": token}
