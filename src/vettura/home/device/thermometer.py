"""A thermometer and hygrometer in a room or outside: it speaks when it has something to say."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from vettura.bus.messages_home import EntityState
from vettura.clock.chance import random_stream
from vettura.home.device.entity import DeviceEntry, device, entity
from vettura.home.device.model import recalled_number
from vettura.home.device.world import AIR_DEGC, HOME_DEGC, World
from vettura.life.weather import SATURATION_PA
from vettura.units import PERCENT

STEP_K = 0.3
STEP_PERCENT = 2.0
"""It tells when it has moved by so much, as sensors on a small battery do."""
PERSON_PA = 150.0
"""By how much living in a house raises the vapour pressure over the air outside [Pa]; EN 15026 has
270 to 810 Pa for dwellings in the cold, less the more they are aired."""


class ThermometerEntry(DeviceEntry, frozen=True, kw_only=True, tag="thermometer"):
    """`kind = "thermometer"`."""

    outdoors: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What it told last."""

    air_degc: float = math.nan
    humidity_percent: float = math.nan


@final
class ThermometerModel:
    """A thermometer and hygrometer."""

    def __init__(self, entry: ThermometerEntry) -> None:
        self.id = entry.id
        self._is_outdoors = entry.outdoors
        self.reads: Sequence[str] = () if entry.outdoors else (AIR_DEGC,)
        self._degc = entity(
            entry,
            "sensor",
            "temperature",
            device_class="temperature",
            unit_of_measurement="°C",
        )
        self._humidity = entity(
            entry,
            "sensor",
            "humidity",
            device_class="humidity",
            unit_of_measurement="%",
        )
        self.about = device(entry, self._degc, self._humidity)

    def begun(self, kept: Mapping[str, EntityState], world: World) -> Reading:
        """What it told last, so that a restart is no news."""
        return Reading(
            recalled_number(kept.get(self._degc.id), "", math.nan),
            recalled_number(kept.get(self._humidity.id), "", math.nan),
        )

    def told(self, state: Reading) -> dict[str, EntityState]:
        """Temperature and humidity."""
        return {
            self._degc.id: self._degc.state(f"{state.air_degc:.1f}"),
            self._humidity.id: self._humidity.state(f"{state.humidity_percent:.0f}"),
        }

    def passed(self, state: Reading, world: World) -> Reading:
        """Measure; what has hardly moved stays as it was told."""
        air_degc, percent = self._measured(world)
        is_news = not abs(air_degc - state.air_degc) < STEP_K
        is_news = is_news or not abs(percent - state.humidity_percent) < STEP_PERCENT
        return Reading(round(air_degc, 1), float(round(percent))) if is_news else state

    def next_ns(self, state: Reading, world: World) -> int:
        """With the weather."""
        return world.next_quarter_ns()

    def _measured(self, world: World) -> tuple[float, float]:
        weather = world.weather()
        if self._is_outdoors:
            return weather.ambient_degc, PERCENT * weather.humidity
        # Rooms of one house differ a little, and always the same way.
        offset_k = random_stream(world.seed, f"room.{self.id}").uniform(-0.6, 0.6)
        air_degc = world.number(AIR_DEGC, HOME_DEGC) + offset_k
        vapour_pa = weather.humidity * _saturation_pa(weather.ambient_degc)
        at_home = sum(world.is_home(person.name) for person in world.household.people)
        vapour_pa += PERSON_PA * (1 + at_home)
        share = vapour_pa / _saturation_pa(air_degc)
        return air_degc, PERCENT * min(max(share, 0.15), 0.9)


def _saturation_pa(degc: float) -> float:
    factor_pa, slope, offset_degc = SATURATION_PA
    return factor_pa * math.exp(slope * degc / (offset_degc + degc))
