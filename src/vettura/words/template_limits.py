"""What a template may cost: steps, texts, lists, numbers, and the processor's time.

A template is written by a person or comes in over a wire. It may be wrong or hostile, and it runs
where everything else of the house runs, so each way to grow is counted before it is gone.
"""

import re
from collections.abc import Collection
from typing import Any

from jinja2.utils import Namespace

from vettura.clock.patience import processor_ns
from vettura.errors import InputError

STEPS_MAX = 200_000
"""Rounds of loops, calls and items looked at, in one rendering."""
TEXT_MAX = 1_000_000
"""Characters of any text on the way, and of the result."""
ITEMS_MAX = 100_000
"""Items of a list, with those of the lists inside it."""
BITS_MAX = 10_000
"""Of a whole number."""
PAD_MAX = 10_000
"""Width of a column, number of slices and the like."""
PROCESSOR_S_MAX = 1.0
"""Seconds of the processor in one rendering."""

_CONTAINERS = (list, tuple, dict, set, frozenset, Namespace)
_LONG_NUMBER = re.compile(r"\d{5,}")
_STAR = re.compile(r"%[-+ #0-9.]*\*")


class Budget:
    """What is left of one rendering."""

    __slots__ = ("_deadline_ns", "_look", "steps")

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Begin a rendering."""
        self.steps = 0
        self._look = 512
        self._deadline_ns = 0

    def step(self) -> None:
        """Count one round or branch; called from the code of every template."""
        self.steps += 1
        if self.steps > self._look:
            self._check()

    def spend(self, steps: int) -> None:
        """Count several."""
        self.steps += steps
        if self.steps > self._look:
            self._check()

    def _check(self) -> None:
        if self.steps > STEPS_MAX:
            raise InputError(f"takes more than {STEPS_MAX:,} steps")
        self._look = self.steps + 512
        now_ns = processor_ns()
        if not self._deadline_ns:
            self._deadline_ns = now_ns + int(PROCESSOR_S_MAX * 1e9)
        if now_ns > self._deadline_ns:
            raise InputError(f"takes more than {PROCESSOR_S_MAX:g} s of the processor")


def check_text(length: int) -> None:
    """Refuse a text of so many characters."""
    if length > TEXT_MAX:
        raise InputError(f"makes a text of more than {TEXT_MAX:,} characters")


def check_items(count: int) -> None:
    """Refuse a list of so many items."""
    if count > ITEMS_MAX:
        raise InputError(f"makes a list of more than {ITEMS_MAX:,} items")


def weigh(value: Any) -> int:
    """Count the items of a container as if all were written out; refuse too many of them."""
    if not isinstance(value, _CONTAINERS):
        return 0
    count, characters = 0, 0
    stack: list[Any] = [value]
    while stack:
        parts = _parts(stack.pop())
        count += len(parts)
        check_items(count + len(stack))
        for part in parts:
            if isinstance(part, str):
                characters += len(part)
            elif isinstance(part, _CONTAINERS):
                stack.append(part)
    check_text(characters)
    return count


def cost_of(value: Any) -> int:
    """How many steps it costs to look at a value once; refuse one that is too large."""
    if isinstance(value, (str, bytes)):
        return len(value) >> 8
    return len(value) >> 3 if isinstance(value, range) else weigh(value) >> 3


def _parts(container: Any) -> Collection[Any]:
    if isinstance(container, Namespace):
        # Its attributes are out of a template's reach, but not out of its text's.
        container = container._Namespace__attrs
    if isinstance(container, dict):
        return [*container.keys(), *container.values()]
    parts: Collection[Any] = container
    return parts


def check_result(result: Any) -> None:
    """Refuse what a function has made too large."""
    if isinstance(result, (str, bytes)):
        check_text(len(result))
    elif isinstance(result, _CONTAINERS):
        check_items(len(_parts(result)))


def check_binary(operator: str, left: Any, right: Any) -> int:
    """Refuse what `left operator right` would make too large; return the steps it costs."""
    if operator == "+":
        return _check_sum(left, right)
    if operator == "*":
        return _check_product(left, right)
    if operator == "%" and isinstance(left, (str, bytes)):
        check_percent(left)
    if operator == "**" and isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() * max(right, 0))
    return 0


def _check_sum(left: Any, right: Any) -> int:
    if isinstance(left, (str, bytes)) and isinstance(right, (str, bytes)):
        check_text(len(left) + len(right))
    elif isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        count = len(left) + len(right)
        check_items(count)
        return count >> 6
    return 0


def _check_product(left: Any, right: Any) -> int:
    if isinstance(right, (str, bytes, list, tuple)):
        left, right = right, left
    if not isinstance(right, int):
        return 0
    if isinstance(left, int):
        _check_bits(left.bit_length() + right.bit_length())
    elif isinstance(left, (str, bytes)):
        check_text(len(left) * max(right, 0))
    elif isinstance(left, (list, tuple)):
        check_items(weigh(left) * max(right, 0))
    return 0


def _check_bits(bits: int) -> None:
    if bits > BITS_MAX:
        raise InputError("makes far too large a number")


def check_percent(form: str | bytes) -> None:
    """Refuse a `%` format that asks for very wide columns."""
    text = form if isinstance(form, str) else form.decode("latin-1")
    if _STAR.search(text) or any(_LONG_NUMBER.search(part[:200]) for part in text.split("%")[1:]):
        raise InputError("formats a text far too wide")


def check_format_spec(spec: str) -> None:
    """Refuse a format such as `>1000000`."""
    if _LONG_NUMBER.search(spec):
        raise InputError("formats a text far too wide")


def check_width(*widths: Any) -> None:
    """Refuse widths and counts beyond reason."""
    if any(isinstance(width, int) and abs(width) > PAD_MAX for width in widths):
        raise InputError(f"asks for a width or a count of more than {PAD_MAX:,}")


def check_replace(text: Any, old: Any, new: Any) -> None:
    """Refuse a replacement that makes a text far longer."""
    whole, piece, fresh = str(text), str(old), str(new)
    check_text(len(whole) + whole.count(piece) * max(len(fresh) - len(piece), 0))


def check_method(name: str, owner: Any, args: tuple[Any, ...]) -> None:
    """Refuse a call of a method of a text, of bytes or of a number that makes too much."""
    if name in ("ljust", "rjust", "center", "zfill", "expandtabs", "to_bytes"):
        check_width(*args)
    elif name == "replace" and len(args) >= 2:
        if isinstance(owner, str):
            check_replace(owner, args[0], args[1])
        else:
            check_text(len(owner) * (1 + len(args[1])))
    elif name == "join" and args:
        check_join(owner, args[0])
    elif name == "translate":
        check_text(len(owner) * 16)


def check_join(between: Any, parts: Any) -> None:
    """Refuse to join what becomes too long."""
    if isinstance(parts, (list, tuple, dict, set, frozenset)):
        weigh(parts)
        characters = sum(len(part) for part in parts if isinstance(part, str))
        check_text(len(parts) * len(str(between)) + characters)
