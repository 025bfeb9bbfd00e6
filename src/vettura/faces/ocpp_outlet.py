"""One connector of a wallbox over OCPP as a station of the home, whoever is connected just now."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Protocol, final

import msgspec
import structlog

from vettura.bus.interface import Bus, Message
from vettura.bus.messages import Answer, Refusal, decode, encode
from vettura.bus.messages_energy import (
    ChargingNeeds,
    Schedule,
    StationOffer,
    Transaction,
)
from vettura.bus.messages_home import DeviceAction, DeviceState
from vettura.bus.subjects import (
    ENERGY_STREAM,
    ENERGY_STREAM_MAX_AGE_S,
    ENERGY_STREAM_SUBJECTS,
    HOME_BUCKET,
    charging_needs,
    device_do,
    energy_note,
    schedule,
    transaction,
)
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError, RefusedError, VetturaError
from vettura.faces.ocpp_ledger import Ledger
from vettura.faces.ocpp_offering import Line, Offering
from vettura.faces.ocpp_seen import device_about, device_state, meter_value
from vettura.faces.ocpp_telling import OcppTelling
from vettura.faces.ocpp_watched import Watched
from vettura.faces.ocpp_wire import Payload
from vettura.life.station import StationConfig

log = structlog.get_logger()

RETRY_S = 5.0
SHORT_S = 1.7
"""An action that takes longer is answered as busy [s of pace]; asked again it goes on."""
DOING_MAX = 16
REMEMBERED_ACTIONS = 256
QUEUE_LIMIT = 256
TELL_S = 10.0
GATHER_S = 0.25
"""News that come closer together are told as one [s of pace]."""


class Dialled(Line, Protocol):
    """A connection that actions go out by."""

    async def act(self, outlet: "Outlet", action: str, data: Mapping[str, Any]) -> Payload:
        """Have the station do something; RefusedError with its reason."""
        ...


@final
class Outlet:
    """A station of the home. `run()` is its side of the bus; the rest is told by its connection."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        pace: Clock,
        home: str,
        config: StationConfig,
        *,
        connector: int = 1,
        cars: Mapping[str, str] | None = None,
        car: str = "",
    ) -> None:
        """`cars` are vins by token in capitals; `car` is who is plugged in when nobody says."""
        self.config, self.connector = config, connector
        self.ready = asyncio.Event()
        self.offering = Offering(clock, config, connector)
        self.watched = Watched(
            clock, config, store=self._store, changed=self._change, cars=cars or {}, car=car
        )
        self._bus, self._clock, self._pace, self._home = bus, clock, pace, home
        self._telling = OcppTelling(bus, home, config.id)
        self._news = asyncio.Event()
        self._line: Dialled | None = None
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._doing: dict[str, asyncio.Task[Answer]] = {}
        self._kept: Ledger | None = None
        self._told_needs: ChargingNeeds | None = None
        self._log = log.bind(station=config.id)

    # The side of the bus.

    async def run(self) -> None:
        """Remember, then serve until cancelled."""
        await self._wake()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._serve(group), name=f"{self.config.id} serves")
            group.create_task(self._follow(), name=f"{self.config.id} follows")
            group.create_task(self._tell(), name=f"{self.config.id} tells")

    async def _wake(self) -> None:
        while not self.ready.is_set():
            try:
                self.watched.recall(await self._telling.recall())
            except BusError as error:
                self._log.info("station_waits_for_bus", error=error.message)
                await self._pace.sleep(RETRY_S)
                continue
            except InputError as error:
                self._log.warning("station_memory_unreadable", error=error.message)
            self.offering.has_safe = self.watched.ledger.has_safe
            self._change()
            self.ready.set()

    async def _serve(self, group: asyncio.TaskGroup) -> None:
        subject = device_do(self._home, self.config.id)
        while True:
            try:
                ear = await self._bus.subscribe(subject, limit=QUEUE_LIMIT)
                try:
                    async for message in ear:
                        group.create_task(self._respond(message.data, message))
                finally:
                    await ear.close()
            except BusError as error:
                self._log.info("station_unheard", error=error.message)
            await self._pace.sleep(RETRY_S)

    async def _respond(self, data: bytes, message: Message) -> None:
        answer = await self.obey(data)
        try:
            await self._bus.respond(message, encode(answer))
        except BusError as error:
            self._log.info("answer_untold", error=error.message)

    async def _follow(self) -> None:
        subject = schedule(self._home, self.config.id)
        while True:
            try:
                ear = await self._bus.subscribe(subject, limit=QUEUE_LIMIT)
                try:
                    async for message in ear:
                        await self._intend(message.data)
                finally:
                    await ear.close()
            except BusError as error:
                self._log.info("schedule_unheard", error=error.message)
            await self._pace.sleep(RETRY_S)

    async def _intend(self, data: bytes) -> None:
        line = self._line
        try:
            wanted = decode(data, Schedule, where=schedule(self._home, self.config.id))
            if line is not None:
                await self.offering.follow(line, wanted)
        except VetturaError as error:
            self._log.info("schedule_not_followed", error=error.message)
        self._news.set()

    async def _tell(self) -> None:
        while True:
            self._news.clear()
            try:
                await self._tell_all()
            except BusError as error:
                self._log.info("station_not_told", error=error.message)
            await self._pace.sleep(GATHER_S)
            try:
                await self._pace.wait_for(self._news.wait(), TELL_S)
            except TimeoutError:
                continue

    async def _tell_all(self) -> None:
        seen = self.watched.seen
        about, value = device_about(seen, self.config), meter_value(seen, self._clock.now_ns())
        kept = await self._telling.tell(about, self.state(), value)
        ledger = self.watched.counted_ledger(has_safe=self.offering.has_safe)
        if kept and ledger != self._kept:
            await self._telling.keep(ledger)
            self._kept = ledger
        if self.watched.wanted != self._told_needs:
            await self._tell_needs()
        while self.watched.notes:
            await self._bus.publish(energy_note(self._home), encode(self.watched.notes[0]))
            del self.watched.notes[0]

    def state(self) -> DeviceState:
        """The station as it is told and kept."""
        limit, now_ns = self.offering.limit(), self._clock.now_ns()
        return device_state(self.watched.seen, self.config, now_ns, limit=limit)

    async def _tell_needs(self) -> None:
        needs, subject = self.watched.wanted, charging_needs(self._home, self.config.id)
        bucket = await self._bus.bucket(HOME_BUCKET)
        if needs is None:
            await bucket.delete(subject)
        else:
            await self._bus.publish(subject, encode(needs))
            await bucket.put(subject, encode(needs))
        self._told_needs = needs

    async def _store(self, told: Transaction, ledger: Ledger, keeps: bool) -> None:
        stream = await self._bus.stream(
            ENERGY_STREAM, ENERGY_STREAM_SUBJECTS, max_age_s=ENERGY_STREAM_MAX_AGE_S
        )
        own = f"{self._home} {told.station} {told.transaction} {told.sequence}"
        subject = transaction(self._home, self.config.id)
        await stream.publish(subject, encode(told), message_id=own)
        if keeps:
            await self._telling.keep(ledger)
            self._kept = ledger

    def _change(self) -> None:
        self.offering.transaction = self.watched.seen.transaction
        self._news.set()

    async def obey(self, data: bytes) -> Answer:
        """Do what an action asks; the same id again joins what is under way."""
        try:
            action = decode(data, DeviceAction, where=device_do(self._home, self.config.id))
        except InputError as error:
            return Answer(ok=False, reason=error.message)
        if action.id in self._answers:
            return self._answers[action.id]
        task = self._doing.get(action.id)
        if task is None:
            if len(self._doing) >= DOING_MAX:
                return Answer(ok=False, reason="the station has too much to do", code="busy")
            task = self._doing[action.id] = asyncio.create_task(self._act(action))
            task.add_done_callback(lambda _: self._doing.pop(action.id, None))
        try:
            return await self._pace.wait_for(asyncio.shield(task), SHORT_S)
        except TimeoutError:
            return self._refused("the station has not answered yet", action, code="busy")

    async def _act(self, action: DeviceAction) -> Answer:
        try:
            answer = await self._done(action)
        except (VetturaError, TimeoutError) as error:
            text = getattr(error, "message", "the station does not answer")
            answer = self._refused(text, action)
        self._news.set()
        if answer.ok:
            # A failed action may be tried again under its id.
            self._answers[action.id] = answer
        while len(self._answers) > REMEMBERED_ACTIONS:
            self._answers.popitem(last=False)
        self._log.info("action", action=action.action, who=action.who, refused=answer.reason)
        return answer

    def _refused(
        self, reason: str, action: DeviceAction, *, code: Refusal = "unavailable"
    ) -> Answer:
        response = self._limit() if action.action == "offer" else None
        return Answer(ok=False, reason=reason, code=code, response=response)

    def _limit(self) -> dict[str, Any]:
        limit: dict[str, Any] = msgspec.to_builtins(self.offering.limit())
        return limit

    async def _done(self, action: DeviceAction) -> Answer:
        match action.action:
            case "tell":
                return Answer(ok=True, response=self._limit())
            case "connect" | "disconnect":
                raise RefusedError("at a real station a person holds the cable")
        line = self._line
        if line is None:
            raise RefusedError("the station is not connected")
        if action.action == "offer":
            await self.offering.offer(line, self._offer_in(action.data))
            return Answer(ok=True, response=self._limit())
        response = await line.act(self, action.action, action.data)
        return Answer(ok=True, response=response or None)

    def _offer_in(self, data: Mapping[str, Any]) -> StationOffer:
        try:
            offer = msgspec.convert(data, StationOffer)
        except msgspec.ValidationError as error:
            raise RefusedError(f"offer: {error}") from None
        least_w, most_w = -self.config.discharge_power_w_max, self.config.power_w_max
        if not least_w <= offer.power_w <= most_w or offer.phases not in {None, 1, 2, 3}:
            raise RefusedError(f"power_w must be a number from {least_w:g} to {most_w:g}")
        return offer

    # The side of its connection.

    def attach(self, line: Dialled) -> None:
        """Its station is connected."""
        self._line = line
        self.watched.connected(True)

    def detach(self, line: Dialled) -> None:
        """Its station has gone, unless another connection has taken its place."""
        if self._line is line:
            self._line = None
            self.watched.connected(False)

    def changed(self) -> None:
        """Something is to be told."""
        self._change()

    @property
    def transaction(self) -> str:
        """The charge that runs; empty for none."""
        return self.watched.seen.transaction
