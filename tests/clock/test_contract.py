"""What both clocks promise: the same code runs live and rehearsed."""

import asyncio
import math
from collections.abc import Callable, Coroutine
from datetime import UTC, timedelta
from typing import Any

import pytest

from vettura.clock import Clock, WallClock, rehearse
from vettura.errors import UsageError

START_NS = 1_800_000_000_000_000_000

Main = Callable[[Clock], Coroutine[Any, Any, Any]]


def run_live(main: Main) -> Any:
    async def with_clock() -> Any:
        # 5,000 seconds in a real one: a wait of five seconds costs a millisecond.
        return await main(WallClock(speed=5_000.0, start_ns=START_NS, seed=7))

    with asyncio.Runner() as runner:
        return runner.run(with_clock())


def run_rehearsed(main: Main) -> Any:
    return rehearse(main, start_ns=START_NS, seed=7)


@pytest.fixture(params=[run_live, run_rehearsed], ids=["live", "rehearsed"])
def run(request):
    return request.param


def test_time_begins_at_the_start_and_all_readings_agree(run):
    async def main(clock: Clock):
        before = clock.now_ns()
        now, monotonic = clock.now(), clock.monotonic()
        after = clock.now_ns()
        assert START_NS <= before <= after
        assert now.tzinfo is UTC
        assert before // 1000 <= (now.timestamp() * 1e6 + 1) <= after // 1000 + 2
        assert (before - START_NS) / 1e9 <= monotonic <= (after - START_NS) / 1e9
        assert clock.speed > 1.0
        assert clock.resolution_s >= 0.0

    run(main)


def test_a_sleep_is_never_too_short(run):
    async def main(clock: Clock):
        for seconds in (1e-10, 0.1, 1.0, 7.3):
            before = clock.now_ns()
            await clock.sleep(seconds)
            assert clock.now_ns() - before >= seconds * 1e9 - 1

    run(main)


@pytest.mark.parametrize("seconds", [0.0, -1.0, -math.inf])
def test_a_sleep_of_nothing_lets_another_task_run(run, seconds):
    async def main(clock: Clock):
        log = []
        other = asyncio.create_task(note(log))
        await clock.sleep(seconds)
        log.append("slept")
        await other
        return log

    async def note(log):
        log.append("other")

    assert run(main) == ["other", "slept"]


def test_sleeping_until_an_instant_reaches_it_and_a_past_one_returns(run):
    async def main(clock: Clock):
        when_ns = clock.now_ns() + 3_000_000_000
        await clock.sleep_until(when_ns)
        reached_ns = clock.now_ns()
        await clock.sleep_until(START_NS)
        return reached_ns >= when_ns

    assert run(main)


def test_sleepers_wake_in_the_order_of_their_instants(run):
    async def main(clock: Clock):
        log = []

        async def sleeper(seconds):
            when_ns = clock.now_ns() + seconds * 10**9
            await clock.sleep_until(when_ns)
            log.append(when_ns)

        await asyncio.gather(*(sleeper(seconds) for seconds in (60, 20, 40)))
        return log

    log = run(main)
    assert log == sorted(log)


def test_ticks_come_after_one_period_and_never_early(run):
    async def main(clock: Clock):
        start_ns = clock.now_ns()
        ticks = clock.every(5.0)
        for number in range(1, 4):
            assert await anext(ticks) >= start_ns + number * 5_000_000_000

    run(main)


def test_a_busy_consumer_misses_ticks_and_never_sees_them_bunched(run):
    async def main(clock: Clock):
        start_ns = clock.now_ns()
        ticks = clock.every(10.0)
        seen = [await anext(ticks)]
        await clock.sleep(35.0)
        seen += [await anext(ticks) for _ in range(3)]
        return [(now_ns - start_ns) / 1e10 for now_ns in seen]

    seen = run(main)
    assert seen == sorted(seen)
    assert all(number >= least for number, least in zip(seen, [1, 5, 6, 7], strict=True))
    assert run_rehearsed(main) == [1, 5, 6, 7]


@pytest.mark.parametrize("period_s", [0.0, -1.0, math.inf, math.nan])
def test_a_period_that_cannot_tick_is_refused_at_once(run, period_s):
    async def main(clock: Clock):
        clock.every(period_s)

    with pytest.raises(UsageError):
        run(main)


def test_a_wait_for_nothing_in_particular_is_refused(run):
    async def main(clock: Clock):
        await clock.sleep(math.nan)

    with pytest.raises(UsageError, match="not a number"):
        run(main)


def test_waiting_for_a_quick_answer_gives_it(run):
    async def main(clock: Clock):
        async def answer():
            await clock.sleep(1.0)
            return 42

        return await clock.wait_for(answer(), math.inf)

    assert run(main) == 42


def test_waiting_too_long_cancels_and_raises(run):
    async def main(clock: Clock):
        never = asyncio.get_running_loop().create_future()
        before_ns = clock.now_ns()
        with pytest.raises(TimeoutError):
            await clock.wait_for(never, 5.0)
        assert never.cancelled()
        assert clock.now_ns() - before_ns >= 5_000_000_000

    run(main)


def test_a_timeout_of_zero_still_takes_what_is_there(run):
    async def main(clock: Clock):
        async def ready():
            return "here"

        assert await clock.wait_for(ready(), 0.0) == "here"
        with pytest.raises(TimeoutError):
            await clock.wait_for(asyncio.get_running_loop().create_future(), 0.0)

    run(main)


def test_an_error_passes_through_the_wait(run):
    async def main(clock: Clock):
        async def fail():
            await clock.sleep(1.0)
            raise KeyError("door")

        await clock.wait_for(fail(), 1e6)

    with pytest.raises(KeyError, match="door"):
        run(main)


def test_cancelling_the_waiter_cancels_what_it_waits_for(run):
    async def main(clock: Clock):
        inner = asyncio.get_running_loop().create_future()
        waiter = asyncio.create_task(clock.wait_for(inner, 1e6))
        await clock.sleep(0)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        return inner.cancelled()

    assert run(main)


def test_every_wait_can_be_cancelled(run):
    async def main(clock: Clock):
        waits = [clock.sleep(1e9), clock.sleep_until(START_NS * 2), anext(clock.every(1e9))]
        tasks = [asyncio.ensure_future(wait) for wait in waits]
        await clock.sleep(0)
        for task in tasks:
            task.cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(ending) for ending in run(main)] == [asyncio.CancelledError] * 3


def test_random_streams_depend_on_seed_and_name_alone(run):
    async def main(clock: Clock):
        first = clock.random("wind").random()
        clock.random("rain").random()
        await clock.sleep(1.0)
        return first, clock.random("wind").random(), clock.random("rain").random()

    first, again, other = run(main)
    assert first == again != other
    assert first == run_rehearsed(main)[0]


def test_ids_are_unique_prefixed_and_sorted(run):
    async def main(clock: Clock):
        ids = []
        for _ in range(3):
            ids += [clock.new_id("trip") for _ in range(50)]
            await clock.sleep(0.5)
        return ids

    ids = run(main)
    assert ids == sorted(set(ids))
    assert all(name.startswith("trip-") and len(name) == 31 for name in ids)


@pytest.mark.parametrize("start_ns", [-1, 2**62])
def test_a_start_outside_the_calendar_is_refused(start_ns):
    async def main(clock: Clock):
        return None

    with pytest.raises(UsageError, match="cannot start"):
        WallClock(start_ns=start_ns)
    with pytest.raises(UsageError, match="seed 1"):
        rehearse(main, start_ns=start_ns, seed=1)


def test_a_day_is_always_86400_seconds(run):
    async def main(clock: Clock):
        # The hours in which Europe changes its clocks are hours like any other in UTC.
        before = clock.now()
        await clock.sleep(60.0)
        return clock.now() - before

    assert run(main) >= timedelta(seconds=60)
