"""A charger that loses while it runs: for which share of each slot, without whole numbers.

Its own loss flows for that share, it takes at least its least power and at most its full power
meanwhile, and only the sun of that time can be in what it takes. A dispatcher that runs for
minutes keeps this exactly. The share is a column only where more than the least may pay: under
the sun, and where energy is worth less than nothing; elsewhere minutes at full power are best.
"""

from collections.abc import Sequence
from typing import final

import numpy as np

from vettura.energy.plan_program import Builder, Floats, Ints
from vettura.energy.problem import Array, Problem, Storage
from vettura.units import W_PER_KW


def full_w(storage: Storage) -> Array:
    """(n,) What it takes at most [W]: nothing where its least power is not to be had."""
    if not storage.loses_while_on:
        return storage.charge_w_max
    return np.where(storage.charge_w_max < storage.charge_w_least, 0.0, storage.charge_w_max)


def minutes_efficiency(storage: Storage) -> Array:
    """(n,) Battery over wall in minutes at each slot's full power."""
    most_w = np.where(storage.charge_w_max > 0.0, storage.charge_w_max, np.inf)
    lost = storage.charge_loss_w / most_w
    return np.where(lost > 0.0, storage.charge_gain - lost, storage.charge_efficiency)


def share_slots(problem: Problem, storage: Storage, imported: Array) -> Ints:
    """Slots whose share is decided; `imported` is what a kWh costs there."""
    if not storage.loses_while_on:
        return np.zeros(0, dtype=np.int32)
    may_pay = has_sun(problem) | (imported < 0.0)
    return np.flatnonzero((full_w(storage) > 0.0) & may_pay).astype(np.int32)


def has_sun(problem: Problem) -> np.ndarray:
    """(n,) Where something may be left over by the house."""
    return (problem.sun_w > 0.0) | (problem.load_w < 0.0)


def surplus_w(problem: Problem) -> Array:
    """(n,) What the house leaves of the sun [W]."""
    return np.maximum(problem.sun_w - problem.load_w, 0.0)


@final
class Running:
    """Adds shares to a program under construction."""

    def __init__(self, builder: Builder, problem: Problem, imported: Array) -> None:
        self.builder, self.problem, self.imported = builder, problem, imported
        self.hours = problem.slot_hours()

    def columns(self, storage: Storage, charge: Ints, balance: Ints) -> tuple[Ints, Ints]:
        """Slots and columns of its shares; what it stores of its charge is entered here too."""
        builder = self.builder
        slots = share_slots(self.problem, storage, self.imported)
        efficiency: Floats = minutes_efficiency(storage)
        if len(slots):
            efficiency[slots] = storage.charge_gain
        builder.entries(balance, charge, -efficiency * self.hours)
        shares = builder.columns(len(slots), cost=0.0, lower=0.0, upper=1.0)
        loss = storage.charge_loss_w / W_PER_KW
        builder.entries(balance[slots], shares, loss * self.hours[slots])
        most = builder.rows(len(slots), lower=0.0, upper=np.inf)
        builder.entries(most, shares, storage.charge_w_max[slots] / W_PER_KW)
        builder.entries(most, charge[slots], -1.0)
        least = builder.rows(len(slots), lower=0.0, upper=np.inf)
        builder.entries(least, charge[slots], 1.0)
        builder.entries(least, shares, -storage.charge_w_least / W_PER_KW)
        return slots, shares

    def sun_of_that_time(
        self, imports: Ints, storages: Sequence[tuple[Ints, Ints, Ints, Ints]]
    ) -> None:
        """What is charged comes from the grid, from another storage, or from the sun meanwhile.

        Of each storage: columns of charge and discharge, slots and columns of its shares.
        """
        slots = np.zeros(self.problem.slots.count, dtype=bool)
        for _, _, decided, _ in storages:
            slots[decided] = True
        places = np.flatnonzero(slots & has_sun(self.problem)).astype(np.int32)
        if not len(places):
            return
        surplus = surplus_w(self.problem) / W_PER_KW
        rows = self.builder.rows(len(places), lower=0.0, upper=np.inf)
        self.builder.entries(rows, imports[places], 1.0)
        every = zip(self.problem.storages, storages, strict=True)
        for storage, (charge, discharge, decided, shares) in every:
            if storage.discharge_w_max.any():
                self.builder.entries(rows, discharge[places], 1.0)
            mine = np.isin(decided, places)
            its, its_rows = decided[mine], rows[np.searchsorted(places, decided[mine])]
            self.builder.entries(its_rows, charge[its], -1.0)
            self.builder.entries(its_rows, shares[mine], surplus[its])


def shares_of(storage: Storage, charge_w: Array, slots: Ints, found: Array) -> Array:
    """(n,) The share of each slot in which it runs: as `found` in `slots`, else at full power."""
    at_full = np.divide(
        charge_w,
        storage.charge_w_max,
        out=np.zeros_like(charge_w),
        where=storage.charge_w_max > 0.0,
    )
    shares = at_full.copy()
    least = charge_w[slots] / storage.charge_w_least if storage.charge_w_least > 0.0 else 1.0
    shares[slots] = np.clip(found, at_full[slots], np.minimum(1.0, least))
    return shares
