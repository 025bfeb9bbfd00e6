"""Every actuator of the table and what moves it; a verb and its path are the same wish. Pure."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from vettura.bus.messages import (
    Actuate,
    ChargeLimit,
    ChargeStart,
    ChargeStop,
    Climate,
    Flap,
    Flash,
    Honk,
    Lock,
    Precondition,
    SignalValue,
    Unlock,
    Verb,
    Wake,
)
from vettura.bus.paths import (
    AWAKE,
    CABIN_TARGET,
    CHARGE,
    CHARGE_LIMIT,
    CLIMATE,
    CURRENT_LIMIT,
    FLAP,
    GEAR,
    GIVE,
    HAZARD,
    HORN,
    LATCH,
    LOCK,
    PARK_LOCK,
    PARKING_BRAKE,
    PRECONDITION,
    READY_AT,
    RESERVE,
    TRIP_METER,
)
from vettura.bus.signals import signal_table
from vettura.car.params import Params
from vettura.drive.body import aim, is_moving, value_of
from vettura.drive.commands import CLIMATE_NS, Decision, decide, is_driving, settled
from vettura.drive.faults import blocked_because, stuck_because
from vettura.drive.legal import iso_of, ns_of
from vettura.drive.living import Living
from vettura.units import NS_PER_S, PERCENT

PARK, DRIVE, REVERSE, NEUTRAL = 126, 127, -1, 0
"""VSS's numbers of gears that a car with one fixed gear has."""

LOCKS = (LOCK, *sorted(path for path in signal_table() if path.endswith(".IsLocked")))
"""The central lock moves them all, whichever is named; ours first."""
_CLIMATES = (CLIMATE, PRECONDITION)
NARROWER: Mapping[str, tuple[float, float]] = {
    CABIN_TARGET: (16.0, 30.0),
    "Vehicle.Cabin.HVAC.Station.Row1.Passenger.Temperature": (16.0, 30.0),
    CHARGE_LIMIT: (20, 100),
}
"""Where the car takes less than the table of VSS says."""
_MOMENTS: Mapping[str, Verb] = {HORN: Honk(), HAZARD: Flash(), AWAKE: Wake()}
WARM_ENOUGH_K = 1.0
READY_GRACE_NS = 60 * NS_PER_S


def together(path: str) -> tuple[str, ...]:
    """Every path that names the same actuator; the first stands for them all."""
    if path in LOCKS:
        return tuple(dict.fromkeys(LOCKS))
    return _CLIMATES if path in _CLIMATES else (path,)


def moves(verb: Verb) -> dict[str, SignalValue]:
    """What a verb brings to which value, the chief actuator first; empty when it moves none."""
    match verb:
        case Actuate(path=path, value=value):
            return {path: value}
        case Lock() | Unlock():
            return {LOCK: isinstance(verb, Lock)}
        case Climate(on=on, target_degc=None):
            return {CLIMATE: on}
        case Climate(on=on, target_degc=target):
            assert target is not None
            return {CLIMATE: on, CABIN_TARGET: float(target)}
        case ChargeStart() | ChargeStop():
            return {CHARGE: "START" if isinstance(verb, ChargeStart) else "STOP"}
        case ChargeLimit(soc=soc):
            return {CHARGE_LIMIT: _percent(soc)}
        case Flap():
            return {FLAP: verb.open}
        case Precondition(ready_at_ns=ready_ns):
            return {READY_AT: "" if ready_ns is None else iso_of(ready_ns)}
        case Wake():
            return {AWAKE: True}
        case Honk():
            return {HORN: True}
        case Flash():
            return {HAZARD: True}
    return {}


def _percent(soc: float) -> int | float:
    percent = round(PERCENT * soc, 6)
    return round(percent) if percent == round(percent) else percent


def wish(params: Params, car: Living, path: str, value: SignalValue) -> Decision:
    """Bring one actuator to a value of its own type and range. What is refused changes nothing."""
    if why := interlocked(car, path, value):
        return Decision(car, why, "interlock")
    verb = _verb(car, path, value)
    if verb is not None:
        return decide(params, car, verb)
    if path == AWAKE:
        return _sleep(car)
    deed = _DEEDS.get(path, _aimed)
    return settled(car, deed(car, path, value))


def interlocked(car: Living, path: str, value: SignalValue) -> str:
    """Why the table of signals forbids that in this state of the car; empty when it does not."""
    match signal_table()[path].interlock:
        case "standing" if is_driving(car) and _opens(path, value):
            return _STAYS[next(part for part in _STAYS if part in path)]
        case "no_current" if not value and _has_current(car):
            return "the cable stays latched while current flows"
        case "no_cable" if car.cable is not None and not _parks(path, value):
            return "the car stays in park while a cable is plugged in"
    return ""


_STAYS = {
    ".IsLocked": "the doors stay locked while driving",
    ".IsFlapOpen": "the charge flap stays shut while driving",
    ".Hood.": "the bonnet stays shut while driving",
    ".Trunk.": "the trunk stays shut while driving",
    ".Door.": "the doors stay shut while driving",
    ".Mirrors.": "the mirrors stay out while driving",
    "": "that stays where it is while driving",
}


def _opens(path: str, value: SignalValue) -> bool:
    """Whether the wish is the one that must not be while the car moves: shutting always may."""
    return not isinstance(value, bool) or value != path.endswith(".IsLocked")


def _has_current(car: Living) -> bool:
    gives = car.flows.outlet_power_w > 0.0 or car.flows.wall_power_w < 0.0
    return car.charge is not None or gives


def _parks(path: str, value: SignalValue) -> bool:
    return value == PARK if path == GEAR else bool(value)


def _verb(car: Living, path: str, value: SignalValue) -> Verb | None:
    """The verb that means the same; None where only the path says it."""
    verb: Verb | None = None
    if path in LOCKS:
        verb = Lock() if value else Unlock()
    elif path in _CLIMATES:
        verb = Climate(on=bool(value))
    elif path == CABIN_TARGET:
        assert isinstance(value, int | float)
        verb = Climate(on=car.climate_on, target_degc=value)
    elif path == CHARGE:
        verb = ChargeStart() if value == "START" else ChargeStop()
    elif path == CHARGE_LIMIT:
        assert isinstance(value, int | float)
        verb = ChargeLimit(soc=value / PERCENT)
    elif path == FLAP:
        verb = Flap(open=bool(value))
    elif path == READY_AT:
        verb = Precondition(ready_at_ns=ns_of(str(value)) if value else None)
    elif path in _MOMENTS and value:
        verb = _MOMENTS[path]
    return verb


def _aimed(car: Living, path: str, value: SignalValue) -> Decision:
    travels = signal_table()[path].travel_s > 0.0
    if travels and not is_moving(car.body, path) and value_of(car.body, path) == value:
        return Decision(car)
    why = stuck_because(car.faults, path)
    if why and not travels:
        return Decision(car, why, "unavailable")
    return Decision(replace(car, body=aim(car.body, path, value)))


def _quiet(car: Living, path: str, _value: SignalValue) -> Decision:
    if path == HORN:
        return Decision(replace(car, horn_until_ns=car.time_ns))
    return Decision(replace(car, hazard_until_ns=car.time_ns))


def _power(car: Living, path: str, value: SignalValue) -> Decision:
    """The owner's limits of what flows through the cable."""
    number = _number(value)
    if path == CURRENT_LIMIT:
        return Decision(replace(car, charge_current_max_a=number))
    if path == GIVE:
        return Decision(replace(car, discharge_power_w=number))
    return Decision(replace(car, discharge_reserve=number / PERCENT))


def _latch(car: Living, path: str, value: SignalValue) -> Decision:
    if value and car.cable is None:
        return Decision(car, "no cable is plugged in", "interlock")
    return _aimed(car, path, value)


def _park(car: Living, path: str, value: SignalValue) -> Decision:
    """Gear, park lock and parking brake: on a trip they are the driver's."""
    if path == GEAR and value not in {PARK, DRIVE, REVERSE, NEUTRAL}:
        reason = f"the car's gears are {REVERSE}, {NEUTRAL}, {PARK} for park and {DRIVE} for drive"
        return Decision(car, reason, "range")
    if not is_driving(car):
        return _aimed(car, path, value)
    if value == DRIVE if path == GEAR else not value:
        return Decision(car)
    return Decision(car, "the car is driving: it parks when it stands", "interlock")


def _reset(car: Living, path: str, value: SignalValue) -> Decision:
    """The trip meter: kept is the odometer's reading at which it was 0 [m]."""
    zero_m = car.state.distance_m - _number(value)
    return Decision(replace(car, body=aim(car.body, path, zero_m)))


def _sleep(car: Living) -> Decision:
    """The computers go down at once, unless they are needed."""
    if is_driving(car) or car.climate_on:
        needed = "it drives" if is_driving(car) else "its climate runs"
        return Decision(car, f"the car stays awake while {needed}", "interlock")
    return Decision(replace(car, awake_until_ns=car.time_ns))


def _number(value: SignalValue) -> float:
    assert isinstance(value, int | float)
    return float(value)


_DEEDS: Mapping[str, Callable[[Living, str, SignalValue], Decision]] = {
    HORN: _quiet,
    HAZARD: _quiet,
    CURRENT_LIMIT: _power,
    GIVE: _power,
    RESERVE: _power,
    LATCH: _latch,
    GEAR: _park,
    PARK_LOCK: _park,
    PARKING_BRAKE: _park,
    TRIP_METER: _reset,
}


def is_reached(car: Living, path: str, value: SignalValue) -> bool:
    """Whether the actuator, and what it is for, is where it was wished."""
    if path in _CLIMATES:
        return not value or (car.climate_on and _is_warm(car, car.cabin_target_degc))
    if path == CABIN_TARGET:
        return not car.climate_on or _is_warm(car, _number(value))
    if path == READY_AT:
        ready_ns = ns_of(str(value))
        return ready_ns is None or (
            car.time_ns >= ready_ns and _is_warm(car, car.cabin_target_degc)
        )
    if path in signal_table() and signal_table()[path].travel_s > 0.0:
        return not is_moving(car.body, path) and value_of(car.body, path) == value
    return True


def _is_warm(car: Living, target_degc: float) -> bool:
    return abs(car.state.cabin_degc - target_degc) <= WARM_ENOUGH_K


def deadline_ns(car: Living, path: str, value: SignalValue) -> int:
    """When whoever wished this is told that it did not come."""
    if path in _CLIMATES or path == CABIN_TARGET:
        return car.time_ns + CLIMATE_NS
    if path == READY_AT:
        return (ns_of(str(value)) or car.time_ns) + READY_GRACE_NS
    travel_s = signal_table()[path].travel_s
    return car.time_ns + round((3.0 * travel_s + 2.0) * NS_PER_S)


def takes_time(path: str) -> bool:
    """Whether the car's own actuator there is not at its value at once."""
    if path in _CLIMATES or path in {CABIN_TARGET, READY_AT}:
        return True
    return path in signal_table() and signal_table()[path].travel_s > 0.0


def why_late(car: Living, path: str) -> str:
    """Why it has not got there in its time, for a person."""
    why = stuck_because(car.faults, path)
    if path in _CLIMATES or path in {CABIN_TARGET, READY_AT}:
        why = blocked_because(car.faults, "climate")
    return why or "it did not get there in time"
