"""A wallbox at one moment, and what a frame or a wish makes of it. Pure."""

import math
from dataclasses import dataclass, replace

from vettura.bus.messages import MeterValue, SignalFrame
from vettura.bus.messages_home import DeviceAbout, DeviceState, EntityAbout, EntityState
from vettura.bus.paths import CABLE, STATION, WALL_POWER
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S, SECONDS_PER_HOUR

AVAILABLE, OCCUPIED, CHARGING, FAULTED = "available", "occupied", "charging", "faulted"
"""Connector status of OCPP, in lower case."""
CHARGING_W = 50.0
"""Less than this is a car that only holds its contactor closed."""
FAULT_SHARE = 1.1
SILENCE_NS = 300 * NS_PER_S
"""A car says everything each minute; after this long without a word it is not taken to draw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """What a wallbox remembers. Times are nanoseconds since the epoch."""

    time_ns: int
    """Up to when energy has been counted."""
    vin: str = ""
    """The car that the cable is in; empty when it hangs on the wall."""
    power_w: float = 0.0
    energy_wh: float = 0.0
    """Ever delivered."""
    offered_w: float
    heard_ns: int = 0
    """When the car spoke last, or the cable was moved; what is older is no news."""


def status(station: Station, config: StationConfig) -> str:
    """The station's connector status."""
    if station.power_w > FAULT_SHARE * config.power_w_max:
        return FAULTED
    if not station.vin:
        return AVAILABLE
    return CHARGING if station.power_w >= CHARGING_W else OCCUPIED


def counted(station: Station, now_ns: int) -> Station:
    """Count energy up to `now_ns`: the power since the last count, held until the car's silence."""
    if now_ns <= station.time_ns:
        return station
    until_ns = max(station.time_ns, min(now_ns, station.heard_ns + SILENCE_NS))
    energy_wh = station.power_w * (until_ns - station.time_ns) / NS_PER_S / SECONDS_PER_HOUR
    power_w = station.power_w if until_ns == now_ns else 0.0
    return replace(
        station, time_ns=now_ns, power_w=power_w, energy_wh=station.energy_wh + energy_wh
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
        return replace(station, power_w=_number(values.get(WALL_POWER), station.power_w))
    if not station.vin and values.get(STATION) == config.id and values.get(CABLE) is not False:
        plugged = taken(counted(station, frame.time_ns), vin, frame.time_ns)
        return replace(plugged, power_w=_number(values.get(WALL_POWER), 0.0))
    return station


def taken(station: Station, vin: str, now_ns: int) -> Station:
    """The cable goes into that car."""
    return replace(station, vin=vin, power_w=0.0, heard_ns=now_ns)


def released(station: Station, now_ns: int) -> Station:
    """The cable comes back."""
    return replace(station, vin="", power_w=0.0, heard_ns=now_ns)


def refused_offer(config: StationConfig, power_w: object) -> str:
    """Why the station cannot offer that power [W]; empty when it can."""
    is_number = isinstance(power_w, int | float) and not isinstance(power_w, bool)
    value = _number(power_w, math.nan) if is_number else math.nan
    if 0.0 <= value <= config.power_w_max:
        return ""
    return f"power_w must be a number from 0 to {config.power_w_max:g}"


def device_state(station: Station, config: StationConfig) -> DeviceState:
    """The station as it is told and kept."""
    attributes = {
        "vin": station.vin,
        "power_w": station.power_w,
        "energy_wh": station.energy_wh,
        "offered_w": station.offered_w,
    }
    state = EntityState(state=status(station, config), attributes=attributes)
    return DeviceState(time_ns=station.time_ns, entities={entity_of(config): state})


def device_about(config: StationConfig) -> DeviceAbout:
    """What the station is."""
    status_about = EntityAbout(
        name="Wallbox", device_class="enum", options=[AVAILABLE, OCCUPIED, CHARGING, FAULTED]
    )
    return DeviceAbout(name=config.id, origin="virtual", entities={entity_of(config): status_about})


def entity_of(config: StationConfig) -> str:
    """The entity that is the station itself."""
    return f"sensor.{config.id.lower().replace('-', '_')}"


def meter_value(station: Station) -> MeterValue:
    """What the station measures."""
    return MeterValue(time_ns=station.time_ns, power_w=station.power_w, energy_wh=station.energy_wh)


def recalled(kept: DeviceState | None, config: StationConfig, now_ns: int) -> Station:
    """Go on from what was kept; None begins a new station. Nothing flows before the car speaks."""
    told = kept.entities.get(entity_of(config)) if kept else None
    attributes = told.attributes if told else {}
    offered_w = _number(attributes.get("offered_w"), config.power_w_max)
    return Station(
        time_ns=now_ns,
        vin=str(attributes.get("vin", "")),
        energy_wh=max(0.0, _number(attributes.get("energy_wh"), 0.0)),
        offered_w=min(max(offered_w, 0.0), config.power_w_max),
        heard_ns=now_ns,
    )


def _number(value: object, otherwise: float) -> float:
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    return otherwise
