"""What is true in and around the home, whoever measures it: people, weather, doors, currents.

Devices meet here as things in a house do: a lamp does not know who looks at it. What a device makes
true it gives as facts; whoever reads them is looked at again when they change.
"""

from collections.abc import Mapping
from random import Random  # noqa: TID251  the type; streams are made by the clock's room
from typing import NamedTuple, final

from vettura.bus.messages import Weather
from vettura.clock.chance import random_stream
from vettura.home.outlook import WEATHER_NS, weather_around
from vettura.home.sight import CarSeen
from vettura.life.household import Household, Person
from vettura.life.local_time import local_date
from vettura.life.person_day import PersonDay, person_day

AIR_DEGC = "air_degc"
SMOKE = "smoke"
RING = "ring"
"""How often somebody has rung at the door."""
PERSON, SHOWN, TRACKED, CAR = "person.", "shown.", "tracked.", "car."
"""Where somebody is; where Home Assistant takes them to be; where their phone is; their car."""
OPEN, FED, LOAD, LIT = "open.", "fed.", "load.", "lit."
"""What lets people or air through; sockets that are on; what hangs on them; lamps that shine."""
HOME_DEGC = 20.0
"""Inside a home without a thermostat [degC]."""


class Whereabouts(NamedTuple):
    """Where somebody is and what they do."""

    place: str
    """Name of a place of the household, or `road`."""
    room: str
    """Area of the home; empty away from it."""
    doing: str
    latitude_deg: float
    longitude_deg: float


@final
class World:
    """The facts of one home at `now_ns`."""

    def __init__(self, household: Household, *, seed: int) -> None:
        self.household = household
        self.seed = seed
        self.now_ns = 0
        self.cars: dict[str, CarSeen] = {}
        """As their drivers see them, by VIN."""
        self._facts: dict[str, object] = {}
        self._weather: Weather | None = None
        self._quarter_ns = -1

    def learn(self, facts: Mapping[str, object]) -> list[str]:
        """Take in facts; returns the names of those that are news."""
        news = [key for key, value in facts.items() if self._facts.get(key) != value]
        self._facts.update(facts)
        return news

    def fact(self, key: str) -> object:
        """A fact of any kind; None when it is not known."""
        return self._facts.get(key)

    def number(self, key: str, otherwise: float = 0.0) -> float:
        """A fact that is a number."""
        value = self._facts.get(key, otherwise)
        return float(value) if isinstance(value, int | float) else otherwise

    def total(self, prefix: str) -> float:
        """The sum of all numbers whose names begin so."""
        return sum(
            float(value)
            for key, value in self._facts.items()
            if key.startswith(prefix) and isinstance(value, int | float)
        )

    def word(self, key: str) -> str:
        """A fact that is a word; empty when it is not known."""
        return str(self._facts.get(key, ""))

    def where(self, person: str) -> Whereabouts | None:
        """Where somebody is; None before that is known."""
        value = self._facts.get(PERSON + person)
        return value if isinstance(value, Whereabouts) else None

    def is_home(self, person: str) -> bool:
        """Whether somebody is at home."""
        where = self.where(person)
        return where is not None and where.place == self.household.home.name

    def people_in(self, room: str) -> list[Whereabouts]:
        """Who is in that room."""
        found = (self.where(person.name) for person in self.household.people)
        return [where for where in found if where is not None and where.room == room]

    def weather(self) -> Weather:
        """The weather at home, as it was at the last full quarter of an hour."""
        quarter_ns = self.now_ns // WEATHER_NS * WEATHER_NS
        if self._weather is None or quarter_ns != self._quarter_ns:
            self._quarter_ns = quarter_ns
            self._weather = weather_around(self.household.home, quarter_ns, self.seed)
        return self._weather

    def next_quarter_ns(self) -> int:
        """When the weather changes next."""
        return (self.now_ns // WEATHER_NS + 1) * WEATHER_NS

    def day_of(self, person: Person) -> PersonDay:
        """That person's plan of the date that it is at home."""
        today = local_date(self.now_ns, self.household.timezone)
        return person_day(self.household, person, today, self.seed)

    def dated_chance(self, name: str) -> Random:
        """A random stream of this home, of `name` and of the date at home."""
        today = local_date(self.now_ns, self.household.timezone)
        return random_stream(self.seed, f"{self.household.id}.{name}.{today.isoformat()}")

    def chance(self, name: str) -> Random:
        """A random stream of this home, of `name` and of this very instant."""
        return random_stream(self.seed, f"{self.household.id}.{name}.{self.now_ns}")
