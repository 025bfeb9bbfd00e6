"""Whether a condition holds. Pure, apart from what it reads of the world.

None means a condition that is switched off. What cannot be told raises `ConditionFault`; `and`,
`or` and `not` let it pass as long as the others decide.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, time
from typing import Any

from vettura.errors import InputError
from vettura.home.scene.faults import ConditionFault, RenderFault
from vettura.home.scene.period import positive_period_s, to_ns
from vettura.home.scene.state import UNAVAILABLE, UNKNOWN, State
from vettura.home.scene.tree import (
    AndCondition,
    At,
    Condition,
    Duration,
    NotCondition,
    NumericStateCondition,
    OrCondition,
    StateCondition,
    SunCondition,
    Switch,
    TemplateCondition,
    TimeCondition,
    TriggerCondition,
    ZoneCondition,
)
from vettura.home.scene.walltime import local
from vettura.home.scene.world import World
from vettura.home.scene.zones import in_zone

Variables = Mapping[str, Any]
_INPUT = re.compile(r"^input_(?:select|text|number|boolean|datetime)\.[a-z0-9_]+$")
_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNTOLD = (None, UNKNOWN, UNAVAILABLE)


def holds(world: World, condition: Condition, variables: Variables) -> bool | None:
    """Whether it holds now; None when it is switched off."""
    if not is_enabled(world, condition.enabled):
        return None
    checker: Callable[[World, Any, Variables], bool] = _CHECKERS[type(condition)]
    return checker(world, condition, variables)


def all_hold(world: World, conditions: tuple[Condition, ...], variables: Variables) -> bool:
    """Whether none of them fails, as the conditions of an automation are asked."""
    return not _meets(world, conditions, variables, sought=False)


def is_enabled(world: World, switch: Switch) -> bool:
    """What `enabled` says."""
    if isinstance(switch, bool):
        return switch
    try:
        return world.templates.truth(switch, {})
    except RenderFault as fault:
        world.warn(switch.where, str(fault))
        return False


def _meets(
    world: World, conditions: tuple[Condition, ...], variables: Variables, *, sought: bool
) -> bool:
    """Whether one of them is as sought; what could not be told counts only when none is."""
    faults: list[str] = []
    for condition in conditions:
        try:
            if holds(world, condition, variables) is sought:
                return True
        except ConditionFault as fault:
            faults.append(str(fault))
    if faults:
        raise ConditionFault("; ".join(faults))
    return False


def _any(world: World, condition: OrCondition, variables: Variables) -> bool:
    return _meets(world, condition.conditions, variables, sought=True)


def _none(world: World, condition: NotCondition, variables: Variables) -> bool:
    return not _meets(world, condition.conditions, variables, sought=True)


def _all(world: World, condition: AndCondition, variables: Variables) -> bool:
    return all_hold(world, condition.conditions, variables)


def _state(world: World, condition: StateCondition, variables: Variables) -> bool:
    faults: list[str] = []
    is_all = condition.match == "all"
    result = is_all
    for entity_id in condition.entity_ids:
        try:
            if _has_state(world, entity_id, condition, variables):
                result = True
            elif is_all:
                return False
        except ConditionFault as fault:
            faults.append(str(fault))
    if faults:
        raise ConditionFault("; ".join(faults))
    return result


def _has_state(
    world: World, entity_id: str, condition: StateCondition, variables: Variables
) -> bool:
    entity = _known(world, entity_id)
    if condition.attribute is not None and condition.attribute not in entity.attributes:
        return False
    value = _value(entity, condition.attribute)
    if not any(value == _wanted(world, wanted) for wanted in condition.states):
        return False
    if condition.for_ is None:
        return True
    return world.now_ns - _span_ns(world, condition.for_, variables) >= entity.last_changed_ns


def _wanted(world: World, wanted: object) -> object:
    """Text that names an input means what that is set to."""
    if isinstance(wanted, str) and _INPUT.match(wanted):
        return _known(world, wanted).state
    return wanted


def _span_ns(world: World, duration: Duration, variables: Variables) -> int:
    try:
        return to_ns(positive_period_s(world.templates.value(duration, variables)))
    except (RenderFault, InputError) as error:
        raise ConditionFault(str(error)) from None


def _numeric_state(world: World, condition: NumericStateCondition, variables: Variables) -> bool:
    faults: list[str] = []
    for entity_id in condition.entity_ids:
        try:
            if not number_in_range(world, _known(world, entity_id), condition, variables):
                return False
        except ConditionFault as fault:
            faults.append(str(fault))
    if faults:
        raise ConditionFault("; ".join(faults))
    return True


def number_in_range(world: World, entity: State, condition: Any, variables: Variables) -> bool:
    """Whether a number of that entity lies in the range of a numeric_state condition or trigger."""
    attribute = condition.attribute
    if attribute is not None and attribute not in entity.attributes:
        return False
    value: object = _value(entity, attribute)
    if condition.value_template is not None:
        try:
            value = world.templates.value(condition.value_template, {**variables, "state": entity})
        except RenderFault as fault:
            raise ConditionFault(str(fault)) from None
    if value in _UNTOLD:
        return False
    number = _number(value, f"{entity.entity_id} is {value!r}")
    below, above = _limit(world, condition.below), _limit(world, condition.above)
    if "untold" in (below, above):
        return False
    return not (
        (isinstance(below, float) and number >= below)
        or (isinstance(above, float) and number <= above)
    )


def _limit(world: World, limit: float | str | None) -> float | str | None:
    if not isinstance(limit, str):
        return None if limit is None else float(limit)
    state = _known(world, limit).state
    if state in _UNTOLD:
        return "untold"
    return _number(state, f"{limit} is {state!r}")


def _number(value: object, what: str) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ConditionFault(f"{what}, which is no number") from None


def _time(world: World, condition: TimeCondition, _variables: Variables) -> bool:
    now = local(world.now_ns, world.zone)
    after = time(0) if condition.after is None else _time_of(world, condition.after)
    before = time.max if condition.before is None else _time_of(world, condition.before)
    if after is None or before is None:
        return False
    clock = now.time()
    if after < before:
        if not after <= clock < before:
            return False
    elif before <= clock < after:
        return False
    return not condition.weekdays or _WEEK[now.weekday()] in condition.weekdays


def _time_of(world: World, at: At) -> time | None:
    if at.time is not None:
        return at.time
    entity = _known(world, at.entity_id)
    if entity.domain == "input_datetime":
        parts = entity.attributes
        return time(parts.get("hour", 23), parts.get("minute", 59), parts.get("second", 59))
    if entity.attributes.get("device_class") != "timestamp" or entity.state in _UNTOLD:
        return None
    try:
        when = datetime.fromisoformat(entity.state)
    except ValueError:
        return None
    return (when.astimezone(world.zone) if when.tzinfo else when).time()


def _sun(world: World, condition: SunCondition, _variables: Variables) -> bool:
    rise, set_ = world.sun_today(condition.after, condition.before)
    after, before = condition.after, condition.before
    before_ns = to_ns(condition.before_offset_s)
    after_ns = to_ns(condition.after_offset_s)
    instants = {"sunrise": rise, "sunset": set_}
    if before == "sunrise" and after == "sunset":
        if rise is None or set_ is None:
            raise ConditionFault("the sun does not rise or set today")
        return world.now_ns < rise + before_ns or world.now_ns > set_ + after_ns
    for event, offset_ns, sign in ((before, before_ns, 1), (after, after_ns, -1)):
        if event is None:
            continue
        when = instants[event]
        if when is None or sign * (world.now_ns - when - offset_ns) > 0:
            return False
    return True


def _zone(world: World, condition: ZoneCondition, _variables: Variables) -> bool:
    faults: list[str] = []
    is_all = True
    for entity_id in condition.entity_ids:
        is_there = False
        for zone_id in condition.zones:
            try:
                zone, entity = _known(world, zone_id), _known(world, entity_id)
                is_there = in_zone(zone, entity) or is_there
            except ConditionFault as fault:
                faults.append(str(fault))
        is_all = is_all and is_there
    if faults and not is_all:
        raise ConditionFault("; ".join(faults))
    return is_all


def _template(world: World, condition: TemplateCondition, variables: Variables) -> bool:
    try:
        text = world.templates.text(condition.value_template, variables)
    except RenderFault as fault:
        raise ConditionFault(str(fault)) from None
    return text.lower() == "true"


def _trigger(_world: World, condition: TriggerCondition, variables: Variables) -> bool:
    trigger = variables.get("trigger")
    return isinstance(trigger, Mapping) and trigger.get("id") in condition.ids


def _known(world: World, entity_id: str) -> State:
    entity = world.states.get(entity_id)
    if entity is None:
        raise ConditionFault(f"there is no {entity_id}")
    return entity


def _value(entity: State, attribute: str | None) -> object:
    return entity.state if attribute is None else entity.attributes.get(attribute)


_CHECKERS: Mapping[type, Callable[[World, Any, Variables], bool]] = {
    AndCondition: _all,
    OrCondition: _any,
    NotCondition: _none,
    StateCondition: _state,
    NumericStateCondition: _numeric_state,
    TimeCondition: _time,
    SunCondition: _sun,
    ZoneCondition: _zone,
    TemplateCondition: _template,
    TriggerCondition: _trigger,
}
