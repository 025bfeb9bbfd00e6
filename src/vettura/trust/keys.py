"""Keys that sign tokens, as PEM files: Ed25519, ECDSA on P-256 and RSA.

A key's type decides the algorithm, never what a token says of itself: a token that names a weaker
one, or takes a public key for a shared secret, cannot get past that.
"""

from typing import Literal, NamedTuple, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from vettura.errors import InputError

KeyKind: TypeAlias = Literal["ed25519", "es256", "rs256"]
Algorithm: TypeAlias = Literal["EdDSA", "ES256", "RS256"]
PublicKey: TypeAlias = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey
PrivateKey: TypeAlias = Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey

RSA_BITS = 2048
"""The shortest RSA key taken (NIST SP 800-57 part 1, table 2: 112 bits of strength), and ours."""
RSA_EXPONENT = 65_537
HINT = "a PEM file of an Ed25519, P-256 or RSA key (2048 bits or more)"


class Verifying(NamedTuple):
    """A public key and the one algorithm it verifies."""

    algorithm: Algorithm
    key: PublicKey


class Signing(NamedTuple):
    """A private key and the one algorithm it signs with."""

    algorithm: Algorithm
    key: PrivateKey


def new_private_pem(kind: KeyKind) -> bytes:
    """A new private key as PKCS#8 PEM, not encrypted: whoever writes it down guards the file."""
    key: PrivateKey
    if kind == "ed25519":
        key = Ed25519PrivateKey.generate()
    elif kind == "es256":
        key = generate_private_key(SECP256R1())
    else:
        key = generate_rsa(RSA_EXPONENT, RSA_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(private_pem: bytes) -> bytes:
    """The public half of a private key, as PEM."""
    key = read_private(private_pem).key.public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def read_public(pem: bytes) -> Verifying:
    """Read a public key; InputError says what is taken."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise InputError("not a public key in PEM", hint=HINT) from None
    if isinstance(key, Ed25519PublicKey):
        return Verifying("EdDSA", key)
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return Verifying("ES256", key)
    if isinstance(key, RSAPublicKey) and key.key_size >= RSA_BITS:
        return Verifying("RS256", key)
    raise InputError("a public key of a kind that no token is signed with", hint=HINT)


def read_private(pem: bytes) -> Signing:
    """Read a private key that is not encrypted; InputError says what is taken."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InputError("not an unencrypted private key in PEM", hint=HINT) from None
    if isinstance(key, Ed25519PrivateKey):
        return Signing("EdDSA", key)
    if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1):
        return Signing("ES256", key)
    if isinstance(key, RSAPrivateKey) and key.key_size >= RSA_BITS:
        return Signing("RS256", key)
    raise InputError("a private key of a kind that no token is signed with", hint=HINT)
