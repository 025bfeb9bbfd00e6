"""A connection to a broker that is made anew for as long as the house lives."""

from collections.abc import Awaitable, Callable

import structlog

from vettura.clock.interface import Clock
from vettura.faces.mqtt_link import Broker, Link, LinkError, opened

log = structlog.get_logger()

RETRY_S, RETRY_S_MAX = 0.25, 15.0
"""Pause before a connection is tried again [real s], doubled each time up to the second."""


async def keep_connected(
    broker: Broker,
    pace: Clock,
    *,
    identifier: str,
    will_topic: str,
    converse: Callable[[Link], Awaitable[None]],
    lose: Callable[[], None],
) -> None:
    """Connect and `converse` until the broker goes, `lose` what was held of it, and again.

    Never returns by itself; `pace` counts real seconds.
    """
    pause_s = RETRY_S
    while True:
        try:
            async with opened(broker, identifier=identifier, will_topic=will_topic) as link:
                pause_s = RETRY_S
                await converse(link)
        except LinkError as error:
            log.info("mqtt_away", host=broker.host, who=identifier, error=error.message)
        finally:
            lose()
        await pace.sleep(pause_s)
        pause_s = min(2.0 * pause_s, RETRY_S_MAX)
