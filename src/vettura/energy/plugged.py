"""What a plugged car wants, read from its signals as ISO 15118 would say it. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime

from vettura.bus.messages import SignalValue
from vettura.bus.messages_energy import ChargingNeeds
from vettura.bus.paths import (
    BATTERY,
    CHARGE_LIMIT,
    CHARGING,
    DISPLAYED_SOC,
    GIVE_MAX,
    READY_AT,
    TIMER,
    VOLTAGE,
)
from vettura.energy.station import number
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S, PERCENT, PHASE_A_MIN, PHASE_V, WH_PER_KWH

CAPACITY = BATTERY + "NetCapacity"
CURRENT_MAX = CHARGING + "MaximumChargingCurrent."
PHASES = tuple(f"{CURRENT_MAX}Phase{number}" for number in (1, 2, 3))
WANTED = frozenset(
    {
        CAPACITY,
        CHARGE_LIMIT,
        CURRENT_MAX + "DC",
        DISPLAYED_SOC,
        GIVE_MAX,
        READY_AT,
        TIMER + "Mode",
        TIMER + "Time",
        VOLTAGE,
        *PHASES,
    }
)
NEWS_SHARE = 0.01
"""Charge is news when it has moved by so much, powers by ten times that."""


def needs_of(
    config: StationConfig, vin: str, values: Mapping[str, SignalValue], now_ns: int
) -> ChargingNeeds:
    """The needs of a car whose latest `values` are these; what it has not said is None."""
    soc = _share(values.get(DISPLAYED_SOC))
    capacity_wh = _positive(values.get(CAPACITY), WH_PER_KWH)
    limit = _share(values.get(CHARGE_LIMIT))
    energy_wh = None
    if soc is not None and capacity_wh is not None and limit is not None:
        energy_wh = max(limit - soc, 0.0) * capacity_wh
    amps = [number(values.get(path), 0.0) for path in PHASES]
    phases = sum(1 for each in amps if each > 0.0)
    both = min(phases, config.phases)
    ac_w = PHASE_V * sum(sorted(amps, reverse=True)[:both]) if both else None
    return ChargingNeeds(
        time_ns=now_ns,
        station=config.id,
        vin=vin,
        soc=soc,
        capacity_wh=capacity_wh,
        departure_ns=_departure_ns(values, now_ns),
        energy_wh=energy_wh,
        energy_max_wh=energy_wh,
        charge_w_max=_dc_w(values) if config.dc else ac_w,
        charge_w_min=None if config.dc or not both else PHASE_A_MIN * PHASE_V * config.phases_min,
        discharge_w_max=_positive(values.get(GIVE_MAX), 1.0) if config.dc else None,
        phases=None if config.dc else (both or None),
        is_dc=config.dc,
        source="car",
    )


def is_news(needs: ChargingNeeds, told: ChargingNeeds | None) -> bool:
    """Whether that is worth telling after what was told last."""
    if told is None or needs.vin != told.vin or needs.departure_ns != told.departure_ns:
        return True
    if needs.phases != told.phases or (needs.discharge_w_max or 0.0) != (
        told.discharge_w_max or 0.0
    ):
        return True
    if _moved(needs.soc, told.soc, NEWS_SHARE) or _moved(needs.capacity_wh, told.capacity_wh, 1.0):
        return True
    powers_w = max(needs.charge_w_max or 0.0, told.charge_w_max or 0.0)
    return _moved(needs.charge_w_max, told.charge_w_max, 10.0 * NEWS_SHARE * max(powers_w, 1.0))


def _moved(one: float | None, other: float | None, far: float) -> bool:
    if one is None or other is None:
        return one is not other
    return abs(one - other) >= far


def _share(value: object) -> float | None:
    percent = number(value, -1.0)
    return min(percent / PERCENT, 1.0) if percent >= 0.0 else None


def _positive(value: object, factor: float) -> float | None:
    found = number(value, 0.0)
    return found * factor if found > 0.0 else None


def _dc_w(values: Mapping[str, SignalValue]) -> float | None:
    volts = number(values.get(VOLTAGE), 0.0)
    return _positive(values.get(CURRENT_MAX + "DC"), volts) if volts > 0.0 else None


def _departure_ns(values: Mapping[str, SignalValue], now_ns: int) -> int | None:
    """When its cabin shall be ready, or its timer wants the charge done; the past counts not."""
    told = [values.get(READY_AT)]
    if values.get(TIMER + "Mode") == "END_TIME":
        told.append(values.get(TIMER + "Time"))
    times = [time_ns for text in told if (time_ns := _time_ns(text)) is not None]
    ahead = [time_ns for time_ns in times if time_ns > now_ns]
    return min(ahead, default=None)


def _time_ns(text: object) -> int | None:
    try:
        moment = datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
    if moment is None:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(aware.timestamp()) * NS_PER_S
