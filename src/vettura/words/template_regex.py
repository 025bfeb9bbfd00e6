"""Regular expressions of templates, which must not hold up the house.

Python's engine tries every way to match. With a repeat inside a repeat, such as `(a+)+b`, the ways
double with each letter. Such a pattern is watched while it runs, by the processor's time, and a
text or pattern that is far too long is refused.
"""

import re
import warnings
from collections.abc import Callable
from functools import lru_cache
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from vettura.clock.patience import processor_patience
from vettura.errors import InputError

PATTERN_MAX = 1_000
"""Characters."""
TEXT_MAX = 100_000
"""Characters of the text that is looked at."""
PATIENCE_S = 0.5
"""Seconds of the processor that one search may take."""
_SHORT = 16
"""A text of so many characters is searched quickly by any pattern."""


@lru_cache(maxsize=256)
def compiled(find: str, ignorecase: bool) -> re.Pattern[str]:
    """Compile a pattern; InputError names what is wrong with it."""
    if not isinstance(find, str):
        raise InputError(f"a regular expression is text, not a {type(find).__name__}")
    if len(find) > PATTERN_MAX:
        raise InputError(f"a regular expression has at most {PATTERN_MAX} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(find, re.IGNORECASE if ignorecase else 0)
    except (re.error, OverflowError, RecursionError) as error:
        raise InputError(f"regular expression '{find[:80]}': {error}") from None


def guarded(search: Callable[[str], Any], text: str, find: str) -> Any:
    """Search, but not for ever."""
    if len(text) > TEXT_MAX:
        raise InputError(f"a regular expression looks at no more than {TEXT_MAX} characters")
    if len(text) <= _SHORT or not _may_explode(find, len(text)):
        return search(text)
    with processor_patience(PATIENCE_S) as watched:
        if not watched:
            raise InputError(f"regular expression '{find[:80]}' may take for ever on this text")
        try:
            return search(text)
        except TimeoutError:
            raise InputError(f"regular expression '{find[:80]}' takes too long") from None


def _may_explode(find: str, length: int) -> bool:
    repeats, nested = _shape(find)
    ways = length ** (repeats + 1)
    return nested or ways > 10_000_000


@lru_cache(maxsize=256)
def _shape(find: str) -> tuple[int, bool]:
    """Count the open repeats, and tell whether one contains another."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _shape_of(parser.parse(find), inside=False)


def _shape_of(node: Any, *, inside: bool) -> tuple[int, bool]:
    count, nested = 0, False
    for part in node:
        if isinstance(part, (tuple, list, parser.SubPattern)):
            opens = (
                isinstance(part, tuple)
                and len(part) == 2
                and part[0] in (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT)
                and part[1][1] > 1
            )
            deeper, deeper_nested = _shape_of(part, inside=inside or opens)
            count += deeper + opens
            nested = nested or deeper_nested or (opens and inside)
    return count, nested
