"""Xiaomi's Bluetooth scales, thermometers and sensors as devices of the home.

Advertisements come from a file or a pipe, one JSON object a line; whoever has a radio writes them
there. Nothing is ever sent.
"""

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from vettura.bus.interface import Bus
from vettura.bus.messages import encode
from vettura.bus.messages_home import (
    DeviceAbout,
    DeviceState,
    EntityAbout,
    EntityState,
    HomeEvent,
)
from vettura.bus.subjects import HOME_BUCKET, device_about, device_state, home_event
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError
from vettura.faces.ble_advert import LINE_BYTES_MAX, Advert, Parser, Said, library, read_advert
from vettura.faces.config import BleConfig, BleDeviceConfig

log = structlog.get_logger()

LOOK_S = 0.2
"""How often the source is read [real s]; what a device says in between is told once."""
CHUNK_BYTES = 65_536
"""Read at most at a time: more than a radio hears, less than a flood."""
EVENTS_MAX = 32
"""Events of one device that are told at a time."""
UNAVAILABLE = "unavailable"
EVENT = "xiaomi_ble_event"
KEY_BYTES = (12, 16)


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came in, counted."""

    heard: int = 0
    strangers: int = 0
    """Of addresses that the home file does not name."""
    garbage: int = 0
    """Lines that are no advertisement, and advertisements that say nothing."""
    locked: int = 0
    """Encrypted, and the key is missing or wrong."""
    dropped: int = 0
    """Events beyond the most."""


@dataclass(slots=True, kw_only=True)
class Heard:
    """One device and what it has said."""

    config: BleDeviceConfig
    parser: Parser
    about: DeviceAbout
    states: dict[str, EntityState] = field(default_factory=dict)
    events: list[dict[str, object]] = field(default_factory=list)
    at_s: float = 0.0
    is_new: bool = False
    is_changed: bool = False
    is_warned: bool = False


class BleFace:
    """Reads advertisements and tells the home what they say."""

    def __init__(self, bus: Bus, clock: Clock, pace: Clock, config: BleConfig, home: str) -> None:
        library()
        self.ready = asyncio.Event()
        self.port = 0
        self.tally = Tally()
        self._bus, self._clock, self._pace = bus, clock, pace
        self._config, self._home = config, home
        self._devices = {one.address.upper(): _heard(one) for one in config.devices}
        self._source = _Source(Path(config.source))
        self._held = b""
        self._is_overlong = False

    async def run(self) -> None:
        """Read and tell until cancelled."""
        source = self._source
        try:
            self.ready.set()
            while True:
                self.hear(source.read())
                await self._tell_all()
                await self._pace.sleep(LOOK_S)
        finally:
            source.close()

    @property
    def is_deaf(self) -> bool:
        """Whether there is no source yet, or no more."""
        return self._source.is_missing

    async def run_closed(self) -> None:
        """A rehearsal hears no radio."""
        await asyncio.Event().wait()

    def hear(self, data: bytes) -> None:
        """Take the next bytes of the source."""
        *lines, self._held = (self._held + data).split(b"\n")
        for line in lines:
            if self._is_overlong:
                self._is_overlong = False
            elif line.strip():
                self._hear_line(line)
        if len(self._held) > LINE_BYTES_MAX:
            self.tally.garbage += not self._is_overlong
            self._held, self._is_overlong = b"", True

    def _hear_line(self, line: bytes) -> None:
        self.tally.heard += 1
        try:
            if len(line) > LINE_BYTES_MAX:
                raise InputError("a line that is too long")
            advert = read_advert(line)
            device = self._devices.get(advert.address.upper())
            if device is None:
                self.tally.strangers += 1
                return
            self._hear_advert(device, advert)
        except InputError:
            self.tally.garbage += 1

    def _hear_advert(self, device: Heard, advert: Advert) -> None:
        said = device.parser.read(advert)
        if device.parser.is_locked:
            self.tally.locked += 1
            if not device.is_warned:
                log.warning(
                    "ble_bindkey_wrong",
                    device=device.config.id,
                    hint="give bindkey in [[faces.ble.devices]]",
                )
            device.is_warned = True
        if said is None or not (said.states or said.events):
            self.tally.garbage += said is None
            return
        device.at_s = self._pace.monotonic()
        self._absorb(device, said)

    def _absorb(self, device: Heard, said: Said) -> None:
        config = device.config
        abouts = {_entity(config.id, end): about for end, about in said.abouts.items()}
        states = {_entity(config.id, end): state for end, state in said.states.items()}
        room = EVENTS_MAX - len(device.events)
        device.events.extend(said.events[:room])
        self.tally.dropped += len(said.events[room:])
        entities = dict(device.about.entities) | abouts
        if entities != device.about.entities:
            device.is_new = True
            device.about = _about(config, said.maker, said.model, entities)
        told = {**device.states, **states}
        if told != device.states or device.is_new:
            device.states, device.is_changed = told, True

    async def _tell_all(self) -> None:
        for device in self._devices.values():
            try:
                await self._tell(device)
            except BusError as error:
                log.info("ble_untold", device=device.config.id, error=error.message)

    async def _tell(self, device: Heard) -> None:
        """What is news; a device that has said nothing for long is unavailable."""
        self._age(device)
        name = device.config.id
        if device.is_new:
            await self._keep(device_about(self._home, name), encode(device.about))
            device.is_new = False
        now_ns = self._clock.now_ns()
        if device.is_changed:
            state = DeviceState(time_ns=now_ns, entities=dict(device.states))
            await self._keep(device_state(self._home, name), encode(state))
            device.is_changed = False
        while device.events:
            data = {"device_id": name, "address": device.config.address, **device.events[0]}
            event = HomeEvent(time_ns=now_ns, event_type=EVENT, data=data)
            await self._bus.publish(home_event(self._home), encode(event))
            device.events.pop(0)

    def _age(self, device: Heard) -> None:
        silent_s = self._pace.monotonic() - device.at_s
        if device.parser.is_sleepy or silent_s < self._config.stale_s or not device.states:
            return
        gone = dict.fromkeys(device.states, EntityState(state=UNAVAILABLE))
        if gone != device.states:
            device.states, device.is_changed = gone, True

    async def _keep(self, subject: str, data: bytes) -> None:
        await self._bus.publish(subject, data)
        await (await self._bus.bucket(HOME_BUCKET)).put(subject, data)


class _Source:
    """A file that grows, or a pipe; opened when it is there, never waited for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = -1
        self.is_missing = False

    def read(self) -> bytes:
        try:
            if self._handle < 0:
                self._handle = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
                self.is_missing = False
            return os.read(self._handle, CHUNK_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            if not self.is_missing:
                log.warning("ble_source_missing", source=str(self._path), error=error.strerror)
            self.is_missing = True
            self.close()
            return b""

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1


def _entity(device: str, end: str) -> str:
    domain, _, word = end.partition("/")
    return f"{domain}.{device.replace('-', '_')}_{word}"


def _heard(config: BleDeviceConfig) -> Heard:
    about = _about(config, "", "", {})
    return Heard(config=config, parser=Parser(_bindkey(config)), about=about)


def _about(
    config: BleDeviceConfig, maker: str, model: str, entities: dict[str, EntityAbout]
) -> DeviceAbout:
    return DeviceAbout(
        name=config.name or config.id,
        area=config.area,
        manufacturer=maker,
        model=model,
        origin="ble",
        entities=entities,
    )


def _bindkey(config: BleDeviceConfig) -> bytes | None:
    where = f"faces.ble.devices: {config.id}"
    text = config.bindkey
    if config.bindkey_file:
        try:
            text = Path(config.bindkey_file).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{where}: {config.bindkey_file} cannot be read: {error}") from None
    if not text.strip():
        return None
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) not in KEY_BYTES:
        raise InputError(f"{where}: a bindkey has 24 or 32 hexadecimal digits")
    return key
