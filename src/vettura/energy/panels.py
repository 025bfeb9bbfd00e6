"""From the sun's height and what reaches the ground to a roof's power: closed formulas.

The same formulas serve one instant (floats, microseconds) and a year (arrays). They are what the
virtual house's panels give, and what forecasts fall back on where pvlib is not installed; against
pvlib's ModelChain a year of a south roof differs by less than 3 % (`tests/energy/test_sun.py`).
"""

import math
from typing import Any, NamedTuple, TypeAlias, final

import numpy as np

from vettura.energy.config import PanelConfig
from vettura.energy.problem import Array
from vettura.energy.slots import Slots
from vettura.life.sun import declination_rad, solar_hour
from vettura.life.sun_series import (
    clear_skies_w_per_m2,
    day_angles_rad,
    declinations_rad,
    solar_hours,
)
from vettura.units import NS_PER_S

SOLAR_CONSTANT_W_PER_M2 = 1_361.0
"""Kopp and Lean 2011, Geophysical Research Letters 38, L01706."""
ALBEDO = 0.2
"""Of grass and town (pvlib's and PVGIS' default)."""
POWER_PER_K = -0.0035
"""PVWatts version 5, premium module (Dobos, NREL/TP-6A20-62641, 2014)."""
INVERTER_EFFICIENCY = 0.96
"""PVWatts version 5, nominal."""
HEAT_LOSS, HEAT_LOSS_BY_WIND = 25.0, 6.84
"""Faiman 2008 (Progress in Photovoltaics 16, 307): W/(m² K), and with each m/s of wind."""
REFLECTION = 0.05
"""ASHRAE incidence modifier (Souka and Safwat 1966, Solar Energy 10, 170)."""
_LOW_SINE = 0.035
"""Below 2° beam and geometry say little: the ratio of planes is held."""

Number: TypeAlias = Any
"""A float or an array: the formulas are the same for both."""


class Where(NamedTuple):
    """A place on Earth."""

    latitude_deg: float
    longitude_deg: float


class SunAngles(NamedTuple):
    """Where the sun stands, one number or one for each instant."""

    declination_rad: Number
    hour_rad: Number
    """0 when it is highest, positive in the afternoon."""
    extra_w_per_m2: Number
    """What reaches the top of the air, square to the beam."""


class Air(NamedTuple):
    """What reaches the ground, one number or one for each instant."""

    sun_w_per_m2: Number
    """Global, on the horizontal."""
    ambient_degc: Number
    wind_mps: Number


@final
class _OneNumber:
    """Numpy's names for a single float: thirty times sooner than arrays of one."""

    sin, cos, exp = math.sin, math.cos, math.exp

    @staticmethod
    def maximum(a: float, b: float) -> float:
        return max(a, b)

    @staticmethod
    def minimum(a: float, b: float) -> float:
        return min(a, b)

    @staticmethod
    def where(test: bool, a: float, b: float) -> float:
        return a if test else b


def angles_at(time_ns: int, longitude_deg: float) -> SunAngles:
    """The sun's angles at one instant [ns since the epoch]."""
    hour_rad = math.radians(15.0 * (solar_hour(time_ns, longitude_deg) - 12.0))
    declination = declination_rad(time_ns)
    year_rad = 2.0 * math.pi * (time_ns / (365.2425 * 86_400 * NS_PER_S) % 1.0)
    return SunAngles(declination, hour_rad, _extra_w_per_m2(year_rad, math.cos))


def angles_over(slots: Slots, longitude_deg: float) -> SunAngles:
    """The sun's angles in the middle of each slot."""
    times = slots.start_ns + slots.slot_ns // 2 + slots.slot_ns * np.arange(slots.count)
    year_rad = 2.0 * np.pi * (times / (365.2425 * 86_400 * NS_PER_S) % 1.0)
    angle = day_angles_rad(times)
    hour = solar_hours(times, angle, longitude_deg)
    extra = _extra_w_per_m2(year_rad, np.cos)
    return SunAngles(declinations_rad(angle), np.radians(15.0 * (hour - 12.0)), extra)


def clear_sky_over(angles: SunAngles, latitude_deg: float) -> Array:
    """Global horizontal irradiance under a clear sky [W/m²]: Haurwitz, as `life.sun`."""
    return clear_skies_w_per_m2(_height_sine(angles, math.radians(latitude_deg), np))


def panel_w(panel: PanelConfig, angles: SunAngles, air: Air, latitude_deg: float) -> float:
    """What one roof gives at one instant [W]."""
    return float(_power_w(panel, angles, air, math.radians(latitude_deg), _OneNumber))


def panels_over(panel: PanelConfig, angles: SunAngles, air: Air, latitude_deg: float) -> Array:
    """What one roof gives at each instant [W]."""
    return np.asarray(_power_w(panel, angles, air, math.radians(latitude_deg), np))


def _power_w(panel: PanelConfig, angles: SunAngles, air: Air, latitude: float, m: Number) -> Number:
    """Plane of array, cell temperature, PVWatts' line, inverter."""
    plane = _plane_w_per_m2(panel, angles, air.sun_w_per_m2, latitude, m)
    cell_degc = air.ambient_degc + plane / (HEAT_LOSS + HEAT_LOSS_BY_WIND * air.wind_mps)
    dc_w = panel.peak_w * plane / 1000.0 * (1.0 + POWER_PER_K * (cell_degc - 25.0))
    ac_w = dc_w * (1.0 - panel.losses) * INVERTER_EFFICIENCY
    limit_w = panel.peak_w if panel.inverter_w_max is None else panel.inverter_w_max
    return m.minimum(m.maximum(ac_w, 0.0), limit_w)


def _plane_w_per_m2(
    panel: PanelConfig, angles: SunAngles, ground: Number, latitude: float, m: Number
) -> Number:
    """Irradiance on the roof, less what its glass reflects.

    Diffuse share: Erbs, Klein and Duffie 1982 (Solar Energy 28, 293). Sky: Hay and Davies 1980.
    """
    sine = _height_sine(angles, latitude, m)
    high = m.maximum(sine, _LOW_SINE)
    cosine = m.maximum(_incidence_cosine(panel, angles, latitude, m), 0.0)
    clearness = m.minimum(ground / (angles.extra_w_per_m2 * high), 1.0)
    share = _diffuse_share(clearness, m)
    diffuse, beam = ground * share, ground * (1.0 - share)
    ratio = cosine / high
    circumsolar = m.minimum(beam / (angles.extra_w_per_m2 * high), 1.0)
    glass = m.maximum(1.0 - REFLECTION * (1.0 / m.maximum(cosine, 0.05) - 1.0), 0.0)
    tilt = math.cos(math.radians(panel.tilt_deg))
    sky = diffuse * (1.0 - circumsolar) * (1.0 + tilt) / 2.0
    earth = ground * ALBEDO * (1.0 - tilt) / 2.0
    # At night, and in the minutes around sunrise, the ratio means nothing.
    direct = m.where(sine > 0.0, (beam + diffuse * circumsolar) * ratio * glass, 0.0)
    return direct + sky + earth


def _diffuse_share(clearness: Number, m: Number) -> Number:
    k = clearness
    middle = 0.9511 + k * (-0.1604 + k * (4.388 + k * (-16.638 + k * 12.336)))
    return m.where(k <= 0.22, 1.0 - 0.09 * k, m.where(k <= 0.80, middle, 0.165))


def _height_sine(angles: SunAngles, latitude: float, m: Number) -> Number:
    """Sine of the sun's height (Duffie and Beckman 2013, eq. 1.6.5)."""
    declination = angles.declination_rad
    return math.sin(latitude) * m.sin(declination) + math.cos(latitude) * m.cos(
        declination
    ) * m.cos(angles.hour_rad)


def _incidence_cosine(panel: PanelConfig, angles: SunAngles, latitude: float, m: Number) -> Number:
    """Cosine of the angle between sun and roof (Duffie and Beckman 2013, eq. 1.6.2)."""
    tilt, turn = math.radians(panel.tilt_deg), math.radians(panel.azimuth_deg - 180.0)
    up, across = math.cos(tilt), math.sin(tilt) * math.cos(turn)
    sin_d, cos_d = m.sin(angles.declination_rad), m.cos(angles.declination_rad)
    north = math.sin(latitude) * up - math.cos(latitude) * across
    high = math.cos(latitude) * up + math.sin(latitude) * across
    west = math.sin(tilt) * math.sin(turn)
    return sin_d * north + cos_d * (high * m.cos(angles.hour_rad) + west * m.sin(angles.hour_rad))


def _extra_w_per_m2(year_rad: Number, cosine: Number) -> Number:
    """Duffie and Beckman 2013, eq. 1.4.1a."""
    return SOLAR_CONSTANT_W_PER_M2 * (1.0 + 0.033 * cosine(year_rad))
