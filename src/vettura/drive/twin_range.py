"""How far the charge will last: the twin's model on the roads of late, in the air of now. Pure."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from vettura.car.charge import displayed_soc
from vettura.car.conditions import Conditions, conditions_of
from vettura.car.driver import follow
from vettura.car.params import Params
from vettura.car.relations import resting_state
from vettura.car.road import warm_tyre
from vettura.car.state import Inputs, State
from vettura.drive.calibrate import EIGHTY
from vettura.drive.calibrate_evidence import STRETCH_LEFT, STRETCH_M, STRETCH_SIGMA
from vettura.drive.calibrate_follow import DEFAULT_DEGC, HOLD
from vettura.drive.calibrate_knobs import CAPACITY, HEATING, NAMES
from vettura.drive.cycles import load_cycle
from vettura.drive.estimate import spread_of
from vettura.drive.living import net_energy_wh
from vettura.drive.twin_memory import OFFSET, Memory
from vettura.units import SECONDS_PER_HOUR

WH_PER_M_MIN = 0.02
FEW_M = 1_000.0


class Range(NamedTuple):
    """Distance with its uncertainty."""

    distance_m: float
    low_m: float
    """Of the interval that should hold the truth in 80 of 100 cases."""
    high_m: float
    wh_per_m: float
    sigma: float
    """Relative."""


def consumption_wh_per_m(
    params: Params, trace_mps: Sequence[float], *, ambient_degc: float
) -> float:
    """Of the model on those speeds, on the flat, warmed up but in that air, the cabin kept.

    What motors and loads ask for, as the battery would give it: no limit of it is met here.
    """
    state = resting_state(params, displayed_soc=0.6, ambient_degc=ambient_degc)
    trace = list(trace_mps) if sum(trace_mps) >= FEW_M else list(load_cycle("wltc3b").speed_mps)
    state = state._replace(speed_mps=trace[0], cabin_degc=21.0)
    asked_j = 0.0
    for begin in range(0, len(trace), HOLD):
        ahead = trace[begin : begin + HOLD]
        inputs = Inputs(speed_mps=ahead[0], ambient_degc=ambient_degc, climate_on=1.0)
        held = conditions_of(params, state, inputs, float(len(ahead)))
        square_a2 = 0.0
        for speed_mps in ahead:
            driven = follow(params, state, inputs._replace(speed_mps=speed_mps), held, 1.0)
            asked_w = driven.motor_w + held.loads_w
            asked_j += asked_w
            square_a2 += (asked_w / held.source_v) ** 2
            state = state._replace(speed_mps=driven.speed_mps)
        lost_j = square_a2 * (held.ohmic_ohm + held.pair_ohm)
        warmer_k = params.pack.degc_per_j * (lost_j + held.outside_w * len(ahead))
        state = _later(state, held, warmer_k, ambient_degc, float(len(ahead)))
    return max(asked_j / SECONDS_PER_HOUR / sum(trace), WH_PER_M_MIN)


def _later(
    state: State, held: Conditions, warmer_k: float, ambient_degc: float, dt: float
) -> State:
    """Battery, cabin and tyres `dt` seconds on."""
    return state._replace(
        battery_degc=state.battery_degc + warmer_k,
        cabin_degc=state.cabin_degc + dt * held.cabin_k_per_s,
        interior_degc=state.interior_degc + dt * held.interior_k_per_s,
        tyre_degc=warm_tyre(
            state.tyre_degc, speed_mps=state.speed_mps, ambient_degc=ambient_degc, dt=dt
        ),
    )


def range_of(params: Params, memory: Memory, *, soc: float, wh_per_m: float) -> Range:
    """Range on that charge; `params` as fitted, `wh_per_m` as the model says of them.

    What made this trip dearer than the model expects is taken to last.
    """
    belief = memory.belief
    wh_per_m = max(wh_per_m * (1.0 + belief.mean[OFFSET]), WH_PER_M_MIN)
    # A battery that has aged shows in `params`, so the state is a new one's.
    new = resting_state(params, displayed_soc=1.0, ambient_degc=DEFAULT_DEGC)
    usable_wh = max(displayed_soc(params, soc), 0.0) * net_energy_wh(params, new)
    distance_m = usable_wh / wh_per_m
    moves = list(memory.sensitivity) or [
        0.3 if n not in (CAPACITY, HEATING) else 0.0 for n in NAMES
    ]
    # More capacity is more range, as a dearer road is less.
    moves[NAMES.index(CAPACITY)] = -1.0
    variance = spread_of(belief.covariance, [*moves, 1.0])
    variance += STRETCH_LEFT * STRETCH_SIGMA**2 * STRETCH_M / max(distance_m, STRETCH_M)
    sigma = math.sqrt(variance)
    return Range(
        distance_m=distance_m,
        low_m=distance_m / (1.0 + EIGHTY * sigma),
        high_m=distance_m / max(1.0 - EIGHTY * sigma, 0.25),
        wh_per_m=wh_per_m,
        sigma=sigma,
    )
