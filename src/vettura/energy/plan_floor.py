"""A minimum that driving may go below: the house takes nothing from a car until it is above.

Held from the beginning of a stay, it asks that the car comes home with that much. Where that is
not to be had, or costs more than what the car could give, the car gives nothing until it is above.
"""

from dataclasses import dataclass
from typing import final

import numpy as np

from vettura.energy.plan_blocks import Layout
from vettura.energy.plan_program import Ints
from vettura.energy.plan_solver import Solution
from vettura.energy.problem import Problem
from vettura.units import WH_PER_KWH

TINY_KWH = 1e-6


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A storage is at home between two trips."""

    below: int
    """Column: how far below its minimum it may stand, at a price, while nothing is decided."""
    rows: Ints
    """The minimum, slot by slot."""
    discharge: Ints
    held: Ints
    least_kwh: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is decided of a stay: columns that are closed and rows that do not hold."""

    closed: tuple[int, ...]
    free: tuple[int, ...] = ()


def stays_of(problem: Problem, layout: Layout) -> list[Stay]:
    """All stays whose minimum may be missed."""
    stays = []
    for storage, columns in zip(problem.storages, layout.storages, strict=True):
        stretch = columns.stretch[columns.floor_slots]
        for stay, below in enumerate(columns.below.tolist()):
            mine = stretch == stay
            slots = columns.floor_slots[mine]
            stays.append(
                Stay(
                    below=below,
                    rows=columns.floor[mine],
                    discharge=columns.discharge[slots],
                    held=columns.energy[slots],
                    least_kwh=storage.energy_min_wh / WH_PER_KWH,
                )
            )
    return stays


def always(stay: Stay) -> Held:
    """It holds from the first slot."""
    return Held(closed=(stay.below,))


def never(stay: Stay) -> Held:
    """It does not hold, and nothing is given."""
    closed = (stay.below, *stay.discharge.tolist())
    return Held(closed=closed, free=tuple(stay.rows.tolist()))


def once_above(stay: Stay, solution: Solution) -> Held:
    """It holds from where this solution reaches it; before, nothing is given."""
    is_above = solution.value[stay.held] >= stay.least_kwh - TINY_KWH
    first = int(np.argmax(is_above)) if is_above.any() else len(stay.held)
    return Held(
        closed=(stay.below, *stay.discharge[:first].tolist()),
        free=tuple(stay.rows[:first].tolist()),
    )


def is_missed(stay: Stay, solution: Solution) -> bool:
    """Whether this solution stands below, at a price."""
    return bool(solution.value[stay.below] > TINY_KWH)


def costs(stay: Stay, solution: Solution) -> bool:
    """Whether a lower minimum would make the plan cheaper."""
    return bool((solution.dual[stay.rows] > TINY_KWH).any())
