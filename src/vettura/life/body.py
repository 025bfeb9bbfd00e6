"""What a body does over the day, as a band or a scale would measure it. Pure.

Everything is a function of the person's plan and the time, so that it can be asked for again at any
moment, after a restart too.
"""

from bisect import bisect_right
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from vettura.clock.chance import random_stream
from vettura.life.household import Household, Person
from vettura.life.person_day import Journey, PersonDay, Spell
from vettura.units import NS_PER_S, SECONDS_PER_HOUR

STEPS_PER_HOUR = {
    "sleeping": 0.0,
    "up": 500.0,
    "washing": 200.0,
    "breakfast": 250.0,
    "dressing": 350.0,
    "resting": 260.0,
    "cooking": 480.0,
    "eating": 60.0,
    "watching": 90.0,
    "reading": 20.0,
    "foot": 6_400.0,
    "bus": 1_900.0,
    "scooter": 150.0,
    "car": 100.0,
    "work": 420.0,
    "school": 520.0,
    "shop": 2_300.0,
    "leisure": 1_300.0,
    "home": 260.0,
}
"""By what is done: a whole day comes to 5,000 to 9,000, about what adults in Europe walk (Althoff
and others 2017, Nature 547, 336: 5,000 in the mean of 111 countries)."""
EXERTION = {
    "sleeping": -0.14,
    "watching": 0.02,
    "reading": 0.0,
    "eating": 0.12,
    "cooking": 0.25,
    "foot": 0.65,
    "scooter": 0.25,
    "car": 0.15,
    "bus": 0.2,
    "shop": 0.4,
    "leisure": 0.7,
}
"""Heart rate over the resting one, as a share of it; at night it is some 15 % lower."""
_EXERTION_ELSE = 0.15
PULSE_NS = 600 * NS_PER_S
"""Within so long of the clock the heart beats as fast."""
_FORTNIGHT_DAYS = 14


class Pace(NamedTuple):
    """A piece of a date, until the next one begins."""

    begin_ns: int
    steps: float
    """Since the date began."""
    per_hour: float


def doing_at(day: PersonDay, now_ns: int) -> str:
    """What is done at that time: at home the spell, under way how, elsewhere why they are there."""
    return _doing(day.spell(now_ns), day.journey(now_ns), now_ns)


def steps_at(day: PersonDay, now_ns: int) -> int:
    """Steps since the date began."""
    paces = _paces(day)
    pace = paces[max(0, bisect_right(paces, now_ns, key=lambda pace: pace.begin_ns) - 1)]
    hours = (now_ns - pace.begin_ns) / NS_PER_S / SECONDS_PER_HOUR
    return int(pace.steps + pace.per_hour * max(0.0, hours))


def heart_bpm(person: Person, day: PersonDay, now_ns: int, seed: int) -> int:
    """Heart rate about that time [beats per minute]; the same within ten minutes."""
    exertion = EXERTION.get(doing_at(day, now_ns), _EXERTION_ELSE)
    chance = random_stream(seed, f"heart.{person.name}.{now_ns // PULSE_NS}")
    return round(person.resting_bpm * (1.0 + exertion + chance.gauss(0.0, 0.05)))


def weight_kg(household: Household, person: Person, day: date, seed: int) -> float:
    """Weight on the morning of that date [kg]: a drift over weeks of some percent, and the day's.

    The day's spread of 0.4 % is the order of what people who weigh themselves daily see (Orsama
    and others 2014, Obesity Facts 7, 36).
    """
    fortnight, rest = divmod(day.toordinal(), _FORTNIGHT_DAYS)
    share = rest / _FORTNIGHT_DAYS
    name = f"{household.id}.{person.name}"
    drift = (1.0 - share) * _drift(name, fortnight, seed) + share * _drift(
        name, fortnight + 1, seed
    )
    chance = random_stream(seed, f"weight.{name}.{day.isoformat()}")
    return person.weight_kg * (1.0 + drift + chance.gauss(0.0, 0.004))


@lru_cache(maxsize=64)
def _paces(day: PersonDay) -> tuple[Pace, ...]:
    """The date in pieces of one pace each."""
    times = {day.begin_ns} | {spell.begin_ns for spell in day.spells}
    times |= {time for j in day.journeys for time in (j.leave_ns, j.arrive_ns)}
    begins = sorted(time for time in times if day.begin_ns <= time < day.end_ns)
    paces, steps = [], 0.0
    for begin_ns, end_ns in pairwise([*begins, day.end_ns]):
        per_hour = STEPS_PER_HOUR[doing_at(day, begin_ns)]
        paces.append(Pace(begin_ns, steps, per_hour))
        steps += per_hour * (end_ns - begin_ns) / NS_PER_S / SECONDS_PER_HOUR
    return tuple(paces)


@lru_cache(maxsize=256)
def _drift(name: str, fortnight: int, seed: int) -> float:
    """Share by which the weight is off then: chance remembered over half a year."""
    total = sum(
        0.8**age * random_stream(seed, f"drift.{name}.{fortnight - age}").gauss(0.0, 0.008)
        for age in range(13)
    )
    return min(max(total, -0.08), 0.08)


def _doing(spell: Spell, journey: Journey | None, now_ns: int) -> str:
    if journey is None:
        return spell.doing
    if now_ns < journey.arrive_ns:
        return journey.way
    return spell.doing if journey.purpose == "home" else journey.purpose
