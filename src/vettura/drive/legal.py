"""Whether a value fits a signal of the table: its type, its range, its words. Pure."""

import math
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

from vettura.bus.messages import Refusal, SignalValue
from vettura.bus.signals import Signal, signal_of
from vettura.units import NS_PER_S

TEXT_MAX = 1_024
"""Longest text [characters]."""
LIST_MAX = 1_024
_INTEGERS: Mapping[str, tuple[int, int]] = {
    "int8": (-(2**7), 2**7 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint8": (0, 2**8 - 1),
    "uint16": (0, 2**16 - 1),
    "uint32": (0, 2**32 - 1),
    "uint64": (0, 2**64 - 1),
}
_FLOAT_MAX = {"float": 3.4028234663852886e38, "double": math.inf}
"""IEEE 754's largest single; a double of Python is finite or nothing."""
_NS_MAX = 2**62
"""Later than this no clock of ours starts."""


class Checked(NamedTuple):
    """A value as the car takes it, or why it does not."""

    value: SignalValue
    reason: str = ""
    code: Refusal = ""


def checked(signal: Signal, value: SignalValue) -> Checked:
    """Hold a value against the signal's type and range: a bool is no int, a float is finite.

    A whole number is taken where a float is asked for, and comes back as a float; an instant comes
    back in UTC.
    """
    if signal.datatype.endswith("[]"):
        return _list(signal, value)
    return _single(signal, signal.datatype, value)


class Span(NamedTuple):
    """Numbers of one kind that fit a signal as they are; no others of that kind fit."""

    kind: type[int] | type[float]
    lowest: float
    highest: float


@cache
def span_of(path: str) -> Span | None:
    """The plain numbers of a signal, for whoever has very many to check; None for no numbers."""
    signal = signal_of(path)
    if signal is None or signal.datatype not in {*_INTEGERS, *_FLOAT_MAX}:
        return None
    if signal.datatype in _INTEGERS:
        lowest, highest = _INTEGERS[signal.datatype]
        return Span(int, max(lowest, signal.min), min(highest, signal.max))
    # The comparison with infinity would let infinity itself pass.
    most = min(_FLOAT_MAX[signal.datatype], sys.float_info.max)
    return Span(float, max(-most, signal.min), min(most, signal.max))


def _single(signal: Signal, datatype: str, value: SignalValue) -> Checked:
    if datatype == "boolean":
        return Checked(value) if isinstance(value, bool) else _wrong(signal, value)
    if datatype == "string":
        return _text(signal, value) if isinstance(value, str) else _wrong(signal, value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _wrong(signal, value)
    if datatype in _INTEGERS:
        return (
            _integer(signal, datatype, value) if isinstance(value, int) else _wrong(signal, value)
        )
    return _float(signal, datatype, value)


def _integer(signal: Signal, datatype: str, value: int) -> Checked:
    lowest, highest = _INTEGERS[datatype]
    return _ranged(signal, value, max(lowest, signal.min), min(highest, signal.max))


def _float(signal: Signal, datatype: str, value: float) -> Checked:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        return Checked(value, f"{signal.path} takes no {value!r:.40}", "range")
    most = _FLOAT_MAX[datatype]
    return _ranged(signal, number, max(-most, signal.min), min(most, signal.max))


def _ranged(signal: Signal, value: float, lowest: float, highest: float) -> Checked:
    if lowest <= value <= highest:
        return Checked(value)
    unit = f" {signal.unit}" if signal.unit else ""
    reason = f"{signal.path} takes {lowest:g} to {highest:g}{unit}, not {value:g}"
    return Checked(value, reason, "range")


def _text(signal: Signal, value: str) -> Checked:
    if signal.allowed and value not in signal.allowed:
        reason = f"{signal.path} takes {', '.join(signal.allowed)}, not {value[:40]!r}"
        return Checked(value, reason, "range")
    if len(value) > TEXT_MAX:
        return Checked(value, f"{signal.path} takes {TEXT_MAX} characters at most", "range")
    if signal.unit == "iso8601" and value:
        instant_ns = ns_of(value)
        if instant_ns is None:
            reason = f"{signal.path} takes an instant in ISO 8601, not {value[:40]!r}"
            return Checked(value, reason, "range")
        return Checked(iso_of(instant_ns))
    return Checked(value)


def _list(signal: Signal, value: SignalValue) -> Checked:
    if not isinstance(value, list):
        return _wrong(signal, value)
    if len(value) > LIST_MAX:
        return Checked(value, f"{signal.path} takes {LIST_MAX} values at most", "range")
    done = [_single(signal, signal.datatype.removesuffix("[]"), each) for each in value]
    bad = next((each for each in done if each.reason), None)
    if bad is not None:
        return Checked(value, bad.reason, bad.code)
    return Checked([each.value for each in done])  # type: ignore[misc]


def _wrong(signal: Signal, value: SignalValue) -> Checked:
    return Checked(value, f"{signal.path} takes a {signal.datatype}, not {value!r:.40}", "type")


def ns_of(text: str) -> int | None:
    """An instant in ISO 8601 [ns since the epoch], UTC when it names no zone; None for none."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    try:
        time_ns = round(instant.timestamp()) * NS_PER_S
    except (OverflowError, ValueError):
        return None
    return time_ns if abs(time_ns) < _NS_MAX else None


def iso_of(time_ns: int) -> str:
    """Whole seconds of an instant in ISO 8601, UTC."""
    return datetime.fromtimestamp(time_ns // NS_PER_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
