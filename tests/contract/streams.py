"""Streams, as every bus stores them."""

import asyncio

import pytest

from contract.suite import (
    PATIENCE_S,
    REDELIVER_AFTER_S,
    data_of,
    eventually,
    scenario,
    take,
)
from vettura.bus.interface import (
    MAX_PAYLOAD_BYTES,
    Bus,
    Stream,
    StreamMessage,
)
from vettura.clock import Clock
from vettura.errors import (
    InputError,
)


@scenario
async def a_stream_hands_out_in_order_what_was_stored(bus: Bus, clock: Clock) -> None:
    stream = await bus.stream("cars", ["car.*.samples", "car.*.sessions"])
    ears = await bus.subscribe("car.>")
    assert await stream.pull("history", batch=10, timeout_s=0) == []
    for number in range(1, 6):
        assert await stream.publish("car.v1.samples", f"{number}".encode()) == number
    messages = await stream.pull("history", batch=3, timeout_s=5)
    assert messages == [
        StreamMessage("car.v1.samples", f"{number}".encode(), {}, number) for number in (1, 2, 3)
    ]
    rest = await stream.pull("history", batch=10, timeout_s=5)
    assert [message.sequence for message in rest] == [4, 5]
    assert await stream.pull("history", batch=10, timeout_s=0.05) == []
    others = await stream.pull("other", batch=10, timeout_s=5)
    assert [message.sequence for message in others] == [1, 2, 3, 4, 5]
    assert data_of(await take(ears, 5)) == data_of(others)


@scenario
async def a_pull_waits_for_the_first_message(bus: Bus, clock: Clock) -> None:
    stream = await bus.stream("cars", ["car.>"])
    async with asyncio.TaskGroup() as group:
        pulling = group.create_task(stream.pull("history", batch=10, timeout_s=PATIENCE_S * 2))
        await clock.sleep(0.05)
        await stream.publish("car.v1", b"1")
    assert data_of(pulling.result()) == [b"1"]


async def _publish(stream: Stream, count: int) -> None:
    for number in range(1, count + 1):
        await stream.publish("car.v1", f"{number}".encode())


async def _pull(stream: Stream, consumer: str = "history", *, timeout_s: float = 0.0) -> list[int]:
    messages = await stream.pull(consumer, batch=100, timeout_s=timeout_s)
    return [message.sequence for message in messages]


@scenario
async def what_is_not_acknowledged_is_handed_out_again(bus: Bus, clock: Clock) -> None:
    stream = await bus.stream("cars", ["car.>"])
    await _publish(stream, 4)
    assert await _pull(stream) == [1, 2, 3, 4]
    await stream.acknowledge("history", 2)
    assert await _pull(stream) == []
    assert await _pull(stream, timeout_s=PATIENCE_S) == [3, 4]
    await stream.acknowledge("history", 4)
    assert await _pull(stream, timeout_s=REDELIVER_AFTER_S * 1.5) == []


@scenario
async def an_acknowledgement_counts_whoever_gives_it(bus: Bus, clock: Clock) -> None:
    """As after a restart: the new process knows a sequence, but was handed nothing yet."""
    stream = await bus.stream("cars", ["car.>"])
    await _publish(stream, 6)
    await _pull(stream)
    again = await bus.stream("cars", ["car.>"])
    await again.acknowledge("history", 4)
    await again.acknowledge("history", 4)
    await again.acknowledge("history", 1)
    await stream.acknowledge("history", 2)
    assert await _pull(again, timeout_s=PATIENCE_S) == [5, 6]


@scenario
async def one_can_acknowledge_what_was_never_handed_out(bus: Bus, clock: Clock) -> None:
    stream = await bus.stream("cars", ["car.>"])
    await _publish(stream, 5)
    await stream.acknowledge("new", 2)
    assert await _pull(stream, "new") == [3, 4, 5]
    messages = await stream.pull("old", batch=1, timeout_s=5)
    assert [message.sequence for message in messages] == [1]
    await stream.acknowledge("old", 3)
    assert await _pull(stream, "old") == [4, 5]
    await stream.acknowledge("ahead", 6)
    await _publish(stream, 2)
    assert await _pull(stream, "ahead") == [7]


@scenario
async def a_message_id_is_stored_once(bus: Bus, clock: Clock) -> None:
    stream = await bus.stream("cars", ["car.>"])
    assert await stream.publish("car.v1", b"1", message_id="x") == 1
    assert await stream.publish("car.v1", b"2", message_id="y") == 2
    assert await stream.publish("car.v1", b"1", message_id="x") == 1
    assert await stream.publish("car.v1", b"3") == 3
    assert data_of(await stream.pull("history", batch=10, timeout_s=5)) == [b"1", b"2", b"3"]


@scenario
async def a_stream_stores_what_is_simply_sent(bus: Bus, clock: Clock) -> None:
    stream = await bus.stream("cars", ["car.*.samples"])
    await bus.publish("car.v1.samples", b"1", headers={"traceparent": "00-1-2-01"})
    await bus.publish("car.v1.signals", b"not stored")
    (message,) = await stream.pull("history", batch=1, timeout_s=5)
    assert (message.subject, message.data) == ("car.v1.samples", b"1")
    assert dict(message.headers) == {"traceparent": "00-1-2-01"}
    assert await _pull(stream) == []


@scenario
async def the_newest_messages_of_a_subject_can_be_read(bus: Bus, clock: Clock) -> None:
    stream = await bus.stream("cars", ["car.>"])
    assert await stream.last("car.>", 5) == []
    for number in range(1, 101):
        await stream.publish("car.rare" if number in (3, 50) else "car.v1", b"%d" % number)
    assert [message.sequence for message in await stream.last("car.>", 3)] == [98, 99, 100]
    assert [message.sequence for message in await stream.last("car.rare", 1)] == [50]
    assert data_of(await stream.last("*.rare", 9)) == [b"3", b"50"]
    assert await stream.last("car.never", 9) == []
    assert len(await stream.last("car.>", 1_000)) == 100
    assert await stream.last("car.>", 0) == []
    assert await _pull(stream) == list(range(1, 101))


@scenario
async def a_stream_forgets_the_oldest_beyond_its_bytes(bus: Bus, clock: Clock) -> None:
    stream = await bus.stream("cars", ["car.>"], max_bytes=5_000)
    for _ in range(10):
        await stream.publish("car.v1", bytes(950))
    assert [message.sequence for message in await stream.last(">", 99)] == [6, 7, 8, 9, 10]
    assert await _pull(stream) == [6, 7, 8, 9, 10]


@scenario
async def a_stream_forgets_what_is_too_old(bus: Bus, clock: Clock) -> None:
    stream = await bus.stream("cars", ["car.>"], max_age_s=0.2)
    await _publish(stream, 2)

    async def is_empty() -> bool:
        return await stream.last(">", 9) == []

    await eventually(clock, is_empty)
    assert await _pull(stream) == []
    assert await stream.publish("car.v1", b"3") == 3


@scenario
async def a_stream_can_be_opened_anew_with_other_limits(bus: Bus, clock: Clock) -> None:
    stream = await bus.stream("cars", ["car.>"])
    await _publish(stream, 3)
    wider = await bus.stream("cars", ["car.>", "bike.>"], max_age_s=3600.0)
    assert await wider.publish("bike.v1", b"4") == 4
    assert len(await wider.last(">", 9)) == 4


@scenario
async def what_no_stream_can_be_is_refused(bus: Bus, clock: Clock) -> None:
    stream = await bus.stream("cars", ["car.>"])
    with pytest.raises(InputError):
        await bus.stream("others", ["car.v1.*"])
    for subjects in ([], "car.>", ["a b"], [">"], ["*.v1"], ["$KV.home.>"]):
        with pytest.raises(InputError):
            await bus.stream("others", subjects)
    with pytest.raises(InputError):
        await bus.stream("two words", ["x"])
    with pytest.raises(InputError, match="does not store home"):
        await stream.publish("home", b"")
    with pytest.raises(InputError):
        await stream.publish("car.v1", bytes(MAX_PAYLOAD_BYTES + 1))
    for limits in ({"max_age_s": 0.01}, {"max_age_s": -1.0}, {"max_bytes": 0}):
        with pytest.raises(InputError):
            await bus.stream("others", ["x"], **limits)
    with pytest.raises(InputError):
        await stream.pull("two words", batch=1, timeout_s=0)
    with pytest.raises(InputError):
        await stream.pull("history", batch=0, timeout_s=0)


@scenario
async def one_cannot_ask_where_a_stream_would_answer(bus: Bus, clock: Clock) -> None:
    await bus.stream("cars", ["car.>"])
    await bus.subscribe("car.v1.do.lock")
    with pytest.raises(InputError, match="stream cars stores it"):
        await bus.request("car.v1.do.lock", b"")
