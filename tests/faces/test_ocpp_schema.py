"""Our compiled checks give the verdicts of the schemas that they are made from."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from vettura.faces.ocpp_schema import FOLDERS, actions, check_of, flaws_of
from vettura.faces.ocpp_wire import VERSIONS

ROOT = Path(find_spec("ocpp").origin).parent
ABSURD = (None, True, -1, 0, 0.5, "", "x" * 3_000, [], {}, [[]], {"": None})


def schema_of(version, action, *, is_answer):
    folder = ROOT / FOLDERS[version] / "schemas"
    ending = "Response" if is_answer else ("" if version == "1.6" else "Request")
    path = folder / f"{action}{ending}.json"
    path = path if path.exists() else folder / f"{action}.json"
    return json.loads(path.read_text("utf-8-sig"))


def made(chance, part, definitions, depth=0):
    """Something that nearly fits a schema."""
    if chance.random() < 0.04:
        return chance.choice(ABSURD)
    if "$ref" in part:
        return made(chance, definitions[part["$ref"].rpartition("/")[2]], definitions, depth + 1)
    if "enum" in part:
        return chance.choice([*part["enum"], "Nothing"] if chance.random() < 0.2 else part["enum"])
    match part.get("type"):
        case "object":
            required = part.get("required", ())
            fields = {
                name: made(chance, inner, definitions, depth + 1)
                for name, inner in part.get("properties", {}).items()
                if (name in required and chance.random() < 0.97)
                or (depth < 6 and chance.random() < 0.3)
            }
            return fields | ({"surplus": 1} if chance.random() < 0.03 else {})
        case "array":
            count = chance.choice((0, 1, 1, 1, 2, 3))
            return [made(chance, part["items"], definitions, depth + 1) for _ in range(count)]
        case "string":
            return "s" * chance.choice((0, 1, 20, 21, 36, 37, 255, 256))
        case "integer":
            return chance.choice((0, 1, -1, 5, 100, 101, 5_000))
        case "number":
            return chance.choice((0, 1, -1, 0.5, 99.5))
        case "boolean":
            return chance.random() < 0.5
    return None


CASES = [
    (version, action, is_answer)
    for version in VERSIONS
    for action in sorted(actions(version))
    for is_answer in (False, True)
]


@given(st.randoms(use_true_random=False), st.lists(st.sampled_from(CASES), max_size=8))
@settings(max_examples=25, deadline=None)
def test_our_checks_and_the_schemas_agree(chance, cases):
    for version, action, is_answer in cases:
        schema = schema_of(version, action, is_answer=is_answer)
        payload = made(chance, schema, schema.get("definitions", {}))
        ours = flaws_of(version, action, payload, is_answer=is_answer)
        theirs = Draft4Validator(schema).is_valid(payload)
        assert (not ours) == theirs, (version, action, payload, ours)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_message_of_a_version_is_known(version):
    assert len(actions(version)) == {"1.6": 39, "2.0.1": 64, "2.1": 91}[version]
    assert all(check_of(version, action) for action in actions(version))
    assert check_of(version, "Fly") is None


def test_what_is_wrong_is_told_with_its_place():
    told = {"connectorId": 1, "meterValue": [{"timestamp": 5, "sampledValue": [{}]}]}
    flaws = flaws_of("1.6", "MeterValues", told)
    assert [(flaw.fault, flaw.path) for flaw in flaws] == [
        ("type", "meterValue[0].timestamp"),
        ("missing", "meterValue[0].sampledValue[0]"),
    ]


def test_as_many_decimals_as_1_6_has_are_taken():
    """21.4 is no multiple of 0.1 as bits hold it."""
    for limit, is_fine in ((21.4, True), (21.44, False)):
        row = {"startPeriod": 0, "limit": limit}
        told = {
            "connectorId": 1,
            "csChargingProfiles": {
                "chargingProfileId": 1,
                "stackLevel": 0,
                "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Relative",
                "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [row]},
            },
        }
        assert (flaws_of("1.6", "SetChargingProfile", told) == []) == is_fine
