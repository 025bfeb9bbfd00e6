"""Lights that speak JSON: one topic each way. Pure.

Facts of Home Assistant 2024.3.3, component mqtt, light schema json.
"""

from collections.abc import Set
from typing import Any

import msgspec

from vettura.errors import InputError
from vettura.faces.discovery_component import (
    NUMBER_MAX,
    Component,
    Deed,
    Entity,
    Read,
    Said,
    Values,
)
from vettura.faces.discovery_config import Config
from vettura.faces.discovery_json import object_in
from vettura.faces.discovery_lamps import (
    BLOCKED,
    BRIGHTNESS,
    COLOR_TEMP,
    COLOURS,
    MIREDS_MAX,
    ONOFF,
    WHITE,
    are_possible,
    attributes,
    has_colour,
    light_actions,
    only_real,
)
from vettura.faces.discovery_sensors import on_off
from vettura.faces.discovery_switches import is_assumed
from vettura.words.colour import FULL, hs_of_rgb, rgb_of_hs, rgb_of_xy, xy_of_rgb

LETTERS = {"hs": "hs", "xy": "xy", "rgb": "rgb", "rgbw": "rgbw", "rgbww": "rgbcw"}
"""Names of a colour's parts in JSON."""
OLD_FORMS = ("rgb", "xy", "hs")
"""Configs that name their colours so, without colour modes."""


def _modes(config: Config) -> Set[str]:
    if config.flag("color_mode"):
        return frozenset(config.texts("supported_color_modes"))
    modes = {ONOFF}
    for key in (BRIGHTNESS, COLOR_TEMP):
        if config.flag(key):
            modes.add(key)
    if any(config.flag(form) for form in OLD_FORMS):
        modes.add("hs")
    return only_real(modes)


def _check(config: Config) -> None:
    if not config.flag("color_mode"):
        return
    if not are_possible(_modes(config)):
        raise InputError("'supported_color_modes' do not go together")
    if config.flag(COLOR_TEMP) or any(config.flag(form) for form in OLD_FORMS):
        raise InputError("'color_mode' goes with none of color_temp, hs, rgb, xy")


def _start(config: Config) -> Values:
    modes = _modes(config)
    if len(modes) == 1:
        return {"color_mode": next(iter(modes))}
    return {"color_mode": "unknown" if config.flag("color_mode") else COLOR_TEMP}


def _taken(entity: Entity, said: Said) -> Values:
    told = object_in(said.text)
    if told is None:
        raise InputError("such a light tells JSON")
    if "state" not in told:
        raise InputError("such a light tells its state")
    modes, changes = _modes(entity.config), _state(told)
    if entity.config.flag("color_mode"):
        changes |= _coloured(told, modes) if "color_mode" in told else {}
    elif has_colour(modes) or COLOR_TEMP in modes:
        changes |= _coloured_before(entity, told, modes)
    if not modes <= {ONOFF}:
        changes |= _brightness(entity.config, told)
    if "effect" in told:
        changes["effect"] = told["effect"]
    return changes


def _state(told: Values) -> Values:
    known = {"ON": True, "OFF": False, None: None}
    state = told.get("state", "")
    return {"is_on": known[state]} if state is None or state in ("ON", "OFF") else {}


def _brightness(config: Config, told: Values) -> Values:
    value = told.get("brightness")
    if not isinstance(value, int | float) or isinstance(value, bool):
        return {}
    share = value / config.whole("brightness_scale")
    return {"brightness": min(FULL, max(1, round(share * FULL)))} if value else {}


def _coloured(told: Values, modes: Set[str]) -> Values:
    """The colour in the mode that is named."""
    mode = told["color_mode"]
    if mode not in modes:
        return {}
    if mode == COLOR_TEMP:
        return {"color_mode": mode, "color_temp": _whole(told.get(COLOR_TEMP))}
    if mode not in COLOURS:
        return {"color_mode": mode} if mode == WHITE else {}
    return {"color_mode": mode, f"{mode}_color": _parts(told.get("color"), mode)}


def _parts(colour: object, mode: str) -> tuple[float, ...]:
    try:
        named = [float(colour[letter]) for letter in LETTERS[mode]]  # type: ignore[index]
    except (KeyError, TypeError, ValueError, OverflowError):
        raise InputError(f"no colour in mode {mode}") from None
    if not all(abs(part) < NUMBER_MAX for part in named):
        raise InputError(f"no colour in mode {mode}")
    return tuple(named) if mode in {"hs", "xy"} else tuple(int(part) for part in named)


def _whole(value: Any) -> int:  # noqa: ANN401  any JSON is possible
    try:
        whole = int(value)
    except (TypeError, ValueError, OverflowError):
        whole = 0
    if not 0 < whole < MIREDS_MAX:
        raise InputError("no colour temperature")
    return whole


def _coloured_before(entity: Entity, told: Values, modes: Set[str]) -> Values:
    """The colour of a config without colour modes, which is hue and saturation whatever it says."""
    changes: Values = {}
    if has_colour(modes) and "color" in told:
        changes["hs_color"] = _hs(told["color"])
    if COLOR_TEMP in modes:
        if COLOR_TEMP in told:
            color_temp = told[COLOR_TEMP]
            changes["color_temp"] = None if color_temp is None else _whole(color_temp)
        if "color" not in told:
            changes["hs_color"] = None
    if len(modes) > 1:
        hs_color = changes.get("hs_color", entity.values.get("hs_color"))
        changes["color_mode"] = COLOR_TEMP if hs_color is None else "hs"
    return changes


def _hs(colour: object) -> tuple[float, ...] | None:
    if not isinstance(colour, dict):
        return None
    found = None
    if "r" in colour:
        found = hs_of_rgb(*_parts(colour, "rgb"))
    if "x" in colour:
        x, y = _parts(colour, "xy")
        found = hs_of_rgb(*rgb_of_xy(x, y))
    return _parts(colour, "hs") if "h" in colour else found


def _on(entity: Entity, wished: Values) -> Deed:
    config = entity.config
    message: Values = {"state": "ON"}
    changes: Values = {"is_on": True}
    for mode in COLOURS:
        if f"{mode}_color" in wished:
            _ask_colour(entity, mode, wished, message, changes)
    _ask_flash(config, wished, message)
    if "brightness" in wished and config.flag("brightness"):
        share = wished["brightness"] * config.whole("brightness_scale") / FULL
        message["brightness"] = max(round(share), 1)
        changes["brightness"] = wished["brightness"]
    if COLOR_TEMP in wished:
        message["color_temp"] = wished[COLOR_TEMP]
        changes |= {"color_mode": COLOR_TEMP, "color_temp": wished[COLOR_TEMP], "hs_color": None}
    if "effect" in wished and config.flag("effect"):
        message["effect"] = changes["effect"] = wished["effect"]
    if WHITE in wished:
        scale = config.whole("white_scale")
        message["white"] = max(min(round(wished[WHITE] * scale / FULL), scale), 1)
        changes |= {"color_mode": WHITE, "brightness": wished[WHITE]}
    return _told(entity, message, changes)


def _ask_colour(
    entity: Entity, mode: str, wished: Values, message: Values, changes: Values
) -> None:
    config, colour = entity.config, wished[f"{mode}_color"]
    if not config.flag("color_mode"):
        message["color"] = _old_colour(config, colour, wished)
        changes |= {"hs_color": colour, "color_temp": None, "color_mode": "hs"}
        return
    if mode not in {"hs", "xy"} and not config.flag("brightness"):
        share = wished.get("brightness", FULL) / FULL
        colour = tuple(round(part * share) for part in colour)
    message["color"] = dict(zip(LETTERS[mode], colour, strict=True))
    changes |= {f"{mode}_color": colour, "color_mode": mode}


def _old_colour(config: Config, hs_color: tuple[float, float], wished: Values) -> Values:
    hue, saturation = hs_color
    named: Values = {}
    if config.flag("rgb"):
        bright = FULL if config.flag("brightness") else wished.get("brightness", FULL)
        rgb = rgb_of_hs(hue, saturation, bright / FULL * 100)
        named |= dict(zip("rgb", rgb, strict=True))
    if config.flag("xy"):
        named |= dict(zip("xy", xy_of_rgb(*rgb_of_hs(hue, saturation)), strict=True))
    if config.flag("hs"):
        named |= {"h": hue, "s": saturation}
    return named


def _ask_flash(config: Config, wished: Values, message: Values) -> None:
    if "transition" in wished:
        message["transition"] = wished["transition"]
    if wished.get("flash") in ("long", "short"):
        message["flash"] = config.whole(f"flash_time_{wished['flash']}")


def _off(entity: Entity, wished: Values) -> Deed:
    message: Values = {"state": "OFF"}
    _ask_flash(entity.config, wished, message)
    return _told(entity, message, {"is_on": False})


def _told(entity: Entity, message: Values, changes: Values) -> Deed:
    post = entity.post("command_topic", msgspec.json.encode(message))
    return Deed([post], changes if is_assumed(entity.config) else {})


LIGHT_JSON = Component(
    domain="light",
    default_name="MQTT JSON Light",
    needs=("command_topic",),
    defaults={
        "brightness_scale": FULL,
        "white_scale": FULL,
        "flash_time_long": 10,
        "flash_time_short": 2,
    },
    check=_check,
    reads=(Read("state_topic", "", _taken),),
    start=_start,
    actions=lambda _: light_actions(_modes, _on, _off),
    state=on_off,
    attributes=lambda entity: attributes(
        entity, _modes(entity.config), has_effects=entity.config.flag("effect")
    ),
    blocked=BLOCKED,
)
