"""From what is known of house, cars and people to the problem that a planner is asked. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import final

import numpy as np

from vettura.bus.messages_energy import GoalState
from vettura.car.params import Params
from vettura.energy.car_store import CarStore, car_store
from vettura.energy.config import BatteryConfig, CarGoalConfig, EnergyConfig, FlexibleConfig
from vettura.energy.departures import Departures
from vettura.energy.home_store import home_store
from vettura.energy.horizon import Outlook
from vettura.energy.need import Asked, Consumption, Drive, Need, Wish, need_of, storage_of
from vettura.energy.problem import ALL_PHASES, Array, Connection, Flexible, Goal, Problem, Storage
from vettura.energy.slots import Slots
from vettura.life.household import WEEK, Person
from vettura.life.limits import second_of_day
from vettura.life.local_time import local_date, local_ns
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S, PERCENT, PHASE_V, SECONDS_PER_HOUR, W_PER_KW, WH_PER_KWH

CONSUMPTION_SPREAD = 0.15
"""Standard deviation of a drive's energy over the mean of the last 30 km, as a share: traffic and
way of driving (the spread of the trips in `docs/validation.md`)."""
END_SHARE, END_QUANTILE = 0.98, 0.25
"""What is stored at the end is worth a little less than the cheap quarter of the hours asks for
it: so nothing is bought for later that is as cheap later."""
FRACTION_MIN = 0.02
LATE_NS = 3_600 * NS_PER_S
"""Who has not left so long after the time that was said does not go."""
G_PER_T = 1e6
LEAST_WH_PER_M, MOST_WH_PER_M = 0.08, 0.5
USUAL_WH_PER_M = 0.18
"""For a car that does not say: a middling electric car on the road."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CarFacts:
    """What does not change of a car."""

    vin: str
    name: str
    params: Params
    driver: Person | None = None
    """None when nobody drives it."""
    goal: CarGoalConfig


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CarNow:
    """What a car says of itself now."""

    soc: float
    """Displayed charge, 0 to 1."""
    limit_soc: float = 1.0
    station: str = ""
    """Whose cable is plugged; empty for none."""
    range_m: float = 0.0
    """As its display says; 0 when it says nothing of use."""
    degc: float = 15.0
    """Outside."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CarAhead:
    """A car with what is wished of it and where it goes."""

    facts: CarFacts
    now: CarNow
    station: StationConfig
    """Where it is plugged, or will be."""
    drives: Sequence[Drive]
    departures: Departures | None
    wish: Wish
    wished_soc: float | None = None
    """What was wished before the car's own limit cut it; None: nothing was."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What goes to the planner, and what to tell of each car."""

    problem: Problem
    goals: dict[str, GoalState]
    stores: dict[str, CarStore]
    fraction: float
    """How much of the first slot is left."""


def gather(
    slots: Slots,
    config: EnergyConfig,
    ahead: Outlook,
    cars: Sequence[CarAhead],
    *,
    now_ns: int,
    timezone: str,
    battery_soc: float | None = None,
    peak_so_far_w: float = 0.0,
) -> Gathered:
    """The problem of this house from now on; the first slot is as long as what is left of it."""
    fraction = max((slots.begin_ns(1) - now_ns) / slots.slot_ns, FRACTION_MIN)
    worth = end_value_per_wh(ahead.import_per_wh)
    storages: list[Storage] = []
    goals: dict[str, GoalState] = {}
    stores: dict[str, CarStore] = {}
    for car in cars:
        storage, need, store = _car(car, slots, now_ns, worth)
        storages.append(storage)
        goals[car.facts.vin] = _told(car, need, store)
        stores[car.facts.vin] = store
    if config.battery is not None:
        storages.append(_battery(config.battery, slots, battery_soc, worth))
    hours = np.full(slots.count, slots.hours)
    hours[0] = fraction * slots.hours
    problem = Problem(
        slots=slots,
        load_w=ahead.load_w,
        sun_w=ahead.sun_w,
        import_per_wh=ahead.import_per_wh,
        export_per_wh=ahead.export_per_wh,
        carbon_g_per_wh=ahead.carbon_g_per_wh,
        carbon_per_g=config.grid.carbon_per_t / G_PER_T,
        storages=tuple(storages),
        flexibles=tuple(_flexibles(config.flexible, slots, timezone)),
        connection=_connection(config, peak_so_far_w),
        load_phase_share=(1.0, 0.0, 0.0) if config.grid.phases == 1 else ALL_PHASES,
        hours=hours,
    )
    return Gathered(problem=problem, goals=goals, stores=stores, fraction=fraction)


def end_value_per_wh(import_per_wh: Array) -> float:
    """What a watt-hour at the wall is worth after the horizon."""
    return max(END_SHARE * float(np.quantile(import_per_wh, END_QUANTILE)), 0.0)


def can_move(problem: Problem) -> bool:
    """Whether a plan can change anything: some storage is here and has room, or may give."""
    for storage in problem.storages:
        room_wh = storage.energy_max_wh - storage.energy_wh
        takes = storage.charge_w_max[0] > 0.0 and room_wh > 0.005 * storage.capacity_wh
        if takes or storage.discharge_w_max[0] > 0.0:
            return True
    return bool(problem.flexibles)


def store_of(facts: CarFacts, station: StationConfig) -> CarStore:
    """The car at that station."""
    gives_w = station.discharge_power_w_max if facts.goal.gives else 0.0
    return _store(facts.params, station.power_w_max, float(station.phases), gives_w)


@lru_cache(maxsize=64)
def _store(params: Params, power_w_max: float, phases: float, gives_w_max: float) -> CarStore:
    """As `car_store`, which drives the car's model for an hour to find this out."""
    return car_store(params, power_w_max=power_w_max, phases=phases, gives_w_max=gives_w_max)


def _car(
    car: CarAhead, slots: Slots, now_ns: int, worth_per_wh: float
) -> tuple[Storage, Need, CarStore]:
    store = store_of(car.facts, car.station)
    asked = Asked(
        vin=car.facts.vin,
        slots=slots,
        now_ns=now_ns,
        store=store,
        energy_wh=store.energy_at(car.now.soc),
        is_here=bool(car.now.station),
        drives=_shown(car, now_ns),
        consumption=consumption_of(car.now, store),
        departures=car.departures,
        wish=car.wish,
    )
    need = need_of(asked)
    storage = storage_of(
        asked,
        need,
        gives=car.facts.goal.gives,
        exports=car.facts.goal.exports,
        wear_per_wh=car.facts.goal.wear_per_kwh / WH_PER_KWH,
        value_per_wh=worth_per_wh / store.charge_efficiency,
    )
    share = (1.0, 0.0, 0.0) if car.station.phases == 1 else ALL_PHASES
    storage = replace(storage, phase_share=share)
    return _limited(storage, store.energy_at(car.now.limit_soc)), need, store


def _shown(car: CarAhead, now_ns: int) -> list[Drive]:
    """The drives as a car that is not plugged sees them: it is away until it comes back."""
    drives = list(car.drives)
    if car.now.station:
        # Who is plugged in has not left, whatever the day's plan says, but may leave any moment.
        fresh = [one for one in drives if one.leave_ns > now_ns - LATE_NS]
        soon_ns = now_ns + NS_PER_S
        return [replace(one, leave_ns=max(one.leave_ns, soon_ns)) for one in fresh]
    under_way = bool(drives) and drives[0].leave_ns <= now_ns
    if under_way:
        return drives
    back_ns = drives[0].back_ns if drives else now_ns + 96 * round(SECONDS_PER_HOUR) * NS_PER_S
    unplugged = Drive(
        name="unplugged", leave_ns=now_ns, back_ns=back_ns, distance_m=0.0, degc=car.now.degc
    )
    return [unplugged, *drives[1:]]


def _limited(storage: Storage, limit_wh: float) -> Storage:
    """The car stops at its own limit, whatever is wished."""
    goals = tuple(
        Goal(
            name=goal.name,
            at=goal.at,
            energy_wh=min(goal.energy_wh, limit_wh),
            per_wh=goal.per_wh,
        )
        for goal in storage.goals
    )
    most_wh = max(min(storage.energy_max_wh, limit_wh), storage.energy_wh)
    least_wh = min(storage.energy_min_wh, most_wh)
    return replace(storage, goals=goals, energy_max_wh=most_wh, energy_min_wh=least_wh)


def _told(car: CarAhead, need: Need, store: CarStore) -> GoalState:
    """What to tell of a goal, with what stands against it."""
    state, limit = need.state, car.now.limit_soc
    remarks = [state.text]
    is_possible = state.is_possible
    by_date = car.wish.soc if car.wish.by_ns and car.wish.soc is not None else 0.0
    wanted = max(state.soc, car.wished_soc or 0.0, by_date)
    if wanted > limit + 0.005:
        remarks.append(f"the car's own limit is {PERCENT * limit:.0f} %")
        is_possible = False
    by_ns = car.wish.by_ns if car.wish.soc is not None and car.wish.by_ns else state.early_ns
    reached = reachable_soc(store, car.now, now_ns=state.time_ns, by_ns=by_ns)
    if car.now.station and min(wanted, limit) > reached + 0.005:
        remarks.append(f"not possible by then: {PERCENT * reached:.0f} %")
        is_possible = False
    return GoalState(
        time_ns=state.time_ns,
        vin=state.vin,
        soc=min(wanted, 1.0),
        by_ns=car.wish.by_ns or state.by_ns,
        early_ns=min(state.early_ns, by_ns) if car.wish.by_ns else state.early_ns,
        floor_soc=state.floor_soc,
        source="owner" if car.wished_soc is not None else "needs" if by_date else state.source,
        text="; ".join(remarks),
        is_possible=is_possible,
    )


def reachable_soc(store: CarStore, car: CarNow, *, now_ns: int, by_ns: int) -> float:
    """The displayed charge at full power from now until then, within the car's own limit."""
    hours = max(by_ns - now_ns, 0) / NS_PER_S / SECONDS_PER_HOUR
    energy_wh = store.energy_at(car.soc) + hours * store.into_cells_w(store.charge_w_max)
    return max(car.soc, min(store.soc_at(energy_wh), car.limit_soc))


def consumption_of(car: CarNow, store: CarStore) -> Consumption:
    """What it takes on the road, by what it took of late; the weather stays as it is."""
    told = store.energy_at(car.soc) / car.range_m if car.range_m > 0.0 else USUAL_WH_PER_M
    wh_per_m = min(max(told, LEAST_WH_PER_M), MOST_WH_PER_M)
    return Consumption((car.degc,), (wh_per_m,), (0.0,), CONSUMPTION_SPREAD)


def _battery(
    config: BatteryConfig, slots: Slots, soc: float | None, worth_per_wh: float
) -> Storage:
    held = config.soc if soc is None else min(max(soc, 0.0), 1.0)
    return home_store(
        config,
        slots.count,
        energy_wh=held * config.capacity_wh,
        value_per_wh=worth_per_wh * config.discharge_efficiency,
    )


def _connection(config: EnergyConfig, peak_so_far_w: float) -> Connection:
    grid = config.grid
    phase_w = max(grid.fuse_a - config.sharing.reserve_a, 0.0) * PHASE_V
    all_w = phase_w * grid.phases
    return Connection(
        import_w_max=all_w,
        export_w_max=grid.fuse_a * PHASE_V * grid.phases
        if grid.export_w_max is None
        else grid.export_w_max,
        phase_w_max=phase_w,
        peak_per_w=grid.peak_per_kw / W_PER_KW,
        peak_so_far_w=peak_so_far_w,
    )


def _flexibles(configs: Sequence[FlexibleConfig], slots: Slots, timezone: str) -> list[Flexible]:
    """Each window that begins within the horizon, and is over before its end."""
    found: list[Flexible] = []
    first = local_date(slots.start_ns, timezone)
    for config in configs:
        for ahead in range(5):
            day = first.fromordinal(first.toordinal() + ahead)
            since_s = float(second_of_day(config.since))
            until_s = float(second_of_day(config.until))
            until_s += 0.0 if until_s > since_s else 86_400.0
            begin = slots.index(local_ns(day, since_s, timezone))
            end = slots.index(local_ns(day, until_s, timezone))
            if WEEK[day.weekday()] in config.days and 0 <= begin < end <= slots.count:
                flexible = Flexible(
                    id=f"{config.id} {day.isoformat()}",
                    energy_wh=config.kwh * WH_PER_KWH,
                    power_w_max=config.power_w,
                    first=begin,
                    end=end,
                )
                found.append(flexible)
    return found


def by_vin(cars: Sequence[CarAhead]) -> Mapping[str, CarAhead]:
    """The cars by vin."""
    return {car.facts.vin: car for car in cars}
