"""Load management on the bus: it has the last word before stations, so that the fuse holds.

Who plans says what each station shall have (Schedule); what fits is offered with a lease. A station
that hears nothing falls back to its safe power; what it may still take then is kept free.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import msgspec
import structlog

from vettura.bus.interface import Bus, Message
from vettura.bus.messages import Answer, MeterValue, decode, encode
from vettura.bus.messages_energy import (
    ChargingNeeds,
    EnergyNote,
    GoalState,
    Schedule,
    SiteMeter,
    StationLimit,
    StationOffer,
)
from vettura.bus.messages_home import DeviceAction, DeviceState
from vettura.bus.subjects import (
    HOME_BUCKET,
    charging_needs,
    device_do,
    device_state,
    energy_note,
    goal,
    meter,
    schedule,
    site_meter,
)
from vettura.clock.interface import Clock
from vettura.energy.config import GridConfig, SharingConfig
from vettura.energy.fuse import Standing, answered, safe_lines, sent, unknown
from vettura.energy.rounds import Seat, Spoken, Table, play
from vettura.energy.sharing import Lines
from vettura.energy.station import number, whole
from vettura.energy.station_meter import Suspicion, judged
from vettura.energy.wanted import need_w, wanted_now
from vettura.errors import BusError, InputError
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S, PHASE_V

log = structlog.get_logger()

LEASE_S, LEASE_LOOKS = 20.0, 300.0
"""A station that hears nothing falls back after so long, or so many of a coarse clock's waits."""
STALE_S, STALE_LOOKS = 10.0, 200.0
"""A reading of the house's meter is good for so long."""
ANSWER_S = 2.0
PERIOD_S, PERIOD_LOOKS = 5.0, 60.0
"""A round is played at least so often."""
RETRY_S = 1.0
GAP_S = 0.25
"""News of one moment are dealt with in one round."""
QUEUE_LIMIT = 1_000
WHO = "sharing"


@dataclass(slots=True, kw_only=True)
class Chair:
    """All that is known of a station."""

    config: StationConfig
    standing: Standing
    plan: Schedule | None = None
    needs: ChargingNeeds | None = None
    is_plugged: bool = False
    phases: int = 3
    switchable_ns: int = 0
    last: StationOffer | None = None
    adopted_w: float | None = None
    """What it had when this life began; kept until who plans speaks."""
    metered: MeterValue | None = None
    suspicion: Suspicion = field(default_factory=Suspicion)
    served_wh: float = 0.0
    served_from_wh: float | None = None
    granted_ns: int = 0
    is_asked: bool = False


@final
class SharingService:
    """Keeps all stations of a home below its fuse. `run()` never returns by itself."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        home_id: str,
        stations: Sequence[StationConfig],
        grid: GridConfig,
        sharing: SharingConfig,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._home_id = home_id
        self._grid = grid
        self._sharing = sharing
        self._start_ns = clock.now_ns()
        looks = clock.resolution_s
        self._lease_ns = round(max(LEASE_S, LEASE_LOOKS * looks) * NS_PER_S)
        self._stale_ns = round(max(STALE_S, STALE_LOOKS * looks) * NS_PER_S)
        self._period_s = max(PERIOD_S, PERIOD_LOOKS * looks)
        self._chairs = {
            config.id: Chair(
                config=config,
                standing=unknown(config, start_ns=self._start_ns, lease_ns=self._lease_ns),
                phases=config.phases,
            )
            for config in stations
        }
        self._site: SiteMeter | None = None
        self._goals: dict[str, GoalState] = {}
        self._is_scarce = False
        self._news = asyncio.Event()
        self._noted: dict[str, str] = {}
        self._lines: list[EnergyNote] = []
        self._group: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Adopt the stations as they are, then share until cancelled."""
        self._check_safe()
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self._hear(f"energy.{self._home_id}.>"), name="sharing hears")
            for name in self._chairs:
                subject = device_state(self._home_id, name)
                group.create_task(self._hear(subject), name=f"sharing hears {name}")
                group.create_task(self._adopt(name), name=f"sharing adopts {name}")
            group.create_task(self._remember(), name="sharing remembers")
            group.create_task(self._share(), name="sharing shares")

    def _check_safe(self) -> None:
        """Say at once when what stations take without word does not fit the fuse."""
        sums = [0.0, 0.0, 0.0]
        for chair in self._chairs.values():
            sums = [sums[k] + amps for k, amps in enumerate(safe_lines(chair.config))]
        room_a = self._grid.fuse_a - self._sharing.reserve_a
        if max(sums) > room_a:
            self._note(
                "safe",
                "plan",
                f"without word the stations take {max(sums):.0f} A on one phase, and the fuse "
                f"leaves {room_a:.0f} A: give them a lower safe_power_w",
            )

    async def _hear(self, pattern: str) -> None:
        while True:
            try:
                ear = await self._bus.subscribe(pattern, limit=QUEUE_LIMIT)
                try:
                    async for message in ear:
                        self._take(message)
                finally:
                    await ear.close()
            except BusError as error:
                log.info("sharing_unheard", error=error.message)
            await self._clock.sleep(RETRY_S)

    async def _remember(self) -> None:
        """What was kept of needs and states while this service was away."""
        try:
            bucket = await self._bus.bucket(HOME_BUCKET)
            for name in self._chairs:
                for subject in (
                    device_state(self._home_id, name),
                    charging_needs(self._home_id, name),
                ):
                    entry = await bucket.get(subject)
                    if entry is not None and entry.value is not None:
                        self._take(Message(subject, entry.value, {}))
        except BusError as error:
            log.info("sharing_forgets", error=error.message)

    def _take(self, message: Message) -> None:
        try:
            if self._took(message):
                self._news.set()
        except InputError as error:
            self._note(message.subject, "station", f"ignored: {error.message}")

    def _took(self, message: Message) -> bool:
        """Take in one message; returns whether it may change who gets what."""
        subject, data = message.subject, message.data
        if subject == site_meter(self._home_id):
            return self._metered(decode(data, SiteMeter, where=subject))
        name = subject.split(".")[-1]
        if subject == goal(self._home_id, name):
            told = decode(data, GoalState, where=subject)
            self._goals[told.vin] = told
            return False
        chair = self._chairs.get(subject.split(".")[-2] if subject.startswith("home.") else name)
        if chair is None:
            return False
        name = chair.config.id
        if subject == schedule(self._home_id, name):
            return self._planned(chair, decode(data, Schedule, where=subject))
        if subject == charging_needs(self._home_id, name):
            chair.needs = decode(data, ChargingNeeds, where=subject)
            return True
        if subject == meter(self._home_id, name):
            return self._station_metered(chair, decode(data, MeterValue, where=subject))
        if subject == device_state(self._home_id, name):
            return self._stated(chair, decode(data, DeviceState, where=subject))
        return False

    def _metered(self, told: SiteMeter) -> bool:
        if self._site is not None and told.time_ns <= self._site.time_ns:
            return False
        self._site = told
        return True

    def _planned(self, chair: Chair, told: Schedule) -> bool:
        if chair.plan is not None and told.time_ns < chair.plan.time_ns:
            return False
        chair.plan = told
        chair.adopted_w = None
        return True

    def _station_metered(self, chair: Chair, told: MeterValue) -> bool:
        chair.suspicion, why = judged(chair.suspicion, chair.config, told)
        if why:
            self._note(f"meter {chair.config.id}", "station", f"{chair.config.id}: {why}")
            return False
        chair.metered = told
        return False

    def _stated(self, chair: Chair, told: DeviceState) -> bool:
        for state in told.entities.values():
            attributes = state.attributes
            if "limit_w" not in attributes:
                continue
            was = chair.is_plugged
            power_w = number(attributes.get("power_w"), 0.0)
            chair.is_plugged = bool(attributes.get("vin")) or state.state in (
                "occupied",
                "charging",
                "discharging",
            )
            if state.state == "available" and abs(power_w) > 200.0:
                self._note(
                    f"lies {chair.config.id}",
                    "station",
                    f"{chair.config.id} says that it is available while {power_w:.0f} W flow; "
                    "it is counted as charging",
                )
                chair.is_plugged = True
            chair.phases = 1 if attributes.get("phases") == 1 else chair.config.phases
            chair.switchable_ns = whole(attributes.get("switchable_ns"))
            limit = _limit_in(attributes)
            if limit is not None and limit.issued_ns >= self._start_ns:
                chair.standing = answered(chair.standing, limit)
            if was and not chair.is_plugged:
                chair.served_wh, chair.served_from_wh = 0.0, None
            return True
        return False

    async def _adopt(self, name: str) -> None:
        """Ask what it has, and give it that as the first word: then older ones can do nothing."""
        chair = self._chairs[name]
        while not chair.standing.is_adopted:
            answer = await self._ask(name, "tell", {})
            limit = _limit_in(answer.response or {}) if answer is not None and answer.ok else None
            if limit is not None:
                now_ns = self._clock.now_ns()
                if chair.adopted_w is None and chair.plan is None:
                    chair.adopted_w = limit.limit_w
                top_w = chair.config.power_w_max / chair.config.phases * limit.phases
                word = StationOffer(
                    power_w=min(limit.limit_w, top_w, chair.config.power_w_max),
                    phases=limit.phases,
                    until_ns=now_ns + self._lease_ns,
                    issued_ns=max(now_ns, limit.issued_ns + 1),
                )
                await self._speak(Spoken(station=name, offer=word, phases=limit.phases))
            if not chair.standing.is_adopted:
                await self._clock.sleep(max(RETRY_S, self._clock.resolution_s))
        self._news.set()

    async def _share(self) -> None:
        while True:
            await self._clock.sleep(GAP_S)
            self._news.clear()
            self._round()
            await self._tell_lines()
            pending = any(
                chair.last is not None and chair.standing.confirmed.issued_ns < chair.last.issued_ns
                for chair in self._chairs.values()
            )
            wait_s = max(RETRY_S, self._clock.resolution_s) if pending else self._period_s
            try:
                await self._clock.wait_for(self._news.wait(), wait_s)
            except TimeoutError:
                continue

    def _round(self) -> None:
        now_ns = self._clock.now_ns()
        table = Table(
            fuse_a=self._grid.fuse_a,
            phases=self._grid.phases,
            reserve_a=self._sharing.reserve_a,
            others_a=self._others_a(now_ns),
            lease_ns=self._lease_ns,
        )
        seats = [self._seat(chair, now_ns) for chair in self._chairs.values()]
        done = play(table, seats, now_ns)
        self._keep_turns(done.waiting, now_ns)
        for spoken in done.words:
            chair = self._chairs[spoken.station]
            if spoken.offer.power_w > 0.0 and (chair.last is None or chair.last.power_w <= 0.0):
                chair.granted_ns = now_ns
            chair.last = spoken.offer
            chair.standing = sent(chair.standing, spoken.offer, spoken.phases, now_ns)
            assert self._group is not None
            self._group.create_task(self._speak(spoken, is_booked=True))

    def _others_a(self, now_ns: int) -> Lines | None:
        site = self._site
        if site is None or now_ns - site.time_ns > self._stale_ns:
            if site is not None or now_ns - self._start_ns > self._stale_ns:
                text = "the house's meter is silent: stations get no more than is safe"
                self._note("meter", "meter", text)
            return None
        if len(site.others_phase_w) not in (1, 3):
            self._note("meter", "meter", "the house's meter does not say what each phase carries")
            return None
        self._noted.pop("meter", None)
        amps = [max(power_w, 0.0) / PHASE_V for power_w in site.others_phase_w]
        return (amps[0], amps[1], amps[2]) if len(amps) == 3 else (amps[0], 0.0, 0.0)

    def _seat(self, chair: Chair, now_ns: int) -> Seat:
        wanted = wanted_now(chair.plan, chair.config, chair.adopted_w, now_ns)
        needs = chair.needs
        power_w = wanted.power_w
        if needs is not None and needs.charge_w_max is not None and power_w > 0.0:
            power_w = min(power_w, max(needs.charge_w_max, 0.0) * 1.02)
        is_held = self._is_scarce and now_ns < chair.granted_ns + round(
            self._sharing.turn_s * NS_PER_S
        )
        return Seat(
            standing=chair.standing,
            wanted_w=power_w,
            wanted_phases=wanted.phases,
            is_plugged=chair.is_plugged,
            phases_now=chair.phases,
            may_switch=now_ns >= chair.switchable_ns,
            need_w=need_w(needs, self._goals.get(needs.vin) if needs else None, now_ns),
            served_wh=self._served_wh(chair),
            is_held=is_held and chair.last is not None and chair.last.power_w > 0.0,
            last=chair.last,
        )

    def _served_wh(self, chair: Chair) -> float:
        if chair.metered is None or chair.served_from_wh is None:
            return 0.0
        return max(chair.metered.energy_wh - chair.served_from_wh, 0.0)

    def _keep_turns(self, waiting: Sequence[str], now_ns: int) -> None:
        """While there is not enough for all, count what each has had."""
        if waiting and not self._is_scarce:
            turn_min = self._sharing.turn_s / 60.0
            text = (
                f"6 A for each car do not fit below the fuse: they take turns of {turn_min:g} min"
            )
            self._note("scarce", "station", text)
            for chair in self._chairs.values():
                chair.served_from_wh = chair.metered.energy_wh if chair.metered else 0.0
                chair.granted_ns = now_ns
        if not waiting:
            self._noted.pop("scarce", None)
        self._is_scarce = bool(waiting)

    async def _speak(self, spoken: Spoken, *, is_booked: bool = False) -> None:
        chair = self._chairs[spoken.station]
        if not is_booked:
            now_ns = self._clock.now_ns()
            chair.standing = sent(chair.standing, spoken.offer, spoken.phases, now_ns)
            chair.last = spoken.offer
        data = msgspec.to_builtins(spoken.offer)
        answer = await self._ask(spoken.station, "offer", data)
        if answer is None:
            return
        limit = _limit_in(answer.response or {})
        if limit is None and answer.ok:
            # A station that says no more than yes keeps to what it was told.
            limit = StationLimit(
                limit_w=max(spoken.offer.power_w, 0.0),
                phases=spoken.phases,
                until_ns=spoken.offer.until_ns,
                issued_ns=spoken.offer.issued_ns,
                safe_w=chair.config.safe_w,
                safe_phases=chair.config.safe_phases,
            )
        if not answer.ok and answer.code != "conflict":
            self._note(
                f"refused {spoken.station}",
                "station",
                f"{spoken.station} refuses {spoken.offer.power_w:.0f} W: {answer.reason}",
            )
        if limit is not None and limit.issued_ns >= self._start_ns:
            chair.standing = answered(chair.standing, limit)
            self._news.set()

    async def _ask(self, name: str, action: str, data: Mapping[str, Any]) -> Answer | None:
        wish = DeviceAction(id=self._clock.new_id(WHO), action=action, data=dict(data), who=WHO)
        subject = device_do(self._home_id, name)
        try:
            reply = await self._bus.request(subject, encode(wish), timeout_s=ANSWER_S)
            return decode(reply.data, Answer, where=f"answer from {subject}")
        except (BusError, InputError) as error:
            log.debug("station_silent", station=name, error=error.message)
            return None

    def _note(self, key: str, about: str, text: str) -> None:
        """A line for a person, once until it is over."""
        if self._noted.get(key) == text:
            return
        self._noted[key] = text
        if len(self._lines) < 100:
            now_ns = self._clock.now_ns()
            self._lines.append(EnergyNote(time_ns=now_ns, about=about, text=text))

    async def _tell_lines(self) -> None:
        while self._lines:
            try:
                await self._bus.publish(energy_note(self._home_id), encode(self._lines[0]))
            except BusError:
                return
            self._lines.pop(0)


def _limit_in(data: Mapping[str, Any]) -> StationLimit | None:
    """The limit in an answer or in a station's attributes; None when there is none."""
    known = {name: data[name] for name in StationLimit.__struct_fields__ if name in data}
    try:
        return msgspec.convert(known, StationLimit)
    except msgspec.ValidationError:
        return None
