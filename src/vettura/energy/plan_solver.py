"""HiGHS with arrays: a program solved from nothing, or from where the last one like it ended."""

from dataclasses import dataclass
from typing import final

import numpy as np
from highspy import HighsBasis, HighsBasisStatus, HighsModelStatus
from highspy._core import _Highs  # the class above it writes a banner to standard output
from numpy.typing import NDArray

from vettura.energy.plan_program import Floats, Ints, Program
from vettura.errors import VetturaError

DUAL_TOLERANCE = 1e-9
"""Money per kWh: below the tie-break between slots, so that ties are broken."""

PRIMAL_COLUMNS_MAX = 10_000
"""Below, primal simplex is the faster from our start (1,740 columns: 3.5 against 7.5 ms); above,
dual simplex (78,840 columns: 1.2 against 3.7 s)."""
DUAL, PRIMAL = 1, 4
"""HiGHS's numbers for its simplex strategies."""
_PERTURBATIONS = (
    "primal_simplex_bound_perturbation_multiplier",
    "dual_simplex_cost_perturbation_multiplier",
)
_DEVEX = 1
_FEASIBLE = 2
_CLEAR = (HighsModelStatus.kOptimal, HighsModelStatus.kInfeasible)
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
            "simplex_dual_edge_weight_strategy": _DEVEX,
            "dual_feasibility_tolerance": DUAL_TOLERANCE,
        }
        chosen.update(options)
        for name, value in chosen.items():
            self._highs.setOptionValue(name, value)
        self._last: Program | None = None
        self._order: NDArray[np.intp] = np.zeros(0, dtype=np.intp)
        """Of the entries, row by row."""

    def solve(self, program: Program, whole: Ints | None = None) -> Solution:
        """The optimum; `whole` names columns that take whole numbers only.

        With whole numbers and a time limit it is the best found by then; `bound` says how near.
        """
        highs = self._highs
        has_shape = whole is None and self._has_last_shape(program)
        is_small = len(program.cost) < PRIMAL_COLUMNS_MAX
        if has_shape and self._last is not None and _equal(program.value, self._last.value):
            strategy = self._renew(program)
        else:
            # Another home of the same shape ends near where this one does.
            basis = highs.getBasis() if has_shape else None
            if not has_shape:
                self._order = np.argsort(program.row, kind="stable")
            self._pass(program, whole)
            strategy = PRIMAL if is_small and basis is None else DUAL
            if whole is None:
                highs.setBasis(basis or _start(program))
        # A few steps from the optimum nothing stalls.
        self._perturb(0.0 if has_shape and is_small else 1.0)
        self._last = program if whole is None else None
        highs.setOptionValue("simplex_strategy", strategy)
        highs.run()
        if highs.getModelStatus() == HighsModelStatus.kNotset:
            # Somebody else in this process has started HiGHS's threads in another number.
            highs.setOptionValue("threads", 0)
            highs.run()
        if whole is None and highs.getModelStatus() not in _CLEAR:
            highs.clearSolver()
            self._perturb(1.0)
            highs.setOptionValue("simplex_strategy", DUAL)
            highs.run()
        status = highs.getModelStatus()
        is_found = highs.getInfo().primal_solution_status == _FEASIBLE
        if status != HighsModelStatus.kOptimal and not (whole is not None and is_found):
            self._last = None
            raise VetturaError(f"the solver ends with {highs.modelStatusToString(status)!r}")
        found = highs.getSolution()
        return Solution(
            objective=float(highs.getInfo().objective_function_value),
            value=np.asarray(found.col_value),
            reduced=np.asarray(found.col_dual),
            dual=np.asarray(found.row_dual),
        )

    def _perturb(self, share: float) -> None:
        for name in _PERTURBATIONS:
            self._highs.setOptionValue(name, share)

    def bound(self) -> float:
        """What a mixed-integer program cannot go below."""
        return float(self._highs.getInfo().mip_dual_bound)

    def _has_last_shape(self, program: Program) -> bool:
        last = self._last
        return (
            last is not None
            and _equal(program.row, last.row)
            and _equal(program.col, last.col)
            and len(program.cost) == len(last.cost)
            and len(program.row_lower) == len(last.row_lower)
        )

    def _renew(self, program: Program) -> int:
        """Hand over what is new. A basis stays feasible under new costs, and its duals under new
        bounds: the simplex that goes on from there."""
        last, highs = self._last, self._highs
        assert last is not None
        strategy = PRIMAL
        columns = _differ((program.lower, last.lower), (program.upper, last.upper))
        if len(columns):
            strategy = DUAL
            lower, upper = program.lower[columns], program.upper[columns]
            highs.changeColsBounds(len(columns), columns, lower, upper)
        rows = _differ((program.row_lower, last.row_lower), (program.row_upper, last.row_upper))
        if len(rows):
            strategy = DUAL
            lower, upper = program.row_lower[rows], program.row_upper[rows]
            highs.changeRowsBounds(  # type: ignore[attr-defined]  # its stub forgets it
                len(rows), rows, lower, upper
            )
        columns = _differ((program.cost, last.cost))
        if len(columns):
            highs.changeColsCost(len(columns), columns, program.cost[columns])
        return strategy

    def _pass(self, program: Program, whole: Ints | None) -> None:
        columns, rows = len(program.cost), len(program.row_lower)
        order = self._order
        counts = np.bincount(program.row, minlength=rows)
        start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
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
            start,
            program.col[order],
            program.value[order],
            kinds,
        )


def _equal(one: Floats | Ints, other: Floats | Ints) -> bool:
    return one is other or np.array_equal(one, other)


def _differ(*pairs: tuple[Floats, Floats]) -> Ints:
    """Where one of these pairs differs."""
    different = pairs[0][0] != pairs[0][1]
    for one, other in pairs[1:]:
        different |= one != other
    return np.flatnonzero(different).astype(np.int32)


def _start(program: Program) -> HighsBasis:
    columns = [HighsBasisStatus.kLower] * len(program.cost)
    for column in program.start_columns.tolist():
        columns[column] = HighsBasisStatus.kBasic
    rows = [HighsBasisStatus.kBasic] * len(program.row_lower)
    for row in program.start_rows.tolist():
        rows[row] = HighsBasisStatus.kLower
    basis = HighsBasis()
    basis.col_status, basis.row_status, basis.valid = columns, rows, True
    return basis
