"""Functions of templates that Home Assistant has had since 2024.3: lists, mappings, fingerprints.

What it makes by sets, in no order, keeps the order of its first list here, so that a rehearsal says
the same each time.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_DEPTH_MAX = 50


def flatten(value: Iterable[Any], levels: int | None = None) -> list[Any]:
    """`flatten`: lists in lists become one list, down to so many levels."""
    _check_list("flatten", value)
    found: list[Any] = []
    left = _DEPTH_MAX if levels is None else min(levels, _DEPTH_MAX)
    for item in value:
        if isinstance(item, (list, tuple, set)) and left > 0:
            found += flatten(item, left - 1)
        else:
            found.append(item)
    return found


def intersect(value: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    """`intersect`: what is in both."""
    wanted = _set("intersect", other)
    return [item for item in dict.fromkeys(_listed("intersect", value)) if item in wanted]


def difference(value: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    """`difference`: what is in the first alone."""
    unwanted = _set("difference", other)
    return [item for item in dict.fromkeys(_listed("difference", value)) if item not in unwanted]


def union(value: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    """`union`: what is in one of them."""
    return list(dict.fromkeys([*_listed("union", value), *_listed("union", other)]))


def symmetric_difference(value: Iterable[Any], other: Iterable[Any]) -> list[Any]:
    """`symmetric_difference`: what is in one of them alone."""
    first, second = list(value), list(other)
    return [*difference(first, second), *difference(second, first)]


def combine(*mappings: Any, recursive: bool = False) -> dict[Any, Any]:
    """`combine`: one mapping of several, the last one counts."""
    if not mappings:
        raise TypeError("combine expected at least 1 argument, got 0")
    found: dict[Any, Any] = {}
    for mapping in mappings:
        if not isinstance(mapping, Mapping):
            raise TypeError(f"combine wants mappings, not a {type(mapping).__name__}")
        for key, value in mapping.items():
            both = recursive and isinstance(value, Mapping) and isinstance(found.get(key), Mapping)
            found[key] = combine(found[key], value, recursive=True) if both else value
    return found


def zipped(*lists: Any) -> list[tuple[Any, ...]]:
    """`zip`: lists side by side, as long as the shortest."""
    return list(zip(*lists, strict=False))


def typeof(value: Any) -> str:
    """`typeof`: what kind of thing it is."""
    for name, kind in (("list", list), ("dict", dict), ("set", set), ("tuple", tuple)):
        if isinstance(value, kind):
            return name
    return type(value).__name__


def clamp(value: Any, low: Any, high: Any) -> float:
    """`clamp`: at least `low` and at most `high`."""
    return max(min(float(value), float(high)), float(low))


def fingerprint(name: str) -> Callable[[str], str]:
    """Make `md5`, `sha1`, `sha256` or `sha512`."""

    def apply(value: str) -> str:
        return hashlib.new(name, value.encode(), usedforsecurity=False).hexdigest()

    return apply


def _listed(name: str, value: Any) -> list[Any]:
    _check_list(name, value)
    return list(value)


def _set(name: str, value: Any) -> set[Any]:
    return set(_listed(name, value))


def _check_list(name: str, value: Any) -> None:
    if not isinstance(value, Iterable) or isinstance(value, (str, bytes)):
        raise TypeError(f"{name} wants a list, not a {type(value).__name__}")


BOTH: dict[str, Callable[..., Any]] = {
    "clamp": clamp,
    "combine": combine,
    "difference": difference,
    "flatten": flatten,
    "intersect": intersect,
    "md5": fingerprint("md5"),
    "sha1": fingerprint("sha1"),
    "sha256": fingerprint("sha256"),
    "sha512": fingerprint("sha512"),
    "symmetric_difference": symmetric_difference,
    "typeof": typeof,
    "union": union,
    "zip": zipped,
}
"""Functions that are filters too."""
