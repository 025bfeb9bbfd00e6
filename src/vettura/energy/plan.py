"""The cheapest plan for a home, as a linear program: what flows where in each slot, and its worth.

There is always a plan: what cannot be met (a goal, a trip, a fuse that the load alone blows) is
named in `Plan.missed`. `docs/energy-planner.md` writes the formulation out.
"""

from typing import final

from vettura.energy.plan_answer import plan_of
from vettura.energy.plan_blocks import blocks_of
from vettura.energy.plan_check import check
from vettura.energy.plan_direction import solve_directed
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

    def plan(self, problem: Problem) -> Plan:
        """The cheapest plan; `InputError` names what cannot be planned with."""
        check(problem)
        program, layout = blocks_of(problem)
        return plan_of(problem, layout, solve_directed(self._solver, problem, program, layout))
