"""evcc's model for CBC, written anew from its formulation: whole numbers and big M, as there."""

import numpy as np
import pulp

from vettura.energy.evcc import Request
from vettura.energy.evcc_value import (
    EXPORT_LATE,
    GOAL_FACTOR,
    PEAK_FACTOR,
    PRIORITY_WEIGHT,
    RAMP_FACTOR,
    SOC_FACTOR,
    Flows,
    Terms,
    flows_of,
    terms_of,
)

BIG = 1e6
SCALE = 1e6
"""Prices per Wh are near CBC's tolerances."""


def solve_with_cbc(request: Request, time_limit_s: float = 60.0) -> Flows:
    """CBC's optimum of evcc's model."""
    return _Model(request).solve(time_limit_s)


class _Model:
    def __init__(self, request: Request) -> None:
        self.request = request
        self.terms: Terms = terms_of(request)
        self.steps = range(len(self.terms.hours))
        self.hours = self.terms.hours.tolist()
        self.problem = pulp.LpProblem("home", pulp.LpMaximize)
        self.earned: list[pulp.LpAffineExpression] = []
        self.export = self._binaries("y")
        self.charged: list[list[pulp.LpVariable]] = []
        self.given: list[list[pulp.LpVariable]] = []

    def solve(self, time_limit_s: float) -> Flows:
        self._grid()
        for i in range(len(self.request.batteries)):
            self._battery(i)
        self._balance()
        self._limits()
        self._peaks()
        self.problem.setObjective(pulp.lpSum(self.earned) * SCALE)
        self.problem.solve(pulp.PULP_CBC_CMD(msg=0, threads=1, timeLimit=time_limit_s))
        charged = tuple(np.array([v.value() or 0.0 for v in vs]) for vs in self.charged)
        given = tuple(np.array([v.value() or 0.0 for v in vs]) for vs in self.given)
        return flows_of(self.request, self.terms, charged, given)

    def _binaries(self, name: str) -> list[pulp.LpVariable]:
        return [pulp.LpVariable(f"{name}_{t}", cat="Binary") for t in self.steps]

    def _free(self, name: str, most: list[float] | None = None) -> list[pulp.LpVariable]:
        return [pulp.LpVariable(f"{name}_{t}", 0, most[t] if most else None) for t in self.steps]

    def _grid(self) -> None:
        terms, grid = self.terms, self.request.grid
        imp = None if grid.p_max_imp is None else [grid.p_max_imp * h for h in self.hours]
        exp = None if grid.p_max_exp is None else [grid.p_max_exp * h for h in self.hours]
        self.imports, self.exports = self._free("n", imp), self._free("e", exp)
        self.over = self._free("n_over", None if imp else [0.0] * len(self.hours))
        self.lost = self._free("e_lost", None if exp else [0.0] * len(self.hours))
        for t in self.steps:
            over = terms.imported[t]
            if not terms.is_demand_rate:
                over += GOAL_FACTOR * terms.penalty
            self.earned += [
                -self.imports[t] * (terms.imported[t] + terms.import_extra[t]),
                self.exports[t] * (terms.exported[t] - terms.export_extra[t]),
                -self.over[t] * over,
                -self.lost[t] * GOAL_FACTOR * terms.penalty * (1.0 - EXPORT_LATE * t),
            ]
        if terms.is_demand_rate:
            top = pulp.LpVariable("top", 0)
            self.earned.append(-top * (grid.prc_p_exc_imp or 0.0))
            for t in self.steps:
                self.problem += self.over[t] <= top * self.hours[t]

    def _battery(self, i: int) -> None:
        battery, terms = self.request.batteries[i], self.terms
        most_c = [battery.c_max * h for h in self.hours]
        most_d = [battery.d_max * h for h in self.hours]
        c, d = self._free(f"c{i}", most_c), self._free(f"d{i}", most_d)
        s = self._free(f"s{i}", [battery.capacity] * len(self.hours))
        above, below = self._free(f"above{i}"), self._free(f"below{i}")
        gives = self._binaries(f"gives{i}")
        self.charged.append(c)
        self.given.append(d)
        weight = float(terms.imported.min()) * PRIORITY_WEIGHT * battery.c_priority
        for t in self.steps:
            before = s[t - 1] if t else battery.s_initial
            self.problem += (
                s[t] == before + self.request.eta_c * c[t] - (1 / self.request.eta_d) * d[t]
            )
            self.problem += above[t] >= s[t] - battery.s_max
            self.problem += below[t] >= battery.s_min - s[t]
            self.earned.append(-(above[t] + below[t]) * SOC_FACTOR * terms.penalty)
            self.earned.append((c[t] + d[t]) * weight * terms.late[t])
            self.problem += d[t] <= most_d[t] * gives[t]
            self.problem += c[t] <= most_c[t] * (1 - gives[t])
            if not battery.charge_from_grid:
                self.problem += c[t] <= most_c[t] * self.export[t]
            if not battery.discharge_to_grid:
                self.problem += d[t] <= most_d[t] * (1 - self.export[t])
        self.earned.append(s[-1] * battery.p_a)
        self._goals(i, s)
        self._least(i, c, s, most_c)

    def _goals(self, i: int, s: list[pulp.LpVariable]) -> None:
        for t, goal in enumerate(self.request.batteries[i].s_goal or []):
            if t and goal > 0.0:
                missed = pulp.LpVariable(f"goal{i}_{t}", 0)
                self.problem += s[t] + missed >= goal
                self.earned.append(-missed * GOAL_FACTOR * self.terms.penalty)

    def _least(
        self, i: int, c: list[pulp.LpVariable], s: list[pulp.LpVariable], most: list[float]
    ) -> None:
        battery, count = self.request.batteries[i], len(self.hours)
        charges = self._binaries(f"charges{i}")
        nearly, full = self._binaries(f"nearly{i}"), self._binaries(f"full{i}")
        for t in self.steps:
            least = battery.c_min * self.hours[t]
            demand = min(battery.p_demand[t], most[t]) if battery.p_demand else 0.0
            is_demanded = battery.p_demand is not None and battery.p_demand[t] > 0.0
            if is_demanded:
                room = battery.s_max - s[t]
                self.problem += room <= (1 - nearly[t]) * battery.s_max + least
                self.problem += room <= (1 - full[t]) * battery.s_max
                lacking = pulp.LpVariable(f"lacking{i}_{t}", 0)
                self.problem += c[t] + lacking >= (1 - full[t]) * demand
                weight = 1.0 + self.terms.late[t] / count
                self.earned.append(-lacking * GOAL_FACTOR * self.terms.penalty * weight)
            if battery.c_min > 0.0:
                relief = least * nearly[t] if is_demanded else 0.0
                self.problem += c[t] + relief >= least * charges[t]
                self.problem += c[t] <= most[t] * charges[t]

    def _balance(self) -> None:
        for t in self.steps:
            self.problem += self.imports[t] + self.over[t] + pulp.lpSum(
                d[t] for d in self.given
            ) == self.exports[t] + self.lost[t] + float(self.terms.net[t]) + pulp.lpSum(
                c[t] for c in self.charged
            )
            self.problem += self.exports[t] <= BIG * self.export[t]
            self.problem += self.imports[t] <= BIG * (1 - self.export[t])

    def _limits(self) -> None:
        grid = self.request.grid
        for limit, inside, beyond, name in (
            (grid.p_max_imp, self.imports, self.over, "imp"),
            (grid.p_max_exp, self.exports, self.lost, "exp"),
        ):
            if limit is None:
                continue
            below = self._binaries(f"below_{name}")
            for t in self.steps:
                most = limit * self.hours[t]
                self.problem += most - inside[t] <= most * below[t]
                self.problem += beyond[t] <= BIG * (1 - below[t])

    def _peaks(self) -> None:
        penalty = self.terms.penalty
        for side in self.terms.sides:
            inside, beyond = (
                (self.imports, self.over) if side == "imp" else (self.exports, self.lost)
            )
            power = [(inside[t] + beyond[t]) / self.hours[t] for t in self.steps]
            peak = pulp.LpVariable(f"peak_{side}", 0)
            self.earned.append(-peak * PEAK_FACTOR * penalty)
            for t in self.steps:
                self.problem += power[t] <= peak
            for t in self.steps[1:]:
                ramp = pulp.LpVariable(f"ramp_{side}_{t}", 0)
                self.problem += ramp >= power[t] - power[t - 1]
                self.problem += ramp >= power[t - 1] - power[t]
                self.earned.append(-ramp * RAMP_FACTOR * penalty)
