"""What a rendered text means: Home Assistant gives numbers, lists and truths back as themselves."""

import re
import warnings
from ast import literal_eval
from functools import lru_cache
from typing import Any

_NUMBER = re.compile(r"^[+-]?(?!0\d)\d*(?:\.\d*)?$")
# No literal begins otherwise.
_BEGINNING = re.compile(r"[-+.\d\[({'\"TFNbBrRuUs]")
_CACHED_MAX = 200
"""Characters up to which results are remembered."""


class TextList(list[Any]):
    """A list that still knows its text, for templates that write it out again."""

    text = ""

    def __str__(self) -> str:
        return self.text


class TextDict(dict[Any, Any]):
    """A dictionary that still knows its text."""

    text = ""

    def __str__(self) -> str:
        return self.text


class TextSet(set[Any]):
    """A set that still knows its text."""

    text = ""

    def __str__(self) -> str:
        return self.text


class TextTuple(tuple[Any, ...]):  # noqa: SLOT001  a tuple has no room for slots
    """A tuple that still knows its text."""

    text = ""

    def __str__(self) -> str:
        return self.text


_KEPT: tuple[tuple[type, Any], ...] = (
    (list, TextList),
    (dict, TextDict),
    (set, TextSet),
    (tuple, TextTuple),
)


def parse_result(text: str) -> Any:
    """Return what the text is the literal of, else the text itself.

    Text in quotes stays as it is, and so do numbers in forms such as 1e5, 0x1f or 007.
    """
    if not _BEGINNING.match(text):
        return text
    result = _literal(text) if len(text) > _CACHED_MAX else _remembered(text)
    if isinstance(result, (str, complex)) or result is ...:
        return text
    if isinstance(result, (int, float)) and not isinstance(result, bool):
        return result if _NUMBER.match(text) else text
    return result


def _literal(text: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return text
    for plain, kind in _KEPT:
        if type(result) is plain:
            kept = kind(result)
            kept.text = text
            return kept
    return result


_remembered = lru_cache(maxsize=1_024)(_literal)
