"""Where the sun stands and what it gives through a clear sky."""

import math
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DEG_PER_HOUR = 15.0


def day_angle_rad(time_ns: int) -> float:
    """Share of the year gone by [rad]; 0 on 1 January (Spencer 1971, Search 2 (5), 172)."""
    instant = _EPOCH + timedelta(microseconds=time_ns // 1000)
    begin = datetime(instant.year, 1, 1, tzinfo=UTC)
    length = datetime(instant.year + 1, 1, 1, tzinfo=UTC) - begin
    return 2.0 * math.pi * ((instant - begin) / length)


def declination_rad(time_ns: int) -> float:
    """Angle of the sun above the equator's plane [rad]; Spencer 1971, within 0.04 degrees."""
    g = day_angle_rad(time_ns)
    return (
        0.006918
        - 0.399912 * math.cos(g)
        + 0.070257 * math.sin(g)
        - 0.006758 * math.cos(2 * g)
        + 0.000907 * math.sin(2 * g)
        - 0.002697 * math.cos(3 * g)
        + 0.00148 * math.sin(3 * g)
    )


def solar_hour(time_ns: int, longitude_deg: float) -> float:
    """Hour of true solar time, 0 to 24; 12 when the sun is highest (Spencer 1971)."""
    g = day_angle_rad(time_ns)
    equation_h = (24.0 / (2.0 * math.pi)) * (
        0.000075
        + 0.001868 * math.cos(g)
        - 0.032077 * math.sin(g)
        - 0.014615 * math.cos(2 * g)
        - 0.040849 * math.sin(2 * g)
    )
    utc_h = time_ns % 86_400_000_000_000 / 3.6e12
    return (utc_h + longitude_deg / _DEG_PER_HOUR + equation_h) % 24.0


def height_sine(time_ns: int, *, latitude_deg: float, longitude_deg: float) -> float:
    """Sine of the sun's height above the horizon; negative at night.

    Spherical trigonometry (Duffie and Beckman 2013, Solar Engineering of Thermal Processes,
    eq. 1.6.5), without refraction.
    """
    latitude = math.radians(latitude_deg)
    declination = declination_rad(time_ns)
    hour_angle = math.radians(_DEG_PER_HOUR * (solar_hour(time_ns, longitude_deg) - 12.0))
    return math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(
        declination
    ) * math.cos(hour_angle)


def sunrise_hour(time_ns: int, latitude_deg: float) -> float:
    """Solar hour when the sun rises on that day [h]: 0 when it never sets, 12 when never seen."""
    tangents = math.tan(math.radians(latitude_deg)) * math.tan(declination_rad(time_ns))
    return 12.0 - math.degrees(math.acos(min(max(-tangents, -1.0), 1.0))) / _DEG_PER_HOUR


def clear_sky_w_per_m2(sine: float) -> float:
    """Global horizontal irradiance under a clear sky [W/m²] for the sine of the sun's height.

    Haurwitz 1945 (Journal of Meteorology 2, 154), coefficients as in pvlib: 1098 and 0.059.
    """
    return 1098.0 * sine * math.exp(-0.059 / sine) if sine > 1e-3 else 0.0
