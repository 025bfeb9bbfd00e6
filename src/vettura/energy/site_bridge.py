"""A real house's meters become its SiteMeter: what they say is checked, and their silence told."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import final

import structlog

from vettura.bus.interface import Bus, Message
from vettura.bus.messages import MeterValue, decode, encode
from vettura.bus.messages_energy import EnergyNote
from vettura.bus.messages_home import DeviceAbout, DeviceState
from vettura.bus.patience import patiently
from vettura.bus.subjects import (
    HOME_BUCKET,
    device_about,
    device_state,
    energy_note,
    meter,
    site_meter,
)
from vettura.clock.interface import Clock
from vettura.energy.config import EnergyConfig
from vettura.energy.site_read import Heard
from vettura.errors import BusError, InputError
from vettura.life.station import StationConfig

log = structlog.get_logger()

PERIOD_S, PERIOD_LOOKS = 2.0, 120.0
RETRY_S = 5.0
QUEUE_LIMIT = 1_000
NOTES_MAX = 100


@final
class SiteBridge:
    """Hears the sensors that `[energy.sensors]` names. `run()` never returns by itself."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        home_id: str,
        config: EnergyConfig,
        stations: list[StationConfig],
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._home_id = home_id
        self._heard = Heard(config=config, stations={each.id: each for each in stations})
        self._wanted = frozenset(self._heard.wanted)
        self._period_s = max(PERIOD_S, PERIOD_LOOKS * clock.resolution_s)
        self._noted: dict[str, str] = {}
        self._lines: list[EnergyNote] = []

    async def run(self) -> None:
        """Hear and tell until cancelled."""
        home = self._home_id
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hear(device_about(home, "*"), self._introduced))
            group.create_task(self._hear(device_state(home, "*"), self._stated))
            group.create_task(self._hear(meter(home, "*"), self._metered))
            await self._remember()
            group.create_task(self._tell(), name="site bridge tells")

    async def _remember(self) -> None:
        """Units, from what devices have said of themselves before."""
        bucket = await patiently(self._clock, lambda: self._bus.bucket(HOME_BUCKET))
        for key in await patiently(self._clock, bucket.keys):
            if key.startswith(f"home.{self._home_id}.") and key.endswith(".about"):
                entry = await patiently(self._clock, partial(bucket.get, key))
                if entry is not None and entry.value is not None:
                    self._take(Message(key, entry.value, {}), self._introduced)

    async def _hear(self, pattern: str, take: Callable[[Message], None]) -> None:
        while True:
            try:
                ear = await self._bus.subscribe(pattern, limit=QUEUE_LIMIT)
                try:
                    async for message in ear:
                        self._take(message, take)
                finally:
                    await ear.close()
            except BusError as error:
                log.info("site_bridge_deaf", error=error.message)
            await self._clock.sleep(RETRY_S)

    def _take(self, message: Message, take: Callable[[Message], None]) -> None:
        try:
            take(message)
        except InputError as error:
            log.debug("site_bridge_ignores", error=error.message)

    def _introduced(self, message: Message) -> None:
        about = decode(message.data, DeviceAbout, where=message.subject)
        for entity, one in about.entities.items():
            if entity in self._wanted:
                self._heard.units[entity] = one.unit_of_measurement

    def _stated(self, message: Message) -> None:
        told = decode(message.data, DeviceState, where=message.subject)
        device = message.subject.split(".")[-2]
        for entity, state in told.entities.items():
            if entity in self._wanted:
                self._note(entity, self._heard.take(entity, state, told.time_ns))
            if device in self._heard.stations and "phases" in state.attributes:
                self._heard.phases[device] = 1 if state.attributes["phases"] == 1 else 3

    def _metered(self, message: Message) -> None:
        name = message.subject.split(".")[-1]
        if name not in self._heard.stations:
            return
        told = decode(message.data, MeterValue, where=message.subject)
        before = self._heard.metered.get(name)
        if before is None or told.time_ns >= before.time_ns:
            self._heard.metered[name] = told

    def _note(self, key: str, text: str) -> None:
        """A line for a person when it is new; an empty text ends the matter."""
        if not text:
            self._noted.pop(key, None)
            return
        if self._noted.get(key) != text and len(self._lines) < NOTES_MAX:
            now_ns = self._clock.now_ns()
            self._lines.append(EnergyNote(time_ns=now_ns, about="meter", text=text))
        self._noted[key] = text

    async def _tell(self) -> None:
        async for now_ns in self._clock.every(self._period_s):
            told, why = self._heard.meter(now_ns)
            self._note("grid", why)
            try:
                if told is not None:
                    await self._bus.publish(site_meter(self._home_id), encode(told))
                while self._lines:
                    await self._bus.publish(energy_note(self._home_id), encode(self._lines[0]))
                    self._lines.pop(0)
            except BusError as error:
                log.info("site_bridge_not_told", error=error.message)
