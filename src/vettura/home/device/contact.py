"""Contacts at doors and windows, and what opens those: people who pass, and who lets air in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, final

from vettura.bus.messages_home import EntityState
from vettura.home.device.entity import DeviceEntry, device, entity
from vettura.home.device.model import NEVER_NS
from vettura.home.device.world import OPEN, PERSON, World
from vettura.life.local_time import local_date
from vettura.life.person_day import MINUTE_NS, person_day

_CLASSES = {"door": "door", "garage": "garage_door", "window": "window"}
FRONT = "front"
AIRING_SHARE = 0.7
"""Share of dry days on which who sleeps in a room opens its window after getting up."""


class ContactEntry(DeviceEntry, frozen=True, kw_only=True, tag="contact"):
    """`kind = "contact"`: shut or open, at the front door, the garage door or a room's window."""

    at: Literal["door", "garage", "window"] = "door"


@dataclass(frozen=True, slots=True)
class Contact:
    """Whether it is open, and when its window opens and shuts next."""

    is_open: bool = False
    next_ns: int = NEVER_NS


@final
class ContactModel:
    """A contact."""

    def __init__(self, entry: ContactEntry) -> None:
        self.id = entry.id
        self._area = entry.area
        self._at = entry.at
        opening = FRONT if entry.at == "door" else "garage"
        self.reads: Sequence[str] = (PERSON,) if entry.at == "window" else (f"{OPEN}{opening}.",)
        self._opening = f"{OPEN}window.{entry.id}"
        self._contact = entity(entry, "binary_sensor", device_class=_CLASSES[entry.at])
        self.about = device(entry, self._contact)

    def begun(self, kept: Mapping[str, EntityState], world: World) -> Contact:
        """It shows what is; nothing has to be remembered."""
        return Contact()

    def told(self, state: Contact) -> dict[str, EntityState]:
        """One entity; on means open."""
        return {self._contact.id: self._contact.on(state.is_open)}

    def gives(self, state: Contact) -> Mapping[str, object]:
        """A window that lets air in."""
        return {self._opening: float(state.is_open)} if self._at == "window" else {}

    def passed(self, state: Contact, world: World) -> Contact:
        """See what is open."""
        if self._at == "window":
            return self._aired(world)
        return Contact(world.total(self.reads[0]) > 0.0)

    def next_ns(self, state: Contact, world: World) -> int:
        """When the window moves next."""
        return state.next_ns

    def _aired(self, world: World) -> Contact:
        """Open for some minutes after whoever sleeps here has got up, if it is dry."""
        household = world.household
        today = local_date(world.now_ns, household.timezone)
        sleepers = [p for p in household.people if p.bedroom == self._area]
        if not sleepers:
            return Contact()
        days = [person_day(household, person, today, world.seed) for person in sleepers]
        chance = world.dated_chance(f"airing.{self.id}")
        airs, after_min, minutes = chance.random(), chance.uniform(8, 20), chance.uniform(6, 14)
        begin_ns = max(day.wake_ns for day in days) + round(after_min * MINUTE_NS)
        end_ns = begin_ns + round(minutes * MINUTE_NS)
        if airs >= AIRING_SHARE or world.now_ns >= end_ns:
            return Contact(next_ns=days[0].end_ns)
        if world.now_ns < begin_ns:
            return Contact(next_ns=begin_ns)
        is_dry = world.weather().rain_mm_per_h == 0.0
        is_there = any(world.is_home(person.name) for person in sleepers)
        return Contact(is_open=is_dry and is_there, next_ns=end_ns)
