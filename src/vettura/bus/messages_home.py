"""What travels of the devices and scenes of a home, in Home Assistant's words.

A device is a set of entities; an entity has a domain (the part of its id before the dot), a state
and attributes, and may be asked for actions. Why something was done travels with it as a `Cause`.
"""

from collections.abc import Mapping
from typing import Any, Literal

from vettura.bus.messages import Wire


class Cause(Wire, frozen=True, kw_only=True):
    """Why something was done; travels with every action and with the state it led to."""

    id: str
    """Of the run, action or event that led to this."""
    who: str
    """Who did it: an entity such as `automation.arriving` or `person.giulia`, or page, cli."""
    hops: int = 0
    """How many automations lie between the first mover and this."""
    chain: list[str] = []
    """Who before, the first mover first."""


class EntityAbout(Wire, frozen=True, kw_only=True):
    """One capability of a device, in Home Assistant's words."""

    name: str
    device_class: str = ""
    unit_of_measurement: str = ""
    state_class: str = ""
    actions: list[str] = []
    """What it can be asked for, such as `light.turn_on`; empty for what only tells."""
    options: list[str] = []
    """The states there are, of a select or an enum; empty for any."""
    min: float | None = None
    max: float | None = None
    step: float | None = None
    """Range of a number; None for one without."""


class DeviceAbout(Wire, frozen=True, kw_only=True):
    """`home.<home>.<device>.about`: what a device is; without entities it is gone."""

    name: str
    """For people."""
    area: str = ""
    """Room of the home; empty for none, such as a phone."""
    manufacturer: str = ""
    model: str = ""
    origin: str = ""
    """Who brings it: virtual, mqtt, miio, ble, homeassistant, car, person, scenes, energy."""
    entities: dict[str, EntityAbout] = {}
    """By entity id, such as `light.kitchen`."""
    services: list[str] = []
    """Actions that aim at no entity, such as `notify.giulia`."""


class EntityState(Wire, frozen=True, kw_only=True):
    """How one entity is. `unavailable` and `unknown` are states, as in Home Assistant."""

    state: str
    attributes: dict[str, Any] = {}


class DeviceState(Wire, frozen=True, kw_only=True):
    """`home.<home>.<device>.state`: how all entities of a device are, by entity id."""

    time_ns: int
    entities: dict[str, EntityState]
    cause: Cause | None = None
    """What led to this; None when it happened by itself."""


class DeviceAction(Wire, frozen=True, kw_only=True):
    """`home.<home>.<device>.do`: an action for a device, answered with an Answer.

    The same `id` is obeyed once, however often it arrives.
    """

    id: str
    action: str
    """In Home Assistant's words, such as `light.turn_on`; a station has its own."""
    entity: str = ""
    """Which entity of the device; empty for the device itself."""
    data: dict[str, Any] = {}
    who: str = ""
    cause: Cause | None = None


def first_action(
    own_id: str, *, who: str, action: str, entity: str, data: Mapping[str, Any]
) -> DeviceAction:
    """An action that nothing led to but whoever asks for it."""
    cause = Cause(id=own_id, who=who)
    return DeviceAction(
        id=own_id, action=action, entity=entity, data=dict(data), who=who, cause=cause
    )


class HomeEvent(Wire, frozen=True, kw_only=True):
    """`home.<home>.event`: something happened that is no state, such as a pressed button."""

    time_ns: int
    event_type: str
    data: dict[str, Any] = {}
    cause: Cause | None = None


class TopicMessage(Wire, frozen=True, kw_only=True):
    """`home.<home>.topic.in` and `.out`: an MQTT message for scenes, or of theirs."""

    topic: str
    payload: str
    qos: int = 0
    retain: bool = False
    cause: Cause | None = None


class TopicsWanted(Wire, frozen=True, kw_only=True):
    """`home.<home>.topics`: the MQTT filters that scenes listen to; kept in bucket `home`."""

    filters: list[str]


class Called(Wire, frozen=True, kw_only=True):
    """`home.<home>.called`: a scene has done one action, and what became of it."""

    time_ns: int
    scene: str
    """Its entity id, such as `automation.arriving`."""
    run: str
    action: str
    entities: list[str] = []
    data: dict[str, Any] = {}
    ok: bool = True
    reason: str = ""
    cause: Cause


class TraceStep(Wire, frozen=True, kw_only=True):
    """One step of a run, as Home Assistant shows it."""

    time_ns: int
    path: str
    """Where in the automation, such as `action/0/choose/1/sequence/0`."""
    result: str = ""
    """What came of it, as JSON; empty for nothing worth showing."""
    error: str = ""


class Trace(Wire, frozen=True, kw_only=True):
    """`home.<home>.trace` (stream `traces`): one run of a scene, when it ends."""

    run: str
    scene: str
    trigger: str
    """What set it off, for people; empty when somebody ran it by hand."""
    start_ns: int
    end_ns: int
    state: Literal["finished", "stopped", "failed", "refused", "aborted"]
    """refused: its conditions did not hold, or its mode let no further run begin."""
    reason: str = ""
    steps: list[TraceStep] = []
    cause: Cause
