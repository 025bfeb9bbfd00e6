"""The driver: asks for the wished speed, and gets what motors, battery and brakes can do."""

from typing import NamedTuple

from vettura.car.battery import (
    charge_limit_w,
    discharge_limit_w,
    peak_power_w,
    resistance,
)
from vettura.car.motor import GEAR_EFFICIENCY, regen_force_n, share_work, traction_force_max_n
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
    second_torque_nm: float
    speed_radps: float
    motor_w: float
    loss_w: float
    road_n: float
    missed: float


def follow(
    params: Params, state: State, inputs: Inputs, loads_w: float, source_v: float, dt: float
) -> Traction:
    """Drive `dt` seconds towards the wished speed; `loads_w` is what else the battery feeds.

    Backward while the car can follow: the force is what the wish needs. Forward where it cannot:
    the speed is what the force gives, and the miss is flagged. `source_v` is the battery's
    open-circuit voltage: a lower one gives less power.
    """
    volts = min(source_v * params.drive.per_nominal_volt, 1.2)
    wish_mps = _reachable_mps(params, state, inputs, dt)
    mean_mps = 0.5 * (state.speed_mps + wish_mps)
    per_speed = 1.0 / max(mean_mps, 1.0)
    road_n = road_load_n(
        params,
        speed_mps=mean_mps,
        headwind_mps=inputs.headwind_mps,
        grade=inputs.grade,
        density=air_density(inputs.pressure_pa, inputs.ambient_degc),
        tyre_degc=state.tyre_degc,
        rain_mm_per_h=inputs.rain_mm_per_h,
        slipstream=inputs.slipstream,
    )
    need_n = road_n + params.road.inertia_kg * (wish_mps - state.speed_mps) / dt
    fed_w = _fed_w(params, state, loads_w, source_v, volts)
    drive_n = min(max(need_n, 0.0), traction_force_max_n(params, fed_w, per_speed))
    brake_n = min(max(-need_n, 0.0), params.road.inertia_kg * BRAKE_DECELERATION_MPS2)
    taken_w = loads_w + charge_limit_w(params, soc=state.soc, battery_degc=state.battery_degc)
    regen_n = regen_force_n(params, brake_n, mean_mps, taken_w, per_speed)
    clipped = drive_n - brake_n != need_n
    free_mps = state.speed_mps + (drive_n - brake_n - road_n) * dt * params.road.per_inertia
    speed_mps = max(free_mps, 0.0) if clipped else wish_mps
    # A car that rolls out of speed within the step is held from then on: the road needs no more.
    held_n = params.road.inertia_kg * (speed_mps - free_mps) / dt if clipped else 0.0
    mean_mps = 0.5 * (state.speed_mps + speed_mps)
    # The gear takes its share in both directions.
    force_n = drive_n * (1.0 / GEAR_EFFICIENCY) - regen_n * GEAR_EFFICIENCY
    work = share_work(params, force_n, mean_mps, volts)
    turning = 1.0 if mean_mps > 0.0 else 0.0
    motor_w = turning * (force_n * mean_mps + work.loss_w)
    wheel_w = (drive_n - regen_n) * mean_mps
    return Traction(
        speed_mps=speed_mps,
        distance_m=mean_mps * dt,
        wheel_w=wheel_w,
        brake_w=(brake_n - regen_n) * mean_mps,
        torque_nm=turning * work.main_n * params.motor.arm_m,
        second_torque_nm=turning * (force_n - work.main_n) * params.second.arm_m,
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
    force_n = params.motor.force_max_n + params.second.force_max_n
    gain_mps2 = force_n * params.road.per_inertia + GRAVITY_MPS2 * max(-inputs.grade, 0.0)
    loss_mps2 = BRAKE_DECELERATION_MPS2 + GRAVITY_MPS2 * inputs.grade
    slowest_mps = max(state.speed_mps - loss_mps2 * dt, 0.0)
    return min(max(inputs.speed_mps, slowest_mps), state.speed_mps + gain_mps2 * dt)


def _fed_w(params: Params, state: State, loads_w: float, source_v: float, volts: float) -> float:
    """Power [W] that the battery can bring to the wheels: its limit, its peak, its voltage's."""
    limit_w = discharge_limit_w(params, soc=state.soc, battery_degc=state.battery_degc)
    met = resistance(params.pack, state.soc, state.battery_degc, state.resistance_share)
    peak_w = peak_power_w(source_v, state.polarisation_v, met.ohmic_ohm)
    fed_w = BATTERY_TO_WHEEL * max(min(limit_w, peak_w) - loads_w, 0.0)
    return min(fed_w, params.drive.power_max_w * volts)
