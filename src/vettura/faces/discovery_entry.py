"""One announced component: its entity or trigger, and the topics that it listens to. Pure."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from vettura.bus.messages_home import EntityAbout
from vettura.errors import InputError
from vettura.faces.discovery_component import Component, Entity, Heard, Read
from vettura.faces.discovery_config import Config, checked, read_topic
from vettura.faces.discovery_names import class_names
from vettura.faces.discovery_templates import Template, TemplateError, Templates

RESULT = "result_topic"
"""Key of a topic that tells all of a state once more, as Tasmota does after a command."""
SIGNS_MAX = 50
"""Topics that may say whether one entity is there."""
ATTRIBUTES_CHARACTERS_MAX = 16_384
"""Longest JSON of attributes."""
BLOCKED = frozenset(
    [
        "assumed_state",
        "available",
        "device_class",
        "device_info",
        "entity_category",
        "entity_picture",
        "entity_registry_enabled_default",
        "extra_state_attributes",
        "force_update",
        "icon",
        "name",
        "should_poll",
        "state",
        "supported_features",
        "unique_id",
        "unit_of_measurement",
    ]
)
"""Attributes that must not come by JSON, whatever the component."""


class Sign(NamedTuple):
    """One topic that says whether an entity is there."""

    topic: str
    yes: str
    no: str
    template: Template | None

    def of(self, heard: Heard) -> bool | None:
        """Whether it is there; None when the message does not say."""
        text = heard.text("utf-8")
        if self.template is not None:
            with suppress(TemplateError):
                text = self.template.rendered(heard.variables("utf-8"))
        return {self.no: False, self.yes: True}.get(text)


class Trigger(NamedTuple):
    """Something that happens to a device, such as a pressed button."""

    topic: str
    type: str
    subtype: str
    payload: str | None
    """The one that sets it off; None for any."""
    config: Config

    def is_meant(self, heard: Heard) -> bool:
        """Whether the message sets it off."""
        text = heard.text("utf-8")
        template = self.config.template("value_template")
        if template is not None:
            with suppress(TemplateError):
                text = template.rendered(heard.variables("utf-8"))
        return self.payload is None or text == self.payload


@dataclass(slots=True)
class Entry:
    """One announced component."""

    key: str
    device: str
    """Id of its device on the bus."""
    entity: Entity | None
    """None for a trigger, and for an entity that is off by default."""
    trigger: Trigger | None
    signs: tuple[Sign, ...]
    unique: str
    """Its identity: domain and unique_id; empty for none."""
    size: int
    """Of its config [bytes]."""

    def topics(self) -> Iterator[tuple[str, int]]:
        """Everything that it listens to, and with which QoS."""
        config = (
            self.trigger.config if self.trigger else self.entity.config if self.entity else None
        )
        if config is None:
            return
        qos = config.whole("qos")
        if self.trigger is not None:
            yield self.trigger.topic, qos
        if self.entity is not None:
            for read in self.entity.component.reads:
                if config.has(read.topic):
                    yield config.text(read.topic), qos
            if config.has(RESULT):
                yield config.text(RESULT), qos
            if config.has("json_attributes_topic"):
                yield config.text("json_attributes_topic"), qos
            for sign in self.signs:
                yield sign.topic, qos

    def reads(self, topic: str) -> Iterator[Read]:
        """What the component reads from that topic."""
        if self.entity is not None:
            config = self.entity.config
            is_result = config.text(RESULT) == topic
            for read in self.entity.component.reads:
                told = config.text(read.topic)
                if told and (told == topic or is_result):
                    yield read


def signs_of(raw: Mapping[str, Any], templates: Templates) -> tuple[Sign, ...]:
    """What the config says of availability; InputError when that cannot be used."""
    listed = raw.get("availability")
    if listed is None:
        topic = raw.get("availability_topic")
        if topic is None:
            return ()
        own = {key: value for key, value in raw.items() if key.startswith("payload_")}
        listed = [own | {"topic": topic, "value_template": raw.get("availability_template")}]
    elif "availability_topic" in raw:
        raise InputError("'availability' and 'availability_topic' exclude each other")
    if not isinstance(listed, list) or len(listed) > SIGNS_MAX:
        raise InputError(f"'availability' must be a list of at most {SIGNS_MAX}")
    if raw.get("availability_mode", "latest") not in ("all", "any", "latest"):
        raise InputError("'availability_mode' must be all, any or latest")
    return tuple(_sign(one, templates) for one in listed)


def _sign(one: object, templates: Templates) -> Sign:
    if not isinstance(one, Mapping):
        raise InputError("'availability' must be a list of objects")
    template = one.get("value_template")
    return Sign(
        read_topic("availability", one.get("topic")),
        str(one.get("payload_available", "online")),
        str(one.get("payload_not_available", "offline")),
        None if template is None else templates.compiled(str(template)),
    )


_TRIGGER = Component(
    domain="device_automation",
    default_name=None,
    needs=("topic", "type", "subtype", "automation_type"),
    state=lambda _: None,
)


def trigger_of(raw: Mapping[str, Any], templates: Templates) -> Trigger:
    """The trigger that a config announces; InputError when it is none."""
    if "device" not in raw:
        raise InputError("'device' is missing")
    config = checked(raw, _TRIGGER, templates)
    return Trigger(
        config.text("topic"),
        config.text("type"),
        config.text("subtype"),
        config.text("payload") if config.has("payload") else None,
        config,
    )


def name_of(component: Component, config: Config) -> str | None:
    """The entity's own name; None when it is called as its device."""
    if config.says("name"):
        return config.text("name") or None
    device_class = config.text("device_class")
    names = class_names()
    named = any(domain == component.domain for domain, _ in names)
    if not device_class or not named or (component.domain, device_class) == ("sensor", "enum"):
        return component.default_name
    plain = device_class.replace("_", " ").capitalize()
    return names.get((component.domain, device_class), plain)


def about_of(entity: Entity) -> EntityAbout:
    """What an entity is, as it is told on the bus."""
    component, config = entity.component, entity.config
    actions = component.actions(config)
    more = component.about(config)
    return EntityAbout(
        name=entity.name,
        device_class=config.text("device_class"),
        actions=sorted(f"{component.domain}.{name}" for name in actions),
        **more,
    )
