"""The wallbox on the bus: it plugs and unplugs, offers power, and measures what flows."""

import asyncio
import math
from collections import OrderedDict
from dataclasses import replace
from typing import Any, final

import msgspec
import structlog

from vettura.bus.ask import ask
from vettura.bus.interface import Bus
from vettura.bus.messages import (
    Answer,
    Command,
    Offer,
    Outcome,
    Plug,
    SignalValue,
    Unplug,
    Verb,
    decode,
    decode_frame,
    encode,
)
from vettura.bus.messages_energy import ChargingNeeds, Transaction
from vettura.bus.messages_home import DeviceAction
from vettura.bus.subjects import car_do, car_get, car_signals, device_do
from vettura.clock.interface import Clock
from vettura.energy.pilot import (
    FAULT_NS,
    NEVER_NS,
    in_force,
    is_obeyed,
    limit_of,
    next_ns,
    offered,
    refused_offer,
    told,
    watched,
)
from vettura.energy.plugged import WANTED, is_news, needs_of
from vettura.energy.sharing import lines_a, most
from vettura.energy.station import (
    Station,
    Word,
    counted,
    heard,
    port_side_w,
    released,
    status,
    taken,
    whole,
)
from vettura.energy.station_words import recalled
from vettura.energy.telling import IDLE_S, METER_LOOKS, METER_S, Telling
from vettura.energy.transactions import as_late, count_charges
from vettura.errors import BusError, InputError
from vettura.life.limits import check_token
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S

log = structlog.get_logger()

PATIENCE_S = 2.0
RETRY_S = 10.0
RETRY_CAR_NS = NS_PER_S
"""A car that did not take its new limit is told again so soon."""
LOOK_NS = 1_200_000_000
"""So long after it was told, a car that has said nothing is asked what it takes."""
REMEMBERED_ACTIONS = 256
QUEUE_LIMIT = 256
OUTBOX_LIMIT = 1_000
"""Events of charges that wait for the bus."""
WHO = "wallbox"
SILENT = "the car does not answer"


@final
class WallboxService:
    """One station of a home, a device on the bus. `run()` never returns by itself.

    Which car the cable is in, what was offered and the energy ever delivered outlive a restart;
    energy to within half a minute. Where charging `is_planned`, it offers nothing without a lease,
    counts its charges, and says what the plugged car wants.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        home_id: str,
        config: StationConfig,
        *,
        is_planned: bool = False,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._config = config
        self._is_planned = is_planned
        self._do_subject = device_do(home_id, config.id)
        self._telling = Telling(bus, home_id, config)
        self._station = recalled(None, config, clock.now_ns())
        self._news = asyncio.Event()
        self._due = asyncio.Event()
        self._hand = asyncio.Lock()
        """Held by who talks to the car."""
        self._pen = asyncio.Lock()
        """Held by who tells and keeps."""
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._outbox: list[Transaction] = []
        self._faults: list[str] = []
        """Told to people next."""
        self._car_says: dict[str, SignalValue] = {}
        self._is_curious = False
        self._needs: ChargingNeeds | None = None
        self._told_needs: ChargingNeeds | None = None
        self._log = log.bind(station=config.id)

    async def run(self) -> None:
        """Remember, then serve until cancelled."""
        await self._wake()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._serve(), name=f"{self._config.id} serves")
            group.create_task(self._listen(), name=f"{self._config.id} listens")
            group.create_task(self._steer(), name=f"{self._config.id} steers")
            group.create_task(self._tell(), name=f"{self._config.id} tells")

    async def _wake(self) -> None:
        """Remember; without its memory the station would count from nothing, so it waits for it."""
        while True:
            try:
                kept = await self._telling.recall()
            except BusError as error:
                self._log.info("station_waits_for_bus", error=error.message)
                await self._clock.sleep(RETRY_S)
                continue
            except InputError as error:
                self._log.warning("station_memory_unreadable", error=error.message)
                kept = None
            self._station = recalled(kept, self._config, self._clock.now_ns())
            if self._is_planned and in_force(self._station, self._config, 0).is_plain:
                quiet = Word(power_w=0.0, until_ns=self._station.time_ns)
                self._station = replace(self._station, word=quiet, offered_w=0.0)
            return

    async def _serve(self) -> None:
        """Answer actions one after the other."""
        while True:
            try:
                ear = await self._bus.subscribe(self._do_subject, limit=QUEUE_LIMIT)
                try:
                    async for message in ear:
                        answer = await self._obey(message.data)
                        await self._bus.respond(message, encode(answer))
                finally:
                    await ear.close()
            except BusError as error:
                self._log.info("station_unheard", error=error.message)
            await self._clock.sleep(RETRY_S)

    async def _listen(self) -> None:
        """Follow every car's signals: any of them may be plugged in here."""
        while True:
            try:
                ear = await self._bus.subscribe(car_signals("*"), limit=QUEUE_LIMIT)
                try:
                    await self._ask_car()
                    async for message in ear:
                        self._hear(message.subject.split(".")[1], message.data)
                finally:
                    await ear.close()
            except BusError as error:
                self._log.info("cars_unheard", error=error.message)
            await self._clock.sleep(RETRY_S)

    async def _ask_car(self) -> None:
        vin = self._station.vin
        if not vin:
            return
        try:
            reply = await self._bus.request(car_get(vin), b"")
        except BusError:
            return
        self._hear(vin, reply.data)

    def _hear(self, vin: str, data: bytes) -> None:
        try:
            frame = decode_frame(data, where=car_signals(vin))
        except InputError as error:
            self._log.warning("frame_ignored", error=error.message)
            return
        before = self._station
        now = heard(before, self._config, vin, frame)
        self._become(watched(now, self._config, self._clock.now_ns()))
        if self._station.vin != before.vin or self._station.fault != before.fault:
            self._due.set()
        if self._is_planned and self._station.vin == vin:
            self._car_says.update({k: v for k, v in frame.values.items() if k in WANTED})
            self._look_for_needs()

    def _look_for_needs(self) -> None:
        """What the plugged car wants; news are told with the state."""
        vin, now_ns = self._station.vin, self._clock.now_ns()
        needs = needs_of(self._config, vin, self._car_says, now_ns)
        if is_news(needs, self._needs):
            self._needs = needs
            self._news.set()

    def _become(self, station: Station) -> None:
        before = self._station
        events: list[Transaction] = []
        if self._is_planned:
            station, events = count_charges(station, self._config, before_ns=before.time_ns)
        self._station = station
        self._outbox += events
        if station.fault and station.fault != before.fault and self._is_planned:
            self._faults.append(station.fault)
        was, now = status(before, self._config), status(station, self._config)
        if was != now or before.vin != station.vin:
            self._log.info("station_changed", state=now, car=station.vin)
            self._news.set()
        elif events or self._telling.is_jump(station.power_w) or _differ(station, before):
            self._news.set()
        if before.vin != station.vin and self._is_planned:
            self._car_says.clear()
            self._is_curious = bool(station.vin)
            self._look_for_needs()

    async def _obey(self, data: bytes) -> Answer:
        try:
            action = decode(data, DeviceAction, where=self._do_subject)
        except InputError as error:
            return Answer(ok=False, reason=error.message)
        if action.id in self._answers:
            return self._answers[action.id]
        try:
            answer = await self._act(action)
        except InputError as error:
            return Answer(ok=False, reason=error.message)
        if answer.ok and action.action != "tell":
            # A failed action may be tried again under its id.
            self._answers[action.id] = answer
        while len(self._answers) > REMEMBERED_ACTIONS:
            self._answers.popitem(last=False)
        self._log.info("action", action=action.action, who=action.who, refused=answer.reason)
        return answer

    async def _act(self, action: DeviceAction) -> Answer:
        match action.action:
            case "connect":
                return await self._connect(action.data.get("vin"))
            case "disconnect":
                return await self._disconnect()
            case "offer":
                return await self._offer(action)
            case "tell":
                return Answer(ok=True, response=self._limit())
        return Answer(ok=False, reason="a station knows connect, disconnect and offer")

    def _limit(self) -> dict[str, Any]:
        limit = limit_of(self._station, self._config, self._clock.now_ns())
        return dict(msgspec.to_builtins(limit))

    async def _connect(self, vin: object) -> Answer:
        if not isinstance(vin, str):
            return Answer(ok=False, reason="connect needs the vin of a car")
        check_token("vin", vin)
        if self._station.vin == vin:
            return Answer(ok=True)
        if self._station.vin:
            return Answer(ok=False, reason=f"the cable is in {self._station.vin}")
        async with self._hand:
            answer = await self._plug(vin)
        self._due.set()
        return answer

    async def _plug(self, vin: str) -> Answer:
        config, station = self._config, self._station
        offered_w = max(station.offered_w, 0.0)
        plug = Plug(
            station=config.id,
            power_w_max=port_side_w(config, config.power_w_max),
            dc=config.dc,
            phases=station.phases,
            offered_w=None if self._is_full else port_side_w(config, offered_w),
        )
        answer = await self._ask(vin, plug)
        if not answer.ok:
            return answer
        now_ns = self._clock.now_ns()
        if self._station.vin != vin:
            self._become(taken(counted(self._station, now_ns), vin, now_ns))
        if self._is_plain:
            if self._station.offered_w < config.power_w_max:
                await self._ask(vin, Offer(power_w_max=self._station.offered_w))
            return answer
        lines = lines_a(offered_w, plug.phases, config.line)
        self._become(
            told(replace(self._station, bound_a=lines), config, offered_w, plug.phases, now_ns)
        )
        return answer

    @property
    def _is_plain(self) -> bool:
        return in_force(self._station, self._config, self._clock.now_ns()).is_plain

    @property
    def _is_full(self) -> bool:
        return self._is_plain and self._station.offered_w >= self._config.power_w_max

    async def _disconnect(self) -> Answer:
        if not self._station.vin:
            return Answer(ok=True)
        answer = await self._ask(self._station.vin, Unplug())
        if answer.ok or "no cable" in answer.reason:
            now_ns = self._clock.now_ns()
            self._become(released(counted(self._station, now_ns), now_ns))
            return Answer(ok=True)
        return answer

    async def _offer(self, action: DeviceAction) -> Answer:
        data, now_ns = action.data, self._clock.now_ns()
        power_w, phases = data.get("power_w"), data.get("phases")
        reason = refused_offer(self._config, power_w, phases)
        if reason or not isinstance(power_w, int | float):
            return Answer(ok=False, reason=reason, code="range", response=self._limit())
        word = Word(
            power_w=float(power_w),
            phases=int(phases) if phases is not None else None,
            until_ns=whole(data.get("until_ns")),
            issued_ns=whole(data.get("issued_ns")) or now_ns,
        )
        if word.is_plain:
            return await self._offer_plainly(word)
        reason = self._stale(word, now_ns)
        if reason:
            return Answer(ok=False, reason=reason, code="conflict", response=self._limit())
        self._become(replace(counted(self._station, now_ns), word=word))
        await self._look()
        self._due.set()
        try:
            await self._say()
        except BusError as error:
            reason = f"the offer holds but could not be kept: {error.message}"
            return Answer(ok=False, reason=reason, code="unavailable", response=self._limit())
        state: Outcome = "reached" if self._is_settled() else "accepted"
        return Answer(ok=True, state=state, response=self._limit())

    def _stale(self, word: Word, now_ns: int) -> str:
        """Why that word comes too late; empty when it does not."""
        if word.until_ns and word.until_ns <= now_ns:
            return "the lease of this offer is over"
        last = self._station.word
        if last is not None and word.issued_ns < last.issued_ns:
            return "a newer offer holds"
        return ""

    async def _offer_plainly(self, word: Word) -> Answer:
        """What a person wishes where nobody plans: passed on, for ever."""
        if self._is_planned:
            reason = "load management offers power here; set the station's mode instead"
            return Answer(ok=False, reason=reason, code="conflict", response=self._limit())
        if self._station.vin:
            switched = self._station.phases != self._config.phases
            verb = Offer(power_w_max=word.power_w, phases=self._config.phases if switched else None)
            answer = await self._ask(self._station.vin, verb)
            if not answer.ok:
                return answer
        now_ns = self._clock.now_ns()
        self._become(offered(replace(self._station, word=word), self._config, now_ns))
        return Answer(ok=True)

    def _is_settled(self) -> bool:
        station, mark = self._station, self._station.told
        if not station.vin or mark is None:
            return not station.vin
        return (mark.power_w, mark.phases) == (station.offered_w, station.phases)

    async def _steer(self) -> None:
        """Keep the pilot at what it should be, and look whether the car follows."""
        while True:
            self._due.clear()
            if self._is_curious:
                # Much of what a car wants it says only in full frames.
                self._is_curious = False
                await self._ask_car()
            await self._look()
            moment = self._next_ns()
            wait_s = max(moment - self._clock.now_ns(), 0) / NS_PER_S
            try:
                await self._clock.wait_for(
                    self._due.wait(), math.inf if moment >= NEVER_NS else wait_s
                )
            except TimeoutError:
                continue

    def _next_ns(self) -> int:
        station, now_ns = self._station, self._clock.now_ns()
        moment = next_ns(station, self._config, now_ns)
        if not station.vin or self._is_plain:
            return moment
        if not self._is_settled():
            return min(moment, now_ns + (RETRY_CAR_NS if not station.fault else FAULT_NS))
        if not is_obeyed(station):
            look_ns = round(max(LOOK_NS, 1.5 * self._clock.resolution_s * NS_PER_S))
            return min(moment, now_ns + look_ns)
        return moment

    async def _look(self) -> None:
        async with self._hand:
            now_ns = self._clock.now_ns()
            station = watched(counted(self._station, now_ns), self._config, now_ns)
            self._become(offered(station, self._config, now_ns))
            if self._station.vin and not self._is_plain:
                await self._tell_car()

    async def _tell_car(self) -> None:
        station, config = self._station, self._config
        if self._is_settled():
            assert station.told is not None
            if not is_obeyed(station) and self._clock.now_ns() > station.told.time_ns:
                await self._ask_car()
            return
        # Whether or not its answer arrives, the car may take what it is told now.
        lines = lines_a(station.offered_w, station.phases, config.line)
        self._become(replace(station, bound_a=most(station.bound_a, lines)))
        port_w = port_side_w(config, station.offered_w)
        verb = Offer(power_w_max=max(port_w, 0.0), phases=station.phases, give_w=max(-port_w, 0.0))
        answer = await self._ask(station.vin, verb)
        now_ns = self._clock.now_ns()
        if self._station.vin != station.vin:
            return
        if not answer.ok and not answer.reason.startswith(SILENT):
            fault_ns = now_ns + FAULT_NS
            fault = f"the car refuses: {answer.reason}"
            self._become(
                replace(self._station, fault=fault, fault_until_ns=fault_ns, offered_w=0.0)
            )
        if answer.ok:
            self._become(told(self._station, config, station.offered_w, station.phases, now_ns))

    async def _ask(self, vin: str, verb: Verb) -> Answer:
        name = str(verb.__struct_config__.tag)
        command = Command(id=self._clock.new_id(WHO), verb=verb, who=WHO, role="local")
        subject = car_do(vin, name)
        try:
            return await ask(self._bus, self._clock, subject, command, patience_s=PATIENCE_S)
        except (BusError, InputError) as error:
            return Answer(ok=False, reason=f"{SILENT}: {error.message}")

    async def _tell(self) -> None:
        """Tell state and meter at once when something happened, else now and then."""
        while True:
            self._news.clear()
            self._become(counted(self._station, self._clock.now_ns()))
            try:
                await self._say()
            except BusError as error:
                self._log.info("station_not_told", error=error.message)
            try:
                await self._clock.wait_for(self._news.wait(), self._patience_s())
            except TimeoutError:
                continue

    async def _say(self) -> None:
        """Events of charges first, so that none is forgotten once its number is kept."""
        async with self._pen:
            while len(self._outbox) > OUTBOX_LIMIT:
                self._outbox.pop(0)
                self._log.warning("event_lost")
            while self._outbox:
                await self._telling.tell_charge(as_late(self._outbox[0], self._clock.now_ns()))
                self._outbox.pop(0)
            await self._telling.tell(self._station)
            while self._faults:
                text = f"{self._config.id}: {self._faults[0]}"
                await self._telling.note(text, self._clock.now_ns())
                self._faults.pop(0)
            if self._needs is not None and self._needs is not self._told_needs:
                needs = self._needs
                await self._telling.tell_needs(needs)
                self._told_needs = needs

    def _patience_s(self) -> float:
        """How long what was told last is good for, when nothing happens."""
        if self._station.power_w != 0.0:
            return max(METER_S, METER_LOOKS * self._clock.resolution_s)
        return IDLE_S


def _differ(station: Station, before: Station) -> bool:
    offers = station.offered_w != before.offered_w or station.phases != before.phases
    return offers or station.bound_a != before.bound_a
