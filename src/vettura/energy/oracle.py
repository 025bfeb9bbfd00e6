"""The same home with whole numbers: slow and proven, to hold the planner against.

Which way each thing flows, and whether a storage stands high enough to give, are columns of 0 or
1. A least power says 'nothing, or at least so much' of a storage's charging: what a charger cannot
do below 6 A (IEC 61851-1) and a dispatcher makes up for within the slot.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from vettura.energy.plan_answer import plan_of
from vettura.energy.plan_blocks import Layout, StorageColumns, blocks_of, two_faced
from vettura.energy.plan_check import check
from vettura.energy.plan_program import Builder, Floats, Ints, Program
from vettura.energy.plan_solver import Solver
from vettura.energy.problem import Plan, Problem, Storage
from vettura.units import W_PER_KW, WH_PER_KWH


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """A plan, and what no plan can go below."""

    plan: Plan
    bound: float


def oracle(
    problem: Problem,
    *,
    charge_w_least: Mapping[str, float] | None = None,
    gap: float = 1e-6,
    limit_s: float = 60.0,
) -> Proven:
    """The best plan by mixed-integer programming, within `gap` of the bound or `limit_s` seconds.

    `charge_w_least` names storages that charge with nothing or at least that power [W].
    """
    check(problem)
    program, layout = _relaxed(problem)
    whole = _Whole(problem, program, layout, charge_w_least or {})
    solver = Solver(
        presolve="on", solver="choose", mip_rel_gap=gap, mip_abs_gap=gap, time_limit=limit_s
    )
    solution = solver.solve(*whole.build())
    plan = plan_of(problem, layout, solution)
    return Proven(plan=plan, bound=min(solver.bound(), plan.objective))


def lower_bound(problem: Problem) -> float:
    """What no plan can go below: the relaxation, in which things may flow both ways at once."""
    check(problem)
    program, _ = _relaxed(problem)
    return Solver().solve(program).objective


def _relaxed(problem: Problem) -> tuple[Program, Layout]:
    """Without the tie-break, and without minimums that driving may go below."""
    program, layout = blocks_of(problem, early_per_kwh=0.0)
    lower, upper = program.lower.copy(), program.upper.copy()
    for columns in layout.storages:
        if len(columns.lent):
            lower[columns.energy] = 0.0
            upper[columns.lent] = 0.0
    return replace(program, lower=lower, upper=upper), layout


class _Whole:
    def __init__(
        self, problem: Problem, program: Program, layout: Layout, least: Mapping[str, float]
    ) -> None:
        self.problem, self.program, self.layout, self.least = problem, program, layout, least
        self.builder = Builder.after(program)
        self.whole: list[Ints] = []

    def build(self) -> tuple[Program, Ints]:
        # A charger that runs for minutes lets the sun go out and buys it back within a slot.
        both = [columns.share_slots for columns in self.layout.storages]
        may = np.ones(self.problem.slots.count, dtype=bool)
        may[np.concatenate([np.zeros(0, dtype=np.int32), *both])] = False
        once = np.flatnonzero(may | two_faced(self.problem))
        reach = self._reach()[once]
        self._either(self.layout.imports[once], reach, self.layout.exports[once], reach)
        for storage, columns in zip(self.problem.storages, self.layout.storages, strict=True):
            self._storage(storage, columns)
        return self.builder.program(), np.concatenate(self.whole)

    def _reach(self) -> Floats:
        """(n,) More than can flow in or out of the house [kW]."""
        problem = self.problem
        flexible = sum(flexible.power_w_max for flexible in problem.flexibles)
        power = np.abs(problem.load_w) + problem.sun_w + flexible
        for storage in problem.storages:
            power = power + storage.charge_w_max + storage.discharge_w_max
        return power / W_PER_KW + 1.0

    def _binaries(self, count: int) -> Ints:
        columns = self.builder.columns(count, cost=0.0, lower=0.0, upper=1.0)
        self.whole.append(columns)
        return columns

    def _either(self, one: Ints, one_most: Floats, other: Ints, other_most: Floats) -> None:
        way = self._binaries(len(one))
        rows = self.builder.rows(len(one), lower=-np.inf, upper=0.0)
        self.builder.entries(rows, one, 1.0)
        self.builder.entries(rows, way, -one_most)
        rows = self.builder.rows(len(one), lower=-np.inf, upper=other_most)
        self.builder.entries(rows, other, 1.0)
        self.builder.entries(rows, way, other_most)

    def _storage(self, storage: Storage, columns: StorageColumns) -> None:
        charge = self.program.upper[columns.charge]
        discharge = self.program.upper[columns.discharge]
        if discharge.any():
            self._either(columns.charge, charge, columns.discharge, discharge)
        least = self.least.get(storage.id, 0.0) / W_PER_KW
        if least > 0.0:
            self._at_least(columns.charge, charge, least)
        if len(columns.lent):
            self._floor(storage, columns)

    def _at_least(self, charge: Ints, most: Floats, least: float) -> None:
        charges = self._binaries(len(charge))
        rows = self.builder.rows(len(charge), lower=-np.inf, upper=0.0)
        self.builder.entries(rows, charge, 1.0)
        self.builder.entries(rows, charges, -most)
        rows = self.builder.rows(len(charge), lower=0.0, upper=np.inf)
        self.builder.entries(rows, charge, 1.0)
        self.builder.entries(rows, charges, -least)

    def _floor(self, storage: Storage, columns: StorageColumns) -> None:
        """It gives where it stands above its minimum at the slot's end."""
        slots = columns.floor_slots
        least = storage.energy_min_wh / WH_PER_KWH
        gives = self._binaries(len(slots))
        most = self.program.upper[columns.discharge[slots]]
        rows = self.builder.rows(len(slots), lower=-np.inf, upper=0.0)
        self.builder.entries(rows, columns.discharge[slots], 1.0)
        self.builder.entries(rows, gives, -most)
        rows = self.builder.rows(len(slots), lower=0.0, upper=np.inf)
        self.builder.entries(rows, columns.energy[slots], 1.0)
        self.builder.entries(rows, gives, -least)
