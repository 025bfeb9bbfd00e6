"""Signals of doors, windows, lamps, seats, cabin and weather. Pure.

Lamps that the car switches by itself follow the light switch, the light outside and the road, until
somebody tells them otherwise; that holds until the drive ends.
"""

from typing import NamedTuple

from vettura.bus.messages import SignalValue
from vettura.bus.paths import (
    BODY,
    CABIN,
    CABIN_DEGC,
    CABIN_TARGET,
    CLIMATE,
    HAZARD,
    HORN,
    HVAC,
    LIGHTS,
    OUTSIDE_DEGC,
    SUNROOF,
)
from vettura.bus.signals import signal_table
from vettura.drive.body import told, value_of
from vettura.drive.faults import BRAKE_LIGHT
from vettura.drive.living import Living, is_awake
from vettura.drive.signals_names import DOORS, Look, Values
from vettura.units import KMH_PER_MPS, NS_PER_S, PERCENT

DARK_W_PER_M2 = 10.0
"""Below about 1,000 lux the automatic switches to low beam (UN Regulation 48, 6.2: by 1,000 lux);
sunlight has some 110 lux for each W/m²."""
FULL_LIGHT_W_PER_M2 = 1_000.0
BRAKING_MPS2 = 0.7
"""Slowing by the motor that lights the brake lamps (UN Regulation 13-H, 5.2.22.4: not below 0.7,
always above 1.3 m/s²)."""
INDICATES_PER_M, INDICATES_BELOW_KMH = 1.0 / 250.0, 60.0
"""A turn tighter than this at town speed is a turning, not a bend: the driver signals."""
PULLS_OUT_S, PULLS_IN_M = 5, 60.0
"""How long the driver signals when leaving, and how far before arriving."""
GETS_OUT_S, DOOR_S, NEAR_S = 8, 5, 60
"""Seconds after arrival: the driver's door opens, for how long, and how long the key is near."""
BUCKLED_AFTER_S = 1
SEAT = CABIN + "Seat.Row1."


class Habit(NamedTuple):
    """Where the driver is."""

    is_on_board: bool
    is_door_open: bool
    key: str
    """NONE, NEAR or IN_CAR."""


def habit(car: Living) -> Habit:
    """What a driver does around a trip: drives, sits for a moment, gets out, walks away."""
    if car.progress is not None:
        return Habit(is_on_board=True, is_door_open=False, key="IN_CAR")
    since_s = (car.time_ns - car.last_trip.end_ns) / NS_PER_S if car.last_trip else NEAR_S
    if since_s < GETS_OUT_S:
        return Habit(is_on_board=True, is_door_open=False, key="IN_CAR")
    if since_s < GETS_OUT_S + DOOR_S:
        return Habit(is_on_board=False, is_door_open=True, key="NEAR")
    near = since_s < NEAR_S or not car.locked
    return Habit(is_on_board=False, is_door_open=False, key="NEAR" if near else "NONE")


def body_fast(look: Look) -> Values:
    """Lamps that follow the pedals and the road."""
    car = look.car
    side = _indicated(car)
    left = LIGHTS + "DirectionIndicator.Left.IsSignaling"
    right = LIGHTS + "DirectionIndicator.Right.IsSignaling"
    return {
        LIGHTS + "Brake.IsActive": _brake_lamp(car),
        left: told(car.body, left, side > 0),
        right: told(car.body, right, side < 0),
        HORN: car.time_ns < car.horn_until_ns,
        HAZARD: car.time_ns < car.hazard_until_ns,
    }


def _indicated(car: Living) -> int:
    """To which side the driver signals: 1 to the left, -1 to the right, 0 not at all.

    Traffic keeps to the right: one pulls out to the left and pulls in to the right.
    """
    progress = car.progress
    if progress is None:
        return 0
    left_m = progress.distance_m - (car.state.distance_m - progress.start_m)
    if left_m < PULLS_IN_M:
        return -1
    if progress.elapsed_ns < PULLS_OUT_S * NS_PER_S:
        return 1
    slow = car.state.speed_mps * KMH_PER_MPS < INDICATES_BELOW_KMH
    if not slow or abs(car.curvature_per_m) <= INDICATES_PER_M:
        return 0
    return 1 if car.curvature_per_m > 0.0 else -1


def _brake_lamp(car: Living) -> SignalValue:
    if BRAKE_LIGHT in car.faults:
        return "INACTIVE"
    flows = car.flows
    by_motor = flows.wheel_power_w < 0.0 and flows.acceleration_mps2 < -BRAKING_MPS2
    slows = flows.brake_power_w > 0.0 or by_motor
    if car.progress is not None and slows:
        return "ACTIVE"
    return told(car.body, LIGHTS + "Brake.IsActive", "INACTIVE")


def body_told(look: Look) -> Values:
    """What is where it was told to be."""
    body = look.car.body
    return {path: value_of(body, path) for path in PLAIN}


def body_events(look: Look) -> Values:
    """What is open, shut, lit or occupied."""
    car = look.car
    now = habit(car)
    rear = BODY + "Trunk.Rear."
    return {
        **{door + "IsLocked": car.locked for door in DOORS},
        DOORS[0] + "IsOpen": now.is_door_open or value_of(car.body, DOORS[0] + "IsOpen"),
        rear + "IsLocked": car.locked,
        SUNROOF: round(_number(car.body.values.get(SUNROOF))),
        SEAT + "DriverSide.OccupancyStatus": "OCCUPIED" if now.is_on_board else "EMPTY",
        SEAT + "PassengerSide.OccupancyStatus": "EMPTY",
        SEAT + "DriverSide.IsBelted": is_belted(car),
        "Vehicle.LowVoltageSystemState": low_voltage_state(car),
        **_lamps(look),
        CLIMATE: car.climate_on,
        CABIN_TARGET: car.cabin_target_degc,
        **_fans(car),
    }


PLAIN = tuple(
    path
    for path, signal in signal_table().items()
    if signal.kind == "actuator"
    and path.startswith((BODY, CABIN, "Vehicle.PowerOptimizeLevel"))
    and not path.endswith(".IsLocked")
    and path
    not in {
        HORN,
        DOORS[0] + "IsOpen",
        CLIMATE,
        HVAC + "Station.Row1.Driver.FanSpeed",
        CABIN_TARGET,
        HVAC + "Station.Row1.Passenger.FanSpeed",
        *(path for path in signal_table() if path.startswith(LIGHTS) and "Switch" not in path),
    }
)
"""Actuators that are where they were told to be, and nowhere else."""


def is_belted(car: Living) -> bool:
    """Whether the driver has fastened the seat belt."""
    progress = car.progress
    return progress is not None and progress.elapsed_ns > BUCKLED_AFTER_S * NS_PER_S


def is_dark(look: Look) -> bool:
    """Whether the automatic light switch finds that beams are needed."""
    air = look.air
    return air.sun_w_per_m2 < DARK_W_PER_M2 or air.rain_mm_per_h > 0.0


def _lamps(look: Look) -> Values:
    car = look.car
    switch, driving = value_of(car.body, LIGHTS + "LightSwitch"), car.progress is not None
    low = driving and is_dark(look) if switch == "AUTO" else switch == "BEAM" and is_awake(car)
    day = driving and not low and switch in {"AUTO", "DAYTIME_RUNNING_LIGHTS", "POSITION"}
    lamps = {"Beam.Low.IsOn": low, "Beam.High.IsOn": False, "Running.IsOn": day}
    return {LIGHTS + name: told(car.body, LIGHTS + name, on) for name, on in lamps.items()}


def _fans(car: Living) -> Values:
    """They blow as the climate works, unless somebody told them otherwise."""
    speed = min(PERCENT, 20.0 + car.flows.climate_power_w / 50.0) if car.climate_on else 0.0
    fans = (f"{HVAC}Station.Row1.{side}.FanSpeed" for side in ("Driver", "Passenger"))
    return {fan: told(car.body, fan, round(speed)) for fan in fans}


def body_second(look: Look) -> Values:
    """The cabin's air."""
    car = look.car
    return {
        CABIN_DEGC: round(car.state.cabin_degc, 2),
        **(_fans(car) if car.climate_on else {}),
    }


def body_slow(look: Look) -> Values:
    """The air outside."""
    air = look.air
    sun = min(air.sun_w_per_m2 / FULL_LIGHT_W_PER_M2, 1.0)
    return {
        OUTSIDE_DEGC: round(air.ambient_degc, 1),
        "Vehicle.Exterior.Humidity": round(PERCENT * air.humidity, 1),
        "Vehicle.Exterior.LightIntensity": round(PERCENT * sun, 1),
    }


def low_voltage_state(car: Living) -> str:
    """VSS's word for how far the 12 V side is switched on."""
    if car.progress is not None:
        return "ON"
    return "ACC" if is_awake(car) else "LOCK" if car.locked else "OFF"


def _number(value: SignalValue | None) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
