"""From a solution to a plan: flows that keep the balance to the last bit, and what is missed."""

import numpy as np

from vettura.energy.plan_blocks import Layout, StorageColumns, import_price, late_share
from vettura.energy.plan_program import Ints
from vettura.energy.plan_running import shares_of, surplus_w
from vettura.energy.plan_solver import Solution
from vettura.energy.problem import Array, Missed, Plan, Problem, Storage, StorageFlows
from vettura.units import W_PER_KW, WH_PER_KWH

MISSING_WH_MIN = 1e-3
POWER_W_MIN = 1e-6


def plan_of(problem: Problem, layout: Layout, solution: Solution) -> Plan:
    """The plan that a solution stands for."""
    value = solution.value
    hours = problem.slot_hours()
    storages = tuple(
        _flows(storage, columns, solution, hours)
        for storage, columns in zip(problem.storages, layout.storages, strict=True)
    )
    flexible_w = tuple(_flexible(problem, layout, value, i) for i in range(len(layout.flexibles)))
    drawn = problem.load_w + sum(flexible_w, np.zeros(problem.slots.count))
    for flows in storages:
        drawn = drawn + flows.charge_w - flows.discharge_w
    sun_w = np.clip(value[layout.sun] * W_PER_KW, 0.0, problem.sun_w)
    net = drawn - sun_w
    import_w, export_w = np.maximum(net, 0.0), np.maximum(-net, 0.0)
    if problem.connection.curtails:
        # Below a milliwatt it is the solver's dust.
        dust = np.minimum(np.where(export_w < POWER_W_MIN, export_w, 0.0), sun_w)
        sun_w, export_w = sun_w - dust, export_w - dust
    beside_w = _beside(problem, layout, storages, import_w)
    import_w, export_w = import_w + beside_w, export_w + beside_w
    cost = cost_of(problem, import_w=import_w, export_w=export_w, storages=storages)
    missed, penalty = _missed(problem, layout, value, hours)
    return Plan(
        slots=problem.slots,
        import_w=import_w,
        export_w=export_w,
        sun_w=sun_w,
        flexible_w=flexible_w,
        storages=storages,
        marginal_per_wh=solution.dual[layout.balance] / hours / WH_PER_KWH,
        missed=missed,
        cost=cost,
        objective=cost + penalty - end_value(problem, storages),
    )


def cost_of(
    problem: Problem,
    *,
    import_w: Array,
    export_w: Array,
    storages: tuple[StorageFlows, ...],
) -> float:
    """What flows cost: import less export, carbon's worth, wear and the peak."""
    hours = problem.slot_hours()
    paid = import_price(problem) / WH_PER_KWH * import_w - problem.export_per_wh * export_w
    cost = float(hours @ paid)
    for storage, flows in zip(problem.storages, storages, strict=True):
        taken_wh = float(hours @ flows.discharge_w) / storage.discharge_efficiency
        cost += storage.wear_per_wh * taken_wh
    connection = problem.connection
    above_w = max(0.0, float(import_w.max()) - connection.peak_so_far_w)
    return cost + connection.peak_per_w * above_w


def end_value(problem: Problem, storages: tuple[StorageFlows, ...]) -> float:
    """What the storages hold at the end is worth."""
    return sum(
        storage.value_per_wh * min(float(flows.energy_wh[-1]), storage.value_up_to_wh)
        for storage, flows in zip(problem.storages, storages, strict=True)
    )


def _flows(
    storage: Storage, columns: StorageColumns, solution: Solution, hours: Array
) -> StorageFlows:
    value = solution.value
    charge_w = np.clip(value[columns.charge] * W_PER_KW, 0.0, storage.charge_w_max)
    discharge_w = np.clip(value[columns.discharge] * W_PER_KW, 0.0, storage.discharge_w_max)
    charge_w[charge_w < POWER_W_MIN] = 0.0
    discharge_w[discharge_w < POWER_W_MIN] = 0.0
    share_on = None
    stored_w = storage.charge_efficiency * charge_w
    if storage.loses_while_on:
        share_on = shares_of(storage, charge_w, columns.share_slots, value[columns.shares])
        stored_w = storage.charge_gain * charge_w - storage.charge_loss_w * share_on
    change = hours * (stored_w - discharge_w / storage.discharge_efficiency)
    change -= storage.used_wh
    change[columns.drives] += np.maximum(value[columns.short], 0.0) * WH_PER_KWH
    energy_wh = storage.energy_wh + np.concatenate([[0.0], np.cumsum(change)])
    return StorageFlows(
        id=storage.id,
        charge_w=charge_w,
        discharge_w=discharge_w,
        energy_wh=np.maximum(energy_wh, 0.0),
        worth_per_wh=-solution.dual[columns.balance] / WH_PER_KWH,
        share_on=share_on,
    )


def _beside(
    problem: Problem, layout: Layout, storages: tuple[StorageFlows, ...], import_w: Array
) -> Array:
    """(n,) Sun that leaves the house while chargers pause, and is bought back when they run."""
    needed = np.zeros(problem.slots.count)
    for flows, columns in zip(storages, layout.storages, strict=True):
        needed -= flows.discharge_w
        if flows.share_on is not None:
            slots, gone = columns.share_slots, surplus_w(problem)[columns.share_slots]
            needed[slots] += flows.charge_w[slots] - flows.share_on[slots] * gone
    beside = np.maximum(needed - import_w, 0.0)
    beside[beside < POWER_W_MIN] = 0.0
    return beside


def _flexible(problem: Problem, layout: Layout, value: Array, index: int) -> Array:
    flexible = problem.flexibles[index]
    power_w = np.zeros(problem.slots.count)
    given = value[layout.flexibles[index]] * W_PER_KW
    power_w[flexible.first : flexible.end] = np.clip(given, 0.0, flexible.power_w_max)
    return power_w


def _missed(
    problem: Problem, layout: Layout, value: Array, hours: Array
) -> tuple[tuple[Missed, ...], float]:
    missed: list[Missed] = []
    penalty = 0.0
    for storage, columns in zip(problem.storages, layout.storages, strict=True):
        short = value[columns.short] * WH_PER_KWH
        if short.any():
            _trips(missed, storage.id, columns.drives, short)
            late = late_share(columns.drives, problem.slots.count)
            penalty += 2.0 * layout.severe * float(value[columns.short] @ late)
        for goal, wh in zip(storage.goals, value[columns.missed] * WH_PER_KWH, strict=True):
            penalty += _note(missed, goal.name, goal.at, wh) * goal.per_wh * WH_PER_KWH
    for flexible, wh in zip(problem.flexibles, value[layout.unserved] * WH_PER_KWH, strict=True):
        name = f"{flexible.id}"
        penalty += _note(missed, name, flexible.end, wh) * flexible.per_wh * WH_PER_KWH
    for name, slots, beyond in (
        ("import limit", layout.over_slots, layout.over),
        ("export limit", layout.dump_slots, layout.dump),
        ("fuse", layout.fuse_slots, layout.fuse),
    ):
        missing = value[beyond] * hours[slots] * WH_PER_KWH if len(slots) else beyond
        for slot, wh in zip(slots, missing, strict=True):
            penalty += _note(missed, name, int(slot) + 1, wh) * layout.severe
    return tuple(missed), penalty


def _note(missed: list[Missed], name: str, at: int, wh: float) -> float:
    """Name it; the energy [kWh] that it is about."""
    if wh <= MISSING_WH_MIN:
        return 0.0
    missed.append(Missed(name=name, at=at, missing_wh=float(wh)))
    return float(wh) / WH_PER_KWH


def _trips(missed: list[Missed], name: str, drives: Ints, short: Array) -> None:
    """A run of driven slots is one trip; it is missed at its end."""
    begins = np.flatnonzero(np.diff(drives) > 1) + 1
    for run, wh in zip(np.split(drives, begins), np.split(short, begins), strict=True):
        _note(missed, f"{name}: trip", int(run[-1]) + 1, float(wh.sum()))
