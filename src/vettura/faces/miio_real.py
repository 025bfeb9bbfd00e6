"""A real Xiaomi device in the words of a home: what it is, how it is, what an action sets. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from vettura.bus.messages_home import DeviceAbout, DeviceAction, EntityAbout, EntityState
from vettura.errors import InputError
from vettura.faces.miio_spec import Action, Model, Property, Wired
from vettura.faces.miio_values import Ours, checked, is_number, ours, wired

UNAVAILABLE, UNKNOWN = "unavailable", "unknown"
ON_OFF = {"on": "turn_off", "off": "turn_on"}
"""What `toggle` means in each state."""
_BYTE_PERCENT = 2.55


class Setting(NamedTuple):
    """A row and the value that it shall get."""

    row: Property
    value: Wired


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What an action means to the device."""

    settings: list[Setting]
    actions: list[Action]


def entity_id(selector: str, device: str) -> str:
    """The entity of a real device that a selector of the table makes, such as `light.desk`."""
    slug = device.replace("-", "_")
    for mark in (":", "/"):
        domain, found, end = selector.partition(mark)
        if found:
            return f"{domain}.{slug}_{end}"
    return f"{selector}.{slug}"


def readable(model: Model, *, older: bool) -> list[Property]:
    """The rows to ask for: one for each field of each entity."""
    rows: dict[tuple[str, str], Property] = {}
    for row in model.properties:
        if row.of and bool(row.prop) == older:
            rows.setdefault((row.of, row.field), row)
    return list(rows.values())


def about(device: str, model: Model, name: str, area: str, model_id: str) -> DeviceAbout:
    """What the device is."""
    selectors = dict.fromkeys(row.of for row in model.properties if row.of)
    maker = model_id.partition(".")[0]
    return DeviceAbout(
        name=name or model.name,
        area=area,
        manufacturer=maker,
        model=model_id,
        origin="miio",
        entities={
            entity_id(one, device): _entity_about(one, model, name or model.name)
            for one in selectors
        },
    )


def _entity_about(selector: str, model: Model, name: str) -> EntityAbout:
    device_class = selector.partition(":")[2]
    end = device_class or selector.partition("/")[2]
    rows = [row for row in model.properties if row.of == selector]
    unit = next((row.unit for row in rows if row.field == "state"), "")
    does = {do for row in rows for do in ([row.do] if isinstance(row.do, str) else row.do.values())}
    does |= {action.do for action in model.actions if action.of == selector}
    domain = selector.partition(":")[0].partition("/")[0]
    if {f"{domain}.turn_on", f"{domain}.turn_off"} <= does:
        does.add(f"{domain}.toggle")
    return EntityAbout(
        name=f"{name} {end.replace('_', ' ')}".strip(),
        device_class=device_class,
        unit_of_measurement=unit,
        state_class="measurement" if unit and domain == "sensor" else "",
        actions=sorted(does - {""}),
    )


def states(
    device: str, rows: list[Property], values: Mapping[tuple[str, str], Wired]
) -> dict[str, EntityState]:
    """How all entities are, from the value of each row by its entity and field."""
    found: dict[str, tuple[str, dict[str, Ours]]] = {}
    for row in rows:
        entity = entity_id(row.of, device)
        state, attributes = found.get(entity, (UNKNOWN, {}))
        value = values.get((row.of, row.field))
        if isinstance(value, int | float) and not (isinstance(value, bool) or is_number(value)):
            value = None
        said = None if value is None else ours(row, value)
        if row.field == "state":
            state = UNKNOWN if said is None else _as_state(said)
        elif said is not None:
            attributes[row.field] = said
        found[entity] = (state, attributes)
    return {entity: _as_people_say(entity, *told) for entity, told in found.items()}


def _as_state(said: Ours) -> str:
    if isinstance(said, bool):
        return "on" if said else "off"
    return str(said)


def _as_people_say(entity: str, state: str, attributes: dict[str, Ours]) -> EntityState:
    """Home Assistant's habits: a dark light has no brightness, a cover is closed at 0."""
    if entity.startswith("light.") and state == "off":
        attributes = {}
    if entity.startswith("cover.") and state in {"open", "closed", UNKNOWN}:
        position = attributes.get("current_position")
        if isinstance(position, int | float):
            state = "closed" if position <= 0 else "open"
    return EntityState(state=state, attributes=dict(attributes))


def orders(
    device: str, model: Model, action: DeviceAction, state: EntityState | None, *, older: bool
) -> Orders:
    """What to set and to do for an action; InputError when the device knows no such action."""
    does, data = _plain(action, state)
    settings, wrong = [], ""
    for row in model.properties:
        if entity_id(row.of, device) != action.entity or bool(row.prop) != older:
            continue
        try:
            settings += _settings(row, does, data)
        except InputError as error:
            wrong = f"{row.name}: {error.message}"
    if wrong:
        raise InputError(wrong)
    actions = [
        one
        for one in model.actions
        if one.do == does
        and entity_id(one.of, device) == action.entity
        and bool(one.method) == older
    ]
    if not settings and not actions:
        raise InputError(f"{action.entity or device} knows no {action.action} with that data")
    return Orders(settings=settings, actions=[] if settings else actions)


def _plain(action: DeviceAction, state: EntityState | None) -> tuple[str, dict[str, Any]]:
    """Toggle as what it comes to, and brightness in percent as a byte."""
    does, data = action.action, dict(action.data)
    domain, _, verb = does.partition(".")
    if verb == "toggle" and state is not None and state.state in ON_OFF:
        does = f"{domain}.{ON_OFF[state.state]}"
    percent = data.pop("brightness_pct", None)
    if isinstance(percent, int | float):
        data["brightness"] = percent * _BYTE_PERCENT
    return does, data


def _settings(row: Property, does: str, data: Mapping[str, Any]) -> list[Setting]:
    if isinstance(row.do, dict):
        words = [word for word, do in row.do.items() if do == does]
        return [Setting(row, row.words[word]) for word in words[:1]]
    if row.do != does or row.key not in data:
        return []
    value = data[row.key]
    attributes = {row.field: value} if row.field != "state" else {}
    told = EntityState(state=str(value) if row.field == "state" else "on", attributes=attributes)
    wire = wired(row, told)
    if wire is None:
        raise InputError(f"cannot be {str(value)[:40]!r}")
    return [Setting(row, checked(row, wire))]
