"""Reading device triggers, conditions and actions: they become those of the device's entity.

Home Assistant's editor writes them with a device and a type. What counts is the entity, when it is
written with its id; ids of Home Assistant's registry mean nothing elsewhere.
"""

from typing import Any

from vettura.home.scene.fields import REGISTRY_ID, Fields, Reading
from vettura.home.scene.tree import (
    Action,
    Call,
    Condition,
    NotCondition,
    NumericStateCondition,
    NumericStateTrigger,
    StateCondition,
    StateTrigger,
    Trigger,
    Value,
    ZoneTrigger,
)
from vettura.home.scene.yaml_nodes import Node
from vettura.words.domains import ACTIONS, domain_of
from vettura.words.slugs import slug_of

_OFF_TYPES = ("turned_off", "locked")
_ON_TYPES = ("turned_on", "not_locked")
# Types of a domain that are a state, by what stands in the file.
_STATES: dict[str, dict[str, str]] = {
    "alarm_control_panel": {
        **{name: name for name in ("triggered", "disarmed", "arming", "pending")},
        **{f"armed_{name}": f"armed_{name}" for name in ("home", "away", "night", "vacation")},
    },
    "cover": {"opened": "open", "open": "open", "closed": "closed"}
    | {name: name for name in ("opening", "closing")},
    "lock": {name: name for name in ("locked", "unlocked", "locking", "unlocking", "jammed")},
    "media_player": {"turned_on": "on", "turned_off": "off"}
    | {name: name for name in ("on", "off", "idle", "paused", "playing", "buffering")},
    "vacuum": {name: name for name in ("cleaning", "docked")},
}
_TOGGLED = ("fan", "humidifier", "input_boolean", "light", "remote", "siren", "switch", "update")
_NUMBERS: dict[str, tuple[str, str]] = {
    "position": ("cover", "current_position"),
    "tilt_position": ("cover", "current_tilt_position"),
    "current_temperature_changed": ("climate", "current_temperature"),
    "current_humidity_changed": ("climate", "current_humidity"),
    "current_humidity_changed_": ("humidifier", "current_humidity"),
    "target_humidity_changed": ("humidifier", "humidity"),
}
_ATTRIBUTES = {"is_hvac_mode": "", "is_preset_mode": "preset_mode", "is_mode": "mode"}
_HINT = "name the entity in a state trigger, a state condition or an action"


def _fields_of(reading: Reading, fields: Fields, *more: str) -> tuple[str, str, str] | None:
    """Return entity id, its domain and the type; None when there is a problem."""
    fields.ignore("device_id", "domain", "metadata", "subtype", "discovery_id", *more)
    domain = fields.read("domain", reading.text, "")
    kind = fields.read("type", reading.text, "")
    node = fields.given("entity_id")
    if node is None:
        reading.wrong(
            fields.node, f"device: '{kind}' of {domain or 'a device'} has no entity", _HINT
        )
        return None
    before = len(reading.problems)
    entity = reading.entity(node)
    return None if len(reading.problems) > before else (entity, domain_of(entity), kind)


def _unknown(reading: Reading, fields: Fields, domain: str, kind: str) -> None:
    reading.wrong(fields.node, f"device: '{kind}' of {domain} is not supported", _HINT)


def _state_of(domain: str, kind: str) -> str | None:
    """The state that a type means; None when it means none."""
    if domain in _STATES:
        return _STATES[domain].get(kind)
    if domain in _TOGGLED and kind in ("turned_on", "turned_off", "on", "off"):
        return kind.removeprefix("turned_")
    if domain == "binary_sensor" and kind:
        off = kind in _OFF_TYPES or (kind.startswith(("no_", "not_")) and kind not in _ON_TYPES)
        return "off" if off or kind == "off" else "on"
    return None


def device_trigger(reading: Reading, fields: Fields, base: dict[str, Any]) -> Trigger | None:
    """Make the trigger of an entity of a device trigger."""
    found = _fields_of(reading, fields)
    if found is None:
        return None
    entity, domain, kind = found
    for_ = fields.maybe("for", reading.duration)
    above, below = fields.maybe("above", reading.limit), fields.maybe("below", reading.limit)
    to = fields.maybe("to", reading.text)
    zone = fields.maybe("zone", lambda node: reading.entity(node, ("zone",)))
    fields.finish()
    shared: dict[str, Any] = {**base, "entity_ids": (entity,)}
    if kind in ("enters", "leaves") and zone:
        return ZoneTrigger(**shared, zone=zone, event="enter" if kind == "enters" else "leave")
    if (state := _state_of(domain, kind)) is not None:
        return StateTrigger(**shared, to=(state,), for_=for_)
    if kind in ("changed_states", "pressed"):
        return StateTrigger(**shared, for_=for_)
    if kind in ("hvac_mode_changed", "current_option_changed"):
        wanted: tuple[Value, ...] | None = None if to is None else (to,)
        return StateTrigger(**shared, to=wanted, for_=for_)
    attribute = _attribute_of(domain, kind)
    if domain == "sensor" or attribute:
        return NumericStateTrigger(
            **shared, above=above, below=below, attribute=attribute, for_=for_
        )
    _unknown(reading, fields, domain, kind)
    return None


def _attribute_of(domain: str, kind: str) -> str | None:
    for name, (of_domain, attribute) in _NUMBERS.items():
        if name.rstrip("_") == kind and of_domain == domain:
            return attribute
    return None


def device_condition(reading: Reading, fields: Fields, base: dict[str, Any]) -> Condition | None:
    """Make the condition of an entity of a device condition."""
    found = _fields_of(reading, fields)
    if found is None:
        return None
    entity, domain, kind = found
    for_ = fields.maybe("for", reading.duration)
    above, below = fields.maybe("above", reading.limit), fields.maybe("below", reading.limit)
    words = [
        fields.maybe(name, reading.text) for name in ("hvac_mode", "preset_mode", "mode", "option")
    ]
    fields.finish()
    shared: dict[str, Any] = {**base, "entity_ids": (entity,)}
    word = next((word for word in words if word is not None), "")
    plain = kind.removeprefix("is_")
    if kind in ("is_home", "is_not_home"):
        home = StateCondition(**shared, states=("home",))
        return home if kind == "is_home" else NotCondition(**base, conditions=(home,))
    if kind == "is_cleaning":
        return StateCondition(**shared, states=("cleaning", "returning"))
    if (state := _state_of(domain, plain)) is not None:
        return StateCondition(**shared, states=(state,), for_=for_)
    if kind in _ATTRIBUTES:
        return StateCondition(**shared, states=(word,), attribute=_ATTRIBUTES[kind] or None)
    if kind == "selected_option":
        return StateCondition(**shared, states=(word,), for_=for_)
    attribute = _attribute_of(domain, plain)
    if domain == "sensor" or attribute:
        return NumericStateCondition(**shared, above=above, below=below, attribute=attribute)
    _unknown(reading, fields, domain, kind)
    return None


_RENAMED = {
    ("cover", "open"): "open_cover",
    ("cover", "close"): "close_cover",
    ("cover", "stop"): "stop_cover",
    ("cover", "open_tilt"): "open_cover_tilt",
    ("cover", "close_tilt"): "close_cover_tilt",
    ("cover", "set_position"): "set_cover_position",
    ("cover", "set_tilt_position"): "set_cover_tilt_position",
    ("vacuum", "clean"): "start",
    ("vacuum", "dock"): "return_to_base",
    ("alarm_control_panel", "disarm"): "alarm_disarm",
    ("alarm_control_panel", "trigger"): "alarm_trigger",
    **{
        ("alarm_control_panel", f"arm_{name}"): f"alarm_arm_{name}"
        for name in ("home", "away", "night", "vacation")
    },
}
_LIGHT_DATA: dict[str, dict[str, Value]] = {
    "brightness_increase": {"brightness_step_pct": 10},
    "brightness_decrease": {"brightness_step_pct": -10},
    "flash": {"flash": "short"},
}


def device_action(reading: Reading, fields: Fields, base: dict[str, Any]) -> Action | None:
    """Make the action of an entity of a device action."""
    items = fields.node.value
    assert isinstance(items, dict)
    if _is_phone(items):
        return _notify(reading, fields, base)
    found = _fields_of(reading, fields)
    if found is None:
        return None
    entity, domain, kind = found
    known = ("device_id", "domain", "type", "entity_id", "metadata", *_BASE)
    data = {name: reading.value(node) for name, node in items.items() if name not in known}
    if domain == "cover" and kind == "set_tilt_position" and "position" in data:
        data["tilt_position"] = data.pop("position")
    name = _RENAMED.get((domain, kind), kind)
    if domain == "light" and kind in _LIGHT_DATA:
        name, data = "turn_on", {**_LIGHT_DATA[kind], **data}
    if name not in ACTIONS.get(domain, ()):
        _unknown(reading, fields, domain, kind)
        return None
    target: dict[str, Value] = {"entity_id": [entity]}
    return Call(**base, action=f"{domain}.{name}", target=target, data=data, is_direct=True)


def _is_phone(items: dict[str, Node]) -> bool:
    domain = items.get("domain")
    return domain is not None and domain.value == "mobile_app"


def _notify(reading: Reading, fields: Fields, base: dict[str, Any]) -> Action | None:
    """A message to a phone: the action of that phone, which is called after it."""
    fields.ignore("domain", "type", "metadata")
    device = fields.need("device_id")
    name = reading.text(device)
    if REGISTRY_ID.match(name):
        reading.wrong(
            device,
            f"'{name}' is an id that only the Home Assistant it comes from knows",
            "write the id of the phone",
        )
    data: dict[str, Value] = {"message": reading.value(fields.need("message"))}
    for key in ("title", "data"):
        if (node := fields.given(key)) is not None:
            data[key] = reading.value(node)
    fields.finish()
    return Call(**base, action=f"notify.{slug_of(name)}", target={}, data=data)


_BASE = ("alias", "enabled", "continue_on_error")
