"""Messages, questions and answers, as every bus does them."""

import asyncio

import pytest

from contract.suite import (
    PATIENCE_S,
    answer,
    data_of,
    drain,
    eventually,
    scenario,
    take,
    until_last,
)
from vettura.bus.interface import (
    MAX_PAYLOAD_BYTES,
    Bus,
    Message,
    Subscription,
)
from vettura.clock import Clock
from vettura.errors import (
    BusTimeoutError,
    InputError,
    NoResponderError,
)


@scenario
async def a_pattern_hears_its_subjects_and_no_others(bus: Bus, clock: Clock) -> None:
    heard = {}
    for pattern in ("car.v1.signals", "car.*.signals", "car.>", "*.v1.*", ">"):
        heard[pattern] = await bus.subscribe(pattern)
    subjects = ["car.v1.signals", "car.v2.signals", "car.v1", "car.v1.do.lock", "home.v1.x", "car"]
    for subject in subjects:
        await bus.publish(subject, subject.encode())
    expected = {
        "car.v1.signals": [0],
        "car.*.signals": [0, 1],
        "car.>": [0, 1, 2, 3],
        "*.v1.*": [0, 4],
        ">": [0, 1, 2, 3, 4, 5],
    }
    await bus.publish("car.v1.signals", b"last")
    for pattern, subscription in heard.items():
        arrived = await until_last(subscription)
        assert arrived == [subjects[index] for index in expected[pattern]], pattern


@scenario
async def messages_of_one_sender_keep_their_order(bus: Bus, clock: Clock) -> None:
    ears = await bus.subscribe("car.>")
    sent = [f"{number}".encode() for number in range(500)]
    for number, data in enumerate(sent):
        await bus.publish(f"car.v{number % 3}.signals", data)
    assert data_of(await take(ears, 500)) == sent
    assert ears.dropped == 0


@scenario
async def each_of_two_listeners_hears_everything(bus: Bus, clock: Clock) -> None:
    first, second = await bus.subscribe("a"), await bus.subscribe("a")
    await bus.publish("a", b"1")
    assert (await first.next(), await second.next())[0].data == b"1"


@scenario
async def headers_travel_untouched(bus: Bus, clock: Clock) -> None:
    ears = await bus.subscribe("a")
    headers = {
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "x": "y: z",
    }
    await bus.publish("a", b"with", headers=headers)
    await bus.publish("a", b"without")
    with_headers, without = await take(ears, 2)
    assert dict(with_headers.headers) == headers
    assert dict(without.headers) == {}
    assert (without.subject, without.data, without.reply) == ("a", b"without", "")


@scenario
async def who_has_closed_hears_no_more(bus: Bus, clock: Clock) -> None:
    closed, open_ears = await bus.subscribe("a"), await bus.subscribe("a")
    await bus.publish("a", b"1")
    await open_ears.next()
    await closed.close()
    await closed.close()
    await bus.publish("a", b"2")
    await open_ears.next()
    assert await drain(closed) in ([b"1"], [])
    with pytest.raises(StopAsyncIteration):
        await closed.next()


@scenario
async def closing_wakes_who_waits(bus: Bus, clock: Clock) -> None:
    ears = await bus.subscribe("a")
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(drain(ears))
        await clock.sleep(0)
        await ears.close()
    assert waiting.result() == []


@scenario
async def members_of_a_queue_share_the_messages(bus: Bus, clock: Clock) -> None:
    members = [await bus.subscribe("work.*", queue="hands") for _ in range(2)]
    witness = await bus.subscribe("work.>")
    sent = [f"{number}".encode() for number in range(100)]
    for data in sent:
        await bus.publish("work.x", data)
    assert data_of(await take(witness, 100)) == sent
    shares: list[list[bytes]] = [[], []]
    async with asyncio.TaskGroup() as group:
        for member, share in zip(members, shares, strict=True):
            group.create_task(_collect(member, share))
        await eventually(clock, lambda: _is_true(len(shares[0]) + len(shares[1]) >= 100))
        for member in members:
            await member.close()
    assert sorted(shares[0] + shares[1]) == sorted(sent)
    assert shares[0]
    assert shares[1]


async def _collect(subscription: Subscription, into: list[bytes]) -> None:
    async for message in subscription:
        into.append(message.data)  # noqa: PERF401  it is watched while it grows


@scenario
async def a_slow_reader_loses_the_newest_and_knows_how_many(bus: Bus, clock: Clock) -> None:
    slow, quick = await bus.subscribe("a", limit=3), await bus.subscribe("a")
    for number in range(5):
        await bus.publish("a", f"{number}".encode())
    await take(quick, 5)
    await eventually(clock, lambda: _is_true(slow.dropped == 2))
    assert data_of(await take(slow, 3)) == [b"0", b"1", b"2"]
    await bus.publish("a", b"5")
    assert (await slow.next()).data == b"5"


async def _is_true(fact: bool) -> bool:
    return fact


@scenario
async def a_question_is_answered(bus: Bus, clock: Clock) -> None:
    ears = await bus.subscribe("car.v1.do.*")
    async with asyncio.TaskGroup() as group:
        group.create_task(answer(bus, ears, b"ok "))
        reply = await bus.request("car.v1.do.lock", b"lock", timeout_s=5)
        assert reply.data == b"ok lock"
        many = [bus.request("car.v1.do.lock", f"{number}".encode()) for number in range(50)]
        answers = await asyncio.gather(*many)
        assert data_of(answers) == [f"ok {number}".encode() for number in range(50)]
        await ears.close()


@scenario
async def a_question_bears_headers_and_a_reply(bus: Bus, clock: Clock) -> None:
    ears = await bus.subscribe("ask")

    async def answer_one() -> Message:
        question = await ears.next()
        await bus.respond(question, b"yes")
        await bus.respond(question, b"too late")
        await bus.respond(question._replace(reply=""), b"nowhere")
        return question

    async with asyncio.TaskGroup() as group:
        answering = group.create_task(answer_one())
        reply = await bus.request("ask", b"?", headers={"traceparent": "00-1-2-01"})
    assert reply.data == b"yes"
    assert answering.result().reply
    assert dict(answering.result().headers) == {"traceparent": "00-1-2-01"}


@scenario
async def a_question_to_nobody_fails_at_once(bus: Bus, clock: Clock) -> None:
    with pytest.raises(NoResponderError, match=r"nobody listens on car\.v1\.do\.lock"):
        await bus.request("car.v1.do.lock", b"", timeout_s=PATIENCE_S * 2)


@scenario
async def a_question_without_an_answer_times_out(bus: Bus, clock: Clock) -> None:
    ears = await bus.subscribe("ask")
    with pytest.raises(BusTimeoutError, match="no answer on ask"):
        await bus.request("ask", b"?", timeout_s=0.05)
    await bus.respond(await ears.next(), b"nobody waits any more")


@scenario
async def one_member_of_a_queue_is_asked(bus: Bus, clock: Clock) -> None:
    members = [await bus.subscribe("ask", queue="hands") for _ in range(3)]
    async with asyncio.TaskGroup() as group:
        for number, member in enumerate(members):
            group.create_task(answer(bus, member, f"{number}".encode()))
        replies = [await bus.request("ask", b"") for _ in range(30)]
        for member in members:
            await member.close()
    assert {reply.data for reply in replies} <= {b"0", b"1", b"2"}


@scenario
async def what_cannot_travel_is_refused(bus: Bus, clock: Clock) -> None:
    for subject in ("", "a b", "a..b", ".a", "a.", "a.*", ">", "a\r\nPUB x", "a\t", "x" * 600):
        with pytest.raises(InputError, match="cannot send"):
            await bus.publish(subject, b"")
        with pytest.raises(InputError, match="cannot send"):
            await bus.request(subject, b"")
    for pattern in ("", "a b", "a..b", ">.a", "a.>.b", "a*", "a.b>", "x" * 600):
        with pytest.raises(InputError, match="cannot listen"):
            await bus.subscribe(pattern)
    with pytest.raises(InputError):
        await bus.subscribe("a", queue="two words")
    with pytest.raises(InputError):
        await bus.subscribe("a", limit=0)
    for headers in ({"two words": "x"}, {"": "x"}, {"x": "line\r\nbreak"}):
        with pytest.raises(InputError, match="cannot send header"):
            await bus.publish("a", b"", headers=headers)


@scenario
async def the_largest_message_travels_and_no_larger_one(bus: Bus, clock: Clock) -> None:
    ears = await bus.subscribe("a")
    await bus.publish("a", bytes(MAX_PAYLOAD_BYTES))
    assert len((await ears.next()).data) == MAX_PAYLOAD_BYTES
    with pytest.raises(InputError, match="too large"):
        await bus.publish("a", bytes(MAX_PAYLOAD_BYTES + 1))
    with pytest.raises(InputError, match="too large"):
        await bus.publish("a", bytes(MAX_PAYLOAD_BYTES), headers={"x": "y"})
    headers = {"x": "é"}
    await bus.publish("a", bytes(MAX_PAYLOAD_BYTES - 12 - 5 - 2), headers=headers)
    assert dict((await ears.next()).headers) == headers


@scenario
async def settling_loses_nothing_and_ends_when_the_bus_is_closed(bus: Bus, clock: Clock) -> None:
    ears = await bus.subscribe("a")
    for number in range(100):
        await bus.publish("a", b"%d" % number)
    await bus.settle()
    assert data_of(await take(ears, 100)) == [b"%d" % number for number in range(100)]
    await bus.close()
    await bus.settle()
