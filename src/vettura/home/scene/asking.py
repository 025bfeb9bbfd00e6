"""Asking devices to do what scenes want: with patience, each action under one id."""

from collections.abc import Callable
from typing import final

import structlog

from vettura.bus.interface import Bus
from vettura.bus.messages import Answer, decode, encode
from vettura.bus.messages_home import DeviceAction
from vettura.bus.subjects import device_do
from vettura.clock.interface import Clock
from vettura.errors import BusDownError, BusError, BusTimeoutError, InputError, NoResponderError
from vettura.home.scene.calls import Order

log = structlog.get_logger()

PATIENCE_S = 10.0
"""A device that has not answered by then is gone."""
TRY_S = 2.0
RETRY_S = 0.25
WAKES_PER_S = 50
"""A live clock's resolution is its speed over this."""
ASKED_MAX = 1_000
"""Orders that may wait for answers at once."""

Done = Callable[[Answer], None]


def in_real_time(clock: Clock, seconds: float) -> float:
    """At least `seconds` of the clock, and of real time when the clock runs fast."""
    return max(seconds, seconds * WAKES_PER_S * clock.resolution_s)


@final
class Asking:
    """Sends orders; a device obeys one id once, so they may be repeated until answered."""

    def __init__(self, bus: Bus, clock: Clock, home: str) -> None:
        self._bus = bus
        self._clock = clock
        self._home = home
        self.count = 0
        """Orders that wait now."""

    async def ask(self, order: Order) -> Answer:
        """The device's answer, or why there is none."""
        self.count += 1
        try:
            return await self._ask(order)
        finally:
            self.count -= 1

    async def _ask(self, order: Order) -> Answer:
        action = DeviceAction(
            id=order.id,
            action=order.action,
            entity=order.entity,
            data=order.data,
            who=order.cause.who,
            cause=order.cause,
        )
        subject, data = device_do(self._home, order.device), encode(action)
        deadline_s = self._clock.monotonic() + in_real_time(self._clock, PATIENCE_S)
        while True:
            try:
                reply = await self._bus.request(subject, data, timeout_s=TRY_S)
                return decode(reply.data, Answer, where=f"answer from {subject}")
            except (BusTimeoutError, BusDownError, NoResponderError) as error:
                if self._clock.monotonic() + RETRY_S > deadline_s:
                    log.info("device_silent", device=order.device, error=error.message)
                    reason = f"{order.entity or order.device} does not answer"
                    return Answer(ok=False, reason=reason, code="unavailable")
                await self._clock.sleep(max(RETRY_S, self._clock.resolution_s))
            except (BusError, InputError) as error:
                return Answer(ok=False, reason=error.message)
