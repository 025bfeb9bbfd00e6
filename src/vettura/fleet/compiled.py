"""The car's own functions as machine code: compiled as they are, nothing is written twice.

`car/` knows nothing of this. Its plain functions are registered with numba, which compiles them
into whatever calls them; fast-math is off, so compiled and living car agree to the last bit.
"""

import hashlib
import importlib
import tempfile
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from vettura.errors import EnvironmentFault

try:
    import numba
    from numba.extending import register_jitable
except ImportError:
    raise EnvironmentFault(
        "many cars at once need numba", hint="pip install 'vettura[fleet]'"
    ) from None

KERNELS = ("tables", "road", "motor", "battery", "cabin", "charge", "driver", "step")
"""Modules of `car/` whose functions run in the step."""


@cache
def compiled_step() -> Callable[..., Any]:
    """The car's `step`, callable from compiled code only.

    Machine code is cached under a hash of the car's sources: numba's own key does not see that a
    callee in another file has changed.
    """
    numba.config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]
    modules = [importlib.import_module(f"vettura.car.{name}") for name in KERNELS]
    for module in modules:
        for function in _own_functions(module):
            compiled(function)
    step: Callable[..., Any] = modules[-1].step
    return step


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let compiled code call that plain function; it becomes part of its caller.

    Only a loop without calls is vectorised, and only one without tests for a zero divisor.
    """
    registered: Callable[..., Any] = register_jitable(forceinline=True, error_model="numpy")(
        function
    )
    return registered


def _own_functions(module: ModuleType) -> list[FunctionType]:
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
