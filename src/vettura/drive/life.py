"""The car's life from one moment to the next: physics, trips, charges. Pure."""

import math
from typing import NamedTuple

from msgspec.structs import replace

from vettura.bus.messages import Session
from vettura.car.ageing import AgeingParams
from vettura.car.charge import displayed_soc
from vettura.car.params import Params
from vettura.car.state import Step
from vettura.car.step import step
from vettura.car.trip import Trip
from vettura.drive.body import moved
from vettura.drive.faults import stuck_paths
from vettura.drive.living import ON_THE_ROAD, Air, Living, inputs_of, learn
from vettura.drive.wear import endure, wear
from vettura.units import NS_PER_S

STEP_MOVING_NS = NS_PER_S
STEP_RESTING_NS = 60 * NS_PER_S
"""The longest steps of the model: moving, and at rest."""
STOPPED_MPS = 0.05
ARRIVED_SHARE = 0.97
"""A car that covered less of its trip than this is stranded on the road."""
ENOUGH_SOC = 1e-4
"""Charge ends when the display is this close to the limit."""


class Lived(NamedTuple):
    """The car afterwards, and the trips and charges that ended meanwhile."""

    car: Living
    sessions: list[Session]


def advance(
    params: Params,
    car: Living,
    air: Air,
    trip: Trip | None,
    until_ns: int,
    ageing: AgeingParams | None = None,
) -> Lived:
    """Live until that time in steps of at most 1 s while moving and 60 s at rest.

    `ageing` None: the battery does not age.
    """
    sessions: list[Session] = []
    while car.time_ns < until_ns:
        longest = STEP_MOVING_NS if car.progress is not None else STEP_RESTING_NS
        dt_ns = min(longest, until_ns - car.time_ns)
        if car.progress is not None:
            car, ended = _drive(params, car, air, trip, dt_ns)
        else:
            car, ended = _rest(params, car, air, dt_ns)
        if car.body.targets:
            body = moved(car.body, dt_ns / NS_PER_S, stuck=stuck_paths(car.faults))
            car = replace(car, body=body)
        if ageing is not None:
            car = _worn(params, ageing, car, dt_ns / NS_PER_S)
        if ended is not None:
            sessions.append(ended)
    return Lived(car, sessions)


def _worn(params: Params, ageing: AgeingParams, car: Living, dt_s: float) -> Living:
    health, strain = wear(
        params, ageing, car.health, endure(car.strain, car.state, car.flows, dt_s)
    )
    state = car.state._replace(
        capacity_share=health.capacity_share, resistance_share=health.resistance_share
    )
    return replace(car, state=state, health=health, strain=strain)


def _drive(
    params: Params, car: Living, air: Air, trip: Trip | None, dt_ns: int
) -> tuple[Living, Session | None]:
    assert car.progress is not None
    progress = replace(car.progress, elapsed_ns=car.progress.elapsed_ns + dt_ns)
    along_m = car.state.distance_m - progress.start_m
    # Without its trip (lost with the machine it was kept on) the car comes to a stop where it is.
    wish_mps = trip.speed_at(progress.elapsed_ns / NS_PER_S) if trip else 0.0
    grade = trip.grade_at(along_m) if trip else 0.0
    done = step(
        params, car.state, inputs_of(car, air, speed_mps=wish_mps, grade=grade), dt_ns / NS_PER_S
    )
    moved = _moved(replace(car, progress=progress), done, trip, along_m, dt_ns)
    over = trip is None or progress.elapsed_ns >= trip.duration_s * NS_PER_S
    if over and done.state.speed_mps < STOPPED_MPS:
        return _arrive(params, moved)
    return moved, None


def _moved(car: Living, done: Step, trip: Trip | None, along_m: float, dt_ns: int) -> Living:
    here = trip.place_at(along_m) if trip else None
    latitude, longitude, altitude = here or (car.latitude_deg, car.longitude_deg, car.altitude_m)
    return replace(
        car,
        time_ns=car.time_ns + dt_ns,
        state=done.state,
        flows=done.flows,
        place=ON_THE_ROAD,
        wh_per_m=learn(car, car.state, done.state),
        latitude_deg=latitude,
        longitude_deg=longitude,
        altitude_m=altitude,
        heading_deg=_heading_deg(car, latitude, longitude),
    )


def _heading_deg(car: Living, latitude: float, longitude: float) -> float:
    """Course over ground [deg from north]; as before when it hardly moved."""
    north = latitude - car.latitude_deg
    east = (longitude - car.longitude_deg) * math.cos(math.radians(latitude))
    if abs(north) + abs(east) < 1e-8:
        return car.heading_deg
    return math.degrees(math.atan2(east, north)) % 360.0


def _arrive(params: Params, car: Living) -> tuple[Living, Session]:
    assert car.progress is not None
    progress = car.progress
    covered_m = car.state.distance_m - progress.start_m
    there = covered_m >= ARRIVED_SHARE * progress.distance_m
    place = progress.destination if there else ON_THE_ROAD
    session = Session(
        id=progress.trip_id,
        kind="trip",
        start_ns=progress.start_ns,
        end_ns=car.time_ns,
        origin=progress.origin,
        destination=place,
        distance_m=covered_m,
        energy_wh=car.state.drawn_wh - car.state.regenerated_wh - progress.start_wh,
        soc_start=progress.start_soc,
        soc_end=displayed_soc(params, car.state.soc),
    )
    resting = car.state._replace(speed_mps=0.0)
    return replace(car, state=resting, place=place, progress=None), session


def _rest(params: Params, car: Living, air: Air, dt_ns: int) -> tuple[Living, Session | None]:
    if car.climate_on and car.time_ns >= car.climate_until_ns:
        car = replace(car, climate_on=False)
    done = step(params, car.state, inputs_of(car, air, speed_mps=0.0, grade=0.0), dt_ns / NS_PER_S)
    car = replace(car, time_ns=car.time_ns + dt_ns, state=done.state, flows=done.flows)
    full = displayed_soc(params, done.state.soc) >= car.charge_limit - ENOUGH_SOC
    if car.charge is not None and full:
        return end_charge(params, car)
    return car, None


def end_charge(params: Params, car: Living) -> tuple[Living, Session | None]:
    """Stop a charge that is under way and say what it came to."""
    charge = car.charge
    if charge is None:
        return car, None
    session = Session(
        id=charge.id,
        kind="charge",
        start_ns=charge.start_ns,
        end_ns=car.time_ns,
        origin=car.place,
        destination=car.place,
        distance_m=0.0,
        energy_wh=car.state.wall_wh - charge.start_wall_wh,
        soc_start=charge.start_soc,
        soc_end=displayed_soc(params, car.state.soc),
    )
    return replace(car, charge=None), session
