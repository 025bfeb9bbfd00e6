"""An electric scooter and its charger: it goes where its rider goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, final

from msgspec import Meta

from vettura.bus.messages_home import DeviceAction, EntityState
from vettura.errors import RefusedError
from vettura.home.device.entity import DeviceEntry, device, entity
from vettura.home.device.heat import hours_of
from vettura.home.device.model import NEVER_NS, is_on, only, recalled_number
from vettura.home.device.person import HOME, NOT_HOME
from vettura.home.device.world import FED, LOAD, PERSON, World
from vettura.life.travel import SCOOTER_MPS
from vettura.units import KMH_PER_MPS, M_PER_KM, NS_PER_S, PERCENT, SECONDS_PER_HOUR

PLUG, UNPLUG = "hands.plug", "hands.unplug"
CHARGER_SHARE = 0.87
"""Of what it draws so much arrives in the battery."""
TAPER_FROM = 0.9
TRICKLE_SHARE = 0.2
"""From 90 % on a charger lets up, down to a fifth of its power when full."""
STEP = 0.01


class ScooterEntry(DeviceEntry, frozen=True, kw_only=True, tag="scooter"):
    """`kind = "scooter"`; figures of a Xiaomi M365: 280 Wh, 71 W (42 V, 1.7 A), 30 km at best."""

    person: str
    """Who rides it."""
    socket: str = ""
    """The smart socket its charger hangs on; empty for one that is always on."""
    battery_wh: Annotated[float, Meta(ge=50, le=5_000)] = 275.0
    charger_w: Annotated[float, Meta(ge=10, le=2_000)] = 71.0
    wh_per_km: Annotated[float, Meta(ge=3, le=80)] = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scooter:
    """Charge and way up to `time_ns`, and what goes on since."""

    soc: float = 0.8
    odometer_m: float = 0.0
    is_plugged: bool = False
    is_riding: bool = False
    is_home: bool = True
    draw_w: float = 0.0
    """What the charger draws."""
    time_ns: int = 0


@final
class ScooterModel:
    """A scooter."""

    hands: Sequence[str] = (PLUG, UNPLUG)

    def __init__(self, entry: ScooterEntry) -> None:
        self.id = entry.id
        self._entry = entry
        self._fed = FED + entry.socket
        self.reads: Sequence[str] = (
            PERSON + entry.person,
            *([self._fed] if entry.socket else []),
        )
        self._battery = entity(
            entry, "sensor", "battery", device_class="battery", unit_of_measurement="%"
        )
        self._range = entity(
            entry, "sensor", "range", device_class="distance", unit_of_measurement="km"
        )
        self._odometer = entity(
            entry,
            "sensor",
            "odometer",
            device_class="distance",
            unit_of_measurement="km",
            state_class="total_increasing",
        )
        self._plugged = entity(entry, "binary_sensor", "plugged", device_class="plug")
        self._charging = entity(entry, "binary_sensor", "charging", device_class="battery_charging")
        self._tracker = entity(entry, "device_tracker", fixed={"source_type": "bluetooth_le"})
        self.about = device(
            entry,
            self._battery,
            self._range,
            self._odometer,
            self._plugged,
            self._charging,
            self._tracker,
        )

    def begun(self, kept: Mapping[str, EntityState], world: World) -> Scooter:
        """Go on as it was."""
        percent = recalled_number(kept.get(self._battery.id), "", 80.0)
        kilometres = recalled_number(kept.get(self._odometer.id), "", 0.0)
        return Scooter(
            soc=min(max(percent / PERCENT, 0.0), 1.0),
            odometer_m=max(0.0, kilometres) * M_PER_KM,
            is_plugged=is_on(kept.get(self._plugged.id)),
            time_ns=world.now_ns,
        )

    def told(self, state: Scooter) -> dict[str, EntityState]:
        """Battery, range, way, cable, charging, near."""
        way_km = state.soc * self._entry.battery_wh / self._entry.wh_per_km
        return {
            self._battery.id: self._battery.state(f"{PERCENT * state.soc:.0f}"),
            self._range.id: self._range.state(f"{way_km:.1f}"),
            self._odometer.id: self._odometer.state(f"{state.odometer_m / M_PER_KM:.1f}"),
            self._plugged.id: self._plugged.on(state.is_plugged),
            self._charging.id: self._charging.on(state.draw_w > 0.0),
            self._tracker.id: self._tracker.state(HOME if state.is_home else NOT_HOME),
        }

    def gives(self, state: Scooter) -> Mapping[str, object]:
        """What its charger draws."""
        return {f"{LOAD}{self._entry.socket}.{self.id}": state.draw_w}

    def passed(self, state: Scooter, world: World) -> Scooter:
        """It has charged or been ridden since; then see whether it still is."""
        state = self._aged(state, world.now_ns)
        where = world.where(self._entry.person)
        if where is not None:
            rides = where.doing == "scooter" and state.soc > 0.0
            left = where.doing == "scooter" or (not state.is_home and not self._is_back(world))
            state = replace(
                state,
                is_riding=rides,
                is_home=not left,
                is_plugged=state.is_plugged and not left,
            )
        is_fed = not self._entry.socket or world.number(self._fed) > 0.0
        draws = state.is_plugged and is_fed and state.soc < 1.0
        return replace(state, draw_w=self._charger_w(state.soc) if draws else 0.0)

    def next_ns(self, state: Scooter, world: World) -> int:
        """When the next percent is charged or ridden."""
        rate = abs(self._rate_per_h(state))
        if rate <= 0.0:
            return NEVER_NS
        done = state.soc / STEP
        # A hair more than the step, so that what is then shown has changed.
        left = (1.0 - done % 1.0 if state.draw_w > 0.0 else done % 1.0 or 1.0) + 1e-6
        left = min(left * STEP, 1.0 - state.soc if state.draw_w > 0.0 else state.soc)
        return state.time_ns + round(left / rate * SECONDS_PER_HOUR * NS_PER_S) + 1

    def obeyed(self, state: Scooter, wish: DeviceAction, world: World) -> Scooter:
        """Put the cable in or take it out."""
        only(wish)
        if not state.is_home:
            raise RefusedError(f"{self.id} is not at home")
        return replace(self._aged(state, world.now_ns), is_plugged=wish.action == PLUG)

    def _is_back(self, world: World) -> bool:
        return world.is_home(self._entry.person)

    def _aged(self, state: Scooter, now_ns: int) -> Scooter:
        hours = hours_of(now_ns - state.time_ns)
        soc = min(max(state.soc + self._rate_per_h(state) * hours, 0.0), 1.0)
        if soc > 1.0 - 1e-9:
            soc = 1.0
        way_m = SCOOTER_MPS * hours * SECONDS_PER_HOUR if state.is_riding else 0.0
        return replace(state, soc=soc, odometer_m=state.odometer_m + way_m, time_ns=now_ns)

    def _rate_per_h(self, state: Scooter) -> float:
        """By how much the charge grows in an hour; negative when it is ridden."""
        if state.is_riding:
            power_w = self._entry.wh_per_km * SCOOTER_MPS * KMH_PER_MPS
            return -power_w / self._entry.battery_wh
        return CHARGER_SHARE * state.draw_w / self._entry.battery_wh

    def _charger_w(self, soc: float) -> float:
        into = min(max(soc - TAPER_FROM, 0.0) / (1.0 - TAPER_FROM), 1.0)
        return self._entry.charger_w * (1.0 - (1.0 - TRICKLE_SHARE) * into)
