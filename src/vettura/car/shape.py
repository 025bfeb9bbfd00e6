"""The form of a car file: keys, types, ranges and sources, everything that is wrong at once.

The strict reader (`catalogue.parse_car`) stops at the first mistake; who writes a new file wants to
see them all. Both follow the same structs.
"""

import difflib
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeGuard

import msgspec

from vettura.car.finding import Finding
from vettura.car.spec import CarSpec, Figure

JUDGED = "our judgement"
"""How a source begins that nobody published."""
ADD = "add it with its source; if nobody published it, judge it and say estimate = true"
_NEEDED, _REFUSED = "the model needs it", "a car file has no such key"


def find_malformed(tree: Mapping[str, Any]) -> list[Finding]:
    """Missing and unknown keys, wrong types and values out of range."""
    return [*_in_struct(tree, CarSpec, ""), *_in_tables(tree)]


def table_faults(at: Sequence[float], value: Sequence[float]) -> Iterator[str]:
    """What keeps break points over charge from being a curve."""
    if len(at) != len(value):
        yield f"{len(at)} points but {len(value)} values"
    if any(after <= before for before, after in pairwise(at)):
        yield "'at' must rise from point to point"
    if at and (at[0] < 0.0 or at[-1] > 1.0):
        yield "'at' is a charge from 0 to 1, not percent"
    if value and min(value) < 0.0:
        yield "'value' must not be negative"


def _in_struct(node: object, kind: type[msgspec.Struct], path: str) -> Iterator[Finding]:
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    types_of = {name: field.type for name, field in fields.items()}
    yield from _in_keys(node, types_of, [n for n, f in fields.items() if f.required], path)


def _in_keys(
    node: object, types_of: Mapping[str, Any], required: Sequence[str], path: str
) -> Iterator[Finding]:
    if not isinstance(node, Mapping):
        yield Finding("error", path, "not a table", _NEEDED, f"write [{path}] with its keys")
        return
    for key in node:
        if key not in types_of:
            yield _unknown(_join(path, key), str(key), list(types_of))
    for name, annotation in types_of.items():
        if name in node:
            yield from _in_value(node[name], annotation, _join(path, name))
        elif name in required:
            yield from _missing(annotation, _join(path, name))


def _in_value(value: object, annotation: object, path: str) -> Iterator[Finding]:
    bare = _bare(annotation)
    origin, arguments = typing.get_origin(bare), typing.get_args(bare)
    if origin is Figure:
        keys = {"value": arguments[0], "source": str, "estimate": bool}
        yield from _in_keys(value, keys, ["value", "source"], path)
    elif _is_struct(bare):
        yield from _in_struct(value, bare, path)
    elif origin is dict and isinstance(value, Mapping):
        for key, one in value.items():
            yield from _in_value(one, arguments[1], _join(path, key))
    elif origin is list and isinstance(value, list) and _is_struct(arguments[0]):
        if "length" in (problem := _problem(value, annotation)):
            yield Finding("error", path, problem, _NEEDED, ADD)
        for index, one in enumerate(value):
            yield from _in_value(one, arguments[0], f"{path}[{index}]")
    elif problem := _problem(value, annotation):
        yield Finding(
            "error", path, problem, f"the file says {_short(value)}", "mend the figure or its unit"
        )


def _missing(annotation: object, path: str) -> Iterator[Finding]:
    """Of a part that is missing as a whole, every figure that it should hold."""
    bare = _bare(annotation)
    if _is_struct(bare):
        yield from _in_struct({}, bare, path)
    elif typing.get_origin(bare) is list and _is_struct(one := typing.get_args(bare)[0]):
        yield from _in_struct({}, one, f"{path}[0]")
    else:
        remedy = ADD if typing.get_origin(bare) is Figure else "add it"
        yield Finding("error", path, "missing", _NEEDED, remedy)


def _bare(annotation: object) -> object:
    """Without what `Annotated` adds, and without None."""
    if typing.get_origin(annotation) is typing.Annotated:
        return _bare(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return _bare(next(t for t in typing.get_args(annotation) if t is not type(None)))
    return annotation


def _is_struct(annotation: object) -> TypeGuard[type[msgspec.Struct]]:
    return isinstance(annotation, type) and issubclass(annotation, msgspec.Struct)


def _problem(value: object, annotation: object) -> str:
    """What the struct's own reader says; empty when it accepts the value."""
    try:
        msgspec.convert(value, annotation)
    except msgspec.ValidationError as error:
        text = str(error).partition(" - at `$")[0]
        return text[:1].lower() + text[1:]
    return ""


def _unknown(path: str, key: str, known: list[str]) -> Finding:
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    remedy = f"did you mean '{close[0]}'?" if close else f"known are {', '.join(known)}"
    return Finding("error", path, "unknown key", _REFUSED, remedy)


def _in_tables(tree: Mapping[str, Any]) -> Iterator[Finding]:
    charging = tree.get("charging")
    curve = charging.get("dc_curve") if isinstance(charging, Mapping) else None
    if not isinstance(curve, Mapping):
        return
    at, value = curve.get("at"), curve.get("value")
    if _problem(at, list[float]) or _problem(value, list[float]):
        return
    for fault in table_faults(at or [], value or []):
        yield Finding(
            "error", "charging.dc_curve", fault, "the points are joined by lines", "mend the points"
        )


def find_unsourced(tree: Mapping[str, Any]) -> Iterator[Finding]:
    """Sources that are missing, unused, or say that a figure was judged while it does not."""
    given = tree.get("sources")
    sources = given if isinstance(given, Mapping) else {}
    used = list(_figures(tree, ""))
    for path, source, estimate in used:
        if source not in sources:
            close = difflib.get_close_matches(source, list(sources), n=1, cutoff=0.6)
            remedy = f"did you mean '{close[0]}'?" if close else "add it there"
            why = "every figure says where it was read"
            yield Finding("error", path, f"source '{source}' is not in [sources]", why, remedy)
        elif str(sources[source]).startswith(JUDGED) and not estimate:
            yield Finding(
                "error", path, "judged but not marked", sources[source], "add estimate = true"
            )
    for source in sources:
        if source not in {name for _, name, _ in used}:
            yield Finding(
                "warning", f"sources.{source}", "not used", "no figure names it", "take it out"
            )


def _figures(node: object, path: str) -> Iterator[tuple[str, str, bool]]:
    """Path, source and whether it is marked as an estimate, of everything that has a source."""
    if isinstance(node, list):
        for index, one in enumerate(node):
            yield from _figures(one, f"{path}[{index}]")
    elif isinstance(node, Mapping):
        if path != "sources" and isinstance(node.get("source"), str):
            yield path, node["source"], bool(node.get("estimate", False))
        for key, one in node.items():
            yield from _figures(one, _join(path, key))


def _join(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
