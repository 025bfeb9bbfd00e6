"""What every component of discovery has: how it hears, what it shows and how it is told. Pure.

A component is a table: which topics it reads with which template, what each message changes, how
the values are shown as a state and attributes, and which actions become which messages.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from vettura.bus.messages_home import Cause, EntityState
from vettura.errors import InputError, RefusedError
from vettura.faces.discovery_config import Config
from vettura.faces.discovery_json import value_in
from vettura.faces.discovery_templates import TemplateError

Values: TypeAlias = dict[str, Any]
Data: TypeAlias = Mapping[str, Any]
NONE = "None"
"""What a template makes of nothing: the value is unknown."""
UNKNOWN, UNAVAILABLE = "unknown", "unavailable"
NUMBER_MAX = 1e12
"""Nothing in a home is so large."""
STATE_CHARACTERS_MAX = 255
"""Home Assistant's; a longer state is unknown."""


class Outgoing(NamedTuple):
    """A message to be published."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False


class Deed(NamedTuple):
    """What an action comes to."""

    posts: Sequence[Outgoing]
    changes: Values
    """What is believed at once, because the device does not tell."""


class Heard:
    """One message; its text is read once for all who hear it, and its JSON too."""

    __slots__ = ("_json", "_text", "is_retained", "payload", "time_ns", "topic")

    def __init__(self, topic: str, payload: bytes, *, is_retained: bool, time_ns: int) -> None:
        self.topic = topic
        self.payload = payload
        self.is_retained = is_retained
        self.time_ns = time_ns
        self._text: dict[str, str] = {}
        self._json: Values | None = None

    def text(self, encoding: str) -> str:
        """The payload in that encoding; InputError when it is not in it."""
        if encoding not in self._text:
            try:
                self._text[encoding] = self.payload.decode(encoding or "latin-1")
            except (UnicodeDecodeError, LookupError):
                raise InputError(f"the payload is not in {encoding}") from None
        return self._text[encoding]

    def variables(self, encoding: str) -> Values:
        """What a value template reads: `value`, and `value_json` when the payload is JSON."""
        value = self.text(encoding) if encoding else self.payload
        if self._json is None:
            told = value_in(self.payload)
            is_json = told is not None or self.payload.strip() == b"null"
            self._json = {"value_json": told} if is_json else {}
        return {"value": value, **self._json}


@dataclass(slots=True)
class Entity:
    """One entity that was announced."""

    component: "Component"
    config: Config
    entity_id: str
    name: str
    """Its friendly name."""
    own_name: str | None = None
    """Without its device's; None when it is called as its device."""
    values: Values = field(default_factory=dict)
    """What it is known to be, in its component's words."""
    extra: Values = field(default_factory=dict)
    """Attributes that were sent as JSON."""
    availability: dict[str, bool] = field(default_factory=dict)
    """By topic."""
    is_latest_available: bool = False
    is_expired: bool = False
    expires_s: float | None = None
    """When its value is too old [s of real time]; None for never."""
    off_s: float | None = None
    """When it goes off by itself [s of real time]; None for never."""
    cause: Cause | None = None
    """Why it was last told something."""
    caused_s: float = 0.0
    shown: EntityState | None = None
    """As it was last told on the bus."""

    def rendered(self, key: str, heard: Heard) -> str:
        """What the template of that key makes of the message; TemplateError when it makes nothing.

        Without a template the payload as it is.
        """
        encoding = self.config.text("encoding")
        template = self.config.template(key) or self.config.template(self.component.shared_template)
        if template is None:
            return heard.text(encoding)
        own = self.component.variables(self.config)
        return template.rendered({**own, **self._named(), **heard.variables(encoding)})

    def _named(self) -> Values:
        return {"entity_id": self.entity_id, "name": self.own_name, "this": This(self)}

    def post(self, topic: str, payload: object, template: str = "", **more: object) -> Outgoing:
        """The message for the topic of that key, made by a command template where there is one."""
        if not self.config.has(topic):
            raise RefusedError(f"{self.entity_id} cannot do that")
        compiled = self.config.template(template) if template else None
        if compiled is not None:
            payload = compiled.rendered({"value": payload, **self._named(), **more})
        return Outgoing(
            self.config.text(topic),
            payload if isinstance(payload, bytes) else str(payload).encode(),
            self.config.whole("qos"),
            self.config.flag("retain"),
        )


class This:
    """The entity as its own templates see it, made only when one of them looks."""

    __slots__ = ("_entity",)

    def __init__(self, entity: Entity) -> None:
        self._entity = entity

    @property
    def entity_id(self) -> str:
        """Its entity id."""
        return self._entity.entity_id

    @property
    def name(self) -> str:
        """Its friendly name."""
        return self._entity.name

    @property
    def state(self) -> str:
        """Its state before the message."""
        return state_of(self._entity).state

    @property
    def attributes(self) -> Values:
        """Its attributes before the message."""
        return state_of(self._entity).attributes


class Said(NamedTuple):
    """A message as one reader gets it."""

    text: str
    """What its template made of it."""
    heard: Heard


class Read(NamedTuple):
    """One topic that a component reads."""

    topic: str
    """Key of the topic."""
    template: str
    """Key of its template; empty for the payload as it is."""
    take: Callable[[Entity, Said], Values]
    """What it changes; InputError for what does not fit."""
    is_strict: bool = False
    """Whether a template that makes nothing leaves everything as it is; else the payload itself is
    read."""


Act = Callable[[Entity, Data], Deed]


def _nothing(_: Config) -> None:
    return None


def _no_values(_: Config) -> Values:
    return {}


def _no_attributes(_: Entity) -> Values:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One kind of entity."""

    domain: str
    default_name: str | None
    """The name of one that has none; None for the name of its device."""
    state: Callable[[Entity], object]
    """Its state; None for unknown."""
    needs: Sequence[str] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    check: Callable[[Config], None] = _nothing
    reads: Sequence[Read] = ()
    shared_template: str = ""
    """Key of the template for what has none of its own."""
    variables: Callable[[Config], Values] = _no_values
    """What its value templates may read besides the message."""
    actions: Callable[[Config], Mapping[str, Act]] = lambda _: {}
    """By name without domain, of what such a config can be asked for."""
    start: Callable[[Config], Values] = _no_values
    """What is believed before anything was heard."""
    attributes: Callable[[Entity], Values] = _no_attributes
    about: Callable[[Config], Values] = _no_values
    """What its EntityAbout says beyond name, class, unit and actions."""
    blocked: frozenset[str] = frozenset()
    """Attributes that must not come by JSON."""


def hear(entity: Entity, read: Read, heard: Heard) -> bool:
    """Take one message; say whether anything changed. InputError for what does not fit."""
    try:
        text = entity.rendered(read.template, heard) if read.template else _raw(entity, heard)
    except TemplateError:
        if read.is_strict:
            return False
        text = _raw(entity, heard)
    try:
        changes = read.take(entity, Said(text, heard))
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        # A stranger's payload must not end the face, which would meet it again when it is kept.
        raise InputError(f"unfit: {error}"[:200]) from None
    is_news = any(entity.values.get(key, NONE) != value for key, value in changes.items())
    entity.values.update(changes)
    return is_news or bool(entity.config.flag("force_update"))


def _raw(entity: Entity, heard: Heard) -> str:
    return heard.text(entity.config.text("encoding"))


def state_of(entity: Entity) -> EntityState:
    """The entity as it is told on the bus."""
    if not is_available(entity):
        return EntityState(state=UNAVAILABLE)
    state = entity.component.state(entity)
    text = UNKNOWN if state is None else str(state)
    if len(text) > STATE_CHARACTERS_MAX:
        text = UNKNOWN
    attributes = entity.extra | entity.component.attributes(entity)
    return EntityState(state=text, attributes=attributes)


def is_available(entity: Entity) -> bool:
    """Whether the entity says that it is there, and is not too old."""
    if entity.is_expired:
        return False
    if not entity.availability:
        return True
    mode = entity.config.text("availability_mode", "latest")
    if mode == "all":
        return all(entity.availability.values())
    if mode == "any":
        return any(entity.availability.values())
    return entity.is_latest_available


def number_in(text: str, what: str) -> float:
    """The number that the text is; InputError when it is none, or of no use."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not abs(number) < NUMBER_MAX:
        raise InputError(f"{text[:40]!r} is no number for {what}")
    return number


def needed(data: Data, key: str) -> Any:  # noqa: ANN401  any value is possible
    """What an action says there; RefusedError when it does not."""
    value = data.get(key)
    if value is None:
        raise RefusedError(f"say {key}")
    return value


def number_of(data: Data, key: str) -> float:
    """The number that an action says there; RefusedError when it is none."""
    value = needed(data, key)
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = float("nan")
    if not abs(number) < float("inf"):
        raise RefusedError(f"{key} must be a number")
    return number


def percentage_of(data: Data, key: str) -> int:
    """A whole number from 0 to 100 that an action says there."""
    number = number_of(data, key)
    if not 0.0 <= number <= 100.0:
        raise RefusedError(f"{key} must be from 0 to 100")
    return int(number)


def one_of(data: Data, key: str, options: Sequence[str]) -> str:
    """One of these words that an action says there."""
    word = str(needed(data, key))
    if word not in options:
        raise RefusedError(f"{key} must be one of {', '.join(options[:20])}")
    return word
