"""From the body of a request to a verb of the bus: strict, and with one clear line when wrong."""

import typing
from collections.abc import Sequence

import msgspec

from vettura.bus.messages import Claim, Release, Speed, Verb
from vettura.errors import InputError

VERBS: dict[str, type[msgspec.Struct]] = {
    str(kind.__struct_config__.tag): kind
    for kind in typing.get_args(Verb)
    if kind not in {Speed, Claim, Release}
}
"""What a person can ask of a car, by name; the clock's speed is the house's, claims are faces'."""


def read_verb(name: str, body: bytes) -> Verb:
    """Read the arguments of the car's verb `name`; an empty body means none."""
    return typing.cast(Verb, _read(VERBS[name], body))


def read_speed(body: bytes) -> Speed:
    """Read the factor that the clock shall run at."""
    return typing.cast(Speed, _read(Speed, body))


def read_fields(name: str, words: Sequence[str]) -> Verb:
    """Read the arguments of the car's verb `name` as a person types them: name=value."""
    fields = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals:
            raise InputError(f"{name}: '{word[:40]}' is not of the form name=value")
        try:
            fields[key] = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            fields[key] = text
    try:
        return read_verb(name, msgspec.json.encode(fields))
    except InputError as error:
        raise InputError(f"{name}: {error.message}") from None
    except RecursionError:
        raise InputError(f"{name}: a value is too deep") from None


def _read(kind: type[msgspec.Struct], body: bytes) -> msgspec.Struct:
    try:
        raw = msgspec.json.decode(body or b"{}")
        _refuse_unknown(kind, raw, "")
        return msgspec.convert({**raw, "type": kind.__struct_config__.tag}, kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(str(error) or "not JSON") from None


def _refuse_unknown(kind: type[msgspec.Struct], raw: object, where: str) -> None:
    if not isinstance(raw, dict):
        raise InputError(f"expected an object{where and f' at {where}'}")
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    for key, value in raw.items():
        if key not in fields:
            known = ", ".join(fields) or "none"
            raise InputError(f"unknown key {key[:40]!r}; known here: {known}")
        inner = _struct_in(fields[key])
        if inner is not None:
            _refuse_unknown(inner, value, key)


def _struct_in(annotation: object) -> type[msgspec.Struct] | None:
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, msgspec.Struct) else None
    return None
