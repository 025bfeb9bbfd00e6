"""The device `scenes`: automations, scripts and inputs as entities that others see and ask."""

from typing import Any, final

from vettura.bus.messages_home import Cause, DeviceAbout, DeviceState, EntityAbout, EntityState
from vettura.home.scene.parts import (
    Automation,
    Counter,
    Group,
    InputBoolean,
    InputButton,
    InputDatetime,
    InputNumber,
    InputSelect,
    InputText,
    Promise,
    Scene,
    Scenes,
    Schedule,
    Script,
    TemplateEntity,
    Timer,
)
from vettura.home.scene.plain import as_plain
from vettura.home.scene.promises import promise_ids
from vettura.home.scene.state import Change
from vettura.home.scene.world import World
from vettura.words.domains import ACTIONS

DEVICE = "scenes"
ORIGIN = "scenes"
NAME = "Scenes"
Part = (
    Automation
    | Script
    | Scene
    | TemplateEntity
    | InputBoolean
    | InputNumber
    | InputSelect
    | InputText
    | InputDatetime
    | InputButton
    | Counter
    | Timer
    | Schedule
    | Group
)


@final
class OwnDevice:
    """What of the world is ours, and which of it has changed since it was last told."""

    def __init__(self, world: World, scenes: Scenes) -> None:
        parts: tuple[Part, ...] = (
            *scenes.automations,
            *scenes.scripts,
            *scenes.scenes,
            *scenes.helpers,
            *scenes.templates,
        )
        self.about = about_of(parts, scenes.promises)
        self.is_changed = False
        self._told: dict[str, EntityState] = {}
        self._cause: Cause | None = None
        self._world = world
        world.states.hearers.hear(tuple(self.about.entities), self._hear)

    def _hear(self, change: Change) -> None:
        if change.new is None:
            self._told.pop(change.entity_id, None)
        else:
            shown = as_plain(change.new.attributes)
            self._told[change.entity_id] = EntityState(state=change.new.state, attributes=shown)
        self._cause = change.cause
        self.is_changed = True

    def told(self) -> DeviceState:
        """How all of it is; counts as told."""
        self.is_changed = False
        return DeviceState(time_ns=self._world.now_ns, entities=dict(self._told), cause=self._cause)


def about_of(parts: tuple[Part, ...], promises: tuple[Promise, ...] = ()) -> DeviceAbout:
    """What the device says of itself."""
    scripts = [part.entity_id for part in parts if isinstance(part, Script)]
    promised = {
        entity_id: EntityAbout(name=promise.alias, device_class="problem")
        for entity_id, promise in zip(promise_ids(promises), promises, strict=True)
    }
    return DeviceAbout(
        name=NAME,
        origin=ORIGIN,
        entities={**{part.entity_id: _about(part) for part in parts}, **promised},
        services=scripts,
    )


def _about(part: Part) -> EntityAbout:
    domain = part.entity_id.partition(".")[0]
    name = part.alias if isinstance(part, Automation | Script) else part.name
    actions = [f"{domain}.{verb}" for verb in ACTIONS.get(domain, ())]
    if isinstance(part, Scene):
        actions = ["scene.turn_on"]
    elif isinstance(part, Schedule | Group | TemplateEntity):
        actions = []
    more: dict[str, Any] = {}
    match part:
        case InputNumber():
            more = {"min": part.min, "max": part.max, "step": part.step}
        case InputSelect():
            more = {"options": list(part.options)}
        case TemplateEntity():
            more = {"device_class": part.device_class, "state_class": part.state_class}
        case _:
            pass
    if isinstance(part, InputNumber | InputText | TemplateEntity):
        more["unit_of_measurement"] = part.unit_of_measurement
    return EntityAbout(name=name or part.entity_id, actions=actions, **more)
