"""Motor, inverter and single-speed gear: what they can, and what they lose."""

from vettura.car.params import Params

REGEN_FADE_LOW_MPS, REGEN_FADE_HIGH_MPS = 0.8, 3.0
"""Regeneration fades out between 11 and 3 km/h, where the motor has no voltage left to give."""


def motor_speed_radps(params: Params, speed_mps: float) -> float:
    """Motor speed [rad/s] at that road speed."""
    return speed_mps * params.motor.gear_ratio / params.motor.wheel_radius_m


def traction_force_max_n(params: Params, speed_mps: float) -> float:
    """Greatest force [N] at the wheels: torque limit at low speed, power limit above."""
    at_torque = params.motor.torque_max_nm * params.motor.gear_ratio / params.motor.wheel_radius_m
    at_power = params.motor.power_max_w / max(speed_mps, 1.0)
    return min(at_torque, at_power) * params.motor.gear_efficiency


def motor_loss_w(params: Params, torque_nm: float, speed_radps: float) -> float:
    """Loss [W] of motor and inverter.

    idle + k1·w + k2·t + k3·t² + k4·w²: iron, conduction and copper, and windage (Guzzella and
    Sciarretta, Vehicle Propulsion Systems, 3rd ed., 2013, ch. 4); t and w as in Params.
    """
    torque = abs(torque_nm) / params.motor.torque_max_nm
    speed = speed_radps / params.motor.base_speed_radps
    return (
        params.motor.loss_idle_w
        + params.motor.loss_speed_w * speed
        + params.motor.loss_torque_w * torque
        + params.motor.loss_torque2_w * torque * torque
        + params.motor.loss_speed2_w * speed * speed
    )


def regen_force_n(params: Params, wanted_n: float, speed_mps: float, power_w: float) -> float:
    """Braking force [N, positive] that the motor takes of `wanted_n`; friction brakes do the rest.

    Bounded by the car's own regeneration power and deceleration, by `power_w` that the battery can
    take, by the motor's torque, and faded out towards standstill.
    """
    at_power = min(params.motor.regen_power_max_w, power_w) / max(speed_mps, 1.0)
    at_torque = params.motor.torque_max_nm * params.motor.gear_ratio / params.motor.wheel_radius_m
    fade = (speed_mps - REGEN_FADE_LOW_MPS) / (REGEN_FADE_HIGH_MPS - REGEN_FADE_LOW_MPS)
    allowed = min(at_power, at_torque, params.motor.regen_force_max_n) * min(max(fade, 0.0), 1.0)
    return min(max(wanted_n, 0.0), max(allowed, 0.0))
