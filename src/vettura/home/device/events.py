"""What only tells that something happened: a doorbell, and a camera by what it sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import final

from vettura.bus.messages_home import DeviceAction, EntityState
from vettura.home.device.entity import DeviceEntry, Entity, device, entity, instant_ns, iso
from vettura.home.device.model import NEVER_NS, only
from vettura.home.device.world import OPEN, RING, World
from vettura.life.callers import callers
from vettura.life.local_time import day_start_ns, local_date
from vettura.units import NS_PER_S

PRESS = "hands.press"
SEEN = ("person", "vehicle", "motion")
PASSERS_BY = 2.5
"""How often on a day the camera sees a cat or somebody who walks by, in the mean."""
_DAY_NS = 86_400 * NS_PER_S


class DoorbellEntry(DeviceEntry, frozen=True, kw_only=True, tag="doorbell"):
    """`kind = "doorbell"`."""


class CameraEntry(DeviceEntry, frozen=True, kw_only=True, tag="camera"):
    """`kind = "camera"`: its events, no pictures; it looks at the front door and the drive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened last, and what a camera has in view."""

    what: str = ""
    time_ns: int = 0
    count: int = 0
    view: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """The front door and the garage door, open or not, and how often somebody rang."""
    next_ns: int = NEVER_NS


@final
class DoorbellModel:
    """A doorbell."""

    reads: Sequence[str] = ()
    hands: Sequence[str] = (PRESS,)

    def __init__(self, entry: DoorbellEntry) -> None:
        self.id = entry.id
        fixed = {"event_types": ["ring"]}
        self._event = entity(entry, "event", device_class="doorbell", fixed=fixed)
        self.about = device(entry, self._event)

    def begun(self, kept: Mapping[str, EntityState], world: World) -> Event:
        """Nobody has rung since."""
        return _recalled(kept.get(self._event.id), ("ring",))

    def told(self, state: Event) -> dict[str, EntityState]:
        """One entity: when it rang last."""
        return {self._event.id: _shown(self._event, state)}

    def gives(self, state: Event) -> Mapping[str, object]:
        """Somebody is at the door."""
        return {RING: float(state.count)}

    def passed(self, state: Event, world: World) -> Event:
        """Ring when a caller is due."""
        household, now_ns = world.household, world.now_ns
        if state.next_ns <= now_ns:
            state = _happened(state, "ring", now_ns)
        today = local_date(now_ns, household.timezone)
        days = [today, today + timedelta(days=1)]
        due = [c.time_ns for day in days for c in callers(household, day, world.seed)]
        midnight_ns = day_start_ns(days[1], household.timezone)
        coming = min((time for time in due if time > now_ns), default=NEVER_NS)
        return replace(state, next_ns=coming if coming < midnight_ns + _DAY_NS else NEVER_NS)

    def next_ns(self, state: Event, world: World) -> int:
        """With the next caller, or a look at the next date."""
        return min(state.next_ns, world.now_ns + _DAY_NS // 4)

    def obeyed(self, state: Event, wish: DeviceAction, world: World) -> Event:
        """Somebody presses it."""
        only(wish)
        return _happened(state, "ring", world.now_ns)


@final
class CameraModel:
    """A camera."""

    reads: Sequence[str] = (f"{OPEN}front.", f"{OPEN}garage.", RING)

    def __init__(self, entry: CameraEntry) -> None:
        self.id = entry.id
        fixed = {"event_types": list(SEEN)}
        self._event = entity(entry, "event", device_class="motion", fixed=fixed)
        self.about = device(entry, self._event)

    def begun(self, kept: Mapping[str, EntityState], world: World) -> Event:
        """It has seen nothing since."""
        last = _recalled(kept.get(self._event.id), SEEN)
        return replace(last, view=self._view(world), next_ns=self._passer_by_ns(world))

    def told(self, state: Event) -> dict[str, EntityState]:
        """One entity: what it saw last, and when."""
        return {self._event.id: _shown(self._event, state)}

    def passed(self, state: Event, world: World) -> Event:
        """Somebody goes through a door, rings, or walks by."""
        view = self._view(world)
        for what, before, now in zip(
            ("person", "vehicle", "person"), state.view, view, strict=True
        ):
            if now > before:
                state = _happened(state, what, world.now_ns)
        if state.next_ns <= world.now_ns:
            state = _happened(state, "motion", world.now_ns)
            state = replace(state, next_ns=self._passer_by_ns(world))
        return replace(state, view=view)

    def next_ns(self, state: Event, world: World) -> int:
        """When somebody walks by."""
        return state.next_ns

    def _view(self, world: World) -> tuple[float, float, float]:
        return (
            world.total(f"{OPEN}front."),
            world.total(f"{OPEN}garage."),
            world.number(RING),
        )

    def _passer_by_ns(self, world: World) -> int:
        wait_ns = world.chance(f"camera.{self.id}").expovariate(PASSERS_BY / _DAY_NS)
        return world.now_ns + 60 * NS_PER_S + round(wait_ns)


def _recalled(told: EntityState | None, types: Sequence[str]) -> Event:
    what = told.attributes.get("event_type") if told is not None else None
    time_ns = instant_ns(told.state) if told is not None else 0
    return Event(what=str(what), time_ns=time_ns) if what in types and time_ns else Event()


def _happened(state: Event, what: str, now_ns: int) -> Event:
    return replace(state, what=what, time_ns=now_ns, count=state.count + 1)


def _shown(event: Entity, state: Event) -> EntityState:
    return event.state(iso(state.time_ns) or "unknown", event_type=state.what or None)
