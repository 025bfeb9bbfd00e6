"""The bus in memory: its faults are dealt by the seed, and never touch what was acknowledged."""

import asyncio
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vettura.bus.memory import Faults, MemoryBus, Partition, Spell
from vettura.clock import rehearse
from vettura.errors import BusDownError, BusTimeoutError, InputError, UsageError

START_NS = 1_750_000_000_000_000_000
BAD_DAY = Faults(drop=0.1, duplicate=0.1, delay_s=(0.0, 0.2))


def play(main, *, faults=BAD_DAY, seed=1, shuffle_seed=None):
    async def with_bus(clock):
        bus = MemoryBus(clock, faults=faults)
        try:
            return await main(bus, clock)
        finally:
            await bus.close()

    return rehearse(with_bus, start_ns=START_NS, seed=seed, shuffle_seed=shuffle_seed)


async def send_and_hear(bus, clock, count=200):
    """Two cars send, two listeners and a queue hear; the log is what was sent and heard, when."""
    log = hashlib.sha256()
    bus.tap(lambda time_ns, subject, data: log.update(f"{time_ns} {subject} {data}".encode()))

    async def hear(name, subscription):
        async for message in subscription:
            log.update(f"{name} {clock.now_ns()} {message}".encode())

    async def drive(vin):
        for number in range(count):
            await bus.publish(f"car.{vin}.signals", f"{number}".encode())
            await clock.sleep(0.01)

    ears = [await bus.subscribe("car.>"), await bus.subscribe("car.v1.signals")]
    ears += [await bus.subscribe("car.*.signals", queue="hands") for _ in range(2)]
    async with asyncio.TaskGroup() as group:
        for index, subscription in enumerate(ears):
            group.create_task(hear(index, subscription))
        async with asyncio.TaskGroup() as cars:
            cars.create_task(drive("v1"))
            cars.create_task(drive("v2"))
        await bus.close()
    return log.hexdigest()


@pytest.mark.parametrize("faults", [Faults(), BAD_DAY])
def test_the_same_seed_gives_the_same_traffic(faults):
    first = play(send_and_hear, faults=faults, seed=1)
    assert play(send_and_hear, faults=faults, seed=1) == first
    assert play(send_and_hear, faults=faults, seed=2) != first


@settings(max_examples=40, deadline=None)
@given(
    drop=st.sampled_from([0.0, 0.3]),
    duplicate=st.sampled_from([0.0, 0.3, 1.0]),
    shortest_s=st.sampled_from([0.0, 0.05]),
    spread_s=st.sampled_from([0.0, 0.01, 1.0]),
    seed=st.integers(0, 1_000),
)
def test_a_message_may_be_lost_doubled_or_late_but_never_overtakes(
    drop, duplicate, shortest_s, spread_s, seed
):
    longest_s = shortest_s + spread_s

    async def main(bus, clock):
        ears = await bus.subscribe("a")
        sent_s, heard = {}, []

        async def hear():
            heard.extend([(int(message.data), clock.monotonic()) async for message in ears])

        async with asyncio.TaskGroup() as group:
            group.create_task(hear())
            for number in range(50):
                sent_s[number] = clock.monotonic()
                await bus.publish("a", b"%d" % number)
                await clock.sleep(0.01)
            await clock.sleep(longest_s + 1e-6)
            await ears.close()
        numbers = [number for number, _ in heard]
        assert numbers == sorted(numbers)
        assert all(numbers.count(number) <= 2 for number in numbers)
        if not drop:
            assert set(numbers) == set(range(50))
        if duplicate == 1.0:
            assert all(numbers.count(number) == 2 for number in numbers)
        for number, heard_s in heard:
            assert shortest_s - 1e-6 <= heard_s - sent_s[number] <= longest_s + 1e-6

    faults = Faults(drop=drop, duplicate=duplicate, delay_s=(shortest_s, longest_s))
    play(main, faults=faults, seed=seed)


def test_a_tenth_is_lost_when_a_tenth_should_be():
    async def main(bus, clock):
        ears = await bus.subscribe("a", limit=10_000)
        for _ in range(10_000):
            await bus.publish("a", b"")
        await ears.close()
        return len([message async for message in ears])

    assert 8_850 < play(main, faults=Faults(drop=0.1)) < 9_150


NIGHT = Faults(partitions=(Partition(10.0, 20.0, "car.v1.>"), Partition(10.0, 20.0, "$KV.home.>")))


def test_nothing_passes_a_partition_and_all_else_does():
    async def main(bus, clock):
        ears = await bus.subscribe(">")
        for _ in range(3):
            await bus.publish("car.v1.signals", b"%d" % clock.monotonic())
            await bus.publish("car.v2.signals", b"%d" % clock.monotonic())
            await clock.sleep(10.0)
        await ears.close()
        return [(message.subject[4:6], message.data) async for message in ears]

    assert play(main, faults=NIGHT) == [
        *[("v1", b"0"), ("v2", b"0")],
        ("v2", b"10"),
        *[("v1", b"20"), ("v2", b"20")],
    ]


def test_a_question_into_a_partition_times_out():
    async def main(bus, clock):
        ears = await bus.subscribe("car.v1.do.lock")

        async def answer():
            async for message in ears:
                await clock.sleep(2.0)
                await bus.respond(message, b"ok")

        async with asyncio.TaskGroup() as group:
            group.create_task(answer())
            assert (await bus.request("car.v1.do.lock", b"", timeout_s=5.0)).data == b"ok"
            await clock.sleep(7.0)
            for _ in range(2):  # Asked at 9 s and answered in the partition, then asked in it.
                with pytest.raises(BusTimeoutError):
                    await bus.request("car.v1.do.lock", b"", timeout_s=3.0)
            await clock.sleep(5.0)
            assert (await bus.request("car.v1.do.lock", b"", timeout_s=5.0)).data == b"ok"
            await ears.close()

    play(main, faults=NIGHT)


def test_bucket_and_stream_say_that_they_are_cut_off():
    async def main(bus, clock):
        bucket = await bus.bucket("home")
        other = await bus.bucket("other")
        stream = await bus.stream("cars", ["car.v1.samples", "car.v2.samples"])
        await bucket.put("a", b"1")
        await stream.publish("car.v1.samples", b"1")
        await clock.sleep(10.0)
        for call in (bucket.put("a", b"2"), bucket.get("a"), bucket.keys(), bus.bucket("home")):
            with pytest.raises(BusDownError, match="partitioned"):
                await call
        with pytest.raises(BusDownError):
            await stream.publish("car.v1.samples", b"2")
        await bus.publish("car.v1.samples", b"lost")
        await other.put("a", b"1")
        await clock.sleep(10.0)
        assert (await bucket.get("a")).value == b"1"
        assert [message.data for message in await stream.last("car.v1.samples", 9)] == [b"1"]
        assert await stream.publish("car.v2.samples", b"2") == 2

    play(main, faults=NIGHT)


def test_a_partition_of_everything_takes_the_bus_down():
    async def main(bus, clock):
        before = bus.is_up
        await clock.sleep(10.0)
        within = bus.is_up
        await clock.sleep(10.0)
        return [before, within, bus.is_up]

    dark = Faults(partitions=(Partition(10.0, 20.0, ">"),))
    assert play(main, faults=dark) == [True, False, True]


def test_a_spell_befalls_its_subjects_in_its_time_alone():
    async def main(bus, clock):
        ears = await bus.subscribe(">")
        for _ in range(3):
            await bus.publish("home.casa.lamp.state", b"%d" % clock.monotonic())
            await bus.publish("home.casa.door.state", b"%d" % clock.monotonic())
            await clock.sleep(10.0)
        await ears.close()
        return [(message.subject[10:14], message.data) async for message in ears]

    doubled = Faults(spells=(Spell(10.0, 20.0, "home.casa.lamp.>", duplicate=1.0),))
    assert play(main, faults=doubled) == [
        *[("lamp", b"0"), ("door", b"0")],
        *[("lamp", b"10"), ("lamp", b"10"), ("door", b"10")],
        *[("lamp", b"20"), ("door", b"20")],
    ]


def test_an_answer_shares_the_fate_of_its_question():
    async def main(bus, clock):
        ears = await bus.subscribe("home.casa.lamp.do")
        with pytest.raises(BusTimeoutError):
            await bus.request("home.casa.lamp.do", b"on", timeout_s=1.0)
        await clock.sleep(10.0)
        question = asyncio.ensure_future(bus.request("home.casa.lamp.do", b"on"))
        await bus.respond(await ears.next(), b"done")
        answered = await question
        await ears.close()
        return answered.data

    silent = Faults(spells=(Spell(0.0, 10.0, "home.casa.lamp.>", drop=1.0),))
    assert play(main, faults=silent) == b"done"


def test_a_spell_is_checked_as_all_faults_are():
    with pytest.raises(UsageError, match="drop"):
        Faults(spells=(Spell(0.0, 1.0, "a", drop=2.0),))
    with pytest.raises(UsageError, match="delay_s"):
        Faults(spells=(Spell(0.0, 1.0, "a", delay_s=(2.0, 1.0)),))


def test_what_was_acknowledged_survives_any_fault():
    async def main(bus, clock):
        stream = await bus.stream("cars", ["car.>"])
        bucket = await bus.bucket("home")
        entries = bucket.watch()
        for number in range(20):
            assert await stream.publish("car.v1", b"%d" % number) == number + 1
            await bucket.put("a", b"%d" % number)
            assert (await anext(entries)).value == b"%d" % number
        await entries.aclose()
        messages = await stream.pull("history", batch=99, timeout_s=0)
        assert [message.data for message in messages] == [b"%d" % number for number in range(20)]

    play(main, faults=Faults(drop=1.0))


def test_the_tap_sees_all_that_is_sent_when_it_is_sent():
    async def main(bus, clock):
        seen = []
        bus.tap(lambda time_ns, subject, data: seen.append((time_ns - START_NS, subject, data)))
        await bus.publish("a", b"1")
        await clock.sleep(1.5)
        await (await bus.bucket("home")).put("k", b"2")
        await (await bus.stream("cars", ["car.>"])).publish("car.v1", b"3")
        return seen

    later_ns = 1_500_000_000
    assert play(main, faults=Faults(drop=1.0)) == [
        (0, "a", b"1"),
        (later_ns, "$KV.home.k", b"2"),
        (later_ns, "car.v1", b"3"),
    ]


def test_a_message_id_is_forgotten_after_two_minutes():
    async def main(bus, clock):
        stream = await bus.stream("cars", ["car.>"])
        sequences = []
        for _ in range(3):
            sequences.append(await stream.publish("car.v1", b"", message_id="x"))
            await clock.sleep(119.0)
        return sequences

    assert play(main) == [1, 1, 2]


def test_a_stream_hands_out_again_after_half_a_minute():
    async def main(bus, clock):
        stream = await bus.stream("cars", ["car.>"])
        await stream.publish("car.v1", b"")
        await stream.pull("history", batch=1, timeout_s=0)
        asked_s = clock.monotonic()
        assert await stream.pull("history", batch=1, timeout_s=3600.0)
        return clock.monotonic() - asked_s

    assert play(main) == pytest.approx(30.0, abs=1e-6)


def test_a_watch_that_fell_behind_goes_on_with_the_last_of_each_key():
    async def main(bus, clock):
        bucket = await bus.bucket("home")
        await bucket.put("a", b"first")
        entries = bucket.watch()
        await anext(entries)
        await bucket.put("gone", b"soon")
        for number in range(70_000):
            await bucket.put("abc"[number % 3], b"%d" % number)
        await bucket.delete("gone")
        news = {entry.key: entry.value for entry in [await anext(entries) for _ in range(4)]}
        await entries.aclose()
        return news

    assert play(main, faults=Faults()) == {
        "a": b"69999",
        "b": b"69997",
        "c": b"69998",
        "gone": None,
    }


def test_closing_delivers_what_is_under_way():
    async def main(bus, clock):
        ears = await bus.subscribe("a")
        await bus.publish("a", b"1")
        await bus.publish("a", b"2")
        await bus.close()
        return [message.data async for message in ears]

    assert play(main, faults=Faults(delay_s=(5.0, 9.0))) == [b"1", b"2"]


def test_queue_members_are_chosen_by_the_seed():
    async def main(bus, clock):
        members = [await bus.subscribe("a", queue="hands") for _ in range(3)]
        for number in range(30):
            await bus.publish("a", b"%d" % number)
        for member in members:
            await member.close()
        return [[message.data async for message in member] for member in members]

    shares = play(main, faults=Faults(), seed=3)
    assert shares == play(main, faults=Faults(), seed=3)
    assert all(shares)


@pytest.mark.parametrize(
    "wrong", [{"drop": -0.1}, {"drop": 1.1}, {"duplicate": 2.0}, {"delay_s": (2.0, 1.0)}]
)
def test_faults_that_cannot_be_are_refused(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Faults(**wrong)


def test_a_partition_of_no_pattern_is_refused():
    with pytest.raises(InputError, match="cannot listen"):
        Faults(partitions=(Partition(0.0, 1.0, "a..b"),))
