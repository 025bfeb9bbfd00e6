# ruff: noqa: TID251  the clock's own tests may touch the loop's own waits

import asyncio
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vettura.clock import Clock, RehearsalClock, RehearsalLoop, rehearse
from vettura.errors import (
    RefusedError,
)

START_NS = 1_800_000_000_000_000_000
YEAR_S = 365 * 86_400


def run(main, **options):
    return rehearse(main, **({"start_ns": START_NS, "seed": 1} | options))


# Time


@settings(max_examples=50, deadline=None)
@given(st.integers(min_value=2, max_value=YEAR_S * 10))
def test_a_tenth_of_a_second_stays_exact_for_a_year(number):
    async def main(clock: Clock):
        ticks = clock.every(0.1)
        await clock.sleep_until(START_NS + number * 100_000_000 - 150_000_000)
        return [await anext(ticks) for _ in range(3)]

    first = START_NS + (number - 1) * 100_000_000
    assert run(main) == [first, first + 100_000_000, first + 200_000_000]


@settings(max_examples=20, deadline=None)
@given(st.floats(min_value=0.0, max_value=YEAR_S), st.integers(min_value=1, max_value=10**6))
def test_sleeps_of_whole_microseconds_add_up_exactly_at_any_hour(offset_s, period_us):
    async def main(clock: Clock):
        await clock.sleep(offset_s)
        before_ns = clock.now_ns()
        for _ in range(50):
            await clock.sleep(period_us / 1e6)
        return clock.now_ns() - before_ns

    assert run(main) == 50 * period_us * 1000


def test_the_clock_stands_still_until_all_tasks_wait():
    async def main(clock: Clock):
        before_ns = clock.now_ns()
        for _ in range(1_000):
            await asyncio.sleep(0)
        return clock.now_ns() - before_ns

    assert run(main) == 0


def test_a_year_of_waiting_costs_one_jump():
    async def main(clock: RehearsalClock):
        await clock.sleep(YEAR_S)
        return clock.now_ns(), clock.monotonic(), clock.now().isoformat()

    assert run(main) == (
        START_NS + YEAR_S * 10**9,
        float(YEAR_S),
        "2028-01-15T08:00:00+00:00",
    )


def test_a_clock_made_later_in_the_loop_starts_at_its_own_start():
    loop = RehearsalLoop()

    async def main():
        await asyncio.sleep(5)
        clock = RehearsalClock(loop, start_ns=10**9, seed=1)
        await clock.sleep(1.5)
        return clock.now_ns(), clock.monotonic()

    try:
        assert loop.run_until_complete(main()) == (2_500_000_000, 1.5)
    finally:
        loop.close()


@settings(deadline=None)
@given(st.floats(min_value=0.0, max_value=1e7), st.floats(min_value=0.0, max_value=1e7))
def test_waiting_on_the_loops_own_float_time_comes_to_an_end(offset_s, wait_s):
    async def main(clock: Clock):
        loop = asyncio.get_running_loop()
        await asyncio.sleep(offset_s)
        deadline = loop.time() + wait_s
        turns = 0
        while loop.time() < deadline:
            await asyncio.sleep(deadline - loop.time())
            turns += 1
        return turns

    assert run(main) <= 4


@pytest.mark.parametrize("shuffle_seed", range(10))
def test_an_answer_in_the_instant_of_the_timeout_is_one_or_the_other(shuffle_seed):
    async def main(clock: Clock):
        async def answer(loops: int):
            await clock.sleep(5)
            for _ in range(loops):
                await clock.sleep(0)
            return "answer"

        async def ask(loops: int):
            try:
                return await clock.wait_for(answer(loops), 5)
            except TimeoutError:
                return "timeout"

        endings = await asyncio.gather(*(ask(loops) for loops in range(6)))
        return set(endings), clock.monotonic()

    endings, end_s = run(main, shuffle_seed=shuffle_seed)
    assert endings <= {"answer", "timeout"}
    assert end_s == 5.0


def test_timers_that_never_ring_do_not_pile_up():
    async def main(clock: Clock):
        loop = asyncio.get_running_loop()
        for _ in range(5_000):
            await clock.wait_for(clock.sleep(1.0), 1e7)
        return len(loop._agenda)

    assert run(main) < 2_500


def test_what_asyncio_offers_works():
    async def main(clock: Clock):
        queue: asyncio.Queue[int] = asyncio.Queue()
        opened = asyncio.Event()
        log = []

        async def count_up():
            for number in range(3):
                await asyncio.sleep(1)
                yield number

        async def produce():
            async for number in count_up():
                await queue.put(number)
            opened.set()

        async def consume():
            while not opened.is_set() or not queue.empty():
                log.append(await asyncio.wait_for(queue.get(), 10))

        async with asyncio.TaskGroup() as group:
            group.create_task(produce())
            group.create_task(consume())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await asyncio.get_running_loop().create_future()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.sleep(100), 50)
        log += await asyncio.gather(asyncio.sleep(1, "a"), asyncio.sleep(2, "b"))
        log.append(clock.monotonic())
        return log

    assert run(main) == [0, 1, 2, "a", "b", 60.0]


# The same seed, the same run


def hash_of(*arguments: str, hash_seed: str) -> str:
    story = Path(__file__).with_name("story.py")
    return subprocess.run(
        [sys.executable, str(story), *arguments],
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@pytest.mark.parametrize("shuffle", [(), ("3",)])
def test_one_seed_gives_one_log_in_two_processes(shuffle):
    first = hash_of("11", *shuffle, hash_seed="1")
    assert len(first.strip()) == len(hashlib.sha256().hexdigest())
    assert first == hash_of("11", *shuffle, hash_seed="2")
    assert first != hash_of("12", *shuffle, hash_seed="1")


def test_two_clocks_of_one_seed_make_the_same_ids():
    async def main(clock: Clock):
        return [clock.new_id("car") for _ in range(5)]

    assert run(main, seed=4) == run(main, seed=4) != run(main, seed=5)


def test_task_names_count_from_one_in_each_run():
    async def main(clock: Clock):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(clock.sleep(1)) for _ in range(2)]
            tasks.append(group.create_task(clock.sleep(1), name="heater"))
        return [task.get_name() for task in tasks]

    assert run(main) == run(main) == ["task-2", "task-3", "heater"]


def test_a_group_that_breaks_cancels_its_tasks_in_the_order_of_starting():
    # asyncio keeps them in a set; by address the order would differ in every process.
    log = []

    async def work(number: int, clock: Clock):
        try:
            await clock.sleep(100)
        finally:
            log.append(number)

    async def main(clock: Clock):
        async with asyncio.TaskGroup() as group:
            for number in range(50):
                group.create_task(work(number, clock))
            await clock.sleep(1)
            raise RefusedError("the fuse blew")

    with pytest.raises(ExceptionGroup):
        run(main)
    assert log == list(range(50))


def order_of_three(shuffle_seed: int | None) -> list[str]:
    async def main(clock: Clock):
        log: list[str] = []

        async def note(name: str):
            await clock.sleep(1)
            log.append(name)

        await asyncio.gather(note("a"), note("b"), note("c"))
        return log

    return run(main, shuffle_seed=shuffle_seed)


def test_without_a_shuffle_the_order_is_that_of_starting():
    assert order_of_three(None) == ["a", "b", "c"]


def test_shuffling_visits_every_order_and_repeats_by_seed():
    orders = [tuple(order_of_three(seed)) for seed in range(60)]
    assert len(set(orders)) == 6
    assert orders == [tuple(order_of_three(seed)) for seed in range(60)]


def test_shuffling_finds_a_reader_that_trusts_the_writer_to_come_first():
    async def main(clock: Clock):
        state = {}

        async def writer():
            await clock.sleep(1)
            state["soc"] = 0.5

        async def reader():
            await clock.sleep(1)
            return state["soc"]

        _, soc = await asyncio.gather(writer(), reader())
        return soc

    def try_orders():
        for seed in range(100):
            run(main, shuffle_seed=seed)

    assert run(main) == 0.5
    with pytest.raises(KeyError) as caught:
        try_orders()
    assert "shuffle seed" in caught.value.__notes__[0]
