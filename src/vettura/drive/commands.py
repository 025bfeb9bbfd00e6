"""What the car does with a command: obey or refuse with a reason. Pure."""

from typing import TypeAlias

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
    Lock,
    Offer,
    Plug,
    Unlock,
    Unplug,
    Verb,
)
from vettura.car.charge import displayed_soc
from vettura.car.params import Params
from vettura.drive.living import Cable, ChargeRecord, Living, Progress
from vettura.units import NS_PER_S

HORN_NS = NS_PER_S // 2
HAZARD_NS = 3 * NS_PER_S
AWAKE_NS = 120 * NS_PER_S
"""How long the computers stay up after a command."""
CLIMATE_NS = 30 * 60 * NS_PER_S
"""A parked car heats or cools at most this long, as cars do to save the battery."""
STILL_MPS = 0.3

Outcome: TypeAlias = tuple[Living, str]
"""The car afterwards, and why not; an empty reason means obeyed."""


def obey(params: Params, car: Living, verb: Verb) -> Outcome:
    """Answer one command. A refused command leaves the car as it was."""
    after, reason = _dispatch(params, car, verb)
    if reason:
        return car, reason
    return replace(after, awake_until_ns=max(after.awake_until_ns, car.time_ns + AWAKE_NS)), ""


def _dispatch(params: Params, car: Living, verb: Verb) -> Outcome:
    match verb:
        case Lock():
            return replace(car, locked=True), ""
        case Unlock():
            return _unlock(car)
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
            return replace(car, horn_until_ns=car.time_ns + HORN_NS), ""
        case Flash():
            return replace(car, hazard_until_ns=car.time_ns + HAZARD_NS), ""
        case Drive():
            return _drive(params, car, verb)
        case Plug():
            return _plug(params, car, verb)
        case Unplug():
            return _unplug(car)
        case Offer():
            return _offer(car, verb)
    return car, "a car does not know this command"


def _unlock(car: Living) -> Outcome:
    if car.state.speed_mps > STILL_MPS:
        return car, "the doors stay locked while driving"
    return replace(car, locked=False), ""


def _climate(car: Living, verb: Climate) -> Outcome:
    target = car.cabin_target_degc if verb.target_degc is None else verb.target_degc
    until_ns = car.time_ns + CLIMATE_NS if verb.on else 0
    return replace(car, climate_on=verb.on, cabin_target_degc=target, climate_until_ns=until_ns), ""


def start_charge(params: Params, car: Living) -> Outcome:
    """Start taking current, when there is a cable and room below the limit."""
    if car.charge:
        return car, ""
    if car.cable is None:
        return car, "no cable is plugged in"
    shown = displayed_soc(params, car.state.soc)
    if shown >= car.charge_limit - 1e-6:
        return car, f"charge is {shown:.0%} and the limit is {car.charge_limit:.0%}"
    record = ChargeRecord(
        id=f"{car.vin}-{car.time_ns}",
        start_ns=car.time_ns,
        start_wall_wh=car.state.wall_wh,
        start_soc=shown,
    )
    return replace(car, charge=record), ""


def _stop_charge(car: Living) -> Outcome:
    return (replace(car, charge=None), "") if car.charge else (car, "the car is not charging")


def _limit(params: Params, car: Living, verb: ChargeLimit) -> Outcome:
    after = replace(car, charge_limit=verb.soc)
    if car.cable is None or displayed_soc(params, car.state.soc) > verb.soc - 0.005:
        return after, ""
    return start_charge(params, after)


def _flap(car: Living, verb: Flap) -> Outcome:
    if verb.open and car.state.speed_mps > STILL_MPS:
        return car, "the charge flap stays shut while driving"
    if not verb.open and car.cable is not None:
        return car, "the charge flap cannot close on a plugged cable"
    return replace(car, flap_open=verb.open), ""


def _drive(params: Params, car: Living, verb: Drive) -> Outcome:
    trip = verb.trip
    if car.progress is not None:
        return car, "the car is already driving"
    if car.cable is not None:
        return car, "a charging cable is plugged in"
    if len(trip.speed_mps) < 2 or trip.distance_m <= 0.0:
        return car, "the trip has no road in it"
    shown = displayed_soc(params, car.state.soc)
    if shown < 0.01:
        return car, "the battery is empty"
    lengths = {len(trip.elevation_m), len(trip.latitude_deg), len(trip.longitude_deg)} - {0}
    if len(lengths) > 1 or bool(trip.latitude_deg) != bool(trip.longitude_deg):
        return car, "the trip's road tables differ in length"
    progress = Progress(
        trip_id=trip.id,
        origin=car.place,
        destination=trip.destination,
        start_ns=car.time_ns,
        elapsed_ns=0,
        start_m=car.state.distance_m,
        distance_m=trip.distance_m,
        start_wh=car.state.drawn_wh - car.state.regenerated_wh,
        start_soc=shown,
    )
    return replace(car, progress=progress, flap_open=False, locked=True), ""


def _plug(params: Params, car: Living, verb: Plug) -> Outcome:
    if car.progress is not None:
        return car, "the car is driving"
    if car.cable is not None:
        return car, f"the cable of {car.cable.station} is already plugged in"
    cable = Cable(
        station=verb.station, power_w_max=verb.power_w_max, dc=verb.dc, phases=verb.phases
    )
    plugged = replace(car, cable=cable, flap_open=True)
    charging, _ = start_charge(params, plugged)
    return charging, ""


def _unplug(car: Living) -> Outcome:
    if car.cable is None:
        return car, "no cable is plugged in"
    return replace(car, cable=None, charge=None, flap_open=False), ""


def _offer(car: Living, verb: Offer) -> Outcome:
    if car.cable is None:
        return car, "no cable is plugged in"
    cable = replace(car.cable, power_w_max=verb.power_w_max)
    return replace(car, cable=cable), ""
