"""Telling the bus of devices that come from outside: at once, and of a flood now and then.

A device may tell 20 changes in a second, and 20 more at once; of what comes faster the newest is
told. What is kept in the bucket `home` is written behind everybody's back, at most every second.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import structlog

from vettura.bus.interface import Bus
from vettura.bus.messages import encode
from vettura.bus.messages_home import DeviceAbout, DeviceState
from vettura.bus.subjects import HOME_BUCKET, device_about, device_state
from vettura.clock.interface import Clock
from vettura.errors import BusError

log = structlog.get_logger()

RATE_PER_S, BURST = 20.0, 20.0
KEEP_S = 1.0
STATE_BYTES_MAX = 900_000
"""A larger state does not travel."""


@dataclass(slots=True)
class _Purse:
    """How many changes a device may tell just now."""

    tokens: float = BURST
    filled_s: float = 0.0

    def fill(self, now_s: float) -> None:
        self.tokens = min(BURST, self.tokens + (now_s - self.filled_s) * RATE_PER_S)
        self.filled_s = now_s


class DeviceTelling:
    """Publishes what devices are and how they are, and keeps both."""

    def __init__(self, bus: Bus, pace: Clock, home: str) -> None:
        self.oversized = 0
        """States that were too large to travel."""
        self._bus = bus
        self._pace = pace
        self._home = home
        self._due: dict[str, None] = {}
        self._purses: dict[str, _Purse] = {}
        self._told: dict[str, bytes] = {}
        self._unkept: dict[str, bytes | None] = {}

    def changed(self, device: str) -> None:
        """The device has something new to tell."""
        self._due[device] = None

    def next_s(self) -> float | None:
        """When something may be told [s of `pace`]; None while nothing is due."""
        if not self._due:
            return None
        return min(self._ready_s(device) for device in self._due)

    def _ready_s(self, device: str) -> float:
        purse = self._purses.get(device)
        if purse is None or purse.tokens >= 1.0:
            return self._pace.monotonic()
        return purse.filled_s + (1.0 - purse.tokens) / RATE_PER_S

    async def introduce(self, device: str, about: DeviceAbout) -> bool:
        """Say what a device is, if that is news; without entities it has gone."""
        subject, data = device_about(self._home, device), encode(about)
        if self._told.get(device) == data:
            return False
        await self._bus.publish(subject, data)
        if about.entities:
            self._told[device] = self._unkept[subject] = data
            return True
        self.forget(device)
        return True

    def forget(self, device: str) -> None:
        """Keep nothing of a device."""
        for known in (self._told, self._purses, self._due):
            known.pop(device, None)
        self._unkept[device_about(self._home, device)] = None
        self._unkept[device_state(self._home, device)] = None

    async def tell(self, state: Callable[[str], DeviceState]) -> None:
        """Publish the state of every device that is due; of none that has no entities."""
        for device in list(self._ready()):
            del self._due[device]
            told = state(device)
            if not told.entities:
                continue
            data = encode(told)
            if len(data) > STATE_BYTES_MAX:
                self.oversized += 1
                log.warning("device_state_too_large", device=device, bytes=len(data))
                continue
            subject = device_state(self._home, device)
            await self._bus.publish(subject, data)
            self._unkept[subject] = data

    def _ready(self) -> Iterator[str]:
        now_s = self._pace.monotonic()
        for device in list(self._due):
            purse = self._purses.setdefault(device, _Purse(filled_s=now_s))
            purse.fill(now_s)
            if purse.tokens >= 1.0:
                purse.tokens -= 1.0
                yield device

    def keep_later(self, key: str, data: bytes) -> None:
        """Have something else kept in the bucket `home`."""
        self._unkept[key] = data

    async def keep(self) -> None:
        """Write what is to be kept, for ever."""
        while True:
            await self._pace.sleep(KEEP_S)
            unkept, self._unkept = self._unkept, {}
            try:
                bucket = await self._bus.bucket(HOME_BUCKET) if unkept else None
                while unkept and bucket is not None:
                    key = next(iter(unkept))
                    data = unkept[key]
                    await (bucket.delete(key) if data is None else bucket.put(key, data))
                    unkept.pop(key)
            except BusError as error:
                log.info("devices_unkept", error=error.message)
                self._unkept = unkept | self._unkept
