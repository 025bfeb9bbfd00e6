"""Reading the entities that live in a file of scenes: helpers, groups, scenes, templates."""

import re
from collections.abc import Callable
from datetime import time
from itertools import pairwise
from typing import Any

from vettura.home.scene import parts
from vettura.home.scene.fields import Fields, Reading
from vettura.home.scene.parts import WEEKDAYS, HelperEntity, Scene, SceneState, Span
from vettura.home.scene.tree import Value
from vettura.home.scene.yaml_nodes import Node
from vettura.words.moments import read_date, read_datetime, read_time

_LAST = time(23, 59, 59, 999_999)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def read_helper(reading: Reading, domain: str, name: str, node: Node) -> HelperEntity | None:
    """Read one helper of a domain."""
    if node.value is None:
        node = Node(node.where, {})
    if domain == "group" and isinstance(node.value, (list, str)):
        node = Node(node.where, {"entities": node})
    fields = Fields(reading, node, domain)
    if not isinstance(node.value, dict):
        return None
    fields.ignore("icon", "editable", "id")
    base: dict[str, Any] = {
        "where": node.where,
        "entity_id": f"{domain}.{name}",
        "name": fields.read("name", reading.text, "") or name,
    }
    helper = HELPERS[domain](reading, fields, base)
    fields.finish()
    return helper


def _boolean(reading: Reading, fields: Fields, base: dict[str, Any]) -> HelperEntity:
    return parts.InputBoolean(**base, initial=fields.maybe("initial", reading.truth))


def _number(reading: Reading, fields: Fields, base: dict[str, Any]) -> HelperEntity:
    low, high = reading.number(fields.need("min")), reading.number(fields.need("max"))
    initial = fields.maybe("initial", reading.number)
    if low >= high:
        reading.wrong(fields.node, f"input_number: 'max' {high:g} is not above 'min' {low:g}")
    elif initial is not None and not low <= initial <= high:
        reading.wrong(fields.node, f"input_number: 'initial' {initial:g} is out of range")
    step = fields.read("step", reading.number, 1.0)
    if step < 1e-9:
        reading.wrong(fields.node, "input_number: 'step' must be above 0")
    return parts.InputNumber(
        **base,
        min=low,
        max=high,
        step=step,
        initial=initial,
        mode=fields.read("mode", lambda n: reading.word(n, ("slider", "box"), "mode"), "slider"),
        unit_of_measurement=fields.read("unit_of_measurement", reading.text, ""),
    )


def _select(reading: Reading, fields: Fields, base: dict[str, Any]) -> HelperEntity:
    options = tuple(dict.fromkeys(reading.each(fields.need("options"), reading.state)))
    initial = fields.maybe("initial", reading.state)
    if not options:
        reading.wrong(fields.node, "input_select: at least one option is needed")
    elif initial is not None and initial not in options:
        reading.wrong(fields.node, f"input_select: 'initial' {initial} is none of the options")
    return parts.InputSelect(**base, options=options, initial=initial)


def _text(reading: Reading, fields: Fields, base: dict[str, Any]) -> HelperEntity:
    low = fields.read("min", lambda node: reading.whole(node, 0, 255), 0)
    high = fields.read("max", lambda node: reading.whole(node, 0, 255), 100)
    initial = fields.maybe("initial", reading.text)
    pattern = fields.read("pattern", reading.text, "")
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        reading.wrong(fields.node, f"input_text: '{pattern[:40]}' is no regular expression")
    if low > high:
        reading.wrong(fields.node, f"input_text: 'max' {high} is below 'min' {low}")
    elif initial is not None and not low <= len(initial) <= high:
        reading.wrong(fields.node, "input_text: 'initial' is too short or too long")
    return parts.InputText(
        **base,
        min=low,
        max=high,
        initial=initial,
        pattern=pattern,
        mode=fields.read("mode", lambda n: reading.word(n, ("text", "password"), "mode"), "text"),
        unit_of_measurement=fields.read("unit_of_measurement", reading.text, ""),
    )


def _datetime(reading: Reading, fields: Fields, base: dict[str, Any]) -> HelperEntity:
    has_date = fields.read("has_date", reading.truth, False)
    has_time = fields.read("has_time", reading.truth, False)
    initial = fields.maybe("initial", reading.text)
    if not has_date and not has_time:
        reading.wrong(fields.node, "input_datetime: 'has_date' or 'has_time' is needed")
    elif initial is not None and not _is_initial(initial, has_date, has_time):
        reading.wrong(fields.node, f"input_datetime: 'initial' {initial[:40]} cannot be read")
    return parts.InputDatetime(**base, has_date=has_date, has_time=has_time, initial=initial)


def _is_initial(text: str, has_date: bool, has_time: bool) -> bool:
    if not has_date:
        return read_time(text) is not None
    try:
        return (read_datetime(text) if has_time else read_date(text)) is not None
    except ValueError:
        return False


def _button(_reading: Reading, _fields: Fields, base: dict[str, Any]) -> HelperEntity:
    return parts.InputButton(**base)


def _counter(reading: Reading, fields: Fields, base: dict[str, Any]) -> HelperEntity:
    return parts.Counter(
        **base,
        initial=fields.read("initial", lambda node: reading.whole(node, 0), 0),
        step=fields.read("step", lambda node: reading.whole(node, 0), 1),
        minimum=fields.maybe("minimum", reading.whole),
        maximum=fields.maybe("maximum", reading.whole),
        restore=fields.read("restore", reading.truth, True),
    )


def _timer(reading: Reading, fields: Fields, base: dict[str, Any]) -> HelperEntity:
    return parts.Timer(
        **base,
        duration_s=fields.read("duration", reading.period_s, 0.0),
        restore=fields.read("restore", reading.truth, False),
    )


def _schedule(reading: Reading, fields: Fields, base: dict[str, Any]) -> HelperEntity:
    days = {
        short: tuple(sorted(reading.each(fields.get(day), _span_of(reading)), key=_start))
        for short, day in zip(WEEKDAYS, _DAYS, strict=True)
    }
    for spans in days.values():
        for before, after in pairwise(spans):
            if before.end > after.start:
                reading.wrong(fields.node, "schedule: two times overlap")
    return parts.Schedule(**base, days=days)


def _start(span: Span) -> time:
    return span.start


def _span_of(reading: Reading) -> Callable[[Node], Span]:
    def read(node: Node) -> Span:
        fields = Fields(reading, node, "schedule")
        start = _clock(reading, fields.need("from"))
        end = _clock(reading, fields.need("to"))
        fields.ignore("data")
        fields.finish()
        if start >= end:
            reading.wrong(node, "schedule: 'to' must be after 'from'")
        return Span(start=start, end=end)

    return read


def _clock(reading: Reading, node: Node) -> time:
    text = str(node.value)
    if text in ("24:00", "24:00:00"):
        return _LAST
    found = read_time(text)
    if found is None:
        reading.wrong(node, f"'{text[:40]}' is no time of day", "such as '07:30', in quotes")
    return found or time(0, 0)


def _group(reading: Reading, fields: Fields, base: dict[str, Any]) -> HelperEntity:
    node = fields.given("entities")
    return parts.Group(
        **base,
        entities=() if node is None else reading.entities(node),
        all=fields.read("all", reading.truth, False),
    )


HELPERS: dict[str, Callable[[Reading, Fields, dict[str, Any]], HelperEntity]] = {
    "counter": _counter,
    "group": _group,
    "input_boolean": _boolean,
    "input_button": _button,
    "input_datetime": _datetime,
    "input_number": _number,
    "input_select": _select,
    "input_text": _text,
    "schedule": _schedule,
    "timer": _timer,
}


def read_scene(reading: Reading, node: Node) -> Scene | None:
    """Read one scene; its entity id is made later."""
    fields = Fields(reading, node, "scene")
    if not isinstance(node.value, dict):
        return None
    fields.ignore("icon", "id", "metadata")
    entities = fields.need("entities")
    name = reading.text(fields.need("name"))
    fields.finish()
    found: dict[str, SceneState] = {}
    if isinstance(entities.value, dict):
        for entity_id, state in entities.value.items():
            reading.entity(Node(entities.keys[entity_id], entity_id))
            found[entity_id] = _scene_state(reading, state)
    else:
        reading.wrong(entities, f"entities: expected a mapping, found {entities.kind}")
    return Scene(where=node.where, entity_id="", name=name, entities=found)


def _scene_state(reading: Reading, node: Node) -> SceneState:
    attributes: dict[str, Value] = {}
    if isinstance(node.value, dict):
        attributes = reading.values(node)
        attributes.pop("state", None)
        node = node.value.get("state") or Node(node.where, None)
    if isinstance(node.value, bool):
        return SceneState(state="on" if node.value else "off", attributes=attributes)
    return SceneState(state=reading.state(node), attributes=attributes)
