"""When a scene goes on: what must hold at its trigger, its conditions and on the way to an action.

A guard is a list of alternatives; each says which values some things must have at once. What cannot
be said so, such as a template, is taken for possible.
"""

from collections.abc import Iterable, Sequence
from datetime import time
from typing import TypeAlias

from vettura.home.findings.allowed import ANYTHING, Allowed, none_of, one_of
from vettura.home.scene.tree import (
    AndCondition,
    At,
    Condition,
    NotCondition,
    NumericStateCondition,
    NumericStateTrigger,
    OrCondition,
    StateCondition,
    StateTrigger,
    SunCondition,
    SunTrigger,
    TimeCondition,
    TimeTrigger,
    Trigger,
    TriggerCondition,
    ZoneCondition,
    ZoneTrigger,
)

Key: TypeAlias = tuple[str, str]
"""An entity and one of its attributes; the attribute is empty for its state."""
Alternative: TypeAlias = dict[Key, Allowed]
Guard: TypeAlias = list[Alternative]

ALWAYS: Guard = [{}]
NEVER: Guard = []
MINUTE: Key = ("time", "minute")
WEEKDAY: Key = ("time", "weekday")
SUN: Key = ("sun", "part of the day")
_MINUTES = [str(minute) for minute in range(1440)]
HOME_ZONE, HOME, NOT_HOME = "zone.home", "home", "not_home"
_SUN_PARTS = ("morning", "day", "evening")
"""From midnight to sunrise, to sunset, to midnight."""
_ALTERNATIVES_MAX = 64


def both(one: Guard, other: Guard) -> Guard:
    """Where both hold; without the alternatives that contradict themselves."""
    met = (_meet(a, b) for a in one for b in other)
    return [alternative for alternative in met if alternative is not None][:_ALTERNATIVES_MAX]


def guard_of(conditions: Iterable[Condition], trigger: Trigger | None = None) -> Guard:
    """When all these conditions may hold at once, for a run that `trigger` set off."""
    guard = ALWAYS
    for condition in conditions:
        if condition.enabled is not False:
            guard = both(guard, _one(condition, trigger))
    return guard


def at_trigger(trigger: Trigger) -> Guard:
    """What holds in the instant in which a trigger fires."""
    match trigger:
        case StateTrigger():
            key = trigger.attribute or ""
            allowed = became(trigger)
            return [{(entity, key): allowed} for entity in trigger.entity_ids]
        case NumericStateTrigger() if trigger.value_template is None:
            allowed = _range(trigger.above, trigger.below)
            return [{(entity, trigger.attribute or ""): allowed} for entity in trigger.entity_ids]
        case ZoneTrigger():
            allowed = in_zones([trigger.zone]) if trigger.event == "enter" else ANYTHING
            if trigger.event == "leave" and trigger.zone == HOME_ZONE:
                allowed = none_of([HOME])
            return [{(entity, ""): allowed} for entity in trigger.entity_ids]
        case TimeTrigger():
            return [_at_minute(at) for at in trigger.at]
        case SunTrigger():
            return [{SUN: one_of(["evening" if trigger.event == "sunset" else "day"])}]
    return ALWAYS


def became(trigger: StateTrigger) -> Allowed:
    """The states that a state trigger waits for."""
    if trigger.to is not None:
        return one_of(trigger.to)
    if trigger.not_to is not None:
        return none_of(trigger.not_to)
    # What it came from it is no longer.
    return _other_than(trigger.from_)


def was(trigger: StateTrigger) -> Allowed:
    """The states that it must come from."""
    if trigger.from_ is not None:
        return one_of(trigger.from_)
    if trigger.not_from is not None:
        return none_of(trigger.not_from)
    return _other_than(trigger.to)


def _other_than(states: Sequence[object] | None) -> Allowed:
    """All but the one state; anything when there are several, or none."""
    return none_of(states) if states is not None and len(states) == 1 else ANYTHING


def in_zones(zones: Sequence[str]) -> Allowed:
    """The states of who is in one of these; the others than home go by names of their own."""
    if all(zone == HOME_ZONE for zone in zones):
        return one_of([HOME])
    return none_of([NOT_HOME] if HOME_ZONE in zones else [HOME, NOT_HOME])


def _one(condition: Condition, trigger: Trigger | None) -> Guard:
    match condition:
        case AndCondition():
            return guard_of(condition.conditions, trigger)
        case OrCondition():
            return [alt for one in condition.conditions for alt in guard_of([one], trigger)]
        case NotCondition():
            return _none(condition.conditions, trigger)
        case StateCondition():
            return _state(condition)
        case NumericStateCondition() if condition.value_template is None:
            allowed = _range(condition.above, condition.below)
            key = condition.attribute or ""
            return [{(entity, key): allowed for entity in condition.entity_ids}]
        case ZoneCondition():
            allowed = in_zones(condition.zones)
            return [{(entity, ""): allowed for entity in condition.entity_ids}]
        case TimeCondition():
            return [_time(condition)]
        case SunCondition():
            return [_sun(condition)]
        case TriggerCondition():
            return ALWAYS if trigger is None or trigger.id in condition.ids else NEVER
    return ALWAYS


def _state(condition: StateCondition) -> Guard:
    key = condition.attribute or ""
    names = [str(state) for state in condition.states]
    if any(name.startswith("input_") for name in names):
        return ALWAYS
    parts: Guard = [{(entity, key): one_of(names)} for entity in condition.entity_ids]
    if condition.match == "any":
        return parts
    return [{key: allowed for part in parts for key, allowed in part.items()}]


def _none(conditions: Iterable[Condition], trigger: Trigger | None) -> Guard:
    """None of them: exact for a state of one entity, else taken for possible."""
    guard = ALWAYS
    for condition in conditions:
        alternatives = _one(condition, trigger)
        if not alternatives:
            continue
        if isinstance(condition, StateCondition) and len(alternatives) == 1:
            ((key, allowed), *others) = alternatives[0].items() or [(MINUTE, ANYTHING)]
            opposite = allowed.opposite()
            if not others and opposite is not None and condition.for_ is None:
                guard = both(guard, [{key: opposite}])
        elif isinstance(condition, TriggerCondition) and trigger is not None:
            return NEVER
    return guard


def _range(above: float | str | None, below: float | str | None) -> Allowed:
    low = above if isinstance(above, int | float) else float("-inf")
    high = below if isinstance(below, int | float) else float("inf")
    return Allowed(low=low, high=high)


def _at_minute(at: At) -> Alternative:
    return {MINUTE: one_of([_minute(at.time)])} if at.time is not None else {}


def _time(condition: TimeCondition) -> Alternative:
    alternative: Alternative = {}
    if condition.weekdays:
        alternative[WEEKDAY] = one_of(condition.weekdays)
    after, before = condition.after, condition.before
    is_known = all(at is None or at.time is not None for at in (after, before))
    if is_known and (after or before):
        begin = _minute(after.time) if after and after.time else 0
        end = _minute(before.time) if before and before.time else 1440
        inside = _MINUTES[begin:end] if begin < end else _MINUTES[:end] + _MINUTES[begin:]
        alternative[MINUTE] = one_of(inside)
    return alternative


def _sun(condition: SunCondition) -> Alternative:
    after = {"sunrise": {"day", "evening"}, "sunset": {"evening"}, None: set(_SUN_PARTS)}
    before = {"sunrise": {"morning"}, "sunset": {"morning", "day"}, None: set(_SUN_PARTS)}
    if condition.after_offset_s < 0.0 or condition.before_offset_s > 0.0:
        # It reaches into the part before or after.
        return {}
    parts = after[condition.after] & before[condition.before]
    if condition.after == "sunset" and condition.before == "sunrise":
        # Home Assistant means the night by this pair.
        parts = {"evening", "morning"}
    return {SUN: one_of(parts)}


def _minute(of_day: time) -> int:
    return of_day.hour * 60 + of_day.minute


def _meet(one: Alternative, other: Alternative) -> Alternative | None:
    met = dict(one)
    for key, allowed in other.items():
        both_allow = met[key].meet(allowed) if key in met else allowed
        if both_allow.is_empty:
            return None
        met[key] = both_allow
    return met
