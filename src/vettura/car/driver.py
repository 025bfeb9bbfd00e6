"""The driver: asks for the wished speed, and gets what motor, battery and brakes can do."""

from typing import NamedTuple

from vettura.car.battery import charge_limit_w, discharge_limit_w
from vettura.car.motor import (
    motor_loss_w,
    motor_speed_radps,
    regen_force_n,
    traction_force_max_n,
)
from vettura.car.params import Params
from vettura.car.road import air_density, road_load_n
from vettura.car.state import Inputs, State
from vettura.units import GRAVITY_MPS2

BRAKE_DECELERATION_MPS2 = 0.9 * GRAVITY_MPS2
"""Dry-road grip: no brake does better on road tyres."""
MISSED_MPS = 0.5
"""A wished speed missed by more than this is flagged (40 CFR 86.115 allows 2 mph, 0.9 m/s)."""
BATTERY_TO_WHEEL = 0.85
"""Share of a battery at its limit that is counted on to reach the wheels."""


class Traction(NamedTuple):
    """What happened between battery and road."""

    speed_mps: float
    distance_m: float
    wheel_w: float
    brake_w: float
    torque_nm: float
    speed_radps: float
    motor_w: float
    road_n: float
    missed: float


def follow(params: Params, state: State, inputs: Inputs, loads_w: float, dt: float) -> Traction:
    """Drive `dt` seconds towards the wished speed; `loads_w` is what else the battery feeds.

    Backward while the car can follow: the force is what the wish needs. Forward where it cannot:
    the speed is what the force gives, and the miss is flagged.
    """
    wish_mps = _reachable_mps(params, state, inputs, dt)
    mean_mps = 0.5 * (state.speed_mps + wish_mps)
    road_n = road_load_n(
        params,
        speed_mps=mean_mps,
        headwind_mps=inputs.headwind_mps,
        grade=inputs.grade,
        density=air_density(inputs.pressure_pa, inputs.ambient_degc),
        tyre_degc=state.tyre_degc,
    )
    need_n = road_n + params.road.inertia_kg * (wish_mps - state.speed_mps) / dt
    drive_n = min(max(need_n, 0.0), _drive_max_n(params, state, mean_mps, loads_w))
    brake_n = min(max(-need_n, 0.0), params.road.inertia_kg * BRAKE_DECELERATION_MPS2)
    regen_n = regen_force_n(
        params,
        wanted_n=brake_n,
        speed_mps=mean_mps,
        power_w=loads_w + charge_limit_w(params, soc=state.soc, battery_degc=state.battery_degc),
    )
    clipped = drive_n - brake_n != need_n
    free_mps = max(
        state.speed_mps + (drive_n - brake_n - road_n) * dt / params.road.inertia_kg, 0.0
    )
    speed_mps = free_mps if clipped else wish_mps
    mean_mps = 0.5 * (state.speed_mps + speed_mps)
    torque_nm = _torque_nm(params, drive_n=drive_n, regen_n=regen_n)
    speed_radps = motor_speed_radps(params, mean_mps)
    loss_w = motor_loss_w(params, torque_nm=torque_nm, speed_radps=speed_radps)
    turning = 1.0 if mean_mps > 0.0 else 0.0
    return Traction(
        speed_mps=speed_mps,
        distance_m=mean_mps * dt,
        wheel_w=(drive_n - regen_n) * mean_mps,
        brake_w=(brake_n - regen_n) * mean_mps,
        torque_nm=turning * torque_nm,
        speed_radps=speed_radps,
        motor_w=turning * (torque_nm * speed_radps + loss_w),
        road_n=road_n,
        missed=1.0 if abs(speed_mps - max(inputs.speed_mps, 0.0)) > MISSED_MPS else 0.0,
    )


def _reachable_mps(params: Params, state: State, inputs: Inputs, dt: float) -> float:
    """The wish, but no faster than full force and the slope could make it within the step.

    Without this, power would be limited at the mean of now and a far-off wish.
    """
    force_n = traction_force_max_n(params, state.speed_mps)
    gain_mps2 = force_n / params.road.inertia_kg + GRAVITY_MPS2 * max(-inputs.grade, 0.0)
    return min(max(inputs.speed_mps, 0.0), state.speed_mps + gain_mps2 * dt)


def _drive_max_n(params: Params, state: State, mean_mps: float, loads_w: float) -> float:
    """Greatest force [N] at the wheels: what the motor can and what the battery feeds."""
    limit_w = discharge_limit_w(params, soc=state.soc, battery_degc=state.battery_degc)
    fed_n = BATTERY_TO_WHEEL * max(limit_w - loads_w, 0.0) / max(mean_mps, 1.0)
    return min(traction_force_max_n(params, mean_mps), fed_n)


def _torque_nm(params: Params, drive_n: float, regen_n: float) -> float:
    """Torque [N·m] at the motor; the gear takes its share in both directions."""
    arm_m = params.motor.wheel_radius_m / params.motor.gear_ratio
    return arm_m * (drive_n / params.motor.gear_efficiency - regen_n * params.motor.gear_efficiency)
