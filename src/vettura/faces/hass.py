"""A running Home Assistant's entities as devices of the home, over its WebSocket API.

What it has and MQTT has not: everything that some integration of its own brings. Its states come
in, actions go out by its services. What it has from us, our cars, is not read back.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from vettura.bus.interface import Bus
from vettura.bus.messages import Answer
from vettura.bus.messages_home import DeviceAction, DeviceState
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError, RefusedError
from vettura.faces.config import CarFacts, HassConfig, HomeFacts
from vettura.faces.device_neighbours import Neighbours
from vettura.faces.device_obeying import DeviceObeying
from vettura.faces.device_telling import DeviceTelling
from vettura.faces.hass_home import ORIGIN, HassHome, Registries, registries_of
from vettura.faces.hass_link import HassLink, HassLinkError, WrongTokenError, opened, socket_url
from vettura.faces.homeassistant_energy import device_mark

log = structlog.get_logger()

RETRY_S, RETRY_S_MAX = 1.0, 60.0
"""Pause before a connection is tried again [real s], doubled each time up to the second."""
TOKEN_S = 30.0
"""How often a token that is not known is looked at again [real s]: it is shown only when its file
has another, as Home Assistant bans who tries too often."""
REGISTRIES_S = 1.0
"""How long changes of registries may gather before they are asked for [real s]."""
STARTING_S = 1.0
"""How often one that starts is asked whether it has [real s]."""
SHORT_S = 1.5
"""An action that takes longer is answered as accepted [real s]."""
SWITCHES = frozenset({"turn_on", "turn_off", "toggle"})
REGISTRY_EVENTS = tuple(f"{kind}_registry_updated" for kind in ("area", "device", "entity"))


@dataclass(slots=True)
class Counts:
    """What became of what came in, since the start."""

    messages: int = 0
    actions: int = 0
    refused: int = 0
    connections: int = 0
    tokens_refused: int = 0


class HassFace:
    """The devices of a Home Assistant. `clock` is the home's time, `pace` real seconds.

    `platforms` are integrations of Home Assistant whose entities the home has by another way.
    `ready` is set once its entities are known, or its token is refused.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        pace: Clock,
        config: HassConfig,
        home: HomeFacts,
        cars: Sequence[CarFacts],
        *,
        platforms: Sequence[str] = (),
    ) -> None:
        self.ready = asyncio.Event()
        self.port = 0
        self.counts = Counts()
        self._clock = clock
        self._pace = pace
        self._config = config
        self.telling = DeviceTelling(bus, pace, home.id)
        self.obeying = DeviceObeying(bus, pace, home.id, self._obey)
        self._neighbours = Neighbours(bus, pace, home.id, ORIGIN, self._settle)
        self.home = HassHome(
            domains=config.domains,
            platforms=platforms,
            own_marks=[*(f"vettura_{car.vin}" for car in cars), device_mark(home.id)],
            is_taken=self._neighbours.is_taken,
        )
        self._link: HassLink | None = None
        self._stirred = asyncio.Event()
        self._described: set[str] = set()
        self._stale = asyncio.Event()
        self._is_told = asyncio.Event()
        """Whether this connection has told all entities once."""

    async def run(self) -> None:
        """Follow Home Assistant until cancelled; it may come and go."""
        self._token()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._neighbours.follow())
            group.create_task(self._keep_connected())
            group.create_task(self._tell(group))
            group.create_task(self.telling.keep())

    async def run_closed(self) -> None:
        """The same without a socket: there is nobody to hear."""
        await self._neighbours.follow()

    def _token(self) -> str:
        path = self._config.token_file
        if not path:
            raise InputError(
                "faces.hass.token_file: no file is named",
                hint="make a long-lived access token in your profile of Home Assistant",
            )
        try:
            return Path(path).expanduser().read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"faces.hass.token_file: {path} cannot be read: {error}") from None

    # The side of Home Assistant.

    async def _keep_connected(self) -> None:
        pause_s = RETRY_S
        while True:
            token = self._token_or_nothing()
            try:
                async with opened(self._config.url, self._pace) as link:
                    await link.authenticate(token)
                    pause_s = RETRY_S
                    await self._converse(link)
            except WrongTokenError:
                self.counts.tokens_refused += 1
                log.error(
                    "hass_token_refused",
                    url=self._config.url,
                    token_file=self._config.token_file,
                    hint="make a new one in your profile of Home Assistant",
                )
                self.ready.set()
                await self._until_another_than(token)
            except (HassLinkError, RefusedError, TimeoutError) as error:
                log.info("hass_away", url=self._config.url, error=str(error))
            finally:
                self._connected(None)
            await self._pace.sleep(pause_s)
            pause_s = min(2.0 * pause_s, RETRY_S_MAX)

    def _token_or_nothing(self) -> str:
        try:
            return self._token()
        except InputError:
            return ""

    async def _until_another_than(self, token: str) -> None:
        while self._token_or_nothing() in {token, ""}:
            await self._pace.sleep(TOKEN_S)

    async def _converse(self, link: HassLink) -> None:
        """Learn all, then follow until the connection ends."""
        reading = asyncio.create_task(link.run())
        following = asyncio.create_task(self._follow(link))
        try:
            done, _ = await asyncio.wait({reading, following}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (reading, following):
                task.cancel()
            await asyncio.gather(reading, following, return_exceptions=True)

    async def _until_running(self, link: HassLink) -> None:
        """While it starts it has not found all its entities yet, and none of ours is to go."""
        while True:
            config = await link.ask("get_config")
            state = config.get("state") if isinstance(config, dict) else None
            if state not in {"NOT_RUNNING", "STARTING"}:
                return
            await self._pace.sleep(STARTING_S)

    async def _follow(self, link: HassLink) -> None:
        await self._until_running(link)
        self._described |= self.home.forget()
        self._described |= self.home.learn(await self._registries(link))
        for event in REGISTRY_EVENTS:
            await link.follow("subscribe_events", self._registry_changed, event_type=event)
        self._is_told.clear()
        await link.follow("subscribe_entities", self._entities_changed)
        await self._is_told.wait()
        if self.home.has_strangers:
            self._described |= self.home.learn(await self._registries(link))
        self.counts.connections += 1
        self._connected(link)
        self._described |= self._neighbours.ours | set(self.home.devices())
        self.ready.set()
        log.info("hass_connected", url=socket_url(self._config.url))
        while True:
            await self._stale.wait()
            await self._pace.sleep(REGISTRIES_S)
            self._stale.clear()
            learnt = self.home.learn(await self._registries(link))
            self._described |= learnt
            for device in learnt & set(self.home.devices()):
                self.telling.changed(device)
            self._stirred.set()

    async def _registries(self, link: HassLink) -> Registries:
        areas = await link.ask("config/area_registry/list")
        devices = await link.ask("config/device_registry/list")
        entities = await link.ask("config/entity_registry/list")
        return registries_of(areas, devices, entities, await link.ask("get_services"))

    def _registry_changed(self, _: dict[str, Any]) -> None:
        self._stale.set()

    def _entities_changed(self, event: dict[str, Any]) -> None:
        self.counts.messages += 1
        self._is_told.set()
        told, described = self.home.take(event)
        self._described |= described
        if self.home.has_strangers:
            self._stale.set()
        for device in told:
            self.telling.changed(device)
        self._stirred.set()

    def _settle(self) -> None:
        """Others have other entities: some of ours may be theirs now, or no more."""
        self._described |= self.home.settle()
        self._stirred.set()

    def _connected(self, link: HassLink | None) -> None:
        if (self._link is None) != (link is None):
            for device in self.home.devices():
                self.telling.changed(device)
        self._link = link
        self._stirred.set()

    # The side of the bus.

    async def _tell(self, group: asyncio.TaskGroup) -> None:
        while True:
            await self._wait()
            self._stirred.clear()
            if self._link is not None:
                described, self._described = self._described, set()
                for device in described:
                    await self._describe(device, group)
            with suppress(BusError):
                await self.telling.tell(self._state)
            await self._pace.sleep(0.0)

    async def _wait(self) -> None:
        due_s = self.telling.next_s()
        if due_s is None:
            await self._stirred.wait()
            return
        waits_s = due_s - self._pace.monotonic()
        if waits_s > 0.0:
            with suppress(TimeoutError):
                await self._pace.wait_for(self._stirred.wait(), waits_s)

    async def _describe(self, device: str, group: asyncio.TaskGroup) -> None:
        about = self.home.about(device)
        try:
            await self.telling.introduce(device, about)
        except BusError as error:
            log.info("device_untold", device=device, error=error.message)
        if about.entities:
            self.obeying.follow(group, device)
            self.telling.changed(device)
        else:
            self.obeying.leave(device)

    def _state(self, device: str) -> DeviceState:
        return self.home.state(
            device,
            time_ns=self._clock.now_ns(),
            now_s=self._pace.monotonic(),
            is_there=self._link is not None,
        )

    async def _obey(self, device: str, action: DeviceAction) -> Answer:
        link = self._link
        try:
            entities = self._meant(device, action)
        except RefusedError as error:
            return self._refuse(error.message)
        if link is None:
            return self._refuse("Home Assistant is away")
        for entity_id in entities:
            self.home.lay_to(entity_id, action.cause, self._pace.monotonic())
        domain, _, service = action.action.partition(".")
        call = asyncio.create_task(
            link.ask(
                "call_service",
                domain=domain,
                service=service,
                service_data=action.data,
                target={"entity_id": entities},
            )
        )
        self.counts.actions += 1
        try:
            await self._pace.wait_for(asyncio.shield(call), SHORT_S)
        except TimeoutError:
            call.add_done_callback(_forget)
            return Answer(ok=True, state="accepted")
        except (RefusedError, HassLinkError) as error:
            return self._refuse(error.message)
        return Answer(ok=True, state="reached")

    def _meant(self, device: str, action: DeviceAction) -> list[str]:
        """The entities that an action aims at; only services of their own domain."""
        domain, _, service = action.action.partition(".")
        entities = self.home.entities_of(device)
        if action.entity:
            entities = [entity for entity in entities if entity == action.entity]
        own = [entity for entity in entities if entity.partition(".")[0] == domain]
        if domain == "homeassistant" and service in SWITCHES:
            own = entities
        if not own:
            raise RefusedError(f"{action.entity or device} knows no {action.action}")
        return own

    def _refuse(self, reason: str) -> Answer:
        self.counts.refused += 1
        return Answer(ok=False, reason=reason, code="unavailable", state="refused")


def _forget(call: asyncio.Task[Any]) -> None:
    """What came of a long action is told by the states that it leads to."""
    if not call.cancelled() and call.exception() is not None:
        log.warning("hass_action_failed", error=str(call.exception()))
