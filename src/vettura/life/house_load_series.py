"""`life.house_load` over a whole year: means of slots, from one value a minute."""

from datetime import date

import numpy as np

from vettura.life.house_load import (
    CHANGED_S,
    COOLING,
    LIVING_W,
    STANDBY_W,
    WEEKEND_SHARE,
    LoadDay,
    load_day,
    scale,
)
from vettura.life.local_time import local_date
from vettura.life.sun_series import Series
from vettura.units import NS_PER_S

STEP_S = 60
_STEP_NS = STEP_S * NS_PER_S


def house_load_over(
    start_ns: int,
    *,
    slot_s: int,
    count: int,
    timezone: str,
    kwh_per_year: float,
    seed: int,
) -> Series:
    """What the house uses [W] in each of `count` slots, the mean of `house_load_w` in the middle
    of each minute; a slot is whole minutes."""
    minutes = count * slot_s // STEP_S
    end_ns = start_ns + count * slot_s * NS_PER_S
    powers = np.empty(minutes)
    times_ns = start_ns + _STEP_NS // 2 + _STEP_NS * np.arange(minutes, dtype=np.int64)
    first = local_date(start_ns, timezone).toordinal()
    last = local_date(end_ns - 1, timezone).toordinal()
    for number in range(first, last + 1):
        day = load_day(date.fromordinal(number), timezone, seed)
        begin, end = np.searchsorted(times_ns, [day.begin_ns, day.end_ns])
        seconds = (times_ns[begin:end] - day.begin_ns) / NS_PER_S
        shown = np.where(seconds >= CHANGED_S, seconds - day.longer_s, seconds)
        powers[begin:end] = _powers_w(day, shown)
    per_slot = slot_s // STEP_S
    return np.asarray(kwh_per_year * scale() * powers.reshape(count, per_slot).mean(axis=1))


def _powers_w(day: LoadDay, seconds: Series) -> Series:
    hours = seconds / 3600.0 % 24.0
    living = np.interp(hours, np.arange(25), [*LIVING_W, LIVING_W[0]])
    if day.is_weekend:
        living = np.where((hours >= 9.0) & (hours < 18.0), living * WEEKEND_SHARE, living)
    powers = STANDBY_W + day.living * living
    for event in day.events:
        powers[(seconds >= event.begin_s) & (seconds < event.end_s)] += event.power_w
    for cycle, phase in zip(COOLING, day.phases, strict=True):
        is_on = (seconds / cycle.period_s + phase) % 1.0 < cycle.on_share
        powers[is_on] += cycle.power_w
    return np.asarray(powers)
