"""Motors, inverters and gears: what they can, what they lose, and which of two does the work."""

from typing import NamedTuple

from vettura.car.params import LossParams, Params

GEAR_EFFICIENCY = 0.985
"""One or two helical gear pairs under load; what they lose unloaded is in the road load."""
REGEN_FADE_LOW_MPS, REGEN_FADE_HIGH_MPS = 0.8, 3.0
"""Regeneration fades out between 11 and 3 km/h, where the motor has no voltage left to give."""
SWITCHING_SHARE = 0.5
"""Of the loss in proportion to power, what grows with the voltage that is switched."""


class Work(NamedTuple):
    """How the motors share a force."""

    main_n: float
    loss_w: float


def drive_loss_w(losses: LossParams, force2_n2: float, speed_mps: float, passed_w: float) -> float:
    """Loss [W] of the motors that work with their inverters and gears, at a force squared.

    idle + k1·v + k2·P + k3·F²: iron and windage, conduction, switching and gear contact, copper
    (Guzzella and Sciarretta, Vehicle Propulsion Systems, 3rd ed., 2013, ch. 4), over force at the
    wheels and road speed. `passed_w` is their product, weighted by the voltage that is switched.
    """
    return (
        losses.idle_w
        + losses.speed_w_per_mps * speed_mps
        + losses.power * passed_w
        + losses.force2_w_per_n2 * force2_n2
    )


def switching(volts: float) -> float:
    """Factor of the losses in proportion to power, at the pack's voltage over its nominal one."""
    return 1.0 - SWITCHING_SHARE + SWITCHING_SHARE * volts


def share_work(params: Params, force_n: float, speed_mps: float, switched: float) -> Work:
    """Let the main motor work alone, or both: whichever loses less.

    Alone, the second motor only turns along; a force beyond the main one is shared. Braking
    (negative force) is shared in the same way. `switched` is what `switching` says.
    """
    drive = params.drive
    push_n = abs(force_n)
    passed_w = switched * push_n * speed_mps
    force2_n2 = push_n * push_n
    alone_w = drive_loss_w(drive.alone, force2_n2, speed_mps, passed_w)
    both_w = drive_loss_w(drive.both, force2_n2, speed_mps, passed_w)
    both_n = drive.main_share * force_n
    alone = alone_w <= both_w and push_n <= params.motor.force_max_n
    main_n = force_n if alone else both_n
    loss_w = alone_w if alone else both_w
    return Work(main_n, loss_w)


def traction_force_max_n(params: Params, power_w: float, per_speed: float) -> float:
    """Greatest force [N] at the wheels: torque limit at low speed, power limit above.

    `power_w` is what motors and battery can give, `per_speed` the reciprocal of the speed [s/m].
    """
    at_power = power_w * per_speed
    return min(params.drive.force_max_n, at_power) * GEAR_EFFICIENCY


def regen_force_n(
    params: Params, wanted_n: float, speed_mps: float, power_w: float, per_speed: float
) -> float:
    """Braking force [N] that the motors take of `wanted_n` >= 0; friction brakes do the rest.

    Bounded by `power_w` that motors and battery can take, by what the motors and the car's own
    deceleration allow, and faded out towards standstill. A car that does not brake on
    lifting the pedal leaves part of every gentle braking to friction.
    """
    at_power = power_w * per_speed
    fade = (speed_mps - REGEN_FADE_LOW_MPS) * (1.0 / (REGEN_FADE_HIGH_MPS - REGEN_FADE_LOW_MPS))
    allowed = min(at_power, params.drive.regen_force_max_n)
    taken = min(params.drive.regen_share * wanted_n, allowed)
    return taken * min(max(fade, 0.0), 1.0)
