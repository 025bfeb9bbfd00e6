"""What every bus does: one suite for the bus in memory and for a real NATS server."""

import asyncio
from contextlib import aclosing

import pytest

from contract.suite import (
    PATIENCE_S,
    REDELIVER_AFTER_S,
    START_NS,
    Scenario,
    all_scenarios,
    drain,
    play,
    scenario,
)
from vettura.bus.embedded import EmbeddedServer
from vettura.bus.interface import (
    Bus,
    Entry,
)
from vettura.bus.memory import MemoryBus
from vettura.bus.nats import NatsBus
from vettura.clock import Clock, WallClock, rehearse
from vettura.errors import (
    BusDownError,
)


@scenario
async def closing_the_bus_ends_everything(bus: Bus, clock: Clock) -> None:
    assert bus.is_up
    ears = await bus.subscribe("a")
    silent = await bus.subscribe("ask")
    bucket = await bus.bucket("home")
    await bucket.put("a", b"1")
    entries = bucket.watch()
    assert (await anext(entries)).key == "a"
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(_rest(entries))
        asking = group.create_task(_asked_in_vain(bus))
        await silent.next()
        await bus.publish("a", b"1")
        await bus.close()
    assert await drain(ears) == [b"1"]
    assert watching.result() == []
    assert asking.result()
    assert not bus.is_up
    await bus.close()
    for call in (bus.publish("a", b""), bus.subscribe("a"), bus.request("a", b"")):
        with pytest.raises(BusDownError):
            await call
    with pytest.raises(BusDownError):
        await bucket.put("a", b"2")


async def _rest(entries: aclosing[Entry]) -> list[Entry]:
    return [entry async for entry in entries]


async def _asked_in_vain(bus: Bus) -> bool:
    try:
        await bus.request("ask", b"?", timeout_s=PATIENCE_S)
    except BusDownError:
        return True
    return False


@pytest.mark.parametrize("shuffle_seed", [None, 1])
@all_scenarios()
def test_the_bus_in_memory(what: Scenario, shuffle_seed: int | None) -> None:
    async def main(clock: Clock) -> None:
        bus = MemoryBus(clock, redeliver_after_s=REDELIVER_AFTER_S)
        await play(what, bus, clock)

    rehearse(main, start_ns=START_NS, seed=1, shuffle_seed=shuffle_seed)


@pytest.mark.live
@all_scenarios()
async def test_a_nats_server(what: Scenario, tmp_path) -> None:
    clock = WallClock()
    async with EmbeddedServer(tmp_path, pace=clock) as server:
        bus = await NatsBus.connect(
            server.url, clock=clock, name="contract", redeliver_after_s=REDELIVER_AFTER_S
        )
        await play(what, bus, clock)
