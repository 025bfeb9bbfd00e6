"""A month of a household, told as what happens: states, events, topics and what people press.

Everything follows from the seed. No two things happen in the same microsecond, and nothing happens
on a whole second, so that only scenes themselves decide what happens at one moment.
"""

from datetime import timedelta

from peers.month_evenings import evenings, oddities, presses
from peers.month_house import doors, motion, numbers, weather
from peers.month_of_things import ATTRIBUTES, HOME, STATES, WHO, ZONE, where
from peers.month_people import car, people
from vettura.clock.chance import random_stream

PARTS = (people, car, motion, doors, numbers, weather, evenings, presses, oddities)


class Life:
    """What happens from `start` for some days, in Europe/Rome."""

    def __init__(self, *, seed, start, days):
        self.start, self.days = start, days
        self.happens = []
        self._seed = seed
        self._number = 0

    def chance(self, name):
        """A random stream of its own for each part of life."""
        return random_stream(self._seed, name)

    def at(self, moment, **what):
        """Let something happen about then; a moment without a zone is on the wall's clock."""
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZONE)
        self._number += 1
        part_us = 1_000 * (1 + self._number * 389 % 997) + self._number % 1_000
        self.happens.append({"at_us": int(moment.timestamp()) * 1_000_000 + part_us} | what)

    def state(self, moment, entity, state, **attributes):
        """An entity becomes so; None as a state: it is gone."""
        attributes = ATTRIBUTES.get(entity, {}) | attributes
        self.at(moment, entity=entity, state=state, attributes=attributes)

    def each_day(self):
        """Midnight on the wall of each day, and its number."""
        for day in range(self.days):
            yield day, self.start + timedelta(days=day)

    def sorted(self):
        """Everything in the order in which it happens, up to the end."""
        end_us = int((self.start + timedelta(days=self.days)).replace(tzinfo=ZONE).timestamp())
        ordered = sorted(self.happens, key=lambda each: each["at_us"])
        return [each for each in ordered if each["at_us"] < end_us * 1_000_000]


def month_of_life(*, seed, start, days):
    """What happens, by time; `start` is a midnight on the wall."""
    life = Life(seed=seed, start=start, days=days)
    for part in PARTS:
        part(life)
    return life.sorted()


def before():
    """How everything is when the month begins."""
    told = [
        {"entity": entity, "state": state, "attributes": ATTRIBUTES.get(entity, {})}
        for entity, state in STATES.items()
    ]
    told += [{"entity": f"person.{who}", "state": "home"} | where(who, HOME) for who in WHO]
    told.append({"entity": "device_tracker.su7", "state": "home"} | where("su7", HOME))
    phone = {"source_type": "router", "battery": 90}
    return [
        *told,
        {"entity": "device_tracker.phone_giulia", "state": "home", "attributes": phone},
    ]
