"""A phone: where its owner is, unless it was forgotten; its charge, alarm and notifications."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple, final

from vettura.bus.messages_home import DeviceAction, EntityState
from vettura.errors import RefusedError
from vettura.home.device.entity import DeviceEntry, device, entity, iso
from vettura.home.device.model import only, text
from vettura.home.device.person import zone_at, zone_state
from vettura.home.device.world import PERSON, TRACKED, Whereabouts, World
from vettura.life.gear import phone_charge
from vettura.life.household import Household, Person
from vettura.life.local_time import local_date
from vettura.life.person_day import person_day
from vettura.life.places import ON_THE_ROAD
from vettura.units import NS_PER_S, PERCENT

LEAVE_BEHIND, TAKE_ALONG = "hands.leave_behind", "hands.take_along"
TELL_NS = 900 * NS_PER_S
"""Its charge is told this often."""
STATE_CHARACTERS_MAX = 255
"""Home Assistant's limit for a state."""
_ACTIVITY = {"car": "in_vehicle", "bus": "in_vehicle", "foot": "walking", "scooter": "on_bicycle"}


class PhoneEntry(DeviceEntry, frozen=True, kw_only=True, tag="phone"):
    """`kind = "phone"`."""

    person: str


class Note(NamedTuple):
    """A notification."""

    time_ns: int
    title: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """Where it is, its charge, and what came in last."""

    where: Whereabouts | None = None
    is_left: bool = False
    """It stays where it is, whoever goes."""
    is_forgotten: bool = False
    """Its owner has left home without it today."""
    soc: float = 1.0
    is_charging: bool = False
    alarm_ns: int = 0
    """When it rings next; 0 for not before the day after tomorrow."""
    note: Note | None = None
    notes: int = 0
    """Notifications so far."""


@final
class PhoneModel:
    """A phone."""

    hands: Sequence[str] = (LEAVE_BEHIND, TAKE_ALONG)

    def __init__(self, entry: PhoneEntry, household: Household) -> None:
        self.id = entry.id
        self._household = household
        self._person: Person = next(p for p in household.people if p.name == entry.person)
        self.reads: Sequence[str] = (PERSON + entry.person,)
        self.notify = f"notify.mobile_app_{entry.slug}"
        self._tracker = entity(entry, "device_tracker", fixed={"source_type": "gps"})
        self._battery = entity(
            entry,
            "sensor",
            "battery_level",
            device_class="battery",
            unit_of_measurement="%",
        )
        self._charging = entity(
            entry, "binary_sensor", "is_charging", device_class="battery_charging"
        )
        self._alarm = entity(entry, "sensor", "next_alarm", device_class="timestamp")
        self._activity = entity(entry, "sensor", "detected_activity", icon="mdi:walk")
        self._note = entity(entry, "sensor", "last_notification", icon="mdi:message-text")
        self.tracker = self._tracker.id
        self.about = device(
            entry,
            self._tracker,
            self._battery,
            self._charging,
            self._alarm,
            self._activity,
            self._note,
            services=[self.notify],
        )

    def begun(self, kept: Mapping[str, EntityState], world: World) -> Phone:
        """Its owner's day says where it is; a forgotten one was found by the restart."""
        told = kept.get(self._note.id)
        if told is None or told.state == "unknown":
            return Phone()
        title, message = (str(told.attributes.get(k, "")) for k in ("title", "message"))
        count = told.attributes.get("count", 1)
        note = Note(world.now_ns, title, message)
        return Phone(note=note, notes=count if isinstance(count, int) else 1)

    def told(self, state: Phone) -> dict[str, EntityState]:
        """Tracker, charge, alarm, activity, notification."""
        where = state.where
        percent = round(PERCENT * state.soc)
        place: dict[str, object] = {}
        if where is not None:
            place = {
                "latitude": round(where.latitude_deg, 5),
                "longitude": round(where.longitude_deg, 5),
            }
        doing = where.doing if where is not None and not state.is_left else ""
        note = state.note
        return {
            self._tracker.id: self._tracker.state(
                self._zone(state), gps_accuracy=12, battery_level=percent, **place
            ),
            self._battery.id: self._battery.state(str(percent)),
            self._charging.id: self._charging.on(state.is_charging),
            self._alarm.id: self._alarm.state(iso(state.alarm_ns) or "unknown"),
            self._activity.id: self._activity.state(_ACTIVITY.get(doing, "still")),
            self._note.id: self._note.state(
                (note.message or note.title)[:STATE_CHARACTERS_MAX] if note else "unknown",
                title=note.title if note else None,
                message=note.message if note else None,
                count=state.notes,
            ),
        }

    def gives(self, state: Phone) -> Mapping[str, object]:
        """Where Home Assistant takes its owner to be."""
        return {TRACKED + self._person.name: self._zone(state)}

    def passed(self, state: Phone, world: World) -> Phone:
        """Look at the place, and every quarter of an hour at the charge."""
        day = world.day_of(self._person)
        tick_ns = max(world.now_ns // TELL_NS * TELL_NS, day.begin_ns)
        charge = phone_charge(day, tick_ns)
        owner = world.where(self._person.name)
        is_forgotten = self._is_forgotten(state, owner, world)
        return replace(
            state,
            where=state.where if state.is_left or is_forgotten else owner,
            is_forgotten=is_forgotten,
            soc=charge.soc,
            is_charging=charge.is_charging,
            alarm_ns=self._alarm_ns(world),
        )

    def next_ns(self, state: Phone, world: World) -> int:
        """With the next quarter of an hour."""
        return (world.now_ns // TELL_NS + 1) * TELL_NS

    def obeyed(self, state: Phone, wish: DeviceAction, world: World) -> Phone:
        """Show a notification; or be forgotten, or found."""
        if wish.action in self.hands:
            only(wish)
            return replace(state, is_left=wish.action == LEAVE_BEHIND)
        only(wish, "message", "title", "data", "target")
        if not text(wish, "message"):
            raise RefusedError(f"{wish.action} needs message")
        note = Note(world.now_ns, text(wish, "title"), text(wish, "message"))
        return replace(state, note=note, notes=state.notes + 1)

    def _is_forgotten(self, state: Phone, owner: Whereabouts | None, world: World) -> bool:
        """From leaving home on a day on which it is forgotten until coming home."""
        if owner is None or state.where is None or owner.place == self._household.home.name:
            return False
        was_home = state.where.place == self._household.home.name
        today = local_date(world.now_ns, self._household.timezone)
        return state.is_forgotten or (was_home and today in self._person.leaves_phone_on)

    def _zone(self, state: Phone) -> str:
        where = state.where
        if where is None:
            return "unknown"
        place = where.place
        if place == ON_THE_ROAD:
            place = zone_at(self._household, where.latitude_deg, where.longitude_deg)
        return zone_state(self._household, place)

    def _alarm_ns(self, world: World) -> int:
        """Set for the next day of work, today's or tomorrow's."""
        today = local_date(world.now_ns, self._household.timezone)
        for date in (today, today + timedelta(days=1)):
            day = person_day(self._household, self._person, date, world.seed)
            if day.is_work and day.wake_ns > world.now_ns:
                return day.wake_ns // NS_PER_S * NS_PER_S
        return 0
