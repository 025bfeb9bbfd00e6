"""A command in the one form in which a verb and a path are equal; who may give it. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from vettura.bus.messages import (
    ROLES,
    Actuate,
    Audit,
    Command,
    Drive,
    Inject,
    Offer,
    Outcome,
    Plug,
    Refusal,
    Role,
    SignalValue,
    Unplug,
    Verb,
)
from vettura.bus.signals import signal_of, signal_table
from vettura.drive.actuators import NARROWER, moves
from vettura.drive.legal import checked
from vettura.drive.living import Pending

SHOWN_MAX = 256
"""Longest wish that an audit shows [characters of JSON]."""
LEAST_ROLE: Mapping[type[object], Role] = {
    Drive: "owner",
    Plug: "owner",
    Unplug: "owner",
    Offer: "owner",
    Inject: "owner",
}
"""Who may give a verb that moves no actuator of the table; the others are for everyone."""
_WHO: Mapping[Role, str] = {
    "app": "everyone",
    "fleet": "the fleet, the owner and people at the car",
    "owner": "the owner and people at the car",
    "local": "people at the car",
}


class Asked(NamedTuple):
    """What a command comes to."""

    what: str
    """The actuator's path, or the verb where it moves none."""
    wished: str
    """As JSON."""
    moves: dict[str, SignalValue]
    """Which actuators shall become what, the chief one first; empty for the other verbs."""
    reason: str = ""
    """Why it cannot be done in any state of the car; empty when it can."""
    code: Refusal = ""


def asked(command: Command) -> Asked:
    """Read a command: is it known, may he, does it fit."""
    verb = command.verb
    form = _form(verb)
    if isinstance(verb, Actuate):
        return _checked(command, verb, form)
    roles = [signal_table()[path].role for path in form.moves]
    least = max([LEAST_ROLE.get(type(verb), ROLES[0]), *roles], key=rank)
    if not command.granted and rank(command.role) < rank(least):
        return form._replace(reason=f"that is for {_WHO[least]}", code="scope")
    return form


def rank(role: Role) -> int:
    """How much say a role has; more is more."""
    return ROLES.index(role)


def _checked(command: Command, verb: Actuate, form: Asked) -> Asked:
    signal = signal_of(verb.path)
    if signal is None:
        return form._replace(reason=f"there is no signal {verb.path[:80]!r}", code="unknown")
    if signal.kind != "actuator":
        reason = f"{verb.path} is {_a(signal.kind)}: it cannot be commanded"
        return form._replace(reason=reason, code="unknown")
    if not command.granted and rank(command.role) < rank(signal.role):
        return form._replace(reason=f"{verb.path} is for {_WHO[signal.role]}", code="scope")
    fit = checked(signal, verb.value)
    if not fit.reason and verb.path in NARROWER:
        lowest, highest = NARROWER[verb.path]
        fit = checked(signal._replace(min=lowest, max=highest), fit.value)
    if fit.reason:
        return form._replace(reason=fit.reason, code=fit.code)
    return _form(replace(verb, value=fit.value))


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _form(verb: Verb) -> Asked:
    moved = moves(verb)
    if not moved:
        return Asked(str(verb.__struct_config__.tag), _shown(_arguments(verb)), {})
    chief = next(iter(moved))
    wished: object = moved[chief]
    if len(moved) > 1:
        wished = _arguments(verb)
    return Asked(chief[:SHOWN_MAX], _shown(wished), moved)


def _arguments(verb: Verb) -> dict[str, object]:
    if isinstance(verb, Drive):
        return {"trip": verb.trip.id, "destination": verb.trip.destination}
    return {name: getattr(verb, name) for name in verb.__struct_fields__}


def _shown(wished: object) -> str:
    if wished == {}:
        return ""
    return msgspec.json.encode(wished).decode("utf-8", "replace")[:SHOWN_MAX]


def pending_of(command: Command, form: Asked, time_ns: int, *, deadline_ns: int) -> Pending:
    """The command as something that ends later, by then at the latest."""
    return Pending(
        id=command.id,
        time_ns=time_ns,
        deadline_ns=deadline_ns,
        who=command.who,
        role=command.role,
        path=form.what,
        value=form.moves.get(form.what, False),
        what=form.what,
        wished=form.wished,
    )


def audit_of(
    command: Command,
    form: Asked,
    time_ns: int,
    result: Outcome,
    *,
    reason: str = "",
    code: Refusal = "",
) -> Audit:
    """The end of a command that ends as it is asked."""
    asked_now = pending_of(command, form, time_ns, deadline_ns=time_ns)
    return concluded(asked_now, time_ns, result, reason=reason, code=code)


def concluded(
    pending: Pending, now_ns: int, result: Outcome, *, reason: str = "", code: Refusal = ""
) -> Audit:
    """The end of a command that took time, or none."""
    return Audit(
        id=pending.id,
        time_ns=pending.time_ns,
        end_ns=now_ns,
        who=pending.who,
        role=pending.role,
        what=pending.what,
        value=pending.wished,
        result=result,
        reason=reason,
        code=code,
    )
