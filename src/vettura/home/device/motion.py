"""A motion sensor: on when somebody moves in its room, off a while after they sit still."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, final

from msgspec import Meta

from vettura.bus.messages_home import EntityState
from vettura.home.device.entity import DeviceEntry, device, entity
from vettura.home.device.model import NEVER_NS
from vettura.home.device.world import PERSON, World
from vettura.units import NS_PER_S

ACTIVE_S = {"cooking": 500.0, "washing": 300.0, "dressing": 240.0, "breakfast": 180.0, "up": 120.0}
"""How long somebody moves on end while they do that [s], in the mean."""
STILL_S = {
    "cooking": 90.0,
    "eating": 420.0,
    "watching": 1500.0,
    "reading": 1800.0,
    "resting": 700.0,
}
"""How long they then hardly move."""
_ACTIVE_ELSE_S, _STILL_ELSE_S = 45.0, 300.0


class MotionEntry(DeviceEntry, frozen=True, kw_only=True, tag="motion"):
    """`kind = "motion"`."""

    hold_s: Annotated[float, Meta(ge=5.0, le=1800.0)] = 90.0
    """It stays on for so long after the last movement."""


@dataclass(frozen=True, slots=True)
class Motion:
    """Whether it is on, who is in the room, and when that ends or somebody moves again."""

    is_on: bool = False
    room: tuple[str, ...] = ()
    next_ns: int = NEVER_NS


@final
class MotionModel:
    """A motion sensor."""

    reads: Sequence[str] = (PERSON,)

    def __init__(self, entry: MotionEntry) -> None:
        self.id = entry.id
        self._area = entry.area
        self._hold_ns = round(entry.hold_s * NS_PER_S)
        self._motion = entity(entry, "binary_sensor", device_class="motion")
        self.about = device(entry, self._motion)

    def begun(self, kept: Mapping[str, EntityState], world: World) -> Motion:
        """It sees what is there; nothing has to be remembered."""
        return Motion()

    def told(self, state: Motion) -> dict[str, EntityState]:
        """One entity."""
        return {self._motion.id: self._motion.on(state.is_on)}

    def passed(self, state: Motion, world: World) -> Motion:
        """Somebody came, went, or moves again; or all have been still for long enough."""
        doings = tuple(w.doing for w in world.people_in(self._area) if w.doing != "sleeping")
        if doings != state.room and len(doings) >= len(state.room):
            return self._moves(doings, world)
        if doings != state.room and state.is_on:
            # Who leaves is seen leaving.
            return Motion(is_on=True, room=doings, next_ns=world.now_ns + self._hold_ns)
        if world.now_ns < state.next_ns:
            return Motion(state.is_on, doings, state.next_ns)
        if state.is_on:
            return self._rests(doings, world)
        return self._moves(doings, world) if doings else Motion()

    def next_ns(self, state: Motion, world: World) -> int:
        """When it changes next."""
        return state.next_ns

    def _moves(self, doings: tuple[str, ...], world: World) -> Motion:
        mean_s = max((ACTIVE_S.get(doing, _ACTIVE_ELSE_S) for doing in doings), default=1.0)
        active_s = world.chance(f"motion.{self.id}").expovariate(1.0 / mean_s)
        return Motion(True, doings, world.now_ns + self._hold_ns + round(active_s * NS_PER_S))

    def _rests(self, doings: tuple[str, ...], world: World) -> Motion:
        if not doings:
            return Motion()
        mean_s = min(STILL_S.get(doing, _STILL_ELSE_S) for doing in doings)
        still_s = max(5.0, world.chance(f"motion.{self.id}").expovariate(1.0 / mean_s))
        return Motion(False, doings, world.now_ns + round(still_s * NS_PER_S))
