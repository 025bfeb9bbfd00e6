"""A real house's meters, read from entities: units, jumps, silence. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, final

from vettura.bus.messages import MeterValue
from vettura.bus.messages_energy import SiteMeter
from vettura.bus.messages_home import EntityState
from vettura.energy.config import EnergyConfig
from vettura.energy.sharing import lines_of
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S, PHASE_V, SECONDS_PER_HOUR

FACTORS = {
    "W": 1.0,
    "kW": 1e3,
    "MW": 1e6,
    "Wh": 1.0,
    "kWh": 1e3,
    "MWh": 1e6,
    "%": 0.01,
}
"""From an entity's unit to ours."""
SILENT = ("", "unavailable", "unknown", "none")
ABSURD_SHARE = 3.0
"""No reading is more than so many times what the fuse carries: a unit is wrong, or the meter."""
STALE_NS = 120 * NS_PER_S
"""A meter that has said nothing for so long has stopped; many speak only when something changes,
so it is told again what it said for as long."""


class Reading(NamedTuple):
    """A value in our units, and when it was said."""

    value: float
    time_ns: int


@final
@dataclass(slots=True, kw_only=True)
class Heard:
    """What a real house's entities have said."""

    config: EnergyConfig
    stations: Mapping[str, StationConfig]
    units: dict[str, str] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)
    metered: dict[str, MeterValue] = field(default_factory=dict)
    phases: dict[str, int] = field(default_factory=dict)
    import_wh: float = 0.0
    export_wh: float = 0.0
    sun_wh: float = 0.0
    counted_ns: int = 0

    @property
    def wanted(self) -> list[str]:
        """The entities that the home file names."""
        sensors = self.config.sensors
        named = [
            sensors.grid,
            *sensors.grid_phases,
            sensors.sun,
            sensors.battery,
            sensors.battery_soc,
            sensors.import_energy,
            sensors.export_energy,
            sensors.sun_energy,
        ]
        return [entity for entity in named if entity]

    def take(self, entity: str, state: EntityState, time_ns: int) -> str:
        """Take in a state; returns why it is ignored, empty when it is believed."""
        before = self.readings.get(entity)
        if before is not None and time_ns < before.time_ns:
            return f"{entity}: a state came late; ignored"
        if state.state.lower() in SILENT:
            return f"{entity} is {state.state or 'empty'}"
        unit = state.attributes.get("unit_of_measurement") or self.units.get(entity, "")
        factor = FACTORS.get(str(unit))
        if factor is None:
            return f"{entity}: its unit is '{unit}'; known are {', '.join(FACTORS)}"
        try:
            value = float(state.state)
        except ValueError:
            return f"{entity}: '{state.state[:40]}' is no number; ignored"
        if not math.isfinite(value):
            return f"{entity}: {state.state} is no number; ignored"
        if unit in ("W", "kW", "MW") and abs(value * factor) > self._most_w:
            return (
                f"{entity}: {value * factor:.0f} W are more than the house's connection carries; "
                "ignored: see its unit"
            )
        if unit in ("Wh", "kWh", "MWh") and before is not None and value * factor < before.value:
            self.readings[entity] = Reading(value * factor, time_ns)
            return f"{entity}: its counter fell; counted on from there"
        self.readings[entity] = Reading(value * factor, time_ns)
        return ""

    @property
    def _most_w(self) -> float:
        grid = self.config.grid
        panels_w = sum(panel.peak_w for panel in self.config.panels)
        return ABSURD_SHARE * max(grid.fuse_a * PHASE_V * grid.phases, panels_w)

    def meter(self, now_ns: int) -> tuple[SiteMeter | None, str]:
        """What the house's meter says now, or None and why it says nothing."""
        sensors = self.config.sensors
        phase_w = [self._power(entity, now_ns) for entity in sensors.grid_phases]
        grid_w = self._power(sensors.grid, now_ns) if sensors.grid else _sum(phase_w)
        if grid_w is None or None in phase_w:
            entities = [sensors.grid] if sensors.grid else []
            named = ", ".join([*entities, *sensors.grid_phases]) or "no sensor of the grid is named"
            return None, f"the house's meter is silent ({named}): stations get what is safe"
        sign = -1.0 if sensors.grid_is_export else 1.0
        lines = [sign * power_w for power_w in phase_w if power_w is not None]
        sun_w = max(self._power(sensors.sun, now_ns) or 0.0, 0.0)
        battery_w = self._power(sensors.battery, now_ns) or 0.0
        battery_w *= -1.0 if sensors.battery_is_discharge else 1.0
        stations_w = sum(told.power_w for told in self.metered.values())
        soc = self._power(sensors.battery_soc, now_ns)
        self._count(sign * grid_w, sun_w, now_ns)
        told = SiteMeter(
            time_ns=now_ns,
            grid_w=sign * grid_w,
            sun_w=sun_w,
            load_w=sign * grid_w + sun_w - stations_w - battery_w,
            stations_w=stations_w,
            battery_w=battery_w,
            battery_soc=min(max(soc, 0.0), 1.0) if soc is not None else None,
            phase_w=lines,
            others_phase_w=self._others_w(sign * grid_w, lines, sun_w, battery_w),
            import_wh=self._counter(sensors.import_energy, self.import_wh),
            export_wh=self._counter(sensors.export_energy, self.export_wh),
            sun_wh=self._counter(sensors.sun_energy, self.sun_wh),
            source="sensors",
        )
        return told, ""

    def _power(self, entity: str | None, now_ns: int) -> float | None:
        reading = self.readings.get(entity) if entity else None
        if reading is None or now_ns - reading.time_ns > STALE_NS:
            return None
        return reading.value

    def _counter(self, entity: str | None, own_wh: float) -> float:
        reading = self.readings.get(entity) if entity else None
        return own_wh if reading is None else reading.value

    def _count(self, grid_w: float, sun_w: float, now_ns: int) -> None:
        """Count from the power where no counter is named; a silence is not counted."""
        passed_ns = now_ns - self.counted_ns if self.counted_ns else 0
        hours = min(max(passed_ns, 0), STALE_NS) / NS_PER_S / SECONDS_PER_HOUR
        self.import_wh += max(grid_w, 0.0) * hours
        self.export_wh += max(-grid_w, 0.0) * hours
        self.sun_wh += sun_w * hours
        self.counted_ns = now_ns

    def _others_w(
        self, grid_w: float, lines: list[float], sun_w: float, battery_w: float
    ) -> list[float]:
        """On each phase by all but stations; sun and what the battery gives are not counted on.

        Without a sensor for each phase, all of it is taken to hang on any one of them.
        """
        phases = self.config.grid.phases
        given_w = sun_w + max(-battery_w, 0.0)
        if len(lines) != phases:
            stations_w = sum(max(told.power_w, 0.0) for told in self.metered.values())
            return [max(grid_w + given_w - stations_w, 0.0)] * phases
        taken = self._station_lines_w()
        return [
            max(lines[k] + given_w / phases - taken[k if phases == 3 else 0], 0.0)
            for k in range(phases)
        ]

    def _station_lines_w(self) -> list[float]:
        """What stations take on each phase, never more than they can: what is told too high would
        hide the house's own load."""
        taken = [0.0, 0.0, 0.0]
        for name, told in self.metered.items():
            config = self.stations[name]
            power_w = min(told.power_w, config.power_w_max)
            used = lines_of(config.line, min(self.phases.get(name, config.phases), config.phases))
            if self.config.grid.phases == 1:
                used = (0,)
            for index in used:
                taken[index] += power_w / len(used)
        return taken


def _sum(powers: list[float | None]) -> float | None:
    known = [power_w for power_w in powers if power_w is not None]
    return sum(known) if known and len(known) == len(powers) else None
