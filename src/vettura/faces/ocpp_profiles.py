"""What a station is offered, as charging profiles of each version. Pure.

A profile is in W or in A, as the station says, never both (1.6, 3.13.2). What has a lease ends by
itself: beneath it lies a default profile with the power that is safe without word. A two-way
station is told a set-point, which only 2.1 knows (2.1 part 2, Q).
"""

import math
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, final

from vettura.bus.messages_energy import Schedule, StationOffer
from vettura.faces.ocpp_times import time_text
from vettura.faces.ocpp_wire import Payload, Version
from vettura.units import NS_PER_S, PHASE_V

Unit: TypeAlias = Literal["W", "A"]
Layer: TypeAlias = Literal["most", "safe", "offer"]
"""Of a connector's profiles: what the station may ever give, what it gives without word, and what
it is offered now."""
LAYERS: Final[dict[Layer, tuple[str, int]]] = {
    "most": ("ChargePointMaxProfile", 0),
    "safe": ("TxDefaultProfile", 0),
    "offer": ("TxDefaultProfile", 1),
}
"""Purpose and stack level."""
TX_PROFILE: Final = "TxProfile"
IDS: Final[dict[str, int]] = {"most": 1, "safe": 2, "offer": 3, TX_PROFILE: 4}
IDS_EACH: Final = 10
"""Profile ids of one connector."""
PERIODS_MAX: Final = 24
"""More periods than this few stations take; the later ones are dropped and come with a newer
schedule."""
DECIMALS: Final = 10.0
"""Limits have one decimal in 1.6."""


@final
@dataclass(frozen=True, slots=True)
class Stretch:
    """So much power from so many seconds after the start."""

    offset_s: int
    power_w: float
    """Into the car; negative is out of it."""
    phases: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a station may give over time."""

    start_ns: int
    duration_s: int | None
    """None: until told otherwise."""
    stretches: tuple[Stretch, ...]

    def at(self, time_ns: int) -> Stretch | None:
        """What holds at that time; None before and after."""
        seconds = (time_ns - self.start_ns) // NS_PER_S
        if seconds < 0 or (self.duration_s is not None and seconds >= self.duration_s):
            return None
        return next((one for one in reversed(self.stretches) if one.offset_s <= seconds), None)


def offered(offer: StationOffer, now_ns: int, *, phases: int) -> Limits:
    """An offer from now until its lease ends; a lease is cut to whole seconds, never stretched."""
    left_s = max(0, offer.until_ns - now_ns) // NS_PER_S if offer.until_ns else None
    stretch = Stretch(0, offer.power_w, offer.phases or phases)
    return Limits(start_ns=now_ns, duration_s=left_s, stretches=(stretch,))


def intended(schedule: Schedule, now_ns: int, *, phases: int, power_w_max: float) -> Limits | None:
    """A schedule from now on; None when nothing of it is left or it is not in order."""
    periods = [p for p in schedule.periods if math.isfinite(p.power_w)]
    starts = [period.start_ns for period in periods]
    if not periods or starts != sorted(set(starts)) or schedule.until_ns <= now_ns:
        return None
    stretches: list[Stretch] = []
    for index, period in enumerate(periods):
        is_last = index + 1 == len(periods)
        if not is_last and periods[index + 1].start_ns <= now_ns:
            continue
        # A rise begins when its second is over, so that no power comes early.
        offset_s = max(0, -((now_ns - period.start_ns) // NS_PER_S))
        power_w = min(max(period.power_w, -power_w_max), power_w_max)
        stretches.append(Stretch(offset_s, power_w, period.phases or phases))
    last_s = (schedule.until_ns - now_ns) // NS_PER_S
    kept = [one for one in stretches if one.offset_s < last_s]
    if not kept:
        return None
    if len(kept) > PERIODS_MAX:
        last_s = kept[PERIODS_MAX].offset_s
    if kept[0].offset_s > 0:
        kept = [Stretch(0, 0.0, phases), *kept]
    return Limits(start_ns=now_ns, duration_s=int(last_s), stretches=tuple(kept[:PERIODS_MAX]))


def steady(power_w: float, now_ns: int, *, phases: int) -> Limits:
    """The same power for ever."""
    return Limits(start_ns=now_ns, duration_s=None, stretches=(Stretch(0, power_w, phases),))


def profile_of(
    limits: Limits,
    layer: Layer,
    version: Version,
    *,
    unit: Unit,
    connector: int,
    transaction: str = "",
    gives: bool = False,
    is_dc: bool = False,
) -> Payload:
    """A SetChargingProfile. `transaction` makes an offer hold for that charge alone; `gives` lets a
    2.1 station take power out of the car; one of direct current has no phases."""
    purpose, stack = LAYERS[layer]
    number = IDS[layer]
    if transaction and layer == "offer":
        purpose, number = TX_PROFILE, IDS[TX_PROFILE]
    periods = [
        _period(one, version, unit=unit, gives=gives, is_dc=is_dc) for one in limits.stretches
    ]
    schedule: dict[str, Any] = {
        "startSchedule": time_text(limits.start_ns),
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": periods,
    }
    if limits.duration_s is not None:
        schedule["duration"] = limits.duration_s
    own_id = connector * IDS_EACH + number
    profile: dict[str, Any] = {
        "stackLevel": stack,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
    }
    if version == "1.6":
        profile |= {"chargingProfileId": own_id, "chargingSchedule": schedule}
        if purpose == TX_PROFILE:
            profile["transactionId"] = int(transaction)
        place = 0 if layer == "most" else connector
        return {"connectorId": place, "csChargingProfiles": profile}
    profile |= {"id": own_id, "chargingSchedule": [{"id": own_id, **schedule}]}
    if purpose == "ChargePointMaxProfile":
        profile["chargingProfilePurpose"] = "ChargingStationMaxProfile"
    elif purpose == TX_PROFILE:
        profile["transactionId"] = transaction
    place = 0 if layer == "most" else connector
    return {"evseId": place, "chargingProfile": profile}


def _period(
    stretch: Stretch, version: Version, *, unit: Unit, gives: bool, is_dc: bool
) -> dict[str, Any]:
    period: dict[str, Any] = {"startPeriod": stretch.offset_s}
    if version == "2.1" and gives and unit == "W":
        if stretch.power_w < 0.0:
            setpoint = -_floored(-stretch.power_w)
            mode = {"operationMode": "CentralSetpoint", "setpoint": setpoint}
            return period | mode | {"dischargeLimit": setpoint}
        period["operationMode"] = "ChargingOnly"
    limit = max(0.0, stretch.power_w)
    if unit == "A":
        limit /= PHASE_V * stretch.phases
    period["limit"] = _floored(limit)
    if not is_dc:
        period["numberPhases"] = stretch.phases
    return period


def _floored(value: float) -> float:
    """To one decimal, never up; what floats lose below it is given back."""
    return math.floor(value * DECIMALS + 1e-6) / DECIMALS


def clear_payload(
    layer: Layer | Literal["TxProfile"], version: Version, *, connector: int
) -> Payload:
    """A ClearChargingProfile of one of ours."""
    own_id = connector * IDS_EACH + IDS[layer]
    return {"id": own_id} if version == "1.6" else {"chargingProfileId": own_id}


def unit_of(setting: str, *, is_dc: bool, otherwise: Unit) -> Unit:
    """The unit that a station takes profiles in, from its own words; W where it takes both."""
    words = {word.strip().lower() for word in setting.split(",")}
    if is_dc or words & {"power", "w"}:
        return "W"
    return "A" if words & {"current", "a"} else otherwise
