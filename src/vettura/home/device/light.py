"""A lamp: on or off, as bright and as white as it is told."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

from vettura.bus.messages_home import DeviceAction, EntityState
from vettura.home.device.entity import DeviceEntry, device, entity
from vettura.home.device.model import is_on, number, only, recalled_number
from vettura.home.device.world import LIT, World

BRIGHTEST = 255
KELVIN = (2_000, 6_535)
"""What lamps of adjustable white offer."""
MIREDS = (153, 500)
"""The same in mireds, a million over the kelvins."""
_STEPS = (
    "brightness",
    "brightness_pct",
    "brightness_step",
    "brightness_step_pct",
    "color_temp",
    "color_temp_kelvin",
    "kelvin",
)
_LEFT_OUT = ("transition", "flash", "effect", "rgb_color", "hs_color", "xy_color", "color_name")
"""Home Assistant drops what a lamp cannot do, and so do we."""


class LightEntry(DeviceEntry, frozen=True, kw_only=True, tag="light"):
    """`kind = "light"`."""

    white: bool = True
    """Whether its white can be warmer or colder."""


@dataclass(frozen=True, slots=True)
class Lamp:
    """How it is; brightness and white are kept while it is off."""

    is_on: bool = False
    brightness: int = BRIGHTEST
    kelvin: int = 2_700


@final
class LightModel:
    """A lamp."""

    def __init__(self, entry: LightEntry) -> None:
        self.id = entry.id
        self._area = entry.area
        self._has_white = entry.white
        mode = "color_temp" if entry.white else "brightness"
        fixed: dict[str, object] = {"supported_color_modes": [mode], "supported_features": 0}
        if entry.white:
            fixed |= {
                "min_color_temp_kelvin": KELVIN[0],
                "max_color_temp_kelvin": KELVIN[1],
                "min_mireds": MIREDS[0],
                "max_mireds": MIREDS[1],
            }
        self._mode = mode
        self._light = entity(entry, "light", actions=("turn_on", "turn_off", "toggle"), fixed=fixed)
        self.about = device(entry, self._light)

    def begun(self, kept: Mapping[str, EntityState], world: World) -> Lamp:
        """Go on as it was; its brightness too, if it was on."""
        told = kept.get(self._light.id)
        brightness = recalled_number(told, "brightness", BRIGHTEST)
        return Lamp(
            is_on=is_on(told),
            brightness=min(max(int(brightness), 1), BRIGHTEST),
            kelvin=_kelvin(recalled_number(told, "color_temp_kelvin", 2_700)),
        )

    def told(self, state: Lamp) -> dict[str, EntityState]:
        """One entity."""
        shows: dict[str, object] = {
            "brightness": state.brightness if state.is_on else None,
            "color_mode": self._mode if state.is_on else None,
        }
        if self._has_white:
            shows["color_temp_kelvin"] = state.kelvin if state.is_on else None
            shows["color_temp"] = round(1e6 / state.kelvin) if state.is_on else None
        return {self._light.id: self._light.on(state.is_on, **shows)}

    def gives(self, state: Lamp) -> Mapping[str, object]:
        """Light in its room."""
        return {f"{LIT}{self._area}.{self.id}": 1.0 if state.is_on else 0.0}

    def obeyed(self, state: Lamp, wish: DeviceAction, world: World) -> Lamp:
        """Switch; what is not said stays as it was."""
        if wish.action == "light.turn_off":
            only(wish, *_LEFT_OUT)
            return replace(state, is_on=False)
        if wish.action == "light.toggle" and state.is_on:
            return replace(state, is_on=False)
        only(wish, *_STEPS, *_LEFT_OUT)
        brightness = _brightness(state, wish)
        if brightness <= 0:
            return replace(state, is_on=False)
        white = _white(wish)
        kelvin = state.kelvin if white is None or not self._has_white else _kelvin(white)
        return Lamp(is_on=True, brightness=min(brightness, BRIGHTEST), kelvin=kelvin)


def _brightness(state: Lamp, wish: DeviceAction) -> int:
    level = number(wish, "brightness", 0, BRIGHTEST)
    if level is not None:
        return round(level)
    percent = number(wish, "brightness_pct", 0, 100)
    if percent is not None:
        return round(BRIGHTEST * percent / 100)
    step = number(wish, "brightness_step", -BRIGHTEST, BRIGHTEST)
    step_percent = number(wish, "brightness_step_pct", -100, 100)
    if step is None and step_percent is not None:
        step = BRIGHTEST * step_percent / 100
    if step is None:
        return state.brightness
    return round(step + (state.brightness if state.is_on else 0))


def _white(wish: DeviceAction) -> float | None:
    """The wished white [K]."""
    for key in ("color_temp_kelvin", "kelvin"):
        kelvin = number(wish, key, 1_000, 20_000)
        if kelvin is not None:
            return kelvin
    mireds = number(wish, "color_temp", 50, 1_000)
    return None if mireds is None else 1e6 / mireds


def _kelvin(wished: float) -> int:
    return round(min(max(wished, KELVIN[0]), KELVIN[1]))
