"""Reading automations, scripts and promises."""

from typing import Any, cast

from vettura.home.scene.fields import Fields, Reading
from vettura.home.scene.parts import Automation, Mode, Promise, Script
from vettura.home.scene.read_actions import read_actions
from vettura.home.scene.read_conditions import read_conditions, read_weekdays
from vettura.home.scene.read_triggers import read_at, read_triggers
from vettura.home.scene.tree import Value
from vettura.home.scene.yaml_nodes import Node

_MODES = ("single", "restart", "queued", "parallel")
_LEVELS = ("silent", "debug", "info", "warning", "warn", "error", "critical", "fatal", "notset")
_TRACES_MAX = 100


def _shared(reading: Reading, fields: Fields) -> dict[str, Any]:
    """Read what automations and scripts have in common."""
    mode = fields.read("mode", lambda node: reading.word(node, _MODES, "mode"), "single")
    level = fields.read("max_exceeded", lambda node: reading.text(node).lower(), "warning")
    if level not in _LEVELS:
        reading.wrong(fields.node, f"max_exceeded: '{level}' is no level of a log")
    trace = fields.given("trace")
    count = 5
    if trace is not None:
        inner = Fields(reading, trace, "trace")
        count = inner.read("stored_traces", lambda node: reading.whole(node, 0, _TRACES_MAX), count)
        inner.finish()
    return {
        "mode": cast("Mode", mode),
        "max": fields.read("max", lambda node: reading.whole(node, 2, 10_000), 10),
        "max_exceeded": level,
        "variables": reading.values(fields.get("variables")),
        "trace_count": count,
    }


def read_automation(reading: Reading, node: Node, number: int) -> Automation | None:
    """Read one automation; its entity id is made unique later."""
    fields = Fields(reading, node, "automation")
    if not isinstance(node.value, dict):
        return None
    alias = fields.read("alias", reading.text, "") or f"automation {number}"
    fields.ignore("hide_entity", "icon", "category", "labels", "area_id")
    shared = _shared(reading, fields)
    automation = Automation(
        where=node.where,
        id=fields.read("id", reading.text, ""),
        alias=alias,
        entity_id="",
        description=fields.read("description", reading.text, ""),
        initial_state=fields.maybe("initial_state", reading.truth),
        trigger_variables=reading.values(fields.get("trigger_variables")),
        triggers=read_triggers(reading, fields.need("triggers", "trigger")),
        conditions=read_conditions(reading, fields.get("conditions", "condition")),
        actions=read_actions(reading, fields.need("actions", "action")),
        **shared,
    )
    fields.finish()
    return automation


def read_script(reading: Reading, node: Node, name: str) -> Script | None:
    """Read one script, which is called as `script.<name>`."""
    if isinstance(node.value, list):
        node = Node(node.where, {"sequence": node}, {"sequence": node.where})
    fields = Fields(reading, node, "script")
    if not isinstance(node.value, dict):
        return None
    fields.ignore("icon", "description")
    shared = _shared(reading, fields)
    script = Script(
        where=node.where,
        entity_id=f"script.{name}",
        alias=fields.read("alias", reading.text, "") or name,
        fields=_defaults(reading, fields.given("fields")),
        sequence=read_actions(reading, fields.need("sequence")),
        **shared,
    )
    fields.finish()
    return script


def _defaults(reading: Reading, node: Node | None) -> dict[str, Value]:
    """Read what a caller may hand over, of which only the default matters here."""
    if node is None:
        return {}
    if not isinstance(node.value, dict):
        reading.wrong(node, f"fields: expected a mapping, found {node.kind}")
        return {}
    found: dict[str, Value] = {}
    for name, field in node.value.items():
        default = field.value.get("default") if isinstance(field.value, dict) else None
        found[name] = None if default is None else reading.value(default)
    return found


def read_promise(reading: Reading, node: Node, number: int) -> Promise | None:
    """Read one promise."""
    fields = Fields(reading, node, "promise")
    if not isinstance(node.value, dict):
        return None
    never = read_conditions(reading, fields.given("never"))
    always = read_conditions(reading, fields.given("always"))
    if bool(never) == bool(always):
        reading.wrong(node, "promise: either 'never' or 'always' is needed, with conditions")
    at = reading.each(fields.given("at"), lambda item: read_at(reading, item))
    if at and never:
        reading.wrong(node, "promise: 'at' goes with 'always'", "use a time condition in 'never'")
    weekdays = read_weekdays(reading, fields.get("weekdays", "weekday"))
    if fields.read("workday", reading.truth, False):
        weekdays = weekdays or ("mon", "tue", "wed", "thu", "fri")
    fields.ignore("description", "id")
    promise = Promise(
        where=node.where,
        alias=fields.read("alias", reading.text, "") or f"promise {number}",
        never=never,
        always=always,
        for_=fields.maybe("for", reading.duration),
        at=at,
        weekdays=weekdays,
        enabled=fields.enabled(),
    )
    fields.finish()
    return promise
