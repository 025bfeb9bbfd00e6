"""Triggers: each listens to the world and fires. What it tells is what templates see as `trigger`.

A trigger fires in the very moment of what sets it off; whoever is called decides when to act.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from vettura.bus.messages_home import Cause
from vettura.errors import InputError
from vettura.home.scene.conditions import is_enabled
from vettura.home.scene.faults import RenderFault
from vettura.home.scene.period import period_s, positive_period_s, to_ns
from vettura.home.scene.tree import Duration, Trigger
from vettura.home.scene.world import World

Data = dict[str, Any]
Stop = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """A trigger has fired."""

    trigger: Trigger
    data: Data
    """What templates see as `trigger`."""
    cause: Cause | None
    """Why what set it off happened; None when by itself."""


Fire = Callable[[Fired], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attaching:
    """What a trigger is attached with."""

    world: World
    fire: Fire
    variables: Mapping[str, Any]
    index: int
    """Its place in the list."""
    is_start: bool
    """Whether the house itself is starting."""

    def fired(self, trigger: Trigger, data: Data, cause: Cause | None = None) -> None:
        """Tell that it fired."""
        about = {
            "id": trigger.id,
            "idx": str(self.index),
            "alias": trigger.alias or None,
            "platform": trigger.platform,
        }
        self.fire(Fired(trigger=trigger, data={**about, **data}, cause=cause))

    def span_ns(self, trigger: Trigger, for_: Duration, data: Data) -> int | None:
        """How long it must hold; None, and a warning, when that cannot be told."""
        try:
            value = self.world.templates.value(for_, {**self.variables, "trigger": data})
            return to_ns(positive_period_s(value))
        except (RenderFault, InputError) as error:
            self.world.warn(trigger.where, f"for: {error}")
            return None


Attacher = Callable[[Attaching, Any], Stop]
ATTACHERS: dict[type, Attacher] = {}
"""By kind of trigger; the modules beside this one enter theirs."""


def attach(
    world: World,
    triggers: tuple[Trigger, ...],
    fire: Fire,
    *,
    variables: Mapping[str, Any],
    is_start: bool = False,
) -> Stop | None:
    """Let these triggers listen; returns what ends that, None when nothing listens."""
    stops = []
    for index, trigger in enumerate(triggers):
        if not is_enabled(world, trigger.enabled):
            continue
        attaching = Attaching(
            world=world, fire=fire, variables=variables, index=index, is_start=is_start
        )
        try:
            stops.append(ATTACHERS[type(trigger)](attaching, trigger))
        except (RenderFault, InputError) as error:
            world.warn(trigger.where, f"the trigger cannot listen: {error}")

    def stop() -> None:
        for each in stops:
            each()

    return stop if stops else None


def is_lasting(for_: "Duration | None") -> bool:
    """Whether there is a time that it must hold; 0 means none."""
    if for_ is None:
        return False
    try:
        return not isinstance(for_, float | int | str) or period_s(for_) != 0.0
    except InputError:
        return True


def span_shown(for_: "Duration | None", span_ns: int | None) -> timedelta | None:
    """What `trigger.for` shows."""
    if span_ns is not None:
        return timedelta(microseconds=span_ns // 1000)
    return timedelta(0) if for_ is not None else None
