"""The answer to evcc's request: never worth less than evcc's own by more than its cent.

First the relaxation, with its choices made where it shows them. Its value is a bound: whoever
comes within `GAP` of it is done, which most requests are after a few milliseconds. What remains
is asked of the mixed-integer program.
"""

import numpy as np

from vettura.energy.evcc import BatteryAnswer, Request, Response, Violations
from vettura.energy.evcc_choices import Choices, Made
from vettura.energy.evcc_program import EvccLayout, program_of
from vettura.energy.evcc_value import (
    RULE_WH,
    Flows,
    Terms,
    broken_rules,
    flows_of,
    full_value,
    reported_value,
    terms_of,
)
from vettura.energy.evcc_whole import with_whole_numbers
from vettura.energy.plan_program import Program
from vettura.energy.plan_solver import Solution, Solver
from vettura.energy.problem import Array
from vettura.errors import VetturaError
from vettura.units import WH_PER_KWH

GAP = 0.004
"""Money: half of the cent that evcc's own gap is."""
ROUNDS_MAX = 40
WHOLE_LIMIT_S = 3.0
DECIMALS = 6


def answer(request: Request) -> Response:
    """The best schedule for a request, in evcc's form."""
    terms = terms_of(request)
    if _is_infeasible(request, terms):
        return Response(
            status="Infeasible",
            objective_value=None,
            limit_violations=Violations(),
            batteries=[],
            grid_import=[],
            grid_export=[],
            flow_direction=[],
            grid_import_overshoot=[],
            grid_export_overshoot=[],
        )
    return _response(request, terms, best_flows(request, terms))


def best_flows(request: Request, terms: Terms) -> Flows:
    """The schedule that is worth most to evcc's optimiser, within `GAP`."""
    program, layout = program_of(request, terms)
    solver = Solver()
    relaxed = solver.solve(program)
    first = _by_choices(solver, request, terms, program, layout, relaxed)
    is_bound = not any(battery.p_demand for battery in request.batteries)
    if first is not None and is_bound:
        gap = -relaxed.objective - full_value(request, terms, first)
        if gap <= GAP:
            return first
    is_open = Choices(request, terms, layout).is_open(relaxed.value)
    second = None if is_open else _by_whole_numbers(request, terms, program, layout, ways=False)
    if second is None:
        second = _by_whole_numbers(request, terms, program, layout, ways=True)
    found = [flows for flows in (first, second) if flows is not None]
    if not found:
        # Neither came to an end in time: nothing is charged, which keeps every rule but goals.
        nothing = tuple(np.zeros(len(terms.hours)) for _ in request.batteries)
        return flows_of(request, terms, nothing, nothing)
    return max(found, key=lambda flows: full_value(request, terms, flows))


def _is_infeasible(request: Request, terms: Terms) -> bool:
    """Holds more than it can, and cannot give it away in the first step."""
    first = float(terms.hours[0]) / request.eta_d
    return any(b.s_initial - b.d_max * first > b.capacity for b in request.batteries)


def _by_choices(
    solver: Solver,
    request: Request,
    terms: Terms,
    program: Program,
    layout: EvccLayout,
    solution: Solution,
) -> Flows | None:
    choices, made = Choices(request, terms, layout), Made()
    for _ in range(ROUNDS_MAX):
        if not choices.make(solution.value, made):
            return _kept(request, terms, layout, solution)
        try:
            solution = solver.solve(made.applied(program))
        except VetturaError:
            return None  # choices that exclude each other
    return None


def _by_whole_numbers(
    request: Request, terms: Terms, program: Program, layout: EvccLayout, *, ways: bool
) -> Flows | None:
    whole, columns = with_whole_numbers(request, terms, program, layout, ways=ways)
    solver = Solver(
        presolve="on",
        solver="choose",
        mip_rel_gap=0.0,
        mip_abs_gap=GAP,
        time_limit=WHOLE_LIMIT_S,
    )
    try:
        return _kept(request, terms, layout, solver.solve(whole, columns))
    except VetturaError:
        return None


def _kept(request: Request, terms: Terms, layout: EvccLayout, solution: Solution) -> Flows | None:
    """The flows of a solution, without the solver's dust; None where they break a rule."""
    charged, discharged = [], []
    for battery, columns in zip(request.batteries, layout.batteries, strict=True):
        charged.append(_clean(solution.value[columns.charge], battery.c_max * terms.hours))
        discharged.append(_clean(solution.value[columns.discharge], battery.d_max * terms.hours))
    flows = flows_of(request, terms, tuple(charged), tuple(discharged))
    return None if broken_rules(request, terms, flows) else flows


def _clean(kwh: Array, most_wh: Array) -> Array:
    wh = np.clip(kwh * WH_PER_KWH, 0.0, most_wh)
    return np.where(wh < RULE_WH / 10.0, 0.0, wh)


def _response(request: Request, terms: Terms, flows: Flows) -> Response:
    grid = request.grid
    imports = flows.imports + flows.over if terms.is_demand_rate else flows.imports
    tied = np.zeros(len(imports))
    for battery, charged in zip(request.batteries, flows.charged, strict=True):
        if not battery.charge_from_grid:
            tied += charged
    is_export = (flows.imports <= RULE_WH) & ((flows.exports > RULE_WH) | (tied > RULE_WH))
    return Response(
        status="Optimal",
        objective_value=reported_value(request, terms, flows),
        limit_violations=Violations(
            grid_import_limit_exceeded=bool((flows.over > RULE_WH).any()),
            grid_export_limit_hit=bool((flows.lost > RULE_WH).any()),
        ),
        batteries=[
            BatteryAnswer(
                charging_power=_numbers(charged),
                discharging_power=_numbers(discharged),
                state_of_charge=_numbers(held),
            )
            for charged, discharged, held in zip(
                flows.charged, flows.discharged, flows.held, strict=True
            )
        ],
        grid_import=_numbers(imports),
        grid_export=_numbers(flows.exports),
        flow_direction=is_export.astype(int).tolist(),
        grid_import_overshoot=[] if grid.p_max_imp is None else _numbers(flows.over),
        grid_export_overshoot=[] if grid.p_max_exp is None else _numbers(flows.lost),
    )


def _numbers(values: Array) -> list[float]:
    return [float(value) for value in np.round(values, DECIMALS)]
