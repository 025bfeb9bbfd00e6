"""Many cars in one flat array: blocks of rows, a row for each number of a car, 32 cars abreast.

A loop over the 32 lanes of a block reads its rows at constant strides, calls the car's own step and
writes the state back; the compiler turns it into vector instructions, because the step has no
branch that hides a load. What reads a car out of the rows is generated from the fields of `Params`
and `State`, so that a new field needs no line here.
"""

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

import numpy as np
from numpy.typing import NDArray

from vettura.car import Params, State
from vettura.car.conditions import Conditions
from vettura.car.params import TABLE_SIZE

LANES = 32
"""Two vectors of 512 bits, two at a time; a block of 32 cars stays in a core's first cache (29 kB),
one of 64 does not."""
CACHE_LINE_BYTES = 64


def rows_of(record: Any) -> list[float]:  # noqa: ANN401  any of the car's records
    """The numbers of a record, field by field and depth first, without its tables.

    Tables are read at stations only; a car that drives needs none.
    """
    rows: list[float] = []
    for value in record:
        if hasattr(value, "_fields"):
            rows += rows_of(value)
        elif not isinstance(value, tuple):
            rows.append(float(value))
    return rows


def count_rows(kind: type) -> int:
    """How many numbers a record of that class has."""
    hints = get_type_hints(kind).values()
    return sum(count_rows(hint) if _is_record(hint) else hint is float for hint in hints)


def _is_record(hint: object) -> bool:
    return hasattr(hint, "_fields")


PARAMS_ROWS, STATE_ROWS = count_rows(Params), count_rows(State)
MISSED_ROW = PARAMS_ROWS + STATE_ROWS
HELD_ROW = MISSED_ROW + 1
BLOCK_ROWS = HELD_ROW + count_rows(Conditions)


def fill(cars: Sequence[Params], begins: Sequence[State]) -> NDArray[np.float64]:
    """Every car in its lane, flat: block by row by lane. The last block is filled up with copies
    of the last car, which drive along unseen."""
    # A fleet has many cars but few models: each is read once.
    models = {id(params): params for params in cars}
    places = {key: place for place, key in enumerate(models)}
    known = np.array([rows_of(params) for params in models.values()])
    rows = np.zeros((-(-len(cars) // LANES) * LANES, BLOCK_ROWS))
    rows[: len(cars), :PARAMS_ROWS] = known[[places[id(params)] for params in cars]]
    rows[: len(cars), PARAMS_ROWS:MISSED_ROW] = begins
    rows[len(cars) :] = rows[len(cars) - 1]
    blocks = rows.reshape(-1, LANES, BLOCK_ROWS)
    cells = _aligned(rows.size)
    cells.reshape(-1, BLOCK_ROWS, LANES)[:] = blocks.transpose(0, 2, 1)
    return cells


def _aligned(count: int) -> NDArray[np.float64]:
    """Numbers from the beginning of a cache line on, which vectors then never straddle."""
    spare = CACHE_LINE_BYTES // 8
    cells = np.empty(count + spare)
    skipped = (-cells.ctypes.data % CACHE_LINE_BYTES) // 8
    return cells[skipped : skipped + count]


def take(cells: NDArray[np.float64], count: int) -> tuple[list[State], list[float]]:
    """States of the first `count` cars, and for how many seconds each missed its trace."""
    rows = cells.reshape(-1, BLOCK_ROWS, LANES).transpose(0, 2, 1).reshape(-1, BLOCK_ROWS)[:count]
    states = [State(*row) for row in rows[:, PARAMS_ROWS:MISSED_ROW].tolist()]
    return states, rows[:, MISSED_ROW].tolist()


def readers(folder: Path) -> ModuleType:
    """The module of functions that read and write a lane, written into `folder`.

    A file, because numba keeps machine code only of what has one.
    """
    path = folder / "lane_readers.py"
    text = _source()
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")
    name = "vettura_lane_readers"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _source() -> str:
    kinds = sorted(_records(Params) | {"State"})
    params, _ = _expression(Params, 0)
    state, _ = _expression(State, PARAMS_ROWS)
    held, _ = _expression(Conditions, HELD_ROW)
    return "\n".join(
        [
            "import numpy as np",
            f"from vettura.car.params import {', '.join(k for k in kinds if k != 'State')}",
            "from vettura.car.conditions import Conditions",
            "from vettura.car.state import State",
            f"TABLE = (0.0,) * {TABLE_SIZE}",
            *(f"R{row} = np.uint64({row * LANES})" for row in range(BLOCK_ROWS)),
            f"def params_at(cells, at):\n    return {params}",
            f"def state_at(cells, at):\n    return {state}",
            f"def held_at(cells, at):\n    return {held}",
            _writer("put_state", PARAMS_ROWS, STATE_ROWS),
            _writer("put_held", HELD_ROW, BLOCK_ROWS - HELD_ROW),
            f"def miss(cells, at, missed):\n    cells[at + R{MISSED_ROW}] += missed\n",
        ]
    )


def _writer(name: str, first: int, count: int) -> str:
    lines = [f"    cells[at + R{first + k}] = record[{k}]" for k in range(count)]
    return "\n".join([f"def {name}(cells, at, record):", *lines])


def _records(kind: type) -> set[str]:
    inner = [hint for hint in get_type_hints(kind).values() if _is_record(hint)]
    return {kind.__name__}.union(*(_records(hint) for hint in inner))


def _expression(kind: type, row: int) -> tuple[str, int]:
    """A call that builds the record from rows, and the first row after it."""
    parts = []
    for hint in get_type_hints(kind).values():
        if _is_record(hint):
            part, row = _expression(hint, row)
        elif hint is float:
            part, row = f"cells[at + R{row}]", row + 1
        else:
            part = "TABLE"
        parts.append(part)
    return f"{kind.__name__}({', '.join(parts)})", row
