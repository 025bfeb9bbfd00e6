# ruff: noqa: TID251  the clock's own tests may touch the machine's time

import asyncio
import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vettura.clock import WallClock
from vettura.errors import UsageError

START_NS = 1_800_000_000_000_000_000
SPEEDS = st.floats(min_value=1e-3, max_value=10_000.0)


def test_a_clock_without_a_start_begins_now():
    before_ns = time.time_ns()
    clock = WallClock()
    assert clock.speed == 1.0
    assert clock.now_ns() >= before_ns


@pytest.mark.parametrize("speed", [0.0, -1.0, math.inf, math.nan, 10_000.1])
def test_a_speed_outside_its_range_is_refused_and_changes_nothing(speed):
    with pytest.raises(UsageError, match="speed"):
        WallClock(speed=speed)
    clock = WallClock(speed=2.0)
    with pytest.raises(UsageError, match="speed"):
        clock.set_speed(speed)
    assert clock.speed == 2.0


def test_the_shortest_wait_grows_with_the_speed():
    clock = WallClock()
    assert clock.resolution_s == pytest.approx(0.02)
    clock.set_speed(600.0)
    assert clock.resolution_s == pytest.approx(12.0)


@settings(deadline=None)
@given(st.lists(SPEEDS, min_size=1, max_size=30))
def test_time_neither_jumps_nor_goes_back_when_the_speed_changes(speeds):
    clock = WallClock(start_ns=START_NS)
    fastest = 1.0
    for speed in speeds:
        fastest = max(fastest, speed)
        real_before_ns, before_ns = time.monotonic_ns(), clock.now_ns()
        clock.set_speed(speed)
        after_ns, real_after_ns = clock.now_ns(), time.monotonic_ns()
        assert 0 <= after_ns - before_ns <= (real_after_ns - real_before_ns) * fastest + 2


@settings(deadline=None)
@given(SPEEDS)
def test_time_passes_as_fast_as_the_speed_says(speed):
    clock = WallClock(speed=speed, start_ns=START_NS)
    real_0_ns, first_ns, real_1_ns = time.monotonic_ns(), clock.now_ns(), time.monotonic_ns()
    sum(range(2_000))
    real_2_ns, second_ns, real_3_ns = time.monotonic_ns(), clock.now_ns(), time.monotonic_ns()
    passed_ns = second_ns - first_ns
    assert (real_2_ns - real_1_ns) * speed - 2 <= passed_ns <= (real_3_ns - real_0_ns) * speed + 2


def test_a_step_of_the_machines_clock_does_not_move_ours(monkeypatch):
    clock = WallClock()
    before_ns = clock.now_ns()
    stepped_ns = time.time_ns() - 3_600_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: stepped_ns)
    assert 0 <= clock.now_ns() - before_ns < 1_800_000_000_000


async def test_a_new_speed_reaches_every_kind_of_pending_wait():
    # At the first speed each of these would take five real minutes.
    clock = WallClock(speed=1.0, start_ns=START_NS)
    when_ns = START_NS + 300_000_000_000
    tasks = [
        asyncio.ensure_future(wait)
        for wait in (
            clock.sleep(300.0),
            clock.sleep_until(when_ns),
            anext(clock.every(300.0)),
            clock.wait_for(asyncio.get_running_loop().create_future(), 300.0),
        )
    ]
    await asyncio.sleep(0)
    clock.set_speed(10_000.0)
    async with asyncio.timeout(60):
        endings = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(endings[3], TimeoutError)
    assert clock.now_ns() >= when_ns


async def test_slowing_down_keeps_a_sleeper_asleep():
    clock = WallClock(speed=10_000.0, start_ns=START_NS)
    slow = asyncio.create_task(clock.sleep_until(START_NS + 10**15))
    await asyncio.sleep(0)
    clock.set_speed(0.001)
    await WallClock().sleep(0.001)
    assert not slow.done()
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow


async def test_waits_that_ended_leave_nothing_behind():
    clock = WallClock(speed=10_000.0)
    forever = asyncio.create_task(clock.sleep(math.inf))
    await clock.wait_for(clock.sleep(1.0), 1e9)
    await clock.sleep(1.0)
    forever.cancel()
    with pytest.raises(asyncio.CancelledError):
        await forever
    await asyncio.sleep(0)
    assert not clock._alarms


def test_a_speed_set_after_the_loop_has_closed_is_harmless():
    clock = WallClock()

    async def main():
        clock.alarm(clock.now_ns() + 10**12)

    with asyncio.Runner() as runner:
        runner.run(main())
    clock.set_speed(5.0)


def test_ids_of_two_live_clocks_differ():
    one, two = WallClock(start_ns=START_NS), WallClock(start_ns=START_NS)
    assert {one.new_id() for _ in range(100)}.isdisjoint(two.new_id() for _ in range(100))
