"""What the virtual house uses at any instant without its cars: seeded, pure, cheap.

It has what a meter sees in a real one: standby, a fridge and a freezer that cycle, light and
screens that follow the hour and the season, cooking, washing and kettles as events of a few minutes
at full power. All of it is scaled so that a year gives what the household says it uses.
"""

import math
from datetime import date
from functools import lru_cache
from random import Random  # noqa: TID251  the type; streams are made by the clock's room
from typing import NamedTuple

from vettura.clock.chance import random_stream
from vettura.life.local_time import day_start_ns, local_date
from vettura.units import NS_PER_S

STANDBY_W = 90.0
"""An estimate: what waits, the network, a pump and the boiler's control together."""


class Cycle(NamedTuple):
    """A compressor that comes and goes."""

    power_w: float
    period_s: float
    on_share: float


COOLING = (Cycle(95.0, 3_300.0, 0.36), Cycle(80.0, 4_260.0, 0.33))
"""Fridge and freezer: some 300 and 230 kWh a year, an estimate of older ones."""

LIVING_W = (
    *(40.0, 25.0, 20.0, 20.0, 20.0, 30.0, 80.0, 120.0, 90.0, 80.0, 80.0, 90.0),
    *(110.0, 100.0, 90.0, 90.0, 110.0, 170.0, 250.0, 300.0, 320.0, 290.0, 200.0, 90.0),
)
"""Light, screens and small things at each full hour on a working day; the shape is that of
BDEW's H25."""
WEEKEND_SHARE = 1.25
"""At the weekend people are at home between 9 and 18."""


class Habit(NamedTuple):
    """Something done on some days, at about that time, for about that long."""

    chance: float
    weekend_chance: float
    at_s: float
    spread_s: float
    power_w: float
    minutes: float


HABITS = (
    Habit(0.9, 0.9, 25_200.0, 1_500.0, 1_100.0, 12.0),  # breakfast
    Habit(0.35, 0.85, 44_400.0, 2_400.0, 1_500.0, 26.0),  # lunch
    Habit(0.9, 0.8, 68_400.0, 2_700.0, 1_700.0, 28.0),  # dinner
    Habit(0.55, 0.6, 75_600.0, 3_000.0, 900.0, 65.0),  # dishwasher
    Habit(0.35, 0.6, 54_000.0, 14_000.0, 650.0, 75.0),  # washing
    Habit(0.2, 0.35, 61_200.0, 9_000.0, 700.0, 80.0),  # drying, ironing
    Habit(0.7, 0.8, 27_000.0, 3_000.0, 2_000.0, 3.0),  # kettles
    Habit(0.4, 0.8, 57_600.0, 5_400.0, 2_000.0, 3.0),
    Habit(0.6, 0.7, 77_400.0, 4_500.0, 2_000.0, 3.0),
)
"""Times are seconds of the day; the powers are means while it runs. Estimates: what is held to a
source is the sum, the year's energy, and the evening's peak (`tests/life/test_house_load.py`)."""
AWAY_CHANCE = 0.03
"""Of days nobody is at home: only standby and cooling."""
SEASON_SWING = 0.18
"""Winter over the mean, for light and screens; BDEW's factor has 0.2 for all."""
DAY_WIDTH = 0.22
"""How days differ from one another, as a logarithm."""
_DAY_S = 86_400.0
CHANGED_S = 10_800.0
"""By then clocks have been changed."""
_YEAR_DAYS = 365.2425


class Event(NamedTuple):
    """Full power between two seconds of a date."""

    begin_s: float
    end_s: float
    power_w: float


class LoadDay(NamedTuple):
    """What chance has in store for a date."""

    begin_ns: int
    end_ns: int
    living: float
    """Of `LIVING_W`, season and weekend included; 0 when nobody is there."""
    is_weekend: bool
    events: tuple[Event, ...]
    longer_s: float
    """Than 24 hours: an hour on the night clocks go back."""
    phases: tuple[float, ...]
    """Where the compressors are at midnight, 0 to 1."""


def house_load_w(time_ns: int, *, timezone: str, kwh_per_year: float, seed: int) -> float:
    """What the house uses at that instant [W], without cars and batteries; a few µs."""
    day = load_day_at(time_ns, timezone, seed)
    second = (time_ns - day.begin_ns) / NS_PER_S
    if second >= CHANGED_S:
        second -= day.longer_s
    return kwh_per_year * scale() * _power_w(day, second)


@lru_cache(maxsize=1)
def scale() -> float:
    """What the powers above are multiplied by for each kWh that a year shall have."""
    cooling_w = sum(cycle.power_w * cycle.on_share for cycle in COOLING)
    weekday_w, weekend_w = (
        sum(living_w(3600.0 * h, end) for h in range(24)) for end in (False, True)
    )
    here = 1.0 - AWAY_CHANCE
    living_wh = here * (5.0 * weekday_w + 2.0 * weekend_w) / 7.0 * math.exp(0.5 * DAY_WIDTH**2)
    habits_wh = here * sum(
        (5.0 * habit.chance + 2.0 * habit.weekend_chance)
        / 7.0
        * habit.power_w
        * habit.minutes
        / 60.0
        for habit in HABITS
    )
    day_wh = 24.0 * (STANDBY_W + cooling_w) + living_wh + habits_wh
    return 1_000.0 / (_YEAR_DAYS * day_wh)


def living_w(second: float, is_weekend: bool) -> float:
    """Light and screens at that second of an ordinary day [W], before the day's own factor."""
    hour, share = divmod(second / 3600.0 % 24.0, 1.0)
    before, after = LIVING_W[int(hour)], LIVING_W[(int(hour) + 1) % 24]
    power_w = before + share * (after - before)
    return power_w * WEEKEND_SHARE if is_weekend and 9.0 <= hour < 18.0 else power_w


def _living_wh(*, is_weekend: bool) -> float:
    """Light and screens of an ordinary day [Wh]."""
    return sum(living_w(3600.0 * hour, is_weekend) for hour in range(24))


def load_day_at(time_ns: int, timezone: str, seed: int) -> LoadDay:
    """The day that holds that instant; the last one asked for costs nothing."""
    last = _last.get((timezone, seed))
    if last is None or not last.begin_ns <= time_ns < last.end_ns:
        last = load_day(local_date(time_ns, timezone), timezone, seed)
        if len(_last) > 64:
            _last.clear()
        _last[timezone, seed] = last
    return last


_last: dict[tuple[str, int], LoadDay] = {}


@lru_cache(maxsize=512)
def load_day(day: date, timezone: str, seed: int) -> LoadDay:
    """What chance has in store for that date in a house of that seed."""
    chance = random_stream(seed, f"house.load.{day.toordinal()}")
    begin_ns = day_start_ns(day, timezone)
    end_ns = day_start_ns(date.fromordinal(day.toordinal() + 1), timezone)
    is_weekend = day.weekday() >= 5
    width = chance.gauss(0.0, DAY_WIDTH)
    phases = tuple(chance.random() for _ in COOLING)
    is_away = chance.random() < AWAY_CHANCE
    turn = 2.0 * math.pi * (day.timetuple().tm_yday - 10) / _YEAR_DAYS
    living = 0.0 if is_away else math.exp(width) * (1.0 + SEASON_SWING * math.cos(turn))
    events = () if is_away else tuple(_events(chance, is_weekend=is_weekend))
    longer_s = (end_ns - begin_ns) / NS_PER_S - _DAY_S
    return LoadDay(begin_ns, end_ns, living, is_weekend, events, longer_s, phases)


def _events(chance: Random, *, is_weekend: bool) -> list[Event]:
    events = []
    for habit in HABITS:
        # Each habit draws the same number of times, done or not: its chances are its own.
        is_done = chance.random() < (habit.weekend_chance if is_weekend else habit.chance)
        begin_s = habit.at_s + habit.spread_s * chance.gauss(0.0, 1.0)
        minutes = habit.minutes * chance.uniform(0.7, 1.3)
        begin_s = min(max(begin_s, 0.0), _DAY_S - 60.0 * minutes)
        if is_done:
            events.append(Event(begin_s, begin_s + 60.0 * minutes, habit.power_w))
    return events


def _power_w(day: LoadDay, second: float) -> float:
    power_w = STANDBY_W + day.living * living_w(second, day.is_weekend)
    for event in day.events:
        if event.begin_s <= second < event.end_s:
            power_w += event.power_w
    for cycle, phase in zip(COOLING, day.phases, strict=True):
        if (second / cycle.period_s + phase) % 1.0 < cycle.on_share:
            power_w += cycle.power_w
    return power_w
