"""New prices for a program that stands: only its costs are written anew."""

from dataclasses import fields, replace
from typing import Any

import numpy as np

from vettura.energy.plan_blocks import Layout, import_price, severe_price, two_faced
from vettura.energy.plan_program import Program
from vettura.energy.plan_running import share_slots
from vettura.energy.problem import Problem, Storage
from vettura.units import WH_PER_KWH

_PRICES = {"import_per_wh", "export_per_wh", "carbon_g_per_wh", "carbon_per_g"}
_PROBLEM = [field.name for field in fields(Problem) if field.name not in {*_PRICES, "storages"}]
_STORAGE = [field.name for field in fields(Storage)]


def is_same_but_for_prices(problem: Problem, last: Problem) -> bool:
    """Whether nothing but what energy costs differs."""
    return (
        all(_equal(getattr(problem, name), getattr(last, name)) for name in _PROBLEM)
        and len(problem.storages) == len(last.storages)
        and all(
            one is other or all(_equal(getattr(one, n), getattr(other, n)) for n in _STORAGE)
            for one, other in zip(problem.storages, last.storages, strict=True)
        )
    )


def with_prices(
    problem: Problem, last: Problem, program: Program, layout: Layout
) -> Program | None:
    """The program of `last` with this problem's prices; None where more than costs change."""
    if severe_price(problem) != layout.severe:
        return None
    if not np.array_equal(two_faced(problem), two_faced(last)):
        return None
    hours = problem.slot_hours()
    imported, exported = import_price(problem), problem.export_per_wh * WH_PER_KWH
    for storage, columns in zip(problem.storages, layout.storages, strict=True):
        if not np.array_equal(share_slots(problem, storage, imported), columns.share_slots):
            return None
    cost = program.cost.copy()
    cost[layout.imports] = imported * hours
    cost[layout.exports] = -exported * hours
    slots = layout.over_slots
    cost[layout.over] = (imported[slots] + layout.severe) * hours[slots]
    slots = layout.dump_slots
    cost[layout.dump] = (layout.severe - exported[slots]) * hours[slots]
    return replace(program, cost=cost)


def _equal(one: Any, other: Any) -> bool:  # noqa: ANN401  fields are of any kind
    if one is other:
        return True
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and np.array_equal(one, other)
    return bool(one == other)
