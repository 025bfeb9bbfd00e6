"""The car's own functions as machine code: compiled as they are, nothing is written twice.

`car/` knows nothing of this. Its plain functions are registered with numba, which compiles them
into whatever calls them; fast-math is off, so compiled and living car agree to the last bit.
"""

import hashlib
import importlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from vettura.car.conditions import conditions_of
from vettura.car.step import advance, step
from vettura.errors import EnvironmentFault

try:
    import llvmlite.binding
    import numba
    from numba.extending import register_jitable
except ImportError:
    raise EnvironmentFault(
        "many cars at once need numba", hint="pip install 'vettura[fleet]'"
    ) from None

KERNELS = (
    "tables", "road", "motor", "battery", "cabin", "charge", "conditions", "driver", "step"
)  # fmt: skip
"""Modules of `car/` whose functions run in the step."""


class Kernel(NamedTuple):
    """The car's functions, callable from compiled code only."""

    step: Callable[..., Any]
    conditions_of: Callable[..., Any]
    advance: Callable[..., Any]


@cache
def compiled_kernel() -> Kernel:
    """The car's `step`, and its two halves: look at the conditions, advance under them.

    Machine code is cached under a hash of the car's sources: numba's own key does not see that a
    callee in another file has changed.
    """
    numba.config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]
    _widen_vectors()
    for name in KERNELS:
        for function in own_functions(importlib.import_module(f"vettura.car.{name}")):
            compiled(function)
    return Kernel(step, conditions_of, advance)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let compiled code call that plain function; it becomes part of its caller.

    Only a loop without calls is vectorised, and only one without tests for a zero divisor.
    """
    registered: Callable[..., Any] = register_jitable(forceinline=True, error_model="numpy")(
        function
    )
    return registered


def _widen_vectors() -> None:
    """Use vectors of 512 bits where there are: compilers prefer 256 for mixed code, ours is not."""
    features = llvmlite.binding.get_host_cpu_features()
    config: Any = numba.config
    if features.get("avx512f") and not config.CPU_FEATURES:
        config.CPU_NAME = llvmlite.binding.get_host_cpu_name()
        config.CPU_FEATURES = features.flatten() + ",-prefer-256-bit"


@contextmanager
def interleaved() -> Iterator[None]:
    """While this is open, the compiler works on two vectors at a time.

    A car's step is one long chain of operations, each waiting for the one before; two chains side
    by side keep a core busy. The option is the compiler's own, for the whole process, so that it is
    taken back at once.
    """
    llvmlite.binding.set_option("vettura", "-force-vector-interleave=2")
    try:
        yield
    finally:
        llvmlite.binding.set_option("vettura", "-force-vector-interleave=0")


def own_functions(module: ModuleType) -> list[FunctionType]:
    """Functions that a module defines itself, not those it imports."""
    return [
        value
        for value in vars(module).values()
        if isinstance(value, FunctionType) and value.__module__ == module.__name__
    ]


@cache
def cache_folder() -> Path:
    """Where machine code of these very sources is kept."""
    digest = hashlib.sha256()
    for room in ("vettura.car", "vettura.fleet"):
        for entry in sorted(files(room).iterdir(), key=lambda e: e.name):
            if entry.name.endswith(".py"):
                digest.update(entry.read_bytes())
    name = f"vettura-{digest.hexdigest()[:16]}"
    folder = Path.home() / ".cache" / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        # A home that cannot be written: the system's own place for what may be lost.
        folder = Path(tempfile.gettempdir()) / name
        folder.mkdir(parents=True, exist_ok=True)
    return folder
