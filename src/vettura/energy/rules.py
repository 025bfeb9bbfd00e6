"""Charging by rule: plugged in, cheapest slots, rules as evcc has them, and the safe rule. Pure.

Each is Problem -> Plan, as the planner is. None of them weighs one thing against another: that is
what the planner is measured against, and what stands in for it when it fails.

`evcc_like` does what evcc's planner and its PV mode do, by reading them (evcc-io/evcc,
core/planner/planner.go and core/loadpoint_plan.go, 2026); it is not evcc itself.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from vettura.energy.problem import FLOOR, Array, Missed, Plan, Problem, Storage, StorageFlows

SUN_W_MIN = 1_380.0
"""From this surplus on a car charges from the sun: one phase of 6 A (IEC 61851-1)."""
_TINY_WH = 1.0


class Hand(NamedTuple):
    """What a rule is shown of one storage at one slot."""

    storage: Storage
    slot: int
    energy_wh: float
    room_w: float
    """Power at the wall that would fill it to its limit within the slot, or its own most."""
    surplus_w: float
    """What sun is left over load and the storages before it."""


class Chosen(NamedTuple):
    """Power at the wall to charge with [W]; the walk caps it and takes the greater."""

    firm_w: float = 0.0
    """Whatever the sun does."""
    sun_w: float = 0.0
    """As much as there is surplus."""


Choose: TypeAlias = Callable[[Hand], Chosen]

FIRM_PER_WH = 1.0
"""What a rule says that energy is worth in a slot where it charges come what may."""


def plugged_in(problem: Problem) -> Plan:
    """Full power from the moment of plugging in, up to the highest goal."""

    def choose(hand: Hand) -> Chosen:
        return Chosen(firm_w=_up_to(hand, _limit_wh(hand.storage), problem.slots.hours))

    return _walk(problem, choose, "plugged in")


def cheapest_slots(problem: Problem) -> Plan:
    """Full power in the cheapest slots before the next departure; the sun is not looked at."""
    wanted = {
        storage.id: _planned(problem, storage, known=problem.slots.count, ahead=1)
        for storage in _cars(problem)
    }

    def choose(hand: Hand) -> Chosen:
        return Chosen(firm_w=float(wanted[hand.storage.id][hand.slot]))

    return _walk(problem, choose, "cheapest slots")


def evcc_like(problem: Problem, *, known: int | None = None) -> Plan:
    """The cheapest published slots before each departure, late first; else surplus of the sun.

    Departures are planned one after the other, as evcc does since it knows of absences.

    `known` is the number of published slots; None for all. While the time after them is enough to
    charge, nothing is planned yet.
    """
    count = problem.slots.count if known is None else min(known, problem.slots.count)
    wanted = {
        storage.id: _planned(problem, storage, known=count, ahead=None)
        for storage in _cars(problem)
    }

    def choose(hand: Hand) -> Chosen:
        return Chosen(firm_w=float(wanted[hand.storage.id][hand.slot]), sun_w=_sun_w(hand))

    return _walk(problem, choose, "rules as evcc has them", follows_sun=True)


def safe_rule(problem: Problem) -> Plan:
    """At once up to the highest goal, then surplus of the sun: needs no price and no forecast."""

    def choose(hand: Hand) -> Chosen:
        at_once_w = _up_to(hand, _limit_wh(hand.storage), problem.slots.hours)
        return Chosen(firm_w=at_once_w, sun_w=_sun_w(hand))

    return _walk(problem, choose, "safe rule", follows_sun=True)


def _cars(problem: Problem) -> list[Storage]:
    return [storage for storage in problem.storages if storage.kind != "battery"]


def _limit_wh(storage: Storage) -> float:
    """The highest goal; without any, all that it may hold."""
    return max((goal.energy_wh for goal in storage.goals), default=storage.energy_max_wh)


def _sun_w(hand: Hand) -> float:
    """Surplus that a car can follow; 0 below its least current."""
    return hand.surplus_w if hand.surplus_w >= SUN_W_MIN else 0.0


def _up_to(hand: Hand, limit_wh: float, hours: float) -> float:
    missing_wh = max(limit_wh - hand.energy_wh, 0.0)
    return missing_wh / hours / hand.storage.charge_efficiency


def _fill(
    problem: Problem, storage: Storage, wanted: Array, missing_wh: float, end: int, begin: int = 0
) -> None:
    """Take that much at the wall from the cheapest slots of `begin` to `end` - 1, late first."""
    prices, hours = problem.import_per_wh, problem.slots.hours
    order = sorted(range(begin, end), key=lambda slot: (prices[slot], -slot))
    for slot in order:
        if missing_wh <= _TINY_WH:
            return
        take_w = min(float(storage.charge_w_max[slot]) - wanted[slot], missing_wh / hours)
        if take_w > 0.0:
            wanted[slot] += take_w
            missing_wh -= take_w * hours


def _planned(problem: Problem, storage: Storage, *, known: int, ahead: int | None) -> Array:
    """Wall power by slot that meets the next `ahead` departures' goals (None: all of them).

    Time after the `known` slots counts as time to charge in. The slot that is only partly needed is
    the dearest one; what is left of it costs the same wherever in the slot it is.
    """
    hours, efficiency = problem.slots.hours, storage.charge_efficiency
    wanted = np.zeros(problem.slots.count)
    floors = [goal.energy_wh for goal in storage.goals if goal.name == FLOOR]
    if floors:
        # What evcc calls the least charge is filled at once.
        below_wh = max(floors) - storage.energy_wh
        wanted[0] = min(float(storage.charge_w_max[0]), below_wh / efficiency / hours)
    used_wh = np.concatenate(([0.0], np.cumsum(storage.used_wh)))
    for at, energy_wh in _departures(storage)[:ahead]:
        coming_wh = float(wanted[:at].sum()) * hours * efficiency
        missing_wh = energy_wh + used_wh[at] - storage.energy_wh - coming_wh
        later_wh = float(storage.charge_w_max[min(known, at) : at].sum()) * hours
        _fill(problem, storage, wanted, missing_wh / efficiency - later_wh, min(known, at))
    return wanted


def _departures(storage: Storage) -> list[tuple[int, float]]:
    """The most that is asked at each border, by time."""
    asked: dict[int, float] = {}
    for goal in storage.goals:
        if goal.name != FLOOR:
            asked[goal.at] = max(asked.get(goal.at, 0.0), goal.energy_wh)
    return sorted(asked.items())


def _walk(problem: Problem, choose: Choose, origin: str, *, follows_sun: bool = False) -> Plan:
    """Go through the slots one by one, cars first, then the home battery on what is left over."""
    slots = problem.slots
    count, hours = slots.count, slots.hours
    charge = [np.zeros(count) for _ in problem.storages]
    discharge = [np.zeros(count) for _ in problem.storages]
    energy = [np.full(count + 1, storage.energy_wh) for storage in problem.storages]
    follows_per_wh = 2.0 * np.abs(problem.export_per_wh)
    sunny = follows_per_wh if follows_sun else np.zeros(count)
    worth = [sunny.copy() for _ in problem.storages]
    order = sorted(
        range(len(problem.storages)), key=lambda k: problem.storages[k].kind == "battery"
    )
    cap_w = _cap_w(problem)
    for slot in range(count):
        net_w = float(problem.load_w[slot] - problem.sun_w[slot])
        for index in order:
            storage, held_wh = problem.storages[index], float(energy[index][slot])
            surplus_w = max(-net_w, 0.0)
            hand = Hand(storage, slot, held_wh, _room_w(storage, slot, held_wh, hours), surplus_w)
            if storage.kind == "battery":
                is_car_on = _is_on(charge, order, slot)
                taken_w, given_w = _battery(net_w, is_car_on=is_car_on)
                # It follows sun and load as they come, but is not emptied into a car.
                worth[index][slot] = FIRM_PER_WH if is_car_on else follows_per_wh[slot]
            else:
                chosen = choose(hand)
                taken_w, given_w = max(chosen), 0.0
                if chosen.firm_w > 0.0 and chosen.firm_w >= chosen.sun_w:
                    worth[index][slot] = FIRM_PER_WH
            taken_w = min(taken_w, hand.room_w, max(cap_w - net_w, 0.0))
            given_w = min(given_w, _spare_w(storage, slot, held_wh, hours))
            charge[index][slot], discharge[index][slot] = taken_w, given_w
            moved_w = taken_w * storage.charge_efficiency - given_w / storage.discharge_efficiency
            energy[index][slot + 1] = held_wh + moved_w * hours - storage.used_wh[slot]
            net_w += taken_w - given_w
    return _plan(problem, charge, discharge, energy, worth, origin)


def _cap_w(problem: Problem) -> float:
    """Import that connection and fuse allow [W]; on three phases the fuse counts three times."""
    connection = problem.connection
    return min(connection.import_w_max, connection.phase_w_max / max(problem.load_phase_share))


def _is_on(charge: Sequence[Array], order: Sequence[int], slot: int) -> bool:
    return any(charge[index][slot] > 0.0 for index in order)


def _battery(net_w: float, *, is_car_on: bool) -> tuple[float, float]:
    """Self-consumption: surplus in, the house's own load out, nothing into a car that charges."""
    if net_w < 0.0:
        return -net_w, 0.0
    return 0.0, 0.0 if is_car_on else net_w


def _room_w(storage: Storage, slot: int, held_wh: float, hours: float) -> float:
    most_w = float(storage.charge_w_max[slot])
    for intercept_w, slope in storage.taper:
        most_w = min(most_w, intercept_w + slope * held_wh)
    fills_w = (storage.energy_max_wh - held_wh) / hours / storage.charge_efficiency
    return max(min(most_w, fills_w), 0.0)


def _spare_w(storage: Storage, slot: int, held_wh: float, hours: float) -> float:
    spare_w = (held_wh - storage.energy_min_wh) / hours * storage.discharge_efficiency
    return max(min(float(storage.discharge_w_max[slot]), spare_w), 0.0)


def _plan(
    problem: Problem,
    charge: list[Array],
    discharge: list[Array],
    energy: list[Array],
    worth: list[Array],
    origin: str,
) -> Plan:
    hours = problem.slots.hours
    flexible = [_flexible(problem, index) for index in range(len(problem.flexibles))]
    net_w = problem.load_w - problem.sun_w + sum((*charge, *flexible)) - sum(discharge)
    import_w, export_w = np.maximum(net_w, 0.0), np.maximum(-net_w, 0.0)
    lost_w = np.maximum(export_w - problem.connection.export_w_max, 0.0)
    export_w = export_w - lost_w
    cost = float(import_w @ problem.import_per_wh - export_w @ problem.export_per_wh) * hours
    cost += sum(_worn(*each, hours) for each in zip(problem.storages, discharge, strict=True))
    return Plan(
        slots=problem.slots,
        import_w=import_w,
        export_w=export_w,
        sun_w=problem.sun_w - lost_w,
        flexible_w=tuple(flexible),
        storages=tuple(
            StorageFlows(id=s.id, charge_w=c, discharge_w=d, energy_wh=e, worth_per_wh=w)
            for s, c, d, e, w in zip(
                problem.storages, charge, discharge, energy, worth, strict=True
            )
        ),
        marginal_per_wh=np.zeros(problem.slots.count),
        missed=tuple(_missed(problem, energy)),
        cost=cost,
        objective=cost,
        origin=origin,
    )


def _worn(storage: Storage, given_w: Array, hours: float) -> float:
    return storage.wear_per_wh * float(given_w.sum()) * hours / storage.discharge_efficiency


def _missed(problem: Problem, energy: Sequence[Array]) -> Iterator[Missed]:
    for storage, held_wh in zip(problem.storages, energy, strict=True):
        for goal in storage.goals:
            short_wh = goal.energy_wh - float(held_wh[goal.at])
            if short_wh > _TINY_WH:
                yield Missed(name=f"{storage.id}: {goal.name}", at=goal.at, missing_wh=short_wh)


def _flexible(problem: Problem, index: int) -> Array:
    """A flexible load runs at its own power from the beginning of its window."""
    one, hours = problem.flexibles[index], problem.slots.hours
    power = np.zeros(problem.slots.count)
    left_wh = one.energy_wh
    for slot in range(max(one.first, 0), min(one.end, problem.slots.count)):
        power[slot] = min(one.power_w_max, left_wh / hours)
        left_wh -= power[slot] * hours
    return power
