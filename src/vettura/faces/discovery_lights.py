"""Lights with a topic for each thing that they tell and are told. Pure.

Facts of Home Assistant 2024.3.3, component mqtt, light schema basic.
"""

from collections.abc import Set

from vettura.errors import InputError
from vettura.faces.discovery_component import (
    NONE,
    Component,
    Deed,
    Entity,
    Outgoing,
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
    COLOURS,
    MIREDS_MAX,
    ONOFF,
    WHITE,
    are_possible,
    attributes,
    light_actions,
    rgb_of,
    whites,
)
from vettura.faces.discovery_sensors import on_off
from vettura.faces.discovery_switches import ON_OFF, is_assumed, switched
from vettura.words.colour import FULL

CHANNELS = {
    "rgb": ("red", "green", "blue"),
    "rgbw": ("red", "green", "blue", "white"),
    "rgbww": ("red", "green", "blue", "cold_white", "warm_white"),
}


def _modes(config: Config) -> Set[str]:
    modes = {mode for mode in (COLOR_TEMP, *COLOURS, WHITE) if config.has(f"{mode}_command_topic")}
    if modes:
        return modes
    return {BRIGHTNESS if config.has("brightness_command_topic") else ONOFF}


def _check(config: Config) -> None:
    if not are_possible(_modes(config)):
        raise InputError("'white_command_topic' needs a topic for a colour")
    if config.text("on_command_type") not in {"first", "last", "brightness"}:
        raise InputError("'on_command_type' must be first, last or brightness")
    if not config.whole("brightness_scale") or not config.whole("white_scale"):
        raise InputError("'brightness_scale' and 'white_scale' must be at least 1")


def _start(config: Config) -> Values:
    modes = _modes(config)
    return {"color_mode": next(iter(modes)) if len(modes) == 1 else "unknown"}


# What it tells.


def _state(entity: Entity, said: Said) -> Values:
    return switched(entity, said) if said.text else {}


def _bright(entity: Entity, said: Said) -> Values:
    if not said.text:
        return {}
    value = number_in(said.text, "brightness")
    if value == 0:
        return {}
    share = value / entity.config.whole("brightness_scale")
    return {"brightness": min(round(share * FULL), FULL)}


def _mode(_: Entity, said: Said) -> Values:
    if not said.text:
        return {}
    if said.text not in {ONOFF, BRIGHTNESS, COLOR_TEMP, WHITE, "unknown", *COLOURS}:
        raise InputError(f"no such colour mode: {said.text[:40]}")
    return {"color_mode": said.text}


def _believed_mode(config: Config, mode: str) -> Values:
    """The mode of what came, where no topic tells the mode."""
    return {"color_mode": mode} if is_assumed(config, "color_mode_state_topic") else {}


def _warm(entity: Entity, said: Said) -> Values:
    if not said.text or said.text == NONE:
        return {}
    color_temp = number_in(said.text, "a colour temperature")
    if not color_temp.is_integer() or not 0 < color_temp < MIREDS_MAX:
        raise InputError(f"{said.text[:40]!r} is no colour temperature")
    return {"color_temp": int(color_temp)} | _believed_mode(entity.config, COLOR_TEMP)


def _effect(_: Entity, said: Said) -> Values:
    return {"effect": said.text} if said.text else {}


def _parts(said: Said, mode: str) -> list[float]:
    parts = [number_in(part, "a colour") for part in said.text.split(",")]
    if len(parts) != COLOURS[mode]:
        raise InputError(f"{said.text[:40]!r} is no colour in mode {mode}")
    return parts


def _fine(mode: str) -> Read:
    """A colour as two numbers."""

    def take(entity: Entity, said: Said) -> Values:
        if not said.text:
            return {}
        colour = tuple(_parts(said, mode))
        return {f"{mode}_color": colour} | _believed_mode(entity.config, mode)

    return Read(f"{mode}_state_topic", f"{mode}_value_template", take, is_strict=True)


def _channelled(mode: str) -> Read:
    """A colour as channels, whose most is the brightness where no topic tells it."""

    def take(entity: Entity, said: Said) -> Values:
        if not said.text:
            return {}
        colour = tuple(int(part) for part in _parts(said, mode))
        changes = _believed_mode(entity.config, mode)
        if entity.config.has("brightness_state_topic"):
            return changes | {f"{mode}_color": colour}
        bright = max(rgb_of(mode, colour, whites(entity.config)))
        if bright <= 0:
            return changes
        full = tuple(min(round(part / bright * FULL), FULL) for part in colour)
        return changes | {f"{mode}_color": full, "brightness": bright}

    return Read(f"{mode}_state_topic", f"{mode}_value_template", take, is_strict=True)


READS = (
    Read("state_topic", "state_value_template", _state),
    Read("brightness_state_topic", "brightness_value_template", _bright, is_strict=True),
    *(_channelled(mode) for mode in CHANNELS),
    Read("color_mode_state_topic", "color_mode_value_template", _mode, is_strict=True),
    Read("color_temp_state_topic", "color_temp_value_template", _warm, is_strict=True),
    Read("effect_state_topic", "effect_value_template", _effect, is_strict=True),
    _fine("hs"),
    _fine("xy"),
)


# What it is told.


def _is_brightness_assumed(config: Config) -> bool:
    if config.has("brightness_command_topic"):
        return is_assumed(config, "brightness_state_topic")
    return is_assumed(config, "rgb_state_topic")


def _believed(config: Config, key: str, value: object, mode: str = "") -> Values:
    """What is believed of one thing that was told, and of the mode that it sets."""
    name = key.removesuffix("_color")
    is_silent = (
        _is_brightness_assumed(config)
        if key == BRIGHTNESS
        else is_assumed(config, f"{name}_state_topic")
    )
    if not is_silent:
        return {}
    return {key: value} | (_believed_mode(config, mode) if mode else {})


def _on(entity: Entity, wished: Values) -> Deed:
    config, posts, changes = entity.config, list[Outgoing](), Values()
    on_post = entity.post("command_topic", config.text("payload_on"))
    way = config.text("on_command_type")
    if way == "first":
        posts.append(on_post)
    elif way == "brightness" and not {"brightness", WHITE} & wished.keys():
        wished = {**wished, "brightness": entity.values.get("brightness") or FULL}
    for asked in (_ask_colours, _ask_brightness, _ask_white, _ask_rest):
        told, believed = asked(entity, wished)
        posts += told
        changes |= believed
    if way == "last":
        posts.append(on_post)
    if is_assumed(config):
        changes["is_on"] = True
    return Deed(posts, changes)


def _ask_colours(entity: Entity, wished: Values) -> Deed:
    posts, changes = list[Outgoing](), Values()
    for mode in ("hs", *CHANNELS, "xy"):
        key = f"{mode}_color"
        if key in wished and entity.config.has(f"{mode}_command_topic"):
            posts.append(_colour_post(entity, mode, wished))
            changes |= _believed(entity.config, key, wished[key], mode)
    return Deed(posts, changes)


def _colour_post(entity: Entity, mode: str, wished: Values) -> Outgoing:
    colour = wished[f"{mode}_color"]
    if mode in CHANNELS:
        colour, names = _scaled(entity, colour, wished), CHANNELS[mode]
    else:
        names = ("hue", "sat") if mode == "hs" else ("x", "y")
    return _rendered(entity, mode, colour, names)


def _rendered(
    entity: Entity, mode: str, colour: tuple[float, ...], names: tuple[str, ...]
) -> Outgoing:
    text = ",".join(str(part) for part in colour)
    more = dict(zip(names, colour, strict=True))
    return entity.post(f"{mode}_command_topic", text, f"{mode}_command_template", **more)


def _scaled(
    entity: Entity, colour: tuple[int, ...], wished: Values, bright: int | None = None
) -> tuple[int, ...]:
    """Darker by the brightness, where the brightness has no topic of its own."""
    if bright is None:
        asked = wished.get("brightness") or entity.values.get("brightness") or FULL
        bright = FULL if entity.config.has("brightness_command_topic") else asked
    return tuple(int(part * bright / FULL) for part in colour)


def _ask_brightness(entity: Entity, wished: Values) -> Deed:
    config, bright = entity.config, wished.get("brightness")
    if bright is None:
        return Deed([], {})
    believed = _believed(config, "brightness", bright)
    if config.has("brightness_command_topic"):
        scale = config.whole("brightness_scale")
        value = max(min(round(bright / FULL * scale), scale), 1)
        return Deed(
            [entity.post("brightness_command_topic", value, "brightness_command_template")],
            believed,
        )
    for mode, names in CHANNELS.items():
        key = f"{mode}_color"
        if key not in wished and config.has(f"{mode}_command_topic"):
            colour = entity.values.get(key) or (FULL,) * COLOURS[mode]
            colour = _scaled(entity, colour, wished, bright)
            return Deed([_rendered(entity, mode, colour, names)], believed)
    return Deed([], {})


def _ask_white(entity: Entity, wished: Values) -> Deed:
    config = entity.config
    if WHITE not in wished or not config.has("white_command_topic"):
        return Deed([], {})
    scale = config.whole("white_scale")
    value = min(round(float(wished[WHITE]) / FULL * scale), scale)
    believed = _believed(config, "brightness", int(wished[WHITE]), WHITE)
    return Deed([entity.post("white_command_topic", value)], believed)


def _ask_rest(entity: Entity, wished: Values) -> Deed:
    config, posts, changes = entity.config, list[Outgoing](), Values()
    if COLOR_TEMP in wished and config.has("color_temp_command_topic"):
        color_temp = wished[COLOR_TEMP]
        posts.append(
            entity.post("color_temp_command_topic", color_temp, "color_temp_command_template")
        )
        changes |= _believed(config, COLOR_TEMP, color_temp, COLOR_TEMP)
    effect = wished.get("effect")
    if effect in config.texts("effect_list") and config.has("effect_command_topic"):
        posts.append(entity.post("effect_command_topic", effect, "effect_command_template"))
        changes |= _believed(config, "effect", effect)
    return Deed(posts, changes)


def _off(entity: Entity, _: Values) -> Deed:
    post = entity.post("command_topic", entity.config.text("payload_off"))
    return Deed([post], {"is_on": False} if is_assumed(entity.config) else {})


LIGHT = Component(
    domain="light",
    default_name="MQTT LightEntity",
    needs=("command_topic",),
    defaults=ON_OFF | {"brightness_scale": FULL, "white_scale": FULL, "on_command_type": "last"},
    check=_check,
    reads=READS,
    start=_start,
    actions=lambda _: light_actions(_modes, _on, _off),
    state=on_off,
    attributes=lambda entity: attributes(
        entity, _modes(entity.config), has_effects=entity.config.has("effect_command_topic")
    ),
    blocked=BLOCKED,
)
