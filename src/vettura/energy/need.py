"""What a car needs for the drives ahead: goals, floor and use over the slots of a plan. Pure.

The goal is the next drive's energy with a margin, not a constant: a quantile over what the car's
model makes of the distance, the temperature and the traffic. It must be in by an early quantile of
the departure; the cheap hours come second.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple, final

import numpy as np

from vettura.bus.messages_energy import GoalState
from vettura.energy.car_store import CarStore
from vettura.energy.departures import Departures
from vettura.energy.problem import FLOOR, Array, Goal, Storage
from vettura.energy.slots import Slots
from vettura.units import M_PER_KM, NS_PER_S, PERCENT, SECONDS_PER_HOUR, WH_PER_KWH

ENERGY_CHANCE = 0.98
"""Share of such drives that the energy held for one is enough for."""
NEED_CHANCE = 0.005
"""Chance that the car leaves before its drive's energy is in."""
WISH_CHANCE = 0.1
"""Chance that it leaves before the wished charge, beyond the drive's energy, is in."""
PROMISE_PER_WH = 5e-3
"""Worth of a missing watt-hour: some twenty times what any tariff asks."""
WISH_PER_WH = 2e-3
DEGC_SPREAD = 2.0
"""Standard error of a temperature forecast for tomorrow [K]: national services report 2 to 2.5."""
_SPAN_K = 1.0
_NORMAL = NormalDist()


class Consumption(NamedTuple):
    """What a car takes from its cells by the temperature outside: tables with equal lengths."""

    degc: tuple[float, ...]
    wh_per_m: tuple[float, ...]
    """Driven, cabin at its people's temperature."""
    prepare_wh: tuple[float, ...]
    """To warm or cool cabin and battery before leaving; zeros for who does not."""
    spread: float
    """Standard deviation of a drive over what the table says, as a share: way, traffic, wind."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """A stay away from the cable: from leaving home until the car is back at it."""

    name: str
    """For people: where it goes."""
    leave_ns: int
    """As stated or expected; people may leave earlier."""
    back_ns: int
    distance_m: float
    degc: float
    """Expected outside meanwhile."""
    way_factor: float = 1.0
    """What this way usually takes beside what the car's table says."""
    source: str = "trip"
    """trip, calendar, habit, needs."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the owner asks of a car."""

    soc: float | None = None
    """Displayed charge, 0 to 1; None: as the drives ask."""
    by_ns: int | None = None
    """None: before each departure."""
    floor_soc: float = 0.2
    """Filled at once whatever it costs; the house never takes the car below."""
    full_soc: float = 1.0
    """Never charged above unless a drive or wish needs it."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One car at one moment."""

    vin: str
    slots: Slots
    now_ns: int
    store: CarStore
    energy_wh: float
    """In the cells now."""
    is_here: bool
    """At the cable; else it is on the first of `drives`."""
    drives: Sequence[Drive]
    """By time; one that is under way comes first."""
    consumption: Consumption
    departures: Departures | None = None
    """None: what is stated is exact."""
    wish: Wish = Wish()
    reserve_soc: float = 0.1
    """Displayed charge that people like to arrive with."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What follows for the plan."""

    goals: tuple[Goal, ...]
    used_wh: Array
    """(n,)"""
    here: Array
    """(n,) 1 where the car is at its cable for the whole slot, else 0."""
    floor_wh: float
    full_wh: float
    state: GoalState


def drive_wh(consumption: Consumption, drive: Drive, chance: float) -> float:
    """Energy [Wh] from the cells that is enough for a drive with that chance, 0 to 1.

    Temperature and traffic err independently: their standard deviations add as squares.
    """
    here = _at(consumption.degc, consumption.wh_per_m, drive.degc)
    sides = [
        _at(consumption.degc, consumption.wh_per_m, drive.degc + side)
        for side in (-_SPAN_K, _SPAN_K)
    ]
    slope_per_k = (max(*sides) - here) / _SPAN_K / here
    spread = math.hypot(consumption.spread, max(slope_per_k, 0.0) * DEGC_SPREAD)
    return (
        drive.distance_m
        * drive.way_factor
        * here
        * max(1.0 + spread * _NORMAL.inv_cdf(chance), 0.0)
    )


def prepare_wh(consumption: Consumption, degc: float) -> float:
    """Energy [Wh] to prepare cabin and battery at that temperature."""
    return _at(consumption.degc, consumption.prepare_wh, degc)


def need_of(asked: Asked) -> Need:
    """Goals, use and presence of one car over the slots, and what to tell people about it."""
    slots, store = asked.slots, asked.store
    used_wh, here = np.zeros(slots.count), np.ones(slots.count)
    goals = _floor_goals(asked)
    told: GoalState | None = None
    since_ns = asked.now_ns
    before: Drive | None = None
    for index, drive in enumerate(asked.drives):
        if index == 0 and not asked.is_here:
            _go(asked, drive, used_wh, here, leave_ns=slots.start_ns, since_ns=None)
            since_ns, before = drive.back_ns, drive
            continue
        if drive.leave_ns >= slots.end_ns and told is not None:
            break
        found = _drive_goals(asked, drive, before)
        goals += found.goals
        told = told or _state(asked, drive, found)
        if drive.leave_ns < slots.end_ns:
            _go(asked, drive, used_wh, here, leave_ns=found.leave_ns, since_ns=since_ns)
        since_ns, before = drive.back_ns, drive
    goals += _dated_wish(asked)
    full_wh = store.energy_at(asked.wish.full_soc)
    return Need(
        goals=tuple(goals),
        used_wh=used_wh,
        here=here,
        floor_wh=_floor_wh(asked),
        full_wh=max([full_wh, *(goal.energy_wh for goal in goals)]),
        state=told or _idle_state(asked),
    )


def storage_of(
    asked: Asked,
    need: Need,
    *,
    gives: bool = False,
    exports: bool = False,
    wear_per_wh: float = 0.0,
    value_per_wh: float = 0.0,
) -> Storage:
    """The car as the planner sees it; `gives` lets the house take from it."""
    store = asked.store
    return Storage(
        id=asked.vin,
        kind="car",
        capacity_wh=store.capacity_wh,
        energy_wh=asked.energy_wh,
        energy_min_wh=need.floor_wh,
        energy_max_wh=max(need.full_wh, asked.energy_wh),
        charge_w_max=need.here * store.charge_w_max,
        discharge_w_max=need.here * (store.discharge_w_max if gives else 0.0),
        used_wh=need.used_wh,
        charge_efficiency=store.charge_efficiency,
        charge_loss_w=store.charge_loss_w,
        charge_w_least=store.charge_w_min,
        discharge_efficiency=store.discharge_gain,
        taper=store.taper,
        wear_per_wh=wear_per_wh,
        goals=need.goals,
        value_per_wh=value_per_wh,
        exports=exports,
    )


class _Found(NamedTuple):
    """What one drive asks."""

    goals: list[Goal]
    leave_ns: int
    """When it is to be expected."""
    need_by_ns: int
    need_wh: float
    goal_wh: float


def _drive_goals(asked: Asked, drive: Drive, before: Drive | None) -> _Found:
    store, wish = asked.store, asked.wish
    wanted_wh = drive_wh(asked.consumption, drive, ENERGY_CHANCE)
    wanted_wh += prepare_wh(asked.consumption, drive.degc)
    need_wh = min(store.energy_at(asked.reserve_soc) + wanted_wh, store.capacity_wh)
    by_ns, leave_ns = _expected(asked, drive, NEED_CHANCE), _expected(asked, drive, WISH_CHANCE)
    goals = [_goal(asked, f"drive {drive.name}", by_ns, need_wh, PROMISE_PER_WH)]
    goal_wh = need_wh
    if wish.soc is not None and wish.by_ns is None:
        wish_wh = _within_reach(asked, drive, before, store.energy_at(wish.soc))
        goal_wh = max(need_wh, wish_wh)
        goals.append(_goal(asked, f"{PERCENT * wish.soc:.0f} %", leave_ns, wish_wh, WISH_PER_WH))
    inside = [goal for goal in goals if goal.at <= asked.slots.count]
    return _Found(inside, leave_ns, by_ns, need_wh, goal_wh)


def _within_reach(asked: Asked, drive: Drive, before: Drive | None, wish_wh: float) -> float:
    """The wish, as far as a stay between two drives can fill what the first one takes.

    Nobody who wishes 80 % before leaving means that the car be fuller before, for an errand soon
    after coming home.
    """
    if before is None:
        return wish_wh
    slots = asked.slots
    back = -(-(before.back_ns - slots.start_ns) // slots.slot_ns)
    stay_h = max(slots.index(drive.leave_ns) - back, 0) * slots.hours
    filled_wh = stay_h * asked.store.into_cells_w(asked.store.charge_w_max)
    taken_wh = drive_wh(asked.consumption, before, ENERGY_CHANCE)
    return min(wish_wh, wish_wh - taken_wh + filled_wh)


def _expected(asked: Asked, drive: Drive, chance: float) -> int:
    if asked.departures is None:
        return drive.leave_ns
    now_ns = asked.now_ns
    return asked.departures.early_ns(stated_ns=drive.leave_ns, now_ns=now_ns, chance=chance)


def _goal(asked: Asked, name: str, by_ns: int, energy_wh: float, per_wh: float) -> Goal:
    """A goal at the last border that is not after `by_ns`; the next border when that is past.

    What the parked car takes until then is charged on top.
    """
    at = max(asked.slots.index(by_ns), 1)
    idle_h = max(by_ns - asked.now_ns, 0) / NS_PER_S / SECONDS_PER_HOUR
    wanted_wh = energy_wh + idle_h * asked.store.standby_w
    return Goal(name=name, at=at, energy_wh=min(wanted_wh, asked.store.capacity_wh), per_wh=per_wh)


def _floor_wh(asked: Asked) -> float:
    return asked.store.energy_at(asked.wish.floor_soc)


def _floor_goals(asked: Asked) -> list[Goal]:
    """The floor as soon as full power can fill it."""
    missing_wh = _floor_wh(asked) - asked.energy_wh
    if missing_wh <= 0.0 or not asked.is_here:
        return []
    slot_wh = asked.store.into_cells_w(asked.store.charge_w_max) * asked.slots.hours
    at = min(math.ceil(missing_wh / slot_wh), asked.slots.count)
    # Each border on the way asks for what can be there by then, so that it is filled at once.
    return [
        Goal(
            name=FLOOR,
            at=border,
            energy_wh=min(asked.energy_wh + border * slot_wh, _floor_wh(asked)),
            per_wh=PROMISE_PER_WH,
        )
        for border in range(1, at + 1)
    ]


def _dated_wish(asked: Asked) -> list[Goal]:
    wish = asked.wish
    if wish.soc is None or wish.by_ns is None:
        return []
    at = asked.slots.index(wish.by_ns)
    if not 1 <= at <= asked.slots.count:
        return []
    energy_wh = asked.store.energy_at(wish.soc)
    return [
        Goal(name=f"{PERCENT * wish.soc:.0f} %", at=at, energy_wh=energy_wh, per_wh=PROMISE_PER_WH)
    ]


def _go(
    asked: Asked,
    drive: Drive,
    used_wh: Array,
    here: Array,
    *,
    leave_ns: int,
    since_ns: int | None,
) -> None:
    """Take the car away for a drive, with what it takes beforehand parked since `since_ns`.

    None: the drive is under way, and what it takes is already gone.
    """
    slots = asked.slots
    first = max(slots.index(leave_ns), 0)
    end = min(-(-(drive.back_ns - slots.start_ns) // slots.slot_ns), slots.count)
    if since_ns is not None and first == 0 and drive.leave_ns > asked.now_ns:
        # It may leave at any moment, but it is still here: this slot can be used.
        first = 1
    if first >= slots.count:
        return
    here[first : max(end, first + 1)] = 0.0
    if since_ns is not None:
        parked_h = max(drive.leave_ns - since_ns, 0) / NS_PER_S / SECONDS_PER_HOUR
        used_wh[first] += drive_wh(asked.consumption, drive, 0.5)
        used_wh[first] += prepare_wh(asked.consumption, drive.degc)
        used_wh[first] += parked_h * asked.store.standby_w


def _state(asked: Asked, drive: Drive, found: _Found) -> GoalState:
    store = asked.store
    middle_wh = drive_wh(asked.consumption, drive, 0.5)
    soc = store.soc_at(found.goal_wh)
    wish = asked.wish
    hours = max(found.need_by_ns - asked.now_ns, 0) / NS_PER_S / SECONDS_PER_HOUR
    can_wh = asked.energy_wh + hours * store.into_cells_w(store.charge_w_max)
    by = "" if found.need_by_ns >= drive.leave_ns else ", in early: people leave before they say"
    text = (
        f"{drive.name}: {drive.distance_m / M_PER_KM:.0f} km at {drive.degc:.0f} °C take about "
        f"{middle_wh / WH_PER_KWH:.1f} kWh; {found.need_wh / WH_PER_KWH:.1f} kWh with margin and "
        f"{PERCENT * asked.reserve_soc:.0f} % left{by}"
    )
    is_owner = wish.soc is not None and store.energy_at(wish.soc) >= found.need_wh
    return GoalState(
        time_ns=asked.now_ns,
        vin=asked.vin,
        soc=round(soc, 3),
        by_ns=drive.leave_ns,
        early_ns=found.need_by_ns,
        floor_soc=wish.floor_soc,
        source="owner" if is_owner else drive.source,
        text=text,
        is_possible=can_wh >= found.need_wh - 1.0,
    )


def _idle_state(asked: Asked) -> GoalState:
    wish = asked.wish
    by_ns = wish.by_ns or asked.slots.end_ns
    return GoalState(
        time_ns=asked.now_ns,
        vin=asked.vin,
        soc=wish.floor_soc if wish.soc is None else wish.soc,
        by_ns=by_ns,
        early_ns=by_ns,
        floor_soc=wish.floor_soc,
        source="owner" if wish.soc is not None else "habit",
        text="no drive is known ahead",
    )


def _at(xs: Sequence[float], ys: Sequence[float], x: float) -> float:
    """Linear between the points, held beyond."""
    if x <= xs[0]:
        return ys[0]
    if x >= xs[-1]:
        return ys[-1]
    index = bisect_right(xs, x) - 1
    share = (x - xs[index]) / (xs[index + 1] - xs[index])
    return ys[index] + share * (ys[index + 1] - ys[index])
