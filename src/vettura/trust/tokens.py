"""Tokens: JSON Web Tokens (RFC 7519) as KUKSA takes them, signed with EdDSA, ES256 or RS256.

A token says who (`sub`), what (`scope`, see `vettura.trust.scopes`) and until when (`exp`, which
must be there). A token made for somebody else (`aud` without `kuksa.val`) or not valid yet (`nbf`)
is refused; who issued it (`iss`) is for its reader.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, TypeAlias

import msgspec
from jwt import PyJWS
from jwt.exceptions import PyJWTError

from vettura.errors import InputError
from vettura.trust.keys import Verifying, read_private, read_public
from vettura.trust.scopes import Permissions, read_scopes
from vettura.units import NS_PER_S

AUDIENCE = "kuksa.val"
"""What KUKSA's own server wants to find among a token's audiences."""
TOKEN_BYTES_MAX = 8_192
"""Longest token looked at: what grpc allows for all metadata of a call."""
CACHED_MAX = 1_024
"""Tokens whose signature is remembered; the oldest is forgotten first."""
SECONDS_MAX = 9_000_000_000
"""Until the year 2255, so that nanoseconds fit in 64 bits."""

Seconds: TypeAlias = (
    Annotated[int, msgspec.Meta(ge=0, le=SECONDS_MAX)]
    | Annotated[float, msgspec.Meta(ge=0.0, le=SECONDS_MAX)]
)
"""Since the epoch, UTC; some issuers write fractions."""
Subject: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Claims(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a token claims; times in seconds since the epoch, UTC."""

    sub: Subject
    scope: str
    exp: Seconds
    nbf: Seconds = 0
    iat: Seconds | None = None
    """None when the issuer does not say."""
    aud: str | list[str] | None = None
    """None when the token is for anybody."""
    iss: str = ""


_algorithms = PyJWS(algorithms=["EdDSA", "ES256", "RS256"])
_claims = msgspec.json.Decoder(Claims)


class Verifier:
    """Checks tokens against public keys (PEM) and remembers the signatures it has checked.

    `now_ns` is real time [ns since the epoch, UTC], however fast the car's own clock runs.
    """

    def __init__(self, keys: Sequence[bytes], now_ns: Callable[[], int]) -> None:
        self._keys = [read_public(pem) for pem in keys]
        self._now_ns = now_ns
        self._checked: dict[str, _Checked] = {}

    def check(self, token: str) -> Permissions:
        """What the token allows; InputError in one clear line when it is none of ours, or over."""
        checked = self._checked.get(token)
        if checked is None:
            checked = _Checked(read_claims(token, self._keys))
        if fault := checked.fault_at(self._now_ns()):
            self._checked.pop(token, None)
            raise InputError(fault)
        if token not in self._checked:
            self._remember(token, checked)
        return checked.permissions

    def _remember(self, token: str, checked: "_Checked") -> None:
        if len(self._checked) >= CACHED_MAX:
            del self._checked[next(iter(self._checked))]
        self._checked[token] = checked


class _Checked:
    """A token whose signature is right, and the times between which it is valid."""

    def __init__(self, claims: Claims) -> None:
        self._end_ns = round(claims.exp * NS_PER_S)
        self._start_ns = round(claims.nbf * NS_PER_S)
        self.permissions = Permissions(
            read_scopes(claims.scope), subject=claims.sub, expires_ns=self._end_ns
        )

    def fault_at(self, now_ns: int) -> str:
        """Why the token is not valid at that time; empty when it is."""
        if now_ns >= self._end_ns:
            return f"token: expired {(now_ns - self._end_ns) // NS_PER_S} s ago"
        if now_ns < self._start_ns:
            return f"token: not valid for another {(self._start_ns - now_ns) // NS_PER_S} s"
        return ""


def read_claims(token: str, keys: Sequence[Verifying]) -> Claims:
    """The claims of a token that one of the keys has signed; InputError otherwise.

    Looks at no time: whether the token is over is for the caller to decide.
    """
    if len(token) > TOKEN_BYTES_MAX:
        raise InputError(f"token: longer than {TOKEN_BYTES_MAX} bytes")
    payload = _verified(token, keys)
    try:
        claims = _claims.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"token: {error}") from None
    audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    if audiences is not None and AUDIENCE not in audiences:
        raise InputError(f"token: not for '{AUDIENCE}', by its claim aud")
    return claims


def _verified(token: str, keys: Sequence[Verifying]) -> bytes:
    for algorithm, key in keys:
        try:
            return bytes(_algorithms.decode(token, key, algorithms=[algorithm]))
        except (PyJWTError, ValueError, RecursionError):
            continue
    raise InputError("token: not signed with a key that is trusted here")


def peek_claims(token: str) -> Claims:
    """The claims of a token that nobody has verified: to show, never to trust."""
    if len(token) > TOKEN_BYTES_MAX:
        raise InputError(f"token: longer than {TOKEN_BYTES_MAX} bytes")
    try:
        payload = _algorithms.decode(token, options={"verify_signature": False})
        return _claims.decode(payload)
    except (PyJWTError, ValueError, RecursionError) as error:
        raise InputError(f"token: not a JSON Web Token with our claims: {error}") from None


def mint(
    private_pem: bytes, *, scope: str, subject: str, issued_s: int, lasts_s: int, issuer: str = ""
) -> str:
    """Sign a token for `subject` that lasts `lasts_s` [s] from `issued_s` [s since the epoch].

    It carries every claim that KUKSA's own server asks for.
    """
    signing = read_private(private_pem)
    claims = Claims(
        sub=subject,
        scope=" ".join(map(str, read_scopes(scope))),
        exp=issued_s + lasts_s,
        iat=issued_s,
        aud=[AUDIENCE],
        iss=issuer or "vettura",
    )
    payload = msgspec.json.encode(claims)
    return _algorithms.encode(
        payload, signing.key, algorithm=signing.algorithm, headers={"typ": "JWT"}
    )
