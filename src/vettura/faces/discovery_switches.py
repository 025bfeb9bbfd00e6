"""Entities that are told one thing: switch, lock, siren, button, scene, select, number, text. Pure.

Facts of Home Assistant 2024.3.3, component mqtt: which payload means what. A text's `pattern` is
shown and not tried: a stranger's regular expression may take for ever.
"""

import math
from collections.abc import Callable, Mapping

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
    number_of,
    one_of,
)
from vettura.faces.discovery_config import Config
from vettura.faces.discovery_json import object_in
from vettura.faces.discovery_sensors import on_off
from vettura.faces.discovery_units import CELSIUS, FAHRENHEIT

Rounding = Callable[[float], int]
ON_OFF = {"payload_on": "ON", "payload_off": "OFF"}


def is_assumed(config: Config, topic: str = "state_topic") -> bool:
    """Whether what it was told is believed, because nothing tells what became of it."""
    return config.flag("optimistic") or not config.has(topic)


def assumed(config: Config, changes: Values, topic: str = "state_topic") -> Values:
    """The changes, if they are to be believed."""
    return changes if is_assumed(config, topic) else {}


def switched(entity: Entity, said: Said) -> Values:
    """On or off from `state_on`, `state_off` or else the payloads of commands."""
    config = entity.config
    known: Mapping[str, bool | None] = {
        NONE: None,
        config.text("state_off") or config.text("payload_off"): False,
        config.text("state_on") or config.text("payload_on"): True,
    }
    return {"is_on": known[said.text]} if said.text in known else {}


def _switch_to(is_on: bool) -> Act:
    def act(entity: Entity, _: Data) -> Deed:
        payload = entity.config.text("payload_on" if is_on else "payload_off")
        post = entity.post("command_topic", payload)
        return Deed([post], assumed(entity.config, {"is_on": is_on}))

    return act


def toggled(on: Act, off: Act) -> Act:
    """On when it is off or unknown, else off."""

    def act(entity: Entity, data: Data) -> Deed:
        return off(entity, data) if entity.values.get("is_on") else on(entity, data)

    return act


def on_off_actions(on: Act, off: Act) -> dict[str, Act]:
    """The three actions of what can be switched."""
    return {"turn_on": on, "turn_off": off, "toggle": toggled(on, off)}


SWITCH = Component(
    domain="switch",
    default_name="MQTT Switch",
    needs=("command_topic",),
    defaults=ON_OFF,
    reads=(Read("state_topic", "value_template", switched),),
    actions=lambda _: on_off_actions(_switch_to(True), _switch_to(False)),
    state=on_off,
)

LOCK_STATES = ("jammed", "locking", "unlocking", "locked", "unlocked")


def _locked(entity: Entity, said: Said) -> Values:
    if said.text == entity.config.text("payload_reset"):
        return {"lock": None}
    states = {entity.config.text(f"state_{state}"): state for state in reversed(LOCK_STATES)}
    return {"lock": states[said.text]} if said.text in states else {}


def _lock_to(payload: str, state: str) -> Act:
    def act(entity: Entity, data: Data) -> Deed:
        code = data.get("code")
        if code is None and entity.config.has("code_format"):
            raise RefusedError(f"{entity.entity_id} needs its code")
        words = entity.config.text(payload)
        post = entity.post("command_topic", words, "command_template", code=code)
        return Deed([post], assumed(entity.config, {"lock": state}))

    return act


def _lock_actions(config: Config) -> dict[str, Act]:
    actions = {
        "lock": _lock_to("payload_lock", "locked"),
        "unlock": _lock_to("payload_unlock", "unlocked"),
    }
    if config.has("payload_open"):
        actions["open"] = _lock_to("payload_open", "unlocked")
    return actions


LOCK = Component(
    domain="lock",
    default_name="MQTT Lock",
    needs=("command_topic",),
    defaults={
        "payload_lock": "LOCK",
        "payload_unlock": "UNLOCK",
        "payload_reset": NONE,
        **{f"state_{state}": state.upper() for state in LOCK_STATES},
    },
    reads=(Read("state_topic", "value_template", _locked),),
    start=lambda config: assumed(config, {"lock": "unlocked"}),
    actions=_lock_actions,
    state=lambda entity: entity.values.get("lock"),
    blocked=frozenset({"changed_by", "code_format"}),
)


def _pressed(payload: str, template: str = "") -> Act:
    def act(entity: Entity, _: Data) -> Deed:
        words = entity.config.text(payload)
        return Deed([entity.post("command_topic", words, template)], {})

    return act


BUTTON = Component(
    domain="button",
    default_name="MQTT Button",
    needs=("command_topic",),
    defaults={"payload_press": "PRESS"},
    actions=lambda _: {"press": _pressed("payload_press", "command_template")},
    state=lambda _: None,
)
SCENE = Component(
    domain="scene",
    default_name="MQTT Scene",
    needs=("command_topic",),
    defaults={"payload_on": "ON"},
    actions=lambda _: {"turn_on": _pressed("payload_on")},
    state=lambda _: None,
)


def _selected(entity: Entity, said: Said) -> Values:
    if said.text.lower() == "none":
        return {"option": None}
    if said.text not in entity.config.texts("options"):
        raise InputError(f"no such option: {said.text[:40]}")
    return {"option": said.text}


def _select(entity: Entity, option: str) -> Deed:
    post = entity.post("command_topic", option, "command_template")
    return Deed([post], assumed(entity.config, {"option": option}))


def _select_option(entity: Entity, data: Data) -> Deed:
    return _select(entity, one_of(data, "option", entity.config.texts("options")))


def _select_at(index: int) -> Act:
    return lambda entity, _: _select(entity, entity.config.texts("options")[index])


def _select_step(step: int) -> Act:
    def act(entity: Entity, data: Data) -> Deed:
        options, option = entity.config.texts("options"), entity.values.get("option")
        at = options.index(option) + step if option in options else 0 if step > 0 else -1
        if not data.get("cycle", True):
            at = min(max(at, 0), len(options) - 1)
        return _select(entity, options[at % len(options)])

    return act


def _check_options(config: Config) -> None:
    if not config.texts("options"):
        raise InputError("'options' is empty")


SELECT = Component(
    domain="select",
    default_name="MQTT Select",
    needs=("command_topic", "options"),
    check=_check_options,
    reads=(Read("state_topic", "value_template", _selected),),
    actions=lambda _: {
        "select_option": _select_option,
        "select_first": _select_at(0),
        "select_last": _select_at(-1),
        "select_next": _select_step(1),
        "select_previous": _select_step(-1),
    },
    state=lambda entity: entity.values.get("option"),
    attributes=lambda entity: {"options": entity.config.texts("options")},
    about=lambda config: {"options": config.texts("options")},
    blocked=frozenset({"options"}),
)


def _counted(entity: Entity, said: Said) -> Values:
    config, text = entity.config, said.text
    if not text.strip():
        return {}
    if text == config.text("payload_reset"):
        return {"value": None}
    try:
        number = int(text) if text.isnumeric() else float(text)
    except (ValueError, OverflowError):
        raise InputError(f"{text[:40]!r} is no number") from None
    if not config.number("min") <= number <= config.number("max"):
        raise InputError(f"{text[:40]} is out of range")
    return {"value": number}


def _set_number(entity: Entity, data: Data) -> Deed:
    asked, config = number_of(data, "value"), entity.config
    low, high = _limits(config)
    if not low <= asked <= high:
        raise RefusedError(f"value must be from {low:g} to {high:g}")
    number = asked * 1.8 + 32.0 if _is_fahrenheit(config) else asked
    number = min(max(number, config.number("min")), config.number("max"))
    value = int(number) if number.is_integer() else number
    post = entity.post("command_topic", value, "command_template")
    return Deed([post], assumed(config, {"value": value}))


def _check_range(config: Config) -> None:
    if config.number("min") >= config.number("max"):
        raise InputError("'max' must be more than 'min'")
    if config.number("step") < 1e-3:
        raise InputError("'step' must be at least 0.001")


def _is_fahrenheit(config: Config) -> bool:
    """Whether it is a temperature that a metric home shows in degrees Celsius."""
    unit = config.text("unit_of_measurement")
    return config.text("device_class") == "temperature" and unit == FAHRENHEIT


def _shown(config: Config, value: float, rounds: Rounding) -> float:
    """A number of the device as it is shown, with as many decimals as it has."""
    if not _is_fahrenheit(config):
        return value
    scale = 10.0 ** len(str(value).partition(".")[2])
    return rounds((value - 32.0) / 1.8 * scale) / scale


def _limits(config: Config) -> tuple[float, float]:
    low, high = config.number("min"), config.number("max")
    return _shown(config, low, math.floor), _shown(config, high, math.ceil)


def _ends(config: Config) -> Values:
    low, high = _limits(config)
    return {"min": low, "max": high, "step": config.number("step")}


def _value(entity: Entity) -> float | None:
    value = entity.values.get("value")
    return None if value is None else _shown(entity.config, value, round)


def _range(config: Config) -> Values:
    unit = config.text("unit_of_measurement")
    return _ends(config) | {"unit_of_measurement": CELSIUS if _is_fahrenheit(config) else unit}


NUMBER = Component(
    domain="number",
    default_name="MQTT Number",
    needs=("command_topic",),
    defaults={"min": 0.0, "max": 100.0, "step": 1.0, "mode": "auto", "payload_reset": NONE},
    check=_check_range,
    reads=(Read("state_topic", "value_template", _counted),),
    actions=lambda _: {"set_value": _set_number},
    state=_value,
    attributes=lambda entity: {**_ends(entity.config), "mode": entity.config.text("mode")},
    about=_range,
    blocked=frozenset({"min", "max", "step"}),
)
TEXT_CHARACTERS_MAX = 255


def _check_text(config: Config) -> None:
    if not 0 <= config.number("min") <= config.number("max") <= TEXT_CHARACTERS_MAX:
        raise InputError(f"'min' and 'max' must be lengths up to {TEXT_CHARACTERS_MAX}")


def _set_text(entity: Entity, data: Data) -> Deed:
    value, config = str(needed(data, "value")), entity.config
    if not config.number("min") <= len(value) <= config.number("max"):
        lengths = f"{config.number('min'):g} to {config.number('max'):g}"
        raise RefusedError(f"value must have {lengths} characters")
    post = entity.post("command_topic", value, "command_template")
    return Deed([post], assumed(config, {"text": value}))


TEXT = Component(
    domain="text",
    default_name="MQTT Text",
    needs=("command_topic",),
    defaults={"min": 0.0, "max": float(TEXT_CHARACTERS_MAX), "mode": "text"},
    check=_check_text,
    reads=(Read("state_topic", "value_template", lambda _, said: {"text": said.text}),),
    actions=lambda _: {"set_value": _set_text},
    state=lambda entity: entity.values.get("text"),
    attributes=lambda entity: {
        "min": entity.config.whole("min"),
        "max": entity.config.whole("max"),
        "mode": entity.config.text("mode"),
        "pattern": entity.config.text("pattern") or None,
    },
    about=lambda config: {"min": config.number("min"), "max": config.number("max")},
    blocked=frozenset({"max", "min", "mode", "pattern"}),
)
SIREN_WORDS = {"tone": "available_tones", "duration": "support_duration"} | {
    "volume_level": "support_volume_set"
}
"""What a siren may be told besides on and off, and what says that it can be."""


def _sounding(entity: Entity, said: Said) -> Values:
    if said.text in {"", "{}"}:
        return {}
    plain = switched(entity, said)
    if plain:
        return plain
    told = object_in(said.text)
    if told is None:
        raise InputError(f"{said.text[:40]!r} is no state of a siren")
    state = switched(entity, Said(str(told.pop("state", "")), said.heard))
    return state | _siren_words(entity.config, told)


def _siren_words(config: Config, told: Data) -> Values:
    return {
        word: told[word]
        for word, support in SIREN_WORDS.items()
        if word in told and (config.texts(support) if word == "tone" else config.flag(support))
    }


def _sound(is_on: bool) -> Act:
    def act(entity: Entity, data: Data) -> Deed:
        config = entity.config
        state = config.text("payload_on" if is_on else "payload_off")
        more = _siren_words(config, data) if is_on else {}
        off = "command_off_template"
        template = off if not is_on and config.has(off) else "command_template"
        told = {"state": state, **more}
        payload = state if config.has(template) else msgspec.json.encode(told)
        post = entity.post("command_topic", payload, template, **told)
        posts = [post] if post.payload not in {b"", NONE.encode()} else []
        return Deed(posts, assumed(config, {"is_on": is_on, **more}))

    return act


def _siren_attributes(entity: Entity) -> Values:
    config = entity.config
    tones = config.texts("available_tones")
    known = {word: None for word in SIREN_WORDS if _siren_words(config, {word: 0})}
    told = {word: entity.values.get(word) for word in known}
    return told | ({"available_tones": tones} if tones else {})


SIREN = Component(
    domain="siren",
    default_name="MQTT Siren",
    needs=("command_topic",),
    defaults=ON_OFF | {"support_duration": True, "support_volume_set": True},
    reads=(Read("state_topic", "state_value_template", _sounding),),
    start=lambda config: assumed(config, {"is_on": False}),
    actions=lambda _: on_off_actions(_sound(True), _sound(False)),
    state=on_off,
    attributes=_siren_attributes,
    blocked=frozenset({"available_tones", *SIREN_WORDS}),
)
