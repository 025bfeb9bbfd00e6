"""Reading actions."""

import re
from collections.abc import Callable
from typing import Any

from vettura.home.scene.fields import Fields, Reading, near
from vettura.home.scene.read_conditions import read_condition, read_conditions
from vettura.home.scene.read_devices import device_action
from vettura.home.scene.read_triggers import read_triggers
from vettura.home.scene.tree import (
    Action,
    Branch,
    Call,
    CheckCondition,
    Choose,
    Data,
    Delay,
    FireEvent,
    If,
    Option,
    Parallel,
    Repeat,
    Sequence,
    Stop,
    Template,
    Text,
    Value,
    Variables,
    WaitForTrigger,
    WaitTemplate,
)
from vettura.home.scene.yaml_nodes import Node
from vettura.words.templates import is_template

_NAME = re.compile(r"^[a-z_][a-z0-9_]*\.[a-z0-9_]+$")
_TARGETS = ("entity_id", "device_id", "area_id")
_LATER_TARGETS = ("label_id", "floor_id")


def read_actions(reading: Reading, node: Node | None) -> tuple[Action, ...]:
    """Read a sequence of actions; a single one is a sequence, too."""
    found = reading.each(node, lambda item: _read_action(reading, item))
    return tuple(action for action in found if action is not None)


def _read_action(reading: Reading, node: Node) -> Action | None:
    if isinstance(node.value, str) and is_template(node.value):
        condition = read_condition(reading, node)
        return CheckCondition(where=node.where, condition=condition)
    if not isinstance(node.value, dict):
        reading.wrong(node, f"expected an action, found {node.kind}")
        return None
    # The first key that is there decides, in Home Assistant's order.
    for key, reader in _READERS.items():
        if key in node.value:
            return _with_base(reading, node, reader)
    known = ", ".join(key for key in _READERS if key not in ("and", "or", "not"))
    keys = ", ".join(node.value) or "nothing"
    reading.wrong(node, f"no action has only the keys {keys}", f"one of {known}")
    return None


Reader = Callable[[Reading, Fields, dict[str, Any]], Action | None]


def _with_base(reading: Reading, node: Node, reader: Reader) -> Action | None:
    fields = Fields(reading, node, "action")
    base: dict[str, Any] = {
        "where": node.where,
        "alias": fields.read("alias", reading.text, ""),
        "enabled": fields.enabled(),
        "continue_on_error": fields.read("continue_on_error", reading.truth, False),
    }
    action = reader(reading, fields, base)
    if reader is not device_action and reader is not _condition:
        fields.finish()
    return action


def _call(reading: Reading, fields: Fields, base: dict[str, Any]) -> Action:
    fields.ignore("metadata")
    name = reading.text_or_template(fields.need("action", "service", "service_template"))
    if isinstance(name, str):
        name = _checked_name(reading, fields, name)
    target = _target(reading, fields.given("target"))
    if (entity := fields.given("entity_id")) is not None:
        if isinstance(target, Template):
            reading.wrong(entity, "'entity_id' beside a template as target")
        else:
            target = {**target, "entity_id": _named(reading, entity)}
    return Call(
        **base,
        action=name,
        target=target,
        data=_call_data(reading, fields),
        response_variable=fields.read("response_variable", reading.text, ""),
    )


def _checked_name(reading: Reading, fields: Fields, name: str) -> Text:
    text = name.strip().lower()
    if not _NAME.match(text):
        reading.wrong(fields.node, f"'{name[:60]}' is no action", "such as light.turn_on")
    return text


def _call_data(reading: Reading, fields: Fields) -> Data:
    data = reading.data(fields.given("data"))
    older = fields.given("data_template")
    if older is None:
        return data
    more = reading.data(older)
    if isinstance(data, Template) or isinstance(more, Template):
        if data:
            reading.wrong(older, "'data' beside 'data_template', of which one is one template")
        return more
    return {**data, **more}


def _target(reading: Reading, node: Node | None) -> Data:
    if node is None:
        return {}
    if isinstance(node.value, str) and is_template(node.value):
        return reading.template(node)
    fields = Fields(reading, node, "target")
    found: dict[str, Value] = {}
    for name in _TARGETS:
        if (part := fields.given(name)) is not None:
            found[name] = _named(reading, part) if name == "entity_id" else _names(reading, part)
    for name in _LATER_TARGETS:
        if (part := fields.given(name)) is not None:
            reading.wrong(part, f"target: '{name}' is not supported", "name areas or entities")
    fields.finish()
    return found


def _names(reading: Reading, node: Node) -> Value:
    """Read ids of areas or devices."""
    if isinstance(node.value, str) and is_template(node.value):
        return reading.template(node)
    return [*reading.each(node, reading.text_or_template)]


def _named(reading: Reading, node: Node) -> Value:
    """Read entity ids, `all` or `none`, or templates of them."""
    if isinstance(node.value, str):
        if is_template(node.value):
            return reading.template(node)
        if node.value.strip().lower() in ("all", "none"):
            return node.value.strip().lower()
    found: list[Value] = []
    for item in reading.many(node):
        if isinstance(item.value, str) and is_template(item.value):
            found.append(reading.template(item))
        else:
            found += reading.entities(item)
    return found


def _delay(reading: Reading, fields: Fields, base: dict[str, Any]) -> Action:
    return Delay(**base, delay=reading.duration(fields.need("delay")))


def _wait_template(reading: Reading, fields: Fields, base: dict[str, Any]) -> Action:
    return WaitTemplate(
        **base,
        wait_template=reading.template(fields.need("wait_template")),
        timeout=fields.maybe("timeout", reading.duration),
        continue_on_timeout=fields.read("continue_on_timeout", reading.truth, True),
    )


def _wait_for_trigger(reading: Reading, fields: Fields, base: dict[str, Any]) -> Action:
    return WaitForTrigger(
        **base,
        triggers=read_triggers(reading, fields.need("wait_for_trigger")),
        timeout=fields.maybe("timeout", reading.duration),
        continue_on_timeout=fields.read("continue_on_timeout", reading.truth, True),
    )


def _condition(reading: Reading, fields: Fields, base: dict[str, Any]) -> Action:
    """A condition in the place of an action: it has the alias and whether it is enabled."""
    items = fields.node.value
    assert isinstance(items, dict)
    rest = {name: part for name, part in items.items() if name != "continue_on_error"}
    condition = read_condition(reading, Node(fields.where, rest, fields.node.keys))
    return CheckCondition(**{**base, "enabled": condition.enabled}, condition=condition)


def _choose(reading: Reading, fields: Fields, base: dict[str, Any]) -> Action:
    options = reading.each(fields.need("choose"), lambda node: _option(reading, node))
    return Choose(**base, options=options, default=read_actions(reading, fields.get("default")))


def _option(reading: Reading, node: Node) -> Option:
    fields = Fields(reading, node, "choose")
    option = Option(
        where=node.where,
        alias=fields.read("alias", reading.text, ""),
        conditions=read_conditions(reading, fields.need("conditions", "condition")),
        sequence=read_actions(reading, fields.need("sequence")),
    )
    fields.finish()
    return option


def _if(reading: Reading, fields: Fields, base: dict[str, Any]) -> Action:
    return If(
        **base,
        conditions=read_conditions(reading, fields.need("if")),
        then=read_actions(reading, fields.need("then")),
        else_=read_actions(reading, fields.get("else")),
    )


def _repeat(reading: Reading, fields: Fields, base: dict[str, Any]) -> Action:
    inner = Fields(reading, fields.need("repeat"), "repeat")
    kinds = [name for name in ("count", "for_each", "while", "until") if inner.has(name)]
    if len(kinds) != 1:
        reading.wrong(inner.node, "repeat: exactly one of count, for_each, while and until")
    conditions = {
        name: read_conditions(reading, inner.get(name)) if inner.has(name) else None
        for name in ("while", "until")
    }
    action = Repeat(
        **base,
        sequence=read_actions(reading, inner.need("sequence")),
        count=inner.maybe("count", lambda node: _count(reading, node)),
        for_each=inner.maybe("for_each", lambda node: _for_each(reading, node)),
        while_=conditions["while"],
        until=conditions["until"],
    )
    inner.finish()
    return action


def _count(reading: Reading, node: Node) -> int | Template:
    if isinstance(node.value, str) and is_template(node.value):
        return reading.template(node)
    return reading.whole(node, 0)


def _for_each(reading: Reading, node: Node) -> list[Value] | Template:
    if isinstance(node.value, str) and is_template(node.value):
        return reading.template(node)
    if not isinstance(node.value, list):
        reading.wrong(node, f"for_each: expected a list or a template, found {node.kind}")
        return []
    return [reading.value(item) for item in node.value]


def _parallel(reading: Reading, fields: Fields, base: dict[str, Any]) -> Action:
    branches = reading.each(fields.need("parallel"), lambda node: _branch(reading, node))
    return Parallel(**base, branches=branches)


def _branch(reading: Reading, node: Node) -> Branch:
    """Read one of the branches: a sequence with its name, a plain list, or a single action."""
    if not isinstance(node.value, dict) or "sequence" not in node.value:
        return Branch(where=node.where, sequence=read_actions(reading, node))
    fields = Fields(reading, node, "parallel")
    fields.ignore("enabled", "continue_on_error")
    branch = Branch(
        where=node.where,
        alias=fields.read("alias", reading.text, ""),
        sequence=read_actions(reading, fields.need("sequence")),
    )
    fields.finish()
    return branch


def _sequence(reading: Reading, fields: Fields, base: dict[str, Any]) -> Action:
    return Sequence(**base, sequence=read_actions(reading, fields.need("sequence")))


def _variables(reading: Reading, fields: Fields, base: dict[str, Any]) -> Action:
    return Variables(**base, variables=reading.values(fields.need("variables")))


def _stop(reading: Reading, fields: Fields, base: dict[str, Any]) -> Action:
    error = fields.read("error", reading.truth, False)
    response = fields.read("response_variable", reading.text, "")
    if fields.has("error") and response:
        reading.wrong(fields.node, "stop: an error has no response", "keep one of them")
    reason = fields.need("stop")
    text = "" if reason.value is None else reading.text(reason)
    return Stop(**base, reason=text, error=error, response_variable=response)


def _event(reading: Reading, fields: Fields, base: dict[str, Any]) -> Action:
    data = reading.values(fields.get("event_data"))
    more = reading.values(fields.get("event_data_template"))
    return FireEvent(**base, event=reading.text(fields.need("event")), event_data={**data, **more})


def _scene(reading: Reading, fields: Fields, base: dict[str, Any]) -> Action:
    fields.ignore("metadata")
    scene: Value = [reading.entity(fields.need("scene"), ("scene",))]
    return Call(
        **base, action="scene.turn_on", target={"entity_id": scene}, data={}, is_direct=True
    )


def _unsupported(reading: Reading, fields: Fields, base: dict[str, Any]) -> None:
    del base
    fields.ignore(*_UNSUPPORTED)
    name = next(name for name in _UNSUPPORTED if fields.has(name))
    reading.wrong(fields.node, f"action '{name}' is not supported", _UNSUPPORTED[name])


_UNSUPPORTED = {
    "set_conversation_response": "nobody talks with the house",
    "repeat_for": near("repeat_for", ("repeat",)),
}
_READERS: dict[str, Reader] = {
    "delay": _delay,
    "wait_template": _wait_template,
    "condition": _condition,
    "and": _condition,
    "or": _condition,
    "not": _condition,
    "event": _event,
    "device_id": device_action,
    "scene": _scene,
    "repeat": _repeat,
    "choose": _choose,
    "wait_for_trigger": _wait_for_trigger,
    "variables": _variables,
    "if": _if,
    "action": _call,
    "service": _call,
    "service_template": _call,
    "stop": _stop,
    "parallel": _parallel,
    "sequence": _sequence,
    "set_conversation_response": _unsupported,
}
