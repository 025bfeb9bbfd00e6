"""What the motors take when tyres, mass, air or their losses are other ones: the same drive again,
without battery and cabin, which such a change does not reach. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from vettura.car.conditions import Conditions
from vettura.car.driver import follow
from vettura.car.params import Params
from vettura.car.road import air_density, drag_n_per_mps2, rolling_n
from vettura.car.state import Inputs, State
from vettura.drive.calibrate_knobs import KNOBS, NAMES, set_shares

TRACTION_NAMES = ("rolling", "mass", "drag", "losses", "tyre_cold")
"""Parameters that change what the motors take, and nothing else."""
STEP_SHARE = 0.5
"""Step of the finite differences, in standard deviations of the prior."""


class Driven(NamedTuple):
    """One second as the model drove it."""

    state: State
    """At its begin."""
    inputs: Inputs
    held: Conditions
    motor_w: float
    """What the motors took."""


def step_of(name: str) -> float:
    """How far a parameter is moved to see what it does [share of the car file's figure]."""
    return STEP_SHARE * KNOBS[NAMES.index(name)].prior_sd


def traction_slopes(
    params: Params, shares: Mapping[str, float], seconds: Sequence[Driven]
) -> dict[str, list[float]]:
    """Change of each second's motor power [W] per share, for each of `TRACTION_NAMES`.

    `params` are the car file's, `shares` those at which the seconds were driven; these need not
    follow each other.
    """
    found = {}
    for name in TRACTION_NAMES:
        step = step_of(name)
        moved = set_shares(params, {**shares, name: shares.get(name, 1.0) + step})
        again_w = motor_powers_w(moved, seconds)
        found[name] = [(w - s.motor_w) / step for w, s in zip(again_w, seconds, strict=True)]
    return found


def motor_powers_w(params: Params, seconds: Sequence[Driven]) -> list[float]:
    """What the motors of this car take [W] in each of those seconds, from the same speeds."""
    powers = []
    held = before = None
    for second in seconds:
        state, inputs = second.state, second.inputs
        if held is None or second.held is not before:
            before = second.held
            density = air_density(inputs.pressure_pa, inputs.ambient_degc)
            held = before._replace(
                rolling_n=rolling_n(params, state.tyre_degc, inputs.rain_mm_per_h),
                drag_n_per_mps2=drag_n_per_mps2(params, density, inputs.slipstream),
            )
        powers.append(follow(params, state, inputs, held, 1.0).motor_w)
    return powers
