"""Living the year: all strategies side by side, slot by slot, with what was known at that time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, final

import numpy as np

from vettura.energy.departures import Departures
from vettura.energy.forecast import Forecasts
from vettura.energy.home_store import home_store
from vettura.energy.need import Asked, Drive, Wish, need_of, storage_of
from vettura.energy.problem import Problem, Storage
from vettura.energy.year.ledger import SHORT_WH, Ledger
from vettura.energy.year.physics import (
    NOTHING,
    Cells,
    Order,
    home_cells,
    orders_of,
    settle,
)
from vettura.energy.year.strategies import PLUGGED, Strategy
from vettura.energy.year.world import Absence, CarYear, World
from vettura.units import SECONDS_PER_HOUR

HORIZON_H = 48
PLUGGED_SOC = 0.8
"""Up to where people charge who charge at once, when nobody asks for more or less."""
WORTH_SHARE = 0.2
WORTH_DAYS = 12
"""What is held at a plan's end is worth the price that this share of the slots is below, of the
last days and the horizon together: a car that stands at home most of the time finds such hours
again."""
_DRIVES_AHEAD = 8


class Foresight(Protocol):
    """What is known at an instant; `energy.forecast.Forecaster` is one."""

    def at(self, time_ns: int, count: int) -> Forecasts:
        """Forecasts of `count` slots from the one that holds `time_ns`."""


@final
@dataclass(slots=True)
class _Car:
    """Where one car is; the same for all strategies."""

    year: CarYear
    next: int = 0
    """The absence that is under way or comes next."""
    departures: Departures | None = None

    def is_here(self, slot: int) -> bool:
        absences = self.year.absences
        return self.next >= len(absences) or slot < absences[self.next].first

    def leaving(self, slot: int) -> Absence | None:
        absences = self.year.absences
        if self.next < len(absences) and absences[self.next].first == slot:
            return absences[self.next]
        return None

    def has_come(self, slot: int) -> None:
        absences = self.year.absences
        while self.next < len(absences) and absences[self.next].end <= slot:
            self.next += 1


@final
@dataclass(slots=True)
class _Life:
    """One strategy's year so far."""

    strategy: Strategy
    ledger: Ledger
    held_wh: list[float] = field(default_factory=list)
    """Of each car, then of the home battery."""
    came_wh: list[float] = field(default_factory=list)
    came: list[int] = field(default_factory=list)
    """What each car held when it last came home, and the slot."""


def live(
    world: World,
    foresight: Foresight,
    strategies: Sequence[Strategy],
    *,
    on_day: Callable[[], None] = lambda: None,
) -> list[Ledger]:
    """Let each strategy live through the world's slots; `on_day` is called after each day."""
    cars = [
        _Car(car, departures=None if world.is_stated_exact else Departures(timezone=world.timezone))
        for car in world.cars
    ]
    cells: list[Cells] = [car.store for car in world.cars]
    if world.battery is not None:
        cells.append(home_cells(world.battery))
    lives = [_begun(world, strategy) for strategy in strategies]
    per_day = round(24 * SECONDS_PER_HOUR / world.slots.slot_s)
    for slot in range(world.slots.count):
        for index, car in enumerate(cars):
            car.has_come(slot)
            absence = car.leaving(slot)
            if absence is not None:
                for life in lives:
                    _leave(world, life, index, absence, slot, per_day)
                _learn(car, absence)
        _pass_slot(world, foresight, cars, cells, lives, slot)
        if slot % per_day == per_day - 1:
            on_day()
    for life in lives:
        life.ledger.end_wh = sum(life.held_wh)
    return [life.ledger for life in lives]


def _begun(world: World, strategy: Strategy) -> _Life:
    held_wh = [car.start_wh for car in world.cars]
    if world.battery is not None:
        held_wh.append(world.battery.capacity_wh * world.battery.soc)
    life = _Life(strategy, Ledger(strategy.name, world), held_wh)
    life.ledger.start_wh = sum(held_wh)
    life.came_wh, life.came = held_wh[: len(world.cars)], [0] * len(world.cars)
    return life


def _leave(
    world: World, life: _Life, index: int, absence: Absence, slot: int, per_day: int
) -> None:
    """Drive off: what is missing of a wish is noted, what is missing for the way is bought.

    A wish that full power from coming home on could not have met is not missed.
    """
    car, ledger = world.cars[index], life.ledger
    held_wh = life.held_wh[index]
    wish = _wish_of(life, car)
    if wish.soc is not None:
        filled_wh = car.store.into_cells_w(car.store.charge_w_max) * world.slots.hours
        reach_wh = life.came_wh[index] + filled_wh * (slot - life.came[index])
        below_wh = min(car.store.energy_at(wish.soc), reach_wh) - held_wh
        ledger.missed_wh += below_wh if below_wh > SHORT_WH else 0.0
    ledger.departures += 1
    left_wh = held_wh - absence.used_wh
    if left_wh < -SHORT_WH:
        ledger.short_days.add(slot // per_day)
    ledger.bought_wh += max(-left_wh, 0.0)
    life.held_wh[index] = max(left_wh, 0.0)
    life.came_wh[index], life.came[index] = life.held_wh[index], absence.end


def _learn(car: _Car, absence: Absence) -> None:
    if car.departures is not None:
        car.departures = car.departures.learned(
            stated_ns=absence.stated_ns, left_ns=absence.leave_ns
        )


def _pass_slot(
    world: World,
    foresight: Foresight,
    cars: list[_Car],
    cells: list[Cells],
    lives: list[_Life],
    slot: int,
) -> None:
    here = [car.is_here(slot) for car in cars]
    seen: Forecasts | None = None
    if any(here) or world.battery is not None:
        now_ns = world.slots.begin_ns(slot)
        count = round(HORIZON_H * SECONDS_PER_HOUR / world.slots.slot_s)
        seen = foresight.at(now_ns, count)
    drives = [[] if seen is None else _drives(world, car, seen) for car in cars]
    for life in lives:
        orders = [NOTHING] * len(life.held_wh)
        if seen is not None:
            problem = _problem(world, life, cars, drives, here, seen)
            plan = life.strategy.answer(problem, seen.prices.known)
            orders = orders_of(problem, plan, cells)
        _settle(world, life, cells, here, orders, slot)


def _settle(
    world: World,
    life: _Life,
    cells: list[Cells],
    here: list[bool],
    orders: list[Order],
    slot: int,
) -> None:
    """Book what really flows."""
    hours, ledger = world.slots.hours, life.ledger
    flows, import_w, export_w = settle(
        load_w=float(world.load_w[slot]),
        sun_w=float(world.sun_w[slot]),
        hours=hours,
        connection=world.connection,
        stores=list(zip(cells, life.held_wh, strict=True)),
        orders=orders,
    )
    ledger.import_w[slot], ledger.export_w[slot] = import_w, export_w
    ledger.held_wh[slot] = sum(life.held_wh[: len(world.cars)])
    for index, flow in enumerate(flows):
        life.held_wh[index] += flow.cells_wh
        if index < len(world.cars):
            car = world.cars[index]
            if here[index]:
                idle_wh = car.store.standby_w * hours
                life.held_wh[index] = max(life.held_wh[index] - idle_wh, 0.0)
            ledger.charge_w[slot] += flow.charge_w
            ledger.give_w[slot] += flow.discharge_w
            ledger.worn += flow.worn_wh * car.wear_per_wh
        elif world.battery is not None:
            ledger.battery_w[slot] = flow.charge_w - flow.discharge_w
            ledger.worn += flow.worn_wh * world.battery.wear_per_kwh / 1000.0


def _drives(world: World, car: _Car, seen: Forecasts) -> list[Drive]:
    """The absences ahead as they are known: times as stated, temperature as forecast."""
    found: list[Drive] = []
    end_ns = seen.slots.end_ns
    ahead = car.year.absences[car.next : car.next + _DRIVES_AHEAD]
    for index, absence in enumerate(ahead):
        stated_ns = absence.leave_ns if world.is_stated_exact else absence.stated_ns
        if index > 0 and found and stated_ns >= end_ns and found[-1].leave_ns >= end_ns:
            break
        at = min(max(seen.slots.index(absence.leave_ns), 0), seen.slots.count - 1)
        found.append(
            Drive(
                name=absence.name,
                leave_ns=stated_ns,
                back_ns=absence.back_ns,
                distance_m=absence.distance_m,
                degc=float(seen.ambient_degc.mean[at]),
                way_factor=absence.way_factor,
            )
        )
    return found


def _wish_of(life: _Life, car: CarYear) -> Wish:
    """Who plugs in and does not plan charges to an everyday limit when nobody wishes anything."""
    if life.strategy.name == PLUGGED and car.wish.soc is None:
        return replace(car.wish, soc=PLUGGED_SOC)
    return car.wish


def _problem(
    world: World,
    life: _Life,
    cars: list[_Car],
    drives: list[list[Drive]],
    here: list[bool],
    seen: Forecasts,
) -> Problem:
    worth = _worth(world, seen)
    storages = [
        _car_storage(life, cars[index], index, drives[index], here[index], seen, worth)
        for index in range(len(cars))
    ]
    if world.battery is not None:
        storages.append(_home_storage(world, life.held_wh[-1], seen.slots.count, worth))
    return Problem(
        slots=seen.slots,
        load_w=seen.load_w.mean,
        sun_w=seen.sun_w.mean,
        import_per_wh=seen.prices.import_per_wh,
        export_per_wh=seen.prices.export_per_wh,
        carbon_g_per_wh=seen.prices.carbon_g_per_wh,
        carbon_per_g=world.carbon_per_g,
        storages=tuple(storages),
        connection=world.connection,
    )


def _worth(world: World, seen: Forecasts) -> float:
    """What a watt-hour from the wall is worth after the horizon."""
    now = world.slots.index(seen.slots.start_ns)
    past = round(WORTH_DAYS * 24 * SECONDS_PER_HOUR / world.slots.slot_s)
    before = world.import_per_wh[max(now - past, 0) : now]
    prices = np.concatenate([before, seen.prices.import_per_wh])
    return float(np.quantile(prices, WORTH_SHARE))


def _car_storage(
    life: _Life,
    car: _Car,
    index: int,
    drives: list[Drive],
    is_here: bool,
    seen: Forecasts,
    worth: float,
) -> Storage:
    year = car.year
    asked = Asked(
        vin=year.vin,
        slots=seen.slots,
        now_ns=seen.slots.start_ns,
        store=year.store,
        energy_wh=life.held_wh[index],
        is_here=is_here,
        drives=drives,
        consumption=year.consumption,
        departures=car.departures,
        wish=_wish_of(life, year),
    )
    return storage_of(
        asked,
        need_of(asked),
        gives=life.strategy.gives and year.gives,
        wear_per_wh=year.wear_per_wh,
        value_per_wh=worth / year.store.charge_efficiency,
    )


def _home_storage(world: World, held_wh: float, count: int, worth: float) -> Storage:
    battery = world.battery
    assert battery is not None
    value_per_wh = worth / battery.charge_efficiency
    return home_store(battery, count, energy_wh=held_wh, value_per_wh=value_per_wh)
