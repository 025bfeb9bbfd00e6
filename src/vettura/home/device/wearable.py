"""A smart band or watch on somebody's wrist."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from vettura.bus.messages_home import EntityState
from vettura.home.device.entity import DeviceEntry, device, entity
from vettura.home.device.person import HOME, NOT_HOME
from vettura.home.device.world import PERSON, World
from vettura.life.body import PULSE_NS, heart_bpm, steps_at
from vettura.life.gear import BAND_DAYS, BAND_EVERY_DAYS, WATCH_DAYS, gear_charge
from vettura.life.household import Household, Person
from vettura.units import PERCENT

UNKNOWN = "unknown"


class BandEntry(DeviceEntry, frozen=True, kw_only=True, tag="band"):
    """`kind = "band"`: charged once a week."""

    person: str


class WatchEntry(DeviceEntry, frozen=True, kw_only=True, tag="watch"):
    """`kind = "watch"`: charged every morning."""

    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrist:
    """What it measures."""

    bpm: int = 0
    steps: int = 0
    is_asleep: bool = False
    is_worn: bool = True
    soc: float = 1.0
    is_charging: bool = False
    is_near: bool = True
    room: str = ""


@final
class WearableModel:
    """A band or a watch."""

    def __init__(self, entry: BandEntry | WatchEntry, household: Household) -> None:
        self.id = entry.id
        self._person: Person = next(p for p in household.people if p.name == entry.person)
        is_band = isinstance(entry, BandEntry)
        self._lasts_days = BAND_DAYS if is_band else WATCH_DAYS
        self._every_days = BAND_EVERY_DAYS if is_band else 1
        self.reads: Sequence[str] = (PERSON + entry.person,)
        self._heart = entity(
            entry,
            "sensor",
            "heart_rate",
            unit_of_measurement="bpm",
            icon="mdi:heart-pulse",
        )
        self._steps = entity(
            entry,
            "sensor",
            "steps",
            unit_of_measurement="steps",
            state_class="total_increasing",
            icon="mdi:shoe-print",
        )
        self._asleep = entity(entry, "binary_sensor", "asleep", icon="mdi:sleep")
        self._worn = entity(entry, "binary_sensor", "worn", icon="mdi:watch")
        self._battery = entity(
            entry, "sensor", "battery", device_class="battery", unit_of_measurement="%"
        )
        self._charging = entity(entry, "binary_sensor", "charging", device_class="battery_charging")
        self._room = entity(entry, "sensor", "room", icon="mdi:map-marker-radius")
        self._near = entity(entry, "device_tracker", fixed={"source_type": "bluetooth_le"})
        self.about = device(
            entry,
            self._heart,
            self._steps,
            self._asleep,
            self._worn,
            self._battery,
            self._charging,
            self._room,
            self._near,
        )

    def begun(self, kept: Mapping[str, EntityState], world: World) -> Wrist:
        """It measures; nothing has to be remembered."""
        return Wrist()

    def told(self, state: Wrist) -> dict[str, EntityState]:
        """Heart, steps, sleep, worn, charge, room, near."""
        return {
            self._heart.id: self._heart.state(str(state.bpm) if state.is_worn else UNKNOWN),
            self._steps.id: self._steps.state(str(state.steps)),
            self._asleep.id: self._asleep.on(state.is_asleep),
            self._worn.id: self._worn.on(state.is_worn),
            self._battery.id: self._battery.state(f"{PERCENT * state.soc:.0f}"),
            self._charging.id: self._charging.on(state.is_charging),
            self._room.id: self._room.state(state.room or NOT_HOME),
            self._near.id: self._near.state(HOME if state.is_near else NOT_HOME),
        }

    def passed(self, state: Wrist, world: World) -> Wrist:
        """Measure; pulse, steps and charge are looked at every ten minutes by the clock."""
        person, now_ns = self._person, world.now_ns
        day = world.day_of(person)
        where = world.where(person.name)
        tick_ns = max(now_ns // PULSE_NS * PULSE_NS, day.begin_ns)
        charge = gear_charge(day, now_ns, lasts_days=self._lasts_days, every_days=self._every_days)
        is_worn = not charge.is_charging
        is_near = world.is_home(person.name)
        return Wrist(
            bpm=heart_bpm(person, day, tick_ns, world.seed),
            steps=steps_at(day, tick_ns),
            is_asleep=is_worn and where is not None and where.doing == "sleeping",
            is_worn=is_worn,
            soc=charge.soc,
            is_charging=charge.is_charging,
            is_near=is_near,
            room=where.room if where is not None else "",
        )

    def next_ns(self, state: Wrist, world: World) -> int:
        """With the next ten minutes of the clock."""
        return (world.now_ns // PULSE_NS + 1) * PULSE_NS
