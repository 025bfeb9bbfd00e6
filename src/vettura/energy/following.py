"""Between plan and station: what each station shall do now, and the schedule that says so. No I/O.

The dispatcher (`dispatch`) decides; this gathers what it must know and remembers what it said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, final

from vettura.bus.messages_energy import BatteryOrder, Mode, Schedule
from vettura.energy.car_store import CarStore
from vettura.energy.config import EnergyConfig
from vettura.energy.dispatch import House, Memory, Order, Setpoint, Stand, battery_w, dispatch
from vettura.energy.dispatch_phases import Line, least_w, line_of, most_w
from vettura.energy.gather import CarFacts
from vettura.energy.heard import Heard
from vettura.energy.plan_told import orders, schedule_of
from vettura.energy.problem import Plan, Problem
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S, SECONDS_PER_HOUR

FULL_SOC = 0.003
"""So near its limit a car stops by itself."""
GIVE_SOC = 0.005
"""So far above its floor a car may give."""
NEWS_W = 20.0
TRACK_SHARE = 0.015
"""Of its capacity, how far a car may be from what the plan expects."""
SUN_W = 1_400.0
"""Surplus from which a car could charge on one phase of 6 A."""
AHEAD_S = 24 * 3_600
"""A schedule tells so much of the plan, should nobody speak to the station again."""


class Current(NamedTuple):
    """The plan that is followed, with what it was made from."""

    time_ns: int
    problem: Problem
    plan: Plan
    stores: Mapping[str, CarStore]
    floors: Mapping[str, float]
    """Displayed charge by vin, below which a car is filled at once."""


@final
@dataclass(slots=True, kw_only=True)
class Following:
    """What was said last to stations and battery, and what is due now."""

    config: EnergyConfig
    stations: Sequence[StationConfig]
    cars: Mapping[str, CarFacts]
    heard: Heard
    renew_ns: int
    """How long a schedule that was told need not be told again."""
    memories: dict[str, Memory] = field(default_factory=dict)
    said: dict[str, Schedule] = field(default_factory=dict)
    setpoints: dict[str, Setpoint] = field(default_factory=dict)
    battery_w: float | None = None
    """What the home battery shall do; None: as it sees fit."""
    battery_told: BatteryOrder | None = None

    def look(self, current: Current, modes: Mapping[str, Mode], now_ns: int) -> list[Setpoint]:
        """Decide anew what every station does."""
        house = self._house(current, now_ns)
        now = orders(current.problem, current.plan, house.slot)
        stands = [self._stand(station, current, modes, now) for station in self.stations]
        found = dispatch(stands, house, self.memories, now_ns)
        for setpoint, memory in found:
            self.memories[setpoint.station] = memory
            self.setpoints[setpoint.station] = setpoint
        self._look_at_battery(house, now, sum(memory.sun_w for _, memory in found))
        return [setpoint for setpoint, _ in found]

    def schedules(self, current: Current, now_ns: int, new_id: str) -> list[Schedule]:
        """What is to be told to stations now: of those for which it is news."""
        due = []
        for station in self.stations:
            setpoint = self.setpoints.get(station.id)
            if setpoint is None:
                continue
            told = self.said.get(station.id)
            is_news = (
                told is None
                or abs(told.periods[0].power_w - setpoint.power_w) > NEWS_W
                or (told.periods[0].power_w == 0.0) != (setpoint.power_w == 0.0)
                or told.periods[0].phases != setpoint.phases
                or told.time_ns < current.time_ns
                or now_ns - told.time_ns >= self.renew_ns
            )
            if is_news and (self.vin_at(station.id) or told is None or told.periods[0].power_w):
                schedule = self._schedule(station, setpoint, current, now_ns, new_id)
                self.said[station.id] = schedule
                due.append(schedule)
        return due

    def battery_order(self, now_ns: int, lease_ns: int) -> BatteryOrder | None:
        """What the home battery is to be told now; None when what it was told still holds."""
        if self.battery_w is None:
            return None
        told = self.battery_told
        is_news = told is None or abs(told.power_w - self.battery_w) > NEWS_W
        if told is not None and not is_news and now_ns < told.until_ns - lease_ns // 2:
            return None
        self.battery_told = BatteryOrder(
            power_w=round(self.battery_w, 1), until_ns=now_ns + lease_ns
        )
        return self.battery_told

    def vin_at(self, station: str) -> str:
        """The car whose cable is in; empty for none, and what a station says of a stranger."""
        needs = self.heard.needs.get(station)
        return self.heard.plugged.get(station, "") or (needs.vin if needs is not None else "")

    def is_busy(self) -> bool:
        """Whether there is anything to follow."""
        plugged = any(self.vin_at(station.id) for station in self.stations)
        return plugged or self.config.battery is not None

    def has_room(self, current: Current) -> bool:
        """Whether a plan can change anything: a car here has room or may give, or a battery is."""
        if self.config.battery is not None or current.problem.flexibles:
            return True
        for station in self.stations:
            vin = self.vin_at(station.id)
            store, car = current.stores.get(vin), self.heard.cars.get(vin)
            if vin and (store is None or car is None):
                return True
            if store is None or car is None:
                continue
            soc = self.soc_of(vin, station.id, store)
            gives = self.cars[vin].goal.gives and store.discharge_w_max > 0.0
            if gives or (soc is not None and soc < car.limit_soc - FULL_SOC):
                return True
        return False

    def is_on_track(self, current: Current, now_ns: int) -> bool:
        """Whether every car here holds what the plan expects of it now, within some hundredths."""
        slots = current.problem.slots
        slot = min(max(slots.index(now_ns), 0), slots.count - 1)
        for station in self.stations:
            vin = self.vin_at(station.id)
            store = current.stores.get(vin)
            index = next((k for k, s in enumerate(current.problem.storages) if s.id == vin), None)
            if store is None or index is None:
                continue
            soc = self.soc_of(vin, station.id, store)
            flows = current.plan.storages[index]
            due = (float(flows.energy_wh[slot]), float(flows.energy_wh[slot + 1]))
            slack_wh = TRACK_SHARE * store.capacity_wh
            held_wh = 0.0 if soc is None else store.energy_at(soc)
            if soc is None or not min(due) - slack_wh <= held_wh <= max(due) + slack_wh:
                return False
        return True

    def is_moving(self, current: Current, now_ns: int) -> bool:
        """Whether anything flows, shall flow in this slot, or could follow the sun."""
        if self.config.battery is not None or self.sees_sun(current, now_ns):
            return True
        slots = current.problem.slots
        slot = min(max(slots.index(now_ns), 0), slots.count - 1)
        flows = [
            max(float(each.charge_w[slot]), float(each.discharge_w[slot]))
            for storage, each in zip(current.problem.storages, current.plan.storages, strict=True)
            if self._is_plugged(storage.id)
        ]
        told = [setpoint.power_w != 0.0 for setpoint in self.setpoints.values()]
        return any(told) or any(flow > 1.0 for flow in flows)

    def sees_sun(self, current: Current, now_ns: int) -> bool:
        """Whether the sun leaves so much over that a car with room could begin."""
        site = self.heard.fresh_site(now_ns)
        if site is None or not self.has_room(current):
            return False
        return site.stations_w + site.battery_w - site.grid_w >= SUN_W

    def _is_plugged(self, vin: str) -> bool:
        return any(self.vin_at(station.id) == vin for station in self.stations)

    def soc_of(self, vin: str, station: str, store: CarStore) -> float | None:
        """The charge now, by what flowed since the car was looked at; None for a stranger."""
        car = self.heard.cars.get(vin)
        if car is None:
            return None
        meter, looked = self.heard.meters.get(station), self.heard.looked_wh.get(vin)
        if meter is None or looked is None or car.station != station:
            return car.soc
        into_wh = max(meter.energy_wh - looked[0], 0.0) * store.charge_efficiency
        out_wh = max(meter.given_wh - looked[1], 0.0) / store.discharge_gain
        return store.soc_at(store.energy_at(car.soc) + into_wh - out_wh)

    def _house(self, current: Current, now_ns: int) -> House:
        slots = current.problem.slots
        slot = min(max(slots.index(now_ns), 0), slots.count - 1)
        site = self.heard.fresh_site(now_ns)
        return House(
            grid_w=site.grid_w if site is not None else None,
            stations_w=site.stations_w if site is not None else 0.0,
            battery_w=site.battery_w if site is not None else 0.0,
            import_per_wh=float(current.problem.import_per_wh[slot]),
            export_per_wh=float(current.problem.export_per_wh[slot]),
            slot_end_ns=slots.begin_ns(slot + 1),
            plan_ns=current.time_ns,
            slot=slot,
        )

    def _stand(
        self,
        station: StationConfig,
        current: Current,
        modes: Mapping[str, Mode],
        now: Mapping[str, Order],
    ) -> Stand:
        vin = self.vin_at(station.id)
        mode = modes.get(station.id, "plan")
        meter = self.heard.meters.get(station.id)
        facts, store = self.cars.get(vin), current.stores.get(vin)
        line = self._line(station, vin)
        soc = self.soc_of(vin, station.id, store) if store is not None else None
        if not vin or facts is None or store is None or soc is None:
            # Who is not known cannot be planned for, and is charged at once.
            return Stand(
                id=station.id,
                line=line,
                has_car=bool(vin),
                car_w_max=line.power_w_max,
                measured_w=meter.power_w if meter else 0.0,
                measured_wh=meter.energy_wh if meter else 0.0,
                mode="now" if mode == "plan" else mode,
            )
        floor, limit = current.floors.get(vin, 0.0), self.heard.cars[vin].limit_soc
        return Stand(
            id=station.id,
            line=line,
            has_car=True,
            car_w_max=store.charge_w_max,
            give_w_max=store.discharge_w_max,
            measured_w=meter.power_w if meter else 0.0,
            measured_wh=meter.energy_wh if meter else 0.0,
            mode=mode,
            order=now.get(vin, Order()),
            is_full=soc >= limit - FULL_SOC,
            is_below_floor=soc < floor,
            may_give=facts.goal.gives and soc > floor + GIVE_SOC,
        )

    def _line(self, station: StationConfig, vin: str) -> Line:
        facts = self.cars.get(vin)
        phases = round(facts.params.supply.ac_phases) if facts is not None else station.phases
        return line_of(station, car_phases=max(phases, 1))

    def _look_at_battery(self, house: House, now: Mapping[str, Order], sun_w: float) -> None:
        battery = self.config.battery
        if battery is None:
            return
        self.battery_w = battery_w(
            now.get(battery.id, Order()),
            house,
            sun_taken_w=sun_w,
            charge_w_max=battery.charge_w_max,
            discharge_w_max=battery.discharge_w_max,
            feeds_cars=battery.feeds_cars,
        )

    def _schedule(
        self,
        station: StationConfig,
        setpoint: Setpoint,
        current: Current,
        now_ns: int,
        new_id: str,
    ) -> Schedule:
        line = self._line(station, self.vin_at(station.id))
        slots = current.problem.slots
        return schedule_of(
            current.problem,
            current.plan,
            self.vin_at(station.id),
            id=f"{new_id}-{station.id}",
            station=station.id,
            now_ns=now_ns,
            now_w=setpoint.power_w,
            phases=setpoint.phases,
            least_w=least_w(line, line.phases[0]),
            full_w=most_w(line, line.phases[-1]),
            slots_ahead=AHEAD_S // slots.slot_s,
        )


def hours(begin_ns: int, end_ns: int) -> float:
    """Time between two instants [h]."""
    return (end_ns - begin_ns) / NS_PER_S / SECONDS_PER_HOUR
