"""What a diagnosis face has heard of its car: the last value of every signal."""

import asyncio
import math
from collections.abc import Callable, Mapping
from contextlib import suppress

import structlog

from vettura.bus.interface import Bus
from vettura.bus.messages import SignalValue, decode_frame
from vettura.bus.patience import patiently
from vettura.bus.signals import signal_table
from vettura.bus.subjects import car_get, car_signals
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError

log = structlog.get_logger()

FRAMES_LIMIT = 256
GET_PAUSE_S = 1.0

Values = Mapping[str, SignalValue]
"""Signals by path, in VSS units; a signal that was never heard is not in it."""


class Heard:
    """The newest values of one car; what was not heard is unknown, never zero."""

    def __init__(self, bus: Bus, pace: Clock, vin: str) -> None:
        self.values: dict[str, SignalValue] = {}
        self.changed: dict[str, SignalValue] = {}
        """What the last frame held."""
        self.unreadable = 0
        """Messages that were no frames."""
        self.frames = 0
        self._bus, self._pace, self._vin = bus, pace, vin

    async def run(self, *, ask: bool, each: Callable[[], None] = lambda: None) -> None:
        """Listen until cancelled; `ask` asks the car once for everything, `each` hears of frames.

        A face without a peer does not ask: a car that is asked answers at once, between its ticks.
        """
        subject = car_signals(self._vin)
        ear = await patiently(self._pace, lambda: self._bus.subscribe(subject, limit=FRAMES_LIMIT))
        async with asyncio.TaskGroup() as group:
            if ask:
                group.create_task(self._ask(each))
            async for message in ear:
                self._hear(message.data, each)

    async def _ask(self, each: Callable[[], None]) -> None:
        """Get one full frame; a car that is not up yet is asked again."""
        while not self.values:
            with suppress(BusError):
                reply = await self._bus.request(car_get(self._vin), b"")
                self._hear(reply.data, each)
                return
            await self._pace.sleep(GET_PAUSE_S)

    def _hear(self, data: bytes, each: Callable[[], None]) -> None:
        try:
            frame = decode_frame(data, where=car_signals(self._vin))
        except InputError as error:
            self.unreadable += 1
            log.warning("frame_ignored", car=self._vin, error=error.message)
            return
        table = signal_table()
        self.changed = {path: v for path, v in frame.values.items() if path in table}
        self.values.update(self.changed)
        self.frames += 1
        each()


def number(values: Values, path: str) -> float | None:
    """A signal as a number; None when it is unknown or no finite number. True is 1."""
    value = values.get(path)
    if not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def words(values: Values, path: str) -> list[str]:
    """A list of words; empty when it is unknown."""
    value = values.get(path)
    return [str(word) for word in value] if isinstance(value, list) else []
