"""evcc's request as a linear program, and the choices in it that are one thing or another.

Columns are kWh for each step, money is a thousand times evcc's, so that a value is evcc's own.
Without whole numbers: `Choice` names what evcc's model decides by them. The rows `_reach` keep
the relaxation near: what charges from the sun alone has the surplus, what gives to the house
alone has the house's need, before anything is decided.
"""

from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from vettura.energy.evcc import Battery, Request
from vettura.energy.evcc_value import (
    EXPORT_LATE,
    GOAL_FACTOR,
    PEAK_FACTOR,
    PRIORITY_WEIGHT,
    RAMP_FACTOR,
    SOC_FACTOR,
    Terms,
)
from vettura.energy.plan_program import Builder, Floats, Ints, Program
from vettura.units import WH_PER_KWH

FIRST_STEP = 1e-7
"""evcc reports money from the end of the first step: among equals, what is stored later."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryColumns:
    """Where one battery stands [kWh]."""

    charge: Ints
    discharge: Ints
    held: Ints
    demand_slots: Ints
    demand: Ints
    """Rows: it takes what is demanded, or lacks it."""
    lacking: Ints


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EvccLayout:
    """Where everything stands."""

    imports: Ints
    exports: Ints
    over: Ints
    lost: Ints
    batteries: tuple[BatteryColumns, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One thing or another, in one step."""

    kind: Literal["direction", "flow", "least", "full"]
    """Import or export; charge or give; nothing or c_min; demand or full."""
    battery: int
    step: int


def program_of(request: Request, terms: Terms) -> tuple[Program, EvccLayout]:
    """The relaxation: all that evcc's model asks but for its choices."""
    return _Blocks(request, terms).build()


@final
class _Blocks:
    def __init__(self, request: Request, terms: Terms) -> None:
        self.request, self.terms = request, terms
        self.count = len(terms.hours)
        self.hours = terms.hours
        self.net = terms.net / WH_PER_KWH
        self.scale = WH_PER_KWH
        self.penalty = terms.penalty * WH_PER_KWH
        self.builder = Builder()

    def build(self) -> tuple[Program, EvccLayout]:
        net = self.net
        self.balance = self.builder.rows(self.count, lower=net, upper=net)
        imports, over = self._imports()
        exports, lost = self._exports()
        batteries = tuple(self._battery(battery) for battery in self.request.batteries)
        self._reach(imports, exports, batteries)
        for side in self.terms.sides:
            first, second = (imports, over) if side == "imp" else (exports, lost)
            self._level(first, second)
        layout = EvccLayout(
            imports=imports, exports=exports, over=over, lost=lost, batteries=batteries
        )
        return self.builder.program(), layout

    def _imports(self) -> tuple[Ints, Ints]:
        terms, builder, limit = self.terms, self.builder, self.request.grid.p_max_imp
        price = (terms.imported + terms.import_extra) * self.scale
        most = np.inf if limit is None else limit * self.hours / WH_PER_KWH
        imports = builder.columns(self.count, cost=price, lower=0.0, upper=most)
        builder.entries(self.balance, imports, 1.0)
        builder.start_with(imports, self.balance)
        if limit is None:
            return imports, np.zeros(0, dtype=np.int32)
        price = terms.imported * self.scale
        if not terms.is_demand_rate:
            price = price + GOAL_FACTOR * self.penalty
        over = builder.columns(self.count, cost=price, lower=0.0, upper=np.inf)
        builder.entries(self.balance, over, 1.0)
        if terms.is_demand_rate:
            rate = (self.request.grid.prc_p_exc_imp or 0.0) * WH_PER_KWH
            top = builder.columns(1, cost=rate, lower=0.0, upper=np.inf)
            rows = builder.rows(self.count, lower=-np.inf, upper=0.0)
            builder.entries(rows, over, 1.0)
            builder.entries(rows, np.repeat(top, self.count), -self.hours)
        return imports, over

    def _exports(self) -> tuple[Ints, Ints]:
        terms, builder, limit = self.terms, self.builder, self.request.grid.p_max_exp
        price = -(terms.exported - terms.export_extra) * self.scale
        most = np.inf if limit is None else limit * self.hours / WH_PER_KWH
        exports = builder.columns(self.count, cost=price, lower=0.0, upper=most)
        builder.entries(self.balance, exports, -1.0)
        if limit is None:
            return exports, np.zeros(0, dtype=np.int32)
        late = 1.0 - EXPORT_LATE * np.arange(self.count)
        lost = builder.columns(
            self.count, cost=GOAL_FACTOR * self.penalty * late, lower=0.0, upper=np.inf
        )
        builder.entries(self.balance, lost, -1.0)
        return exports, lost

    def _battery(self, battery: Battery) -> BatteryColumns:
        builder, terms, hours = self.builder, self.terms, self.hours / WH_PER_KWH
        weight = -float(terms.imported.min()) * PRIORITY_WEIGHT * battery.c_priority
        reward = weight * terms.late * self.scale
        charge = builder.columns(self.count, cost=reward, lower=0.0, upper=battery.c_max * hours)
        discharge = builder.columns(self.count, cost=reward, lower=0.0, upper=battery.d_max * hours)
        builder.entries(self.balance, charge, -1.0)
        builder.entries(self.balance, discharge, 1.0)
        held = self._held(battery)
        right = np.zeros(self.count)
        right[0] = battery.s_initial / WH_PER_KWH
        rows = builder.rows(self.count, lower=right, upper=right)
        builder.entries(rows, held, 1.0)
        builder.start_with(held, rows)
        builder.entries(rows[1:], held[:-1], -1.0)
        builder.entries(rows, charge, -self.request.eta_c)
        builder.entries(rows, discharge, 1.0 / self.request.eta_d)
        self._goals(battery, held)
        slots, demand, lacking = self._demand(battery, charge)
        return BatteryColumns(
            charge=charge,
            discharge=discharge,
            held=held,
            demand_slots=slots,
            demand=demand,
            lacking=lacking,
        )

    def _held(self, battery: Battery) -> Ints:
        """Within its limits; from outside them it comes back as soon as it can."""
        cost = np.zeros(self.count)
        cost[-1] -= battery.p_a * self.scale
        cost[0] += battery.p_a * self.scale * FIRST_STEP
        starts_below = battery.s_initial < battery.s_min
        may_be_above = battery.s_initial > battery.s_max
        most = battery.capacity if may_be_above else min(battery.s_max, battery.capacity)
        held = self.builder.columns(
            self.count,
            cost=cost,
            lower=0.0 if starts_below else min(battery.s_min, most) / WH_PER_KWH,
            upper=most / WH_PER_KWH,
        )
        price = SOC_FACTOR * self.penalty
        for is_soft, sign, limit in (
            (starts_below, 1.0, battery.s_min),
            (may_be_above, -1.0, battery.s_max),
        ):
            if is_soft:
                beyond = self.builder.columns(self.count, cost=price, lower=0.0, upper=np.inf)
                rows = self.builder.rows(self.count, lower=sign * limit / WH_PER_KWH, upper=np.inf)
                self.builder.entries(rows, held, sign)
                self.builder.entries(rows, beyond, 1.0)
        return held

    def _goals(self, battery: Battery, held: Ints) -> None:
        goals = np.array(battery.s_goal or np.zeros(self.count)) / WH_PER_KWH
        goals[0] = 0.0  # as evcc does
        slots = np.flatnonzero(goals > 0.0)
        price = GOAL_FACTOR * self.penalty
        missed = self.builder.columns(len(slots), cost=price, lower=0.0, upper=np.inf)
        rows = self.builder.rows(len(slots), lower=goals[slots], upper=np.inf)
        self.builder.entries(rows, held[slots], 1.0)
        self.builder.entries(rows, missed, 1.0)

    def _demand(self, battery: Battery, charge: Ints) -> tuple[Ints, Ints, Ints]:
        wanted = np.array(battery.p_demand or np.zeros(self.count))
        wanted = np.minimum(wanted, battery.c_max * self.hours) / WH_PER_KWH
        slots = np.flatnonzero(wanted > 0.0).astype(np.int32)
        weight = 1.0 + self.terms.late[slots] / self.count
        lacking = self.builder.columns(
            len(slots), cost=GOAL_FACTOR * self.penalty * weight, lower=0.0, upper=np.inf
        )
        rows = self.builder.rows(len(slots), lower=wanted[slots], upper=np.inf)
        self.builder.entries(rows, charge[slots], 1.0)
        self.builder.entries(rows, lacking, 1.0)
        return slots, rows, lacking

    def _reach(self, imports: Ints, exports: Ints, batteries: tuple[BatteryColumns, ...]) -> None:
        """What follows from all choices together, before any is made."""
        surplus, need = np.maximum(-self.net, 0.0), np.maximum(self.net, 0.0)
        both = list(zip(self.request.batteries, batteries, strict=True))
        tied = [c.charge for b, c in both if not b.charge_from_grid and b.c_max > 0.0]
        free = [c.charge for b, c in both if b.charge_from_grid and b.c_max > 0.0]
        home = [c.discharge for b, c in both if not b.discharge_to_grid and b.d_max > 0.0]
        sells = [c.discharge for b, c in both if b.discharge_to_grid and b.d_max > 0.0]
        has_limit = self.request.grid.p_max_exp is not None
        for columns, most, others in (
            (tied, surplus, sells),
            (home, need, free),
            ([exports], surplus, sells),
            ([] if has_limit else [imports], need, free),
        ):
            self._at_most(columns, most, others)

    def _at_most(self, columns: list[Ints], most: Floats, others: list[Ints]) -> None:
        if not columns:
            return
        rows = self.builder.rows(self.count, lower=-np.inf, upper=most)
        for its in columns:
            self.builder.entries(rows, its, 1.0)
        for its in others:
            self.builder.entries(rows, its, -1.0)

    def _level(self, inside: Ints, beyond: Ints) -> None:
        """The highest power costs, and so does each change of it."""
        builder = self.builder
        kw = 1.0 / self.hours
        cost = PEAK_FACTOR * self.penalty
        peak = builder.columns(1, cost=cost, lower=0.0, upper=np.inf)
        rows = builder.rows(self.count, lower=-np.inf, upper=0.0)
        parts = [part for part in (inside, beyond) if len(part)]
        for part in parts:
            builder.entries(rows, part, kw)
        builder.entries(rows, np.repeat(peak, self.count), -1.0)
        cost = RAMP_FACTOR * self.penalty
        ramp = builder.columns(self.count - 1, cost=cost, lower=0.0, upper=np.inf)
        for sign in (1.0, -1.0):
            rows = builder.rows(self.count - 1, lower=0.0, upper=np.inf)
            builder.entries(rows, ramp, 1.0)
            for part in parts:
                builder.entries(rows, part[1:], -sign * kw[1:])
                builder.entries(rows, part[:-1], sign * kw[:-1])
