"""The cheapest plan for a home, as a linear program: what flows where in each slot, and its worth.

There is always a plan: what cannot be met (a goal, a trip, a fuse that the load alone blows) is
named in `Plan.missed`. `docs/energy-planner.md` writes the formulation out.
"""

from typing import final

from vettura.energy.plan_answer import plan_of
from vettura.energy.plan_blocks import Layout, blocks_of
from vettura.energy.plan_check import check, check_prices
from vettura.energy.plan_direction import solve_directed
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
        self._last: tuple[Problem, Program, Layout] | None = None

    def plan(self, problem: Problem) -> Plan:
        """The cheapest plan; `InputError` names what cannot be planned with."""
        program, layout = self._program(problem)
        self._last = problem, program, layout
        return plan_of(problem, layout, solve_directed(self._solver, problem, program, layout))

    def _program(self, problem: Problem) -> tuple[Program, Layout]:
        if self._last is not None:
            last, program, layout = self._last
            if is_same_but_for_prices(problem, last):
                check_prices(problem)
                priced = with_prices(problem, last, program, layout)
                if priced is not None:
                    return priced, layout
        check(problem)
        return blocks_of(problem)
