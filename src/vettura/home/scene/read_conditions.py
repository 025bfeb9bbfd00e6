"""Reading conditions."""

from collections.abc import Callable
from typing import Any

from vettura.home.scene.fields import Fields, Reading, near
from vettura.home.scene.parts import WEEKDAYS
from vettura.home.scene.read_devices import device_condition
from vettura.home.scene.read_triggers import read_at, read_limits, sun_event
from vettura.home.scene.tree import (
    AndCondition,
    Condition,
    NotCondition,
    NumericStateCondition,
    OrCondition,
    StateCondition,
    SunCondition,
    Template,
    TemplateCondition,
    TimeCondition,
    TriggerCondition,
    Value,
    ZoneCondition,
)
from vettura.home.scene.yaml_nodes import Node
from vettura.words.templates import is_template

_GROUPS: dict[str, Callable[..., Condition]] = {
    "and": AndCondition,
    "or": OrCondition,
    "not": NotCondition,
}


def read_conditions(reading: Reading, node: Node | None) -> tuple[Condition, ...]:
    """Read a list of conditions, all of which must hold."""
    return reading.each(node, lambda item: read_condition(reading, item))


def read_condition(reading: Reading, node: Node) -> Condition:
    """Read one condition, in any of its forms."""
    if isinstance(node.value, str):
        if not is_template(node.value):
            reading.wrong(node, f"'{node.value[:40]}' is no condition", "a template has {{ }}")
        return TemplateCondition(where=node.where, value_template=reading.template(node))
    if isinstance(node.value, list):
        return AndCondition(where=node.where, conditions=read_conditions(reading, node))
    fields = Fields(reading, node, "condition")
    base: dict[str, Any] = {
        "where": node.where,
        "alias": fields.read("alias", reading.text, ""),
        "enabled": fields.enabled(),
    }
    found = _read(reading, fields, base)
    if found is None:
        return _nothing(node)
    return found


def _nothing(node: Node) -> Condition:
    return TemplateCondition(where=node.where, value_template=Template("", node.where))


def _read(reading: Reading, fields: Fields, base: dict[str, Any]) -> Condition | None:
    if not isinstance(fields.node.value, dict):
        return None
    for word, kind in _GROUPS.items():
        if fields.has(word) and not fields.has("condition"):
            found = kind(**base, conditions=read_conditions(reading, fields.get(word)))
            fields.finish()
            return found
    node = fields.need("condition")
    if isinstance(node.value, list):
        fields.finish()
        return AndCondition(**base, conditions=read_conditions(reading, node))
    if isinstance(node.value, str) and is_template(node.value):
        fields.finish()
        return TemplateCondition(**base, value_template=reading.template(node))
    if node.value is None:
        return None
    return _of_kind(reading, fields, base, reading.text(node))


def _of_kind(reading: Reading, fields: Fields, base: dict[str, Any], kind: str) -> Condition | None:
    if kind in _GROUPS:
        group = _GROUPS[kind](
            **base, conditions=read_conditions(reading, fields.need("conditions"))
        )
        fields.finish()
        return group
    if kind == "device":
        return device_condition(reading, fields, base)
    reader = _READERS.get(kind)
    if reader is None:
        known = (*_GROUPS, "device", *_READERS)
        reading.wrong(fields.node, f"condition '{kind}' is not supported", near(kind, known))
        return None
    found = reader(reading, fields, base)
    fields.finish()
    return found


def _state(reading: Reading, fields: Fields, base: dict[str, Any]) -> Condition:
    attribute = fields.maybe("attribute", reading.text)
    node = fields.need("state")
    read_one: Callable[[Node], Value] = reading.state if attribute is None else reading.value
    items = node.value if isinstance(node.value, list) else [node]
    match = fields.read("match", reading.text, "all").lower()
    if match not in ("all", "any"):
        reading.wrong(fields.node, f"condition: match '{match}' is neither all nor any")
    fields.ignore("from")
    return StateCondition(
        **base,
        entity_ids=reading.entities(fields.need("entity_id")),
        states=tuple(read_one(item) for item in items),
        attribute=attribute,
        match="any" if match == "any" else "all",
        for_=fields.maybe("for", reading.duration),
    )


def _numeric_state(reading: Reading, fields: Fields, base: dict[str, Any]) -> Condition:
    above, below = read_limits(reading, fields, "condition")
    return NumericStateCondition(
        **base,
        entity_ids=reading.entities(fields.need("entity_id")),
        above=above,
        below=below,
        attribute=fields.maybe("attribute", reading.text),
        value_template=fields.maybe("value_template", reading.template),
    )


def _time(reading: Reading, fields: Fields, base: dict[str, Any]) -> Condition:
    after = fields.maybe("after", lambda node: read_at(reading, node))
    before = fields.maybe("before", lambda node: read_at(reading, node))
    weekdays = read_weekdays(reading, fields.get("weekday"))
    if after is None and before is None and not weekdays:
        reading.wrong(fields.node, "condition: 'after', 'before' or 'weekday' is missing")
    return TimeCondition(**base, after=after, before=before, weekdays=weekdays)


def read_weekdays(reading: Reading, node: Node | None) -> tuple[str, ...]:
    """Read days of the week: mon, tue, ..."""
    return reading.each(node, lambda item: reading.word(item, WEEKDAYS, "day of the week"))


def _sun(reading: Reading, fields: Fields, base: dict[str, Any]) -> Condition:
    after = fields.maybe("after", lambda node: sun_event(reading, node))
    before = fields.maybe("before", lambda node: sun_event(reading, node))
    if after is None and before is None:
        reading.wrong(fields.node, "condition: 'after' or 'before' is missing")
    return SunCondition(
        **base,
        after=after,
        after_offset_s=fields.read("after_offset", reading.offset_s, 0.0),
        before=before,
        before_offset_s=fields.read("before_offset", reading.offset_s, 0.0),
    )


def _zone(reading: Reading, fields: Fields, base: dict[str, Any]) -> Condition:
    fields.ignore("event")
    return ZoneCondition(
        **base,
        entity_ids=reading.entities(fields.need("entity_id")),
        zones=reading.entities(fields.need("zone")),
    )


def _template(reading: Reading, fields: Fields, base: dict[str, Any]) -> Condition:
    return TemplateCondition(**base, value_template=reading.template(fields.need("value_template")))


def _trigger(reading: Reading, fields: Fields, base: dict[str, Any]) -> Condition:
    return TriggerCondition(**base, ids=reading.each(fields.need("id"), reading.text))


_READERS: dict[str, Callable[[Reading, Fields, dict[str, Any]], Condition]] = {
    "numeric_state": _numeric_state,
    "state": _state,
    "sun": _sun,
    "template": _template,
    "time": _time,
    "trigger": _trigger,
    "zone": _zone,
}
