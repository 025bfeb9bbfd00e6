"""The driver: asks for the wished speed, and gets what motors, battery and brakes can do."""

from typing import NamedTuple

from vettura.car.conditions import Conditions
from vettura.car.motor import GEAR_EFFICIENCY, regen_force_n, share_work, traction_force_max_n
from vettura.car.params import Params
from vettura.car.road import BRAKE_DECELERATION_MPS2, road_load_n
from vettura.car.state import Inputs, State
from vettura.units import GRAVITY_MPS2

MISSED_MPS = 0.5
"""A wished speed missed by more than this is flagged (40 CFR 86.115 allows 2 mph, 0.9 m/s)."""


class Traction(NamedTuple):
    """What happened between battery and road."""

    speed_mps: float
    distance_m: float
    wheel_w: float
    brake_w: float
    torque_nm: float
    second_torque_nm: float
    speed_radps: float
    motor_w: float
    loss_w: float
    road_n: float
    missed: float


def follow(params: Params, state: State, inputs: Inputs, held: Conditions, dt: float) -> Traction:
    """Drive `dt` seconds towards the wished speed.

    Backward while the car can follow: the force is what the wish needs. Forward where it cannot:
    the speed is what the force gives, and the miss is flagged.
    """
    wish_mps = _reachable_mps(params, state, inputs, dt)
    mean_mps = 0.5 * (state.speed_mps + wish_mps)
    per_speed = 1.0 / max(mean_mps, 1.0)
    road_n = road_load_n(
        params,
        mean_mps,
        inputs.headwind_mps,
        inputs.grade,
        held.rolling_n,
        held.drag_n_per_mps2,
    )
    need_n = road_n + params.road.inertia_kg * (wish_mps - state.speed_mps) / dt
    drive_n = min(max(need_n, 0.0), traction_force_max_n(params, held.fed_w, per_speed))
    brake_n = min(max(-need_n, 0.0), params.road.brake_max_n)
    regen_n = regen_force_n(params, brake_n, mean_mps, held.taken_w, per_speed)
    clipped = drive_n - brake_n != need_n
    free_mps = state.speed_mps + (drive_n - brake_n - road_n) * dt * params.road.per_inertia
    speed_mps = max(free_mps, 0.0) if clipped else wish_mps
    # A car that rolls out of speed within the step is held from then on: the road needs no more.
    held_n = params.road.inertia_kg * (speed_mps - free_mps) / dt if clipped else 0.0
    mean_mps = 0.5 * (state.speed_mps + speed_mps)
    # The gear takes its share in both directions.
    force_n = drive_n * (1.0 / GEAR_EFFICIENCY) - regen_n * GEAR_EFFICIENCY
    work = share_work(params, force_n, mean_mps, held.switched)
    turning = mean_mps > 0.0
    turning_w = force_n * mean_mps + work.loss_w
    motor_w = turning_w if turning else 0.0
    main_nm = work.main_n * params.motor.arm_m
    second_nm = (force_n - work.main_n) * params.second.arm_m
    wheel_w = (drive_n - regen_n) * mean_mps
    return Traction(
        speed_mps=speed_mps,
        distance_m=mean_mps * dt,
        wheel_w=wheel_w,
        brake_w=(brake_n - regen_n) * mean_mps,
        torque_nm=main_nm if turning else 0.0,
        second_torque_nm=second_nm if turning else 0.0,
        speed_radps=mean_mps * params.motor.per_arm,
        motor_w=motor_w,
        loss_w=motor_w - wheel_w,
        road_n=road_n - held_n,
        missed=1.0 if abs(speed_mps - max(inputs.speed_mps, 0.0)) > MISSED_MPS else 0.0,
    )


def _reachable_mps(params: Params, state: State, inputs: Inputs, dt: float) -> float:
    """The wish, but no faster than full force and the slope could make it within the step, and no
    slower than grip and the slope could.

    Without this, power would be limited at the mean of now and a far-off wish: a car that brakes as
    hard as it can would charge its battery with up to twice what that takes.
    """
    push_mps2 = params.drive.push_mps2
    downhill_mps2 = push_mps2 - GRAVITY_MPS2 * inputs.grade
    gain_mps2 = downhill_mps2 if inputs.grade < 0.0 else push_mps2
    loss_mps2 = BRAKE_DECELERATION_MPS2 + GRAVITY_MPS2 * inputs.grade
    slowest_mps = max(state.speed_mps - loss_mps2 * dt, 0.0)
    return min(max(inputs.speed_mps, slowest_mps), state.speed_mps + gain_mps2 * dt)
