"""The year's program with what a charger itself loses: a bound that stands where physics allows.

The planner takes one efficiency for all powers. Here each slot says for which share of it a car's
charger runs: its own loss flows for that long, it takes at least its least power meanwhile, and
only the sun of that time can be in what it takes. For a car that charges evenly whenever it does
this is exact, and anything else costs more; so no one can beat the optimum.
"""

from dataclasses import replace

import numpy as np

from vettura.energy.car_store import CarStore
from vettura.energy.plan_blocks import Layout, StorageColumns
from vettura.energy.plan_program import Floats, Ints, Program
from vettura.energy.problem import Array, Problem
from vettura.units import W_PER_KW


def with_losses(
    program: Program, layout: Layout, problem: Problem, stores: dict[str, CarStore]
) -> Program:
    """The program with the share of each slot in which each car's charger runs.

    The problem's `charge_efficiency` of these storages is their `charge_gain`.
    """
    surplus = np.maximum(problem.sun_w - problem.load_w, 0.0) / W_PER_KW
    hours = problem.slot_hours()
    sun = _Rows(len(program.cost), len(program.row_lower))
    sunny = np.flatnonzero(surplus > 0.0).astype(np.int32)
    rows = sun.add_rows(len(sunny), lower=0.0)
    sun.enter(rows, layout.imports[sunny], np.ones(len(sunny)))
    for storage, columns in zip(problem.storages, layout.storages, strict=True):
        store = stores.get(storage.id)
        if store is None:
            # A home battery may fill the car too, beside the grid.
            sun.enter(rows, columns.discharge[sunny], np.ones(len(sunny)))
            continue
        runs = _runs(sun, store, columns, storage.charge_w_max, hours)
        sun.enter(rows, columns.charge[sunny], -np.ones(len(sunny)))
        sun.enter(rows, runs[sunny], surplus[sunny])
    return sun.joined(program)


def _runs(
    added: "_Rows", store: CarStore, columns: StorageColumns, charge_w_max: Array, hours: Array
) -> Ints:
    """The shares of one charger, tied to what it takes and loses."""
    count = len(hours)
    runs = added.add_columns(count, upper=np.where(charge_w_max > 0.0, 1.0, 0.0))
    added.enter(columns.balance, runs, store.charge_loss_w / W_PER_KW * hours)
    most, least = store.charge_w_max / W_PER_KW, store.charge_w_min / W_PER_KW
    above = added.add_rows(count, lower=0.0)
    added.enter(above, runs, np.full(count, most))
    added.enter(above, columns.charge, -np.ones(count))
    below = added.add_rows(count, lower=0.0)
    added.enter(below, columns.charge, np.ones(count))
    added.enter(below, runs, np.full(count, -least))
    return runs


class _Rows:
    """What is added behind a program's own columns and rows."""

    def __init__(self, columns: int, rows: int) -> None:
        self._first_column, self._first_row = columns, rows
        self._upper: list[Floats] = []
        self._lower: list[Floats] = []
        self._entries: list[tuple[Ints, Ints, Floats]] = []

    def add_columns(self, count: int, *, upper: Floats) -> Ints:
        first = self._first_column + sum(len(each) for each in self._upper)
        self._upper.append(upper)
        return np.arange(first, first + count, dtype=np.int32)

    def add_rows(self, count: int, *, lower: float) -> Ints:
        first = self._first_row + sum(len(each) for each in self._lower)
        self._lower.append(np.full(count, lower))
        return np.arange(first, first + count, dtype=np.int32)

    def enter(self, rows: Ints, columns: Ints, values: Floats) -> None:
        self._entries.append((rows, columns, values))

    def joined(self, program: Program) -> Program:
        if not self._upper:
            return program
        upper, lower = np.concatenate(self._upper), np.concatenate(self._lower)
        row, col, value = (np.concatenate(part) for part in zip(*self._entries, strict=True))
        return replace(
            program,
            cost=np.concatenate([program.cost, np.zeros(len(upper))]),
            lower=np.concatenate([program.lower, np.zeros(len(upper))]),
            upper=np.concatenate([program.upper, upper]),
            row_lower=np.concatenate([program.row_lower, lower]),
            row_upper=np.concatenate([program.row_upper, np.full(len(lower), np.inf)]),
            row=np.concatenate([program.row, row]),
            col=np.concatenate([program.col, col]),
            value=np.concatenate([program.value, value]),
        )
