"""What the devices of a home are and how they are, as they tell it on the bus."""

import asyncio
from collections.abc import Callable

import structlog

from vettura.bus.interface import Bus, Entry
from vettura.bus.messages import decode
from vettura.bus.messages_home import DeviceAbout, DeviceState
from vettura.bus.subjects import HOME_BUCKET, device_about, device_state
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError

log = structlog.get_logger()

RETRY_S = 2.0
DEVICES_MAX = 4096
"""More devices than this are not listened to."""


class DevicesHeard:
    """Follows every device of one home. `on_change` hears which one is new, gone or different."""

    def __init__(
        self, bus: Bus, pace: Clock, home: str, on_change: Callable[[str], None] = lambda _: None
    ) -> None:
        self.abouts: dict[str, DeviceAbout] = {}
        self.states: dict[str, DeviceState] = {}
        self.ignored = 0
        """Messages that say nothing, and devices beyond the most."""
        self._bus, self._pace, self._home = bus, pace, home
        self._on_change = on_change
        self._news = asyncio.Condition()

    async def run(self) -> None:
        """Hear until cancelled."""
        while True:
            try:
                await self._hear()
            except BusError as error:
                log.info("devices_unheard", error=error.message)
            await self._pace.sleep(RETRY_S)

    async def until(self, device: str, holds: Callable[[], bool], timeout_s: float) -> bool:
        """Wait for news of a device until `holds`, at most so long [s of pace]; whether it did."""

        async def wait() -> None:
            async with self._news:
                await self._news.wait_for(holds)

        try:
            await self._pace.wait_for(wait(), timeout_s)
        except TimeoutError:
            return False
        return device in self.abouts

    async def _hear(self) -> None:
        # The bucket tells what was said before we listened, and what is said from now on.
        bucket = await self._bus.bucket(HOME_BUCKET)
        changes = bucket.watch(f"home.{self._home}.>")
        try:
            async for entry in changes:
                if self._take(entry):
                    async with self._news:
                        self._news.notify_all()
        finally:
            await changes.aclose()

    def _take(self, entry: Entry) -> bool:
        levels = entry.key.split(".")
        if len(levels) != 4 or levels[3] not in {"about", "state"}:
            return False
        device = levels[2]
        try:
            if levels[3] == "about":
                self._be_told(device, entry.value)
            else:
                self._hear_state(device, entry.value)
        except InputError as error:
            self.ignored += 1
            log.warning("device_ignored", device=device, error=error.message)
            return False
        self._on_change(device)
        return True

    def _be_told(self, device: str, data: bytes | None) -> None:
        about = decode(data, DeviceAbout, where=device_about(self._home, device)) if data else None
        if about is None or not about.entities:
            self.abouts.pop(device, None)
            self.states.pop(device, None)
        elif device in self.abouts or len(self.abouts) < DEVICES_MAX:
            self.abouts[device] = about
        else:
            raise InputError("there are too many devices")

    def _hear_state(self, device: str, data: bytes | None) -> None:
        if data is None:
            self.states.pop(device, None)
        elif device in self.states or len(self.states) < DEVICES_MAX:
            state = decode(data, DeviceState, where=device_state(self._home, device))
            self.states[device] = state
