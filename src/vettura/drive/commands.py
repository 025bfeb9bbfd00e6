"""What the car does with a verb: obey or refuse with a reason. Pure."""

from typing import NamedTuple

from msgspec.structs import replace

from vettura.bus.messages import (
    ChargeLimit,
    ChargeStart,
    ChargeStop,
    Climate,
    Drive,
    Flap,
    Flash,
    Honk,
    Inject,
    Lock,
    Offer,
    Plug,
    Precondition,
    Refusal,
    Unlock,
    Unplug,
    Verb,
    Wake,
)
from vettura.car.charge import displayed_soc
from vettura.car.params import Params
from vettura.drive.body import Body, aim
from vettura.drive.faults import CHARGER_HOT, CLIMATE_UNIT, FAULTS, blocked_because, fault_named
from vettura.drive.living import Cable, ChargeRecord, Living, Progress
from vettura.drive.plans import charge_waits
from vettura.units import NS_PER_S

HORN_NS = NS_PER_S // 2
HAZARD_NS = 3 * NS_PER_S
AWAKE_NS = 120 * NS_PER_S
"""How long the computers stay up after a command."""
CLIMATE_NS = 30 * 60 * NS_PER_S
"""A parked car heats or cools at most this long, as cars do to save the battery."""
PLAN_NS = 366 * 86_400 * NS_PER_S
STILL_MPS = 0.3


class Decision(NamedTuple):
    """The car afterwards, and why not; an empty reason means obeyed."""

    car: Living
    reason: str = ""
    code: Refusal = ""


def obey(params: Params, car: Living, verb: Verb) -> tuple[Living, str]:
    """The car after one verb, and why it was refused, if it was."""
    done = decide(params, car, verb)
    return done.car, done.reason


def decide(params: Params, car: Living, verb: Verb) -> Decision:
    """Answer one verb. A refused one leaves the car as it was."""
    return settled(car, _dispatch(params, car, verb))


def settled(before: Living, done: Decision) -> Decision:
    """Who obeys stays awake for a while; who refuses is as before."""
    if done.reason:
        return Decision(before, done.reason, done.code)
    until_ns = max(done.car.awake_until_ns, before.time_ns + AWAKE_NS)
    return Decision(replace(done.car, awake_until_ns=until_ns))


def is_driving(car: Living) -> bool:
    """Whether it is on a trip, also at a red light, or rolls."""
    return car.progress is not None or car.state.speed_mps > STILL_MPS


def _dispatch(params: Params, car: Living, verb: Verb) -> Decision:
    match verb:
        case Lock():
            return _lock(car, locked=True)
        case Unlock():
            return _lock(car, locked=False)
        case Climate():
            return _climate(car, verb)
        case ChargeStart():
            return start_charge(params, car)
        case ChargeStop():
            return _stop_charge(car)
        case ChargeLimit():
            return _limit(params, car, verb)
        case Flap():
            return _flap(car, verb)
        case Honk():
            return Decision(replace(car, horn_until_ns=car.time_ns + HORN_NS))
        case Flash():
            return Decision(replace(car, hazard_until_ns=car.time_ns + HAZARD_NS))
        case Precondition():
            return _plan(car, verb)
        case Wake():
            return Decision(car)
        case Inject():
            return _break(car, verb)
        case Drive():
            return _drive(params, car, verb)
        case Plug():
            return _plug(params, car, verb)
        case Unplug():
            return _unplug(car)
        case Offer():
            return _offer(params, car, verb)
    return Decision(car, "a car does not know this command", "unknown")


def _lock(car: Living, *, locked: bool) -> Decision:
    if not locked and is_driving(car):
        return Decision(car, "the doors stay locked while driving", "interlock")
    if why := blocked_because(car.faults, "lock"):
        return Decision(car, why, "unavailable")
    return Decision(replace(car, locked=locked))


def _climate(car: Living, verb: Climate) -> Decision:
    if verb.on and (why := blocked_because(car.faults, "climate")):
        return Decision(car, why, "unavailable")
    target = car.cabin_target_degc if verb.target_degc is None else verb.target_degc
    until_ns = car.time_ns + CLIMATE_NS if verb.on else 0
    return Decision(
        replace(car, climate_on=verb.on, cabin_target_degc=target, climate_until_ns=until_ns)
    )


def _plan(car: Living, verb: Precondition) -> Decision:
    if verb.ready_at_ns is None:
        return Decision(replace(car, ready_at_ns=0))
    if verb.ready_at_ns <= car.time_ns:
        return Decision(car, "that time is past", "range")
    if verb.ready_at_ns > car.time_ns + PLAN_NS:
        return Decision(car, "that is more than a year ahead", "range")
    return Decision(replace(car, ready_at_ns=verb.ready_at_ns))


def start_charge(params: Params, car: Living) -> Decision:
    """Start taking current, when there is a cable and room below the limit."""
    if car.charge:
        return Decision(car)
    if car.cable is None:
        return Decision(car, "no cable is plugged in", "interlock")
    if why := _cannot_charge(car, car.cable):
        return Decision(car, why, "unavailable")
    shown = displayed_soc(params, car.state.soc)
    if shown >= car.charge_limit - 1e-6:
        reason = f"charge is {shown:.0%} and the limit is {car.charge_limit:.0%}"
        return Decision(car, reason, "interlock")
    record = ChargeRecord(
        id=f"{car.vin}-{car.time_ns}",
        start_ns=car.time_ns,
        start_wall_wh=car.state.wall_wh,
        start_soc=shown,
    )
    return Decision(replace(car, charge=record))


def _cannot_charge(car: Living, cable: Cable) -> str:
    ac = "" if cable.dc else blocked_because(car.faults, "charge_ac")
    return blocked_because(car.faults, "charge") or ac


def _stop_charge(car: Living) -> Decision:
    if car.charge is None:
        return Decision(car, "the car is not charging", "interlock")
    return Decision(replace(car, charge=None))


def _limit(params: Params, car: Living, verb: ChargeLimit) -> Decision:
    after = replace(car, charge_limit=verb.soc)
    if car.cable is None or displayed_soc(params, car.state.soc) > verb.soc - 0.005:
        return Decision(after)
    # The limit holds also where a fault keeps the charge from starting.
    return Decision(start_charge(params, after).car)


def _flap(car: Living, verb: Flap) -> Decision:
    if verb.open and is_driving(car):
        return Decision(car, "the charge flap stays shut while driving", "interlock")
    if not verb.open and car.cable is not None:
        return Decision(car, "the charge flap cannot close on a plugged cable", "interlock")
    return Decision(replace(car, flap_open=verb.open))


def _break(car: Living, verb: Inject) -> Decision:
    fault = fault_named(verb.fault)
    if fault is None:
        reason = f"no fault {verb.fault[:40]!r}; known: {', '.join(FAULTS)}"
        return Decision(car, reason, "unknown")
    others = [name for name in car.faults if name != fault.name]
    after = replace(car, faults=sorted([*others, fault.name]) if verb.active else others)
    if CLIMATE_UNIT in after.faults:
        after = replace(after, climate_on=False)
    if CHARGER_HOT in after.faults and after.cable is not None and not after.cable.dc:
        after = replace(after, charge=None)
    return Decision(after)


def _drive(params: Params, car: Living, verb: Drive) -> Decision:
    reason, code = _no_drive(params, car, verb)
    if reason:
        return Decision(car, reason, code)
    trip = verb.trip
    progress = Progress(
        trip_id=trip.id,
        origin=car.place,
        destination=trip.destination,
        start_ns=car.time_ns,
        elapsed_ns=0,
        start_m=car.state.distance_m,
        distance_m=trip.distance_m,
        start_wh=car.state.drawn_wh - car.state.regenerated_wh,
        start_soc=displayed_soc(params, car.state.soc),
    )
    shut = replace(car, flap_open=False, locked=True, body=_shut(car.body))
    return Decision(replace(shut, progress=progress))


def _shut(body: Body) -> Body:
    """Doors, trunk and bonnet: whoever drives off shuts them first."""
    for path in sorted({*body.values, *body.targets}):
        if path.endswith(".IsOpen"):
            body = aim(body, path, value=False)
    return body


def _no_drive(params: Params, car: Living, verb: Drive) -> tuple[str, Refusal]:
    """Why it cannot drive this trip now; empty when it can."""
    trip = verb.trip
    if car.progress is not None:
        return "the car is already driving", "interlock"
    if car.cable is not None:
        return "a charging cable is plugged in", "interlock"
    if len(trip.speed_mps) < 2 or trip.distance_m <= 0.0:
        return "the trip has no road in it", "range"
    if displayed_soc(params, car.state.soc) < 0.01:
        return "the battery is empty", "unavailable"
    if why := blocked_because(car.faults, "drive"):
        return why, "unavailable"
    lengths = {len(trip.elevation_m), len(trip.latitude_deg), len(trip.longitude_deg)} - {0}
    if len(lengths) > 1 or bool(trip.latitude_deg) != bool(trip.longitude_deg):
        return "the trip's road tables differ in length", "range"
    return "", ""


def _plug(params: Params, car: Living, verb: Plug) -> Decision:
    if car.progress is not None:
        return Decision(car, "the car is driving", "interlock")
    if car.cable is not None:
        reason = f"the cable of {car.cable.station} is already plugged in"
        return Decision(car, reason, "interlock")
    offered_w = verb.power_w_max if verb.offered_w is None else verb.offered_w
    cable = Cable(station=verb.station, power_w_max=offered_w, dc=verb.dc, phases=verb.phases)
    plugged = replace(car, cable=cable, flap_open=True)
    if charge_waits(params, plugged):
        return Decision(plugged)
    return Decision(start_charge(params, plugged).car)


def _unplug(car: Living) -> Decision:
    if car.cable is None:
        return Decision(car, "no cable is plugged in", "interlock")
    return Decision(replace(car, cable=None, charge=None, flap_open=False))


def _offer(params: Params, car: Living, verb: Offer) -> Decision:
    cable = car.cable
    if cable is None:
        return Decision(car, "no cable is plugged in", "interlock")
    if verb.give_w > 0.0 and (why := _cannot_give(params, car, cable)):
        return Decision(car, why, "unavailable")
    changed = replace(
        cable,
        power_w_max=0.0 if verb.give_w > 0.0 else verb.power_w_max,
        phases=verb.phases or cable.phases,
        give_w=verb.give_w,
    )
    after = replace(car, cable=changed)
    if cable.give_w > 0.0 and changed.power_w_max > 0.0:
        # What it gave made room below its limit.
        return Decision(start_charge(params, after).car)
    return Decision(after)


def _cannot_give(params: Params, car: Living, cable: Cable) -> str:
    if not cable.dc:
        return "only a DC station can take power out of the car"
    if params.supply.dc_give_power_max_w <= 0.0:
        return "this car gives nothing at its DC port"
    return blocked_because(car.faults, "charge")
