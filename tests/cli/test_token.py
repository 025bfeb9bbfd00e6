"""`vettura token`: keys are kept from others, tokens say what they allow."""

import json

import pytest

from vettura.clock import WallClock
from vettura.trust.tokens import Verifier

SCOPE = "read actuate:Vehicle.Cabin"


@pytest.fixture
def keyfile(said, tmp_path):
    assert said("token", "new-key", tmp_path / "key")[0] == 0
    return tmp_path / "key"


@pytest.mark.parametrize("kind", ["ed25519", "es256", "rs256"])
def test_a_minted_token_is_good_for_its_public_key(said, tmp_path, kind):
    said("token", "new-key", tmp_path / "key", "--kind", kind)
    code, out, _ = said("token", "mint", tmp_path / "key", "--scope", SCOPE, "--subject", "me")
    assert code == 0
    public = (tmp_path / "key.pub").read_bytes()
    allowed = Verifier([public], WallClock().now_ns).check(out.strip())
    assert allowed.subject == "me"
    assert allowed.may("actuate", "Vehicle.Cabin.HVAC.IsAirConditioningActive")
    assert not allowed.may("actuate", "Vehicle.Body.Trunk.Rear.IsOpen")


def test_a_private_key_is_its_owners_alone_and_never_overwritten(said, keyfile):
    before = keyfile.read_bytes()
    assert keyfile.stat().st_mode & 0o777 == 0o600
    code, _, err = said("token", "new-key", keyfile)
    assert code == 2
    assert "is there already" in err
    keyfile.unlink()
    assert said("token", "new-key", keyfile)[0] == 2
    keyfile.with_name("key.pub").unlink()
    assert said("token", "new-key", keyfile)[0] == 0
    assert keyfile.read_bytes() != before


def test_a_token_is_shown_and_verified(said, keyfile):
    token = said("token", "mint", keyfile, "--scope", SCOPE, "--minutes", "5")[1].strip()
    code, out, err = said("token", "show", token)
    assert code == 0
    assert "actuate:Vehicle.Cabin" in out
    assert "not verified" in err
    code, out, _ = said("token", "show", token, "--key", f"{keyfile}.pub", "--json")
    assert code == 0
    assert json.loads(out)["verified"] is True


def test_a_token_that_is_not_ours_fails_to_verify(said, keyfile, tmp_path):
    said("token", "new-key", tmp_path / "other")
    token = said("token", "mint", tmp_path / "other", "--scope", "read")[1].strip()
    code, _, err = said("token", "show", token, "--key", f"{keyfile}.pub")
    assert code == 2
    assert "not signed with a key that is trusted here" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--scope", "fly"], "scope 'fly'"),
        (["--scope", "read", "--minutes", "0"], "--minutes 0"),
        (["--scope", "read", "--minutes", "nan"], "--minutes nan"),
        (["--scope", "read", "--subject", ""], "--subject"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(said, keyfile, arguments, says):
    code, out, err = said("token", "mint", keyfile, *arguments)
    assert (code, out) == (2, "")
    assert says in err


@pytest.mark.parametrize("file", ["key.pub", "nowhere", "sub/dir"])
def test_a_file_that_is_no_private_key_is_named(said, keyfile, file):
    (keyfile.parent / "sub" / "dir").mkdir(parents=True)
    code, _, err = said("token", "mint", keyfile.parent / file, "--scope", "read")
    assert code == 2
    assert file in err
