"""Who lives where, and what they do all day: the part of the house file about people."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Literal, TypeAlias

import msgspec

from vettura.errors import InputError
from vettura.life.limits import check_range, check_text, check_time, check_token
from vettura.life.local_time import zone
from vettura.life.places import Kind, Place, distance_m

WeekDay: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[WeekDay, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

AREAS = ("hall", "living room", "kitchen", "bedroom", "bathroom", "garage", "garden")
"""The rooms of a home that names none of its own; people walk through these."""

_PEOPLE_MAX = 12
_AREAS_MAX = 40
_PLACES_MAX = 64
_FAR_M = 300_000.0


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One person and their habits. Times are shown by the clock at home, as HH:MM."""

    name: str
    car: str = ""
    """VIN of the car that this person drives, and nobody else; empty for who has none."""
    travels_by: Literal["auto", "foot", "bus", "scooter"] = "auto"
    """How who has no car gets about: `auto` is on foot when it is near, else by bus."""
    work: str = ""
    """Name of the place of work or lessons; empty for who does not go to work."""
    school: str = ""
    """Name of the school where a child is dropped on the way to work; empty for none."""
    work_days: tuple[WeekDay, ...] = WEEK[:5]
    leaves_at: str = "07:40"
    """When they leave home for work, give or take some minutes."""
    returns_at: str = "17:45"
    """When they leave work, give or take some more."""
    shops_per_week: float = 2.0
    """How often they go to a shop; at most once a day."""
    leisure_per_week: float = 1.5
    """How often they go somewhere for fun, mostly at the weekend; at most once a day."""
    wakes_at: str = "06:40"
    """When they wake before a day of work, give or take some minutes; earlier to leave in time."""
    sleeps_at: str = "23:00"
    """When they fall asleep from Sunday to Thursday, later when they come home late."""
    weekend_wakes_at: str = "08:30"
    """When they wake on days without work."""
    weekend_sleeps_at: str = "23:45"
    """When they fall asleep on Friday and Saturday."""
    bedroom: str = "bedroom"
    """The area where they sleep."""
    weight_kg: float = 70.0
    """About what a scale shows; it drifts by the weeks."""
    resting_bpm: float = 60.0
    """Heart rate of who sits still [beats per minute]."""
    leaves_phone_on: tuple[date, ...] = ()
    """Dates on which their phone stays at home all day."""
    cabin_degc: float = 21.0
    prepare_s: float = 600.0
    """How long before leaving the cabin is heated or cooled when the weather asks for it."""

    def __post_init__(self) -> None:
        check_text("people.name", self.name)
        where = f"people.{self.name}"
        if self.car:
            check_token(f"{where}.car", self.car)
        check_time(f"{where}.leaves_at", self.leaves_at, low="04:00", high="12:00")
        check_time(f"{where}.returns_at", self.returns_at, low=self.leaves_at, high="21:30")
        for key in ("wakes_at", "weekend_wakes_at"):
            check_time(f"{where}.{key}", getattr(self, key), low="04:00", high="12:00")
        for key in ("sleeps_at", "weekend_sleeps_at"):
            check_time(f"{where}.{key}", getattr(self, key), low="20:00", high="23:59")
        check_text(f"{where}.bedroom", self.bedroom)
        check_range(f"{where}.weight_kg", self.weight_kg, low=3, high=300)
        check_range(f"{where}.resting_bpm", self.resting_bpm, low=35, high=110)
        check_range(f"{where}.shops_per_week", self.shops_per_week, low=0, high=7)
        check_range(f"{where}.leisure_per_week", self.leisure_per_week, low=0, high=7)
        check_range(f"{where}.cabin_degc", self.cabin_degc, low=16, high=30)
        check_range(f"{where}.prepare_s", self.prepare_s, low=0, high=1800)
        for day in self.work_days:
            if day not in WEEK:
                raise InputError(f"{where}.work_days has {day!r}", hint=f"give {', '.join(WEEK)}")


class Household(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A home, the places its people go to, and the people."""

    id: str
    timezone: str
    """IANA name; all times of day in the file are of this zone."""
    places: tuple[Place, ...]
    people: tuple[Person, ...] = ()
    title: str = ""
    """What the page calls the home; its id when empty."""
    areas: tuple[str, ...] = AREAS
    """The rooms, as devices and bedrooms name them."""
    plug_below_soc: float | None = None
    """Who comes home with less displayed charge than this plugs in; None: 0.7, and always where
    charging is planned, since a car that hangs at the cable can wait for sun and cheap hours."""

    def __post_init__(self) -> None:
        check_token("household.id", self.id)
        if self.title:
            check_text("household.title", self.title)
        zone(self.timezone)
        if self.plug_below_soc is not None:
            check_range("household.plug_below_soc", self.plug_below_soc, low=0, high=1)
        check_range("number of places", len(self.places), low=1, high=_PLACES_MAX)
        check_range("number of people", len(self.people), low=0, high=_PEOPLE_MAX)
        _check_unique("places.name", (place.name for place in self.places))
        _check_unique("people.name", (person.name for person in self.people))
        _check_unique("people.car", (person.car for person in self.people if person.car))
        check_range("number of areas", len(self.areas), low=1, high=_AREAS_MAX)
        for area in self.areas:
            check_text("household.areas", area)
        _check_unique("household.areas", self.areas)
        if len(self.places_of("home")) != 1:
            raise InputError(
                f"{len(self.places_of('home'))} places of kind home", hint="give exactly one"
            )
        for place in self.places:
            key = f"distance from home of {place.name} [m]"
            check_range(key, distance_m(self.home, place), low=0, high=_FAR_M)
        for person in self.people:
            self._check_goes_to(person.name, "work", person.work)
            self._check_goes_to(person.name, "school", person.school)
            if person.bedroom not in self.areas and "bedroom" in self.areas:
                raise InputError(
                    f"people.{person.name}.bedroom is {person.bedroom!r}",
                    hint=f"give one of household.areas: {', '.join(self.areas)}",
                )

    @property
    def home(self) -> Place:
        """The one place where they live."""
        return self.places_of("home")[0]

    def places_of(self, kind: Kind) -> list[Place]:
        """The places of one kind, in the order of the file."""
        return [place for place in self.places if place.kind == kind]

    def place(self, name: str) -> Place | None:
        """The place of that name; None when the household knows none."""
        return next((place for place in self.places if place.name == name), None)

    def _check_goes_to(self, person: str, key: str, name: str) -> None:
        known = [place.name for place in self.places]
        if name and name not in known:
            raise InputError(f"people.{person}.{key} is {name!r}", hint=f"give {', '.join(known)}")


def _check_unique(key: str, values: Iterable[str]) -> None:
    repeated = [value for value, count in Counter(values).items() if count > 1]
    if repeated:
        raise InputError(f"{key} {repeated[0]!r} appears twice", hint="each must be its own")
