"""From the messages of a session to lines of text: MQTT messages as JSON, tables of signals."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TypeAlias, TypeVar

import msgspec

from vettura.bus.messages import Audit, SignalFrame, SignalValue, Targets, Wire, decode
from vettura.bus.recording import Recorded
from vettura.bus.signals import signal_table
from vettura.errors import InputError
from vettura.units import NS_PER_S

T = TypeVar("T", bound=Wire)
Chosen: TypeAlias = frozenset[str] | None
"""Paths of signals; None for all."""
CARS_MAX = 1024
"""Whose last values a wide table remembers."""


class Seen:
    """What came of an export."""

    def __init__(self) -> None:
        self.lines = 0
        self.unreadable = 0
        """Messages that were not what their subject says."""


class _Line(msgspec.Struct, frozen=True):
    time: str
    time_ns: int
    topic: str
    payload: object


def iso(time_ns: int) -> str:
    """ISO 8601 in UTC, to the nanosecond; the number itself when no calendar reaches it."""
    seconds, rest = divmod(time_ns, NS_PER_S)
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
    except (ValueError, OverflowError, OSError):
        return str(time_ns)


def mqtt_lines(
    messages: Iterable[Recorded], chosen: Chosen, seen: Seen, *, root: str
) -> Iterator[str]:
    """A JSON object for each frame, target and audit, on the topics of `faces/mqtt`."""
    for message in messages:
        vin, kind = _car_and_kind(message.subject)
        payload = _payload(message, kind, chosen, seen)
        if payload is None:
            continue
        leaf = "vss" if kind == "signals" else kind
        line = _Line(iso(message.time_ns), message.time_ns, f"{root}/{vin}/{leaf}", payload)
        seen.lines += 1
        yield msgspec.json.encode(line).decode() + "\n"


def long_lines(messages: Iterable[Recorded], chosen: Chosen, seen: Seen) -> Iterator[str]:
    """A heading, then a line for each value that was told."""
    yield _csv(["time", "time_ns", "vin", "path", "value", "unit"])
    for vin, frame in _frames(messages, seen):
        when = iso(frame.time_ns)
        for path, value in _values(frame, chosen).items():
            unit = signal_table()[path].unit if path in signal_table() else ""
            seen.lines += 1
            yield _csv([when, frame.time_ns, vin, path, _cell(value), unit])


def wide_lines(messages: Iterable[Recorded], chosen: Chosen, seen: Seen) -> Iterator[str]:
    """A heading, then a line for each frame that tells a chosen signal: all of them as of then."""
    paths = [path for path in signal_table() if chosen is None or path in chosen]
    yield _csv(["time", "time_ns", "vin", *paths])
    known: dict[str, dict[str, SignalValue]] = {}
    for vin, frame in _frames(messages, seen):
        told = _values(frame, frozenset(paths))
        if not told or (vin not in known and len(known) >= CARS_MAX):
            continue
        values = known.setdefault(vin, {})
        values.update(told)
        seen.lines += 1
        cells = [_cell(values[path]) if path in values else "" for path in paths]
        yield _csv([iso(frame.time_ns), frame.time_ns, vin, *cells])


def _frames(messages: Iterable[Recorded], seen: Seen) -> Iterator[tuple[str, SignalFrame]]:
    for message in messages:
        vin, kind = _car_and_kind(message.subject)
        frame = _read(message, SignalFrame, seen) if kind == "signals" else None
        if frame is not None:
            yield vin, frame


def _car_and_kind(subject: str) -> tuple[str, str]:
    """VIN and last word of a car's subject; empty for another."""
    tokens = subject.split(".")
    return (tokens[1], tokens[2]) if len(tokens) == 3 and tokens[0] == "car" else ("", "")


def _payload(message: Recorded, kind: str, chosen: Chosen, seen: Seen) -> object | None:
    """What an MQTT message would hold; None where there is none to send."""
    if kind == "audit":
        return _read(message, Audit, seen)
    frame: SignalFrame | Targets | None = None
    if kind == "signals":
        frame = _read(message, SignalFrame, seen)
    elif kind == "targets":
        frame = _read(message, Targets, seen)
    values = _values(frame, chosen) if frame else {}
    return {"time": iso(frame.time_ns), "values": values} if frame and values else None


def _read(message: Recorded, kind: type[T], seen: Seen) -> T | None:
    try:
        return decode(message.data, kind, where=message.subject)
    except InputError:
        seen.unreadable += 1
        return None


def _values(frame: SignalFrame | Targets, chosen: Chosen) -> dict[str, SignalValue]:
    if chosen is None:
        return frame.values
    return {path: value for path, value in frame.values.items() if path in chosen}


def _cell(value: SignalValue) -> str | int | float:
    if isinstance(value, bool | list):
        return msgspec.json.encode(value).decode()
    return value


def _csv(cells: Iterable[str | int | float]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()
