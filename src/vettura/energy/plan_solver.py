"""HiGHS with arrays: a program solved from nothing, or from where the last one like it ended."""

from dataclasses import dataclass
from typing import final

import numpy as np
from highspy import HighsModelStatus
from highspy._core import _Highs  # the class above it writes a banner to standard output

from vettura.energy.plan_program import Floats, Ints, Program
from vettura.errors import VetturaError

DUAL_TOLERANCE = 1e-9
"""Money per kWh: below the tie-break between slots, so that ties are broken."""

_ROWWISE = 2
_MINIMISE = 1


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """The optimum of a program and what its limits are worth."""

    objective: float
    value: Floats
    reduced: Floats
    """Of each column: what one more of it would cost."""
    dual: Floats
    """Of each row: what one more on its right side would cost."""


@final
class Solver:
    """Keeps the model and its basis: a program of the same form starts where the last ended."""

    def __init__(self, **options: bool | float | str) -> None:
        self._highs = _Highs()
        chosen: dict[str, bool | float | str] = {
            "output_flag": False,
            "threads": 1,
            "solver": "simplex",
            "presolve": "off",
            "dual_feasibility_tolerance": DUAL_TOLERANCE,
        }
        chosen.update(options)
        for name, value in chosen.items():
            self._highs.setOptionValue(name, value)
        self._row: Ints = np.zeros(0, dtype=np.int32)
        self._col: Ints = np.zeros(0, dtype=np.int32)
        self._values: Floats = np.zeros(0)
        self._order: Ints = np.zeros(0, dtype=np.int32)
        self._start: Ints = np.zeros(0, dtype=np.int32)

    def solve(self, program: Program, whole: Ints | None = None) -> Solution:
        """The optimum; `whole` names columns that take whole numbers only."""
        if whole is None and self._is_like_the_last(program):
            self._renew(program)
        else:
            self._pass(program, whole)
        highs = self._highs
        highs.run()
        if highs.getModelStatus() != HighsModelStatus.kOptimal:
            highs.clearSolver()
            highs.run()
        status = highs.getModelStatus()
        if status != HighsModelStatus.kOptimal:
            raise VetturaError(f"the solver ends with {highs.modelStatusToString(status)!r}")
        found = highs.getSolution()
        return Solution(
            objective=float(highs.getInfo().objective_function_value),
            value=np.asarray(found.col_value),
            reduced=np.asarray(found.col_dual),
            dual=np.asarray(found.row_dual),
        )

    def bound(self) -> float:
        """What a mixed-integer program cannot go below."""
        return float(self._highs.getInfo().mip_dual_bound)

    def _is_like_the_last(self, program: Program) -> bool:
        return (
            np.array_equal(program.row, self._row)
            and np.array_equal(program.col, self._col)
            and np.array_equal(program.value, self._values)
        )

    def _renew(self, program: Program) -> None:
        columns = np.arange(len(program.cost), dtype=np.int32)
        rows = np.arange(len(program.row_lower), dtype=np.int32)
        highs = self._highs
        highs.changeColsCost(len(columns), columns, program.cost)
        highs.changeColsBounds(len(columns), columns, program.lower, program.upper)
        highs.changeRowsBounds(  # type: ignore[attr-defined]  # its stub forgets it
            len(rows), rows, program.row_lower, program.row_upper
        )

    def _pass(self, program: Program, whole: Ints | None) -> None:
        columns, rows = len(program.cost), len(program.row_lower)
        if not (np.array_equal(program.row, self._row) and np.array_equal(program.col, self._col)):
            self._order = np.argsort(program.row, kind="stable").astype(np.int32)
            counts = np.bincount(program.row, minlength=rows)
            self._start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        self._row, self._col, self._values = program.row, program.col, program.value
        kinds = np.zeros(columns, dtype=np.int32)
        if whole is not None:
            kinds[whole] = 1
        self._highs.passModel(
            columns,
            rows,
            len(program.value),
            _ROWWISE,
            _MINIMISE,
            0.0,
            program.cost,
            program.lower,
            program.upper,
            program.row_lower,
            program.row_upper,
            self._start,
            program.col[self._order],
            program.value[self._order],
            kinds,
        )
