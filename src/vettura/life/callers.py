"""Who rings at the door on one date, and when something burns in the kitchen. Pure, from a seed."""

from datetime import date
from typing import Literal, NamedTuple

from vettura.clock.chance import random_stream
from vettura.life.household import Household
from vettura.life.local_time import local_ns
from vettura.units import NS_PER_S

PARCEL_SHARE = 0.35
"""Share of working days on which somebody brings a parcel."""
GUESTS_SHARE = 0.2
"""Share of Saturdays on which guests come for dinner."""
DAYS_OF_A_YEAR = 365.0
_SATURDAY = 5


class Caller(NamedTuple):
    """Somebody at the door."""

    time_ns: int
    who: Literal["parcel", "guests"]


class Smoke(NamedTuple):
    """Smoke in the kitchen, from burnt food as a rule."""

    begin_ns: int
    end_ns: int


def callers(household: Household, day: date, seed: int) -> list[Caller]:
    """Who rings on that date."""
    chance = random_stream(seed, f"callers.{household.id}.{day.isoformat()}")
    comes, hour = chance.random(), chance.triangular(9.0, 18.0, 11.5)
    if day.weekday() < _SATURDAY and comes < PARCEL_SHARE:
        return [Caller(local_ns(day, hour * 3600.0, household.timezone), "parcel")]
    if day.weekday() == _SATURDAY and comes < GUESTS_SHARE:
        return [Caller(local_ns(day, 19.75 * 3600.0, household.timezone), "guests")]
    return []


def smoke(household: Household, day: date, seed: int, *, per_year: float) -> Smoke | None:
    """When there is smoke on that date; None on most, since it comes `per_year` times a year."""
    chance = random_stream(seed, f"smoke.{household.id}.{day.isoformat()}")
    comes, hour, minutes = chance.random(), chance.choice((12.7, 19.4)), chance.uniform(2.0, 8.0)
    if comes >= per_year / DAYS_OF_A_YEAR:
        return None
    begin_ns = local_ns(day, (hour + chance.uniform(-0.2, 0.2)) * 3600.0, household.timezone)
    return Smoke(begin_ns, begin_ns + round(minutes * 60.0) * NS_PER_S)
