"""One direction at a time, without whole numbers.

A house cannot import and export in one slot, nor can a battery charge and discharge. Where prices
are as usual the optimum does neither. Elsewhere (export pays more than import, or energy is worth
less than nothing) it may: then the direction of that slot is fixed by what remains when both are
set off, and turned where the duals say that the other direction pays, until none does; then the
slots with most at stake are tried the other way round.
"""

from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from vettura.energy.plan_blocks import Layout, two_faced
from vettura.energy.plan_floor import Held, always, costs, is_missed, never, once_above, stays_of
from vettura.energy.plan_program import Ints, Program
from vettura.energy.plan_solver import Solution, Solver
from vettura.energy.problem import Problem
from vettura.errors import VetturaError

TINY_KW = 1e-6
"""A milliwatt."""
ROUNDS_MAX = 40
STAYS_TRIED_MAX = 12
FLIPS_MAX = 24
GAIN_MIN = 1e-7


@final
@dataclass(slots=True)
class Fixed:
    """What is decided so far."""

    closed: frozenset[int] = frozenset()
    """Columns of directions that are not taken."""
    stays: dict[int, Held] = field(default_factory=dict)

    def applied(self, program: Program) -> Program:
        """The program with all that decided."""
        if not self.closed and not self.stays:
            return program
        upper, lower = program.upper.copy(), program.lower.copy()
        upper[list(self.closed)] = 0.0
        for held in self.stays.values():
            upper[list(held.closed)] = 0.0
            lower[list(held.free)] = 0.0
        return replace(program, upper=upper, lower=lower)


@final
class Search:
    """The best plan in which nothing flows both ways at once, for programs of one layout."""

    def __init__(self, solver: Solver, problem: Problem, layout: Layout) -> None:
        self._solver = solver
        self._faced = two_faced(problem)
        self._stays = stays_of(problem, layout)
        self._pairs: list[tuple[Ints, Ints, float]] = [(layout.imports, layout.exports, 1.0)]
        """Columns that exclude each other; the second's weight when both are set off."""
        for storage, columns in zip(problem.storages, layout.storages, strict=True):
            if storage.discharge_w_max.any():
                weight = 1.0 / (storage.charge_efficiency * storage.discharge_efficiency)
                self._pairs.append((columns.charge, columns.discharge, weight))

    def best(self, program: Program) -> Solution:
        """The best found for this program."""
        self._program = program
        solution, fixed = self._settled(Fixed())
        solution, fixed = self._stays_turned(solution, fixed)
        solution, fixed = self._turned(solution, fixed)
        return self._flipped(solution, fixed)

    def _settled(self, fixed: Fixed) -> tuple[Solution, Fixed]:
        """Solve, and decide what that does both ways, until it does nothing so."""
        solution = self._solver.solve(fixed.applied(self._program))
        for _ in range(ROUNDS_MAX):
            decided = self._decided(solution, fixed)
            if decided is None:
                break
            fixed = decided
            solution = self._solver.solve(fixed.applied(self._program))
        return solution, fixed

    def _decided(self, solution: Solution, fixed: Fixed) -> Fixed | None:
        closing: list[int] = []
        for index, (first, second, weight) in enumerate(self._pairs):
            forth, back = solution.value[first], solution.value[second]
            both = np.minimum(forth, back) > TINY_KW
            if index == 0:
                both &= self._faced  # elsewhere it costs nothing to set them off
            if both.any():
                net = forth - weight * back
                closing += np.where(net >= 0.0, second, first)[both].tolist()
        stays = {
            i: once_above(stay, solution)
            for i, stay in enumerate(self._stays)
            if i not in fixed.stays and is_missed(stay, solution)
        }
        if not closing and not stays:
            return None
        return Fixed(closed=fixed.closed.union(closing), stays=fixed.stays | stays)

    def _stays_turned(self, solution: Solution, fixed: Fixed) -> tuple[Solution, Fixed]:
        """Try stays the other way: below the minimum at first, or never below it."""
        tried = 0
        for i, stay in enumerate(self._stays):
            is_held = i not in fixed.stays
            if is_held and not costs(stay, solution):
                continue
            tried += 1
            if tried > STAYS_TRIED_MAX:
                break
            other = never(stay) if is_held else always(stay)
            better = self._attempt(Fixed(closed=fixed.closed, stays=fixed.stays | {i: other}))
            if better is not None and better[0].objective < solution.objective - GAIN_MIN:
                solution, fixed = better
        return solution, fixed

    def _attempt(self, fixed: Fixed) -> tuple[Solution, Fixed] | None:
        try:
            return self._settled(fixed)
        except VetturaError:
            return None  # not to be had

    def _flipped(self, solution: Solution, fixed: Fixed) -> Solution:
        """Try slots the other way round, those first where most is at stake."""
        if not self._faced.any():
            return solution
        imports, exports, _ = self._pairs[0]
        slots = np.flatnonzero(self._faced)
        stake = -(self._program.cost[imports] + self._program.cost[exports])[slots]
        for slot in slots[np.argsort(-stake, kind="stable")][:FLIPS_MAX].tolist():
            here = {int(its[slot]) for one, other, _ in self._pairs for its in (one, other)}
            is_import = solution.value[imports[slot]] > TINY_KW
            closed = fixed.closed - here | {int((imports if is_import else exports)[slot])}
            better = self._attempt(Fixed(closed=closed, stays=fixed.stays))
            if better is not None and better[0].objective < solution.objective - GAIN_MIN:
                solution, fixed = better
        return solution

    def _turned(self, solution: Solution, fixed: Fixed) -> tuple[Solution, Fixed]:
        """Turn slots that stand still while the closed direction would pay."""
        for _ in range(ROUNDS_MAX if fixed.closed else 0):
            closed = set(fixed.closed)
            for first, second, _weight in self._pairs:
                for one, other in ((first, second), (second, first)):
                    pays = solution.reduced[one] < -GAIN_MIN
                    still = solution.value[other] <= TINY_KW
                    for slot in np.flatnonzero(pays & still).tolist():
                        if int(one[slot]) in fixed.closed:
                            closed.remove(int(one[slot]))
                            closed.add(int(other[slot]))
            if closed == fixed.closed:
                break
            turned = Fixed(closed=frozenset(closed), stays=fixed.stays)
            better = self._attempt(turned)
            if better is None or better[0].objective > solution.objective - GAIN_MIN:
                break
            solution, fixed = better
        return solution, fixed
