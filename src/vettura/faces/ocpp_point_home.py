"""The station of the home behind a virtual wallbox: what it says, and what it is offered."""

import asyncio
import math
from collections.abc import Callable
from typing import Any, final

import structlog

from vettura.bus.ask import ask
from vettura.bus.interface import Bus, Entry
from vettura.bus.messages import MeterValue, decode, encode
from vettura.bus.messages_energy import ChargingNeeds
from vettura.bus.messages_home import DeviceState, first_action
from vettura.bus.subjects import HOME_BUCKET, charging_needs, device_do, device_state, meter
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError
from vettura.faces.ocpp_composite import Grant
from vettura.faces.ocpp_point_state import PointState
from vettura.life.station import StationConfig

log = structlog.get_logger()

WHO = "ocpp"
RETRY_S = 2.0
PATIENCE_S = 4.0
QUEUE_LIMIT = 256


@final
class HomeStation:
    """Follows one station; `on_change` hears of everything new."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        pace: Clock,
        home: str,
        config: StationConfig,
        on_change: Callable[[], None],
    ) -> None:
        self.vin = ""
        self.meter = (0.0, 0.0, 0.0)
        """Power [W], energy and energy given [Wh]."""
        self.is_faulted = False
        self.needs: ChargingNeeds | None = None
        self.obeys = True
        """False once the station says that somebody else offers it power."""
        self._bus, self._clock, self._pace = bus, clock, pace
        self._home, self._config, self._on_change = home, config, on_change
        self._state_key = device_state(home, config.id)
        self._needs_key = charging_needs(home, config.id)
        self._kept_key = f"energy.{home}.point.{config.id}"
        self._kept: PointState | None = None
        self._offered: Grant | None = None
        self._log = log.bind(point=config.id)

    async def run(self) -> None:
        """Hear until cancelled."""
        async with asyncio.TaskGroup() as group:
            for key in (self._state_key, self._needs_key):
                group.create_task(self._watch(key), name=f"point {self._config.id} watches")
            group.create_task(self._listen(), name=f"point {self._config.id} listens")

    async def recall(self) -> PointState:
        """What was kept; waits for the bus, as a charge that was begun must not be lost."""
        while True:
            try:
                entry = await (await self._bus.bucket(HOME_BUCKET)).get(self._kept_key)
                if entry is None or entry.value is None:
                    return PointState()
                return decode(entry.value, PointState, where=self._kept_key)
            except InputError as error:
                self._log.warning("point_memory_unreadable", error=error.message)
                return PointState()
            except BusError as error:
                self._log.info("point_waits_for_bus", error=error.message)
                await self._pace.sleep(RETRY_S)

    async def keep(self, state: PointState) -> None:
        """Keep what must outlive us, when charges or messages have changed."""
        kept = self._kept
        if kept is not None and (kept.charge, kept.queue, kept.numbers) == (
            state.charge,
            state.queue,
            state.numbers,
        ):
            return
        try:
            await (await self._bus.bucket(HOME_BUCKET)).put(self._kept_key, encode(state))
            self._kept = state
        except BusError as error:
            self._log.info("point_not_kept", error=error.message)

    async def offer(self, grant: Grant) -> bool:
        """Offer that to the station; whether it took it, or refuses for good."""
        if grant == self._offered or not self.obeys:
            return True
        data: dict[str, Any] = {"power_w": min(grant.power_w, self._config.power_w_max)}
        switches = 0 < grant.phases < self._config.phases and self._config.switches_phases
        if grant.power_w < 0.0 or switches:
            data["phases"] = 1 if switches else self._config.phases
        own_id = self._clock.new_id(WHO)
        action = first_action(own_id, who=WHO, action="offer", entity="", data=data)
        subject = device_do(self._home, self._config.id)
        try:
            answer = await ask(self._bus, self._pace, subject, action, patience_s=PATIENCE_S)
        except (BusError, InputError) as error:
            self._log.info("station_does_not_answer", error=error.message)
            return False
        if answer.ok:
            self._offered = grant
            return True
        if answer.code == "conflict":
            self.obeys = False
            self._log.warning("profiles_not_obeyed", reason=answer.reason)
            return True
        self._log.info("offer_refused", reason=answer.reason)
        return False

    async def _watch(self, key: str) -> None:
        """What is kept tells what was said before we came, and what is said from now on."""
        while True:
            try:
                changes = (await self._bus.bucket(HOME_BUCKET)).watch(key)
                try:
                    async for entry in changes:
                        self._take(entry)
                finally:
                    await changes.aclose()
            except BusError as error:
                self._log.info("station_unheard", error=error.message)
            await self._pace.sleep(RETRY_S)

    async def _listen(self) -> None:
        subject = meter(self._home, self._config.id)
        while True:
            try:
                ear = await self._bus.subscribe(subject, limit=QUEUE_LIMIT)
                try:
                    async for message in ear:
                        self._hear_meter(message.data)
                finally:
                    await ear.close()
            except BusError as error:
                self._log.info("meter_unheard", error=error.message)
            await self._pace.sleep(RETRY_S)

    def _take(self, entry: Entry) -> None:
        try:
            if entry.key == self._state_key and entry.value is not None:
                self._hear_state(decode(entry.value, DeviceState, where=entry.key))
            elif entry.key == self._needs_key:
                data = entry.value
                self.needs = decode(data, ChargingNeeds, where=entry.key) if data else None
            else:
                return
        except InputError as error:
            self._log.warning("station_ignored", error=error.message)
            return
        self._on_change()

    def _hear_state(self, state: DeviceState) -> None:
        for told in state.entities.values():
            vin = told.attributes.get("vin", "")
            self.vin = vin if isinstance(vin, str) else ""
            self.is_faulted = told.state == "faulted"
            power_w, taken_wh, given_wh = self.meter
            self.meter = (
                power_w if self.vin else 0.0,
                max(taken_wh, _finite(told.attributes.get("energy_wh"))),
                max(given_wh, _finite(told.attributes.get("given_wh"))),
            )

    def _hear_meter(self, data: bytes) -> None:
        try:
            value = decode(data, MeterValue, where=meter(self._home, self._config.id))
        except InputError as error:
            self._log.warning("meter_ignored", error=error.message)
            return
        told = (value.power_w, value.energy_wh, value.given_wh)
        if not all(map(math.isfinite, told)):
            self._log.warning("meter_ignored", error="not a number")
            return
        self.meter = told
        self._on_change()


def _finite(value: object) -> float:
    number = float(value) if isinstance(value, int | float) and abs(value) < 1e15 else 0.0
    return number if math.isfinite(number) else 0.0
