"""The wallbox on the bus: it plugs and unplugs, offers power, and measures what flows."""

import asyncio
from collections import OrderedDict
from dataclasses import replace
from typing import final

import structlog

from vettura.bus.ask import ask
from vettura.bus.interface import Bus
from vettura.bus.messages import (
    Answer,
    Command,
    Offer,
    Plug,
    Unplug,
    Verb,
    decode,
    decode_frame,
    encode,
)
from vettura.bus.messages_home import DeviceAction
from vettura.bus.subjects import car_do, car_get, car_signals, device_do
from vettura.clock.interface import Clock
from vettura.energy.station import (
    Station,
    counted,
    heard,
    recalled,
    refused_offer,
    released,
    status,
    taken,
)
from vettura.energy.telling import IDLE_S, METER_LOOKS, METER_S, Telling
from vettura.errors import BusError, InputError
from vettura.life.limits import check_token
from vettura.life.station import StationConfig

log = structlog.get_logger()

PATIENCE_S = 2.0
RETRY_S = 10.0
REMEMBERED_ACTIONS = 256
QUEUE_LIMIT = 256
WHO = "wallbox"


@final
class WallboxService:
    """One station of a home, a device on the bus. `run()` never returns by itself.

    Which car the cable is in, what was offered and the energy ever delivered outlive a restart;
    energy to within half a minute.
    """

    def __init__(self, bus: Bus, clock: Clock, home_id: str, config: StationConfig) -> None:
        self._bus = bus
        self._clock = clock
        self._config = config
        self._do_subject = device_do(home_id, config.id)
        self._telling = Telling(bus, home_id, config)
        self._station = recalled(None, config, clock.now_ns())
        self._news = asyncio.Event()
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._log = log.bind(station=config.id)

    async def run(self) -> None:
        """Remember, then serve until cancelled."""
        await self._wake()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._serve(), name=f"{self._config.id} serves")
            group.create_task(self._listen(), name=f"{self._config.id} listens")
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
        self._become(heard(self._station, self._config, vin, frame))

    def _become(self, station: Station) -> None:
        before, self._station = self._station, station
        was, now = status(before, self._config), status(station, self._config)
        if was != now or before.vin != station.vin:
            self._log.info("station_changed", state=now, car=station.vin)
            self._news.set()
        elif self._telling.is_jump(station.power_w) or station.offered_w != before.offered_w:
            self._news.set()

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
        if answer.ok:
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
        return Answer(ok=False, reason="a station knows connect, disconnect and offer")

    async def _connect(self, vin: object) -> Answer:
        if not isinstance(vin, str):
            return Answer(ok=False, reason="connect needs the vin of a car")
        check_token("vin", vin)
        if self._station.vin == vin:
            return Answer(ok=True)
        if self._station.vin:
            return Answer(ok=False, reason=f"the cable is in {self._station.vin}")
        config = self._config
        # A car takes no offer of 0 W with its plug; one follows right after.
        plug = Plug(station=config.id, power_w_max=config.power_w_max, phases=config.phases)
        answer = await self._ask(vin, plug)
        if answer.ok and self._station.vin != vin:
            now_ns = self._clock.now_ns()
            self._become(taken(counted(self._station, now_ns), vin, now_ns))
        if answer.ok and self._station.offered_w < config.power_w_max:
            await self._ask(vin, Offer(power_w_max=self._station.offered_w))
        return answer

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
        power_w = action.data.get("power_w")
        reason = refused_offer(self._config, power_w)
        if reason or not isinstance(power_w, int | float):
            return Answer(ok=False, reason=reason)
        if self._station.vin:
            answer = await self._ask(self._station.vin, Offer(power_w_max=float(power_w)))
            if not answer.ok:
                return answer
        self._become(replace(self._station, offered_w=float(power_w)))
        return Answer(ok=True)

    async def _ask(self, vin: str, verb: Verb) -> Answer:
        name = str(verb.__struct_config__.tag)
        command = Command(id=self._clock.new_id(WHO), verb=verb, who=WHO, role="local")
        subject = car_do(vin, name)
        try:
            return await ask(self._bus, self._clock, subject, command, patience_s=PATIENCE_S)
        except (BusError, InputError) as error:
            return Answer(ok=False, reason=f"the car does not answer: {error.message}")

    async def _tell(self) -> None:
        """Tell state and meter at once when something happened, else now and then."""
        while True:
            self._news.clear()
            self._station = counted(self._station, self._clock.now_ns())
            try:
                await self._telling.tell(self._station)
            except BusError as error:
                self._log.info("station_not_told", error=error.message)
            try:
                await self._clock.wait_for(self._news.wait(), self._patience_s())
            except TimeoutError:
                continue

    def _patience_s(self) -> float:
        """How long what was told last is good for, when nothing happens."""
        if self._station.power_w > 0.0:
            return max(METER_S, METER_LOOKS * self._clock.resolution_s)
        return IDLE_S
