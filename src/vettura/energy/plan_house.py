"""A storage that serves the house alone: it gives to loads, and into no other battery."""

import numpy as np

from vettura.energy.plan_program import Builder, Floats, Ints
from vettura.energy.problem import Array, Problem


def house_alone(
    builder: Builder,
    problem: Problem,
    *,
    load_kw: Floats,
    exports: Ints,
    flexibles: tuple[Ints, ...],
    discharges: tuple[Ints, ...],
) -> None:
    """Rows: what such storages give is at most what the house uses, and exports where they may.

    Only in slots in which another storage could take it. `discharges` are each storage's columns.
    """
    tied = [k for k, storage in enumerate(problem.storages) if not storage.feeds_storages]
    slots = _reachable(problem, tied)
    if len(slots) == 0:
        return
    rows = builder.rows(len(slots), lower=-np.inf, upper=np.maximum(load_kw[slots], 0.0))
    for index in tied:
        builder.entries(rows, discharges[index][slots], 1.0)
    if any(problem.storages[index].exports for index in tied):
        builder.entries(rows, exports[slots], -1.0)
    for flexible, columns in zip(problem.flexibles, flexibles, strict=True):
        within = (slots >= flexible.first) & (slots < flexible.end)
        builder.entries(rows[within], columns[slots[within] - flexible.first], -1.0)


def _reachable(problem: Problem, tied: list[int]) -> Ints:
    """Slots in which one of the tied could give and another storage could take."""
    can: Array = np.zeros(problem.slots.count)
    for index in tied:
        others = (s.charge_w_max for k, s in enumerate(problem.storages) if k != index)
        can = can + problem.storages[index].discharge_w_max * sum(others, np.zeros_like(can))
    return np.flatnonzero(can > 0.0).astype(np.int32)
