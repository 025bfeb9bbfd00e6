"""Lights whose config has a template for every part of the state. Pure.

Facts of Home Assistant 2024.3.3, component mqtt, light schema template.
"""

from collections.abc import Set

from vettura.errors import InputError
from vettura.faces.discovery_component import (
    NONE,
    Component,
    Deed,
    Entity,
    Read,
    Said,
    Values,
    number_in,
)
from vettura.faces.discovery_config import Config
from vettura.faces.discovery_lamps import (
    BLOCKED,
    BRIGHTNESS,
    COLOR_TEMP,
    ONOFF,
    attributes,
    light_actions,
    only_real,
)
from vettura.faces.discovery_sensors import on_off
from vettura.faces.discovery_templates import TemplateError
from vettura.words.colour import FULL, hs_of_rgb, rgb_of_hs

CHANNELS = ("red_template", "green_template", "blue_template")


def _has_colour(config: Config) -> bool:
    return all(config.has(key) for key in CHANNELS)


def _modes(config: Config) -> Set[str]:
    modes = {ONOFF}
    for key in (BRIGHTNESS, COLOR_TEMP):
        if config.has(f"{key}_template"):
            modes.add(key)
    if _has_colour(config):
        modes.add("hs")
    return only_real(modes)


def _is_assumed(config: Config) -> bool:
    is_silent = not config.has("state_topic") or not config.has("state_template")
    return config.flag("optimistic") or is_silent


def _taken(entity: Entity, said: Said) -> Values:
    config = entity.config
    changes: Values = {}
    if config.has("state_template"):
        known = {"on": True, "off": False, NONE: None}
        state = _part(entity, "state_template", said)
        changes |= {"is_on": known[state]} if state in known else {}
    if config.has("brightness_template"):
        brightness = _whole(_part(entity, "brightness_template", said))
        changes |= {"brightness": brightness} if brightness else {}
    if config.has("color_temp_template"):
        text = _part(entity, "color_temp_template", said)
        changes["color_temp"] = None if text == NONE else _whole(text)
    if _has_colour(config):
        changes |= _coloured(entity, said)
    if config.has("effect_template"):
        effect = _part(entity, "effect_template", said)
        changes |= {"effect": effect} if effect in config.texts("effect_list") else {}
    return changes


def _part(entity: Entity, key: str, said: Said) -> str:
    try:
        return entity.rendered(key, said.heard)
    except TemplateError:
        return said.text


def _whole(text: str) -> int:
    number = number_in(text, "a light")
    if not number.is_integer():
        raise InputError(f"{text[:40]!r} is no whole number")
    return int(number)


def _coloured(entity: Entity, said: Said) -> Values:
    texts = [_part(entity, key, said) for key in CHANNELS]
    is_none = all(text == NONE for text in texts)
    hs_color = None if is_none else hs_of_rgb(*(_whole(text) for text in texts))
    return {"hs_color": hs_color} | _mode(entity.config, hs_color)


def _mode(config: Config, hs_color: object) -> Values:
    if len(_modes(config)) == 1:
        return {}
    return {"color_mode": "hs" if hs_color else COLOR_TEMP}


def _start(config: Config) -> Values:
    modes = _modes(config)
    return {"color_mode": next(iter(modes))} if len(modes) == 1 else {}


def _on(entity: Entity, wished: Values) -> Deed:
    config = entity.config
    told: Values = {"state": True}
    changes: Values = {"is_on": True}
    for key in ("brightness", COLOR_TEMP, "effect", "flash", "transition"):
        if key in wished:
            told[key] = wished[key]
    changes |= {key: told[key] for key in ("brightness", "effect") if key in told}
    if COLOR_TEMP in told:
        changes |= {COLOR_TEMP: told[COLOR_TEMP], "hs_color": None} | _mode(config, None)
    if "hs_color" in wished:
        told |= _channels(entity, wished)
        changes |= {COLOR_TEMP: None, "hs_color": wished["hs_color"]} | _mode(config, True)
    return _told(entity, "command_on_template", told, changes)


def _channels(entity: Entity, wished: Values) -> Values:
    hue, saturation = wished["hs_color"]
    bright = wished.get("brightness")
    if bright is None:
        bright = entity.values.get("brightness") or FULL
    if entity.config.has("brightness_template"):
        bright = FULL
    red, green, blue = rgb_of_hs(hue, saturation, bright / FULL * 100)
    return {"red": red, "green": green, "blue": blue, "hue": hue, "sat": saturation}


def _off(entity: Entity, wished: Values) -> Deed:
    told: Values = {"state": False}
    if "transition" in wished:
        told["transition"] = wished["transition"]
    return _told(entity, "command_off_template", told, {"is_on": False})


def _told(entity: Entity, template: str, told: Values, changes: Values) -> Deed:
    post = entity.post("command_topic", None, template, **told)
    return Deed([post], changes if _is_assumed(entity.config) else {})


LIGHT_TEMPLATE = Component(
    domain="light",
    default_name="MQTT Template Light",
    needs=("command_topic", "command_on_template", "command_off_template"),
    reads=(Read("state_topic", "", _taken),),
    start=_start,
    actions=lambda _: light_actions(_modes, _on, _off),
    state=on_off,
    attributes=lambda entity: attributes(
        entity, _modes(entity.config), has_effects=entity.config.has("effect_list")
    ),
    blocked=BLOCKED,
)
