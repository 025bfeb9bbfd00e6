"""Motors, inverters and gears: what they can, what they lose, and which of two does the work."""

from typing import NamedTuple

from vettura.car.params import MotorParams, Params

GEAR_EFFICIENCY = 0.985
"""One or two helical gear pairs under load; what they lose unloaded is in the road load."""
REGEN_FADE_LOW_MPS, REGEN_FADE_HIGH_MPS = 0.8, 3.0
"""Regeneration fades out between 11 and 3 km/h, where the motor has no voltage left to give."""
SWITCHING_SHARE = 0.5
"""Of the loss in proportion to power, what grows with the voltage that is switched."""


class Work(NamedTuple):
    """How the motors share a force."""

    main_n: float
    second_n: float
    loss_w: float


def motor_loss_w(motor: MotorParams, force_n: float, speed_mps: float, volts: float) -> float:
    """Loss [W] of a working motor with its inverter.

    idle + k1·v + k2·F·v + k3·F²: iron and windage, conduction, switching and gear contact, copper
    (Guzzella and Sciarretta, Vehicle Propulsion Systems, 3rd ed., 2013, ch. 4), over force at the
    wheels and road speed; `volts` is the pack's voltage over its nominal one.
    """
    push_n = abs(force_n)
    power_w = push_n * speed_mps
    switched = 1.0 - SWITCHING_SHARE + SWITCHING_SHARE * volts
    return (
        motor.loss_idle_w
        + motor.loss_speed_w_per_mps * speed_mps
        + motor.loss_power * switched * power_w
        + motor.loss_force2_w_per_n2 * push_n * push_n
    )


def share_work(params: Params, force_n: float, speed_mps: float, volts: float) -> Work:
    """Let the main motor work alone, or both: whichever loses less.

    Alone, the main motor gives what it can and the second only turns along; a force beyond it is
    shared. Braking (negative force) is shared in the same way.
    """
    main, second = params.motor, params.second
    both_n = main.share * force_n
    rest_n = force_n - both_n
    shared_w = motor_loss_w(main, both_n, speed_mps, volts) + motor_loss_w(
        second, rest_n, speed_mps, volts
    )
    alone_w = (
        motor_loss_w(main, force_n, speed_mps, volts)
        + second.rest_idle_w
        + second.rest_speed_w_per_mps * speed_mps
    )
    alone = alone_w <= shared_w and abs(force_n) <= main.force_max_n
    main_n = force_n if alone else both_n
    second_n = 0.0 if alone else rest_n
    loss_w = alone_w if alone else shared_w
    return Work(main_n, second_n, loss_w)


def traction_force_max_n(params: Params, power_w: float, per_speed: float) -> float:
    """Greatest force [N] at the wheels: torque limit at low speed, power limit above.

    `power_w` is what the battery can feed them, `per_speed` the reciprocal of the speed [s/m].
    """
    at_torque = params.motor.force_max_n + params.second.force_max_n
    at_power = min(params.drive.power_max_w, power_w) * per_speed
    return min(at_torque, at_power) * GEAR_EFFICIENCY


def regen_force_n(
    params: Params, wanted_n: float, speed_mps: float, power_w: float, per_speed: float
) -> float:
    """Braking force [N, positive] that the motors take of `wanted_n`; friction brakes do the rest.

    Bounded by the car's own regeneration power and deceleration, by `power_w` that the battery can
    take, by the motors' torque, and faded out towards standstill. A car that does not brake on
    lifting the pedal leaves part of every gentle braking to friction.
    """
    at_power = min(params.drive.regen_power_max_w, power_w) * per_speed
    at_torque = params.motor.force_max_n + params.second.force_max_n
    fade = (speed_mps - REGEN_FADE_LOW_MPS) * (1.0 / (REGEN_FADE_HIGH_MPS - REGEN_FADE_LOW_MPS))
    allowed = min(at_power, at_torque, params.drive.regen_force_max_n)
    taken = min(params.drive.regen_share * max(wanted_n, 0.0), max(allowed, 0.0))
    return taken * min(max(fade, 0.0), 1.0)
