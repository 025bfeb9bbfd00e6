"""The functions of templates that count, calculate and decide: pure, as Home Assistant's are."""

import math
import statistics
from collections.abc import Callable, Iterable
from typing import Any, Final

import jinja2
from jinja2.filters import do_int

MISSING: Final[Any] = object()
"""No default was given."""
_DECIMALS_MAX = 400
"""More than a float has."""
_TRUE = frozenset({"1", "true", "yes", "on", "enable"})
_FALSE = frozenset({"0", "false", "no", "off", "disable"})


def refuse(function: str, value: object) -> Any:
    """Raise for a value that a function cannot use and that has no default."""
    raise ValueError(f"{function} got '{value}', which it cannot use, and no default was given")


def _or_default(function: str, value: object, default: Any) -> Any:
    return refuse(function, value) if default is MISSING else default


def of_number(name: str, function: Callable[[float], float]) -> Callable[..., Any]:
    """Make a filter of a function of one number: with a default for what is none."""

    def apply(value: Any, default: Any = MISSING) -> Any:
        try:
            return function(float(value))
        except (ValueError, TypeError):
            return _or_default(name, value, default)

    apply.__name__ = name
    return apply


def to_float(value: Any, default: Any = MISSING) -> Any:
    """`float`."""
    try:
        return float(value)
    except (ValueError, TypeError):
        return _or_default("float", value, default)


def to_int(value: Any, default: Any = MISSING, base: int = 10) -> Any:
    """`int`: also of text such as "5.7"."""
    result = do_int(value, default=MISSING, base=base)
    return _or_default("int", value, default) if result is MISSING else result


def to_bool(value: Any, default: Any = MISSING) -> Any:
    """`bool`: on and off, yes and no, and numbers."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        text = value.lower().strip()
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
    elif isinstance(value, (int, float, complex)):
        return value != 0
    return _or_default("bool", value, default)


def as_bool(result: Any) -> bool:
    """Whether a rendered condition holds; what is neither yes nor no does not."""
    return bool(to_bool(result, False))


def is_number(value: Any) -> bool:
    """Whether it is a number, or text that is one; not infinity."""
    try:
        return math.isfinite(float(value))
    except (ValueError, TypeError):
        return False


def round_(
    value: Any,
    precision: Any = 0,
    method: str = "common",
    default: Any = MISSING,
) -> Any:
    """`round`: common, ceil, floor or half; an int without decimals."""
    if isinstance(precision, int) and abs(precision) > _DECIMALS_MAX:
        raise OverflowError(f"round to {precision} decimals")
    try:
        scale = float(10**precision)
        if method == "ceil":
            value = math.ceil(float(value) * scale) / scale
        elif method == "floor":
            value = math.floor(float(value) * scale) / scale
        elif method == "half":
            value = round(float(value) * 2) / 2
        else:
            value = round(float(value), precision)
        return int(value) if precision == 0 else value
    except (ValueError, TypeError):
        return _or_default("round", value, default)


def multiply(value: Any, amount: Any, default: Any = MISSING) -> Any:
    """`multiply`: as a float."""
    try:
        return float(value) * amount
    except (ValueError, TypeError):
        return _or_default("multiply", value, default)


def add(value: Any, amount: Any, default: Any = MISSING) -> Any:
    """`add`: as a float."""
    try:
        return float(value) + amount
    except (ValueError, TypeError):
        return _or_default("add", value, default)


def logarithm(value: Any, base: Any = math.e, default: Any = MISSING) -> Any:
    """`log`."""
    try:
        base_float = float(base)
    except (ValueError, TypeError):
        return _or_default("log", base, default)
    try:
        return math.log(float(value), base_float)
    except (ValueError, TypeError):
        return _or_default("log", value, default)


def arc_tangent2(*args: Any, default: Any = MISSING) -> Any:
    """`atan2`: of two numbers, or of a pair."""
    try:
        if 1 <= len(args) <= 2 and isinstance(args[0], (list, tuple)):
            if len(args) == 2 and default is MISSING:
                default = args[1]
            args = tuple(args[0])
        elif len(args) == 3 and default is MISSING:
            default = args[2]
        return math.atan2(float(args[0]), float(args[1]))
    except (ValueError, TypeError):
        return _or_default("atan2", args, default)


def _numbers(name: str, args: tuple[Any, ...], default: Any) -> tuple[Any, Any]:
    """Return what to count and the default: of one iterable, or of the arguments themselves."""
    if not args:
        raise TypeError(f"{name} expected at least 1 argument, got 0")
    if isinstance(args[0], Iterable):
        return args[0], args[1] if len(args) > 1 and default is MISSING else default
    if len(args) == 1:
        raise TypeError(f"'{type(args[0]).__name__}' object is not iterable")
    return args, default


def average(*args: Any, default: Any = MISSING) -> Any:
    """`average`: the arithmetic mean."""
    numbers, default = _numbers("average", args, default)
    try:
        return statistics.fmean(numbers)
    except (TypeError, statistics.StatisticsError):
        return _or_default("average", args, default)


def median(*args: Any, default: Any = MISSING) -> Any:
    """`median`."""
    numbers, default = _numbers("median", args, default)
    try:
        return statistics.median(numbers)
    except (TypeError, statistics.StatisticsError):
        return _or_default("median", args, default)


def statistical_mode(*args: Any, default: Any = MISSING) -> Any:
    """`statistical_mode`: the value that is there most often."""
    if len(args) > 1 and not isinstance(args[0], (list, tuple)):
        numbers: Any = args
    else:
        numbers, default = _numbers("statistical_mode", args, default)
    try:
        return statistics.mode(numbers)
    except (TypeError, statistics.StatisticsError):
        return _or_default("statistical_mode", args, default)


def extreme(name: str, of_filter: Callable[..., Any]) -> Callable[..., Any]:
    """Make the function `min` or `max` of Jinja's filter: of an iterable, or of its arguments."""

    @jinja2.pass_environment
    def apply(environment: jinja2.Environment, *args: Any, **kwargs: Any) -> Any:
        if not args:
            raise TypeError(f"{name} expected at least 1 argument, got 0")
        if len(args) > 1:
            return of_filter(environment, args, **kwargs)
        if isinstance(args[0], Iterable):
            return of_filter(environment, args[0], **kwargs)
        raise TypeError(f"'{type(args[0]).__name__}' object is not iterable")

    return apply


def iif(
    value: Any,
    if_true: Any = True,
    if_false: Any = False,
    if_none: Any = MISSING,
) -> Any:
    """`iif`: one value or another."""
    if value is None and if_none is not MISSING:
        return if_none
    return if_true if value else if_false


def bitwise_and(first: Any, second: Any) -> Any:
    """`bitwise_and`."""
    return first & second


def bitwise_or(first: Any, second: Any) -> Any:
    """`bitwise_or`."""
    return first | second


def bitwise_xor(first: Any, second: Any) -> Any:
    """`bitwise_xor`."""
    return first ^ second
