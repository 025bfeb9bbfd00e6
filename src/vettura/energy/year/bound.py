"""The bound: the whole year as one linear program that knows everything. No one can beat it.

It is the planner's own program, each charger's loss and least current included, over all slots at
once, with no forecast and no margin.
"""

import numpy as np

from vettura.energy.home_store import home_store
from vettura.energy.need import WISH_PER_WH
from vettura.energy.plan_answer import plan_of
from vettura.energy.plan_blocks import blocks_of
from vettura.energy.plan_solver import Solver
from vettura.energy.problem import Goal, Problem, Storage
from vettura.energy.year.ledger import Ledger
from vettura.energy.year.strategies import BOUND, BOUND_GIVES
from vettura.energy.year.world import CarYear, World
from vettura.units import SECONDS_PER_HOUR, WH_PER_KWH


def bound(world: World, *, gives: bool) -> Ledger:
    """The cheapest year, with or without taking from cars."""
    problem = bound_problem(world, gives=gives)
    program, layout = blocks_of(problem)
    # The plain program: what a house may not do at once, it may here, so this is no dearer.
    solution = Solver().solve(program)
    found = plan_of(problem, layout, solution)
    ledger = Ledger(BOUND_GIVES if gives else BOUND, world)
    ledger.import_w, ledger.export_w = found.import_w, found.export_w
    hours = world.slots.hours
    every = zip(problem.storages, found.storages, layout.storages, strict=True)
    for storage, flows, columns in every:
        held_wh = WH_PER_KWH * solution.value[columns.energy]
        out_wh = float(flows.discharge_w.sum()) * hours / storage.discharge_efficiency
        ledger.worn += out_wh * storage.wear_per_wh
        ledger.start_wh += storage.energy_wh
        ledger.end_wh += float(held_wh[-1])
        if storage.kind == "car":
            ledger.charge_w = ledger.charge_w + flows.charge_w
            ledger.give_w = ledger.give_w + flows.discharge_w
            ledger.held_wh = ledger.held_wh + np.append(storage.energy_wh, held_wh[:-1])
        else:
            ledger.battery_w = flows.charge_w - flows.discharge_w
    for missed in found.missed:
        if "wish" in missed.name:
            ledger.missed_wh += missed.missing_wh
        else:
            ledger.bought_wh += missed.missing_wh
    ledger.departures = sum(len(car.absences) for car in world.cars)
    return ledger


def bound_problem(world: World, *, gives: bool) -> Problem:
    """The year as a problem whose forecasts are the truth."""
    storages = [_car(world, car, gives=gives) for car in world.cars]
    if world.battery is not None:
        storages.append(_battery(world))
    return Problem(
        slots=world.slots,
        load_w=world.load_w,
        sun_w=world.sun_w,
        import_per_wh=world.import_per_wh,
        export_per_wh=world.export_per_wh,
        carbon_g_per_wh=world.carbon_g_per_wh,
        carbon_per_g=world.carbon_per_g,
        storages=tuple(storages),
        connection=world.connection,
    )


def _car(world: World, car: CarYear, *, gives: bool) -> Storage:
    store, count = car.store, world.slots.count
    here, used_wh = np.ones(count), np.zeros(count)
    goals: list[Goal] = []
    before_end = 0
    taken_wh = 0.0
    slot_wh = store.into_cells_w(store.charge_w_max) * world.slots.hours
    for absence in car.absences:
        if absence.first >= count:
            break
        here[absence.first : absence.end] = 0.0
        idle_h = max(absence.first - before_end, 0) * world.slots.slot_s / SECONDS_PER_HOUR
        used_wh[absence.first] += absence.used_wh + idle_h * store.standby_w
        if car.wish.soc is not None:
            wish_wh = store.energy_at(car.wish.soc)
            # As in `need`: what a short stay cannot fill is not wished either.
            filled_wh = max(absence.first - before_end, 0) * slot_wh
            goal_wh = max(min(wish_wh, wish_wh - taken_wh + filled_wh), 0.0)
            goals.append(Goal(name="wish", at=absence.first, energy_wh=goal_wh, per_wh=WISH_PER_WH))
        before_end, taken_wh = absence.end, absence.used_wh
    return Storage(
        id=car.vin,
        kind="car",
        capacity_wh=store.capacity_wh,
        energy_wh=car.start_wh,
        energy_min_wh=store.energy_at(car.wish.floor_soc),
        energy_max_wh=max(store.energy_at(car.wish.full_soc), *(g.energy_wh for g in goals), 0.0),
        charge_w_max=here * store.charge_w_max,
        discharge_w_max=here * (store.discharge_w_max if gives and car.gives else 0.0),
        used_wh=used_wh,
        charge_efficiency=store.charge_efficiency,
        charge_loss_w=store.charge_loss_w,
        charge_w_least=store.charge_w_min,
        discharge_efficiency=store.discharge_gain,
        taper=store.taper,
        wear_per_wh=car.wear_per_wh,
        goals=tuple(goals),
        value_per_wh=world.end_per_wh,
    )


def _battery(world: World) -> Storage:
    battery = world.battery
    assert battery is not None
    energy_wh = battery.capacity_wh * battery.soc
    return home_store(
        battery, world.slots.count, energy_wh=energy_wh, value_per_wh=world.end_per_wh
    )
