"""Whole drives through the compiled step: fast enough to ask something of every car everywhere."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numba
import numpy as np

from vettura.car import Inputs, Params, State, resting_state
from vettura.fleet.compiled import compiled_kernel

_step = compiled_kernel().step
MILD = Inputs(accessories=0.0)
"""A dynamometer's hall: 20 °C, no wind, level, dry, climate off."""


class Drive(NamedTuple):
    """What a drive came to."""

    state: State
    missed_s: float
    broken: float
    """Seconds in which a number was not finite or out of its window."""
    chemical_wh: float
    """What left the cells: terminals plus internal loss."""
    climate_wh: float

    @property
    def terminal_wh(self) -> float:
        return self.state.drawn_wh - self.state.regenerated_wh


def drive(
    params: Params,
    begin: State,
    speed_mps: Sequence[float],
    world: Inputs = MILD,
    *,
    laps: int = 1,
    until_soc: float = -1.0,
) -> Drive:
    """Follow the trace for some laps, or until the pack's own charge has fallen that low."""
    return Drive(*_drive(params, begin, np.array(speed_mps), world, laps, until_soc))


def settled(params: Params, soc: float, ambient_degc: float) -> State:
    """A car that has stood in that air for a night: everything in it is as cold."""
    return resting_state(params, displayed_soc=soc, ambient_degc=ambient_degc)


@numba.njit(cache=True, error_model="numpy")
def _drive(params, state, speed_mps, world, laps, until_soc):
    missed = broken = chemical_wh = climate_wh = 0.0
    for _ in range(laps):
        for second in range(1, len(speed_mps)):
            if state.soc <= until_soc:
                break
            before = state.soc
            state, flows = _step(params, state, Inputs(speed_mps[second], *world[1:]), 1.0)
            missed += flows.trace_missed
            broken += 0.0 if _whole(params, before, state, flows) else 1.0
            chemical_wh += flows.chemical_power_w * (1.0 / 3600.0)
            climate_wh += flows.climate_power_w * (1.0 / 3600.0)
    return state, missed, broken, chemical_wh, climate_wh


@numba.njit(cache=True, error_model="numpy")
def _whole(params, soc_before, state, flows):
    whole = 0.0 <= state.soc <= 1.0 and state.speed_mps >= 0.0
    for value in state:
        whole = whole and math.isfinite(value)
    for value in flows:
        whole = whole and math.isfinite(value)
    whole = whole and flows.brake_power_w >= 0.0 and flows.drive_loss_w >= 0.0
    # An empty pack gives nothing; any other gives no more than it holds.
    held_c = soc_before * params.pack.capacity_c * state.capacity_share
    whole = whole and flows.battery_current_a <= held_c * (1.0 + 1e-12)
    return whole and flows.battery_voltage_v > 0.0
