"""One direction at a time, without whole numbers.

A house cannot import and export in one slot, nor can a battery charge and discharge. Where prices
are as usual the optimum does neither. Elsewhere (export pays more than import, or energy is worth
less than nothing) it may: then the direction of that slot is fixed by what remains when both are
set off, and turned where the duals say that the other direction pays, until none does.
"""

from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from vettura.energy.plan_blocks import Layout, StorageColumns, two_faced
from vettura.energy.plan_program import Ints, Program
from vettura.energy.plan_solver import Solution, Solver
from vettura.energy.problem import Problem, Storage
from vettura.units import WH_PER_KWH

TINY_KW = 1e-6
"""A milliwatt."""
ROUNDS_MAX = 40
GAIN_MIN = 1e-7


@final
@dataclass(slots=True)
class Directions:
    """What is fixed so far: columns that stand at nothing, minimums that are clear."""

    closed: set[int] = field(default_factory=set)
    """May be turned."""
    shut: set[int] = field(default_factory=set)
    """May not."""
    lower: dict[int, float] = field(default_factory=dict)
    """Of rows."""

    def applied(self, program: Program) -> Program:
        """The program with all that fixed."""
        closed = self.closed | self.shut
        if not closed:
            return program
        upper, row_lower = program.upper.copy(), program.row_lower.copy()
        upper[list(closed)] = 0.0
        for row, value in self.lower.items():
            row_lower[row] = value
        return replace(program, upper=upper, row_lower=row_lower)


def solve_directed(solver: Solver, problem: Problem, program: Program, layout: Layout) -> Solution:
    """The best plan found in which nothing flows both ways at once."""
    directions = Directions()
    solution = solver.solve(program)
    for _ in range(ROUNDS_MAX):
        if not _fix(problem, layout, solution, directions):
            break
        solution = solver.solve(directions.applied(program))
    if directions.closed:
        solution = _turn(solver, problem, program, layout, solution, directions)
    return solution


def _pairs(layout: Layout, problem: Problem) -> list[tuple[Ints, Ints, float]]:
    """Columns that exclude each other; the second's weight when both are set off."""
    pairs = [(layout.imports, layout.exports, 1.0)]
    for storage, columns in zip(problem.storages, layout.storages, strict=True):
        weight = 1.0 / (storage.charge_efficiency * storage.discharge_efficiency)
        pairs.append((columns.charge, columns.discharge, weight))
    return pairs


def _fix(problem: Problem, layout: Layout, solution: Solution, directions: Directions) -> bool:
    """Fix what this solution does both ways; False when there is nothing."""
    is_new = False
    faced = two_faced(problem)
    for index, (first, second, weight) in enumerate(_pairs(layout, problem)):
        forth, back = solution.value[first], solution.value[second]
        both = np.minimum(forth, back) > TINY_KW
        if index == 0:
            both &= faced  # elsewhere it costs nothing to set them off
        net = forth - weight * back
        closing = np.where(net >= 0.0, second, first)[both]
        directions.closed.update(closing.tolist())
        is_new |= bool(both.any())
    for storage, columns in zip(problem.storages, layout.storages, strict=True):
        is_new |= _fix_floor(storage, columns, solution, directions)
    return is_new


def _fix_floor(
    storage: Storage, columns: StorageColumns, solution: Solution, directions: Directions
) -> bool:
    """A stay that begins below the minimum gives nothing until it is above."""
    is_new = False
    least = storage.energy_min_wh / WH_PER_KWH
    for stay, below in enumerate(columns.below.tolist()):
        if solution.value[below] <= TINY_KW:
            continue
        is_new = True
        directions.shut.add(below)
        held = columns.stretch[columns.floor_slots] == stay
        slots, rows = columns.floor_slots[held], columns.floor[held]
        is_above = solution.value[columns.energy[slots]] >= least - TINY_KW
        first = int(np.argmax(is_above)) if is_above.any() else len(slots)
        directions.shut.update(columns.discharge[slots[:first]].tolist())
        directions.lower.update(dict.fromkeys(rows[:first].tolist(), -np.inf))
    return is_new


def _turn(
    solver: Solver,
    problem: Problem,
    program: Program,
    layout: Layout,
    solution: Solution,
    directions: Directions,
) -> Solution:
    """Turn slots that stand still while the closed direction would pay."""
    for _ in range(ROUNDS_MAX):
        turned = replace(directions, closed=set(directions.closed))
        for first, second, _ in _pairs(layout, problem):
            for closed, other in ((first, second), (second, first)):
                pays = solution.reduced[closed] < -GAIN_MIN
                still = solution.value[other] <= TINY_KW
                for slot in np.flatnonzero(pays & still).tolist():
                    if int(closed[slot]) in directions.closed:
                        turned.closed.remove(int(closed[slot]))
                        turned.closed.add(int(other[slot]))
        if turned.closed == directions.closed:
            break
        better = solver.solve(turned.applied(program))
        if better.objective > solution.objective - GAIN_MIN:
            break
        solution, directions = better, turned
    return solution
