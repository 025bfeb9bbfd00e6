"""The energy of one home on the bus: it gathers, plans, tells, follows, and obeys wishes.

It plans at every news within a second, and at each slot; what it decides goes to stations as a
`Schedule`, of which load management makes offers below the fuse. Goals, modes and what was learnt
of departures are kept on the bus.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import final

import msgspec
import structlog
from msgspec.structs import replace

from vettura.bus import subjects
from vettura.bus.interface import Bus, Message
from vettura.bus.messages import Answer, Command, Precondition, decode, decode_frame, encode
from vettura.bus.messages_energy import (
    EnergyWish,
    GoalState,
    SetGoal,
    Wished,
)
from vettura.bus.messages_home import DeviceAction
from vettura.bus.patience import patiently
from vettura.bus.subjects import HOME_BUCKET
from vettura.clock.interface import Clock
from vettura.energy.config import EnergyConfig
from vettura.energy.following import Current, Following
from vettura.energy.gather import CarFacts, gather, reachable_soc
from vettura.energy.gather import store_of as store_of
from vettura.energy.heard import SITE_SILENT_NS, Heard
from vettura.energy.horizon import Outlook, outlook
from vettura.energy.looking import Looking
from vettura.energy.peak import Watch, highest, watched
from vettura.energy.plan_telling import PlanTelling
from vettura.energy.planning import Planning, Strategy
from vettura.energy.slots import slots_from
from vettura.energy.wishes import expired, mode_of, obeyed
from vettura.errors import BusError, InputError
from vettura.life.household import Household
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S, PERCENT, SECONDS_PER_HOUR

log = structlog.get_logger()

FOLLOW_S, FOLLOW_LOOKS = 5.0, 60.0
"""Stations are looked at this often; where the clock is coarse, once in so many shortest waits."""
COARSE_S = 1.0
RENEW_NS, RENEW_COARSE_NS = 600 * NS_PER_S, 3_600 * NS_PER_S
"""A schedule is told again this often, for who has not heard it."""
PLAN_COARSE_S, PLAN_COARSE_MAX_NS = 3_600.0, 6 * 3_600 * NS_PER_S
"""Where the clock is coarse it plans at news, once an hour when it goes otherwise than planned, and
at least so often."""
NO_NEED = frozenset({"time", "prices", "forecast", "forecast off", "today"})
"""News that matter only where something can be moved."""
LOOK_S = 1.0
"""How long a car is waited for when it is asked how it is."""
OFF_AGAIN_NS = 600 * NS_PER_S
"""A house that is far from its forecast is planned for anew at most this often."""
PREPARE_AGAIN_NS = 600 * NS_PER_S
"""How often it looks whether a car shall be warm soon."""
BATTERY_LEASE_S = 30.0
"""A home battery that hears nothing for so long does as it sees fit."""
RETRY_S = 10.0
IDLE_S = 900.0
WHO = "energy"


@final
class EnergyService:
    """Plans one home's energy. `run()` never returns by itself.

    `strategy` stands in for the planner; None: the linear program, loaded when it is needed.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        household: Household,
        config: EnergyConfig,
        *,
        cars: Sequence[CarFacts],
        stations: Sequence[StationConfig],
        strategy: Strategy | None = None,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._household = household
        self._home = household.id
        self._config = config
        self._cars = {facts.vin: facts for facts in cars}
        self._stations = {station.id: station for station in stations}
        silent_ns = max(SITE_SILENT_NS, round(600 * clock.resolution_s) * NS_PER_S)
        self._heard = Heard(home=self._home, stations=tuple(self._stations), silent_ns=silent_ns)
        self._looking = Looking(household, config, self._cars, self._stations, self._heard)
        self._planning = Planning(strategy, timezone=household.timezone)
        self._following = Following(
            config=config,
            stations=list(stations),
            cars=self._cars,
            heard=self._heard,
            renew_ns=RENEW_NS if self._is_fine else RENEW_COARSE_NS,
        )
        self._wished = self._kept = Wished()
        self._answers: dict[str, Answer] = {}
        self._current: Current | None = None
        self._plan_due = asyncio.Event()
        self._look_due = asyncio.Event()
        self._why = "start"
        self._telling = PlanTelling(bus, clock, self._home, currency=config.currency)
        self._off_ns = 0
        self._peak = Watch()
        self._prepared: dict[str, int] = {}
        """For which departure each car was told to be warm."""
        self._prepare_ns = 0
        self._deaf: set[str] = set()
        """What it does not hear yet."""
        self._all_heard = asyncio.Event()
        self._log = log.bind(home=self._home)

    async def run(self) -> None:
        """Remember, then serve until cancelled."""
        await self._remember()
        patterns = self._heard.patterns()
        self._deaf = set(patterns)
        async with asyncio.TaskGroup() as group:
            for pattern, keys in patterns.items():
                group.create_task(self._listen(pattern, keys))
            group.create_task(self._serve(), name="energy serves")
            group.create_task(self._plan_on(), name="energy plans")
            group.create_task(self._follow(), name="energy follows")

    # Hearing.

    async def _remember(self) -> None:
        bucket = await patiently(self._clock, lambda: self._bus.bucket(HOME_BUCKET))
        key = subjects.wished(self._home)
        entry = await patiently(self._clock, lambda: bucket.get(key))
        if entry is None or entry.value is None:
            return
        try:
            self._wished = self._kept = decode(entry.value, Wished, where=key)
        except InputError as error:
            self._log.warning("memory_unreadable", error=error.message)

    async def _listen(self, pattern: str, keys: Sequence[str]) -> None:
        """Hear what is said there, and first what is kept of it: also after the bus was away."""
        while True:
            try:
                ear = await self._bus.subscribe(pattern)
                try:
                    bucket = await self._bus.bucket(HOME_BUCKET)
                    for key in keys:
                        entry = await bucket.get(key)
                        if entry is not None and entry.value is not None:
                            self._hear(key, entry.value)
                    self._deaf.discard(pattern)
                    self._all_heard.set()
                    async for message in ear:
                        self._hear(message.subject, message.data)
                finally:
                    await ear.close()
            except BusError as error:
                self._log.info("energy_unheard", pattern=pattern, error=error.message)
            await self._clock.sleep(RETRY_S)

    def _hear(self, subject: str, data: bytes) -> None:
        now_ns = self._clock.now_ns()
        plugged = dict(self._heard.plugged)
        try:
            news = self._heard.take(subject, data, now_ns=now_ns)
        except InputError as error:
            self._heard.ignored.append((_about(subject), error.message))
            self._look_due.set()
            return
        if news == "plan":
            self._learn(plugged, now_ns)
            self._plan_for(subject.split(".")[2])
        elif news == "look":
            self._watch_peak(now_ns)
            self._look_at_house(now_ns)

    def _look_at_house(self, now_ns: int) -> None:
        """The house's meter spoke: follow it, and plan anew when it is far from the forecast."""
        current = self._current
        if current is None or not self._following.is_busy():
            return
        if self._is_fine or self._following.sees_sun(current, now_ns):
            self._look_due.set()
        if self._is_far_off(current, now_ns):
            self._off_ns = now_ns
            self._plan_for("forecast off")

    def _peak_so_far_w(self, now_ns: int) -> float:
        now = highest(
            self._wished.month_peak, 0.0, time_ns=now_ns, timezone=self._household.timezone
        )
        return now[1]

    def _watch_peak(self, now_ns: int) -> None:
        """Note the month's highest quarter of an hour, where peaks are paid for."""
        site = self._heard.site
        if site is None or self._config.grid.peak_per_kw <= 0.0:
            return
        self._peak, power_w = watched(self._peak, site)
        if power_w is None:
            return
        before, zone = self._wished.month_peak, self._household.timezone
        after = highest(before, power_w, time_ns=now_ns, timezone=zone)
        if after != before:
            self._wished = replace(self._wished, month_peak=after)

    @property
    def _is_fine(self) -> bool:
        """Whether the clock grants every moment that is asked for."""
        return self._clock.resolution_s < COARSE_S

    def _is_far_off(self, current: Current, now_ns: int) -> bool:
        """Whether the house is so far from the plan's forecast that it must plan anew."""
        slot = current.problem.slots.index(now_ns)
        if now_ns - self._off_ns < OFF_AGAIN_NS or not 0 <= slot < current.problem.slots.count:
            return False
        load_w, sun_w = float(current.problem.load_w[slot]), float(current.problem.sun_w[slot])
        return self._heard.is_off(load_w=load_w, sun_w=sun_w, now_ns=now_ns)

    def _learn(self, before: Mapping[str, str], now_ns: int) -> None:
        """A cable that came out of a car: it leaves, at that time and not as it was said."""
        for station, vin in before.items():
            if vin and self._heard.plugged.get(station) != vin:
                learnt = self._looking.left(self._wished, vin, now_ns)
                self._wished = learnt if learnt is not None else self._wished

    def _plan_for(self, why: str) -> None:
        self._why = why
        self._plan_due.set()

    # Wishes.

    async def _serve(self) -> None:
        subject = subjects.energy_do(self._home)
        while True:
            try:
                ear = await self._bus.subscribe(subject)
                try:
                    async for message in ear:
                        answer = await self._obey(message)
                        await self._bus.respond(message, encode(answer))
                finally:
                    await ear.close()
            except BusError as error:
                self._log.info("wishes_unheard", error=error.message)
            await self._clock.sleep(RETRY_S)

    async def _obey(self, message: Message) -> Answer:
        try:
            wish = decode(message.data, EnergyWish, where=message.subject)
        except InputError as error:
            return Answer(ok=False, reason=error.message, code="type")
        if wish.id in self._wished.done:
            return self._answers.get(wish.id, Answer(ok=True, state="accepted"))
        now_ns = self._clock.now_ns()
        done = obeyed(self._wished, wish, cars=self._cars, stations=self._stations, now_ns=now_ns)
        if done.reason:
            return Answer(ok=False, reason=done.reason, code="range", state="refused")
        self._wished = self._kept = done.wished
        await self._telling.keep(subjects.wished(self._home), self._wished)
        answer = Answer(ok=True, state="accepted", response=self._remark(wish, now_ns))
        self._answers[wish.id] = answer
        while len(self._answers) > len(self._wished.done):
            del self._answers[next(iter(self._answers))]
        self._log.info("wish_obeyed", id=wish.id, who=wish.who)
        self._plan_for("wish")
        return answer

    def _remark(self, wish: EnergyWish, now_ns: int) -> dict[str, object] | None:
        """What stands against a goal, in words for a person; None when nothing does."""
        goal = wish.verb
        if not isinstance(goal, SetGoal) or goal.soc is None or goal.by_ns is None:
            return None
        car = self._heard.cars.get(goal.vin)
        if car is None or not car.station:
            return None
        store = store_of(self._cars[goal.vin], self._stations[car.station])
        reached = reachable_soc(store, car, now_ns=now_ns, by_ns=goal.by_ns)
        if reached >= goal.soc - 0.005:
            return None
        return {"text": f"not possible by then: {PERCENT * reached:.0f} %"}

    # Planning.

    async def _plan_on(self) -> None:
        while self._deaf:
            # A plan from half of what is known would be taken back in the next second.
            self._all_heard.clear()
            await self._all_heard.wait()
        while True:
            self._plan_due.clear()
            try:
                await self._plan()
            except BusError as error:
                self._log.info("plan_not_told", error=error.message)
            try:
                await self._clock.wait_for(self._plan_due.wait(), self._plan_patience_s())
            except TimeoutError:
                self._why = "time"

    def _plan_patience_s(self) -> float:
        now_ns = self._clock.now_ns()
        slot_s = float(self._config.slot_s)
        period_s = slot_s if self._is_fine else max(PLAN_COARSE_S, slot_s)
        period_ns = round(period_s) * NS_PER_S
        return (period_ns - now_ns % period_ns) / NS_PER_S

    async def _plan(self) -> None:
        """Look at the cars, plan, tell; by rule where the planner cannot be trusted."""
        now_ns = self._clock.now_ns()
        if not self._is_fine and self._is_needless(now_ns):
            return
        self._wished = expired(self._wished, now_ns)
        if self._wished is not self._kept:
            await self._telling.keep(subjects.wished(self._home), self._wished)
            self._kept = self._wished
        await self._look_at_cars()
        slots = slots_from(
            now_ns,
            slot_s=self._config.slot_s,
            count=self._config.horizon_h * round(SECONDS_PER_HOUR) // self._config.slot_s,
        )
        ahead = outlook(
            slots,
            self._config,
            prices=self._heard.prices,
            sun=self._heard.forecasts.get("sun"),
            load=self._heard.forecasts.get("load"),
            now_ns=now_ns,
        )
        cars = self._looking.cars(self._wished, now_ns)
        site = self._heard.fresh_site(now_ns)
        gathered = gather(
            slots,
            self._config,
            ahead,
            cars,
            now_ns=now_ns,
            timezone=self._household.timezone,
            battery_soc=site.battery_soc if site is not None else None,
            peak_so_far_w=self._peak_so_far_w(now_ns),
        )
        planned = self._planning.plan(gathered.problem, trusts=_distrust(ahead))
        self._current = Current(
            time_ns=now_ns,
            problem=gathered.problem,
            plan=planned.plan,
            stores=gathered.stores,
            floors={vin: goal.floor_soc for vin, goal in gathered.goals.items()},
        )
        self._look_due.set()
        unseen = [facts.name for vin, facts in self._cars.items() if vin not in self._heard.cars]
        notes = [planned.note, *ahead.missing, *(f"{name} does not answer" for name in unseen)]
        await self._telling.tell_plan(gathered, planned, notes)
        self._log.info(
            "planned",
            why=self._why,
            origin=planned.plan.origin,
            cars=sum(bool(car.now.station) for car in cars),
            slots=slots.count,
            cost=round(planned.plan.cost, 3),
        )
        await self._tell_goals(gathered.goals)

    def _is_needless(self, now_ns: int) -> bool:
        """Whether a new plan would change nothing, where the clock is coarse.

        Time alone is no news while all goes as planned, and neither are prices while no car has
        room.
        """
        current = self._current
        if current is None or self._why not in NO_NEED:
            return False
        if not self._following.has_room(current):
            return True
        is_old = now_ns - current.time_ns >= PLAN_COARSE_MAX_NS
        is_heard = self._why in {"time", "forecast"}
        return is_heard and not is_old and self._following.is_on_track(current, now_ns)

    async def _look_at_cars(self) -> None:
        for vin in self._cars:
            try:
                reply = await self._bus.request(subjects.car_get(vin), b"", timeout_s=LOOK_S)
                frame = decode_frame(reply.data, where=subjects.car_get(vin))
            except BusError:
                continue
            except InputError as error:
                self._heard.ignored.append(("car", error.message))
                continue
            self._heard.look_at(vin, frame)

    async def _tell_goals(self, goals: Mapping[str, GoalState]) -> None:
        for goal in goals.values():
            await self._telling.tell_goal(goal)
        for station in self._stations:
            mode, vin = mode_of(self._wished, station), self._following.vin_at(station)
            await self._telling.tell_mode(
                station, mode, is_strange=bool(vin and vin not in self._cars)
            )
        for about, text in self._heard.taken_notes():
            await self._telling.note(about, text)

    # Following.

    async def _follow(self) -> None:
        while True:
            self._look_due.clear()
            try:
                await self._look()
            except BusError as error:
                self._log.info("schedule_not_told", error=error.message)
            try:
                await self._clock.wait_for(self._look_due.wait(), self._follow_patience_s())
            except TimeoutError:
                continue

    def _follow_patience_s(self) -> float:
        current = self._current
        if current is None or not self._following.is_busy():
            return IDLE_S
        now_ns = self._clock.now_ns()
        if not self._is_fine and not self._following.is_moving(current, now_ns):
            slots = current.problem.slots
            end_ns = slots.begin_ns(slots.index(now_ns) + 1)
            return (end_ns - now_ns) / NS_PER_S
        return max(FOLLOW_S, FOLLOW_LOOKS * self._clock.resolution_s)

    async def _look(self) -> None:
        current = self._current
        if current is None:
            return
        now_ns = self._clock.now_ns()
        self._following.look(current, self._wished.modes, now_ns)
        new_id = self._clock.new_id(WHO)
        for schedule in self._following.schedules(current, now_ns, new_id):
            subject = subjects.schedule(self._home, schedule.station)
            await self._bus.publish(subject, encode(schedule))
        await self._order_battery(now_ns, new_id)
        await self._prepare(now_ns)

    async def _prepare(self, now_ns: int) -> None:
        """Have cars at their cables warm or cool for the next drive, on the wall's energy."""
        if now_ns - self._prepare_ns < PREPARE_AGAIN_NS:
            return
        self._prepare_ns = now_ns
        for vin, leave_ns in self._looking.to_prepare(now_ns).items():
            if self._prepared.get(vin) == leave_ns:
                continue
            self._prepared[vin] = leave_ns
            verb = Precondition(ready_at_ns=leave_ns)
            command = Command(id=self._clock.new_id(WHO), verb=verb, who=WHO, role="owner")
            subject = subjects.car_do(vin, "precondition")
            try:
                reply = await self._bus.request(subject, encode(command), timeout_s=LOOK_S)
                answer = decode(reply.data, Answer, where=subject)
            except (BusError, InputError) as error:
                answer = Answer(ok=False, reason=error.message)
            self._log.info("car_prepared", car=vin, ok=answer.ok, reason=answer.reason)

    async def _order_battery(self, now_ns: int, new_id: str) -> None:
        battery = self._config.battery
        lease_s = max(BATTERY_LEASE_S, 4.0 * self._follow_patience_s())
        order = self._following.battery_order(now_ns, round(lease_s) * NS_PER_S)
        if battery is None or order is None:
            return
        data = msgspec.to_builtins(order)
        action = DeviceAction(id=new_id, action="set_power", data=data, who=WHO)
        subject = subjects.device_do(self._home, battery.id)
        try:
            await self._bus.request(subject, encode(action), timeout_s=LOOK_S)
        except BusError as error:
            # It goes back to what it does by itself when its lease is over.
            self._log.debug("battery_unheard", error=error.message)


def _distrust(ahead: Outlook) -> str:
    """Why a plan from these inputs would be guesswork; empty when it would not."""
    if not ahead.has_prices:
        return "no prices are known: charging does not wait for cheap hours"
    return ""


def _about(subject: str) -> str:
    """Which of the subjects of a note a message belongs to."""
    levels = subject.split(".")
    known = {"prices": "prices", "site": "meter", "meter": "station", "needs": "car"}
    if levels[2] == "forecast":
        return levels[3] if levels[3] in {"sun", "load"} else "sun"
    return known.get(levels[2], "station")
