"""What a file of scenes says, as a typed tree: automations, scripts, scenes, entities, promises.

Reading (`read.py`) has already made one form of the many that Home Assistant allows: old keys are
new ones, a single thing where a list may stand is a tuple of one, blueprints and `!include` are
filled in, device triggers, conditions and actions are those of their entities, `scene:` as an
action is `scene.turn_on`. Words and defaults are Home Assistant's.
"""

from dataclasses import dataclass
from datetime import time as clock_time
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file, for people."""

    file: str
    line: int
    """From 1."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Template:
    """A Jinja2 template, which has been seen to compile."""

    text: str
    where: Where


Value: TypeAlias = "bool | int | float | str | Template | list[Value] | dict[str, Value] | None"
"""Anything that YAML may hold, with templates at any depth."""
Data: TypeAlias = "dict[str, Value] | Template"
"""A mapping, or a template that makes one."""
Text: TypeAlias = str | Template
Duration: TypeAlias = "float | Template | dict[str, float | Template]"
"""Seconds; or a template that makes what HA takes for one; or parts: days, hours, minutes,
seconds, milliseconds, of which some are templates."""
Switch: TypeAlias = bool | Template
"""`enabled`: decided once, when the scene is set up."""


# Triggers


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerBase:
    """What every trigger has."""

    where: Where
    id: str
    """Its own, or its place in the list as text: "0", "1", ..."""
    alias: str = ""
    enabled: Switch = True
    variables: "dict[str, Value]"
    platform: str
    """What `trigger.platform` shows; "device" for one that was written as a device trigger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateTrigger(TriggerBase):
    """An entity's state, or one attribute, changes."""

    entity_ids: tuple[str, ...]
    attribute: str | None = None
    to: "tuple[Value, ...] | None" = None
    """None: whatever it becomes. Values of attributes need not be text."""
    not_to: "tuple[Value, ...] | None" = None
    from_: "tuple[Value, ...] | None" = None
    not_from: "tuple[Value, ...] | None" = None
    any_change: bool = False
    """None of to, from, not_to, not_from is written, not even as null: then a change of an
    attribute alone is one too."""
    for_: "Duration | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericStateTrigger(TriggerBase):
    """A number comes into the range; the limits themselves are outside."""

    entity_ids: tuple[str, ...]
    above: float | str | None = None
    """A number, or an entity (input_number, number, sensor) that tells it."""
    below: float | str | None = None
    attribute: str | None = None
    value_template: Template | None = None
    """Makes the number, from `state` and what else a template sees."""
    for_: "Duration | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """A time of day, or the entity that tells one: input_datetime, or a sensor of timestamps."""

    time: clock_time | None = None
    entity_id: str = ""
    offset_s: float = 0.0
    """Only beside an entity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeTrigger(TriggerBase):
    """The clock on the wall shows that time."""

    at: tuple[At, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePatternTrigger(TriggerBase):
    """Every moment whose hour, minute and second all stand here."""

    hours: tuple[int, ...]
    minutes: tuple[int, ...]
    seconds: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SunTrigger(TriggerBase):
    """The sun rises or sets."""

    event: Literal["sunrise", "sunset"]
    offset_s: float = 0.0
    """After that, or before it when negative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneTrigger(TriggerBase):
    """Somebody enters or leaves a zone."""

    entity_ids: tuple[str, ...]
    zone: str
    event: Literal["enter", "leave"] = "enter"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTrigger(TriggerBase):
    """An event is told."""

    event_types: tuple[Text, ...]
    event_data: "dict[str, Value]"
    context: "dict[str, Value]"


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttTrigger(TriggerBase):
    """A message arrives on a topic."""

    topic: Text
    payload: Text | None = None
    """What it must be, after `value_template`; None for any."""
    value_template: Template | None = None
    qos: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateTrigger(TriggerBase):
    """A template becomes true."""

    value_template: Template
    for_: "Duration | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeTrigger(TriggerBase):
    """`homeassistant`: the house has started, or is about to stop."""

    event: Literal["start", "shutdown"]


Trigger: TypeAlias = (
    StateTrigger
    | NumericStateTrigger
    | TimeTrigger
    | TimePatternTrigger
    | SunTrigger
    | ZoneTrigger
    | EventTrigger
    | MqttTrigger
    | TemplateTrigger
    | HomeTrigger
)


# Conditions


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionBase:
    """What every condition has."""

    where: Where
    alias: str = ""
    enabled: Switch = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AndCondition(ConditionBase):
    """All of them; also what a plain list of conditions means."""

    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrCondition(ConditionBase):
    """One of them."""

    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCondition(ConditionBase):
    """None of them."""

    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCondition(ConditionBase):
    """Entities have a state, or an attribute a value."""

    entity_ids: tuple[str, ...]
    states: "tuple[Value, ...]"
    """Any of these. Text that names an input_* entity means the state of that."""
    attribute: str | None = None
    match: Literal["all", "any"] = "all"
    for_: "Duration | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericStateCondition(ConditionBase):
    """Each of them is in the range; the limits themselves are outside."""

    entity_ids: tuple[str, ...]
    above: float | str | None = None
    below: float | str | None = None
    attribute: str | None = None
    value_template: Template | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeCondition(ConditionBase):
    """The time of day is from `after` on and not yet `before`, over midnight if need be."""

    after: At | None = None
    before: At | None = None
    weekdays: tuple[str, ...] = ()
    """mon, tue, ...; none: every day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SunCondition(ConditionBase):
    """Before or after a sunrise or sunset of today."""

    after: Literal["sunrise", "sunset"] | None = None
    after_offset_s: float = 0.0
    before: Literal["sunrise", "sunset"] | None = None
    before_offset_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneCondition(ConditionBase):
    """Each of them is in one of the zones."""

    entity_ids: tuple[str, ...]
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateCondition(ConditionBase):
    """A template is true."""

    value_template: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerCondition(ConditionBase):
    """One of these triggers, by id, set the run off."""

    ids: tuple[str, ...]


Condition: TypeAlias = (
    AndCondition
    | OrCondition
    | NotCondition
    | StateCondition
    | NumericStateCondition
    | TimeCondition
    | SunCondition
    | ZoneCondition
    | TemplateCondition
    | TriggerCondition
)


# Actions


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionBase:
    """What every action has."""

    where: Where
    alias: str = ""
    enabled: Switch = True
    continue_on_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(ActionBase):
    """An action of some entities, such as `light.turn_on`."""

    action: Text
    target: "Data"
    """entity_id, device_id, area_id, each a name, a list, or a template of one."""
    data: "Data"
    """May name an `entity_id` as well, as old files do."""
    response_variable: str = ""
    is_direct: bool = False
    """Written as a device action or `scene:`; Home Assistant does those in the same turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay(ActionBase):
    """Wait."""

    delay: "Duration"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitTemplate(ActionBase):
    """Wait until a template is true."""

    wait_template: Template
    timeout: "Duration | None" = None
    continue_on_timeout: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitForTrigger(ActionBase):
    """Wait until one of the triggers fires."""

    triggers: tuple[Trigger, ...]
    timeout: "Duration | None" = None
    continue_on_timeout: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckCondition(ActionBase):
    """Go on only when it holds."""

    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One of the ways of a `choose`."""

    where: Where
    conditions: tuple[Condition, ...]
    sequence: "tuple[Action, ...]"
    alias: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose(ActionBase):
    """The first option whose conditions all hold, else the default."""

    options: tuple[Option, ...]
    default: "tuple[Action, ...]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class If(ActionBase):
    """`then` when all conditions hold, else `else_`."""

    conditions: tuple[Condition, ...]
    then: "tuple[Action, ...]"
    else_: "tuple[Action, ...]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat(ActionBase):
    """Again and again; exactly one of count, for_each, while_ and until is not None."""

    sequence: "tuple[Action, ...]"
    count: int | Template | None = None
    for_each: "list[Value] | Template | None" = None
    while_: tuple[Condition, ...] | None = None
    until: tuple[Condition, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One of the sequences of a `parallel`."""

    where: Where
    sequence: "tuple[Action, ...]"
    alias: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel(ActionBase):
    """All branches at once; done when the last one is."""

    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence(ActionBase):
    """One after the other."""

    sequence: "tuple[Action, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables(ActionBase):
    """Variables for what follows; a later one sees an earlier one."""

    variables: "dict[str, Value]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(ActionBase):
    """End the run."""

    reason: str = ""
    error: bool = False
    response_variable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FireEvent(ActionBase):
    """Tell an event."""

    event: str
    event_data: "Data"


Action: TypeAlias = (
    Call
    | Delay
    | WaitTemplate
    | WaitForTrigger
    | CheckCondition
    | Choose
    | If
    | Repeat
    | Parallel
    | Sequence
    | Variables
    | Stop
    | FireEvent
)
