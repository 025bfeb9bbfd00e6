"""A token is good when a trusted key signed it and it is not over; everything else is refused."""

import base64
import hmac
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vettura.errors import InputError
from vettura.trust.keys import new_private_pem, public_pem, read_private
from vettura.trust.tokens import CACHED_MAX, TOKEN_BYTES_MAX, Verifier, mint, peek_claims
from vettura.units import NS_PER_S

NOW_S = 1_772_452_800
KINDS = ("ed25519", "es256", "rs256")
ALGORITHMS = {"ed25519": "EdDSA", "es256": "ES256", "rs256": "RS256"}
PRIVATE = {kind: new_private_pem(kind) for kind in KINDS}
PUBLIC = {kind: public_pem(pem) for kind, pem in PRIVATE.items()}


class Time:
    """A time that tests move."""

    def __init__(self, now_s=NOW_S):
        self.now_s = now_s

    def now_ns(self):
        return round(self.now_s * NS_PER_S)


def verifier(*kinds, time=None):
    return Verifier([PUBLIC[kind] for kind in kinds or KINDS], (time or Time()).now_ns)


def minted(kind="ed25519", *, scope="read", lasts_s=60):
    return mint(PRIVATE[kind], scope=scope, subject="app", issued_s=NOW_S, lasts_s=lasts_s)


def part(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(header, claims, signature=b""):
    return f"{part(header)}.{part(claims)}.{part(signature)}"


def signed(claims, kind="ed25519"):
    """A token with any claims at all, rightly signed."""
    body = f"{part({'alg': 'EdDSA', 'typ': 'JWT'})}.{part(claims)}"
    return f"{body}.{part(read_private(PRIVATE[kind]).key.sign(body.encode()))}"


def refused(token, *, by=None):
    with pytest.raises(InputError) as caught:
        (by or verifier()).check(token)
    assert "\n" not in caught.value.message
    return caught.value.message


CLAIMS = {"sub": "app", "scope": "read", "exp": NOW_S + 60}


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_of_each_kind_of_key_is_good(kind):
    allowed = verifier(kind).check(minted(kind, scope="read:Vehicle.Speed actuate:Vehicle.Cabin"))
    assert allowed.subject == "app"
    assert allowed.expires_ns == (NOW_S + 60) * NS_PER_S
    assert allowed.may("read", "Vehicle.Speed")
    assert not allowed.may("read", "Vehicle.CurrentLocation.Latitude")


def test_any_of_several_keys_will_do():
    assert verifier("es256", "rs256", "ed25519").check(minted("rs256")).may("read", "Vehicle")


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_signed_by_a_stranger_is_refused(kind):
    stranger = new_private_pem(kind)
    token = mint(stranger, scope="read", subject="app", issued_s=NOW_S, lasts_s=60)
    assert "not signed with a key that is trusted here" in refused(token)


def test_a_token_ends_when_it_says_even_when_its_signature_is_remembered():
    time = Time()
    checked = verifier(time=time)
    token = minted(lasts_s=60)
    time.now_s = NOW_S + 59.999
    checked.check(token)
    time.now_s = NOW_S + 60
    assert "expired 0 s ago" in refused(token, by=checked)
    time.now_s = NOW_S + 3_660
    assert "expired 3600 s ago" in refused(token, by=checked)


def test_a_token_for_later_is_refused_until_then():
    time = Time()
    checked = verifier(time=time)
    token = signed(CLAIMS | {"nbf": NOW_S + 10})
    assert "not valid for another 10 s" in refused(token, by=checked)
    time.now_s = NOW_S + 10
    checked.check(token)


def test_a_token_without_a_signature_is_refused():
    for name in ("none", "None", "NONE", ""):
        assert "trusted" in refused(forged({"alg": name}, CLAIMS))


@pytest.mark.parametrize("kind", KINDS)
def test_a_public_key_is_no_shared_secret(kind):
    body = f"{part({'alg': 'HS256'})}.{part(CLAIMS)}"
    for secret in (PUBLIC[kind], PUBLIC[kind].strip()):
        signature = hmac.digest(secret, body.encode(), "sha256")
        assert "trusted" in refused(f"{body}.{part(signature)}")


@pytest.mark.parametrize("algorithm", [*ALGORITHMS.values(), "RS512", "ES384", "PS256", 5, None])
def test_the_header_cannot_choose_how_the_signature_is_checked(algorithm):
    token = minted("rs256")
    _, claims, signature = token.split(".")
    renamed = f"{part({'alg': algorithm})}.{claims}.{signature}"
    assert "trusted" in refused(renamed)


@given(st.data())
def test_a_token_changed_in_one_character_is_refused(data):
    token = minted(data.draw(st.sampled_from(KINDS)))
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("ABCxyz019-_.=") | st.characters())
    if token[at] != other:
        refused(token[:at] + other + token[at + 1 :])


@pytest.mark.parametrize("length", [TOKEN_BYTES_MAX + 1, 1_000_000])
def test_a_token_of_a_megabyte_is_refused_unread(length):
    for token in ("a" * length, "." * length, minted() + "a" * length):
        assert "longer than" in refused(token)
    with pytest.raises(InputError, match="longer than"):
        peek_claims("a" * length)


@given(st.text(max_size=200) | st.binary(max_size=100).map(lambda b: forged({"alg": "EdDSA"}, b)))
def test_any_text_at_all_is_refused_in_one_line(text):
    refused(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from([*CLAIMS, "aud", "nbf", "iat", "iss", "x"]), inner)
        ),
        max_leaves=8,
    )
)
def test_rightly_signed_nonsense_is_refused_or_read(claims):
    with suppress(InputError):
        assert verifier().check(signed(claims)).subject == claims["sub"]


@pytest.mark.parametrize("missing", ["sub", "scope", "exp"])
def test_who_what_and_until_when_must_be_said(missing):
    claims = {name: value for name, value in CLAIMS.items() if name != missing}
    assert f"`{missing}`" in refused(signed(claims))


def test_a_token_for_somebody_else_is_refused():
    assert "not for 'kuksa.val'" in refused(signed(CLAIMS | {"aud": ["their.broker"]}))
    assert "not for 'kuksa.val'" in refused(signed(CLAIMS | {"aud": "their.broker"}))
    verifier().check(signed(CLAIMS | {"aud": ["their.broker", "kuksa.val"]}))
    verifier().check(signed(CLAIMS | {"aud": "kuksa.val", "iss": "anybody"}))


def test_a_time_too_large_for_nanoseconds_is_refused():
    assert "exp" in refused(signed(CLAIMS | {"exp": 10**12}))
    assert "token: " in refused(signed(CLAIMS | {"exp": 1e300}))


def test_what_we_mint_has_every_claim_that_kuksas_server_asks_for():
    claims = json.loads(base64.urlsafe_b64decode(minted().split(".")[1] + "=="))
    assert set(claims) == {"sub", "iss", "aud", "iat", "exp", "scope"}
    assert claims["aud"] == ["kuksa.val"]


def test_only_so_many_tokens_are_remembered():
    checked = verifier("ed25519")
    for number in range(CACHED_MAX + 3):
        checked.check(minted(lasts_s=60 + number))
    assert len(checked._checked) == CACHED_MAX


@pytest.mark.parametrize("pem", [b"", b"no key", PRIVATE["ed25519"], b"\xff" * 100])
def test_what_is_no_public_key_is_refused_at_once(pem):
    with pytest.raises(InputError, match="not a public key"):
        Verifier([pem], Time().now_ns)
