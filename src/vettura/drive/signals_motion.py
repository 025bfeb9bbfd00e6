"""Signals of motion: speed, place, pedals, motor, and the trip. Pure."""

import math
from datetime import UTC, datetime

from vettura.bus.messages import SignalValue
from vettura.bus.paths import (
    ALTITUDE,
    CHASSIS,
    GEAR,
    GPS_ACCURACY,
    LATITUDE,
    LOCATION,
    LONGITUDE,
    MOTOR,
    ODOMETER,
    PARK_LOCK,
    PARKING_BRAKE,
    RANGE,
    SPEED,
    TIMESTAMP,
    TRANSMISSION,
    TRIP_METER,
)
from vettura.car.road import BRAKE_DECELERATION_MPS2
from vettura.drive.body import told, value_of
from vettura.drive.living import is_awake, range_m
from vettura.drive.signals_make import PERSON_KG
from vettura.drive.signals_names import Look, Values
from vettura.units import KMH_PER_MPS, NS_PER_S, PERCENT, RPM_PER_RADPS, W_PER_KW, WH_PER_KWH

PARK_GEAR, DRIVE_GEAR = 126, 127
"""VSS: 126 is park, 127 is drive."""
LIFT_OFF_MPS2 = 0.5
"""What lifting the accelerator alone slows an everyday car by."""
FIX, NO_FIX = "THREE_D_SATELLITE_BASED_AUGMENTATION", "NONE"
FIX_M, FIX_SWING_M, FIX_PERIOD_S = 1.6, 0.6, 5_400.0
"""Horizontal accuracy of a receiver with EGNOS under open sky, and how it swings while satellites
rise and set."""


def motion_fast(look: Look) -> Values:
    """What moves with the car, ten times a second."""
    params, _, car, _ = look
    state, flows = car.state, car.flows
    share = flows.motor_torque_nm / (params.motor.force_max_n * params.motor.arm_m)
    lateral = car.curvature_per_m * state.speed_mps
    # Kept in the body is the odometer's reading at which the trip meter was 0.
    return {
        SPEED: round(state.speed_mps * KMH_PER_MPS, 2),
        "Vehicle.IsMoving": state.speed_mps > 0.0,
        "Vehicle.Acceleration.Longitudinal": round(flows.acceleration_mps2, 2),
        "Vehicle.Acceleration.Lateral": round(lateral * state.speed_mps, 3),
        "Vehicle.AngularVelocity.Yaw": round(math.degrees(lateral), 3),
        ODOMETER: round(state.distance_m),
        TRIP_METER: max(round(state.distance_m - _number(car.body.values.get(TRIP_METER))), 0),
        CHASSIS + "Accelerator.PedalPosition": round(PERCENT * min(max(share, 0.0), 1.0)),
        CHASSIS + "Brake.PedalPosition": round(PERCENT * _brake_pedal(look)),
        MOTOR + "Power": round(flows.motor_power_w / W_PER_KW),
        MOTOR + "Torque": round(flows.motor_torque_nm),
        MOTOR + "Speed": float(round(flows.motor_speed_radps * RPM_PER_RADPS)),
    }


def _brake_pedal(look: Look) -> float:
    """How far it is pressed, 0 to 1: by what the car slows beyond lifting the other pedal."""
    flows = look.car.flows
    if flows.wheel_power_w >= 0.0 and flows.brake_power_w <= 0.0:
        return 0.0
    beyond_mps2 = -flows.acceleration_mps2 - LIFT_OFF_MPS2
    return min(max(beyond_mps2, 0.0) / BRAKE_DECELERATION_MPS2, 1.0)


def motion_events(look: Look) -> Values:
    """Gear and brakes, and whether a trip is under way."""
    car = look.car
    driving = car.progress is not None
    gear = DRIVE_GEAR if driving else PARK_GEAR
    return {
        PARKING_BRAKE: not driving and told(car.body, PARKING_BRAKE, otherwise=True),
        PARK_LOCK: not driving and told(car.body, PARK_LOCK, otherwise=True),
        TRANSMISSION + "CurrentGear": gear,
        GEAR: gear if driving else told(car.body, GEAR, gear),
        TRANSMISSION + "PerformanceMode": value_of(car.body, TRANSMISSION + "PerformanceMode"),
        "Vehicle.StartTime": iso(_start_ns(look)),
        LOCATION + "GNSSReceiver.FixType": FIX if is_awake(car) or car.charge else NO_FIX,
    }


def motion_second(look: Look) -> Values:
    """Place and trip, once a second."""
    car, progress = look.car, look.car.progress
    since_m = car.state.distance_m - progress.start_m if progress else 0.0
    last_s = car.last_trip.duration_s if car.last_trip else 0.0
    elapsed_s = progress.elapsed_ns / NS_PER_S if progress else last_s
    return {
        "Vehicle.TraveledDistanceSinceStart": round(since_m),
        "Vehicle.TripDuration": round(elapsed_s, 1),
        LATITUDE: round(car.latitude_deg, 7),
        LONGITUDE: round(car.longitude_deg, 7),
        ALTITUDE: round(car.altitude_m, 1),
        LOCATION + "Heading": round(car.heading_deg, 1) % 360.0,
        TIMESTAMP: iso(car.time_ns),
    }


def motion_slow(look: Look) -> Values:
    """What a trip comes to, and what the car weighs."""
    params, make, car, _ = look
    progress, last = car.progress, car.last_trip
    mean_mps = 0.0
    if progress and progress.elapsed_ns:
        since_m = car.state.distance_m - progress.start_m
        mean_mps = since_m / (progress.elapsed_ns / NS_PER_S)
    elif last and last.duration_s:
        mean_mps = last.distance_m / last.duration_s
    people = 1 if progress else 0
    swing = math.sin(2.0 * math.pi * (car.time_ns / NS_PER_S) / FIX_PERIOD_S)
    return {
        "Vehicle.AverageSpeed": round(mean_mps * KMH_PER_MPS, 2),
        "Vehicle.CurrentOverallWeight": round(make.empty_kg + PERSON_KG * people),
        GPS_ACCURACY: round(FIX_M + FIX_SWING_M * swing, 1),
        RANGE: round(range_m(params, car)),
        "Vehicle.Powertrain.AccumulatedBrakingEnergy": round(
            car.state.regenerated_wh / WH_PER_KWH, 3
        ),
        MOTOR + "Temperature": round(car.gauges.motor_degc, 1),
        MOTOR + "EngineCoolant.Temperature": round(car.gauges.coolant_degc, 1),
    }


def iso(time_ns: int | None) -> str:
    """ISO 8601 to the second, UTC; empty for no time."""
    if not time_ns:
        return ""
    return datetime.fromtimestamp(time_ns // NS_PER_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _number(value: SignalValue | None) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _start_ns(look: Look) -> int | None:
    progress, last = look.car.progress, look.car.last_trip
    if progress:
        return progress.start_ns
    return last.start_ns if last else None
