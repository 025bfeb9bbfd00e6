"""What the suite of every bus is made of: its register of scenarios, and small hands."""

from collections.abc import Awaitable, Callable

import pytest

from vettura.bus.interface import (
    Bus,
    Message,
    StreamMessage,
    Subscription,
)
from vettura.clock import Clock

START_NS = 1_750_000_000_000_000_000
REDELIVER_AFTER_S = 1.0
PATIENCE_S = 20.0

Scenario = Callable[[Bus, Clock], Awaitable[None]]
SCENARIOS: list[Scenario] = []


def scenario(what: Scenario) -> Scenario:
    SCENARIOS.append(what)
    return what


def all_scenarios() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("what", SCENARIOS, ids=lambda what: what.__name__)


async def play(what: Scenario, bus: Bus, clock: Clock) -> None:
    try:
        await clock.wait_for(what(bus, clock), PATIENCE_S)
    finally:
        await bus.close()


async def take(subscription: Subscription, count: int) -> list[Message]:
    return [await subscription.next() for _ in range(count)]


async def drain(subscription: Subscription) -> list[bytes]:
    return [message.data async for message in subscription]


async def until_last(subscription: Subscription) -> list[str]:
    """What came before the message "last"; a server's own subjects start with an underscore."""
    subjects = []
    while (message := await subscription.next()).data != b"last":
        if not message.subject.startswith("_"):
            subjects.append(message.subject)
    return subjects


async def answer(bus: Bus, ears: Subscription, data: bytes) -> None:
    async for message in ears:
        await bus.respond(message, data + message.data)


async def eventually(clock: Clock, holds: Callable[[], Awaitable[bool]]) -> None:
    while not await holds():
        await clock.sleep(0.01)


def data_of(messages: list[Message] | list[StreamMessage]) -> list[bytes]:
    return [message.data for message in messages]
