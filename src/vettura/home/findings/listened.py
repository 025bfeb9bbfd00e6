"""What sets a scene off, and whether two things can set scenes off at once, or one by the other."""

from dataclasses import dataclass

from vettura.home.findings.allowed import ANYTHING, Allowed, none_of
from vettura.home.findings.guards import HOME, HOME_ZONE, became, in_zones, was
from vettura.home.findings.written import Write
from vettura.home.scene.mentions import in_template
from vettura.home.scene.parts import Automation
from vettura.home.scene.tree import (
    EventTrigger,
    HomeTrigger,
    MqttTrigger,
    NumericStateTrigger,
    StateTrigger,
    SunTrigger,
    TemplateTrigger,
    TimeTrigger,
    Trigger,
    ZoneTrigger,
)

_CLOSE_S = 5.0


@dataclass(frozen=True, slots=True)
class Ear:
    """One entity that a trigger listens to, and which states it waits for."""

    entity: str
    attribute: str
    to: Allowed
    from_: Allowed
    is_held: bool
    """Whether the state must last before the trigger fires."""


def ears(trigger: Trigger) -> list[Ear]:
    """What a trigger listens to; none for time, sun, events and topics."""
    match trigger:
        case StateTrigger():
            key = trigger.attribute or ""
            held = trigger.for_ is not None
            return [
                Ear(entity, key, became(trigger), was(trigger), held)
                for entity in trigger.entity_ids
            ]
        case NumericStateTrigger():
            low = trigger.above if isinstance(trigger.above, int | float) else float("-inf")
            high = trigger.below if isinstance(trigger.below, int | float) else float("inf")
            to = Allowed(low=low, high=high)
            key, held = trigger.attribute or "", trigger.for_ is not None
            return [Ear(entity, key, to, ANYTHING, held) for entity in trigger.entity_ids]
        case ZoneTrigger():
            inside = in_zones([trigger.zone])
            outside = none_of([HOME]) if trigger.zone == HOME_ZONE else ANYTHING
            to, from_ = (inside, outside) if trigger.event == "enter" else (outside, inside)
            return [Ear(entity, "", to, from_, False) for entity in trigger.entity_ids]
        case TemplateTrigger():
            names = in_template(trigger.value_template)
            held = trigger.for_ is not None
            return [Ear(entity, "", ANYTHING, ANYTHING, held) for entity in names]
    return []


def sets_off(write: Write, automation: Automation) -> Trigger | None:
    """The trigger of `automation` that this write may fire; None for none."""
    for trigger in automation.triggers:
        if trigger.enabled is False:
            continue
        if write.event and isinstance(trigger, EventTrigger):
            if write.event in trigger.event_types:
                return trigger
        elif write.entity and any(_hears(ear, write) for ear in ears(trigger)):
            return trigger
    return None


def _hears(ear: Ear, write: Write) -> bool:
    if ear.entity != write.entity:
        return False
    if ear.attribute:
        value = write.wish.get(ear.attribute)
        return value is None or ear.to.has(str(value))
    state = write.wish.get("state")
    return state is None or ear.to.has(str(state))


def coincide(one: Trigger, other: Trigger) -> bool:
    """Whether two triggers fire by the same thing; what meets by mere chance does not count."""
    match one, other:
        case (TimeTrigger(), TimeTrigger()):
            return any(a == b for a in one.at for b in other.at)
        case (SunTrigger(), SunTrigger()):
            is_close = abs(one.offset_s - other.offset_s) <= _CLOSE_S
            return one.event == other.event and is_close
        case (EventTrigger(), EventTrigger()):
            return bool(set(one.event_types) & set(other.event_types)) and _agree(one, other)
        case (MqttTrigger(), MqttTrigger()):
            is_same = one.payload is None or other.payload is None or one.payload == other.payload
            return one.topic == other.topic and is_same
        case (HomeTrigger(), HomeTrigger()):
            return one.event == other.event
        case (TemplateTrigger(), TemplateTrigger()):
            return one.value_template.text == other.value_template.text
    return any(_same(a, b) for a in ears(one) for b in ears(other))


def _same(one: Ear, other: Ear) -> bool:
    if (one.entity, one.attribute) != (other.entity, other.attribute):
        return False
    if one.is_held != other.is_held:
        return False
    return one.to.meets(other.to) and one.from_.meets(other.from_)


def _agree(one: EventTrigger, other: EventTrigger) -> bool:
    shared = one.event_data.keys() & other.event_data.keys()
    return all(one.event_data[key] == other.event_data[key] for key in shared)
