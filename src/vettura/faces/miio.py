"""The home's devices and cars as Xiaomi devices: each answers miIO at an address of its own."""

import asyncio
from contextlib import AsyncExitStack
from errno import EADDRINUSE
from functools import partial
from ipaddress import IPv4Network
from typing import Any

import msgspec
import structlog

from vettura import __version__
from vettura.bus.ask import ask
from vettura.bus.interface import Bus
from vettura.bus.messages_home import DeviceAbout, first_action
from vettura.bus.subjects import device_do
from vettura.clock.interface import Clock
from vettura.errors import BusError, EnvironmentFault, InputError
from vettura.faces.config import MiioConfig
from vettura.faces.devices_heard import DevicesHeard
from vettura.faces.miio_doors import Doors, MiioDoor
from vettura.faces.miio_listener import EVERYBODY, Crier, Listener, Tally
from vettura.faces.miio_played import BAD_VALUE, INTERNAL, OK, Played, Reached, Wanted
from vettura.faces.miio_spec import model_for, models
from vettura.faces.miio_wire import Request

log = structlog.get_logger()

WHO = "miio"
PATIENCE_S = 3.0
"""So long a device of the home may take to answer [s of pace]; python-miio waits 5 s."""
REACHED_S = 0.5
"""So long an answer waits for what was asked to have become so [s of pace]."""
RETRY_S = 2.0
MASK = "255.255.255.0"
NOT_PLAYED = frozenset({"person", "zone", "sun", "weather"})
"""Domains of what is no thing."""


class MiioFace:
    """Plays every device of the home that the config names to Xiaomi's clients."""

    def __init__(self, bus: Bus, clock: Clock, pace: Clock, config: MiioConfig, home: str) -> None:
        self.ready = asyncio.Event()
        self.port = config.port
        """Of every device, or of the first one when each takes a free port."""
        self.tally = Tally()
        self.doors: dict[str, MiioDoor] = {}
        """Where each device listens now, by its id."""
        self._bus, self._clock, self._pace = bus, clock, pace
        self._config, self._home = config, home
        self._network = _network(config)
        self._heard = DevicesHeard(bus, pace, home, self._note)
        self._changed: set[str] = set()
        self._news = asyncio.Event()
        self._is_warned = False
        self._listeners: dict[str, Listener] = {}
        self._played: dict[str, Played] = {}
        self._known: dict[str, DeviceAbout] = {}
        _check_models(config)

    async def run(self) -> None:
        """Listen for every device until cancelled."""
        doors = Doors(self._bus, self._clock, self._home, self._network)
        await doors.recall()
        async with AsyncExitStack() as stack:
            stack.callback(self._close_all)
            group = await stack.enter_async_context(asyncio.TaskGroup())
            group.create_task(self._heard.run(), name="miio hears")
            crier = await self._call_out()
            stack.callback(crier.close)
            while True:
                await self._tend(doors, group)
                self.ready.set()
                await self._news.wait()
                self._news.clear()

    async def run_closed(self) -> None:
        """Hear the devices and answer for each all that a client could ask, without a socket."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._heard.run(), name="miio hears")
            while True:
                await self._news.wait()
                self._news.clear()
                for device in self._take_changes():
                    if self._refresh(device):
                        await self._answer_all(device)

    async def _answer_all(self, device: str) -> None:
        played = self._played[device]
        places = [{"siid": siid, "piid": piid} for siid, piid in played.rows]
        request = Request(1, "get_properties", places[:64])
        await played.answer(request, dict, partial(self._act, device, played))
        self.tally.answers += 1

    def _note(self, device: str) -> None:
        played, state = self._played.get(device), self._heard.states.get(device)
        if played is not None and state is not None:
            played.hear(state)
        self._changed.add(device)
        self._news.set()

    def _take_changes(self) -> list[str]:
        changed, self._changed = sorted(self._changed), set()
        return changed

    async def _tend(self, doors: Doors, group: asyncio.TaskGroup) -> None:
        """Open, renew or close what has changed."""
        for device in self._take_changes():
            if not self._refresh(device):
                self._close(device)
            elif device not in self._listeners:
                await self._open(device, doors, group)
            else:
                self._listeners[device].played = self._played[device]

    def _refresh(self, device: str) -> bool:
        """Bring what we play up to date; whether we play that device at all."""
        about = self._heard.abouts.get(device)
        if about is None or not _is_wanted(device, about, self._config):
            self._played.pop(device, None)
            return False
        if self._known.get(device) != about or device not in self._played:
            name, model = model_for(about, self._config.models.get(device, ""))
            self._played[device] = Played(name, model, about)
            self._known[device] = about
        state = self._heard.states.get(device)
        if state is not None:
            self._played[device].hear(state)
        return True

    async def _open(self, device: str, doors: Doors, group: asyncio.TaskGroup) -> None:
        played = self._played[device]
        try:
            door = doors.of(device)
        except InputError as error:
            self.tally.unopened += 1
            log.warning("miio_no_address", device=device, error=error.message)
            return
        listener = Listener(
            played,
            door,
            pace=self._pace,
            tally=self.tally,
            spawn=group.create_task,
            info=partial(self._info, device),
            act=partial(self._act, device),
        )
        port = await self._bind(listener, door.address)
        name = self._heard.abouts[device].name
        door = msgspec.structs.replace(door, port=port, model=played.model, name=name)
        self._listeners[device] = listener
        self.doors[device] = listener.door = door
        self.port = self.port or port
        await doors.keep(device, door)
        log.info("miio_listens", device=device, address=door.address, port=port, model=door.model)

    async def _bind(self, listener: Listener, address: str) -> int:
        """On the wished port, or on a free one with a warning; returns which."""
        loop = asyncio.get_running_loop()
        for port in (self._config.port, 0):
            try:
                await loop.create_datagram_endpoint(lambda: listener, local_addr=(address, port))
            except OSError as error:
                if error.errno == EADDRINUSE and port:
                    self._warn_taken(address, port)
                    continue
                raise EnvironmentFault(
                    f"faces.miio: cannot listen on {address}:{port}: {error.strerror}",
                    hint="choose a network of this machine, such as 127.54.0.0/24",
                ) from None
            return listener.port
        raise AssertionError("port 0 is never taken")

    def _warn_taken(self, address: str, port: int) -> None:
        """Say once that another house has these addresses; the rest of them are no news."""
        if not self._is_warned:
            hint = "another house runs here; choose another network in [faces.miio]"
            log.warning("miio_port_taken", address=address, wanted=port, hint=hint)
        self._is_warned = True

    async def _call_out(self) -> Crier:
        """Hear calls to everybody, where this machine lets us; each device is found without."""
        crier = Crier(self._pace, lambda: list(self._listeners.values()))
        loop = asyncio.get_running_loop()
        try:
            address = (EVERYBODY, self._config.port)
            await loop.create_datagram_endpoint(lambda: crier, local_addr=address)
        except OSError as error:
            log.info("miio_hears_no_calls", error=error.strerror)
        return crier

    def _close(self, device: str) -> None:
        listener = self._listeners.pop(device, None)
        self.doors.pop(device, None)
        if listener is not None:
            listener.close()
            log.info("miio_silent", device=device)

    def _close_all(self) -> None:
        for device in list(self._listeners):
            self._close(device)

    def _info(self, device: str) -> dict[str, Any]:
        """What a device tells of itself and its network."""
        listener = self._listeners[device]
        digits = f"{listener.door.number:08X}"
        pairs = [digits[k : k + 2] for k in range(0, 8, 2)]
        return {
            "life": listener.stamp(),
            "model": listener.door.model,
            "fw_ver": __version__,
            "hw_ver": "vettura",
            "mac": ":".join(["02", "56", *pairs]),
            "ap": {"ssid": self._home, "bssid": "02:56:00:00:00:01", "rssi": -40},
            "netif": {"localIp": listener.door.address, "mask": MASK, "gw": listener.door.address},
        }

    async def _act(
        self, device: str, played: Played, wanted: Wanted, reached: Reached | None
    ) -> int:
        """Have the home do it; the code that the client is told."""
        action = first_action(
            self._clock.new_id(WHO),
            who=WHO,
            action=wanted.action,
            entity=wanted.entity,
            data=wanted.data,
        )
        subject = device_do(self._home, device)
        try:
            answer = await ask(self._bus, self._pace, subject, action, patience_s=PATIENCE_S)
        except (BusError, InputError) as error:
            log.info("miio_unanswered", device=device, error=error.message)
            self.tally.refused += 1
            return INTERNAL
        if not answer.ok:
            log.info("miio_refused", device=device, action=action.action, reason=answer.reason)
            self.tally.refused += 1
            return BAD_VALUE if answer.code in {"type", "range"} else INTERNAL
        if reached is not None:
            await self._heard.until(device, partial(_is_so, played, reached), REACHED_S)
        return OK


def _is_wanted(device: str, about: DeviceAbout, config: MiioConfig) -> bool:
    if config.devices:
        return device in config.devices
    is_thing = {entity.partition(".")[0] for entity in about.entities} - NOT_PLAYED
    return about.origin in config.origins and bool(is_thing)


def _is_so(played: Played, reached: Reached) -> bool:
    return played.value(reached.row) == reached.value


def _network(config: MiioConfig) -> IPv4Network:
    try:
        return IPv4Network(config.network)
    except ValueError as error:
        raise InputError(f"faces.miio.network: {error}", hint="write it as 127.54.0.0/24") from None


def _check_models(config: MiioConfig) -> None:
    for device, model in config.models.items():
        if model not in models():
            raise InputError(
                f"faces.miio.models.{device}: no model '{model}' is known",
                hint=f"known are {', '.join(models())}",
            )
