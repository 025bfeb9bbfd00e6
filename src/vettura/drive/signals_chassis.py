"""Signals of wheels, tyres, steering, and of what keeps a car on the road. Pure.

The car drives itself along its trip, so the systems that help a driver are sensors of the same
physics: they tell when tyres are asked for more than a road gives.
"""

import math

from vettura.bus.paths import ADAS, BODY, CHASSIS
from vettura.car.road import pressure_at
from vettura.drive.body import value_of
from vettura.drive.faults import TYRE_LEAK
from vettura.drive.signals_make import STEERING_RATIO
from vettura.drive.signals_names import Look, Values
from vettura.units import GRAVITY_MPS2, KMH_PER_MPS, STANDARD_PRESSURE_PA, ZERO_DEGC_IN_K

TYRE_COLD_DEGC = 20.0
DRY_GRIP, WET_GRIP, SNOW_GRIP = 0.9, 0.65, 0.3
"""Of the weight, what tyres hold: dry, wet and snowy asphalt (Bosch, Automotive Handbook)."""
SNOW_BELOW_DEGC = 1.0
ENGAGES = 0.9
"""Share of the grip at which the systems step in."""
EMERGENCY_MPS2, EMERGENCY_ABOVE_MPS = 6.0, 14.0
"""Regulation (EU) R13-H: braking that counts as an emergency, and from which speed (50 km/h)."""
SEEN_M, GAP_MS_MAX = 250.0, 600_000
"""No sensor looks ahead in this car, and nothing else is on its road: it tells the range of a usual
radar as free."""
REAR_SHARE = 0.5
"""Of its grip, a two-wheel drive has the driven axle's."""
WHEELS = tuple(
    f"{CHASSIS}Axle.{row}.Wheel.{side}." for row in ("Row1", "Row2") for side in ("Left", "Right")
)
LEAK_KPA = 90.0
"""What the front left tyre has lost when it leaks."""
STEERING_MAX_DEG = 540.0
CRUISE = ADAS + "CruiseControl."


def chassis_fast(look: Look) -> Values:
    """Wheels and steering, and who helps the driver."""
    make, car = look.make, look.car
    speed_kmh = car.state.speed_mps * KMH_PER_MPS
    # In a bend to the left the wheels on the right have the longer way.
    wider_kmh = 0.5 * make.track_m * car.curvature_per_m * speed_kmh
    left, right = round(speed_kmh - wider_kmh, 2), round(speed_kmh + wider_kmh, 2)
    angle_deg = STEERING_RATIO * math.degrees(math.atan(make.wheelbase_m * car.curvature_per_m))
    return {
        WHEELS[0] + "Speed": left,
        WHEELS[1] + "Speed": right,
        WHEELS[2] + "Speed": left,
        WHEELS[3] + "Speed": right,
        CHASSIS + "SteeringWheel.Angle": round(
            min(max(angle_deg, -STEERING_MAX_DEG), STEERING_MAX_DEG)
        ),
        **_helpers(look),
    }


def _helpers(look: Look) -> Values:
    car, air = look.car, look.air
    speed_mps, mps2 = car.state.speed_mps, car.flows.acceleration_mps2
    grip = grip_mps2(air.rain_mm_per_h, air.ambient_degc)
    braking = -mps2 if car.flows.brake_power_w > 0.0 else 0.0
    traction = grip if look.make.is_all_wheel else REAR_SHARE * grip
    lateral = abs(car.curvature_per_m) * speed_mps * speed_mps
    emergency = braking > EMERGENCY_MPS2 and speed_mps > EMERGENCY_ABOVE_MPS
    gap_ms = 1000.0 * SEEN_M / speed_mps if speed_mps > 0.0 else GAP_MS_MAX
    return {
        ADAS + "ABS.IsEngaged": braking > ENGAGES * grip,
        ADAS + "TCS.IsEngaged": mps2 > ENGAGES * traction,
        ADAS + "ESC.IsEngaged": lateral > ENGAGES * grip,
        ADAS + "EBA.IsEngaged": emergency,
        CHASSIS + "Brake.IsDriverEmergencyBrakingDetected": emergency,
        ADAS + "ObstacleDetection.Front.Center.TimeGap": round(min(gap_ms, GAP_MS_MAX)),
    }


def chassis_events(look: Look) -> Values:
    """What a driver set, and what is not in the car's way."""
    body, driving = look.car.body, look.car.progress is not None
    cruising = driving and bool(value_of(body, CRUISE + "IsActive"))
    adaptive = bool(value_of(body, CRUISE + "IsAdaptive"))
    names = ("AdaptiveDistanceSet", "AdaptiveIntervalSet", "IsAdaptive", "IsEnabled", "SpeedSet")
    return {
        **{CRUISE + name: value_of(body, CRUISE + name) for name in names},
        CRUISE + "IsActive": value_of(body, CRUISE + "IsActive"),
        CRUISE + "IsError": False,
        # SAE J3016: a cruise control that does not mind the car ahead is level 0.
        ADAS + "ActiveAutonomyLevel": "SAE_1" if cruising and adaptive else "SAE_0",
        ADAS + "ObstacleDetection.Front.Center.Distance": SEEN_M,
        ADAS + "ObstacleDetection.Front.Center.IsWarning": False,
        CHASSIS + "SteeringWheel.HeatingCooling": value_of(
            body, CHASSIS + "SteeringWheel.HeatingCooling"
        ),
    }


def chassis_slow(look: Look) -> Values:
    """Tyres, and the rain on the windscreen."""
    make, car, air = look.make, look.car, look.air
    outside_pa = pressure_at(car.altitude_m)
    rise_k = car.state.tyre_degc - air.ambient_degc
    values: Values = {
        BODY + "Raindetection.Intensity": round(min(10.0 * air.rain_mm_per_h, 100.0)),
    }
    cold = list(make.tyres_kpa)
    if TYRE_LEAK in car.faults:
        cold[0] -= LEAK_KPA
    for wheel, cold_kpa, share in zip(WHEELS, cold, make.tyres_warmth, strict=True):
        degc = air.ambient_degc + share * rise_k
        values[wheel + "Tire.Temperature"] = round(degc, 1)
        values[wheel + "Tire.Pressure"] = round(tyre_kpa(cold_kpa, degc, outside_pa))
    return values


def tyre_kpa(cold_kpa: float, degc: float, outside_pa: float) -> float:
    """Gauge pressure of a tyre filled to `cold_kpa` at 20 °C and sea level: the ideal gas law."""
    filled_pa = 1000.0 * cold_kpa + STANDARD_PRESSURE_PA
    kelvins = (degc + ZERO_DEGC_IN_K) / (TYRE_COLD_DEGC + ZERO_DEGC_IN_K)
    return max(filled_pa * kelvins - outside_pa, 0.0) / 1000.0


def grip_mps2(rain_mm_per_h: float, ambient_degc: float) -> float:
    """Most acceleration [m/s²] that the road gives to all four wheels."""
    if rain_mm_per_h <= 0.0:
        return DRY_GRIP * GRAVITY_MPS2
    return (SNOW_GRIP if ambient_degc < SNOW_BELOW_DEGC else WET_GRIP) * GRAVITY_MPS2
