"""The virtual house's connection on the bus: its load, its panels, its battery and its meter."""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import final

import msgspec
import structlog

from vettura.bus.interface import Bus, Message
from vettura.bus.messages import Answer, MeterValue, Wire, decode, encode
from vettura.bus.messages_energy import BatteryOrder
from vettura.bus.messages_home import DeviceAction, DeviceState
from vettura.bus.patience import patiently
from vettura.bus.subjects import (
    HOME_BUCKET,
    device_about,
    device_do,
    device_state,
    meter,
    site_meter,
)
from vettura.clock.interface import Clock
from vettura.energy.config import EnergyConfig
from vettura.energy.panels_truth import panels_truth_w
from vettura.energy.sharing import Lines, lines_of
from vettura.energy.site_devices import SUN, site_abouts, site_states
from vettura.energy.site_flows import Site, flowing, meter_of, passed
from vettura.energy.station import number, whole
from vettura.errors import BusError, InputError
from vettura.life.house_load import house_load_w
from vettura.life.household import Household
from vettura.life.station import StationConfig
from vettura.life.weather import weather_at
from vettura.units import NS_PER_S

log = structlog.get_logger()

PERIOD_S, PERIOD_LOOKS = 2.0, 120.0
"""The meter speaks this often, or once in so many of a coarse clock's waits."""
TELL_S, TELL_LOOKS = 10.0, 600.0
"""Devices say how they are this often."""
KEEP_S = 300.0
SUN_S, SUN_LOOKS = 60.0, 600.0
"""The panels are looked at this often, or once in so many waits: this weather moves slowly."""
JUMP_W = 200.0
"""A station whose power moves by more is told by the meter at once."""
SILENT_NS = 900 * NS_PER_S
"""A station that has said nothing for so long is taken to be off."""
RETRY_S = 5.0
QUEUE_LIMIT = 1_000
REMEMBERED_ACTIONS = 256


class SiteMemory(Wire, frozen=True, kw_only=True):
    """What outlives a restart: counters and what the battery holds."""

    time_ns: int
    battery_wh: float
    import_wh: float
    export_wh: float
    sun_wh: float


@final
class VirtualSite:
    """The connection of one virtual house. `run()` never returns by itself.

    What the house uses and what the sun gives follow from `seed`; the home battery is a device that
    takes `set_power`, the inverter one that takes `set_limit`.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        household: Household,
        config: EnergyConfig,
        stations: list[StationConfig],
        *,
        seed: int,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._household = household
        self._config = config
        self._stations = {station.id: station for station in stations}
        self._seed = seed
        self._period_s = max(PERIOD_S, PERIOD_LOOKS * clock.resolution_s)
        self._tell_ns = round(max(TELL_S, TELL_LOOKS * clock.resolution_s) * NS_PER_S)
        self._sun_step_ns = round(max(SUN_S, SUN_LOOKS * clock.resolution_s) * NS_PER_S)
        battery = config.battery
        held_wh = battery.soc * battery.capacity_wh if battery else 0.0
        self._site = Site(time_ns=clock.now_ns(), battery_wh=held_wh)
        self._powers: dict[str, MeterValue] = {}
        self._phases: dict[str, int] = {}
        self._news = asyncio.Event()
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._sun_w, self._sun_ns = 0.0, -1
        self._told: dict[str, DeviceState] = {}
        self._told_ns = self._kept_ns = 0
        self._is_introduced = False

    async def run(self) -> None:
        """Remember, then let it flow until cancelled."""
        await self._remember()
        home = self._household.id
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hear(meter(home, "*"), self._metered), name="site hears")
            for name in self._stations:
                subject = device_state(home, name)
                group.create_task(self._hear(subject, self._stated), name=f"site hears {name}")
            if self._config.battery is not None:
                name = self._config.battery.id
                group.create_task(self._serve(name, self._set_power), name="battery serves")
            if self._config.panels:
                group.create_task(self._serve(SUN, self._set_limit), name="inverter serves")
            group.create_task(self._flow(), name="site flows")

    @property
    def _memory_key(self) -> str:
        return f"energy.{self._household.id}.virtual"

    async def _remember(self) -> None:
        bucket = await patiently(self._clock, lambda: self._bus.bucket(HOME_BUCKET))
        entry = await patiently(self._clock, lambda: bucket.get(self._memory_key))
        if entry is None or entry.value is None:
            return
        try:
            kept = decode(entry.value, SiteMemory, where=self._memory_key)
        except InputError as error:
            log.warning("site_memory_unreadable", error=error.message)
            return
        battery = self._config.battery
        self._site = replace(
            self._site,
            battery_wh=min(kept.battery_wh, battery.capacity_wh) if battery else 0.0,
            import_wh=kept.import_wh,
            export_wh=kept.export_wh,
            sun_wh=kept.sun_wh,
        )

    async def _hear(self, pattern: str, take: Callable[[Message], None]) -> None:
        while True:
            try:
                ear = await self._bus.subscribe(pattern, limit=QUEUE_LIMIT)
                try:
                    async for message in ear:
                        try:
                            take(message)
                        except InputError as error:
                            log.warning("site_ignores", error=error.message)
                finally:
                    await ear.close()
            except BusError as error:
                log.info("site_deaf", error=error.message)
            await self._clock.sleep(RETRY_S)

    def _metered(self, message: Message) -> None:
        name = message.subject.split(".")[-1]
        if name not in self._stations:
            return
        told = decode(message.data, MeterValue, where=message.subject)
        before = self._powers.get(name)
        if before is not None and told.time_ns < before.time_ns:
            return
        self._powers[name] = told
        if abs(told.power_w - (before.power_w if before else 0.0)) > JUMP_W:
            self._news.set()

    def _stated(self, message: Message) -> None:
        told = decode(message.data, DeviceState, where=message.subject)
        name = message.subject.split(".")[-2]
        for state in told.entities.values():
            if "phases" in state.attributes:
                self._phases[name] = 1 if state.attributes["phases"] == 1 else 3

    async def _serve(self, device: str, act: Callable[[DeviceAction], Answer]) -> None:
        subject = device_do(self._household.id, device)
        while True:
            try:
                ear = await self._bus.subscribe(subject, limit=QUEUE_LIMIT)
                try:
                    async for message in ear:
                        await self._bus.respond(message, encode(self._obey(message, act)))
                finally:
                    await ear.close()
            except BusError as error:
                log.info("site_device_unheard", device=device, error=error.message)
            await self._clock.sleep(RETRY_S)

    def _obey(self, message: Message, act: Callable[[DeviceAction], Answer]) -> Answer:
        try:
            action = decode(message.data, DeviceAction, where=message.subject)
        except InputError as error:
            return Answer(ok=False, reason=error.message)
        if action.id in self._answers:
            return self._answers[action.id]
        answer = act(action)
        if answer.ok:
            self._answers[action.id] = answer
            self._news.set()
        while len(self._answers) > REMEMBERED_ACTIONS:
            self._answers.popitem(last=False)
        return answer

    def _set_power(self, action: DeviceAction) -> Answer:
        if action.action != "set_power":
            return Answer(ok=False, reason="a home battery knows set_power", code="unknown")
        try:
            order = msgspec.convert(action.data, BatteryOrder)
        except msgspec.ValidationError as error:
            return Answer(ok=False, reason=f"set_power: {error}", code="type")
        if number(order.power_w, math.nan) != order.power_w:
            return Answer(ok=False, reason="power_w must be a number", code="range")
        if order.until_ns <= self._clock.now_ns():
            return Answer(ok=False, reason="the lease of this order is over", code="range")
        self._site = replace(self._site, order=order)
        return Answer(ok=True, state="accepted")

    def _set_limit(self, action: DeviceAction) -> Answer:
        if action.action != "set_limit":
            return Answer(ok=False, reason="an inverter knows set_limit", code="unknown")
        limit_w = number(action.data.get("power_w"), -1.0)
        until_ns = whole(action.data.get("until_ns"))
        if limit_w < 0.0:
            return Answer(ok=False, reason="power_w must be 0 or more", code="range")
        if until_ns <= self._clock.now_ns():
            return Answer(ok=False, reason="until_ns must lie ahead", code="range")
        self._site = replace(self._site, sun_limit_w=limit_w, sun_limit_until_ns=until_ns)
        return Answer(ok=True, state="accepted")

    async def _flow(self) -> None:
        while True:
            self._news.clear()
            self._look()
            try:
                await self._tell()
            except BusError as error:
                log.info("site_not_told", error=error.message)
            try:
                await self._clock.wait_for(self._news.wait(), self._period_s)
            except TimeoutError:
                continue

    def _look(self) -> None:
        now_ns = self._clock.now_ns()
        load_w = house_load_w(
            now_ns,
            timezone=self._household.timezone,
            kwh_per_year=self._config.load.kwh_per_year,
            seed=self._seed,
        )
        self._site = flowing(
            passed(self._site, self._config.battery, now_ns),
            self._config,
            load_w=load_w,
            able_w=self._able_w(now_ns),
            station_lines_w=self._station_lines_w(now_ns),
            period_s=self._period_s,
        )

    def _able_w(self, now_ns: int) -> float:
        if not self._config.panels:
            return 0.0
        step = now_ns // self._sun_step_ns
        if step != self._sun_ns:
            home = self._household.home
            weather = weather_at(
                latitude_deg=home.latitude_deg,
                longitude_deg=home.longitude_deg,
                elevation_m=home.elevation_m,
                time_ns=now_ns,
                seed=self._seed,
            )
            self._sun_w = panels_truth_w(self._config.panels, home, weather)
            self._sun_ns = step
        return self._sun_w

    def _station_lines_w(self, now_ns: int) -> Lines:
        lines = [0.0, 0.0, 0.0]
        for name, told in self._powers.items():
            if now_ns - told.time_ns > SILENT_NS:
                continue
            config = self._stations[name]
            phases = min(self._phases.get(name, config.phases), config.phases)
            if self._config.grid.phases == 1:
                lines[0] += told.power_w
                continue
            used = lines_of(config.line, phases)
            for index in used:
                lines[index] += told.power_w / len(used)
        return (lines[0], lines[1], lines[2])

    async def _tell(self) -> None:
        home, now_ns = self._household.id, self._site.time_ns
        await self._bus.publish(site_meter(home), encode(meter_of(self._site, self._config)))
        if not self._is_introduced:
            bucket = await self._bus.bucket(HOME_BUCKET)
            for device, about in site_abouts(self._config).items():
                await self._bus.publish(device_about(home, device), encode(about))
                await bucket.put(device_about(home, device), encode(about))
            self._is_introduced = True
        if now_ns - self._told_ns >= self._tell_ns:
            await self._tell_devices()
            self._told_ns = now_ns

    async def _tell_devices(self) -> None:
        home, now_ns = self._household.id, self._site.time_ns
        keeps = now_ns - self._kept_ns >= KEEP_S * NS_PER_S
        bucket = await self._bus.bucket(HOME_BUCKET)
        for device, state in site_states(self._site, self._config).items():
            before = self._told.get(device)
            if before is None or before.entities != state.entities:
                await self._bus.publish(device_state(home, device), encode(state))
                self._told[device] = state
            if keeps:
                await bucket.put(device_state(home, device), encode(state))
        if keeps:
            await bucket.put(self._memory_key, encode(self._memory()))
            self._kept_ns = now_ns

    def _memory(self) -> SiteMemory:
        site = self._site
        return SiteMemory(
            time_ns=site.time_ns,
            battery_wh=site.battery_wh,
            import_wh=site.import_wh,
            export_wh=site.export_wh,
            sun_wh=site.sun_wh,
        )
