"""The weather around a household at any time: seasons, days, hours, from a seed alone."""

import math
from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple

from vettura.bus.messages import Weather
from vettura.clock.chance import random_stream
from vettura.life.climate import (
    DAY_MEMORY,
    DAY_SIGMA_K,
    ELEVATION_M,
    between,
    clearness_at,
    mean_clearness,
    season,
)
from vettura.life.sun import (
    clear_sky_w_per_m2,
    day_angle_rad,
    height_sine,
    solar_hour,
    sunrise_hour,
)

LAPSE_K_PER_M = 0.0065
"""The air cools by this with each metre up (ISO 2533 standard atmosphere)."""
WARMEST_HOUR = 14.5
"""Solar hour of a day's highest temperature; the source of `climate` has it at 14 to 15 UTC."""

GUST_WIDTH, GUSTS_MAX = 0.55, 8.0
"""Width of the wind over its mean as a logarithm, as in the source of `climate`; and its most."""
FLICKER = 0.35
"""How far the clouds of an hour stray from their day's, most where half the sun gets through."""
CLEAR_MIN, CLEAR_MAX = 0.05, 1.12
"""Sun over a clear sky's: under the thickest clouds, and between bright ones."""

FALLING = ("rainy", "snowy")
RAIN_FROM = 0.7
"""Share of the dark hours without rain."""
DRIZZLE_MM_PER_H, POUR_MM_PER_H = 0.2, 5.0
"""The least, and above it the most that falls: 1.5 mm/h in the mean of wet hours, which makes some
900 mm a year, the order of the plain around Turin."""
SATURATION_PA = (610.94, 17.625, 243.04)
"""Magnus formula over water: factor [Pa], and the two constants of its exponent (Alduchov and
Eskridge, J. Appl. Meteorol. 35, 1996)."""

_HOUR_NS = 3_600_000_000_000
_DAY_HOURS = 24
_MEMORY_DAYS = 20
_NORMAL = NormalDist()


class Sky(NamedTuple):
    """Chance of one moment: standard normal deviates, except `rain`, even between 0 and 1."""

    warmth: float
    clouds: float
    gust: float
    flicker: float
    rain: float


@lru_cache(maxsize=256)
def weather_at(
    *, latitude_deg: float, longitude_deg: float, elevation_m: float, time_ns: int, seed: int
) -> Weather:
    """Return the weather there at that instant [ns since the epoch].

    Temperature: monthly means and daily swings of `climate` (PVGIS, Turin), day-to-day deviation
    as an AR(1) process, the standard atmosphere's lapse from 250 m. Sun: Haurwitz 1945 times the
    clearness of the day. It holds for northern Italy; elsewhere the sun is right and the air is
    Turin's. All places of one `seed` share the same clouds.
    """
    sky = _sky(seed, time_ns)
    before, after, share = season(day_angle_rad(time_ns) / (2.0 * math.pi))
    darker = _NORMAL.cdf(sky.clouds)
    clear = between(clearness_at(before, darker), clearness_at(after, darker), share)
    usual = between(mean_clearness(before), mean_clearness(after), share)
    swing_k = between(before.swing_k, after.swing_k, share) * (0.4 + 0.6 * clear / usual)
    phase = _daily_phase(solar_hour(time_ns, longitude_deg), sunrise_hour(time_ns, latitude_deg))
    middle_degc = (
        between(before.mean_degc, after.mean_degc, share)
        + DAY_SIGMA_K * sky.warmth
        - LAPSE_K_PER_M * (elevation_m - ELEVATION_M)
    )
    ambient_degc = middle_degc + swing_k * phase
    wind_mps = between(before.wind_mps, after.wind_mps, share) * _gusts(sky.gust)
    flicker = FLICKER * sky.flicker * max(0.0, clear * (1.0 - clear))
    now_clear = min(max(clear + flicker, CLEAR_MIN), CLEAR_MAX)
    sine = height_sine(time_ns, latitude_deg=latitude_deg, longitude_deg=longitude_deg)
    condition = _condition(sky, now_clear, ambient_degc, wind_mps, night=sine < 0.0)
    return Weather(
        time_ns=time_ns,
        ambient_degc=ambient_degc,
        wind_mps=wind_mps,
        wind_bearing_deg=_bearing_deg(seed, time_ns),
        sun_w_per_m2=now_clear * clear_sky_w_per_m2(sine),
        condition=condition,
        rain_mm_per_h=_rain_mm_per_h(sky) if condition in FALLING else 0.0,
        humidity=_humidity(middle_degc - swing_k, ambient_degc, condition),
    )


def cloud_cover(clearness: float) -> float:
    """Share of the sky that clouds cover, 0 to 1, when so much of a clear day's sun gets through.

    Kasten and Czeplak 1980 (Solar Energy 24, 177) solved for the cover: k = 1 - 0.75 n^3.4.
    """
    return min(1.0, math.pow(max(0.0, 1.0 - clearness) / 0.75, 1.0 / 3.4))


def _daily_phase(hour: float, sunrise: float) -> float:
    """From -1 at the coldest hour, which is sunrise, to 1 at the warmest: two half cosines."""
    coldest = min(max(sunrise, 4.0), 8.0)
    rising_h = WARMEST_HOUR - coldest
    if coldest <= hour <= WARMEST_HOUR:
        return -math.cos(math.pi * (hour - coldest) / rising_h)
    return math.cos(math.pi * ((hour - WARMEST_HOUR) % 24.0) / (24.0 - rising_h))


def _gusts(deviate: float) -> float:
    """Wind over its mean: log-normal."""
    return min(math.exp(GUST_WIDTH * deviate - 0.5 * GUST_WIDTH**2), GUSTS_MAX)


def _bearing_deg(seed: int, time_ns: int) -> float:
    """Where the wind comes from: even over the rose by day, turning the short way in between."""
    day, share = divmod(time_ns / (_DAY_HOURS * _HOUR_NS), 1.0)
    today, tomorrow = (
        360.0 * random_stream(seed, f"weather.bearing.{int(day) + k}").random() for k in (0, 1)
    )
    turn = (tomorrow - today + 180.0) % 360.0 - 180.0
    return (today + share * turn) % 360.0


def _condition(sky: Sky, clear: float, ambient_degc: float, wind_mps: float, *, night: bool) -> str:
    cover = cloud_cover(clear)
    if cover > 0.85 and sky.rain > RAIN_FROM:
        return "snowy" if ambient_degc < 1.0 else "rainy"
    if ambient_degc < 8.0 and wind_mps < 0.7 and sky.rain > 0.6:
        return "fog"
    if cover > 0.7:
        return "cloudy"
    return "clear-night" if night else "sunny"


def _rain_mm_per_h(sky: Sky) -> float:
    share = max(sky.rain - RAIN_FROM, 0.0) / (1.0 - RAIN_FROM)
    return DRIZZLE_MM_PER_H + POUR_MM_PER_H * share * share * share


def _humidity(coldest_degc: float, ambient_degc: float, condition: str) -> float:
    """Relative humidity, 0.1 to 1: the dew point is near the coldest hour of the day.

    Kimball, Running and Nemani 1997 (Agricultural and Forest Meteorology 85, 87); rain and fog
    saturate the air whatever the hour.
    """
    dry = min(_saturation_pa(coldest_degc) / _saturation_pa(ambient_degc), 1.0)
    return max(dry, 0.95) if condition in {*FALLING, "fog"} else max(dry, 0.1)


def _saturation_pa(degc: float) -> float:
    factor_pa, slope, offset_degc = SATURATION_PA
    return factor_pa * math.exp(slope * degc / (offset_degc + degc))


def _sky(seed: int, time_ns: int) -> Sky:
    """Chance at that instant, between the two full hours around it and the two noons around it."""
    hour, rest_ns = divmod(time_ns, _HOUR_NS)
    share = rest_ns / _HOUR_NS
    here, there = hourly_chance(seed, hour), hourly_chance(seed, hour + 1)
    day, noon_share = divmod(time_ns / (_DAY_HOURS * _HOUR_NS) - 0.5, 1.0)
    today, tomorrow = daily_chance(seed, int(day)), daily_chance(seed, int(day) + 1)
    warmth, clouds = (between(a, b, noon_share) for a, b in zip(today, tomorrow, strict=True))
    flicker, gust = (between(a, b, share) for a, b in zip(here[:2], there[:2], strict=True))
    return Sky(warmth=warmth, clouds=clouds, gust=gust, flicker=flicker, rain=here[2])


@lru_cache(maxsize=1024)
def daily_chance(seed: int, day: int) -> tuple[float, float]:
    """Deviates of a day's warmth and clouds: AR(1), summed back until nothing is remembered."""
    scale = math.sqrt(1.0 - DAY_MEMORY**2)
    warmth = clouds = 0.0
    for age in reversed(range(_MEMORY_DAYS)):
        new_warmth, new_clouds = _shocks(seed, day - age)
        warmth = DAY_MEMORY * warmth + scale * new_warmth
        clouds = DAY_MEMORY * clouds + scale * new_clouds
    return warmth, clouds


@lru_cache(maxsize=1024)
def _shocks(seed: int, day: int) -> tuple[float, float]:
    chance = random_stream(seed, f"weather.day.{day}")
    return chance.gauss(0.0, 1.0), chance.gauss(0.0, 1.0)


@lru_cache(maxsize=1024)
def hourly_chance(seed: int, hour: int) -> tuple[float, float, float]:
    """Deviates of clouds and wind in that hour, and the share that decides whether it rains."""
    chance = random_stream(seed, f"weather.hour.{hour}")
    return chance.gauss(0.0, 1.0), chance.gauss(0.0, 1.0), chance.random()
