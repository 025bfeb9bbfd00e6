"""`vettura token`: keys that sign tokens, tokens for KUKSA apps, and what a token says."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from vettura.cli.output import Row, note, print_json, print_lines, print_table
from vettura.clock import WallClock
from vettura.errors import InputError, UsageError
from vettura.trust.keys import KeyKind, new_private_pem, public_pem, read_private, read_public
from vettura.trust.scopes import read_scopes
from vettura.trust.tokens import Verifier, mint, peek_claims
from vettura.units import NS_PER_S

MINUTES_MAX = 525_600.0
"""A year: a token cannot be called back, so it should end by itself."""
S_PER_MIN = 60.0
PRIVATE = 0o600


def new_key(
    keyfile: Path,
    /,
    *,
    kind: KeyKind = "ed25519",
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Write a new private key, and beside it KEYFILE.pub for `token_keys` of a home file.

    Nothing is overwritten. Whoever has the private key can let anybody in.

    Parameters
    ----------
    keyfile
        Where the private key goes, readable by you alone.
    kind
        ed25519 (tokens of EdDSA), es256 or rs256.
    json
        Print a JSON object with both paths.
    """
    public = keyfile.with_name(f"{keyfile.name}.pub")
    for path in (keyfile, public):
        if path.exists():
            raise UsageError(f"{path}: is there already", hint="take another name, or remove it")
    private_pem = new_private_pem(kind)
    _write(keyfile, private_pem, mode=PRIVATE)
    _write(public, public_pem(private_pem), mode=0o644)
    if json:
        print_json({"private": str(keyfile), "public": str(public), "kind": kind})
    else:
        print_lines([str(keyfile), str(public)])


def mint_command(
    keyfile: Path,
    /,
    *,
    scope: str,
    subject: str = "app",
    minutes: float = 60.0,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Print a token for an app, signed with a private key.

    Parameters
    ----------
    keyfile
        A private key that `vettura token new-key` wrote.
    scope
        What the app may do, such as "read actuate:Vehicle.Cabin": read, actuate, provide or
        create, each for everything or for one path and all below it.
    subject
        Who the app is; the car's audit names it.
    minutes
        How long the token lasts, a year at most.
    json
        Print a JSON object.
    """
    if not 0.0 < minutes <= MINUTES_MAX:
        raise UsageError(f"--minutes {minutes:g}: must lie between 0 and {MINUTES_MAX:.0f}")
    if not subject or len(subject) > 200:
        raise UsageError("--subject: must have 1 to 200 characters")
    made = mint(
        _checked(keyfile, read_private),
        scope=scope,
        subject=subject,
        issued_s=WallClock().now_ns() // NS_PER_S,
        lasts_s=max(1, round(minutes * S_PER_MIN)),
    )
    if json:
        print_json({"token": made})
    else:
        print_lines([made])


def show(
    text: str,
    /,
    *,
    key: Path | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Print what a token says, and with a public key whether it is good now.

    Parameters
    ----------
    text
        The token.
    key
        The public key that it should be signed with; without, nothing is verified.
    json
        Print a JSON object.
    """
    claims = peek_claims(text)
    if key:
        Verifier([_checked(key, read_public)], WallClock().now_ns).check(text)
    else:
        note("not verified: name the public key with --key")
    if json:
        print_json({**msgspec.to_builtins(claims), "verified": key is not None})
        return
    left_s = claims.exp - WallClock().now_ns() / NS_PER_S
    rows: list[Row] = [
        {"what": "subject", "is": claims.sub},
        *({"what": "may", "is": str(scope)} for scope in read_scopes(claims.scope)),
        {"what": "minutes left", "is": round(left_s / S_PER_MIN, 1)},
        {"what": "verified", "is": key is not None},
    ]
    print_table("", {"what": "", "is": ""}, rows)


def _checked(path: Path, read: Callable[[bytes], object]) -> bytes:
    """The PEM file at `path`, once `read` has found it sound; InputError names the file."""
    try:
        pem = path.read_bytes()
        read(pem)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except InputError as error:
        raise InputError(f"{path}: {error.message}", hint=error.hint) from None
    return pem


def _write(path: Path, data: bytes, *, mode: int) -> None:
    """Make the file with these rights from its first moment; never follows what lies there."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None
    with os.fdopen(handle, "wb") as file:
        file.write(data)
