"""What motors, inverters and gears lose: relations by kind of machine, switches and mass.

They hold for every car; they are set together on the US EPA's list of electric cars of 2022 (73
configurations over UDDS and HWFET), none on a single car. Mass stands for the size of the drive:
rated power does not, since lists give continuous ratings, peaks, or one motor's.
"""

from typing import NamedTuple

from vettura.car.params import DriveParams, LossParams, MotorParams
from vettura.car.spec import CarSpec, Motor


class Losses(NamedTuple):
    """Of one kind of machine, per kilogram of car."""

    speed: float
    """While it works [W/(m/s)/kg]: iron, windage, slip, and gears under load."""
    rest: float
    """While it only turns along [W/(m/s)/kg]: magnets brake, an induction motor is free."""
    power: float
    """Share of the power passed through, beyond the inverter's: excitation."""


LOSSES = {
    "psm": Losses(0.0130, 0.0060, 0.0),
    "asm": Losses(0.0400, 0.0, 0.0),
    "eesm": Losses(0.0090, 0.0, 0.0465),
}
"""The shape follows Oak Ridge's teardown maps (Burress, ORNL/TM-2012 and later): little to lose at
part load but what turns; the level is the list's."""
INVERTER_POWER = {"igbt": 0.037, "sic": 0.002}
"""Share of the power lost by the inverter's switches, and what they make the motor lose at part
load: silicon carbide has no knee voltage and switches at a fraction of the loss (published
comparisons over UDDS: 4 to 8 % less consumption)."""
FORCE2 = 0.33
"""Copper loss [W/N²·kg]: what a force costs squared, over the car's mass."""
IDLE_W, SECOND_IDLE_W = 60.0, 120.0
"""Gate drivers, control and coolant pump of an inverter that works; a second one needs its own
circuit."""
REGEN_SHARE = {"strong": 1.0, "selectable": 1.0, "light": 0.92, "none": 0.66}
"""Of the braking, what the motors get: a car that coasts on lifting the pedal and brakes by its
pedal alone leaves a third to friction, a gentle one little (EPA's list, cars of both
kinds)."""


ABSENT = MotorParams(arm_m=1.0, per_arm=1.0, force_max_n=0.0)


def drive_params(
    spec: CarSpec, mass_kg: float, per_inertia: float, nominal_v: float
) -> DriveParams:
    """The motors together, in a car of that mass with that voltage at half charge."""
    drive = spec.drive
    alone, both = _losses(spec, mass_kg)
    force_max_n = sum(_motor(spec, motor).force_max_n for motor in spec.motors)
    return DriveParams(
        power_max_w=drive.power_max_w.value,
        force_max_n=force_max_n,
        push_mps2=force_max_n * per_inertia,
        regen_power_max_w=drive.regen_power_max_w.value,
        regen_force_max_n=min(force_max_n, mass_kg * drive.regen_deceleration_max_mps2.value),
        regen_share=REGEN_SHARE[drive.lift_off_regen.value],
        main_share=_main_share(spec),
        alone=alone,
        both=both,
        per_nominal_volt=1.0 / nominal_v,
    )


def motor_params(spec: CarSpec) -> tuple[MotorParams, MotorParams]:
    """The motor that drives most of the time, and the other axle's."""
    found = [_motor(spec, motor) for motor in spec.motors]
    return (found[0], found[1]) if len(found) == 2 else (found[0], ABSENT)


def _motor(spec: CarSpec, motor: Motor) -> MotorParams:
    arm_m = spec.body.wheel_radius_m.value / motor.gear_ratio.value
    return MotorParams(
        arm_m=arm_m, per_arm=1.0 / arm_m, force_max_n=motor.torque_max_nm.value / arm_m
    )


def _main_share(spec: CarSpec) -> float:
    forces = [_motor(spec, motor).force_max_n for motor in spec.motors]
    return forces[0] / sum(forces)


def _losses(spec: CarSpec, mass_kg: float) -> tuple[LossParams, LossParams]:
    """Of the main motor alone, and of both; copper loss grows as the share of the copper falls."""
    main = spec.motors[0]
    share = _main_share(spec)
    power = _power_loss(main)
    own = LossParams(
        idle_w=IDLE_W,
        speed_w_per_mps=LOSSES[main.kind.value].speed * mass_kg,
        power=power,
        force2_w_per_n2=FORCE2 / (mass_kg * share),
    )
    if len(spec.motors) == 1:
        return own, own
    second = spec.motors[1]
    losses = LOSSES[second.kind.value]
    # Magnets induce voltage wherever they turn, so their inverter stays at work against it.
    rest_w = SECOND_IDLE_W if losses.rest > 0.0 else 0.0
    return (
        own._replace(
            idle_w=own.idle_w + rest_w,
            speed_w_per_mps=own.speed_w_per_mps + losses.rest * mass_kg,
        ),
        LossParams(
            idle_w=IDLE_W + SECOND_IDLE_W,
            speed_w_per_mps=own.speed_w_per_mps + losses.speed * mass_kg,
            power=share * power + (1.0 - share) * _power_loss(second),
            force2_w_per_n2=FORCE2 / mass_kg,
        ),
    )


def _power_loss(motor: Motor) -> float:
    return INVERTER_POWER[motor.inverter.value] + LOSSES[motor.kind.value].power
