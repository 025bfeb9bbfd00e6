"""Reading `template:`: sensors whose state is a template."""

from typing import Any

from vettura.home.scene.fields import Fields, Reading
from vettura.home.scene.parts import TemplateEntity
from vettura.home.scene.read_conditions import read_conditions
from vettura.home.scene.read_triggers import read_triggers
from vettura.home.scene.yaml_nodes import Node
from vettura.words.slugs import slug_of
from vettura.words.templates import is_template

_KINDS = ("sensor", "binary_sensor")
_OTHERS = ("number", "select", "button", "image", "weather", "switch", "light", "sensors")


def read_template_block(reading: Reading, node: Node) -> list[TemplateEntity]:
    """Read one item of `template:`: its entities share their triggers."""
    fields = Fields(reading, node, "template")
    if not isinstance(node.value, dict):
        return []
    fields.ignore("unique_id")
    shared: dict[str, Any] = {
        "triggers": read_triggers(reading, fields.given("triggers", "trigger")),
        "conditions": read_conditions(reading, fields.given("conditions", "condition")),
        "variables": reading.values(fields.get("variables")),
    }
    if (actions := fields.given("actions", "action")) is not None:
        reading.wrong(actions, "template: actions are not supported", "use an automation")
    for name in _OTHERS:
        if (other := fields.given(name)) is not None:
            reading.wrong(other, f"template: '{name}' is not supported", "sensor, binary_sensor")
    found = [
        _read(reading, kind, item, shared)
        for kind in _KINDS
        for item in reading.many(fields.given(kind))
    ]
    fields.finish()
    return found


def _read(reading: Reading, kind: str, node: Node, shared: dict[str, Any]) -> TemplateEntity:
    fields = Fields(reading, node, f"template {kind}")
    fields.ignore("icon", "picture", "unique_id", "attribute_templates")
    name = _name(reading, fields, kind)
    attributes = fields.given("attributes")
    entity = TemplateEntity(
        where=node.where,
        entity_id=f"{kind}.{slug_of(name)}",
        name=name,
        state=reading.template(fields.need("state")),
        attributes=reading.values(attributes),
        availability=fields.maybe("availability", reading.template),
        device_class=fields.read("device_class", reading.text, ""),
        unit_of_measurement=fields.read("unit_of_measurement", reading.text, ""),
        state_class=fields.read("state_class", reading.text, ""),
        delay_on=fields.maybe("delay_on", reading.duration),
        delay_off=fields.maybe("delay_off", reading.duration),
        **shared,
    )
    for key in ("auto_off", "last_reset"):
        if (other := fields.given(key)) is not None:
            reading.wrong(other, f"template: '{key}' is not supported")
    fields.finish()
    return entity


def _name(reading: Reading, fields: Fields, kind: str) -> str:
    default = fields.maybe("default_entity_id", reading.text)
    node = fields.given("name")
    if node is None:
        name = (default or "").partition(".")[2]
        if not name:
            reading.wrong(fields.node, f"template {kind}: 'name' is missing")
        return name or "unknown"
    name = reading.text(node)
    if is_template(name):
        reading.wrong(node, "template: a name cannot be a template here", "write it out")
    return name
