"""Who gets what he wished: one judge for each car, whichever way a command came. Pure.

In this order: is it known, may he, does it fit, may it be now, did somebody with more say wish
otherwise, does somebody from outside hold that actuator; then the car obeys. What takes time is
kept with the car until it is reached or its time is over.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from vettura.bus.messages import (
    Answer,
    Audit,
    Command,
    Role,
    SignalValue,
    Wish,
)
from vettura.bus.paths import CABIN_TARGET, CLIMATE, READY_AT
from vettura.bus.signals import signal_table
from vettura.car.params import Params
from vettura.drive.actuators import (
    deadline_ns,
    is_reached,
    takes_time,
    together,
    why_late,
    wish,
)
from vettura.drive.asked import Asked, asked, audit_of, concluded, pending_of, rank
from vettura.drive.commands import Decision, decide
from vettura.drive.living import Living, Pending
from vettura.units import NS_PER_S

CONFLICT_NS = 5 * NS_PER_S
"""How long a wish holds against those with less say, in the car's time."""
PENDING_LIMIT = 64


class Recent(NamedTuple):
    """The last wish for an actuator."""

    value: SignalValue
    who: str
    role: Role
    time_ns: int


class Outside(NamedTuple):
    """What providers from outside hold of a car."""

    holders: Mapping[str, str] = {}
    """Who is given the wishes for an actuator, by path."""
    values: Mapping[str, SignalValue] = {}
    """What they say signals and actuators are, by path."""
    patience_ns: int = 10 * NS_PER_S
    """How long they may take, in the car's time."""
    is_busy: bool = False
    """Whether as many wishes are with them as may be."""


class Forward(NamedTuple):
    """A wish for a provider from outside."""

    provider: str
    wish: Wish


class Ruling(NamedTuple):
    """What comes of a command: the car and the memory afterwards, and what must be told."""

    car: Living
    recent: Mapping[str, Recent]
    answer: Answer
    audits: list[Audit]
    targets: dict[str, SignalValue]
    """What actuators shall become now, by path."""
    forward: Forward | None = None
    """None when the car does it itself."""


def judge(
    params: Params,
    car: Living,
    command: Command,
    *,
    recent: Mapping[str, Recent],
    outside: Outside,
) -> Ruling:
    """Decide on one command that did not come before."""
    form = asked(command)
    done = Decision(car, form.reason, form.code)
    holder = ""
    if not done.reason:
        holder = outside.holders.get(form.what, "") if form.moves else ""
        done = _tried(params, car, command, form, holder)
        if holder and outside.is_busy and not done.reason:
            done = Decision(car, "too many wishes are with providers; ask again", "busy")
    waits = False
    if not done.reason:
        waits = bool(holder) or not _is_there(done.car, form)
        done = _hindered(done.car, command, form, recent, waits=waits)
    if done.reason:
        audit = audit_of(command, form, car.time_ns, "refused", reason=done.reason, code=done.code)
        answer = Answer(ok=False, reason=done.reason, code=done.code, state="refused")
        return Ruling(car, recent, answer, [audit], {})
    after, audits = _superseded(done.car, command, form)
    recent = _remembered(recent, command, form, car.time_ns)
    targets = {same: value for path, value in form.moves.items() for same in together(path)}
    if not waits:
        audits.append(audit_of(command, form, car.time_ns, "reached"))
        return Ruling(after, recent, Answer(ok=True, state="reached"), audits, targets)
    pending = _pending(after, command, form, outside.patience_ns if holder else None)
    after = replace(after, pending=[*after.pending, pending])
    forward = None
    if holder:
        forward = Forward(holder, Wish(id=command.id, path=pending.path, value=pending.value))
    return Ruling(after, recent, Answer(ok=True, state="accepted"), audits, targets, forward)


def _tried(params: Params, car: Living, command: Command, form: Asked, holder: str) -> Decision:
    """The car when it had its way with the command."""
    chief = form.what if form.moves else ""
    if chief and chief not in signal_table():
        return Decision(car) if holder else Decision(car, f"this car has no {chief}", "unavailable")
    if len(form.moves) == 1:
        done = wish(params, car, chief, form.moves[chief])
    else:
        done = decide(params, car, command.verb)
    if holder:
        # What is broken in the model means nothing to the real thing; an interlock does.
        refuses = done.code in {"interlock", "range"}
        return Decision(car, done.reason, done.code) if refuses else Decision(car)
    return done


def _hindered(
    car: Living, command: Command, form: Asked, recent: Mapping[str, Recent], *, waits: bool
) -> Decision:
    """Refused when somebody with more say wished otherwise: it is under way, or was just now."""
    if waits and len(car.pending) >= PENDING_LIMIT:
        return Decision(car, f"{PENDING_LIMIT} commands are under way; ask again", "busy")
    for pending in _rivals(car, form):
        if rank(pending.role) > rank(command.role):
            left_s = max(pending.deadline_ns - car.time_ns, 0) / NS_PER_S
            reason = f"{_by(pending.who, pending.role)} wished otherwise and that is under way"
            return Decision(car, f"{reason}, for {left_s:.0f} s at most", "conflict")
    for path, value in form.moves.items():
        last = recent.get(together(path)[0])
        if last is None or last.value == value or rank(last.role) <= rank(command.role):
            continue
        left_ns = last.time_ns + CONFLICT_NS - car.time_ns
        if left_ns > 0:
            reason = f"{_by(last.who, last.role)} wished otherwise just now"
            return Decision(car, f"{reason}; ask again in {left_ns / NS_PER_S:.1f} s", "conflict")
    return Decision(car)


def _by(who: str, role: Role) -> str:
    return f"{who} ({role})" if who else role


def _rivals(car: Living, form: Asked) -> Iterator[Pending]:
    """What is under way and cannot be if this comes true."""
    wished = {together(path)[0]: value for path, value in form.moves.items()}
    if wished.get(CLIMATE) is False:
        wished.setdefault(CABIN_TARGET, "")  # A cabin does not get warm with its climate off.
    for pending in car.pending:
        key = together(pending.path)[0]
        if key in wished and wished[key] != pending.value:
            yield pending


def _superseded(car: Living, command: Command, form: Asked) -> tuple[Living, list[Audit]]:
    """End what was under way and is now wished otherwise."""
    ended = list(_rivals(car, form))
    if not ended:
        return car, []
    reason = f"{_by(command.who, command.role)} wished otherwise"
    audits = [concluded(each, car.time_ns, "superseded", reason=reason) for each in ended]
    return replace(car, pending=[each for each in car.pending if each not in ended]), audits


def _remembered(
    recent: Mapping[str, Recent], command: Command, form: Asked, now_ns: int
) -> Mapping[str, Recent]:
    """The memory of wishes with this one in it and without those that hold no longer."""
    fresh = {path: last for path, last in recent.items() if now_ns - last.time_ns < CONFLICT_NS}
    for path, value in form.moves.items():
        key = together(path)[0]
        if key in fresh and rank(fresh[key].role) > rank(command.role):
            continue  # The same wish of one with less say does not weaken the other's.
        fresh[key] = Recent(value, command.who, command.role, now_ns)
    return fresh


def _is_there(car: Living, form: Asked) -> bool:
    return all(is_reached(car, path, value) for path, value in form.moves.items())


def _pending(car: Living, command: Command, form: Asked, patience_ns: int | None) -> Pending:
    """`patience_ns`: how long a provider has; None for the car's own actuator."""
    if patience_ns is None:
        due_ns = deadline_ns(car, form.what, form.moves[form.what])
    else:
        due_ns = car.time_ns + patience_ns
    return pending_of(command, form, car.time_ns, deadline_ns=due_ns)


def postponed(car: Living, slept_ns: int) -> Living:
    """A car that did not live for a while: what is under way has as much time left as before."""
    if not car.pending:
        return car
    pending = [
        each if each.path == READY_AT else replace(each, deadline_ns=each.deadline_ns + slept_ns)
        for each in car.pending
    ]
    return replace(car, pending=pending)


def looked(car: Living, outside: Outside) -> tuple[Living, list[Audit]]:
    """End what has got there, and what will not: to be called whenever the car has lived on."""
    audits = [audit for each in car.pending if (audit := _end(car, each, outside)) is not None]
    if not audits:
        return car, []
    ended = {audit.id for audit in audits}
    return replace(car, pending=[each for each in car.pending if each.id not in ended]), audits


def _end(car: Living, pending: Pending, outside: Outside) -> Audit | None:
    path = pending.path
    holder = outside.holders.get(path)
    if holder is not None:
        is_there = path in outside.values and outside.values[path] == pending.value
        late = f"{holder} did not show it in time"
    elif takes_time(path):
        is_there = is_reached(car, path, pending.value)
        late = why_late(car, path)
    else:
        # The car itself would have done it at once: who was asked is gone.
        return concluded(pending, car.time_ns, "timed out", reason="its provider left")
    if is_there:
        return concluded(pending, car.time_ns, "reached")
    if car.time_ns >= pending.deadline_ns:
        return concluded(pending, car.time_ns, "timed out", reason=late)
    return None
