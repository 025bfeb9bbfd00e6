"""What a car wants, between OCPP 2.x's NotifyEVChargingNeeds and the bus. Pure.

Facts: OCPP 2.0.1 part 2, K15 to K17 and 2.5 to 2.9; OCPP 2.1 part 2, 3.13 and Q01. Energies of AC
and DC parameters are Wh into the battery, powers W at the cable; 2.1's `v2xChargingParameters`
give discharge powers as positive numbers.
"""

from typing import Any

from vettura.bus.messages_energy import ChargingNeeds
from vettura.faces.ocpp_times import read_time_ns, time_text
from vettura.faces.ocpp_wire import Payload, Version
from vettura.units import PERCENT

PHASE_V = 230.0
PHASES = {"AC_single_phase": 1, "AC_two_phase": 2, "AC_three_phase": 3}
LINES = ("", "_L2", "_L3")


def read_needs(payload: Payload, station: str, version: Version, now_ns: int) -> ChargingNeeds:
    """The needs in a NotifyEVChargingNeeds; what the car does not say is None."""
    told = _part(payload, "chargingNeeds")
    kind = str(told.get("requestedEnergyTransfer", ""))
    alternating = _part(told, "acChargingParameters")
    direct = _part(told, "dcChargingParameters")
    both = _part(told, "v2xChargingParameters")
    phases = PHASES.get(kind)
    capacity_wh = _positive(direct, "evEnergyCapacity")
    soc = _share(direct, "stateOfCharge")
    return ChargingNeeds(
        time_ns=read_time_ns(payload.get("timestamp")) or now_ns,
        station=station,
        soc=soc,
        capacity_wh=capacity_wh,
        departure_ns=read_time_ns(told.get("departureTime")),
        energy_wh=_first(
            _positive(both, "evTargetEnergyRequest"),
            _positive(alternating, "energyAmount"),
            _positive(direct, "energyAmount"),
        ),
        energy_min_wh=_positive(both, "evMinEnergyRequest"),
        energy_max_wh=_positive(both, "evMaxEnergyRequest"),
        charge_w_max=_first(
            _lines(both, "maxChargePower"),
            _positive(direct, "evMaxPower"),
            _watts(direct, "evMaxCurrent", "evMaxVoltage", phases=1),
            _watts(alternating, "evMaxCurrent", "", phases=phases or 1),
        ),
        charge_w_min=_first(
            _lines(both, "minChargePower"),
            _watts(alternating, "evMinCurrent", "", phases=phases or 1),
        ),
        discharge_w_max=_lines(both, "maxDischargePower") if "BPT" in kind else None,
        phases=phases,
        is_dc=kind.startswith("DC"),
        source=f"ocpp{version}",
    )


def needs_payload(needs: ChargingNeeds, version: Version, *, evse: int) -> Payload:
    """A NotifyEVChargingNeeds that says as much of these needs as the version can."""
    gives = version == "2.1" and (needs.discharge_w_max or 0.0) > 0.0
    told: dict[str, Any] = {"requestedEnergyTransfer": _kind(needs, gives=gives)}
    if needs.departure_ns is not None:
        told["departureTime"] = time_text(needs.departure_ns)
    if needs.is_dc:
        told["dcChargingParameters"] = _direct(needs, version)
    elif needs.energy_wh is not None and needs.charge_w_max is not None:
        told["acChargingParameters"] = _alternating(needs, version)
    if gives:
        told["v2xChargingParameters"] = _both(needs)
    payload: Payload = {"evseId": evse, "chargingNeeds": told}
    if version == "2.1":
        payload["timestamp"] = time_text(needs.time_ns)
    return payload


def _kind(needs: ChargingNeeds, *, gives: bool) -> str:
    if gives:
        return "DC_BPT" if needs.is_dc else "AC_BPT"
    if needs.is_dc:
        return "DC"
    names = {count: name for name, count in PHASES.items()}
    return names.get(needs.phases or 3, "AC_three_phase")


def _direct(needs: ChargingNeeds, version: Version) -> dict[str, Any]:
    volts = 400.0
    watts = needs.charge_w_max or 0.0
    told: dict[str, Any] = {
        "evMaxCurrent": _number(watts / volts, version),
        "evMaxVoltage": _number(volts, version),
        "evMaxPower": _number(watts, version),
    }
    for name, value in (
        ("energyAmount", needs.energy_wh),
        ("evEnergyCapacity", needs.capacity_wh),
        ("stateOfCharge", None if needs.soc is None else needs.soc * PERCENT),
    ):
        if value is not None:
            told[name] = round(value) if name == "stateOfCharge" else _number(value, version)
    return told


def _alternating(needs: ChargingNeeds, version: Version) -> dict[str, Any]:
    per_amp = PHASE_V * (needs.phases or 3)
    return {
        "energyAmount": _number(needs.energy_wh or 0.0, version),
        "evMinCurrent": _number((needs.charge_w_min or 0.0) / per_amp, version),
        "evMaxCurrent": _number((needs.charge_w_max or 0.0) / per_amp, version),
        "evMaxVoltage": _number(PHASE_V, version),
    }


def _both(needs: ChargingNeeds) -> dict[str, Any]:
    values = {
        "minChargePower": needs.charge_w_min,
        "maxChargePower": needs.charge_w_max,
        "minDischargePower": 0.0,
        "maxDischargePower": needs.discharge_w_max,
        "evTargetEnergyRequest": needs.energy_wh,
        "evMinEnergyRequest": needs.energy_min_wh,
        "evMaxEnergyRequest": needs.energy_max_wh,
    }
    return {name: value for name, value in values.items() if value is not None}


def _number(value: float, version: Version) -> float:
    """2.0.1 has whole numbers where 2.1 has any."""
    return value if version == "2.1" else round(value)


def _part(payload: Payload, name: str) -> dict[str, Any]:
    part = payload.get(name)
    return part if isinstance(part, dict) else {}


def _positive(part: dict[str, Any], name: str) -> float | None:
    value = part.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0.0 <= value < 1e9 else None


def _share(part: dict[str, Any], name: str) -> float | None:
    value = _positive(part, name)
    return None if value is None else min(1.0, value / PERCENT)


def _lines(part: dict[str, Any], name: str) -> float | None:
    """The sum over lines: the first alone stands for all where the others are not told."""
    told = [_positive(part, f"{name}{line}") for line in LINES]
    return None if told[0] is None else sum(value for value in told if value is not None)


def _watts(part: dict[str, Any], amps: str, volts: str, *, phases: int) -> float | None:
    current = _positive(part, amps)
    level = _positive(part, volts) if volts else PHASE_V
    return None if current is None or level is None else current * level * phases


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)
