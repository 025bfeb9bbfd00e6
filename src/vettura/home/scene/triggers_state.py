"""Triggers by what entities become: state, numeric_state, zone, template."""

from collections.abc import Callable
from typing import Any

from vettura.home.scene.agenda import Alarm
from vettura.home.scene.conditions import number_in_range
from vettura.home.scene.faults import ConditionFault, RenderFault
from vettura.home.scene.state import Change, State
from vettura.home.scene.tree import (
    NumericStateTrigger,
    StateTrigger,
    TemplateTrigger,
    ZoneTrigger,
)
from vettura.home.scene.triggers import (
    ATTACHERS,
    Attaching,
    Data,
    Stop,
    is_lasting,
    span_shown,
)
from vettura.home.scene.watching import Watch
from vettura.home.scene.world import World
from vettura.home.scene.zones import has_location, in_zone


class Lasting:
    """Waits while something keeps holding, and then does what was asked."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._stops: dict[int, Stop] = {}
        self._number = 0

    def wait(
        self, entity_id: str, span_ns: int, still: Callable[[State], bool], then: Stop
    ) -> None:
        """Do `then` after `span_ns` unless `still` fails for a state of the entity before."""
        self._number += 1
        number = self._number

        def end() -> None:
            self._stops.pop(number, None)
            alarm.cancel()
            unhear()

        def ring() -> None:
            end()
            then()

        def hear(change: Change) -> None:
            if change.new is None or not still(change.new):
                end()

        alarm: Alarm = self._world.agenda.at(self._world.now_ns + span_ns, ring)
        unhear = self._world.states.hearers.hear((entity_id,), hear)
        self._stops[number] = end

    def stop(self) -> None:
        """Wait for nothing any more."""
        for stop in tuple(self._stops.values()):
            stop()


def _attach_state(at: Attaching, trigger: StateTrigger) -> Stop:
    lasting = Lasting(at.world)
    lasts = is_lasting(trigger.for_)

    def hear(change: Change) -> None:
        old, new = _value(change.old, trigger), _value(change.new, trigger)
        if old == new and (trigger.attribute is not None or not trigger.any_change):
            return
        if not _matches(old, trigger.from_, trigger.not_from):
            return
        if not _matches(new, trigger.to, trigger.not_to):
            return
        data: Data = {
            "platform": "state",
            "entity_id": change.entity_id,
            "from_state": change.old,
            "to_state": change.new,
        }
        span_ns = at.span_ns(trigger, trigger.for_, data) if lasts and trigger.for_ else None

        def fire() -> None:
            more = {
                "for": span_shown(trigger.for_, span_ns),
                "attribute": trigger.attribute,
                "description": f"state of {change.entity_id}",
            }
            at.fired(trigger, {**data, "platform": trigger.platform, **more}, change.cause)

        if not lasts:
            fire()
        elif span_ns is not None:
            lasting.wait(change.entity_id, span_ns, _stays(trigger, old, new), fire)

    unhear = at.world.states.hearers.hear(trigger.entity_ids, hear)

    def stop() -> None:
        unhear()
        lasting.stop()

    return stop


def _value(state: State | None, trigger: StateTrigger) -> object:
    if state is None:
        return None
    return state.state if trigger.attribute is None else state.attributes.get(trigger.attribute)


def _matches(
    value: object, wanted: tuple[object, ...] | None, unwanted: tuple[object, ...] | None
) -> bool:
    if wanted is not None:
        return value in wanted
    return unwanted is None or value not in unwanted


def _stays(trigger: StateTrigger, old: object, new: object) -> Callable[[State], bool]:
    if trigger.from_ is not None and trigger.to is None:
        return lambda state: _value(state, trigger) != old
    return lambda state: bool(_value(state, trigger) == new)


def _attach_numeric(at: Attaching, trigger: NumericStateTrigger) -> Stop:
    return _NumericTrigger(at, trigger).stop


class _NumericTrigger:
    """Fires for an entity that comes into the range, once armed by having been outside."""

    def __init__(self, at: Attaching, trigger: NumericStateTrigger) -> None:
        self._at = at
        self._trigger = trigger
        self._lasting = Lasting(at.world)
        self._armed: set[str] = set()
        for entity_id in trigger.entity_ids:
            state = at.world.states.get(entity_id)
            if state is not None and self._is_inside(state) is False:
                self._armed.add(entity_id)
        self._unhear = at.world.states.hearers.hear(trigger.entity_ids, self._hear)

    def stop(self) -> None:
        """Listen no more."""
        self._unhear()
        self._lasting.stop()

    def _seen(self, entity_id: str) -> Data:
        """What templates of the trigger see."""
        trigger = self._trigger
        return {
            "platform": "numeric_state",
            "entity_id": entity_id,
            "below": trigger.below,
            "above": trigger.above,
            "attribute": trigger.attribute,
        }

    def _is_inside(self, state: State) -> bool | None:
        """Whether it is in the range; None, and a warning, when that cannot be told."""
        variables = {**self._at.variables, "trigger": self._seen(state.entity_id)}
        try:
            return number_in_range(self._at.world, state, self._trigger, variables)
        except ConditionFault as fault:
            self._at.world.warn(self._trigger.where, str(fault))
            return None

    def _hear(self, change: Change) -> None:
        if change.new is None:
            return
        inside = self._is_inside(change.new)
        if inside is False:
            self._armed.add(change.entity_id)
        elif inside and change.entity_id in self._armed:
            self._armed.discard(change.entity_id)
            self._enter(change)

    def _enter(self, change: Change) -> None:
        trigger, at, entity_id = self._trigger, self._at, change.entity_id
        span_ns = None
        if is_lasting(trigger.for_) and trigger.for_ is not None:
            span_ns = at.span_ns(trigger, trigger.for_, self._seen(entity_id))
            if span_ns is None:
                return

        def fire() -> None:
            data = self._seen(entity_id)
            del data["attribute"]
            data |= {
                "platform": trigger.platform,
                "from_state": change.old,
                "to_state": change.new,
                "for": span_shown(trigger.for_, span_ns),
                "description": f"numeric state of {entity_id}",
            }
            at.fired(trigger, data, change.cause)

        if span_ns is None:
            fire()
        else:
            self._lasting.wait(entity_id, span_ns, lambda s: bool(self._is_inside(s)), fire)


def _attach_zone(at: Attaching, trigger: ZoneTrigger) -> Stop:
    world = at.world

    def hear(change: Change) -> None:
        if any(state is not None and not has_location(state) for state in change[1:]):
            return
        zone = world.states.get(trigger.zone)
        if zone is None:
            world.warn(trigger.where, f"there is no {trigger.zone}")
            return
        try:
            was = change.old is not None and in_zone(zone, change.old)
            is_ = change.new is not None and in_zone(zone, change.new)
        except ConditionFault as fault:
            world.warn(trigger.where, str(fault))
            return
        enters = trigger.event == "enter"
        if was == is_ or is_ != enters:
            return
        word = "entering" if enters else "leaving"
        data = {
            "entity_id": change.entity_id,
            "from_state": change.old,
            "to_state": change.new,
            "zone": zone,
            "event": trigger.event,
            "description": f"{change.entity_id} {word} {zone.name}",
        }
        at.fired(trigger, data, change.cause)

    return world.states.hearers.hear(trigger.entity_ids, hear)


def _attach_template(at: Attaching, trigger: TemplateTrigger) -> Stop:
    return _TemplateTrigger(at, trigger).stop


class _TemplateTrigger:
    """Fires when the template becomes true, once armed by having been false."""

    def __init__(self, at: Attaching, trigger: TemplateTrigger) -> None:
        self._at = at
        self._trigger = trigger
        self._later: Alarm | None = None
        try:
            truth = at.world.templates.truth(trigger.value_template, at.variables)
            self._is_armed = not truth
        except RenderFault as fault:
            at.world.warn(trigger.where, str(fault))
            self._is_armed = False
        self._watch = Watch(at.world, trigger.value_template, at.variables, self._hear)

    def stop(self) -> None:
        """Listen no more."""
        self._watch.stop()
        self._forget()

    def _forget(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None

    def _hear(self, change: Change | None, _before: Any, result: Any) -> None:
        world, trigger = self._at.world, self._trigger
        if isinstance(result, RenderFault):
            world.warn(trigger.where, str(result))
            return
        self._forget()
        if not world.templates.as_truth(result):
            self._is_armed = True
            return
        if not self._is_armed:
            return
        self._is_armed = False
        if change is None:
            description = "time change or manual update via template"
        else:
            description = f"{change.entity_id} via template"
        data: Data = {
            "platform": trigger.platform,
            "entity_id": change and change.entity_id,
            "from_state": change and change.old,
            "to_state": change and change.new,
        }
        self._fire(data, description, change)

    def _fire(self, data: Data, description: str, change: Change | None) -> None:
        trigger, at = self._trigger, self._at
        span_ns = None
        if is_lasting(trigger.for_) and trigger.for_ is not None:
            span_ns = at.span_ns(trigger, trigger.for_, data)
            if span_ns is None:
                return
        more = {"for": span_shown(trigger.for_, span_ns), "description": description}
        cause = change.cause if change is not None else None

        def fire() -> None:
            at.fired(trigger, {**data, **more}, cause)

        if span_ns is None:
            fire()
        else:
            self._later = at.world.agenda.at(at.world.now_ns + span_ns, fire)


ATTACHERS[StateTrigger] = _attach_state
ATTACHERS[NumericStateTrigger] = _attach_numeric
ATTACHERS[ZoneTrigger] = _attach_zone
ATTACHERS[TemplateTrigger] = _attach_template
