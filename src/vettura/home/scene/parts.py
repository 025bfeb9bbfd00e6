"""The things that a file of scenes is made of: automations, scripts, scenes, entities, promises."""

from dataclasses import dataclass
from datetime import time
from typing import Literal, TypeAlias

from vettura.home.scene.tree import (
    Action,
    At,
    Condition,
    Duration,
    Switch,
    Template,
    Trigger,
    Value,
    Where,
)

Mode: TypeAlias = Literal["single", "restart", "queued", "parallel"]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Automation:
    """One automation."""

    where: Where
    id: str
    """`id`, or empty: then it keeps nothing over a restart in Home Assistant; ours goes by its
    entity id."""
    alias: str
    entity_id: str
    """automation.<slug of the alias>, made unique by _2, _3, ..."""
    description: str = ""
    mode: Mode = "single"
    max: int = 10
    """Runs at once (parallel), or running and waiting (queued)."""
    max_exceeded: str = "warning"
    """The level of the line that tells a refused run; `silent` for none."""
    initial_state: bool | None = None
    """None: as it was, and on when it is new."""
    variables: "dict[str, Value]"
    trigger_variables: "dict[str, Value]"
    triggers: tuple[Trigger, ...]
    conditions: tuple[Condition, ...] = ()
    actions: tuple[Action, ...]
    trace_count: int = 5
    """How many of its last runs are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """`script:`: a sequence that is called as `script.<id>`."""

    where: Where
    entity_id: str
    alias: str
    mode: Mode = "single"
    max: int = 10
    max_exceeded: str = "warning"
    variables: "dict[str, Value]"
    fields: "dict[str, Value]"
    """By name, the default of what a caller may hand over; None without one."""
    sequence: tuple[Action, ...]
    trace_count: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneState:
    """How a scene wants one entity to be."""

    state: str
    attributes: "dict[str, Value]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """`scene:`: states of entities that `scene.turn_on` brings about."""

    where: Where
    entity_id: str
    name: str
    entities: dict[str, SceneState]


# Entities that live in the file


@dataclass(frozen=True, slots=True, kw_only=True)
class InputBoolean:
    """`input_boolean:`; `initial` None: as it was, and off when it is new."""

    where: Where
    entity_id: str
    name: str
    initial: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InputNumber:
    """`input_number:`; `initial` None: as it was, and `min` when it is new."""

    where: Where
    entity_id: str
    name: str
    min: float
    max: float
    step: float = 1.0
    initial: float | None = None
    mode: str = "slider"
    unit_of_measurement: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSelect:
    """`input_select:`; `initial` None: as it was, and the first option when it is new."""

    where: Where
    entity_id: str
    name: str
    options: tuple[str, ...]
    initial: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InputText:
    """`input_text:`; lengths in characters."""

    where: Where
    entity_id: str
    name: str
    min: int = 0
    max: int = 100
    initial: str | None = None
    pattern: str = ""
    """A regular expression that a text must match; empty for any."""
    mode: str = "text"
    unit_of_measurement: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputDatetime:
    """`input_datetime:`."""

    where: Where
    entity_id: str
    name: str
    has_date: bool
    has_time: bool
    initial: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InputButton:
    """`input_button:`."""

    where: Where
    entity_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """`counter:`."""

    where: Where
    entity_id: str
    name: str
    initial: int = 0
    step: int = 1
    minimum: int | None = None
    maximum: int | None = None
    restore: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """`timer:`."""

    where: Where
    entity_id: str
    name: str
    duration_s: float = 0.0
    restore: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of a day; the end is not in it."""

    start: time
    end: time
    """00:00 as an end means the end of the day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """`schedule:`: on in its spans, off else."""

    where: Where
    entity_id: str
    name: str
    days: dict[str, tuple[Span, ...]]
    """By weekday: mon, tue, ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """`group:`: on when one of its entities is, or all of them."""

    where: Where
    entity_id: str
    name: str
    entities: tuple[str, ...]
    all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateEntity:
    """`template:`: a sensor or binary_sensor whose state is a template."""

    where: Where
    entity_id: str
    name: str
    state: Template
    attributes: "dict[str, Value]"
    availability: Template | None = None
    device_class: str = ""
    unit_of_measurement: str = ""
    state_class: str = ""
    delay_on: "Duration | None" = None
    delay_off: "Duration | None" = None
    """How long it must hold before a binary_sensor says so."""
    triggers: tuple[Trigger, ...] = ()
    """When it is made anew; none: whenever something it reads changes."""
    conditions: tuple[Condition, ...] = ()
    variables: "dict[str, Value]"


HelperEntity: TypeAlias = (
    InputBoolean
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """`promise:`: what the home promises. Exactly one of `never` and `always` has conditions.

    never: they all hold, for longer than `for_`. always: they all hold; looked at only at the
    times `at` where there are some, else at any time, and broken once they have failed for longer
    than `for_`. Both count only on `weekdays`.
    """

    where: Where
    alias: str
    never: tuple[Condition, ...] = ()
    always: tuple[Condition, ...] = ()
    for_: "Duration | None" = None
    at: tuple[At, ...] = ()
    weekdays: tuple[str, ...] = ()
    """mon, tue, ...; none: every day. `workday: true` is mon to fri."""
    enabled: Switch = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenes:
    """Everything that was read, of one file or several."""

    automations: tuple[Automation, ...] = ()
    scripts: tuple[Script, ...] = ()
    scenes: tuple[Scene, ...] = ()
    helpers: tuple[HelperEntity, ...] = ()
    templates: tuple[TemplateEntity, ...] = ()
    promises: tuple[Promise, ...] = ()
    notices: tuple[str, ...] = ()
    """What was left alone, each with its file and line."""
