"""What all three schemas of lights share: colour modes, attributes, and what was asked. Pure.

Facts of Home Assistant 2024.3.3, component light.
"""

import math
from collections.abc import Callable, Sequence, Set
from typing import Any

from vettura.errors import RefusedError
from vettura.faces.discovery_component import Act, Data, Deed, Entity, Values
from vettura.faces.discovery_config import Config
from vettura.faces.discovery_switches import toggled
from vettura.words.colour import (
    FULL,
    Whites,
    colour_names,
    hs_of_kelvin,
    hs_of_rgb,
    kelvin_of_xy,
    mireds,
    rgb_of_hs,
    rgb_of_rgbw,
    rgb_of_rgbww,
    rgb_of_xy,
    rgbw_of_rgb,
    rgbww_of_kelvin,
    rgbww_of_rgb,
    xy_of_rgb,
)

ONOFF, BRIGHTNESS, COLOR_TEMP, WHITE = "onoff", "brightness", "color_temp", "white"
COLOURS = {"hs": 2, "xy": 2, "rgb": 3, "rgbw": 4, "rgbww": 5}
"""Modes with a colour, and how many numbers each has."""
BECOMES = {
    "hs": ("rgb", "rgbw", "rgbww", "xy"),
    "rgb": ("rgbw", "rgbww", "hs", "xy"),
    "xy": ("hs", "rgb", "rgbw", "rgbww"),
    "rgbw": ("rgb", "rgbww", "hs", "xy"),
    "rgbww": ("rgb", "rgbw", "hs", "xy"),
}
"""In which mode a colour is asked for instead, the first that the lamp has."""
MIREDS_MAX = 100_000
"""No lamp is so warm."""
MIREDS_COLDEST, MIREDS_WARMEST = 153, 500
BLOCKED = frozenset(
    [
        "color_mode",
        "brightness",
        "color_temp",
        "effect",
        "effect_list",
        "hs_color",
        "max_mireds",
        "min_mireds",
        "rgb_color",
        "rgbw_color",
        "rgbww_color",
        "supported_color_modes",
        "xy_color",
    ]
)

Modes = Callable[[Config], Set[str]]


def only_real(modes: Set[str]) -> Set[str]:
    """Without on/off and brightness where there is more."""
    for less in (ONOFF, BRIGHTNESS):
        if less in modes and len(modes) > 1:
            modes = modes - {less}
    return modes


def are_possible(modes: Set[str]) -> bool:
    """Whether these modes go together."""
    known = {ONOFF, BRIGHTNESS, COLOR_TEMP, WHITE, *COLOURS}
    alone = not ({ONOFF, BRIGHTNESS} & modes and len(modes) > 1)
    return bool(modes) and modes <= known and alone and (WHITE not in modes or has_colour(modes))


def has_colour(modes: Set[str]) -> bool:
    """Whether a colour is among them."""
    return not modes.isdisjoint(COLOURS)


def whites(config: Config) -> Whites:
    """The ends of its white light."""
    return Whites(
        mireds(config.whole("max_mireds") or MIREDS_WARMEST),
        mireds(config.whole("min_mireds") or MIREDS_COLDEST),
    )


# What is shown.


def attributes(entity: Entity, modes: Set[str], *, has_effects: bool) -> Values:
    """The attributes of a light."""
    values = entity.values
    is_on = bool(values.get("is_on"))
    mode = values.get("color_mode") if is_on else None
    shown: Values = {"supported_color_modes": sorted(modes), "color_mode": mode}
    if has_effects:
        shown["effect_list"] = entity.config.texts("effect_list") or None
        shown["effect"] = values.get("effect") if is_on else None
    if not modes <= {ONOFF}:
        is_bright = mode in {BRIGHTNESS, COLOR_TEMP, WHITE, *COLOURS}
        shown["brightness"] = values.get("brightness") if is_bright else None
    if COLOR_TEMP in modes:
        shown |= _temperatures(
            entity.config, values.get("color_temp") if mode == COLOR_TEMP else None
        )
    if has_colour(modes) or COLOR_TEMP in modes:
        names = ["hs", "rgb", "xy", *({"rgbw", "rgbww"} & modes)]
        shown |= {f"{name}_color": None for name in names}
        shown |= _colours(entity, mode)
    return shown


def _temperatures(config: Config, color_temp: int | None) -> Values:
    ends = whites(config)
    kelvin = mireds(color_temp) if color_temp else None
    return {
        "min_color_temp_kelvin": ends.warmest_kelvin,
        "max_color_temp_kelvin": ends.coldest_kelvin,
        "min_mireds": mireds(ends.coldest_kelvin),
        "max_mireds": mireds(ends.warmest_kelvin),
        "color_temp_kelvin": kelvin,
        "color_temp": mireds(kelvin) if kelvin else None,
    }


def _colours(entity: Entity, mode: str | None) -> Values:
    """The colour in every form; nothing while it is none."""
    if mode == COLOR_TEMP:
        color_temp = entity.values.get("color_temp")
        if not color_temp:
            return {}
        hue, saturation = hs_of_kelvin(mireds(color_temp))
        return _all_forms((round(hue, 3), round(saturation, 3)), rgb_of_hs(hue, saturation))
    colour = entity.values.get(f"{mode}_color")
    if mode not in COLOURS or not colour:
        return {}
    rgb = rgb_of(mode, colour, whites(entity.config))
    forms = _all_forms(hs_of_rgb(*rgb), rgb)
    digits = {"hs": 3, "xy": 6}.get(mode)
    own = [round(part, digits) if digits else int(part) for part in colour]
    return forms | {f"{mode}_color": own}


def _all_forms(hs: Sequence[float], rgb: Sequence[int]) -> Values:
    red, green, blue = rgb
    return {
        "hs_color": list(hs),
        "rgb_color": list(rgb),
        "xy_color": list(xy_of_rgb(red, green, blue)),
    }


def rgb_of(mode: str, colour: Sequence[Any], ends: Whites) -> tuple[int, ...]:
    """Red, green and blue of a colour in that mode."""
    match mode, tuple(colour):
        case "hs", (hue, saturation):
            return rgb_of_hs(hue, saturation)
        case "xy", (x, y):
            return rgb_of_xy(x, y)
        case "rgbw", (red, green, blue, white):
            return rgb_of_rgbw(red, green, blue, white)
        case "rgbww", channels:
            return rgb_of_rgbww(channels, ends)
        case _, channels:
            return channels


# What is asked.


def wishes(entity: Entity, modes: Set[str], data: Data) -> Values:
    """What was asked, in the colour modes and units that the lamp has."""
    wished = _checked(data)
    _in_brightness(entity, wished)
    _in_mireds(entity, modes, wished)
    _in_own_colour(entity, modes, wished)
    if wished.get("white") is True:
        wished["white"] = entity.values.get("brightness") or FULL
    if "white" in wished and WHITE in modes:
        wished["white"] = wished.pop("brightness", wished["white"])
    return {key: value for key, value in wished.items() if _fits(key, modes)}


def _fits(key: str, modes: Set[str]) -> bool:
    if key == "brightness":
        return not modes <= {ONOFF}
    if key in {COLOR_TEMP, WHITE}:
        return key in modes
    return key in {"effect", "flash", "transition"} or key.removesuffix("_color") in modes


_LIMITS = {
    "brightness": (0, FULL),
    "brightness_pct": (0, 100),
    "brightness_step": (-FULL, FULL),
    "brightness_step_pct": (-100, 100),
    "color_temp": (1, 100_000),
    "color_temp_kelvin": (100, 100_000),
    "kelvin": (100, 100_000),
    "transition": (0, 6553),
}
"""What each may be, as Home Assistant has it."""


def _checked(data: Data) -> Values:
    wished: Values = {}
    for key, value in data.items():
        if value is None:
            continue
        if key in _LIMITS:
            wished[key] = _number(key, value, *_LIMITS[key])
        elif key.removesuffix("_color") in COLOURS:
            wished[key] = _parts(key, value)
        elif key == "white":
            wished[key] = True if value is True else _number(key, value, 0, FULL)
        elif key in {"effect", "flash", "color_name"}:
            if not isinstance(value, str):
                raise RefusedError(f"{key} must be a text")
            wished[key] = value
    return wished


def _number(key: str, value: Any, low: float, high: float) -> float:  # noqa: ANN401
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not low <= number <= high:
        raise RefusedError(f"{key} must be a number from {low:g} to {high:g}")
    return number if key == "transition" else int(number)


def _parts(key: str, value: object) -> tuple[float, ...]:
    mode = key.removesuffix("_color")
    high = {"hs": 360.0, "xy": 1.0}.get(mode, float(FULL))
    if not isinstance(value, list | tuple) or len(value) != COLOURS[mode]:
        raise RefusedError(f"{key} must be a list of {COLOURS[mode]} numbers")
    parts = [_number("transition", part, 0.0, high) for part in value]
    return tuple(parts) if mode in {"hs", "xy"} else tuple(int(part) for part in parts)


def _in_brightness(entity: Entity, wished: Values) -> None:
    share = wished.pop("brightness_pct", None)
    if share is not None:
        wished["brightness"] = round(FULL * share / 100)
    step = wished.pop("brightness_step", None)
    share = wished.pop("brightness_step_pct", None)
    if step is None and share is None:
        return
    now = (entity.values.get("brightness") or 0) if entity.values.get("is_on") else 0
    more = step if step is not None else round(share / 100 * FULL)
    wished["brightness"] = max(0, min(FULL, now + more))


def _in_mireds(entity: Entity, modes: Set[str], wished: Values) -> None:
    """A colour temperature in mireds, or as a colour where the lamp has no such white."""
    kelvin = wished.pop("color_temp_kelvin", wished.pop("kelvin", None))
    if kelvin is not None:
        wished[COLOR_TEMP] = mireds(kelvin)
    if COLOR_TEMP not in wished or COLOR_TEMP in modes:
        return
    kelvin = mireds(wished.pop(COLOR_TEMP))
    if "rgbww" in modes:
        brightness = wished.get("brightness", entity.values.get("brightness")) or FULL
        wished["rgbww_color"] = rgbww_of_kelvin(kelvin, brightness, whites(entity.config))
    elif has_colour(modes):
        wished["hs_color"] = hs_of_kelvin(kelvin)


def _in_own_colour(entity: Entity, modes: Set[str], wished: Values) -> None:
    """A colour in a mode that the lamp has."""
    name = wished.pop("color_name", None)
    if name is not None:
        spoken = str(name).replace(" ", "").lower()
        wished["rgb_color"] = colour_names().get(spoken, (FULL, FULL, FULL))
    for mode in ("hs", "rgb", "xy", "rgbw", "rgbww"):
        key = f"{mode}_color"
        if key in wished and mode not in modes:
            wished |= _instead(mode, wished.pop(key), modes, whites(entity.config))
            return


def _instead(mode: str, colour: Sequence[Any], modes: Set[str], ends: Whites) -> Values:
    red, green, blue = rgb_of(mode, colour, ends)
    ways: dict[str, Callable[[], Sequence[float]]] = {
        "hs": lambda: hs_of_rgb(red, green, blue),
        "xy": lambda: xy_of_rgb(red, green, blue),
        "rgb": lambda: (red, green, blue),
        "rgbw": lambda: rgbw_of_rgb(red, green, blue),
        "rgbww": lambda: rgbww_of_rgb(red, green, blue, ends),
    }
    for other in BECOMES[mode]:
        if other in modes:
            return {f"{other}_color": tuple(ways[other]())}
    if COLOR_TEMP in modes:
        xy = colour if mode == "xy" else xy_of_rgb(red, green, blue)
        return {COLOR_TEMP: mireds(max(1, kelvin_of_xy(*xy)))}
    return {}


def light_actions(
    modes: Modes, on: Callable[[Entity, Values], Deed], off: Callable[[Entity, Values], Deed]
) -> dict[str, Act]:
    """The three actions of a light; brightness 0 is off."""

    def turn_on(entity: Entity, data: Data) -> Deed:
        wished = wishes(entity, modes(entity.config), data)
        if wished.get("brightness") == 0 or wished.get("white") == 0:
            return off(entity, _off_wishes(wished))
        return on(entity, wished)

    def turn_off(entity: Entity, data: Data) -> Deed:
        return off(entity, _off_wishes(_checked(data)))

    return {"turn_on": turn_on, "turn_off": turn_off, "toggle": toggled(turn_on, turn_off)}


def _off_wishes(wished: Values) -> Values:
    return {key: value for key, value in wished.items() if key in {"transition", "flash"}}
