"""A home's problem written out once more, in another way, for solvers that are not the planner's.

Energies are sums over what was charged, not columns; money is per Wh; whole numbers say which way
each thing flows, and whether a storage may give.
"""

from dataclasses import dataclass, field

import numpy as np

from vettura.energy.plan_blocks import house_share, severe_price
from vettura.energy.problem import Problem

BIG_W = 1e5


@dataclass
class Matrix:
    cost: list = field(default_factory=list)
    upper: list = field(default_factory=list)
    whole: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    """(coefficients by column, least, most)."""

    def column(self, cost=0.0, upper=np.inf, whole=False):
        self.cost.append(cost)
        self.upper.append(upper)
        self.whole.append(whole)
        return len(self.cost) - 1

    def row(self, terms, least=-np.inf, most=np.inf):
        merged = {}
        for column, value in terms:
            merged[column] = merged.get(column, 0.0) + value
        self.rows.append((merged, least, most))


def matrix_of(problem: Problem) -> Matrix:
    home = Matrix()
    n, hours = problem.slots.count, problem.slot_hours()
    wire = problem.connection
    severe = severe_price(problem) / 1e3
    price = problem.import_per_wh.copy()
    if problem.carbon_g_per_wh is not None:
        price += problem.carbon_g_per_wh * problem.carbon_per_g
    peak, house = home.column(wire.peak_per_w), house_share(problem)
    even = all(
        np.allclose(s, 1 / 3)
        for s in (problem.load_phase_share, *(s.phase_share for s in problem.storages))
    )
    limit = min(wire.import_w_max, 3.0 * wire.phase_w_max) if even else wire.import_w_max
    balance = [[] for _ in range(n)]
    phases = [[[] for _ in range(n)] for _ in range(3)]
    suns = [
        _grid(home, problem, t, limit, price[t], severe, peak, balance, phases) for t in range(n)
    ]
    tied = [[(sun, -1.0)] for sun, _, _ in suns]
    outs = [[(send, 1.0), (dump, 1.0), (sun, -1.0)] for sun, send, dump in suns]
    for storage in problem.storages:
        _storage(home, problem, storage, severe, balance, phases, tied, outs)
    for flexible in problem.flexibles:
        window = range(flexible.first, flexible.end)
        takes = {t: home.column(0.0, flexible.power_w_max) for t in window}
        lacks = home.column(flexible.per_wh, flexible.energy_wh)
        terms = [(takes[t], hours[t]) for t in window] + [(lacks, 1.0)]
        home.row(terms, flexible.energy_wh, flexible.energy_wh)
        for t in window:
            balance[t].append((takes[t], -1.0))
            for k in range(3):
                phases[k][t].append((takes[t], house[k]))
    for t in range(n):
        load = problem.load_w[t]
        home.row(balance[t], load, load)
        home.row(tied[t], most=0.0)
        if any(s.discharge_w_max.any() and not s.exports for s in problem.storages):
            home.row(outs[t], most=0.0)
        if np.isfinite(wire.phase_w_max) and not even:
            for k in range(3):
                home.row(phases[k][t], most=wire.phase_w_max - problem.load_phase_share[k] * load)
    return home


def _grid(home, problem, t, limit, price, severe, peak, balance, phases):
    wire, house = problem.connection, house_share(problem)
    h, load, sun_w = problem.slot_hours()[t], problem.load_w[t], problem.sun_w[t]
    bring = home.column(price * h, limit)
    send = home.column(-problem.export_per_wh[t] * h, wire.export_w_max)
    spare = load - limit - (0.0 if wire.curtails else sun_w)
    over = home.column((price + severe) * h, max(0.0, spare))
    dump_most = max(0.0, sun_w - load - wire.export_w_max) * (not wire.curtails)
    dump = home.column((severe - problem.export_per_wh[t]) * h, dump_most)
    sun = home.column(0.0, sun_w)
    if not wire.curtails:
        home.row([(sun, 1.0)], least=sun_w)
    way = home.column(whole=True, upper=1)
    home.row([(bring, 1.0), (over, 1.0), (way, -BIG_W)], most=0.0)
    home.row([(send, 1.0), (dump, 1.0), (way, BIG_W)], most=BIG_W)
    home.row([(bring, 1.0), (over, 1.0), (peak, -1.0)], most=wire.peak_so_far_w)
    balance[t] += [(bring, 1.0), (over, 1.0), (send, -1.0), (dump, -1.0), (sun, 1.0)]
    for k in range(3):
        fuse = home.column(
            severe * h, max(0.0, problem.load_phase_share[k] * load - wire.phase_w_max)
        )
        phases[k][t] += [(sun, -house[k]), (fuse, -1.0)]
    return sun, send, dump


def _storage(home, problem, storage, severe, balance, phases, tied, outs):
    n, hours = problem.slots.count, problem.slot_hours()
    held = []
    constant = storage.energy_wh
    top = np.maximum(storage.energy_max_wh, storage.energy_wh - np.cumsum(storage.used_wh))
    wear = storage.wear_per_wh / storage.discharge_efficiency
    for t in range(n):
        h = hours[t]
        takes = home.column(0.0, storage.charge_w_max[t])
        gives = home.column(wear * h, storage.discharge_w_max[t])
        way = home.column(whole=True, upper=1)
        home.row([(takes, 1.0), (way, -BIG_W)], most=0.0)
        home.row([(gives, 1.0), (way, BIG_W)], most=BIG_W)
        for intercept, slope in storage.taper:
            cut = max(intercept, -slope * max(storage.energy_wh, storage.energy_min_wh))
            home.row(
                [(takes, 1.0), *((c, -slope * v) for c, v in held)], most=cut + slope * constant
            )
        held = [
            *held,
            (takes, h * storage.charge_efficiency),
            (gives, -h / storage.discharge_efficiency),
        ]
        constant -= storage.used_wh[t]
        if storage.used_wh[t] > 0.0:
            late = 1.0 - 1e-3 * t / n
            short = home.column(2.0 * severe * late, storage.used_wh[t])
            held.append((short, 1.0))
        home.row(held, -constant, top[t] - constant)
        if storage.discharge_w_max[t] > 0.0:
            may = home.column(whole=True, upper=1)
            home.row([(gives, 1.0), (may, -BIG_W)], most=0.0)
            home.row([*held, (may, -storage.energy_min_wh)], least=-constant)
        balance[t] += [(takes, -1.0), (gives, 1.0)]
        for k in range(3):
            phases[k][t] += [(takes, storage.phase_share[k]), (gives, -storage.phase_share[k])]
        if not storage.charges_from_grid:
            tied[t].append((takes, 1.0))
        if storage.exports:
            outs[t].append((gives, -1.0))
        for goal in storage.goals:
            if goal.at == t + 1:
                missed = home.column(goal.per_wh, goal.energy_wh)
                home.row([*held, (missed, 1.0)], least=goal.energy_wh - constant)
    kept = home.column(-storage.value_per_wh, min(storage.value_up_to_wh, 1e9))
    home.row([(kept, 1.0), *((c, -v) for c, v in held)], most=constant)


def optimum_by_scipy(home: Matrix) -> float:
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import lil_matrix

    a = lil_matrix((len(home.rows), len(home.cost)))
    for i, (terms, _, _) in enumerate(home.rows):
        for column, value in terms.items():
            a[i, column] = value
    least = np.array([row[1] for row in home.rows])
    most = np.array([row[2] for row in home.rows])
    found = milp(
        np.array(home.cost) * 1e3,
        integrality=np.array(home.whole, dtype=int),
        bounds=Bounds(0.0, np.array(home.upper)),
        constraints=LinearConstraint(a.tocsc(), least, most),
        options={"mip_rel_gap": 0.0, "time_limit": 60.0},
    )
    assert found.status == 0, found.message
    return found.fun / 1e3


def optimum_by_cbc(home: Matrix) -> float:
    import pulp

    problem = pulp.LpProblem("home", pulp.LpMinimize)
    columns = [
        pulp.LpVariable(f"x{i}", 0, None if np.isinf(u) else u, "Integer" if w else "Continuous")
        for i, (u, w) in enumerate(zip(home.upper, home.whole, strict=True))
    ]
    problem.setObjective(pulp.lpSum(c * 1e3 * x for c, x in zip(home.cost, columns, strict=True)))
    for terms, least, most in home.rows:
        total = pulp.LpAffineExpression([(columns[c], v) for c, v in terms.items()])
        if least == most:
            problem.addConstraint(total == least)
            continue
        if np.isfinite(least):
            problem.addConstraint(total >= least)
        if np.isfinite(most):
            problem.addConstraint(total <= most)
    problem.solve(pulp.PULP_CBC_CMD(msg=0, threads=1, gapRel=0.0, timeLimit=60))
    assert problem.status == 1
    return float(pulp.value(problem.objective)) / 1e3
