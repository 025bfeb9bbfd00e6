"""What evcc's optimiser makes of a schedule: its objective, and which of its rules are broken.

Restated from github.com/evcc-io/optimizer, `src/optimizer/optimizer.py` (MIT, 2025 andig): money
is earned by export and by what batteries hold at the end and spent on import; what is soft there
costs a multiple of the highest price; strategies add terms of a thousandth of a price.
"""

from dataclasses import dataclass
from typing import final

import numpy as np

from vettura.energy.evcc import Battery, Request
from vettura.energy.plan_program import Flags
from vettura.energy.problem import Array
from vettura.units import SECONDS_PER_HOUR

GOAL_FACTOR = 100.0
"""Of the highest price: for a Wh missed of a goal, a demand, or above a grid limit."""
SOC_FACTOR = 1_000.0
PEAK_FACTOR, RAMP_FACTOR = 1e-3, 1e-5
EXPORT_WEIGHT, IMPORT_WEIGHT, PRIORITY_WEIGHT = 2e-5, 5e-6, 5e-5
EXPORT_LATE = 1e-5
PENALTY_MIN = 1e-4
RULE_WH = 0.01
"""A rule is broken from here on."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The request as arrays, and what its terms cost."""

    hours: Array
    net: Array
    """House less sun [Wh]."""
    imported: Array
    exported: Array
    """Prices."""
    penalty: float
    """The highest price, on which all penalties are built."""
    is_demand_rate: bool
    sides: tuple[str, ...]
    """Which peaks are levelled: imp, exp."""
    import_extra: Array
    export_extra: Array
    """What a strategy adds to the price of import and of export."""
    late: Array
    """Steps left: T, T - 1, ... 1."""


def terms_of(request: Request) -> Terms:
    """The request as arrays."""
    series, grid = request.time_series, request.grid
    house = np.array(series.gt) + sum(map(np.array, series.gt_add), np.zeros(len(series.gt)))
    hours = np.array(series.dt) / SECONDS_PER_HOUR
    imported, exported = np.array(series.p_N), np.array(series.p_E)
    is_demand_rate = grid.p_max_imp is not None and grid.prc_p_exc_imp is not None
    rates = [imported.max(), exported.max(), PENALTY_MIN, *(b.p_a for b in request.batteries)]
    if is_demand_rate and grid.prc_p_exc_imp is not None:
        rates.append(grid.prc_p_exc_imp / hours.min())
    late = np.arange(len(hours), 0, -1.0)
    weight = imported.min() * len(request.batteries) * late
    charging = request.strategy.charging_strategy
    is_first = charging == "charge_before_export"
    is_own = request.strategy.discharging_strategy == "discharge_before_import"
    sides = {
        "attenuate_demand_peaks": ("imp",),
        "attenuate_feedin_peaks": ("exp",),
        "attenuate_grid_peaks": ("imp", "exp"),
    }
    return Terms(
        hours=hours,
        net=house - np.array(series.ft),
        imported=imported,
        exported=exported,
        penalty=float(max(rates)),
        is_demand_rate=is_demand_rate,
        sides=sides.get(charging, ()),
        import_extra=weight * IMPORT_WEIGHT * is_own,
        export_extra=weight * EXPORT_WEIGHT * is_first,
        late=late,
    )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """A schedule, and what follows from it [Wh]."""

    charged: tuple[Array, ...]
    discharged: tuple[Array, ...]
    held: tuple[Array, ...]
    imports: Array
    over: Array
    """Imported above the limit."""
    exports: Array
    lost: Array
    """Not exported because of the limit."""


def flows_of(
    request: Request, terms: Terms, charged: tuple[Array, ...], discharged: tuple[Array, ...]
) -> Flows:
    """What follows from a schedule of charging and discharging."""
    held = tuple(
        battery.s_initial + np.cumsum(c * request.eta_c - d / request.eta_d)
        for battery, c, d in zip(request.batteries, charged, discharged, strict=True)
    )
    net = terms.net + sum(charged, np.zeros(len(terms.net))) - sum(discharged)
    drawn, given = np.maximum(net, 0.0), np.maximum(-net, 0.0)
    grid, no_limit = request.grid, float("inf")
    imp = no_limit if grid.p_max_imp is None else grid.p_max_imp * terms.hours
    exp = no_limit if grid.p_max_exp is None else grid.p_max_exp * terms.hours
    imports, exports = np.minimum(drawn, imp), np.minimum(given, exp)
    return Flows(
        charged=charged,
        discharged=discharged,
        held=held,
        imports=imports,
        over=drawn - imports,
        exports=exports,
        lost=given - exports,
    )


def reported_value(request: Request, terms: Terms, flows: Flows) -> float:
    """evcc's `objective_value`: money alone, from the end of the first step."""
    value = float(flows.exports @ terms.exported - (flows.imports + flows.over) @ terms.imported)
    for battery, held in zip(request.batteries, flows.held, strict=True):
        value += (float(held[-1]) - float(held[0])) * battery.p_a
    return value - _demand(request, terms, flows)


def full_value(request: Request, terms: Terms, flows: Flows) -> float:
    """What evcc's optimiser maximises: money, penalties and strategies."""
    value = float(flows.exports @ (terms.exported - terms.export_extra))
    value -= float(flows.imports @ (terms.imported + terms.import_extra))
    value -= float(flows.over @ terms.imported) + _demand(request, terms, flows)
    if not terms.is_demand_rate:
        value -= GOAL_FACTOR * terms.penalty * float(flows.over.sum())
    steps = np.arange(len(terms.hours))
    value -= GOAL_FACTOR * terms.penalty * float(flows.lost @ (1.0 - EXPORT_LATE * steps))
    for i, battery in enumerate(request.batteries):
        charged, discharged, held = flows.charged[i], flows.discharged[i], flows.held[i]
        value += float(held[-1]) * battery.p_a
        weight = float(terms.imported.min()) * PRIORITY_WEIGHT * battery.c_priority
        value += weight * float((charged + discharged) @ terms.late)
        value -= terms.penalty * _missed(battery, terms, charged, held)
    return value - _peaks(terms, flows)


def _demand(request: Request, terms: Terms, flows: Flows) -> float:
    if not terms.is_demand_rate:
        return 0.0
    return (request.grid.prc_p_exc_imp or 0.0) * float((flows.over / terms.hours).max())


def _missed(battery: Battery, terms: Terms, charged: Array, held: Array) -> float:
    """Goals, demands and limits that are missed, in highest prices."""
    above, below = np.maximum(held - battery.s_max, 0.0), np.maximum(battery.s_min - held, 0.0)
    missed = SOC_FACTOR * float(above.sum() + below.sum())
    if battery.s_goal is not None:
        # evcc leaves a goal at the end of the first step out.
        missed += GOAL_FACTOR * float(np.maximum(np.array(battery.s_goal) - held, 0.0)[1:].sum())
    if battery.p_demand is not None:
        wanted = np.minimum(battery.p_demand, battery.c_max * terms.hours)
        is_full = held >= battery.s_max - RULE_WH
        lacking = np.where(is_full, 0.0, np.maximum(wanted - charged, 0.0))
        missed += GOAL_FACTOR * float(lacking @ (1.0 + terms.late / len(held)))
    return missed


def _peaks(terms: Terms, flows: Flows) -> float:
    cost = 0.0
    powers = {
        "imp": (flows.imports + flows.over) / terms.hours,
        "exp": (flows.exports + flows.lost) / terms.hours,
    }
    for side in terms.sides:
        power = powers[side]
        cost += PEAK_FACTOR * float(power.max()) + RAMP_FACTOR * float(np.abs(np.diff(power)).sum())
    return cost * terms.penalty


def broken_rules(request: Request, terms: Terms, flows: Flows) -> list[str]:
    """evcc's hard rules that this schedule breaks, as lines; empty when it keeps all."""
    broken: list[str] = []

    def check(name: str, wrong: Flags) -> None:
        broken.extend(f"step {t}: {name}" for t in np.flatnonzero(wrong).tolist())

    imports, exports = flows.imports > RULE_WH, flows.exports > RULE_WH
    tied_c, tied_d = np.zeros(len(imports), dtype=bool), np.zeros(len(imports), dtype=bool)
    for i, battery in enumerate(request.batteries):
        c, d, s = flows.charged[i], flows.discharged[i], flows.held[i]
        name = f"battery {i}"
        check(f"{name} charges below 0 or above c_max", _outside(c, battery.c_max * terms.hours))
        check(f"{name} gives below 0 or above d_max", _outside(d, battery.d_max * terms.hours))
        check(f"{name} holds less than 0 or more than its capacity", _outside(s, battery.capacity))
        check(f"{name} charges and gives at once", (c > RULE_WH) & (d > RULE_WH))
        least = battery.c_min * terms.hours
        is_low = (c > RULE_WH) & (c < least - RULE_WH)
        if battery.p_demand is not None:
            nearly = (battery.s_max - s <= least + RULE_WH) & (np.array(battery.p_demand) > 0.0)
            is_low &= ~nearly
        check(f"{name} charges below c_min", is_low)
        tied_c |= (c > RULE_WH) & (not battery.charge_from_grid)
        tied_d |= (d > RULE_WH) & (not battery.discharge_to_grid)
    check("what charges from the sun alone charges while the house imports", tied_c & imports)
    check("what gives to the house alone gives while the house exports", tied_d & exports)
    check("what charges from the sun alone charges from what gives to the house", tied_c & tied_d)
    return broken


def _outside(values: Array, most: Array | float) -> Flags:
    return np.less(values, -RULE_WH) | np.greater(values, most + RULE_WH)
