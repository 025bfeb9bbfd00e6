"""Colours of light in every form that Home Assistant knows, and how one becomes another. Pure.

Red, green and blue are whole numbers from 0 to 255; hue is in degrees, saturation in percent; xy
are CIE 1931 coordinates; colour temperatures are in kelvins, or in mireds (a million of kelvins).
Roundings are Home Assistant 2024.3.3's, so that attributes agree.
"""

import colorsys
import csv
import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple, TypeAlias

Pair: TypeAlias = tuple[float, float]
Rgb: TypeAlias = tuple[int, int, int]
Channels: TypeAlias = tuple[float, ...]
MIREDS_PER_KELVIN = 1_000_000
FULL = 255
GAMMA_KNEE, LINEAR_KNEE = 0.04045, 0.0031308
"""Where sRGB's curve begins (IEC 61966-2-1)."""
TO_XYZ = (
    (0.664511, 0.154324, 0.162028),
    (0.283881, 0.668433, 0.047685),
    (0.000088, 0.072310, 0.986039),
)
"""Wide gamut RGB with white D65 to CIE XYZ: Philips Hue's application notes."""
FROM_XYZ = (
    (1.656492, -0.354851, -0.255038),
    (-0.707196, 1.655397, 0.036152),
    (0.051713, -0.121364, 1.011530),
)
KELVIN_LOW, KELVIN_HIGH = 1000.0, 40_000.0


class Whites(NamedTuple):
    """The ends of a lamp's white light."""

    warmest_kelvin: int = 2000
    coldest_kelvin: int = 6535


@cache
def colour_names() -> Mapping[str, Rgb]:
    """The names of CSS Color Module Level 4, without spaces."""
    text = files("vettura.words").joinpath("colours.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["name"]: (int(row["red"]), int(row["green"]), int(row["blue"])) for row in rows}


def mireds(kelvin: float) -> int:
    """Mireds of kelvins, rounded down; and the other way round."""
    return math.floor(MIREDS_PER_KELVIN / kelvin)


def rgb_of_hs(hue_deg: float, saturation_percent: float, value_percent: float = 100.0) -> Rgb:
    """Red, green and blue of hue, saturation and brightness."""
    red, green, blue = colorsys.hsv_to_rgb(
        hue_deg / 360.0, saturation_percent / 100.0, value_percent / 100.0
    )
    return int(red * FULL), int(green * FULL), int(blue * FULL)


def hs_of_rgb(red: float, green: float, blue: float) -> Pair:
    """Hue and saturation of red, green and blue."""
    hue, saturation, _ = colorsys.rgb_to_hsv(red / FULL, green / FULL, blue / FULL)
    return round(hue * 360.0, 3), round(saturation * 100.0, 3)


def xy_of_rgb(red: float, green: float, blue: float) -> Pair:
    """CIE coordinates of red, green and blue; 0, 0 of black."""
    linear = [_linear(channel / FULL) for channel in (red, green, blue)]
    x, y, z = (_dot(row, linear) for row in TO_XYZ)
    total = x + y + z
    return (round(x / total, 3), round(y / total, 3)) if total else (0.0, 0.0)


def rgb_of_xy(x: float, y: float) -> Rgb:
    """The brightest red, green and blue with those coordinates."""
    y = y or 1e-11
    xyz = (x / y, 1.0, (1.0 - x - y) / y)
    bent = [max(0.0, _bent(_dot(row, xyz))) for row in FROM_XYZ]
    most = max(1.0, *bent)
    red, green, blue = (int(channel / most * FULL) for channel in bent)
    return red, green, blue


def _linear(share: float) -> float:
    curved: float = ((share + 0.055) / 1.055) ** 2.4
    return curved if share > GAMMA_KNEE else share / 12.92


def _bent(share: float) -> float:
    if share <= LINEAR_KNEE:
        return 12.92 * share
    curved: float = 1.055 * share ** (1.0 / 2.4) - 0.055
    return curved


def _dot(row: Sequence[float], column: Sequence[float]) -> float:
    return sum(one * other for one, other in zip(row, column, strict=True))


def rgb_of_kelvin(kelvin: float) -> Channels:
    """About the colour of a black body: T. Helland's fit (2012) of M. Charity's table."""
    hundreds = min(max(kelvin, KELVIN_LOW), KELVIN_HIGH) / 100.0
    red = FULL if hundreds <= 66 else 329.698727446 * (hundreds - 60) ** -0.1332047592
    if hundreds <= 66:
        green = 99.4708025861 * math.log(hundreds) - 161.1195681661
    else:
        green = 288.1221695283 * (hundreds - 60) ** -0.0755148492
    blue: float = FULL
    if hundreds < 66:
        cold = hundreds > 19
        blue = 138.5177312231 * math.log(hundreds - 10) - 305.0447927307 if cold else 0.0
    return _within(red), _within(green), _within(blue)


def _within(channel: float) -> float:
    return min(max(channel, 0.0), float(FULL))


def hs_of_kelvin(kelvin: float) -> Pair:
    """Hue and saturation of a colour temperature."""
    red, green, blue = rgb_of_kelvin(kelvin)
    return hs_of_rgb(red, green, blue)


def kelvin_of_xy(x: float, y: float) -> int:
    """Colour temperature: C. S. McCamy (1992), doi 10.1002/col.5080170211, 2000 to 10000 K."""
    n = (x - 0.3320) / ((0.1858 - y) or 1e-11)
    return int(437 * n**3 + 3601 * n**2 + 6861 * n + 5517)


def _as_bright(before: Sequence[float], after: Sequence[float]) -> tuple[int, ...]:
    """Scale channels so that the most of them is what it was."""
    most = max(after)
    factor = max(before) / most if most else 0.0
    return tuple(round(channel * factor) for channel in after)


def rgbw_of_rgb(red: int, green: int, blue: int) -> tuple[int, ...]:
    """The same with what red, green and blue share given to a white light."""
    white = min(red, green, blue)
    return _as_bright((red, green, blue), (red - white, green - white, blue - white, white))


def rgb_of_rgbw(red: int, green: int, blue: int, white: int) -> tuple[int, ...]:
    """The white light added to red, green and blue."""
    return _as_bright((red, green, blue, white), (red + white, green + white, blue + white))


def rgbww_of_rgb(red: int, green: int, blue: int, whites: Whites) -> tuple[int, ...]:
    """The same with what red, green and blue share given to a cold and a warm white light."""
    low, high = mireds(whites.coldest_kelvin), mireds(whites.warmest_kelvin)
    white = rgb_of_kelvin(mireds(low + (high - low) / 2.0))
    pairs = list(zip((red, green, blue), white, strict=True))
    level = min(channel / most if most else 0.0 for channel, most in pairs)
    rest = [channel - most * level for channel, most in pairs]
    return _as_bright((red, green, blue), (*rest, round(level * FULL), round(level * FULL)))


def rgb_of_rgbww(channels: Sequence[int], whites: Whites) -> tuple[int, ...]:
    """The cold and the warm white light added to red, green and blue."""
    *rgb, cold, warm = channels
    low, high = mireds(whites.coldest_kelvin), mireds(whites.warmest_kelvin)
    share = warm / (cold + warm) if cold + warm else 0.5
    white = rgb_of_kelvin(mireds(low + share * (high - low)))
    level = max(cold, warm) / FULL
    mixed = [channel + most * level for channel, most in zip(rgb, white, strict=True)]
    return _as_bright(channels, mixed)


def rgbww_of_kelvin(kelvin: float, brightness: float, whites: Whites) -> tuple[int, ...]:
    """A colour temperature from a cold and a warm white light."""
    low, high = mireds(whites.coldest_kelvin), mireds(whites.warmest_kelvin)
    cold = (high - mireds(kelvin)) / (high - low or 1) * brightness
    return 0, 0, 0, round(cold), round(brightness - cold)
