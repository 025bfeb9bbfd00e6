"""When the sun rises, sets and stands where: the NOAA solar calculator's equations.

They come from Meeus 1998, Astronomical Algorithms, in the reduced form of NOAA's spreadsheets
(https://gml.noaa.gov/grad/solcalc/calcdetails.html), good to a minute between 72° north and south.
Rising and setting follow Home Assistant's convention: the sun's centre 16 arc minutes below the
horizon that an observer at this elevation sees, refraction added.
"""

import math
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from vettura.life.local_time import day_start_ns
from vettura.units import NS_PER_S

DISC_DEG = 16.0 / 60.0
"""The sun's apparent radius."""
EARTH_RADIUS_M = 6_356_900.0
_LATITUDE_MAX = 89.8
_J2000 = 2_451_545.0
_JULIAN_1970 = 2_440_587.5
_DAY_NS = 86_400 * NS_PER_S
_SEARCH_DAYS = 367


class SkyPlace(NamedTuple):
    """Who looks at the sky: degrees north and east, metres above the land around."""

    latitude_deg: float
    longitude_deg: float
    elevation_m: float = 0.0


class _Sun(NamedTuple):
    declination_rad: float
    equation_min: float
    """Equation of time [min]: the sundial minus the clock."""


def _sun(century: float) -> _Sun:
    """The sun at that Julian century from 2000."""
    t = century
    mean_longitude = (280.46646 + t * (36000.76983 + t * 0.0003032)) % 360.0
    anomaly = math.radians(357.52911 + t * (35999.05029 - 0.0001537 * t))
    eccentricity = 0.016708634 - t * (0.000042037 + 0.0000001267 * t)
    centre = (
        math.sin(anomaly) * (1.914602 - t * (0.004817 + 0.000014 * t))
        + math.sin(2.0 * anomaly) * (0.019993 - 0.000101 * t)
        + math.sin(3.0 * anomaly) * 0.000289
    )
    node = math.radians(125.04 - 1934.136 * t)
    apparent = math.radians(mean_longitude + centre - 0.00569 - 0.00478 * math.sin(node))
    arc_s = 21.448 - t * (46.815 + t * (0.00059 - t * 0.001813))
    obliquity = math.radians(23.0 + (26.0 + arc_s / 60.0) / 60.0 + 0.00256 * math.cos(node))
    half = math.tan(obliquity / 2.0)
    y = half * half
    longitude = math.radians(mean_longitude)
    equation = (
        y * math.sin(2.0 * longitude)
        - 2.0 * eccentricity * math.sin(anomaly)
        + 4.0 * eccentricity * y * math.sin(anomaly) * math.cos(2.0 * longitude)
        - 0.5 * y * y * math.sin(4.0 * longitude)
        - 1.25 * eccentricity * eccentricity * math.sin(2.0 * anomaly)
    )
    declination = math.degrees(math.asin(math.sin(obliquity) * math.sin(apparent)))
    return _Sun(math.radians(declination), 4.0 * math.degrees(equation))


def refraction_deg(elevation_deg: float) -> float:
    """How much higher the air makes the sun look (NOAA solar calculator)."""
    if elevation_deg >= 85.0:
        return 0.0
    tangent = math.tan(math.radians(elevation_deg))
    if elevation_deg > 5.0:
        arc_s = 58.1 / tangent - 0.07 / tangent**3 + 0.000086 / tangent**5
    elif elevation_deg > -0.575:
        x = elevation_deg
        arc_s = 1735.0 + x * (-518.2 + x * (103.4 + x * (-12.79 + x * 0.711)))
    else:
        arc_s = -20.774 / tangent
    return arc_s / 3600.0


def position_deg(time_ns: int, place: SkyPlace) -> tuple[float, float]:
    """The sun's apparent height above the horizon and its azimuth from north over east."""
    century = (time_ns / _DAY_NS + _JULIAN_1970 - _J2000) / 36_525.0
    sun = _sun(century)
    minutes = time_ns % _DAY_NS / (60 * NS_PER_S)
    solar_min = (minutes + sun.equation_min + 4.0 * place.longitude_deg) % 1440.0
    hour = math.radians(solar_min / 4.0 - 180.0)
    latitude = math.radians(min(max(place.latitude_deg, -_LATITUDE_MAX), _LATITUDE_MAX))
    sine = math.sin(latitude) * math.sin(sun.declination_rad) + math.cos(latitude) * math.cos(
        sun.declination_rad
    ) * math.cos(hour)
    elevation = math.degrees(math.asin(min(max(sine, -1.0), 1.0)))
    azimuth = math.degrees(
        math.atan2(
            math.sin(hour),
            math.cos(hour) * math.sin(latitude)
            - math.tan(sun.declination_rad) * math.cos(latitude),
        )
    )
    return elevation + refraction_deg(elevation), (azimuth + 180.0) % 360.0


def passes_ns(day: date, place: SkyPlace, *, depth_deg: float, rising: bool) -> int | None:
    """When the sun's centre is `depth_deg` below the horizon, going up or down.

    The day is one of UTC; the instant may fall a little outside it. None: not on that day.
    """
    dip = 0.0
    if place.elevation_m > 0.0:
        dip = math.degrees(math.acos(EARTH_RADIUS_M / (EARTH_RADIUS_M + place.elevation_m)))
    geometric = 90.0 + depth_deg + dip
    refraction = refraction_deg(90.0 - geometric)
    latitude = math.radians(min(max(place.latitude_deg, -_LATITUDE_MAX), _LATITUDE_MAX))
    start = _century(day)
    sun = _sun(start)
    minutes = 0.0
    # The first pass only finds the declination; Home Assistant's library takes refraction off there
    # and on in the second, which decides by minutes whether a polar day has a sunset at all.
    for zenith in (geometric - refraction, geometric + refraction):
        declination = sun.declination_rad
        cosine = math.cos(math.radians(zenith)) - math.sin(latitude) * math.sin(declination)
        cosine /= math.cos(latitude) * math.cos(declination)
        if not -1.0 <= cosine <= 1.0:
            return None
        hour_deg = math.degrees(math.acos(cosine)) * (1.0 if rising else -1.0)
        minutes = 720.0 - 4.0 * (place.longitude_deg + hour_deg) - sun.equation_min
        julian_day = start * 36_525.0 + _J2000 + minutes / 1440.0
        sun = _sun((julian_day - _J2000) / 36_525.0)
    return _instant_ns(day, minutes)


def sunrise_ns(day: date, place: SkyPlace) -> int | None:
    """When the sun rises on that day; None when it does not."""
    return passes_ns(day, place, depth_deg=DISC_DEG, rising=True)


def sunset_ns(day: date, place: SkyPlace) -> int | None:
    """When the sun sets on that day; None when it does not."""
    return passes_ns(day, place, depth_deg=DISC_DEG, rising=False)


def noon_ns(day: date, place: SkyPlace) -> int:
    """When the sun is highest on that day, to the second."""
    minutes = 720.0 - 4.0 * place.longitude_deg - _sun(_century(day)).equation_min
    return _instant_ns(day, int(minutes * 60.0) / 60.0)


def midnight_ns(day: date, place: SkyPlace) -> int:
    """When the sun is lowest, closest to the begin of that day, to the second."""
    century = _century(day) + (0.5 - place.longitude_deg / 360.0) / 36_525.0
    minutes = -4.0 * place.longitude_deg - _sun(century).equation_min
    return _instant_ns(day, int(minutes * 60.0) / 60.0)


def next_pass_ns(
    after_ns: int,
    place: SkyPlace,
    *,
    depth_deg: float,
    rising: bool,
    timezone: str,
    offset_ns: int = 0,
) -> int | None:
    """The first such moment plus `offset_ns` that lies after `after_ns`; None within a year."""
    day = local_day(after_ns, timezone) - timedelta(days=1)
    for _ in range(_SEARCH_DAYS + 1):
        instant = passes_ns(day, place, depth_deg=depth_deg, rising=rising)
        if instant is not None and instant + offset_ns > after_ns:
            return instant + offset_ns
        day += timedelta(days=1)
    return None


def local_day(time_ns: int, timezone: str) -> date:
    """The date there at that instant; the same as `local_date`, cheap for one day's instants."""
    day = datetime.fromtimestamp(time_ns // NS_PER_S, UTC).date()
    while day_start_ns(day, timezone) > time_ns:
        day -= timedelta(days=1)
    while day_start_ns(day + timedelta(days=1), timezone) <= time_ns:
        day += timedelta(days=1)
    return day


def _century(day: date) -> float:
    return (day.toordinal() - date(2000, 1, 1).toordinal() - 0.5) / 36_525.0


def _instant_ns(day: date, minutes: float) -> int:
    """The instant, its last digit cut off as Home Assistant's library does."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    days = int(minutes / 1440.0)
    seconds = (minutes - days * 1440) * 60.0
    part_us = int((seconds - int(seconds)) * 1_000_000)
    whole = int(midnight.timestamp()) + days * 86_400 + int(seconds)
    return whole * NS_PER_S + part_us * 1000
