"""A command in an owner's words, as Home Assistant sends it, as what the car understands. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from vettura.bus.messages import (
    Actuate,
    ChargeStart,
    ChargeStop,
    Climate,
    Flap,
    Flash,
    Honk,
    Lock,
    Precondition,
    Refusal,
    Unlock,
    Verb,
    Wake,
)
from vettura.bus.paths import CABIN_TARGET, CHARGE_LIMIT, CURRENT_LIMIT, PRECONDITION, TRUNK
from vettura.units import NS_PER_S
from vettura.words.car_state import WINDOWS

FAR_S = 7.2e9
"""In the year 2198: nanoseconds since 1970 must fit into 63 bits."""
NUMBER_MAX = 1e15
"""Whole numbers must fit into 63 bits, too."""


class Unclear(NamedTuple):
    """Why the words of a command are no command."""

    reason: str
    code: Refusal


Reader = Callable[[str], Verb | Unclear]


def read_words(entity: str, words: str) -> Verb | Unclear:
    """The verb that `words` mean for that entity, such as UNLOCK for the lock; or why none."""
    reader = READERS.get(entity)
    if reader is None:
        return Unclear("no such entity; see docs/mqtt.md", "unknown")
    return reader(words.strip())


def _choice(**verbs: Verb) -> Reader:
    def read(words: str) -> Verb | Unclear:
        verb = verbs.get(words.lower())
        return verb or Unclear(f"say one of {', '.join(verbs)}", "type")

    return read


def _number(path: str, *, whole: bool = False) -> Reader:
    """A number for that actuator; whether it is in range says the car."""

    def read(words: str) -> Verb | Unclear:
        number = _read_number(words)
        if number is None:
            return Unclear("say a number", "type")
        return Actuate(path=path, value=round(number) if whole else number)

    return read


def _read_number(words: str) -> float | None:
    try:
        number = float(words)
    except ValueError:
        return None
    return number if abs(number) < NUMBER_MAX and "_" not in words else None


def _window(path: str) -> Reader:
    move = _choice(open=Actuate(path=path, value=100), close=Actuate(path=path, value=0))
    go_to = _number(path, whole=True)

    def read(words: str) -> Verb | Unclear:
        return move(words) if words.isalpha() else go_to(words)

    return read


def _departure(words: str) -> Verb | Unclear:
    if words.lower() in {"", "none"}:
        return Precondition(ready_at_ns=None)
    try:
        ready_at = datetime.fromisoformat(words)
        seconds = ready_at.timestamp() if ready_at.tzinfo else None
    except (ValueError, OverflowError):
        return Unclear("say a time such as 2026-03-02T07:30+01:00, or none", "type")
    if seconds is None:
        return Unclear("say the time's zone too, such as 2026-03-02T07:30+01:00", "type")
    if not 0.0 < seconds < FAR_S:
        return Unclear("say a time of this century or the next", "range")
    return Precondition(ready_at_ns=round(seconds) * NS_PER_S)


def _switch(path: str) -> Reader:
    return _choice(on=Actuate(path=path, value=True), off=Actuate(path=path, value=False))


READERS: Mapping[str, Reader] = {
    "lock": _choice(lock=Lock(), unlock=Unlock()),
    "climate": _choice(off=Climate(on=False), heat_cool=Climate(on=True)),
    "climate_temperature": _number(CABIN_TARGET),
    "preconditioning": _switch(PRECONDITION),
    "departure": _departure,
    "charge": _choice(on=ChargeStart(), off=ChargeStop()),
    "charge_limit": _number(CHARGE_LIMIT, whole=True),
    "charge_current_limit": _number(CURRENT_LIMIT),
    "charge_flap": _choice(open=Flap(open=True), close=Flap(open=False)),
    "trunk": _choice(open=Actuate(path=TRUNK, value=True), close=Actuate(path=TRUNK, value=False)),
    **{f"window_{name}": _window(path) for name, path in WINDOWS.items()},
    "honk": _choice(press=Honk()),
    "flash": _choice(press=Flash()),
    "wake": _choice(press=Wake()),
}
"""Every entity that takes commands, and how its words are read."""
