"""The cheapest plan for a home, as a linear program: what flows where in each slot, and its worth.

There is always a plan: what cannot be met (a goal, a trip, a fuse that the load alone blows) is
named in `Plan.missed`. `docs/energy-planner.md` writes the formulation out.
"""

from dataclasses import dataclass, replace
from typing import final

from vettura.energy.plan_answer import plan_of
from vettura.energy.plan_blocks import Layout, blocks_of
from vettura.energy.plan_check import check, check_prices
from vettura.energy.plan_direction import Search
from vettura.energy.plan_prices import is_same_but_for_prices, with_prices
from vettura.energy.plan_program import Program
from vettura.energy.plan_solver import Solver
from vettura.energy.problem import Plan, Problem


def plan(problem: Problem) -> Plan:
    """The cheapest plan, from nothing."""
    return Planner().plan(problem)


@final
class Planner:
    """Plans again and again: a problem of the same form starts where the last plan ended."""

    def __init__(self) -> None:
        self._solver = Solver()
        self._last: _Known | None = None

    def plan(self, problem: Problem) -> Plan:
        """The cheapest plan; `InputError` names what cannot be planned with."""
        known = self._known(problem)
        self._last = known
        return plan_of(problem, known.layout, known.search.best(known.program))

    def _known(self, problem: Problem) -> "_Known":
        last = self._last
        if last is not None and is_same_but_for_prices(problem, last.problem):
            check_prices(problem)
            program = with_prices(problem, last.problem, last.program, last.layout)
            if program is not None:
                return replace(last, problem=problem, program=program)
        check(problem)
        program, layout = blocks_of(problem)
        search = Search(self._solver, problem, layout)
        return _Known(problem=problem, program=program, layout=layout, search=search)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What was planned last, and all that was made for it."""

    problem: Problem
    program: Program
    layout: Layout
    search: Search
