"""A smart scale that people step on in the morning."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, final

from vettura.bus.messages_home import EntityState
from vettura.home.device.entity import DeviceEntry, Entity, device, entity, iso
from vettura.home.device.model import NEVER_NS, recalled_number
from vettura.home.device.world import PERSON, World
from vettura.life.body import weight_kg
from vettura.life.household import Household
from vettura.life.local_time import local_date
from vettura.units import NS_PER_S
from vettura.words.slugs import slug_of

STEPS_ON_SHARE = 0.85
"""Share of mornings on which somebody steps on it."""
MORNING_NS = 90 * 60 * NS_PER_S
"""So long after waking is morning."""


class ScaleEntry(DeviceEntry, frozen=True, kw_only=True, tag="scale"):
    """`kind = "scale"`; it stands where people wash."""


class Weighing(NamedTuple):
    """Somebody on the scale."""

    person: str
    time_ns: int
    weight_kg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The last weighing of each person, and who is about to step on."""

    last: Weighing | None = None
    weights: tuple[Weighing, ...] = ()
    coming: tuple[tuple[int, str], ...] = ()
    """When, and who."""
    asked: tuple[tuple[str, int], ...] = ()
    """Who has thought about it on which date (as an ordinal)."""


@final
class ScaleModel:
    """A scale."""

    reads: Sequence[str] = (PERSON,)

    def __init__(self, entry: ScaleEntry, household: Household) -> None:
        self.id = entry.id
        self._area = entry.area
        self._last = _weight(entry, "weight")
        self._each: dict[str, Entity] = {
            person.name: _weight(entry, f"{slug_of(person.name)}_weight")
            for person in household.people
        }
        self.about = device(entry, self._last, *self._each.values())

    def begun(self, kept: Mapping[str, EntityState], world: World) -> Scale:
        """Go on with what was shown last."""
        weights = [
            Weighing(name, 0, recalled_number(kept.get(each.id), "", 0.0))
            for name, each in self._each.items()
        ]
        return Scale(weights=tuple(w for w in weights if w.weight_kg > 0.0))

    def told(self, state: Scale) -> dict[str, EntityState]:
        """The last weight of all, and of each."""
        shown = {weighing.person: weighing for weighing in state.weights}
        told = {
            each.id: each.state(f"{shown[name].weight_kg:.1f}" if name in shown else "unknown")
            for name, each in self._each.items()
        }
        last = state.last
        told[self._last.id] = self._last.state(
            f"{last.weight_kg:.1f}" if last else "unknown",
            person=f"person.{slug_of(last.person)}" if last else None,
            measured=iso(last.time_ns) if last else None,
        )
        return told

    def passed(self, state: Scale, world: World) -> Scale:
        """Whoever washes in the morning may step on; who was about to and is still there does."""
        household, now_ns = world.household, world.now_ns
        today = local_date(now_ns, household.timezone)
        for person in household.people:
            where, day = world.where(person.name), world.day_of(person)
            is_here = where is not None and where.room == self._area and where.doing == "washing"
            thought = (person.name, today.toordinal())
            is_morning = 0 <= now_ns - day.wake_ns < MORNING_NS
            if is_here and is_morning and thought not in state.asked:
                state = self._thought(state, thought, world)
            for when_ns, name in state.coming:
                if name == person.name and when_ns <= now_ns:
                    kg = round(weight_kg(household, person, today, world.seed), 1)
                    state = _weighed(state, Weighing(name, now_ns, kg), is_here=is_here)
        return state

    def next_ns(self, state: Scale, world: World) -> int:
        """When somebody steps on."""
        return min((when_ns for when_ns, _ in state.coming), default=NEVER_NS)

    def _thought(self, state: Scale, thought: tuple[str, int], world: World) -> Scale:
        asked = (*(a for a in state.asked if a[0] != thought[0]), thought)
        chance = world.dated_chance(f"scale.{thought[0]}")
        steps_on, wait_s = chance.random(), chance.uniform(60.0, 400.0)
        coming = (world.now_ns + round(wait_s * NS_PER_S), thought[0])
        wanted = [coming] if steps_on < STEPS_ON_SHARE else []
        return replace(state, asked=asked, coming=(*state.coming, *wanted))


def _weight(entry: ScaleEntry, suffix: str) -> Entity:
    return entity(entry, "sensor", suffix, device_class="weight", unit_of_measurement="kg")


def _weighed(state: Scale, weighing: Weighing, *, is_here: bool) -> Scale:
    coming = tuple(c for c in state.coming if c[1] != weighing.person)
    if not is_here:
        return replace(state, coming=coming)
    others = tuple(w for w in state.weights if w.person != weighing.person)
    return replace(state, coming=coming, last=weighing, weights=(*others, weighing))
