"""A wallbox at one moment, and what a frame of its car makes of it. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from vettura.bus.messages import MeterValue, SignalFrame, SignalValue
from vettura.bus.paths import CABLE, STATION, WALL_POWER
from vettura.bus.paths import CHARGING as CHARGING_BRANCH
from vettura.energy.sharing import Lines, lines_a
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S, SECONDS_PER_HOUR

AVAILABLE, OCCUPIED, CHARGING, FAULTED = "available", "occupied", "charging", "faulted"
"""Connector status of OCPP, in lower case."""
DISCHARGING = "discharging"
"""The car feeds the house."""
CHARGING_W = 50.0
"""Less than this is a car that only holds its contactor closed."""
FAULT_SHARE = 1.1
SILENCE_NS = 300 * NS_PER_S
"""A car says everything each minute; after this long without a word it is not taken to draw."""
PHASE_CURRENTS = tuple(f"{CHARGING_BRANCH}ChargeCurrent.Phase{number}" for number in (1, 2, 3))
NOTHING: Lines = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a station was offered last, and for how long that is good."""

    power_w: float
    """Negative: out of the car."""
    phases: int | None = None
    until_ns: int = 0
    """0: for ever."""
    issued_ns: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether it came from a person: no lease, no phases; passed on as it is."""
        return self.until_ns == 0 and self.phases is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the car has confirmed to have heard of the pilot."""

    power_w: float
    phases: int
    time_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A transaction: from the cable's coming to its going."""

    id: str
    vin: str
    sequence: int = -1
    """Of the event that was told last; -1 before the first."""
    told_wh: float = 0.0
    """Both counters together, when it was told last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """What a wallbox remembers. Times are nanoseconds since the epoch."""

    time_ns: int
    """Up to when energy has been counted."""
    vin: str = ""
    """The car that the cable is in; empty when it hangs on the wall."""
    power_w: float = 0.0
    """At the grid's side; negative comes out of the car."""
    energy_wh: float = 0.0
    """Ever delivered."""
    given_wh: float = 0.0
    """Ever taken out of cars."""
    offered_w: float
    """Now; negative is asked of the car."""
    phases: int = 3
    """In use."""
    heard_ns: int = 0
    """When the car spoke last, or the cable was moved; what is older is no news."""
    word: Word | None = None
    """None: all that it can."""
    told: Told | None = None
    """None: the car has not been told since the cable came."""
    phase_a: Lines | None = None
    """Measured on each conductor [A]; None: nobody says."""
    bound_a: Lines = NOTHING
    """What the car may still take on each line, having been told or not."""
    opened_ns: int = 0
    """When the contactor opened last."""
    phased_ns: int = 0
    """When the phases were switched last."""
    ramped_ns: int = 0
    """When the offer rose last."""
    switches: int = 0
    """How often the contactor has closed, ever."""
    fault: str = ""
    """Why it does not offer what it should; empty when it does."""
    fault_until_ns: int = 0
    charge: Charge | None = None
    """None when no car is plugged, or nobody counts."""


def status(station: Station, config: StationConfig) -> str:
    """The station's connector status."""
    if station.power_w > FAULT_SHARE * config.power_w_max or station.fault:
        return FAULTED
    if not station.vin:
        return AVAILABLE
    if station.power_w <= -CHARGING_W:
        return DISCHARGING
    return CHARGING if station.power_w >= CHARGING_W else OCCUPIED


def counted(station: Station, now_ns: int) -> Station:
    """Count energy up to `now_ns`: the power since the last count, held until the car's silence."""
    if now_ns <= station.time_ns:
        return station
    until_ns = max(station.time_ns, min(now_ns, station.heard_ns + SILENCE_NS))
    moved_wh = station.power_w * (until_ns - station.time_ns) / NS_PER_S / SECONDS_PER_HOUR
    return replace(
        station,
        time_ns=now_ns,
        power_w=station.power_w if until_ns == now_ns else 0.0,
        energy_wh=station.energy_wh + max(moved_wh, 0.0),
        given_wh=station.given_wh + max(-moved_wh, 0.0),
    )


def heard(station: Station, config: StationConfig, vin: str, frame: SignalFrame) -> Station:
    """Take in what a car says: its power, and that the cable came or went without our doing."""
    values = frame.values
    if frame.time_ns < station.heard_ns:
        return station
    if station.vin == vin:
        station = replace(counted(station, frame.time_ns), heard_ns=frame.time_ns)
        if values.get(CABLE) is False or values.get(STATION, config.id) != config.id:
            return released(station, frame.time_ns)
        return _measured(station, config, values)
    if not station.vin and values.get(STATION) == config.id and values.get(CABLE) is not False:
        plugged = taken(counted(station, frame.time_ns), vin, frame.time_ns)
        # Nobody knows what a car was told that was plugged past the station.
        able = lines_a(config.power_w_max, config.phases, config.line)
        plugged = replace(plugged, bound_a=able)
        return _measured(plugged, config, {WALL_POWER: 0.0, **values})
    return station


def _measured(
    station: Station, config: StationConfig, values: Mapping[str, SignalValue]
) -> Station:
    was = station.phase_a
    is_told = [path in values for path in PHASE_CURRENTS]
    if not config.dc and (all(is_told) or (was is not None and any(is_told))):
        # A frame tells what changed.
        one, two, three = (
            number(values.get(path), was[k] if was else 0.0)
            for k, path in enumerate(PHASE_CURRENTS)
        )
        station = replace(station, phase_a=(one, two, three))
    power_w = grid_side_w(config, number(values.get(WALL_POWER), math.nan))
    return station if math.isnan(power_w) else replace(station, power_w=power_w)


def grid_side_w(config: StationConfig, port_w: float) -> float:
    """Power at the grid's side of what passes the car's inlet [W]: a DC station loses some."""
    if not config.dc:
        return port_w
    return port_w / config.efficiency if port_w > 0.0 else port_w * config.efficiency


def port_side_w(config: StationConfig, grid_w: float) -> float:
    """The reverse of `grid_side_w` [W]."""
    if not config.dc:
        return grid_w
    return grid_w * config.efficiency if grid_w > 0.0 else grid_w / config.efficiency


def taken(station: Station, vin: str, now_ns: int) -> Station:
    """The cable goes into that car."""
    return replace(station, vin=vin, power_w=0.0, phase_a=None, heard_ns=now_ns, told=None)


def released(station: Station, now_ns: int) -> Station:
    """The cable comes back; nothing flows through it any more."""
    return replace(
        station,
        vin="",
        power_w=0.0,
        heard_ns=now_ns,
        told=None,
        bound_a=NOTHING,
        fault="",
        fault_until_ns=0,
    )


def meter_value(station: Station) -> MeterValue:
    """What the station measures."""
    return MeterValue(
        time_ns=station.time_ns,
        power_w=station.power_w,
        energy_wh=station.energy_wh,
        given_wh=station.given_wh,
    )


def whole(value: object) -> int:
    """A whole number as it is: a time in nanoseconds is too long for a float; else 0."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(number(value, 0.0))


def number(value: object, otherwise: float) -> float:
    """A finite number as it is [any unit]; anything else is `otherwise`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return otherwise
    return float(value) if math.isfinite(value) else otherwise
