"""What car and station say to each other by ISO 15118, read from messages as JSON. Pure.

ISO 15118-2:2014 and 15118-20:2022 name their fields in their XML schemas; the JSON here is what
EXI codecs make of those: an object with the message's name as its one key (in -2 within
`V2G_Message`). A message is taken in as it comes, so what was said last holds. Times in messages
count from the message; here they are nanoseconds since the epoch, of the house's clock.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, final

import msgspec

from vettura.errors import InputError
from vettura.units import NS_PER_S, PERCENT

Fields: TypeAlias = Mapping[str, Any]

PHASE_V = 230.0
"""Of each phase against neutral (EN 60038)."""
LINE_V = 300.0
"""A nominal AC voltage above this is meant between two phases."""
DC_SERVICES = (2, 6)
TWO_WAY_SERVICES = (5, 6)
"""ServiceID of ISO 15118-20 table 204: 1 AC, 2 DC, 5 AC both ways, 6 DC both ways."""
PHASES = ("", "_L2", "_L3")
LIMITING = ("ChargingStatusRes", "CurrentDemandRes", "_ChargeParameterDiscoveryRes", "LoopRes")
UNREADABLE = (TypeError, ValueError, AttributeError, KeyError, ArithmeticError)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CarSaid:
    """What a car has said in a session. None: nothing about that."""

    edition: str = ""
    """2 or 20."""
    id: str = ""
    """EVCCID: the car's MAC address in -2, like a VIN in -20."""
    is_dc: bool = False
    is_two_way: bool = False
    phases: int | None = None
    departure_ns: int | None = None
    energy_wh: float | None = None
    energy_min_wh: float | None = None
    """Of -20; negative is what could be given before the least charge is reached."""
    energy_max_wh: float | None = None
    soc: float | None = None
    full_soc: float | None = None
    capacity_wh: float | None = None
    charge_w_max: float | None = None
    charge_w_min: float | None = None
    discharge_w_max: float | None = None
    flow_w: float | None = None
    """Into the car now, or asked for with DC; negative is out of it."""
    profile: tuple[tuple[int, float], ...] = ()
    """What it means to take: seconds from its word, and power from then on."""
    has_asked: bool = False
    """It has said what it needs."""
    is_over: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """So much the station allows from then on: into the car, and out of it [W]."""

    start_ns: int
    charge_w: float
    discharge_w: float = 0.0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StationSaid:
    """What a station has said in a session. None: nothing about that."""

    id: str = ""
    stretches: tuple[Stretch, ...] = ()
    """Its schedule; the last is where it ends, with nothing allowed."""
    set_point_w: float | None = None
    """Into the car; negative is out of it."""
    charge_w_max: float | None = None
    discharge_w_max: float | None = None
    phase_v: float = PHASE_V
    phases: int = 3
    """Of the connection, as the car asked for it."""
    is_two_way: bool = False
    is_over: bool = False
    """It wants the session to end."""


def message_in(text: str) -> tuple[str, Fields]:
    """A message's name and its fields, those of nested parts beside the others.

    Raises `InputError` for text that is no such message.
    """
    try:
        whole = msgspec.json.decode(text)
        if "V2G_Message" in whole:
            whole = whole["V2G_Message"]["Body"]
        ((name, body),) = whole.items()
        return name, dict(_flat(body))
    except (msgspec.DecodeError, RecursionError, *UNREADABLE):
        raise InputError("not a message of ISO 15118 as JSON") from None


def _flat(body: Fields) -> Iterator[tuple[str, Any]]:
    for name, value in body.items():
        if isinstance(value, Mapping) and not {"Value", "Exponent"} & set(value):
            yield name, value
            yield from _flat(value)
        else:
            yield name, value


def heard_of_car(said: CarSaid, text: str, now_ns: int) -> CarSaid:
    """What the car has said with one more of its messages; `InputError` for what is none."""
    name, fields = message_in(text)
    try:
        return _heard_of_car(said, name, fields, now_ns)
    except UNREADABLE as error:
        raise InputError(f"{name}: a field is not as ISO 15118 has it: {error}") from None


def _heard_of_car(said: CarSaid, name: str, fields: Fields, now_ns: int) -> CarSaid:
    if name == "SessionSetupReq":
        said = CarSaid(
            id=str(fields.get("EVCCID", "")), edition="20" if "Header" in fields else "2"
        )
    elif name == "ServiceSelectionReq":
        service = fields.get("ServiceID")
        said = replace(said, is_dc=service in DC_SERVICES, is_two_way=service in TWO_WAY_SERVICES)
    elif name == "ChargeParameterDiscoveryReq":
        said = _asked_by_2(said, fields, now_ns)
    elif name == "ScheduleExchangeReq":
        said = replace(_needs_of_20(said, fields, now_ns), has_asked=True)
    elif name.endswith(("_ChargeParameterDiscoveryReq", "_ChargeLoopReq")):
        said = _needs_of_20(said, fields, now_ns)
    elif name == "CurrentDemandReq":
        said = _demanded(said, fields)
    elif name == "PowerDeliveryReq":
        said = replace(said, profile=tuple(_profile(fields)) or said.profile)
    elif name == "SessionStopReq":
        said = replace(said, is_over=fields.get("ChargingSession") != "Pause")
    return said


def _asked_by_2(said: CarSaid, fields: Fields, now_ns: int) -> CarSaid:
    mode = str(fields.get("RequestedEnergyTransferMode", ""))
    said = replace(
        said, edition="2", has_asked=True, departure_ns=_later(fields, "DepartureTime", now_ns)
    )
    if mode.startswith("AC"):
        phases = 3 if "three" in mode else 1
        a_max, a_min = number(fields, "EVMaxCurrent"), number(fields, "EVMinCurrent")
        return replace(
            said,
            is_dc=False,
            phases=phases,
            energy_wh=number(fields, "EAmount"),
            charge_w_max=None if a_max is None else a_max * PHASE_V * phases,
            charge_w_min=None if a_min is None else a_min * PHASE_V * phases,
        )
    power_w = number(fields, "EVMaximumPowerLimit")
    volts, amps = number(fields, "EVMaximumVoltageLimit"), number(fields, "EVMaximumCurrentLimit")
    if power_w is None and volts is not None and amps is not None:
        power_w = volts * amps
    return replace(
        _charge_of(said, fields),
        is_dc=True,
        energy_wh=number(fields, "EVEnergyRequest"),
        capacity_wh=number(fields, "EVEnergyCapacity"),
        full_soc=_share(fields, "FullSOC"),
        charge_w_max=power_w,
    )


def _needs_of_20(said: CarSaid, fields: Fields, now_ns: int) -> CarSaid:
    """Fields that several messages of -20 carry; what this one leaves out stays as it was."""
    told = {
        "departure_ns": _later(fields, "DepartureTime", now_ns),
        "energy_wh": number(fields, "EVTargetEnergyRequest"),
        "energy_min_wh": number(fields, "EVMinimumEnergyRequest"),
        "energy_max_wh": number(fields, "EVMaximumEnergyRequest"),
        "capacity_wh": number(fields, "BatteryEnergyCapacity"),
        "charge_w_max": _phases(fields, "EVMaximumChargePower"),
        "charge_w_min": _phases(fields, "EVMinimumChargePower"),
        "discharge_w_max": _phases(fields, "EVMaximumDischargePower"),
        "flow_w": _flow(fields),
    }
    known: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
    return _charge_of(replace(said, edition="20", **known), fields)


def _demanded(said: CarSaid, fields: Fields) -> CarSaid:
    limit_w = number(fields, "EVMaximumPowerLimit")
    said = replace(said, flow_w=_flow(fields))
    return _charge_of(said if limit_w is None else replace(said, charge_w_max=limit_w), fields)


def _flow(fields: Fields) -> float | None:
    volts, amps = number(fields, "EVTargetVoltage"), number(fields, "EVTargetCurrent")
    if volts is not None and amps is not None:
        return volts * amps
    return _phases(fields, "EVPresentActivePower")


def _charge_of(said: CarSaid, fields: Fields) -> CarSaid:
    soc = _share(fields, "EVRESSSOC")
    soc = _share(fields, "PresentSOC") if soc is None else soc
    return said if soc is None else replace(said, soc=soc)


def _profile(fields: Fields) -> Iterator[tuple[int, float]]:
    """ChargingProfile of -2 says when a power begins, EVPowerProfile of -20 how long it lasts."""
    for entry in fields.get("ProfileEntry", []):
        power_w = number(entry, "ChargingProfileEntryMaxPower") or 0.0
        yield int(entry["ChargingProfileEntryStart"]), power_w
    start_s = 0
    for entry in fields.get("EVPowerProfileEntry", []):
        yield start_s, _phases(entry, "Power") or 0.0
        start_s += int(entry["Duration"])


def heard_of_station(said: StationSaid, text: str, now_ns: int) -> StationSaid:
    """What the station has said with one more of its messages; `InputError` for what is none."""
    name, fields = message_in(text)
    try:
        return _heard_of_station(said, name, fields, now_ns)
    except UNREADABLE as error:
        raise InputError(f"{name}: a field is not as ISO 15118 has it: {error}") from None


def _heard_of_station(said: StationSaid, name: str, fields: Fields, now_ns: int) -> StationSaid:
    if name == "SessionSetupRes":
        said = replace(said, id=str(fields.get("EVSEID", "")))
    elif name == "ChargeParameterDiscoveryRes":
        said = _offered_by_2(said, fields, now_ns)
    elif name == "ScheduleExchangeRes":
        said = _offered_by_20(said, fields, now_ns)
    elif name.endswith(LIMITING):
        said = _limited(said, fields)
    wants_end = fields.get("EVSENotification") in ("StopCharging", "Terminate")
    return replace(said, is_over=True) if wants_end else said


def _offered_by_2(said: StationSaid, fields: Fields, now_ns: int) -> StationSaid:
    volts = number(fields, "EVSENominalVoltage")
    if volts is not None and volts > 0.0:
        said = replace(said, phase_v=volts / math.sqrt(3.0) if volts > LINE_V else volts)
    said = _limited(said, fields)
    for option in _parts(fields, "SAScheduleTuple"):
        entries = dict(_flat(option)).get("PMaxScheduleEntry", [])
        stretches = tuple(_stretches_of_2(entries, now_ns))
        return replace(said, stretches=stretches)
    return said


def _stretches_of_2(entries: list[Fields], now_ns: int) -> Iterator[Stretch]:
    for entry in entries:
        power_w, when = number(entry, "PMax"), entry.get("RelativeTimeInterval", {})
        start_ns = now_ns + int(when.get("start", 0)) * NS_PER_S
        yield Stretch(start_ns=start_ns, charge_w=max(power_w or 0.0, 0.0))
        if "duration" in when:
            yield Stretch(start_ns=start_ns + int(when["duration"]) * NS_PER_S, charge_w=0.0)


def _offered_by_20(said: StationSaid, fields: Fields, now_ns: int) -> StationSaid:
    for option in _parts(fields, "ScheduleTuple"):
        into = _powers_of_20(option.get("ChargingSchedule"), now_ns)
        out = _powers_of_20(option.get("DischargingSchedule"), now_ns)
        starts = sorted({start_ns for start_ns, _ in (*into, *out)})
        stretches = tuple(
            Stretch(start_ns=at, charge_w=_power_at(into, at), discharge_w=_power_at(out, at))
            for at in starts
        )
        return replace(said, stretches=stretches)
    return said


def _powers_of_20(schedule: Any, now_ns: int) -> list[tuple[int, float]]:  # noqa: ANN401
    """From when how much; a schedule whose anchor leaves it in the past is taken from now."""
    power = (schedule or {}).get("PowerSchedule", {})
    entries = power.get("PowerScheduleEntries", {}).get("PowerScheduleEntry", [])
    lengths = [int(entry.get("Duration", 0)) * NS_PER_S for entry in entries]
    start_ns = int(power.get("TimeAnchor", 0)) * NS_PER_S
    at_ns = start_ns if start_ns + sum(lengths) > now_ns else now_ns
    powers: list[tuple[int, float]] = []
    for entry, length_ns in zip(entries, lengths, strict=True):
        powers.append((at_ns, abs(_phases(entry, "Power") or 0.0)))
        at_ns += length_ns
    return [*powers, (at_ns, 0.0)] if powers else []


def _power_at(powers: list[tuple[int, float]], at_ns: int) -> float:
    return next((power for start, power in reversed(powers) if start <= at_ns), 0.0)


def _limited(said: StationSaid, fields: Fields) -> StationSaid:
    """Limits and set-points of a loop; one that this message leaves out stays as it was."""
    amps = number(fields, "EVSEMaxCurrent")
    charge_w = None if amps is None else max(amps, 0.0) * said.phase_v * said.phases
    for name in ("EVSEMaximumPowerLimit", "EVSEMaximumChargePower"):
        told_w = _phases(fields, name)
        charge_w = charge_w if told_w is None else max(told_w, 0.0)
    told = {
        "set_point_w": _phases(fields, "EVSETargetActivePower"),
        "charge_w_max": charge_w,
        "discharge_w_max": _phases(fields, "EVSEMaximumDischargePower"),
    }
    known: dict[str, Any] = {name: value for name, value in told.items() if value is not None}
    return replace(said, **known)


def _parts(fields: Fields, name: str) -> list[Fields]:
    found = fields.get(name, [])
    return found if isinstance(found, list) else [found]


def _phases(fields: Fields, name: str) -> float | None:
    """A power of -20: said for all phases together, or for each."""
    told = [number(fields, name + phase) for phase in PHASES]
    return None if told[0] is None else sum(power for power in told if power is not None)


def number(fields: Fields, name: str) -> float | None:
    """A physical value in its unit: -2 says Value and Multiplier, -20 Value and Exponent."""
    told = fields.get(name)
    if not isinstance(told, Mapping) or not isinstance(told.get("Value"), int):
        return None
    power = told.get("Exponent", told.get("Multiplier", 0))
    value = told["Value"] * 10.0 ** int(power)
    return float(value) if math.isfinite(value) else None


def _share(fields: Fields, name: str) -> float | None:
    percent = fields.get(name)
    if not isinstance(percent, int) or not 0 <= percent <= PERCENT:
        return None
    return percent / PERCENT


def _later(fields: Fields, name: str, now_ns: int) -> int | None:
    """A time said as seconds from now; 0 is a car that does not say."""
    seconds = fields.get(name)
    return now_ns + int(seconds) * NS_PER_S if isinstance(seconds, int) and seconds > 0 else None
