"""Reading triggers."""

from collections.abc import Callable
from datetime import time
from typing import Any, Literal

from vettura.home.scene.fields import ENTITY, Fields, Reading, near
from vettura.home.scene.read_devices import device_trigger
from vettura.home.scene.tree import (
    At,
    EventTrigger,
    HomeTrigger,
    MqttTrigger,
    NumericStateTrigger,
    StateTrigger,
    SunTrigger,
    TemplateTrigger,
    TimePatternTrigger,
    TimeTrigger,
    Trigger,
    Value,
    ZoneTrigger,
)
from vettura.home.scene.yaml_nodes import Node
from vettura.words.moments import read_time
from vettura.words.templates import is_template

_CLOUD = "it needs an account or an app that is not part of the home"
UNSUPPORTED = {
    "calendar": "calendars are not part of the home; a schedule or an input_datetime is",
    "conversation": _CLOUD,
    "geo_location": "use a zone trigger",
    "persistent_notification": "use an event trigger",
    "webhook": "use an mqtt trigger",
}
Event = Literal["sunrise", "sunset"]


def read_triggers(reading: Reading, node: Node | None) -> tuple[Trigger, ...]:
    """Read a list of triggers; lists in it are taken apart."""
    found: list[Trigger] = []
    for item in _flat(reading, node):
        trigger = _read_trigger(reading, item, str(len(found)))
        if trigger is not None:
            found.append(trigger)
    return tuple(found)


def _flat(reading: Reading, node: Node | None) -> list[Node]:
    items: list[Node] = []
    for item in reading.many(node):
        nested = item.value.get("triggers") if isinstance(item.value, dict) else None
        if isinstance(item.value, list) or (nested is not None and len(item.keys) == 1):
            items += _flat(reading, nested or item)
        else:
            items.append(item)
    return items


def _read_trigger(reading: Reading, node: Node, number: str) -> Trigger | None:
    fields = Fields(reading, node, "trigger")
    if not isinstance(node.value, dict):
        return None
    platform = reading.text(fields.need("trigger", "platform"))
    base: dict[str, Any] = {
        "where": node.where,
        "id": fields.read("id", reading.text, number),
        "alias": fields.read("alias", reading.text, ""),
        "enabled": fields.enabled(),
        "variables": reading.values(fields.get("variables")),
        "platform": platform,
    }
    reader = _READERS.get(platform)
    if reader is None:
        hint = UNSUPPORTED.get(platform) or near(platform, _READERS)
        reading.wrong(node, f"trigger '{platform}' is not supported", hint)
        return None
    trigger = reader(reading, fields, base)
    if platform != "device":
        fields.finish()
    return trigger


def _state(reading: Reading, fields: Fields, base: dict[str, Any]) -> Trigger:
    attribute = fields.maybe("attribute", reading.text)
    read_one: Callable[[Node], Value] = reading.state if attribute is None else reading.value

    def one_or_many(name: str) -> tuple[Value, ...] | None:
        node = fields.given(name)
        if node is None:
            return None
        if isinstance(node.value, list):
            return tuple(read_one(item) for item in node.value)
        return (read_one(node),)

    names = ("to", "from", "not_to", "not_from")
    for name in ("to", "from"):
        if fields.given(name) is not None and fields.given(f"not_{name}") is not None:
            reading.wrong(fields.node, f"trigger: '{name}' and 'not_{name}' exclude each other")
    return StateTrigger(
        **base,
        entity_ids=reading.entities(fields.need("entity_id")),
        attribute=attribute,
        to=one_or_many("to"),
        from_=one_or_many("from"),
        not_to=one_or_many("not_to"),
        not_from=one_or_many("not_from"),
        any_change=not any(fields.has(name) for name in names),
        for_=fields.maybe("for", reading.duration),
    )


def _numeric_state(reading: Reading, fields: Fields, base: dict[str, Any]) -> Trigger:
    above, below = read_limits(reading, fields, "trigger")
    return NumericStateTrigger(
        **base,
        entity_ids=reading.entities(fields.need("entity_id")),
        above=above,
        below=below,
        attribute=fields.maybe("attribute", reading.text),
        value_template=fields.maybe("value_template", reading.template),
        for_=fields.maybe("for", reading.duration),
    )


def read_limits(
    reading: Reading, fields: Fields, what: str
) -> tuple[float | str | None, float | str | None]:
    """Read `above` and `below`, between which some number must be left."""
    above, below = fields.maybe("above", reading.limit), fields.maybe("below", reading.limit)
    if above is None and below is None:
        reading.wrong(fields.node, f"{what}: 'above' or 'below' is missing")
    if isinstance(above, float) and isinstance(below, float) and above >= below:
        reading.wrong(fields.node, f"{what}: no number is above {above:g} and below {below:g}")
    return above, below


def read_at(reading: Reading, node: Node) -> At:
    """Read a time of day, or the entity that tells one."""
    if isinstance(node.value, dict):
        fields = Fields(reading, node, "at")
        entity = reading.entity(fields.need("entity_id"), ("input_datetime", "sensor"))
        offset = fields.read("offset", reading.offset_s, 0.0)
        fields.finish()
        return At(entity_id=entity, offset_s=offset)
    text = str(node.value).strip() if isinstance(node.value, str) else ""
    if ENTITY.match(text.lower()):
        return At(entity_id=reading.entity(node, ("input_datetime", "sensor")))
    found = read_time(text)
    if found is None:
        hint = "such as '07:30', in quotes, or an input_datetime"
        if isinstance(node.value, int) and not isinstance(node.value, bool):
            hint = "YAML takes 7:30 for a number; put it in quotes: '07:30'"
        elif is_template(text):
            hint = "a template cannot stand here; use a template trigger, or an input_datetime"
        reading.wrong(node, f"'{text or node.value}' is no time of day", hint)
    return At(time=found or time(0, 0))


def _time(reading: Reading, fields: Fields, base: dict[str, Any]) -> Trigger:
    node = fields.need("at")
    return TimeTrigger(**base, at=reading.each(node, lambda item: read_at(reading, item)))


def _time_pattern(reading: Reading, fields: Fields, base: dict[str, Any]) -> Trigger:
    """Smaller units than those that are given are zero, larger ones are any."""
    hours, minutes, seconds = (fields.given(name) for name in ("hours", "minutes", "seconds"))
    if hours is None and minutes is None and seconds is None:
        reading.wrong(fields.node, "trigger: 'hours', 'minutes' or 'seconds' is missing")
    zero = (0,)
    return TimePatternTrigger(
        **base,
        hours=_pattern(reading, hours, 24),
        minutes=zero if minutes is None and hours is not None else _pattern(reading, minutes, 60),
        seconds=zero if seconds is None else _pattern(reading, seconds, 60),
    )


def _pattern(reading: Reading, node: Node | None, count: int) -> tuple[int, ...]:
    """Read `*`, `/5` or a number."""
    if node is None:
        return tuple(range(count))
    text = str(node.value).strip()
    every = text.startswith("/")
    digits = text.removeprefix("/")
    if text == "*":
        return tuple(range(count))
    if not digits.isascii() or not digits.isdigit() or len(digits) > 4:
        reading.wrong(node, f"'{text[:40]}' is no pattern", "such as '*', '/5' or 30")
        return (0,)
    number = int(digits)
    if number >= count or (every and number == 0):
        reading.wrong(node, f"'{text}' is out of range", f"from {int(every)} to {count - 1}")
        return (0,)
    return tuple(range(0, count, number)) if every else (number,)


def _sun(reading: Reading, fields: Fields, base: dict[str, Any]) -> Trigger:
    return SunTrigger(
        **base,
        event=sun_event(reading, fields.need("event")),
        offset_s=fields.read("offset", reading.offset_s, 0.0),
    )


def sun_event(reading: Reading, node: Node) -> Event:
    """Read sunrise or sunset."""
    word = reading.word(node, ("sunrise", "sunset"), "event of the sun")
    return "sunrise" if word == "sunrise" else "sunset"


def _zone(reading: Reading, fields: Fields, base: dict[str, Any]) -> Trigger:
    event = fields.get("event")
    word = "enter" if event is None else reading.word(event, ("enter", "leave"), "event of a zone")
    return ZoneTrigger(
        **base,
        entity_ids=reading.entities(fields.need("entity_id")),
        zone=reading.entity(fields.need("zone"), ("zone",)),
        event="enter" if word == "enter" else "leave",
    )


def _event(reading: Reading, fields: Fields, base: dict[str, Any]) -> Trigger:
    return EventTrigger(
        **base,
        event_types=reading.each(fields.need("event_type"), reading.text_or_template),
        event_data=reading.values(fields.get("event_data")),
        context=reading.values(fields.get("context")),
    )


def _tag(reading: Reading, fields: Fields, base: dict[str, Any]) -> Trigger:
    """A tag that is scanned is an event of its own."""
    data: dict[str, Value] = {"tag_id": [*reading.each(fields.need("tag_id"), reading.text)]}
    if (device := fields.given("device_id")) is not None:
        data["device_id"] = [*reading.each(device, reading.text)]
    return EventTrigger(**base, event_types=("tag_scanned",), event_data=data, context={})


def _mqtt(reading: Reading, fields: Fields, base: dict[str, Any]) -> Trigger:
    topic = reading.text_or_template(fields.need("topic"))
    if isinstance(topic, str) and not _is_filter(topic):
        reading.wrong(fields.need("topic"), f"'{topic[:60]}' is no topic to listen to")
    encoding = fields.read("encoding", reading.text, "utf-8")
    if encoding.lower() not in ("utf-8", "utf8"):
        reading.wrong(fields.node, f"trigger: encoding '{encoding}' is not supported")
    return MqttTrigger(
        **base,
        topic=topic,
        payload=fields.maybe("payload", reading.text_or_template),
        value_template=fields.maybe("value_template", reading.template),
        qos=fields.read("qos", lambda node: reading.whole(node, 0, 2), 0),
    )


def _is_filter(topic: str) -> bool:
    """MQTT 5.0, section 4.7: `#` stands last and alone in its level, `+` alone in its."""
    levels = topic.split("/")
    return (
        0 < len(topic.encode()) <= 65_535
        and "\0" not in topic
        and all("+" not in level or level == "+" for level in levels)
        and all("#" not in level for level in levels[:-1])
        and ("#" not in levels[-1] or levels[-1] == "#")
    )


def _template(reading: Reading, fields: Fields, base: dict[str, Any]) -> Trigger:
    return TemplateTrigger(
        **base,
        value_template=reading.template(fields.need("value_template")),
        for_=fields.maybe("for", reading.duration),
    )


def _home(reading: Reading, fields: Fields, base: dict[str, Any]) -> Trigger:
    word = reading.word(fields.need("event"), ("start", "shutdown"), "event of the house")
    return HomeTrigger(**base, event="start" if word == "start" else "shutdown")


_READERS: dict[str, Callable[[Reading, Fields, dict[str, Any]], Trigger | None]] = {
    "device": device_trigger,
    "event": _event,
    "homeassistant": _home,
    "mqtt": _mqtt,
    "numeric_state": _numeric_state,
    "state": _state,
    "sun": _sun,
    "tag": _tag,
    "template": _template,
    "time": _time,
    "time_pattern": _time_pattern,
    "zone": _zone,
}
