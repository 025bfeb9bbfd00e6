"""Units that Home Assistant shows otherwise than they were announced, in a metric home. Pure.

Facts of Home Assistant 2024.3.3: which unit becomes which for sensors of a device class.
"""

import math
from typing import NamedTuple

FAHRENHEIT, CELSIUS = "°F", "°C"
INCH_MM, FOOT_M, YARD_M, MILE_KM = 25.4, 0.3048, 0.9144, 1.609344
"""International yard and pound agreement, 1959."""
PSI_KPA, INHG_HPA = 6.894757, 33.8639
CUBIC_FOOT_M3, GALLON_L, FLUID_OUNCE_ML = 0.0283168466, 3.785411784, 29.5735295625


class Scale(NamedTuple):
    """How a unit becomes another: by a factor, after an offset."""

    unit: str
    factor: float
    offset: float = 0.0
    """Added before the factor."""


SCALES: dict[tuple[str, str], Scale] = {
    ("temperature", FAHRENHEIT): Scale(CELSIUS, 1.0 / 1.8, -32.0),
    ("distance", "ft"): Scale("m", FOOT_M),
    ("distance", "in"): Scale("mm", INCH_MM),
    ("distance", "mi"): Scale("km", MILE_KM),
    ("distance", "yd"): Scale("m", YARD_M),
    ("gas", "ft³"): Scale("m³", CUBIC_FOOT_M3),
    ("precipitation", "in"): Scale("mm", INCH_MM),
    ("precipitation_intensity", "in/d"): Scale("mm/d", INCH_MM),
    ("precipitation_intensity", "in/h"): Scale("mm/h", INCH_MM),
    ("pressure", "psi"): Scale("kPa", PSI_KPA),
    ("pressure", "inHg"): Scale("hPa", INHG_HPA),
    ("atmospheric_pressure", "Pa"): Scale("hPa", 0.01),
    ("atmospheric_pressure", "kPa"): Scale("hPa", 10.0),
    ("atmospheric_pressure", "bar"): Scale("hPa", 1000.0),
    ("atmospheric_pressure", "mbar"): Scale("hPa", 1.0),
    ("atmospheric_pressure", "inHg"): Scale("hPa", INHG_HPA),
    ("speed", "ft/s"): Scale("km/h", 3.6 * FOOT_M),
    ("speed", "mph"): Scale("km/h", MILE_KM),
    ("wind_speed", "ft/s"): Scale("km/h", 3.6 * FOOT_M),
    ("wind_speed", "mph"): Scale("km/h", MILE_KM),
    ("wind_speed", "m/s"): Scale("km/h", 3.6),
    ("volume", "ft³"): Scale("m³", CUBIC_FOOT_M3),
    ("volume", "fl. oz."): Scale("mL", FLUID_OUNCE_ML),
    ("volume", "gal"): Scale("L", GALLON_L),
    ("water", "ft³"): Scale("m³", CUBIC_FOOT_M3),
    ("water", "gal"): Scale("L", GALLON_L),
}


def shown_unit(device_class: str, unit: str) -> str:
    """The unit that a sensor is shown in."""
    scale = SCALES.get((device_class, unit))
    return scale.unit if scale else unit


def converted(text: str, number: float, device_class: str, unit: str) -> str:
    """A sensor's state in the unit that it is shown in.

    With as many decimals as it came with, and more when the unit is ten or a hundred times larger.
    """
    scale = SCALES.get((device_class, unit))
    if scale is None:
        return text
    decimals = len(text.partition(".")[2]) + math.floor(max(0.0, -math.log10(scale.factor)))
    return f"{(number + scale.offset) * scale.factor:z.{decimals}f}"
