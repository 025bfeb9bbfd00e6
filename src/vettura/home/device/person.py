"""A person of the household as Home Assistant knows them, and where they really are."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

from vettura.bus.messages_home import EntityState
from vettura.home.device.entity import DeviceEntry, device, entity
from vettura.home.device.model import NEVER_NS
from vettura.home.device.world import CAR, OPEN, PERSON, SHOWN, TRACKED, Whereabouts, World
from vettura.life.household import Household, Person
from vettura.life.person_day import HALL, PersonDay
from vettura.life.places import ON_THE_ROAD, Place
from vettura.units import NS_PER_S
from vettura.words.slugs import slug_of

HOME, NOT_HOME = "home", "not_home"
DOOR_NS = 8 * NS_PER_S
"""How long the front door is open for who goes through."""
COAT_NS = 180 * NS_PER_S
"""Who comes home is in the hall for so long."""
SHOES_NS = 100 * NS_PER_S
"""Who is about to leave is there for so long."""
LATE_NS = 600 * NS_PER_S
"""Who drives may leave a little late, since the car and the garage door take their time."""
MOVES_NS = 120 * NS_PER_S
"""Under way, a position is looked at this often."""
FRONT = f"{OPEN}front."


@dataclass(frozen=True, slots=True, kw_only=True)
class Being:
    """Where somebody is, and since when."""

    where: Whereabouts | None = None
    changed_ns: int = 0
    """When they left or arrived."""
    seen_ns: int = 0
    """When their position was looked at."""
    shown: str = HOME
    """Where Home Assistant takes them to be: by their phone, if they have one here."""
    through_ns: int = 0
    """Until when the front door is open for them."""


@final
class PersonModel:
    """One person; `source` is the tracker that stands for them, empty when there is none."""

    def __init__(self, household: Household, person: Person, *, source: str) -> None:
        word = slug_of(person.name)
        self.id = f"person_{word}"
        self._household = household
        self._person = person
        self._has_tracker = bool(source)
        self.reads: Sequence[str] = (
            f"{TRACKED}{person.name}",
            *([f"{CAR}{person.car}"] if person.car else []),
        )
        entry = DeviceEntry(id=word, name=person.name)
        fixed = {"id": word, "source": source, "editable": False}
        self._entity = entity(entry, "person", fixed=fixed)
        self.about = device(entry, self._entity, model="person", origin="person")

    def begun(self, kept: Mapping[str, EntityState], world: World) -> Being:
        """Their day says where they are; nothing has to be remembered."""
        return Being()

    def told(self, state: Being) -> dict[str, EntityState]:
        """One entity."""
        where = state.where
        assert where is not None
        return {
            self._entity.id: self._entity.state(
                state.shown,
                latitude=round(where.latitude_deg, 5),
                longitude=round(where.longitude_deg, 5),
                gps_accuracy=12,
            )
        }

    def gives(self, state: Being) -> Mapping[str, object]:
        """Where they are, where they are taken to be, and the door they go through."""
        name = self._person.name
        return {
            PERSON + name: state.where,
            SHOWN + name: state.shown,
            FRONT + name: float(state.through_ns > 0),
        }

    def passed(self, state: Being, world: World) -> Being:
        """Look at where they are."""
        now_ns = world.now_ns
        day = world.day_of(self._person)
        place, latitude_deg, longitude_deg = self._place(day, world)
        before = state.where
        moved = before is not None and before.place != place
        if moved:
            at_home = self._household.home.name in {place, before.place if before else ""}
            by_door = at_home and not self._person.car
            through_ns = now_ns + DOOR_NS if by_door else state.through_ns
            state = replace(state, changed_ns=now_ns, through_ns=through_ns)
        if state.through_ns <= now_ns:
            state = replace(state, through_ns=0)
        if not moved and before is not None and now_ns - state.seen_ns < MOVES_NS // 2:
            latitude_deg, longitude_deg = before.latitude_deg, before.longitude_deg
        else:
            state = replace(state, seen_ns=now_ns)
        room, doing = self._doing(state, day, place, now_ns)
        where = Whereabouts(place, room, doing, latitude_deg, longitude_deg)
        return replace(state, where=where, shown=self._shown(place, world))

    def next_ns(self, state: Being, world: World) -> int:
        """When their plan changes, they are through the door, or have moved on."""
        now_ns, where = world.now_ns, state.where
        day = world.day_of(self._person)
        times = [day.next_ns(now_ns), day.end_ns]
        times += [t for t in (state.through_ns, state.changed_ns + COAT_NS) if t > now_ns]
        leaves = (journey.leave_ns - SHOES_NS for journey in day.journeys)
        times += [t for t in leaves if t > now_ns]
        if where is not None and where.place == ON_THE_ROAD and not self._person.car:
            times.append(now_ns + MOVES_NS)
        return min(times, default=NEVER_NS)

    def _place(self, day: PersonDay, world: World) -> tuple[str, float, float]:
        """By the car for who has one and sees it, else by the plan."""
        car = world.cars.get(self._person.car) if self._person.car else None
        if car is not None:
            place = ON_THE_ROAD if car.is_driving else car.place
            return place, car.latitude_deg, car.longitude_deg
        journey = day.journey(world.now_ns)
        if journey is None:
            return _at(self._household.home)
        there = self._household.place(journey.destination) or self._household.home
        if world.now_ns >= journey.arrive_ns:
            return _at(there)
        origin = self._household.place(journey.origin) or self._household.home
        share = (world.now_ns - journey.leave_ns) / max(1, journey.arrive_ns - journey.leave_ns)
        return (
            ON_THE_ROAD,
            origin.latitude_deg + share * (there.latitude_deg - origin.latitude_deg),
            origin.longitude_deg + share * (there.longitude_deg - origin.longitude_deg),
        )

    def _doing(self, state: Being, day: PersonDay, place: str, now_ns: int) -> tuple[str, str]:
        if place == ON_THE_ROAD:
            journey = day.journey(now_ns)
            return "", journey.way if journey and not self._person.car else "car"
        if place != self._household.home.name:
            kind = self._household.place(place)
            return "", kind.kind if kind else "leisure"
        if state.changed_ns and now_ns - state.changed_ns < COAT_NS:
            return HALL, "resting"
        before_ns = LATE_NS if self._person.car else 0
        if any(-before_ns <= journey.leave_ns - now_ns <= SHOES_NS for journey in day.journeys):
            return HALL, "dressing"
        spell = day.spell(now_ns)
        return spell.room, spell.doing

    def _shown(self, place: str, world: World) -> str:
        tracked = world.word(TRACKED + self._person.name) if self._has_tracker else ""
        return tracked or zone_state(self._household, place)


def zone_state(household: Household, place: str) -> str:
    """The state of a tracker there: home, the zone's name, or not_home under way."""
    if place == household.home.name:
        return HOME
    return NOT_HOME if place == ON_THE_ROAD or household.place(place) is None else place


def zone_at(household: Household, latitude_deg: float, longitude_deg: float) -> str:
    """The nearest place whose circle holds that point; `road` when there is none."""
    here = (latitude_deg, longitude_deg)
    near = [(_metres(here, place), place) for place in household.places]
    inside = [(metres, place.name) for metres, place in near if metres <= place.radius_m]
    return min(inside)[1] if inside else ON_THE_ROAD


def _at(place: Place) -> tuple[str, float, float]:
    return place.name, place.latitude_deg, place.longitude_deg


def _metres(here: tuple[float, float], place: Place) -> float:
    """Flat Earth, which is good to a metre within a kilometre."""
    north_m = 111_195.0 * (here[0] - place.latitude_deg)
    cosine = math.cos(math.radians(place.latitude_deg))
    return math.hypot(north_m, 111_195.0 * cosine * (here[1] - place.longitude_deg))
