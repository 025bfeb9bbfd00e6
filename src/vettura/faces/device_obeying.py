"""Taking actions for devices that come from outside: each once, one after the other."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import structlog

from vettura.bus.interface import Bus
from vettura.bus.messages import Answer, decode, encode
from vettura.bus.messages_home import DeviceAction
from vettura.bus.patience import patiently
from vettura.bus.subjects import device_do
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError

log = structlog.get_logger()

QUEUE_LIMIT = 256
REMEMBERED = 1024
"""Answers that are kept, so that an action that comes again is not obeyed again."""

Obey = Callable[[str, DeviceAction], Awaitable[Answer]]


class DeviceObeying:
    """Listens for the actions of each device that is there, and of no other."""

    def __init__(self, bus: Bus, pace: Clock, home: str, obey: Obey) -> None:
        self.actions = 0
        """Actions that were obeyed or refused."""
        self._bus = bus
        self._pace = pace
        self._home = home
        self._obey = obey
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._answers: OrderedDict[str, Answer] = OrderedDict()

    def follow(self, group: asyncio.TaskGroup, device: str) -> None:
        """Listen for a device from now on."""
        if device not in self._tasks:
            self._tasks[device] = group.create_task(self._listen(device), name=f"{device} obeys")

    def leave(self, device: str) -> None:
        """Listen for it no more."""
        task = self._tasks.pop(device, None)
        if task is not None:
            task.cancel()

    async def _listen(self, device: str) -> None:
        subject = device_do(self._home, device)
        ear = await patiently(self._pace, lambda: self._bus.subscribe(subject, limit=QUEUE_LIMIT))
        try:
            async for message in ear:
                answer = await self._answer(device, message.data)
                try:
                    await self._bus.respond(message, encode(answer))
                except BusError as error:
                    log.info("device_answer_lost", device=device, error=error.message)
        finally:
            await ear.close()

    async def _answer(self, device: str, data: bytes) -> Answer:
        try:
            action = decode(data, DeviceAction, where=device)
        except InputError as error:
            return Answer(ok=False, reason=error.message, code="type", state="refused")
        if action.id in self._answers:
            return self._answers[action.id]
        answer = await self._obey(device, action)
        self.actions += 1
        if answer.ok:
            # An action that was refused may be tried again under its id.
            self._answers[action.id] = answer
        while len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)
        log.info("action", device=device, action=action.action, refused=answer.reason)
        return answer
