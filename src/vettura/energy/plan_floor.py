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

    lent: int
    """Column: what it begins with, at a price, where it cannot hold its minimum."""
    discharge: Ints
    held: Ints
    """Columns that are at least the minimum."""
    least_kwh: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is decided of a stay: columns that are closed, and columns whose minimum is nothing."""

    closed: tuple[int, ...]
    free: tuple[int, ...] = ()


def stays_of(problem: Problem, layout: Layout) -> list[Stay]:
    """All stays whose minimum may be missed."""
    stays = []
    for storage, columns in zip(problem.storages, layout.storages, strict=True):
        stretch = columns.stretch[columns.floor_slots]
        for stay, lent in enumerate(columns.lent.tolist()):
            mine = stretch == stay
            slots = columns.floor_slots[mine]
            stays.append(
                Stay(
                    lent=lent,
                    discharge=columns.discharge[slots],
                    held=columns.energy[slots],
                    least_kwh=storage.energy_min_wh / WH_PER_KWH,
                )
            )
    return stays


def always(stay: Stay) -> Held:
    """It holds from the first slot."""
    return Held(closed=(stay.lent,))


def never(stay: Stay) -> Held:
    """It does not hold, and nothing is given."""
    closed = (stay.lent, *stay.discharge.tolist())
    return Held(closed=closed, free=tuple(stay.held.tolist()))


def once_above(stay: Stay, solution: Solution) -> Held:
    """It holds from where this solution reaches it; before, nothing is given."""
    really = solution.value[stay.held] - solution.value[stay.lent]
    is_above = really >= stay.least_kwh - TINY_KWH
    first = int(np.argmax(is_above)) if is_above.any() else len(stay.held)
    return Held(
        closed=(stay.lent, *stay.discharge[:first].tolist()),
        free=tuple(stay.held[:first].tolist()),
    )


def is_missed(stay: Stay, solution: Solution) -> bool:
    """Whether this solution begins it with what it has not."""
    return bool(solution.value[stay.lent] > TINY_KWH)


def costs(stay: Stay, solution: Solution) -> bool:
    """Whether a lower minimum would make the plan cheaper."""
    return bool((solution.reduced[stay.held] > TINY_KWH).any())
