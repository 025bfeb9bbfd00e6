"""`life.sun` for many instants at once: the same equations on arrays."""

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Times: TypeAlias = NDArray[np.int64]
"""Nanoseconds since the epoch, UTC."""
Series: TypeAlias = NDArray[np.float64]

_DECLINATION = (0.006918, -0.399912, 0.070257, -0.006758, 0.000907, -0.002697, 0.00148)
_EQUATION = (0.000075, 0.001868, -0.032077, -0.014615, -0.040849)
"""Spencer 1971, as in `life.sun`: a constant, then cosine and sine of each multiple."""


def day_angles_rad(times_ns: Times) -> Series:
    """Share of the year gone by [rad] at each instant."""
    years = times_ns.astype("datetime64[ns]").astype("datetime64[Y]")
    begin = years.astype("datetime64[ns]").astype(np.int64)
    end = (years + 1).astype("datetime64[ns]").astype(np.int64)
    return np.asarray(2.0 * np.pi * ((times_ns - begin) / (end - begin)))


def declinations_rad(angles_rad: Series) -> Series:
    """Angle of the sun above the equator's plane [rad] for each day angle."""
    return _series(angles_rad, _DECLINATION)


def solar_hours(times_ns: Times, angles_rad: Series, longitude_deg: float) -> Series:
    """Hour of true solar time, 0 to 24, at each instant; `angles_rad` are its day angles."""
    equation_h = 24.0 / (2.0 * math.pi) * _series(angles_rad, _EQUATION)
    utc_h = times_ns % 86_400_000_000_000 / 3.6e12
    return np.asarray((utc_h + longitude_deg / 15.0 + equation_h) % 24.0)


def height_sines(declination_rad: Series, solar_hour: Series, latitude_deg: float) -> Series:
    """Sine of the sun's height above the horizon; negative at night."""
    latitude, hour_angle = math.radians(latitude_deg), np.radians(15.0 * (solar_hour - 12.0))
    level = math.sin(latitude) * np.sin(declination_rad)
    return np.asarray(level + math.cos(latitude) * np.cos(declination_rad) * np.cos(hour_angle))


def sunrise_hours(declination_rad: Series, latitude_deg: float) -> Series:
    """Solar hour when the sun rises on that day [h]."""
    tangents = math.tan(math.radians(latitude_deg)) * np.tan(declination_rad)
    return np.asarray(12.0 - np.degrees(np.arccos(np.clip(-tangents, -1.0, 1.0))) / 15.0)


def clear_skies_w_per_m2(sines: Series) -> Series:
    """Global horizontal irradiance under a clear sky [W/m²] for each sine of the sun's height."""
    safe = np.maximum(sines, 1e-3)
    return np.asarray(np.where(sines > 1e-3, 1098.0 * safe * np.exp(-0.059 / safe), 0.0))


def _series(g: Series, terms: tuple[float, ...]) -> Series:
    total = np.full(g.shape, terms[0])
    for k, (a, b) in enumerate(zip(terms[1::2], terms[2::2], strict=True), start=1):
        total += a * np.cos(k * g) + b * np.sin(k * g)
    return total
