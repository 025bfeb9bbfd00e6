"""Opening what a service needs although the bus may be away just now."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from vettura.clock.interface import Clock
from vettura.errors import BusError

log = structlog.get_logger()

T = TypeVar("T")
RETRY_S = 0.25


async def patiently(clock: Clock, attempt: Callable[[], Awaitable[T]]) -> T:
    """Return what `attempt` gives, trying again for ever while the bus fails it.

    Waits 0.25 s of `clock`, or its resolution when that is longer.
    """
    tries = 0
    while True:
        try:
            return await attempt()
        except BusError as error:
            tries += 1
            if tries in {1, 10, 100, 1000}:
                log.info("bus_awaited", tries=tries, error=error.message)
        await clock.sleep(max(RETRY_S, clock.resolution_s))
