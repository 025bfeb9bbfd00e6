"""One date of one person: when they sleep, what they do at home, and where they go in between.

The spells at home go by the clock as if they never left; being away only hides them. All follows
from the seed, the household and the date alone.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from random import Random  # noqa: TID251  the type; streams are made by the clock's room
from typing import Literal, NamedTuple, TypeAlias

from vettura.clock.chance import random_stream
from vettura.life.day import plan_day
from vettura.life.household import WEEK, Household, Person
from vettura.life.limits import second_of_day
from vettura.life.local_time import day_start_ns, local_ns
from vettura.life.travel import Way, travel_s, way_of
from vettura.units import NS_PER_S

Doing: TypeAlias = Literal[
    "sleeping", "washing", "breakfast", "dressing", "resting", "cooking", "eating", "watching",
    "reading", "up",
]  # fmt: skip
"""`up` is being awake for a moment at night."""

HALL, LIVING, KITCHEN, BATHROOM = "hall", "living room", "kitchen", "bathroom"
MINUTE_NS = 60 * NS_PER_S
READY_MIN = 40.0
"""Nobody leaves sooner than this after waking [min]."""
LATE_MIN = 25.0
"""Nobody sleeps sooner than this after coming home [min]."""
NIGHT_VISIT_SHARE = 0.3
"""Share of nights in which somebody gets up for some minutes."""


class Spell(NamedTuple):
    """Something done at home, until the next one begins."""

    begin_ns: int
    room: str
    doing: Doing


class Journey(NamedTuple):
    """One way and the stay after it, as planned. Times are nanoseconds since the epoch."""

    leave_ns: int
    arrive_ns: int
    until_ns: int
    origin: str
    destination: str
    purpose: str
    way: Way


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PersonDay:
    """A person's date, from its first to its last instant at home [ns since the epoch].

    One date of one person is one object, and told apart by that.
    """

    date: date
    begin_ns: int
    end_ns: int
    wake_ns: int
    is_work: bool
    """Whether an alarm wakes them."""
    sleep_ns: int
    """When they fall asleep for the night after this date; often past its end."""
    spells: Sequence[Spell]
    journeys: Sequence[Journey]

    def spell(self, now_ns: int) -> Spell:
        """What they would be doing at home."""
        index = bisect_right(self.spells, now_ns, key=_begin_ns)
        return self.spells[max(0, index - 1)]

    def journey(self, now_ns: int) -> Journey | None:
        """The way or the stay that is on; None before the first."""
        return next((j for j in reversed(self.journeys) if j.leave_ns <= now_ns), None)

    def next_ns(self, now_ns: int) -> int:
        """When something of this plan changes next; the end of the date at the latest."""
        index = bisect_right(self.spells, now_ns, key=_begin_ns)
        begin_ns = self.spells[index].begin_ns if index < len(self.spells) else self.end_ns
        ways = (t for j in self.journeys for t in (j.leave_ns, j.arrive_ns) if t > now_ns)
        return min(begin_ns, min(ways, default=self.end_ns))


@lru_cache(maxsize=256)
def person_day(household: Household, person: Person, day: date, seed: int) -> PersonDay:
    """Return what that person means to do on that date."""
    zone = household.timezone
    begin_ns, end_ns = (day_start_ns(day + timedelta(days=k), zone) for k in (0, 1))
    wake_ns = _wake_ns(household, person, day, seed)
    slept_ns = _sleep_ns(household, person, day - timedelta(days=1), seed)
    sleep_ns = _sleep_ns(household, person, day, seed)
    chance = random_stream(seed, f"spells.{household.id}.{day.isoformat()}.{person.name}")
    night = _night(person, begin_ns, slept_ns, wake_ns, chance)
    spells = [*night, *_waking(person, day, zone, (wake_ns, sleep_ns), chance)]
    return PersonDay(
        date=day,
        begin_ns=begin_ns,
        end_ns=end_ns,
        wake_ns=wake_ns,
        is_work=_works(person, day),
        sleep_ns=sleep_ns,
        spells=[spell for spell in spells if spell.begin_ns < end_ns],
        journeys=_journeys(household, person, day, seed),
    )


@lru_cache(maxsize=256)
def _journeys(household: Household, person: Person, day: date, seed: int) -> Sequence[Journey]:
    here, journeys = household.home, []
    for outing in plan_day(household, day, seed):
        there = household.place(outing.destination)
        if outing.person != person.name or there is None:
            continue
        arrive_ns = outing.leave_ns + round(travel_s(person, here, there)) * NS_PER_S
        journeys.append(
            Journey(
                leave_ns=outing.leave_ns,
                arrive_ns=min(arrive_ns, outing.until_ns),
                until_ns=outing.until_ns,
                origin=here.name,
                destination=there.name,
                purpose=outing.purpose,
                way=way_of(person, here, there),
            )
        )
        here = there
    return tuple(journeys)


def _wake_ns(household: Household, person: Person, day: date, seed: int) -> int:
    chance = random_stream(seed, f"wake.{household.id}.{day.isoformat()}.{person.name}")
    works = _works(person, day)
    usual = second_of_day(person.wakes_at if works else person.weekend_wakes_at)
    sigma_min = 4.0 if works else 15.0
    wake_s = usual + 60.0 * min(max(chance.gauss(0.0, sigma_min), -40.0), 40.0)
    wake_ns = local_ns(day, wake_s, household.timezone)
    journeys = _journeys(household, person, day, seed)
    ready_ns = round(READY_MIN * MINUTE_NS)
    return min([wake_ns, *(journey.leave_ns - ready_ns for journey in journeys[:1])])


def _begin_ns(spell: Spell) -> int:
    return spell.begin_ns


def _works(person: Person, day: date) -> bool:
    return bool(person.work) and WEEK[day.weekday()] in person.work_days


def _sleep_ns(household: Household, person: Person, day: date, seed: int) -> int:
    chance = random_stream(seed, f"sleep.{household.id}.{day.isoformat()}.{person.name}")
    is_weekend = WEEK[day.weekday()] in {"fri", "sat"}
    usual = second_of_day(person.weekend_sleeps_at if is_weekend else person.sleeps_at)
    sleep_s = usual + 60.0 * min(max(chance.gauss(0.0, 12.0), -30.0), 40.0)
    sleep_ns = local_ns(day, sleep_s, household.timezone)
    journeys = _journeys(household, person, day, seed)
    late_ns = round(LATE_MIN * MINUTE_NS)
    sleep_ns = max([sleep_ns, *(journey.arrive_ns + late_ns for journey in journeys[-1:])])
    tomorrow_ns = _wake_ns(household, person, day + timedelta(days=1), seed)
    return min(sleep_ns, tomorrow_ns - 30 * MINUTE_NS)


def _night(
    person: Person, begin_ns: int, slept_ns: int, wake_ns: int, chance: Random
) -> list[Spell]:
    """From the date's first instant to waking: late to bed, asleep, perhaps up for a moment."""
    spells = [] if slept_ns <= begin_ns else [Spell(begin_ns, person.bedroom, "reading")]
    asleep_ns = max(begin_ns, slept_ns)
    spells.append(Spell(asleep_ns, person.bedroom, "sleeping"))
    is_up, share, minutes = chance.random(), chance.uniform(0.3, 0.8), chance.uniform(2.0, 5.0)
    up_ns = asleep_ns + round(share * (wake_ns - asleep_ns))
    back_ns = up_ns + round(minutes * MINUTE_NS)
    if is_up < NIGHT_VISIT_SHARE and back_ns + 20 * MINUTE_NS < wake_ns:
        spells += [Spell(up_ns, BATHROOM, "up"), Spell(back_ns, person.bedroom, "sleeping")]
    return spells


def _waking(
    person: Person, day: date, zone: str, night_ns: tuple[int, int], chance: Random
) -> list[Spell]:
    """From waking to falling asleep, by the clock."""
    wake_ns, sleep_ns = night_ns
    spells, now_ns = [], wake_ns
    for spell, low, high in (
        (Spell(0, BATHROOM, "washing"), 10.0, 18.0),
        (Spell(0, KITCHEN, "breakfast"), 8.0, 14.0),
        (Spell(0, person.bedroom, "dressing"), 4.0, 7.0),
    ):
        spells.append(spell._replace(begin_ns=now_ns))
        now_ns += _minutes_ns(chance, low, high)
    watch_ns = local_ns(day, 3600 * 20.6 + chance.uniform(-1500, 1500), zone)
    winding_ns = sleep_ns - _minutes_ns(chance, 20.0, 35.0)
    for begin_s, parts in ((12.6 * 3600, (12.0, 35.0)), (19.1 * 3600, (30.0, 35.0))):
        begin_ns = local_ns(day, begin_s + chance.uniform(-1200, 1200), zone)
        spells += _idle(person, now_ns, min(begin_ns, winding_ns), chance)
        is_meal = now_ns <= begin_ns < winding_ns
        now_ns = max(now_ns, min(begin_ns, winding_ns))
        if is_meal:
            eat_ns = begin_ns + round(parts[0] * MINUTE_NS)
            spells += [Spell(begin_ns, KITCHEN, "cooking"), Spell(eat_ns, KITCHEN, "eating")]
            now_ns = eat_ns + round(parts[1] * MINUTE_NS)
    watch_ns = max(watch_ns, now_ns)
    spells += _idle(person, now_ns, min(watch_ns, winding_ns), chance)
    if watch_ns < winding_ns:
        spells.append(Spell(watch_ns, LIVING, "watching"))
    # Who goes to bed early gets up from the table for it.
    spells = [spell for spell in spells if spell.begin_ns < winding_ns or spell.begin_ns == wake_ns]
    read_ns = min(winding_ns + _minutes_ns(chance, 8.0, 14.0), sleep_ns - MINUTE_NS)
    evening = [
        Spell(winding_ns, BATHROOM, "washing"),
        Spell(read_ns, person.bedroom, "reading"),
        Spell(sleep_ns, person.bedroom, "sleeping"),
    ]
    return [*spells, *(spell for spell in evening if spell.begin_ns > spells[-1].begin_ns)]


def _idle(person: Person, begin_ns: int, end_ns: int, chance: Random) -> list[Spell]:
    """From room to room between what the clock asks for."""
    spells: list[Spell] = []
    now_ns = begin_ns
    while now_ns < end_ns:
        room = chance.choices((LIVING, KITCHEN, person.bedroom, HALL), (6, 2, 2, 1))[0]
        if not spells or spells[-1].room != room:
            spells.append(Spell(now_ns, room, "resting"))
        now_ns += _minutes_ns(chance, 3.0, 6.0) if room == HALL else _minutes_ns(chance, 20.0, 70.0)
    return spells


def _minutes_ns(chance: Random, low: float, high: float) -> int:
    return round(chance.uniform(low, high) * MINUTE_NS)
