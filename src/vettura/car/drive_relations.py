"""What motors, inverters and gears lose: relations by kind of machine, switches and mass.

They hold for every car; they are set together on the US EPA's list of electric cars of 2022 (73
configurations over UDDS and HWFET), none on a single car. Mass stands for the size of the drive:
rated power does not, since lists give continuous ratings, peaks, or one motor's.
"""

from typing import NamedTuple

from vettura.car.params import DriveParams, MotorParams
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
    "psm": Losses(0.0130, 0.0058, 0.0),
    "asm": Losses(0.0385, 0.0, 0.0),
    "eesm": Losses(0.0090, 0.0, 0.048),
}
"""The shape follows Oak Ridge's teardown maps (Burress, ORNL/TM-2012 and later): little to lose at
part load but what turns; the level is the list's."""
INVERTER_POWER = {"igbt": 0.038, "sic": 0.002}
"""Share of the power lost by the inverter's switches, and what they make the motor lose at part
load: silicon carbide has no knee voltage and switches at a fraction of the loss (published
comparisons over UDDS: 4 to 8 % less consumption)."""
FORCE2 = 0.51
"""Copper loss [W/N²·kg]: what a force costs squared, over the car's mass."""
IDLE_W, SECOND_IDLE_W = 60.0, 120.0
"""Gate drivers, control and coolant pump of an inverter that works; a second one needs its own
circuit."""
MAIN_SHARE = 0.6
"""Of the force, where two motors of unknown size work together."""

REGEN_SHARE = {"strong": 1.0, "selectable": 1.0, "light": 0.93, "none": 0.65}
"""Of the braking, what the motors get: a car that coasts on lifting the pedal and brakes by its
pedal alone leaves a third to friction, a gentle one little (EPA's list, cars of both
kinds)."""


def drive_params(spec: CarSpec, mass_kg: float, nominal_v: float) -> DriveParams:
    """The motors together, in a car of that mass with that voltage at half charge."""
    drive = spec.drive
    return DriveParams(
        power_max_w=drive.power_max_w.value,
        regen_power_max_w=drive.regen_power_max_w.value,
        regen_force_max_n=mass_kg * drive.regen_deceleration_max_mps2.value,
        regen_share=REGEN_SHARE[drive.lift_off_regen.value],
        per_nominal_volt=1.0 / nominal_v,
    )


def motor_params(spec: CarSpec, mass_kg: float) -> tuple[MotorParams, MotorParams]:
    """The motor that drives most of the time, and the other axle's; one that is absent is all 0."""
    main = spec.motors[0]
    if len(spec.motors) == 1:
        return _motor(spec, main, 1.0, IDLE_W, mass_kg), ABSENT
    second = spec.motors[1]
    forces = [_force_max_n(spec, motor) for motor in spec.motors]
    share = forces[0] / sum(forces)
    return (
        _motor(spec, main, share, IDLE_W, mass_kg),
        _motor(spec, second, 1.0 - share, SECOND_IDLE_W, mass_kg),
    )


ABSENT = MotorParams(1.0, 1.0, *(0.0,) * 8)


def _force_max_n(spec: CarSpec, motor: Motor) -> float:
    return motor.torque_max_nm.value * motor.gear_ratio.value / spec.body.wheel_radius_m.value


def _motor(spec: CarSpec, motor: Motor, share: float, idle_w: float, mass_kg: float) -> MotorParams:
    arm_m = spec.body.wheel_radius_m.value / motor.gear_ratio.value
    losses = LOSSES[motor.kind.value]
    braked = losses.rest > 0.0
    return MotorParams(
        arm_m=arm_m,
        per_arm=1.0 / arm_m,
        share=share,
        force_max_n=_force_max_n(spec, motor),
        loss_idle_w=idle_w,
        loss_speed_w_per_mps=losses.speed * mass_kg,
        loss_power=INVERTER_POWER[motor.inverter.value] + losses.power,
        loss_force2_w_per_n2=FORCE2 / (mass_kg * share),
        # Magnets induce voltage wherever they turn, so their inverter stays at work against it.
        rest_idle_w=idle_w if braked else 0.0,
        rest_speed_w_per_mps=losses.rest * mass_kg,
    )
