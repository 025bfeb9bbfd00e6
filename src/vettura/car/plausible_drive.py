"""Whether motors and gears of a car file can be true."""

from collections.abc import Iterator
from itertools import combinations

from vettura.car.finding import Facts, Finding, outside, warning
from vettura.units import KMH_PER_MPS, RPM_PER_RADPS

POWER_SHARE = (0.45, 1.15)
"""Power of the whole car over the sum of its motors."""
BASE_RPM = (1_500.0, 10_000.0)
TOP_RPM = (8_500.0, 21_500.0)
"""Motor speed at the car's top speed: 8,810 is the most of a Chevrolet Bolt (SAE 2016-01-1153),
21,000 and more of the fastest; a car of two speeds (Porsche Taycan) gives its second gear."""


def _power(facts: Facts) -> Iterator[Finding]:
    whole_w, regen_w = facts.number("drive.power_max_w"), facts.number("drive.regen_power_max_w")
    powers = [facts.number(f"{motor}.power_max_w") for motor in facts.motors()]
    known = [power for power in powers if power is not None]
    if not known or len(known) < len(powers):
        return
    if whole_w is not None and outside(whole_w / sum(known), POWER_SHARE):
        yield warning(
            "drive.power_max_w",
            f"{whole_w:g} W where the motors have {sum(known):g} W together",
            "a car has at most 1.15 of the sum of its motors, and hardly less than half of it",
            "look at the motors and at kW, hp and PS",
        )
    if regen_w is not None and regen_w > sum(known):
        yield warning(
            "drive.regen_power_max_w",
            f"{regen_w:g} W where the motors have {sum(known):g} W",
            "they brake no harder than they drive",
            "look at the figure",
        )


def _axles(facts: Facts) -> Iterator[Finding]:
    wheels = facts.text("drive.wheels")
    axles = [facts.text(f"{motor}.axle") for motor in facts.motors()]
    if wheels is None or None in axles or not axles:
        return
    driven = {"all": {"front", "rear"}}.get(wheels, {wheels})
    if driven != set(axles) or any(a == b for a, b in combinations(axles, 2)):
        yield Finding(
            "error",
            "drive.wheels",
            f"'{wheels}' with motors on {', '.join(str(axle) for axle in axles)}",
            "each driven axle has one [[motors]], two motors on an axle counting as one",
            "mend wheels, or give the motor of each axle",
        )


def _motor_speed(facts: Facts) -> Iterator[Finding]:
    top_kmh = facts.number("published.top_speed_kmh")
    radius_m = facts.number("body.wheel_radius_m")
    for motor in facts.motors():
        power_w, torque_nm = (
            facts.number(f"{motor}.power_max_w"),
            facts.number(f"{motor}.torque_max_nm"),
        )
        if power_w is not None and torque_nm is not None:
            base_rpm = power_w / torque_nm * RPM_PER_RADPS
            if outside(base_rpm, BASE_RPM):
                yield warning(
                    f"{motor}.torque_max_nm",
                    f"power over torque is {base_rpm:.0f} rpm",
                    f"full torque reaches to {BASE_RPM[0]:g} to {BASE_RPM[1]:g} rpm",
                    "give the torque of the motor, not of the wheels",
                )
        ratio = facts.number(f"{motor}.gear_ratio")
        if top_kmh is None or radius_m is None or ratio is None:
            continue
        top_rpm = top_kmh / KMH_PER_MPS / radius_m * ratio * RPM_PER_RADPS
        if outside(top_rpm, TOP_RPM):
            yield warning(
                f"{motor}.gear_ratio",
                f"at {top_kmh:g} km/h the motor turns at {top_rpm:.0f} rpm",
                f"at their top speed cars have {TOP_RPM[0]:g} to {TOP_RPM[1]:g} rpm",
                "look at ratio (of the higher gear), wheel_radius_m and top_speed_kmh",
            )


DRIVE_CHECKS = (_power, _axles, _motor_speed)
