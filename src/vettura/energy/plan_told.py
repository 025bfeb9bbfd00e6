"""A plan as it is told on the bus, and the part of it that a dispatcher follows now. Pure."""

from collections.abc import Mapping, Sequence

import numpy as np

from vettura.bus.messages_energy import (
    EnergyPlan,
    Period,
    Reason,
    Schedule,
    Shortfall,
    StoragePlan,
)
from vettura.energy.dispatch import MIN_ON_NS, Order
from vettura.energy.problem import Array, Plan, Problem, Storage
from vettura.units import NS_PER_S, SECONDS_PER_HOUR

TINY_W = 1.0
WATT_HOUR_DIGITS, PRICE_DIGITS = 1, 9


def told(
    problem: Problem,
    plan: Plan,
    reasons: Sequence[Sequence[Reason]],
    *,
    now_ns: int,
    currency: str,
    origin: str,
    note: str,
    here: Mapping[str, Sequence[bool]],
    took_s: float = 0.0,
) -> EnergyPlan:
    """The plan for all who want to see it."""
    storages = [
        StoragePlan(
            id=storage.id,
            kind=storage.kind,
            charge_w=_numbers(flows.charge_w, WATT_HOUR_DIGITS),
            discharge_w=_numbers(flows.discharge_w, WATT_HOUR_DIGITS),
            energy_wh=_numbers(flows.energy_wh, WATT_HOUR_DIGITS),
            capacity_wh=storage.capacity_wh,
            is_here=list(here.get(storage.id, [True] * problem.slots.count)),
            reasons=list(why),
        )
        for storage, flows, why in zip(problem.storages, plan.storages, reasons, strict=True)
    ]
    return EnergyPlan(
        time_ns=now_ns,
        start_ns=problem.slots.start_ns,
        slot_s=problem.slots.slot_s,
        currency=currency,
        origin="planner" if origin == "planner" else "rule",
        note=note,
        import_w=_numbers(plan.import_w, WATT_HOUR_DIGITS),
        export_w=_numbers(plan.export_w, WATT_HOUR_DIGITS),
        load_w=_numbers(problem.load_w, WATT_HOUR_DIGITS),
        sun_w=_numbers(plan.sun_w, WATT_HOUR_DIGITS),
        import_per_wh=_numbers(problem.import_per_wh, PRICE_DIGITS),
        export_per_wh=_numbers(problem.export_per_wh, PRICE_DIGITS),
        marginal_per_wh=_numbers(plan.marginal_per_wh, PRICE_DIGITS),
        storages=storages,
        shortfalls=[
            Shortfall(
                goal=missed.name,
                by_ns=problem.slots.begin_ns(missed.at),
                missing_wh=round(missed.missing_wh, WATT_HOUR_DIGITS),
            )
            for missed in plan.missed
        ],
        cost=round(plan.cost, 6),
        took_s=took_s,
    )


def _numbers(values: Array, digits: int) -> list[float]:
    # Adding zero turns minus zero into zero.
    rounded: list[float] = (np.round(values, digits) + 0.0).tolist()
    return rounded


def orders(problem: Problem, plan: Plan, slot: int) -> dict[str, Order]:
    """What the plan wants of each storage in that slot; what is charged is split by source."""
    charged_w = sum(float(flows.charge_w[slot]) for flows in plan.storages)
    grid_w = min(charged_w, float(plan.import_w[slot]))
    share = grid_w / charged_w if charged_w > TINY_W else 0.0
    return {
        storage.id: _order(storage, plan, index, slot, share)
        for index, storage in enumerate(problem.storages)
    }


def _order(storage: Storage, plan: Plan, index: int, slot: int, share: float) -> Order:
    flows = plan.storages[index]
    charge_w, give_w = float(flows.charge_w[slot]), float(flows.discharge_w[slot])
    is_planned = plan.origin == "planner"
    return Order(
        grid_w=share * charge_w if charge_w > TINY_W else 0.0,
        sun_w=(1.0 - share) * charge_w if charge_w > TINY_W else 0.0,
        give_w=give_w if give_w > TINY_W else 0.0,
        worth_per_wh=float(flows.worth_per_wh[slot]) if is_planned else None,
        charge_efficiency=storage.charge_efficiency,
        discharge_efficiency=storage.discharge_efficiency,
        wear_per_wh=storage.wear_per_wh,
    )


def schedule_of(
    problem: Problem,
    plan: Plan,
    vin: str,
    *,
    id: str,  # noqa: A002  the message's own name
    station: str,
    now_ns: int,
    now_w: float,
    phases: int | None,
    least_w: float,
    full_w: float,
    slots_ahead: int,
) -> Schedule:
    """What a station shall do now and by the plan thereafter, should nobody speak to it again.

    A slot whose mean is below 6 A becomes minutes at full power at its beginning.
    """
    slots = problem.slots
    first = slots.index(now_ns)
    periods = [Period(start_ns=now_ns, power_w=round(now_w, 1), phases=phases)]
    index = next((k for k, one in enumerate(plan.storages) if one.id == vin), None)
    last = min(first + slots_ahead, slots.count)
    if index is not None:
        flows = plan.storages[index]
        net_w = flows.charge_w - flows.discharge_w
        for slot in range(first + 1, last):
            begin_ns = slots.begin_ns(slot)
            _add(periods, begin_ns, float(net_w[slot]), least_w, full_w, slots.slot_ns)
    until_ns = max(slots.begin_ns(last), now_ns + slots.slot_ns)
    return Schedule(id=id, time_ns=now_ns, station=station, periods=periods, until_ns=until_ns)


def _add(
    periods: list[Period],
    begin_ns: int,
    mean_w: float,
    least_w: float,
    full_w: float,
    slot_ns: int,
) -> None:
    if mean_w <= TINY_W or mean_w >= least_w:
        # What a car gives follows the house; a plan alone cannot know it, so nothing is given.
        _hold(periods, begin_ns, max(mean_w, 0.0) if mean_w > TINY_W else 0.0)
        return
    on_ns = round(slot_ns * mean_w / full_w)
    if on_ns < MIN_ON_NS:
        _hold(periods, begin_ns, 0.0)
        return
    _hold(periods, begin_ns, full_w)
    _hold(periods, begin_ns + on_ns, 0.0)


def _hold(periods: list[Period], begin_ns: int, power_w: float) -> None:
    if abs(periods[-1].power_w - power_w) > TINY_W:
        periods.append(Period(start_ns=begin_ns, power_w=round(power_w, 1)))


def hours_left(until_ns: int, now_ns: int) -> float:
    """Time until then [h]."""
    return max(until_ns - now_ns, 0) / NS_PER_S / SECONDS_PER_HOUR
