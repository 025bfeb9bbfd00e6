"""Many cars over one trace, on every core: cars outside, time inside, state in registers."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from vettura.car import Inputs, Params, State, Trip
from vettura.errors import UsageError
from vettura.fleet.compiled import compiled_step

_step = compiled_step()


class Driven(NamedTuple):
    """What became of every car, in the order in which they were given."""

    states: list[State]
    missed_s: list[float]
    """How long each could not follow the trace."""


def drive_many(
    cars: Sequence[Params],
    trip: Trip,
    begins: Sequence[State],
    *,
    ambient_degc: float = 20.0,
    threads: int | None = None,
) -> Driven:
    """Drive every car over the trip in steps of one second, climate off, on a flat road.

    The same numbers, to the bit, as `drive.simulate.drive_trip` gives for each car alone, and for
    any number of `threads` (None: all cores).
    """
    if len(cars) != len(begins):
        raise UsageError(f"{len(cars)} cars but {len(begins)} states to begin with")
    if not cars or len(trip.speed_mps) < 2:
        return Driven(list(begins), [0.0] * len(cars))
    params = numba.typed.List(cars)
    states = np.array(begins, dtype=np.float64)
    missed = np.zeros(len(cars))
    before = numba.get_num_threads()
    numba.set_num_threads(min(threads or before, before))
    try:
        _drive_all(params, states, missed, np.array(trip.speed_mps), ambient_degc)
    finally:
        numba.set_num_threads(before)
    return Driven([State(*row) for row in states.tolist()], missed.tolist())


@numba.njit(parallel=True, cache=True, fastmath=False)
def _drive_all(
    params: Any,  # noqa: ANN401  numba's own list
    states: NDArray[np.float64],
    missed: NDArray[np.float64],
    speed_mps: NDArray[np.float64],
    ambient_degc: float,
) -> None:
    for car in numba.prange(len(params)):
        own = params[np.int64(car)]
        row = states[car]
        state = State(
            row[0], row[1], row[2], row[3], row[4], row[5], row[6],
            row[7], row[8], row[9], row[10], row[11], row[12], row[13],
            row[14], row[15], row[16],
        )  # fmt: skip
        late_s = 0.0
        for second in range(1, len(speed_mps)):
            done = _step(own, state, _inputs(speed_mps[second], ambient_degc), 1.0)
            state = done.state
            late_s += done.flows.trace_missed
        missed[car] = late_s
        for index, value in enumerate(state):
            row[index] = value


@numba.njit(inline="always")
def _inputs(speed_mps: float, ambient_degc: float) -> Inputs:
    """What `drive_trip` gives the step: all of it, since numba knows no defaults here."""
    return Inputs(
        speed_mps=speed_mps,
        grade=0.0,
        headwind_mps=0.0,
        ambient_degc=ambient_degc,
        pressure_pa=101_325.0,
        sun_w_per_m2=0.0,
        awake=1.0,
        climate_on=0.0,
        cabin_target_degc=21.0,
        climate_power_w=-1.0,
        ac_power_w=0.0,
        dc_power_w=0.0,
        charge_limit=1.0,
        rain_mm_per_h=0.0,
        slipstream=0.0,
        accessories=0.0,
        recirculation=0.0,
        people=1.0,
        precondition=0.0,
        ac_phases=3.0,
        dc_current_max_a=500.0,
        dc_voltage_max_v=1000.0,
        outlet_power_w=0.0,
        outlet_reserve=0.2,
    )
