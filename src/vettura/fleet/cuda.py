"""Many cars over one trace on a GPU: a thread for each car, from the car's own functions.

The flat array is that of the other batches: the 32 lanes of a block are 32 threads, which read
neighbouring numbers. Each thread keeps its car to itself until the trip is over. With
`NUMBA_ENABLE_CUDASIM=1` numba plays the GPU in plain Python: slow, for tests.
"""

import operator
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from vettura.car import Params, State, Trip
from vettura.car.conditions import conditions_of
from vettura.car.step import advance
from vettura.errors import EnvironmentFault, UsageError

try:
    import numba
    import numpy as np
    from numpy.typing import NDArray

    from vettura.fleet.batch import BLOCK_CELLS, HELD_STEPS, Driven, driving_inputs
    from vettura.fleet.compiled import KERNELS, cache_folder
    from vettura.fleet.lanes import LANES, fill, readers, take
    from vettura.fleet.rounded import Operations, rewrite

    # Any, since only a part of it has types.
    cuda: Any = import_module("numba.cuda")
except ImportError:
    raise EnvironmentFault(
        "driving cars on a GPU needs numba for CUDA", hint="pip install 'vettura[cuda]'"
    ) from None

if not cuda.is_available():
    raise EnvironmentFault(
        "no GPU to drive cars on",
        hint="numba finds no NVIDIA card, or no driver"
        if find_spec("numba_cuda")
        else "pip install 'vettura[cuda]', on a machine with an NVIDIA card",
    )

_SIMULATED = bool(numba.config.ENABLE_CUDASIM)  # type: ignore[attr-defined]


def _on_device(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that threads call; the simulator calls plain ones."""
    device: Callable[..., Any] = function if _SIMULATED else cuda.jit(device=True)(function)
    return device


def _product(left: float, right: float) -> float:
    product: float = cuda.libdevice.dmul_rn(left, right)
    return product


def _least(left: float, right: float) -> float:
    return right if right < left else left  # noqa: FURB136  what `min` becomes


def _greatest(left: float, right: float) -> float:
    return right if right > left else left  # noqa: FURB136  what `max` becomes


_operations = Operations(
    operator.mul if _SIMULATED else _on_device(_product),
    _on_device(_least),
    _on_device(_greatest),
)
_made = rewrite([import_module(f"vettura.car.{name}") for name in KERNELS], _operations, _on_device)
_conditions_of, _advance = _made[conditions_of], _made[advance]
_readers = readers(cache_folder())
_params_at = _on_device(_readers.params_at)
_state_at = _on_device(_readers.state_at)
_put_state = _on_device(_readers.put_state)
_miss = _on_device(_readers.miss)
_driving_inputs = _on_device(driving_inputs.py_func)


class CudaBatch:
    """Cars in the memory of a GPU, driven in place, one trip after another."""

    def __init__(self, cars: Sequence[Params], begins: Sequence[State]) -> None:
        """Carry every car over, as it is now."""
        if len(cars) != len(begins):
            raise UsageError(f"{len(cars)} cars but {len(begins)} states to begin with")
        self._count = len(cars)
        self._cells = cuda.to_device(fill(cars, begins)) if cars else None

    def drive(self, trip: Trip, *, ambient_degc: float = 20.0) -> None:
        """Drive every car over the trip in steps of one second, climate off, on a flat road.

        The same numbers, to the bit, as `batch.Batch.drive` gives: 64-bit floats, each operation
        rounded by itself.
        """
        if self._cells is None or len(trip.speed_mps) < 2:
            return
        blocks = -(-self._count // LANES)
        speed_mps = cuda.to_device(np.array(trip.speed_mps))
        _drive_all[blocks, LANES](self._cells, speed_mps, ambient_degc)
        cuda.synchronize()

    def result(self) -> Driven:
        """Every car as it is now."""
        if self._cells is None:
            return Driven([], [])
        return Driven(*take(self._cells.copy_to_host(), self._count))


def drive_many_cuda(
    cars: Sequence[Params], trip: Trip, begins: Sequence[State], *, ambient_degc: float = 20.0
) -> Driven:
    """Drive every car over one trip on the GPU; see `CudaBatch.drive`."""
    cars_there = CudaBatch(cars, begins)
    cars_there.drive(trip, ambient_degc=ambient_degc)
    return cars_there.result()


@cuda.jit(fastmath=False)
def _drive_all(
    cells: NDArray[np.float64], speed_mps: NDArray[np.float64], ambient_degc: float
) -> None:
    at = np.uint64(cuda.blockIdx.x) * BLOCK_CELLS + np.uint64(cuda.threadIdx.x)
    params, state = _params_at(cells, at), _state_at(cells, at)
    missed_s = 0.0
    for begin in range(1, len(speed_mps), HELD_STEPS):
        end = min(begin + HELD_STEPS, len(speed_mps))
        inputs = _driving_inputs(speed_mps[begin], ambient_degc)
        held = _conditions_of(params, state, inputs, float(end - begin))
        for second in range(begin, end):
            inputs = _driving_inputs(speed_mps[second], ambient_degc)
            done = _advance(params, state, inputs, held, 1.0)
            state = done.state
            missed_s += done.flows.trace_missed
    _put_state(cells, at, state)
    # A sum of whole seconds, hence exact in any order.
    _miss(cells, at, missed_s)
