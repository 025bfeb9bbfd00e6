"""Which action brings an entity into a state: what `scene.turn_on` does for each of its own."""

from collections.abc import Callable, Mapping
from typing import Any

from vettura.home.scene.parts import SceneState
from vettura.home.scene.state import State

Call = tuple[str, dict[str, Any]]
_LIGHT = ("brightness", "effect")
_COLOURS = (
    "hs_color",
    "color_temp",
    "color_temp_kelvin",
    "rgb_color",
    "rgbw_color",
    "rgbww_color",
    "xy_color",
)
_COLOUR_OF_MODE = {
    "hs": ("hs_color", "hs_color"),
    "color_temp": ("color_temp", "color_temp"),
    "rgb": ("rgb_color", "rgb_color"),
    "rgbw": ("rgbw_color", "rgbw_color"),
    "rgbww": ("rgbww_color", "rgbww_color"),
    "white": ("white", "brightness"),
    "xy": ("xy_color", "xy_color"),
}
"""For a colour mode: what a light is asked for, and the attribute that tells it."""


def call_for(now: State, wanted: SceneState) -> list[Call]:
    """The actions that make `now` what is wanted; none when it is so already."""
    making = _MAKING.get(now.domain, _switch)
    return making(now, wanted)


def _is_there(now: State, wanted: SceneState, *names: str) -> bool:
    """Whether state and these attributes are as wanted already."""
    return now.state == wanted.state and all(
        now.attributes.get(name) == wanted.attributes.get(name) for name in names
    )


def _some(wanted: SceneState, *names: str) -> dict[str, Any]:
    return {
        name: wanted.attributes[name] for name in names if wanted.attributes.get(name) is not None
    }


def _switch(now: State, wanted: SceneState) -> list[Call]:
    if now.state == wanted.state or wanted.state not in {"on", "off"}:
        return []
    return [(f"{now.domain}.turn_{wanted.state}", {})]


def _light(now: State, wanted: SceneState) -> list[Call]:
    if wanted.state not in {"on", "off"} or _is_there(now, wanted, *_LIGHT, *_COLOURS):
        return []
    if wanted.state == "off":
        return [("light.turn_off", {})]
    data = _some(wanted, *_LIGHT)
    mode = wanted.attributes.get("color_mode", "unknown")
    if mode != "unknown":
        asked, told = _COLOUR_OF_MODE.get(str(mode), ("", ""))
        if asked and wanted.attributes.get(told) is None:
            return []
        return [("light.turn_on", data | ({asked: wanted.attributes[told]} if asked else {}))]
    colours = _some(wanted, *_COLOURS)
    first = dict([next(iter(colours.items()))]) if colours else {}
    return [("light.turn_on", data | first)]


def _fan(now: State, wanted: SceneState) -> list[Call]:
    names = ("percentage", "preset_mode", "oscillating", "direction")
    if _is_there(now, wanted, *names):
        return []
    if wanted.state == "off":
        return [("fan.turn_off", {})]
    return [("fan.turn_on", _some(wanted, "percentage", "preset_mode"))]


def _cover(now: State, wanted: SceneState) -> list[Call]:
    position = wanted.attributes.get("current_position", wanted.attributes.get("position"))
    if position is not None:
        if now.attributes.get("current_position") == position:
            return []
        return [("cover.set_cover_position", {"position": position})]
    verbs = {"open": "open_cover", "closed": "close_cover"}
    if now.state == wanted.state or wanted.state not in verbs:
        return []
    return [(f"cover.{verbs[wanted.state]}", {})]


def _lock(now: State, wanted: SceneState) -> list[Call]:
    verbs = {"locked": "lock", "unlocked": "unlock"}
    if now.state == wanted.state or wanted.state not in verbs:
        return []
    return [(f"lock.{verbs[wanted.state]}", {})]


def _climate(now: State, wanted: SceneState) -> list[Call]:
    calls: list[Call] = []
    if wanted.state and now.state != wanted.state:
        calls.append(("climate.set_hvac_mode", {"hvac_mode": wanted.state}))
    names = ("temperature", "target_temp_high", "target_temp_low")
    if given := _some(wanted, *names):
        calls.append(("climate.set_temperature", given))
    modes = ("preset_mode", "fan_mode", "swing_mode", "humidity")
    calls += [(f"climate.set_{name}", given) for name in modes if (given := _some(wanted, name))]
    return calls


def _value(now: State, wanted: SceneState) -> list[Call]:
    if now.state == wanted.state:
        return []
    return [(f"{now.domain}.set_value", {"value": wanted.state})]


def _option(now: State, wanted: SceneState) -> list[Call]:
    if now.state == wanted.state:
        return []
    return [(f"{now.domain}.select_option", {"option": wanted.state})]


def _datetime(now: State, wanted: SceneState) -> list[Call]:
    if now.state == wanted.state:
        return []
    has_both = now.attributes.get("has_date") and now.attributes.get("has_time")
    key = "datetime" if has_both else "date" if now.attributes.get("has_date") else "time"
    return [("input_datetime.set_datetime", {key: wanted.state})]


def _player(now: State, wanted: SceneState) -> list[Call]:
    verbs = {
        "on": "turn_on",
        "off": "turn_off",
        "playing": "media_play",
        "paused": "media_pause",
        "idle": "media_stop",
    }
    calls: list[Call] = []
    if now.state != wanted.state and wanted.state in verbs:
        calls.append((f"media_player.{verbs[wanted.state]}", {}))
    if wanted.state != "off":
        if given := _some(wanted, "volume_level"):
            calls.append(("media_player.volume_set", given))
        if given := _some(wanted, "source"):
            calls.append(("media_player.select_source", given))
    return calls


def _vacuum(now: State, wanted: SceneState) -> list[Call]:
    verbs = {
        "cleaning": "start",
        "docked": "return_to_base",
        "returning": "return_to_base",
        "paused": "pause",
        "idle": "stop",
    }
    if now.state == wanted.state or wanted.state not in verbs:
        return []
    return [(f"vacuum.{verbs[wanted.state]}", {})]


_MAKING: Mapping[str, Callable[[State, SceneState], list[Call]]] = {
    "light": _light,
    "fan": _fan,
    "cover": _cover,
    "lock": _lock,
    "climate": _climate,
    "number": _value,
    "input_number": _value,
    "text": _value,
    "input_text": _value,
    "select": _option,
    "input_select": _option,
    "input_datetime": _datetime,
    "media_player": _player,
    "vacuum": _vacuum,
}
