"""Real Xiaomi devices as devices of the home: asked now and then, and told what the home wants."""

import asyncio
from pathlib import Path
from typing import Any

import structlog

from vettura.bus.interface import Bus
from vettura.bus.messages import Answer, decode, encode
from vettura.bus.messages_home import (
    Cause,
    DeviceAbout,
    DeviceAction,
    DeviceState,
    EntityState,
)
from vettura.bus.subjects import HOME_BUCKET, device_about, device_do, device_state
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError
from vettura.faces.config import MiioConfig, MiioDeviceConfig
from vettura.faces.miio_call import Caller, DeclinedError, SilentError
from vettura.faces.miio_real import UNAVAILABLE, Orders, about, orders, readable, states
from vettura.faces.miio_spec import Model, Property, Wired, models
from vettura.faces.miio_wire import read_token

log = structlog.get_logger()

BATCH = 15
"""Properties in one request: devices have little memory."""
RETRY_S, RETRY_S_MAX = 2.0, 120.0
"""Pause before a silent device is tried again [real s], doubled each time up to the second."""
QUEUE_LIMIT = 64
REMEMBERED = 256


class MiioDevicesFace:
    """Every device of `[[faces.miio.real]]`."""

    def __init__(self, bus: Bus, clock: Clock, pace: Clock, config: MiioConfig, home: str) -> None:
        self.ready = asyncio.Event()
        self.port = 0
        self.devices = [
            RealDevice(bus, clock, pace, one, home, poll_s=config.poll_s) for one in config.real
        ]

    async def run(self) -> None:
        """Follow all devices until cancelled."""
        async with asyncio.TaskGroup() as group:
            for device in self.devices:
                group.create_task(device.run(), name=f"miio {device.id}")
                group.create_task(device.serve(), name=f"miio {device.id} serves")
            self.ready.set()

    async def run_closed(self) -> None:
        """A rehearsal has no real devices."""
        await asyncio.Event().wait()


class RealDevice:
    """One device: met, asked, told."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        pace: Clock,
        config: MiioDeviceConfig,
        home: str,
        *,
        poll_s: float,
    ) -> None:
        self.id = config.id
        self.refused = 0
        self._bus, self._clock, self._pace = bus, clock, pace
        self._config, self._home, self._poll_s = config, home, poll_s
        self._caller = Caller(_token(config), pace)
        self._model = _configured(config)
        self._is_older = False
        self._told: dict[str, EntityState] | None = None
        self._about: DeviceAbout | None = None
        self._is_there = False
        self._asked = asyncio.Event()
        self._cause: Cause | None = None
        self._answers: dict[str, Answer] = {}
        self._log = log.bind(device=config.id, host=config.host)

    async def run(self) -> None:
        """Meet it and keep asking; while it is silent its entities are unavailable."""
        pause_s = RETRY_S
        try:
            while True:
                try:
                    await self._follow()
                except (SilentError, DeclinedError) as error:
                    pause_s = await self._lose(error, pause_s)
                except BusError as error:
                    self._log.info("miio_device_untold", error=error.message)
                    await self._pace.sleep(RETRY_S)
        finally:
            self._caller.close()

    async def _follow(self) -> None:
        await self._introduce()
        await self._caller.open(self._config.host, self._config.port)
        await self._meet()
        await self._introduce()
        while True:
            self._asked.clear()
            await self._ask()
            if not self._is_there:
                self._log.info("miio_device_met", model=self._about and self._about.model)
            self._is_there = True
            try:
                await self._pace.wait_for(self._asked.wait(), self._poll_s)
            except TimeoutError:
                continue

    async def _lose(self, error: Exception, pause_s: float) -> float:
        """Say that it is away, and wait; returns how long to wait the next time."""
        if self._is_there:
            pause_s = RETRY_S
        if self._is_there or pause_s == RETRY_S:
            self._log.warning("miio_device_silent", error=str(error))
        self._is_there = False
        if self._about is not None:
            gone = EntityState(state=UNAVAILABLE)
            await self._tell(dict.fromkeys(self._about.entities, gone))
        await self._pace.sleep(pause_s)
        return min(2.0 * pause_s, RETRY_S_MAX)

    async def _meet(self) -> None:
        """Learn what it is, unless the config says that."""
        info = await self._caller.call("miIO.info", [])
        said = str(info.get("model", "")) if isinstance(info, dict) else ""
        name = self._config.model or said
        if not self._config.properties:
            model = models().get(name)
            if model is None:
                raise DeclinedError(
                    f"it is a {name or 'device of no model'}, which is not in the table; "
                    "name its properties in the home file"
                )
            self._model = model
        assert self._model is not None
        self._is_older = not await self._knows_numbers(self._model)
        self._about = about(self.id, self._model, self._config.name, self._config.area, name)

    async def _knows_numbers(self, model: Model) -> bool:
        """Whether it speaks MIoT; devices older than that know names only."""
        rows = readable(model, older=False)
        if not rows:
            return False
        if not readable(model, older=True):
            return True
        try:
            return bool(await self._numbered(rows))
        except DeclinedError:
            return False

    async def _ask(self) -> None:
        assert self._model is not None
        rows = readable(self._model, older=self._is_older)
        values = await (self._named(rows) if self._is_older else self._numbered(rows))
        await self._tell(states(self.id, rows, values))

    async def _numbered(self, rows: list[Property]) -> dict[tuple[str, str], Wired]:
        found: dict[tuple[str, str], Wired] = {}
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            wanted = [{"did": row.name, "siid": row.siid, "piid": row.piid} for row in part]
            said = await self._caller.call("get_properties", wanted)
            by_place = {
                (item.get("siid"), item.get("piid")): item.get("value")
                for item in _items(said)
                if item.get("code") == 0
            }
            for row in part:
                value = by_place.get((row.siid, row.piid))
                if isinstance(value, bool | int | float | str):
                    found[row.of, row.field] = value
        return found

    async def _named(self, rows: list[Property]) -> dict[tuple[str, str], Wired]:
        found: dict[tuple[str, str], Wired] = {}
        for start in range(0, len(rows), BATCH):
            part = rows[start : start + BATCH]
            said = await self._caller.call("get_prop", [row.prop for row in part])
            values = said if isinstance(said, list) else []
            for row, value in zip(part, values, strict=False):
                if isinstance(value, bool | int | float | str):
                    found[row.of, row.field] = value
        return found

    async def _introduce(self) -> None:
        if self._about is None and self._model is not None:
            name = self._config.model
            self._about = about(self.id, self._model, self._config.name, self._config.area, name)
        if self._about is not None:
            await self._keep(device_about(self._home, self.id), encode(self._about))

    async def _tell(self, told: dict[str, EntityState]) -> None:
        if told == self._told:
            return
        cause, self._cause = self._cause, None
        state = DeviceState(time_ns=self._clock.now_ns(), entities=told, cause=cause)
        await self._keep(device_state(self._home, self.id), encode(state))
        self._told = told

    async def _keep(self, subject: str, data: bytes) -> None:
        await self._bus.publish(subject, data)
        await (await self._bus.bucket(HOME_BUCKET)).put(subject, data)

    async def serve(self) -> None:
        """Answer what the home wants of it, one after the other."""
        subject = device_do(self._home, self.id)
        while True:
            try:
                ear = await self._bus.subscribe(subject, limit=QUEUE_LIMIT)
                try:
                    async for message in ear:
                        answer = await self._obey(message.data, subject)
                        await self._bus.respond(message, encode(answer))
                finally:
                    await ear.close()
            except BusError as error:
                self._log.info("miio_device_unheard", error=error.message)
            await self._pace.sleep(RETRY_S)

    async def _obey(self, data: bytes, subject: str) -> Answer:
        try:
            action = decode(data, DeviceAction, where=subject)
            if action.id in self._answers:
                return self._answers[action.id]
            answer = await self._act(action)
        except InputError as error:
            self.refused += 1
            return Answer(ok=False, reason=error.message, code="unknown")
        if answer.ok:
            self._answers[action.id] = answer
            while len(self._answers) > REMEMBERED:
                del self._answers[next(iter(self._answers))]
        return answer

    async def _act(self, action: DeviceAction) -> Answer:
        if self._model is None or not self._is_there:
            return Answer(ok=False, reason=f"{self.id} does not answer", code="unavailable")
        state = (self._told or {}).get(action.entity)
        wanted = orders(self.id, self._model, action, state, older=self._is_older)
        try:
            reason = await self._carry_out(wanted)
        except SilentError:
            reason = f"{self.id} does not answer"
        except DeclinedError as error:
            reason = str(error)
        if reason:
            return Answer(ok=False, reason=reason, code="unavailable")
        self._cause = action.cause
        self._asked.set()
        return Answer(ok=True)

    async def _carry_out(self, wanted: Orders) -> str:
        """Set and do; returns what went wrong, or nothing."""
        if self._is_older:
            for row, value in wanted.settings:
                await self._caller.call(row.set, [value])
            for action in wanted.actions:
                await self._caller.call(action.method, [])
            return ""
        if wanted.settings:
            params = [
                {"did": row.name, "siid": row.siid, "piid": row.piid, "value": value}
                for row, value in wanted.settings
            ]
            said = await self._caller.call("set_properties", params)
            bad = [item for item in _items(said) if item.get("code", 0) not in (0, 1)]
            if bad:
                return f"the device answers code {bad[0].get('code')} for {bad[0].get('did')}"
        for action in wanted.actions:
            params_of = {"did": action.name, "siid": action.siid, "aiid": action.aiid, "in": []}
            said = await self._caller.call("action", params_of)
            if isinstance(said, dict) and said.get("code", 0) not in (0, 1):
                return f"the device answers code {said.get('code')}"
        return ""


def _items(said: object) -> list[dict[str, Any]]:
    items = said if isinstance(said, list) else []
    return [item for item in items if isinstance(item, dict)]


def _configured(config: MiioDeviceConfig) -> Model | None:
    """The model that the home file says, before the device has been met."""
    if config.properties:
        name = config.name or config.id
        return Model(name=name, properties=config.properties, source="the home file")
    if not config.model:
        return None
    model = models().get(config.model)
    if model is None:
        raise InputError(
            f"faces.miio.real: {config.id}: no model '{config.model}' is known",
            hint="name its properties in the home file",
        )
    return model


def _token(config: MiioDeviceConfig) -> bytes:
    where = f"faces.miio.real: {config.id}"
    text = config.token
    if config.token_file:
        try:
            text = Path(config.token_file).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{where}: {config.token_file} cannot be read: {error}") from None
    try:
        return read_token(text)
    except InputError as error:
        raise InputError(f"{where}: {error.message}", hint="give token or token_file") from None
