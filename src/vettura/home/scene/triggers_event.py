"""Triggers by what is told: events, and MQTT messages."""

from collections.abc import Mapping
from typing import Any

import msgspec

from vettura.errors import InputError
from vettura.home.scene.faults import RenderFault
from vettura.home.scene.tree import EventTrigger, MqttTrigger, Template
from vettura.home.scene.triggers import ATTACHERS, Attaching, Stop
from vettura.home.scene.world import Event, Topic, World


def _attach_event(at: Attaching, trigger: EventTrigger) -> Stop:
    templates = at.world.templates
    types = [str(templates.value(each, at.variables)) for each in trigger.event_types]
    wanted = templates.value(trigger.event_data, at.variables)
    context = templates.value(trigger.context, at.variables)
    is_deep = any(isinstance(value, Mapping) for value in wanted.values())

    def hear(event: Event) -> None:
        if not _contains(event.data, wanted, is_deep=is_deep):
            return
        if context and not _matches_context(event, context):
            return
        data = {"event": event, "description": f"event '{event.event_type}'"}
        at.fired(trigger, data, event.cause)

    stops = [at.world.hear_event(event_type, hear) for event_type in types]

    def stop() -> None:
        for each in stops:
            each()

    return stop


def _contains(data: Mapping[str, Any], wanted: Mapping[str, Any], *, is_deep: bool) -> bool:
    """Whether the data has all that is wanted; with `is_deep` also within mappings in it."""
    return all(
        key in data and _equals(data[key], value, is_deep=is_deep) for key, value in wanted.items()
    )


def _equals(value: object, wanted: object, *, is_deep: bool) -> bool:
    if is_deep and isinstance(wanted, Mapping):
        return isinstance(value, Mapping) and _contains(value, wanted, is_deep=True)
    if is_deep and isinstance(wanted, list):
        return isinstance(value, list) and all(
            any(_equals(one, each, is_deep=True) for each in wanted) for one in value
        )
    return bool(value == wanted)


def _matches_context(event: Event, wanted: Mapping[str, Any]) -> bool:
    context = event.context
    shown = {"id": context.id, "parent_id": context.parent_id, "user_id": context.user_id}
    return all(
        shown.get(key) in value if isinstance(value, list) else shown.get(key) == value
        for key, value in wanted.items()
    )


def _attach_mqtt(at: Attaching, trigger: MqttTrigger) -> Stop:
    world = at.world
    topic = str(_text(world, trigger.topic, at.variables))
    check_filter(topic)
    wanted = None if trigger.payload is None else _text(world, trigger.payload, at.variables)

    def hear(message: Topic) -> None:
        if wanted is not None and _payload(world, trigger, message) != wanted:
            return
        data: dict[str, Any] = {
            "topic": message.topic,
            "payload": message.payload,
            "qos": message.qos,
            "description": f"mqtt topic {message.topic}",
        }
        is_json, value = _json(message.payload)
        if is_json:
            data["payload_json"] = value
        at.fired(trigger, data)

    return world.hear_topic(topic, hear)


def _text(world: World, text: str | Template, variables: Mapping[str, Any]) -> str:
    return text if isinstance(text, str) else world.templates.text(text, variables)


def _payload(world: World, trigger: MqttTrigger, message: Topic) -> str | None:
    """What is compared; None when its template fails."""
    if trigger.value_template is None:
        return message.payload
    is_json, value = _json(message.payload)
    variables = {"value": message.payload} | ({"value_json": value} if is_json else {})
    try:
        return world.templates.text(trigger.value_template, variables)
    except RenderFault as fault:
        world.warn(trigger.where, str(fault))
        return None


def _json(text: str) -> tuple[bool, Any]:
    try:
        return True, msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False, None


def check_filter(topic: str) -> str:
    """Return an MQTT filter; `InputError` when it is none (MQTT 5, section 4.7)."""
    levels = topic.split("/")
    wrong = [level for level in levels[:-1] if "#" in level or ("+" in level and level != "+")]
    last = levels[-1]
    if not topic or "\0" in topic or wrong or (last not in {"#", "+"} and set("#+") & set(last)):
        raise InputError(f"{topic[:80]!r} is no MQTT topic filter")
    return topic


def topic_matches(pattern: str, topic: str) -> bool:
    """Whether a topic falls under an MQTT filter."""
    wanted, levels = pattern.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in {"#", "+"}:
        return False
    for index, want in enumerate(wanted):
        if want == "#":
            return True
        if index >= len(levels) or want not in ("+", levels[index]):
            return False
    return len(wanted) == len(levels)


ATTACHERS[EventTrigger] = _attach_event
ATTACHERS[MqttTrigger] = _attach_mqtt
