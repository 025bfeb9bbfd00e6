"""The places of a household as Home Assistant's zones: how many people are there."""

from collections.abc import Mapping, Sequence
from typing import final

from vettura.bus.messages_home import EntityState
from vettura.home.device.entity import DeviceEntry, device, entity
from vettura.home.device.model import NEVER_NS
from vettura.home.device.person import zone_state
from vettura.home.device.world import SHOWN, World
from vettura.life.household import Household
from vettura.life.places import Place
from vettura.words.slugs import slug_of

Present = tuple[str, ...]
"""The person entities that are taken to be there."""


@final
class ZoneModel:
    """One place."""

    reads: Sequence[str] = (SHOWN,)

    def __init__(self, household: Household, place: Place) -> None:
        is_home = place == household.home
        word = "home" if is_home else slug_of(place.name)
        self.id = f"zone_{word}"
        self._place = place
        self._shown = zone_state(household, place.name)
        entry = DeviceEntry(id=word, name="Home" if is_home else place.name)
        fixed = {
            "latitude": place.latitude_deg,
            "longitude": place.longitude_deg,
            "radius": place.radius_m,
            "passive": False,
            "editable": False,
            "icon": "mdi:home" if is_home else "mdi:map-marker",
        }
        self._zone = entity(entry, "zone", fixed=fixed)
        self.about = device(entry, self._zone, model="zone", origin="person")

    def begun(self, kept: Mapping[str, EntityState], world: World) -> Present:
        """Nobody has been counted yet."""
        return ()

    def told(self, state: Present) -> dict[str, EntityState]:
        """One entity: the number of people, and who."""
        return {self._zone.id: self._zone.state(str(len(state)), persons=list(state))}

    def passed(self, state: Present, world: World) -> Present:
        """Count."""
        people = [person.name for person in world.household.people]
        here = [name for name in people if world.word(SHOWN + name) == self._shown]
        return tuple(f"person.{slug_of(name)}" for name in here)

    def next_ns(self, state: Present, world: World) -> int:
        """Only people change it."""
        return NEVER_NS
