"""Where the people of a household mean to go on one date."""

from datetime import date
from random import Random  # noqa: TID251  the type; streams are made by the clock's room

import msgspec

from vettura.clock.chance import random_stream
from vettura.life.household import WEEK, Household, Person
from vettura.life.limits import second_of_day
from vettura.life.local_time import day_start_ns, local_ns
from vettura.life.places import Place
from vettura.life.travel import drive_s as drive_s
from vettura.life.travel import is_worth, travel_s
from vettura.life.visits import Leg, leisure_weight, shop_weight, weekly_chance

BED_S = 22.75 * 3600
"""The last time of day to leave for home from a shop or from leisure [s after midnight]."""
_MINUTE_S = 60.0
_MIDNIGHT_S = 23.5 * 3600
_SHOPS_CLOSE_S = 19.5 * 3600
_DROP_OFF_S = 300.0
_REST_S = 1800.0


class Outing(msgspec.Struct, frozen=True, kw_only=True):
    """One way and the stay after it. Times are nanoseconds since the epoch."""

    id: str
    person: str
    car: str
    """Empty for who has none."""
    purpose: str
    """work, school, shop, leisure or home."""
    destination: str
    leave_ns: int
    until_ns: int
    """When this person leaves again, or the date ends."""


def plan_day(household: Household, day: date, seed: int) -> list[Outing]:
    """Return the ways of everybody on that date at home, by time of leaving.

    Each person begins and ends the date at home. The plan depends on `seed`, the household and
    the date alone, so it can be made again at any time.
    """
    outings = [
        outing
        for index, person in enumerate(household.people)
        for outing in _outings(household, person, index, day, seed)
    ]
    return sorted(outings, key=lambda outing: (outing.leave_ns, outing.id))


def _outings(
    household: Household, person: Person, index: int, day: date, seed: int
) -> list[Outing]:
    chance = random_stream(seed, f"day.{household.id}.{day.isoformat()}.{person.name}")
    legs = _legs(household, person, day, chance)
    leaves = [local_ns(day, leg.leave_s, household.timezone) for leg in legs]
    end_ns = day_start_ns(date.fromordinal(day.toordinal() + 1), household.timezone)
    ends = [*leaves, end_ns][1:]
    return [
        Outing(
            id=f"{day.isoformat()}-{index}-{number}",
            person=person.name,
            car=person.car,
            purpose=leg.purpose,
            destination=leg.place.name,
            leave_ns=leave_ns,
            until_ns=until_ns,
        )
        for number, (leg, leave_ns, until_ns) in enumerate(zip(legs, leaves, ends, strict=True))
    ]


def _legs(household: Household, person: Person, day: date, chance: Random) -> list[Leg]:
    weekday = day.weekday()
    shop = _pick(person, household.places_of("shop"), household.home, chance)
    leisure = _pick(person, household.places_of("leisure"), household.home, chance)
    wants_shop = chance.random() < weekly_chance(person.shops_per_week, weekday, shop_weight)
    wants_fun = chance.random() < weekly_chance(person.leisure_per_week, weekday, leisure_weight)
    on_the_way = chance.random() < 0.6
    legs: list[Leg] = []
    if WEEK[weekday] in person.work_days:
        stop = shop if wants_shop and on_the_way else None
        legs = _commute(household, person, stop, chance)
        wants_shop = wants_shop and not any(leg.purpose == "shop" for leg in legs)
    if shop and wants_shop:
        start_s = 10.0 * 3600 if weekday >= 5 else 18.6 * 3600
        stay_s = chance.uniform(20, 55) * _MINUTE_S
        legs += _round_trip(person, household.home, shop, legs, start_s, stay_s, chance)
    if leisure and wants_fun:
        start_s = 14.5 * 3600 if weekday >= 5 else 20.0 * 3600
        stay_s = (chance.uniform(90, 270) if weekday >= 5 else 90.0) * _MINUTE_S
        legs += _round_trip(person, household.home, leisure, legs, start_s, stay_s, chance)
    return legs


def _commute(household: Household, person: Person, shop: Place | None, chance: Random) -> list[Leg]:
    home, work = household.home, household.place(person.work)
    leave_s = second_of_day(person.leaves_at) + _jitter_s(chance, sigma_min=5, max_min=15)
    return_s = second_of_day(person.returns_at) + _jitter_s(chance, sigma_min=10, max_min=30)
    stay_s = chance.uniform(15, 45) * _MINUTE_S
    if work is None or not is_worth(person, home, work):
        return []
    legs, here = [], home
    school = household.place(person.school)
    if school and is_worth(person, home, school) and is_worth(person, school, work):
        legs.append(Leg(leave_s, school, "school"))
        leave_s += travel_s(person, home, school) + _DROP_OFF_S
        here = school
    legs.append(Leg(leave_s, work, "work"))
    return_s = min(max(return_s, leave_s + travel_s(person, here, work) + _REST_S), _MIDNIGHT_S)
    if shop and is_worth(person, work, shop):
        there_s = return_s + travel_s(person, work, shop)
        if there_s < _SHOPS_CLOSE_S:
            legs.append(Leg(return_s, shop, "shop"))
            return_s = there_s + stay_s
    legs.append(Leg(return_s, home, "home"))
    return legs


def _round_trip(
    person: Person,
    home: Place,
    place: Place,
    before: list[Leg],
    start_s: float,
    stay_s: float,
    chance: Random,
) -> list[Leg]:
    """There and back after what the day already holds; nothing when it would get too late."""
    start_s += _jitter_s(chance, sigma_min=25, max_min=60)
    if before:
        last = before[-1]
        away = before[-2].place if len(before) > 1 else home
        start_s = max(start_s, last.leave_s + travel_s(person, away, home) + _REST_S)
    back_s = start_s + travel_s(person, home, place) + stay_s
    if back_s > BED_S:
        return []
    purpose = "shop" if place.kind == "shop" else "leisure"
    return [Leg(start_s, place, purpose), Leg(back_s, home, "home")]


def _pick(person: Person, places: list[Place], home: Place, chance: Random) -> Place | None:
    # The draw is made in any case, so that a new place elsewhere leaves the other draws alone.
    share = chance.random()
    far = [place for place in places if is_worth(person, home, place)]
    return far[int(share * len(far))] if far else None


def _jitter_s(chance: Random, *, sigma_min: float, max_min: float) -> float:
    return _MINUTE_S * min(max(chance.gauss(0.0, sigma_min), -max_min), max_min)
