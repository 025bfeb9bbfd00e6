"""`life.weather` for many instants at once: a year of quarters in a fraction of a second.

The figures are those of `weather_at` to within rounding; only what energy needs is made.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from vettura.life.climate import (
    DAY_SIGMA_K,
    ELEVATION_M,
    SHARES,
    TURIN,
    Month,
    mean_clearness,
)
from vettura.life.sun_series import (
    Series,
    Times,
    clear_skies_w_per_m2,
    day_angles_rad,
    declinations_rad,
    height_sines,
    solar_hours,
    sunrise_hours,
)
from vettura.life.weather import (
    CLEAR_MAX,
    CLEAR_MIN,
    FLICKER,
    GUST_WIDTH,
    GUSTS_MAX,
    LAPSE_K_PER_M,
    WARMEST_HOUR,
    daily_chance,
    hourly_chance,
)

_HOUR_NS = 3_600_000_000_000
_DAY_NS = 24 * _HOUR_NS


class WeatherSeries(NamedTuple):
    """The weather at each instant, as `Weather` names it."""

    ambient_degc: Series
    wind_mps: Series
    sun_w_per_m2: Series


def weather_over(
    times_ns: Times, *, latitude_deg: float, longitude_deg: float, elevation_m: float, seed: int
) -> WeatherSeries:
    """The weather there at each instant; `life.weather.weather_at` says by which sources."""
    angle = day_angles_rad(times_ns)
    declination = declinations_rad(angle)
    solar_hour = solar_hours(times_ns, angle, longitude_deg)
    season = _Season(angle)
    warmth, clouds = _between(times_ns / _DAY_NS - 0.5, lambda day: daily_chance(seed, day))[:2]
    flicker, gust = _between(times_ns / _HOUR_NS, lambda hour: hourly_chance(seed, hour))[:2]
    darker = np.array([0.5 * math.erfc(-x / math.sqrt(2.0)) for x in clouds.tolist()])
    clear = season.clearness(darker)
    usual = season.of(mean_clearness)
    swing_k = season.of(lambda month: month.swing_k) * (0.4 + 0.6 * clear / usual)
    phase = _daily_phases(solar_hour, sunrise_hours(declination, latitude_deg))
    middle_degc = (
        season.of(lambda month: month.mean_degc)
        + DAY_SIGMA_K * warmth
        - LAPSE_K_PER_M * (elevation_m - ELEVATION_M)
    )
    gusts = np.minimum(np.exp(GUST_WIDTH * gust - 0.5 * GUST_WIDTH**2), GUSTS_MAX)
    wobble = FLICKER * flicker * np.maximum(0.0, clear * (1.0 - clear))
    now_clear = np.clip(clear + wobble, CLEAR_MIN, CLEAR_MAX)
    sines = height_sines(declination, solar_hour, latitude_deg)
    return WeatherSeries(
        ambient_degc=middle_degc + swing_k * phase,
        wind_mps=season.of(lambda month: month.wind_mps) * gusts,
        sun_w_per_m2=now_clear * clear_skies_w_per_m2(sines),
    )


class _Season:
    """The months before and after each instant, and how far on it is."""

    def __init__(self, angles_rad: Series) -> None:
        position = (angles_rad / (2.0 * math.pi) % 1.0) * 12.0 - 0.5
        index = np.floor(position).astype(np.int64)
        self._before, self._after = index % 12, (index + 1) % 12
        self._share = position - index

    def of(self, figure: Callable[[Month], float]) -> Series:
        """That figure of the months, a straight line between their middles."""
        table = np.array([figure(month) for month in TURIN])
        return self._line(table[self._before], table[self._after])

    def clearness(self, darker: Series) -> Series:
        """Sun over a clear sky's where that share of the days is darker."""
        found = np.array([np.interp(darker, SHARES, month.clearness) for month in TURIN])
        columns = np.arange(len(darker))
        return self._line(found[self._before, columns], found[self._after, columns])

    def _line(self, before: Series, after: Series) -> Series:
        return np.asarray(before + self._share * (after - before))


def _between(position: Series, chance: Callable[[int], tuple[float, ...]]) -> Series:
    """(chances, instants): straight lines between the whole numbers around each position."""
    whole = np.floor(position).astype(np.int64)
    first, last = int(whole.min()), int(whole.max()) + 1
    table = np.array([chance(number) for number in range(first, last + 1)]).T
    before, after = table[:, whole - first], table[:, whole - first + 1]
    return np.asarray(before + (position - whole) * (after - before))


def _daily_phases(hour: Series, sunrise: Series) -> Series:
    """From -1 at the coldest hour to 1 at the warmest, as `life.weather` has it."""
    coldest = np.clip(sunrise, 4.0, 8.0)
    rising_h = WARMEST_HOUR - coldest
    rises = (coldest <= hour) & (hour <= WARMEST_HOUR)
    up = -np.cos(math.pi * (hour - coldest) / rising_h)
    down = np.cos(math.pi * ((hour - WARMEST_HOUR) % 24.0) / (24.0 - rising_h))
    return np.asarray(np.where(rises, up, down))
