"""Many cars over one trace, on every core: blocks of cars outside, time inside, lanes innermost."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from vettura.car import Inputs, Params, State, Trip
from vettura.drive.simulate import HOLD_S
from vettura.errors import UsageError
from vettura.fleet.compiled import cache_folder, compiled, compiled_kernel, interleaved
from vettura.fleet.lanes import BLOCK_ROWS, LANES, fill, readers, take

_, _conditions_of, _advance = compiled_kernel()
_readers = readers(cache_folder())
_params_at = compiled(_readers.params_at)
_state_at = compiled(_readers.state_at)
_held_at = compiled(_readers.held_at)
_put_state = compiled(_readers.put_state)
_put_held = compiled(_readers.put_held)
_miss = compiled(_readers.miss)
HELD_STEPS = round(HOLD_S)
BLOCK_CELLS = np.uint64(BLOCK_ROWS * LANES)


class Driven(NamedTuple):
    """What became of every car, in the order in which they were given."""

    states: list[State]
    missed_s: list[float]
    """How long each could not follow the trace."""


class Batch:
    """Cars in their lanes, driven in place, one trip after another."""

    def __init__(self, cars: Sequence[Params], begins: Sequence[State]) -> None:
        """Put every car into its lane, as it is now."""
        if len(cars) != len(begins):
            raise UsageError(f"{len(cars)} cars but {len(begins)} states to begin with")
        self._count = len(cars)
        self._cells = fill(cars, begins) if cars else np.zeros(0)

    def drive(
        self,
        trip: Trip,
        *,
        ambient_degc: float = 20.0,
        hold_s: float = HOLD_S,
        threads: int | None = None,
    ) -> None:
        """Drive every car over the trip in steps of one second, climate off, on a flat road.

        The same numbers, to the bit, as `drive.simulate.drive_trip` gives for each car alone, and
        for any number of `threads` (None: all cores). With `hold_s` 1 they are those of the living
        car's `step`, second by second.
        """
        if not self._count or len(trip.speed_mps) < 2:
            return
        drive_all = _compiled()
        before = numba.get_num_threads()
        numba.set_num_threads(min(threads or before, before))
        try:
            drive_all(self._cells, np.array(trip.speed_mps), ambient_degc, max(round(hold_s), 1))
        finally:
            numba.set_num_threads(before)

    def result(self) -> Driven:
        """Every car as it is now."""
        return Driven(*take(self._cells, self._count)) if self._count else Driven([], [])


def drive_many(
    cars: Sequence[Params],
    trip: Trip,
    begins: Sequence[State],
    *,
    ambient_degc: float = 20.0,
    hold_s: float = HOLD_S,
    threads: int | None = None,
) -> Driven:
    """Drive every car over one trip; see `Batch.drive`."""
    batch = Batch(cars, begins)
    batch.drive(trip, ambient_degc=ambient_degc, hold_s=hold_s, threads=threads)
    return batch.result()


@cache
def _compiled() -> Callable[..., None]:
    with interleaved():
        _drive_all.compile((numba.float64[::1], numba.float64[::1], numba.float64, numba.int64))
    drive_all: Callable[..., None] = _drive_all
    return drive_all


@numba.njit(parallel=True, cache=True, fastmath=False, error_model="numpy")
def _drive_all(
    cells: NDArray[np.float64],
    speed_mps: NDArray[np.float64],
    ambient_degc: float,
    held_steps: int,
) -> None:
    for block in numba.prange(len(cells) // BLOCK_CELLS):
        first = np.uint64(block) * BLOCK_CELLS
        for begin in range(1, len(speed_mps), held_steps):
            end = min(begin + held_steps, len(speed_mps))
            inputs = driving_inputs(speed_mps[begin], ambient_degc)
            for lane in range(LANES):
                at = first + np.uint64(lane)
                params, state = _params_at(cells, at), _state_at(cells, at)
                _put_held(cells, at, _conditions_of(params, state, inputs, float(end - begin)))
            for second in range(begin, end):
                inputs = driving_inputs(speed_mps[second], ambient_degc)
                for lane in range(LANES):
                    at = first + np.uint64(lane)
                    params, state, held = (
                        _params_at(cells, at),
                        _state_at(cells, at),
                        _held_at(cells, at),
                    )
                    done = _advance(params, state, inputs, held, 1.0)
                    _put_state(cells, at, done.state)
                    _miss(cells, at, done.flows.trace_missed)


@numba.njit(inline="always", cache=True)
def driving_inputs(speed_mps: float, ambient_degc: float) -> Inputs:
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
