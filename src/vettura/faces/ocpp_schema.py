"""The schemas of OCPP, compiled to closures: what is wrong with a payload, and where.

The schema files come with the library `ocpp`. Its own check walks each schema anew for each
message; these closures give the same verdicts in a fraction of the time, which a test holds.
"""

import json
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from vettura.errors import EnvironmentFault
from vettura.faces.ocpp_wire import Fault, Version

FOLDERS: dict[Version, str] = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}
VALUE_SHOWN = 40


class Flaw(NamedTuple):
    """One thing that is wrong."""

    fault: Fault
    path: str
    """Where, such as `meterValue[0].timestamp`; empty for the payload itself."""
    text: str


Json: TypeAlias = Any
Flaws: TypeAlias = list[Flaw]
Check: TypeAlias = Callable[[Json, str, Flaws], None]
Schema: TypeAlias = dict[str, Any]


def check_of(version: Version, action: str, *, is_answer: bool = False) -> Check | None:
    """What checks such a payload; None for an action that the version does not have."""
    return _check(version, action, is_answer) if action in actions(version) else None


@lru_cache(maxsize=512)
def _check(version: Version, action: str, is_answer: bool) -> Check:
    ending = "Response" if is_answer else ("" if version == "1.6" else "Request")
    path = _folder(version) / f"{action}{ending}.json"
    if not path.exists():
        # 2.1 has one message that is not answered, and its file says so by its name.
        path = _folder(version) / f"{action}.json"
    schema = json.loads(path.read_text("utf-8-sig"))
    return _compiled(schema, schema.get("definitions", {}))


def flaws_of(version: Version, action: str, payload: Json, *, is_answer: bool = False) -> Flaws:
    """Everything that is wrong with a payload."""
    check = check_of(version, action, is_answer=is_answer)
    if check is None:
        return [Flaw("unknown", "", f"OCPP {version} has no {action[:VALUE_SHOWN]}")]
    found: Flaws = []
    check(payload, "", found)
    return found


@lru_cache(maxsize=8)
def actions(version: Version) -> frozenset[str]:
    """The names of all actions of a version."""
    names = {path.stem for path in _folder(version).glob("*.json")}
    if version == "1.6":
        return frozenset(name for name in names if f"{name}Response" in names)
    asked = {name.removesuffix("Request") for name in names if name.endswith("Request")}
    unanswered = {name for name in names if not name.endswith(("Request", "Response"))}
    return frozenset(asked | unanswered)


@lru_cache(maxsize=8)
def _folder(version: Version) -> Path:
    found = find_spec("ocpp")
    if found is None or found.origin is None:
        raise EnvironmentFault("faces.ocpp needs the library ocpp", hint="pip install ocpp")
    return Path(found.origin).parent / FOLDERS[version] / "schemas"


def _compiled(schema: Schema, definitions: dict[str, Schema]) -> Check:
    """One schema as a closure. A definition is compiled when it is first met: some are deep."""
    made: dict[str, Check] = {}

    def make(part: Schema) -> Check:
        reference = part.get("$ref")
        if reference is not None:
            return refer(str(reference).rpartition("/")[2])
        match part.get("type"):
            case "object":
                return _object(part, make)
            case "array":
                return _array(part, make)
            case kind:
                return _scalar(part, str(kind))

    def refer(name: str) -> Check:
        def check(value: Json, path: str, flaws: Flaws) -> None:
            found = made.get(name)
            if found is None:
                found = made[name] = make(definitions[name])
            found(value, path, flaws)

        return check

    return make(schema)


def _object(schema: Schema, make: Callable[[Schema], Check]) -> Check:
    fields = {name: make(part) for name, part in schema.get("properties", {}).items()}
    required = frozenset(schema.get("required", ()))
    is_closed = schema.get("additionalProperties", True) is False

    def check(value: Json, path: str, flaws: Flaws) -> None:
        if type(value) is not dict:
            flaws.append(Flaw("type", path, "not an object"))
            return
        if not required <= value.keys():
            missing = sorted(required - value.keys())
            flaws.append(Flaw("missing", path, f"without {', '.join(missing)}"))
        for name, inner in value.items():
            field = fields.get(name)
            if field is not None:
                field(inner, f"{path}.{name}" if path else name, flaws)
            elif is_closed:
                flaws.append(Flaw("surplus", path, f"{name[:VALUE_SHOWN]} is no field"))

    return check


def _array(schema: Schema, make: Callable[[Schema], Check]) -> Check:
    items = make(schema["items"])
    least, most = schema.get("minItems", 0), schema.get("maxItems", float("inf"))

    def check(value: Json, path: str, flaws: Flaws) -> None:
        if type(value) is not list:
            flaws.append(Flaw("type", path, "not an array"))
            return
        if not least <= len(value) <= most:
            flaws.append(Flaw("count", path, f"{len(value)} elements"))
        for index, item in enumerate(value):
            items(item, f"{path}[{index}]", flaws)

    return check


_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


def _scalar(schema: Schema, kind: str) -> Check:
    kinds = _KINDS.get(kind)
    longest = schema.get("maxLength", float("inf"))
    allowed = frozenset(schema["enum"]) if "enum" in schema else None
    low, high = schema.get("minimum", -float("inf")), schema.get("maximum", float("inf"))
    step = schema.get("multipleOf")
    is_ranged = "minimum" in schema or "maximum" in schema or step is not None

    def check(value: Json, path: str, flaws: Flaws) -> None:
        if kinds is None:
            return
        if type(value) not in kinds and not (
            kind == "integer" and type(value) is float and value.is_integer()
        ):
            flaws.append(Flaw("type", path, f"{str(value)[:VALUE_SHOWN]} is no {kind}"))
        elif kind == "string":
            if allowed is not None and value not in allowed:
                flaws.append(Flaw("value", path, f"'{value[:VALUE_SHOWN]}' is none of its values"))
            elif len(value) > longest:
                flaws.append(Flaw("type", path, f"longer than {longest} characters"))
        elif is_ranged and not (low <= value <= high and _is_multiple(value, step)):
            flaws.append(Flaw("value", path, f"{value} is out of range"))

    return check


def _is_multiple(value: float, step: float | None) -> bool:
    """Whether a decimal has no more digits than `step`; as people write it, not as bits hold it."""
    if step is None:
        return True
    count = value / step
    return abs(count - round(count)) < 1e-6 * max(1.0, abs(count))
