"""A car without physics, on a bus of its own: it says yes to one command and no to the next."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from make import VIN
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Answer, SignalFrame, encode
from vettura.bus.subjects import car_do, car_get
from vettura.clock import WallClock

T = TypeVar("T")
NO = Answer(ok=False, reason="the car is driving", code="interlock", state="refused")
YES = Answer(ok=True, state="reached")


class AnsweringCar:
    """The car, its bus and the loop that both live on."""

    def __init__(self, vin: str = VIN) -> None:
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self.clock = WallClock()
        self.bus = MemoryBus(self.clock)
        self._vin = vin
        self._tasks = [self.start(self._answer()), self.start(self._show())]
        self.run(_turn())

    def start(self, service: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Have something live beside the car."""
        return self.loop.create_task(service)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Let all live until `work` is done."""
        return self.loop.run_until_complete(work)

    def pass_turn(self) -> None:
        """Let everybody run once."""
        self.run(_turn())

    async def _answer(self) -> None:
        told = 0
        async for message in await self.bus.subscribe(car_do(self._vin, "*")):
            told += 1
            await self.bus.respond(message, encode(YES if told % 2 else NO))

    async def _show(self) -> None:
        frame = SignalFrame(time_ns=1, values={"Vehicle.Speed": 3.5}, full=True)
        async for message in await self.bus.subscribe(car_get(self._vin)):
            await self.bus.respond(message, encode(frame))


async def _turn() -> None:
    for _ in range(2):
        await asyncio.tasks.sleep(0)
