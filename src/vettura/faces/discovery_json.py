"""JSON of strangers: objects with numbers that can travel, or nothing. Pure."""

import re
from typing import Any

import msgspec

LONG = 2**63
"""Whole numbers from here on do not travel."""
_MAY_BE_LONG = re.compile(rb"\d{19}")


def object_in(text: str | bytes) -> dict[str, Any] | None:
    """The JSON object that the text is; None when it is none."""
    told = value_in(text)
    return told if isinstance(told, dict) else None


def value_in(text: str | bytes) -> Any:  # noqa: ANN401  any JSON is possible
    """What the JSON says; None when it is none."""
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    try:
        told = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return travelling(told) if _MAY_BE_LONG.search(data) else told


def travelling(value: object) -> object:
    """The same with whole numbers that travel, the longest possible instead of longer ones."""
    match value:
        case bool():
            return value
        case int():
            return min(max(value, -LONG), LONG - 1)
        case list():
            return [travelling(one) for one in value]
        case dict():
            return {key: travelling(one) for key, one in value.items()}
    return value
