"""Entities with a motor: fan, vacuum. Pure.

Facts of Home Assistant 2024.3.3, component mqtt: which payload means what.
"""

import math
from collections.abc import Callable

import msgspec

from vettura.errors import InputError, RefusedError
from vettura.faces.discovery_component import (
    NONE,
    Act,
    Component,
    Data,
    Deed,
    Entity,
    Read,
    Said,
    Values,
    needed,
    one_of,
    percentage_of,
)
from vettura.faces.discovery_config import Config
from vettura.faces.discovery_covers import Span
from vettura.faces.discovery_json import object_in
from vettura.faces.discovery_sensors import on_off
from vettura.faces.discovery_switches import ON_OFF, assumed, on_off_actions, switched

SPEEDS_MAX = 100


def _speeds(config: Config) -> Span:
    return Span((config.whole("speed_range_min") - 1, config.whole("speed_range_max")))


def _speed_step(config: Config) -> float:
    return 100.0 / min(_speeds(config).steps, SPEEDS_MAX)


def _blowing(entity: Entity, said: Said) -> Values:
    config, text = entity.config, said.text
    if not text:
        return {}
    if text == config.text("payload_reset_percentage"):
        return {"percentage": None}
    try:
        percentage = _speeds(config).percentage(int(text))
    except ValueError:
        raise InputError(f"{text[:40]!r} is no speed") from None
    if not 0 <= percentage <= SPEEDS_MAX:
        raise InputError(f"speed {text[:40]} is out of range")
    return {"percentage": percentage}


def _preset(entity: Entity, said: Said) -> Values:
    config, text = entity.config, said.text
    if not text:
        return {}
    if text == config.text("payload_reset_preset_mode"):
        return {"preset_mode": None}
    if text not in config.texts("preset_modes"):
        raise InputError(f"no such preset mode: {text[:40]}")
    return {"preset_mode": text}


def _swaying(entity: Entity, said: Said) -> Values:
    config = entity.config
    known = {
        config.text("payload_oscillation_off"): False,
        config.text("payload_oscillation_on"): True,
    }
    return {"oscillating": known[said.text]} if said.text in known else {}


def _turning(_: Entity, said: Said) -> Values:
    return {"direction": said.text} if said.text else {}


def _fan_post(entity: Entity, what: str, payload: object, changes: Values) -> Deed:
    """A message on the topic of percentage, preset_mode, oscillation or direction."""
    post = entity.post(f"{what}_command_topic", payload, f"{what}_command_template")
    return Deed([post], assumed(entity.config, changes, f"{what}_state_topic"))


def _set_percentage(entity: Entity, data: Data) -> Deed:
    percentage = percentage_of(data, "percentage")
    if percentage == 0:
        return _fan_off(entity, data)
    return _blow(entity, percentage)


def _blow(entity: Entity, percentage: int) -> Deed:
    speed = math.ceil(_speeds(entity.config).value(percentage))
    return _fan_post(entity, "percentage", speed, {"percentage": percentage})


def _step(sign: int) -> Act:
    def act(entity: Entity, data: Data) -> Deed:
        step = data.get("percentage_step")
        size = (
            _speed_step(entity.config) if step is None else percentage_of(data, "percentage_step")
        )
        old = entity.values.get("percentage") or 0
        return _set_percentage(entity, {"percentage": max(0, min(100, old + sign * size))})

    return act


def _set_preset(entity: Entity, data: Data) -> Deed:
    mode = one_of(data, "preset_mode", entity.config.texts("preset_modes"))
    return _fan_post(entity, "preset_mode", mode, {"preset_mode": mode})


def _oscillate(entity: Entity, data: Data) -> Deed:
    sways = bool(needed(data, "oscillating"))
    payload = entity.config.text(f"payload_oscillation_{'on' if sways else 'off'}")
    return _fan_post(entity, "oscillation", payload, {"oscillating": sways})


def _set_direction(entity: Entity, data: Data) -> Deed:
    direction = one_of(data, "direction", ["forward", "reverse"])
    return _fan_post(entity, "direction", direction, {"direction": direction})


def _fan_to(is_on: bool) -> Act:
    def act(entity: Entity, _: Data) -> Deed:
        payload = entity.config.text("payload_on" if is_on else "payload_off")
        post = entity.post("command_topic", payload, "command_template")
        return Deed([post], assumed(entity.config, {"is_on": is_on}))

    return act


_fan_off = _fan_to(False)


def _fan_on(entity: Entity, data: Data) -> Deed:
    """On, and with it the speed and preset that are asked for."""
    deeds = [_fan_to(True)(entity, data)]
    if data.get("percentage"):
        deeds.append(_set_percentage(entity, data))
    if data.get("preset_mode"):
        deeds.append(_set_preset(entity, data))
    return together(deeds)


def together(deeds: list[Deed]) -> Deed:
    """Several deeds as one, in their order."""
    posts = [post for deed in deeds for post in deed.posts]
    changes: Values = {}
    for deed in deeds:
        changes |= deed.changes
    return Deed(posts, changes)


def _fan_actions(config: Config) -> dict[str, Act]:
    actions = on_off_actions(_fan_on, _fan_off)
    more: tuple[tuple[str, str, Act], ...] = (
        ("percentage_command_topic", "set_percentage", _set_percentage),
        ("percentage_command_topic", "increase_speed", _step(1)),
        ("percentage_command_topic", "decrease_speed", _step(-1)),
        ("preset_mode_command_topic", "set_preset_mode", _set_preset),
        ("oscillation_command_topic", "oscillate", _oscillate),
        ("direction_command_topic", "set_direction", _set_direction),
    )
    return actions | {name: act for topic, name, act in more if config.has(topic)}


def _check_fan(config: Config) -> None:
    if not 0 < config.whole("speed_range_min") < config.whole("speed_range_max"):
        raise InputError("'speed_range_max' must be more than 'speed_range_min', and that over 0")
    if config.has("preset_mode_command_topic") != bool(config.texts("preset_modes")):
        raise InputError("'preset_modes' and 'preset_mode_command_topic' need each other")


def _fan_attributes(entity: Entity) -> Values:
    config, values = entity.config, entity.values
    shown: Values = {}
    if config.has("direction_command_topic"):
        shown["direction"] = values.get("direction")
    if config.has("oscillation_command_topic"):
        shown["oscillating"] = values.get("oscillating")
    has_speed = config.has("percentage_command_topic")
    if has_speed:
        shown["percentage"] = values.get("percentage")
        shown["percentage_step"] = _speed_step(config)
    modes = config.texts("preset_modes")
    if has_speed or modes:
        shown["preset_mode"] = values.get("preset_mode")
        shown["preset_modes"] = modes
    return shown


FAN = Component(
    domain="fan",
    default_name="MQTT Fan",
    needs=("command_topic",),
    defaults=ON_OFF
    | {
        "speed_range_min": 1,
        "speed_range_max": 100,
        "payload_reset_percentage": NONE,
        "payload_reset_preset_mode": NONE,
        "payload_oscillation_on": "oscillate_on",
        "payload_oscillation_off": "oscillate_off",
    },
    check=_check_fan,
    reads=(
        Read("state_topic", "state_value_template", switched),
        Read("percentage_state_topic", "percentage_value_template", _blowing),
        Read("preset_mode_state_topic", "preset_mode_value_template", _preset),
        Read("oscillation_state_topic", "oscillation_value_template", _swaying),
        Read("direction_state_topic", "direction_value_template", _turning),
    ),
    start=lambda config: {"oscillating": False} if config.has("oscillation_state_topic") else {},
    actions=_fan_actions,
    state=on_off,
    attributes=_fan_attributes,
    blocked=frozenset(
        ["direction", "oscillating", "percentage_step", "percentage", "preset_mode", "preset_modes"]
    ),
)

VACUUM_STATES = frozenset(["idle", "docked", "error", "paused", "returning", "cleaning"])
VACUUM_WAYS = {
    "start": ("start", "payload_start"),
    "pause": ("pause", "payload_pause"),
    "stop": ("stop", "payload_stop"),
    "return_home": ("return_to_base", "payload_return_to_base"),
    "clean_spot": ("clean_spot", "payload_clean_spot"),
    "locate": ("locate", "payload_locate"),
}
"""Feature: action and payload."""


def _swept(_: Entity, said: Said) -> Values:
    told = object_in(said.text)
    if told is None:
        raise InputError("a vacuum tells JSON")
    changes: Values = {}
    state = told.get("state")
    if "state" in told and (state is None or state in VACUUM_STATES):
        changes["state"] = state
    if isinstance(told.get("battery_level"), int | float):
        changes["battery_level"] = max(0, min(100, told["battery_level"]))
    if "fan_speed" in told:
        changes["fan_speed"] = told["fan_speed"]
    return changes


def _sweep(payload: str) -> Act:
    return lambda entity, _: Deed([entity.post("command_topic", entity.config.text(payload))], {})


def _set_fan_speed(entity: Entity, data: Data) -> Deed:
    speed = one_of(data, "fan_speed", entity.config.texts("fan_speed_list"))
    return Deed([entity.post("set_fan_speed_topic", speed)], {})


def _send_command(entity: Entity, data: Data) -> Deed:
    command, params = str(needed(data, "command")), data.get("params")
    if params is not None and not isinstance(params, dict):
        raise RefusedError("params must be names and values")
    payload: object = command
    if params:
        payload = msgspec.json.encode({"command": command, **params})
    return Deed([entity.post("send_command_topic", payload)], {})


def _vacuum_actions(config: Config) -> dict[str, Act]:
    features = config.texts("supported_features")
    actions: dict[str, Act] = {}
    if config.has("command_topic"):
        ways = [VACUUM_WAYS[feature] for feature in features if feature in VACUUM_WAYS]
        actions |= {action: _sweep(payload) for action, payload in ways}
    if config.has("set_fan_speed_topic") and "fan_speed" in features:
        actions["set_fan_speed"] = _set_fan_speed
    if config.has("send_command_topic") and "send_command" in features:
        actions["send_command"] = _send_command
    return actions


def _vacuum_attributes(entity: Entity) -> Values:
    features, values = entity.config.texts("supported_features"), entity.values
    shown: Values = {}
    if "battery" in features:
        shown["battery_level"] = values.get("battery_level", 0 if values else None)
    if "fan_speed" in features:
        shown["fan_speed"] = values.get("fan_speed", 0 if values else None)
        shown["fan_speed_list"] = entity.config.texts("fan_speed_list")
    return shown


def _check_vacuum(config: Config) -> None:
    if config.text("schema", "state").lower() != "state":
        raise InputError("'schema' must be state")


_always: Callable[[Entity], object] = lambda entity: entity.values.get("state")  # noqa: E731
VACUUM = Component(
    domain="vacuum",
    default_name="MQTT State Vacuum",
    defaults={
        "supported_features": ["start", "stop", "return_home", "battery", "clean_spot"],
        **{payload: payload.removeprefix("payload_") for _, payload in VACUUM_WAYS.values()},
    },
    check=_check_vacuum,
    reads=(Read("state_topic", "", _swept),),
    actions=_vacuum_actions,
    state=_always,
    attributes=_vacuum_attributes,
    blocked=frozenset({"battery_icon", "battery_level", "fan_speed"}),
)
