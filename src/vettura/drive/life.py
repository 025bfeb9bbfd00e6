"""The car's life from one moment to the next: physics, trips, charges. Pure."""

from typing import NamedTuple

from msgspec.structs import replace

from vettura.bus.messages import Session
from vettura.car.ageing import AgeingParams
from vettura.car.charge import displayed_soc
from vettura.car.params import Params
from vettura.car.state import Step
from vettura.car.step import step
from vettura.car.trip import Trip
from vettura.drive.bend import bend_at
from vettura.drive.body import forget, moved
from vettura.drive.commands import start_charge
from vettura.drive.faults import COOLANT_PUMP, stuck_paths
from vettura.drive.gauges import Gauges, read
from vettura.drive.holding import Holding
from vettura.drive.living import (
    ON_THE_ROAD,
    Air,
    LastCharge,
    LastTrip,
    Living,
    inputs_of,
    is_awake,
    learn,
)
from vettura.drive.plans import charge_is_due, prepared, timer_off
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
STAYS_UP_NS = 120 * NS_PER_S
"""How long the computers stay up once the car has arrived."""
OF_A_DRIVE = (
    "Vehicle.Body.Lights.Beam.High.IsOn",
    "Vehicle.Body.Lights.Beam.Low.IsOn",
    "Vehicle.Body.Lights.Brake.IsActive",
    "Vehicle.Body.Lights.DirectionIndicator.Left.IsSignaling",
    "Vehicle.Body.Lights.DirectionIndicator.Right.IsSignaling",
    "Vehicle.Body.Lights.Running.IsOn",
    "Vehicle.ADAS.CruiseControl.IsActive",
    "Vehicle.Cabin.HVAC.Station.Row1.Driver.FanSpeed",
    "Vehicle.Cabin.HVAC.Station.Row1.Passenger.FanSpeed",
    "Vehicle.Chassis.ParkingBrake.IsEngaged",
    "Vehicle.Powertrain.Transmission.IsParkLockEngaged",
    "Vehicle.Powertrain.Transmission.SelectedGear",
)
"""What lamps, fans, gear and brake were told ends with the drive: then the car decides again."""


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
    holding: Holding | None = None,
) -> Lived:
    """Live until that time in steps of at most 1 s while moving and 60 s at rest.

    `ageing` None: the battery does not age. `holding` None: every step looks at everything.
    """
    sessions: list[Session] = []
    car = _settled(car)
    while car.time_ns < until_ns:
        longest = STEP_MOVING_NS if car.progress is not None else STEP_RESTING_NS
        dt_ns = min(longest, until_ns - car.time_ns)
        if car.progress is not None:
            car, ended = _drive(params, car, air, trip, dt_ns, holding)
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


def _settled(car: Living) -> Living:
    """The service book begun, in a car that has none yet."""
    if car.serviced_ns == 0:
        car = replace(car, serviced_ns=car.time_ns, serviced_m=car.state.distance_m)
    return car


def _worn(params: Params, ageing: AgeingParams, car: Living, dt_s: float) -> Living:
    health, strain = wear(
        params, ageing, car.health, endure(car.strain, car.state, car.flows, dt_s)
    )
    if health is car.health:
        return replace(car, strain=strain)
    state = car.state._replace(
        capacity_share=health.capacity_share, resistance_share=health.resistance_share
    )
    return replace(car, state=state, health=health, strain=strain)


def _drive(
    params: Params,
    car: Living,
    air: Air,
    trip: Trip | None,
    dt_ns: int,
    holding: Holding | None,
) -> tuple[Living, Session | None]:
    assert car.progress is not None
    progress = replace(car.progress, elapsed_ns=car.progress.elapsed_ns + dt_ns)
    along_m = car.state.distance_m - progress.start_m
    # Without its trip (lost with the machine it was kept on) the car comes to a stop where it is.
    wish_mps = trip.speed_at(progress.elapsed_ns / NS_PER_S) if trip else 0.0
    grade = trip.grade_at(along_m) if trip else 0.0
    inputs = inputs_of(car, air, speed_mps=wish_mps, grade=grade)
    if holding is None:
        done = step(params, car.state, inputs, dt_ns / NS_PER_S)
    else:
        done = holding.step(params, car.state, inputs, time_ns=car.time_ns, dt_ns=dt_ns)
    gauges = _gauges(params, car, air, done, dt_ns)
    driven = _driven(replace(car, progress=progress, gauges=gauges), done, trip, along_m, dt_ns)
    over = trip is None or progress.elapsed_ns >= trip.duration_s * NS_PER_S
    if over and done.state.speed_mps < STOPPED_MPS:
        return _arrive(params, driven)
    return driven, None


def _gauges(params: Params, car: Living, air: Air, done: Step, dt_ns: int) -> Gauges:
    return read(
        params,
        car.gauges,
        done.flows,
        ambient_degc=air.ambient_degc,
        speed_mps=done.state.speed_mps,
        is_awake=is_awake(car),
        is_pump_broken=COOLANT_PUMP in car.faults,
        dt_s=dt_ns / NS_PER_S,
    )


def _driven(car: Living, done: Step, trip: Trip | None, along_m: float, dt_ns: int) -> Living:
    here = trip.place_at(along_m) if trip else None
    latitude, longitude, altitude = here or (car.latitude_deg, car.longitude_deg, car.altitude_m)
    bend = bend_at(trip, along_m, done.state.speed_mps) if trip else None
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
        heading_deg=bend.heading_deg if bend else car.heading_deg,
        curvature_per_m=bend.curvature_per_m if bend else 0.0,
    )


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
    return _stopped(car, session), session


def _stopped(car: Living, session: Session) -> Living:
    assert car.progress is not None
    return replace(
        car,
        state=car.state._replace(speed_mps=0.0),
        # What flowed when it last moved flows no more.
        flows=car.flows._replace(acceleration_mps2=0.0),
        place=session.destination,
        progress=None,
        curvature_per_m=0.0,
        body=forget(car.body, OF_A_DRIVE),
        awake_until_ns=max(car.awake_until_ns, car.time_ns + STAYS_UP_NS),
        last_trip=LastTrip(
            start_ns=session.start_ns,
            end_ns=session.end_ns,
            duration_s=car.progress.elapsed_ns / NS_PER_S,
            distance_m=session.distance_m,
            energy_wh=session.energy_wh,
        ),
    )


def _rest(params: Params, car: Living, air: Air, dt_ns: int) -> tuple[Living, Session | None]:
    if car.climate_on and car.time_ns >= car.climate_until_ns:
        car = replace(car, climate_on=False)
    car = _timed(params, prepared(car))
    done = step(params, car.state, inputs_of(car, air, speed_mps=0.0, grade=0.0), dt_ns / NS_PER_S)
    car = replace(
        car,
        time_ns=car.time_ns + dt_ns,
        state=done.state,
        flows=done.flows,
        gauges=_gauges(params, car, air, done, dt_ns),
        last_charge=_last_charge(car, done, dt_ns) if car.charge else car.last_charge,
    )
    full = displayed_soc(params, done.state.soc) >= car.charge_limit - ENOUGH_SOC
    if car.charge is not None and full:
        return end_charge(params, car)
    return car, None


def _timed(params: Params, car: Living) -> Living:
    """The car with its charge begun, when a timer says so."""
    waits = car.cable is not None and car.charge is None and car.body.values
    if not waits or not charge_is_due(params, car):
        return car
    return start_charge(params, timer_off(car)).car


def _last_charge(car: Living, done: Step, dt_ns: int) -> LastCharge:
    assert car.charge is not None
    return LastCharge(
        latitude_deg=car.latitude_deg,
        longitude_deg=car.longitude_deg,
        altitude_m=car.altitude_m,
        wall_wh=done.state.wall_wh - car.charge.start_wall_wh,
        seconds=(car.time_ns + dt_ns - car.charge.start_ns) / NS_PER_S,
    )


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
