# ruff: noqa: TID251  the clock's own tests may touch the loop's own waits

import asyncio
import threading

import pytest

from vettura.clock import Clock, RehearsalLoop, rehearse
from vettura.errors import (
    DeadlockError,
    ForbiddenInRehearsalError,
    LivelockError,
    RefusedError,
    UsageError,
)

START_NS = 1_800_000_000_000_000_000
YEAR_S = 365 * 86_400


def run(main, **options):
    return rehearse(main, **({"start_ns": START_NS, "seed": 1} | options))


# Runs that cannot go on


def test_a_deadlock_names_who_waits_and_where():
    async def main(clock: Clock):
        door = asyncio.Event()

        async def guest():
            await door.wait()

        await clock.sleep(2.5)
        await asyncio.create_task(guest(), name="guest")

    with pytest.raises(DeadlockError) as caught:
        run(main, seed=99)
    text = str(caught.value)
    assert "2.500000000 s" in text
    assert "task-1: test_a_deadlock_names_who_waits_and_where.<locals>.main" in text
    assert "guest: " in text
    guest_line = text.split("guest: ")[1].splitlines()[0]
    assert "clock/test_endings.py:" in guest_line
    assert "seed 99" in text


def test_a_sleep_without_end_is_a_deadlock_too():
    with pytest.raises(DeadlockError):
        run(lambda clock: clock.sleep(float("inf")))
    with pytest.raises(DeadlockError):
        run(lambda clock: asyncio.sleep(float("inf")))


def test_a_crowd_that_waits_is_named_only_in_part():
    async def main(clock: Clock):
        never = asyncio.get_running_loop().create_future()
        await asyncio.gather(*(asyncio.wait([never]) for _ in range(50)))

    with pytest.raises(DeadlockError, match="and 31 more"):
        run(main)


def test_a_livelock_names_the_busiest():
    async def main(clock: Clock):
        async def spin():
            while True:
                await clock.sleep(0)

        spinner = asyncio.create_task(spin(), name="spinner")
        await clock.sleep(3)
        await spinner

    with pytest.raises(LivelockError) as caught:
        run(main, step_budget=2_000)
    text = str(caught.value)
    assert "2,000 calls without time passing, 0.000000000 s" in text
    assert "spinner: test_a_livelock_names_the_busiest.<locals>.main.<locals>.spin" in text
    assert "100% of the last calls" in text


def test_callbacks_that_spin_are_a_livelock_too():
    async def main(clock: Clock):
        loop = asyncio.get_running_loop()

        def again():
            loop.call_soon(again)

        again()
        await clock.sleep(1)

    with pytest.raises(LivelockError, match=r"callback .*again"):
        run(main, step_budget=100)


def test_a_retry_loop_on_a_refused_socket_is_stopped():
    async def main(clock: Clock):
        while True:
            try:
                await asyncio.open_connection("localhost", 4222)
            except ForbiddenInRehearsalError:
                await asyncio.sleep(0)

    with pytest.raises(LivelockError):
        run(main, step_budget=2_000)


def test_the_budget_is_for_one_instant_not_for_the_run():
    async def main(clock: Clock):
        for _ in range(1_000):
            await clock.sleep(1e-9)

    run(main, step_budget=50)


# What a rehearsal may not touch


@pytest.mark.parametrize(
    "reach_out",
    [
        lambda loop: asyncio.open_connection("localhost", 1),
        lambda loop: asyncio.start_server(print, "127.0.0.1", 0),
        lambda loop: asyncio.open_unix_connection("nowhere"),
        lambda loop: loop.create_datagram_endpoint(asyncio.DatagramProtocol),
        lambda loop: loop.getaddrinfo("localhost", 1),
        lambda loop: loop.sock_recv(None, 1),
        lambda loop: loop.add_reader(0, print),
        lambda loop: asyncio.create_subprocess_exec("true"),
        lambda loop: asyncio.create_subprocess_shell("true"),
        lambda loop: asyncio.to_thread(print),
        lambda loop: loop.run_in_executor(None, print),
    ],
)
def test_reaching_out_is_refused(reach_out):
    async def main(clock: Clock):
        await reach_out(asyncio.get_running_loop())

    with pytest.raises(ForbiddenInRehearsalError, match="refused"):
        run(main)


def test_a_call_from_another_thread_is_refused_and_one_from_here_is_not():
    async def main(clock: Clock):
        loop = asyncio.get_running_loop()
        caught = []

        def reach_in():
            try:
                loop.call_soon_threadsafe(print)
            except ForbiddenInRehearsalError as error:
                caught.append(error)

        thread = threading.Thread(target=reach_in)
        thread.start()
        thread.join()
        done = loop.create_future()
        loop.call_soon_threadsafe(done.set_result, None)
        await done
        return len(caught)

    assert run(main) == 1


# The end of a run


def test_what_still_runs_at_the_end_is_cancelled_in_the_order_of_starting():
    log = []

    async def linger(name):
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(1)
            log.append(name)

    async def main(clock: Clock):
        tasks = [asyncio.create_task(linger(name)) for name in "abc"]
        await clock.sleep(1)
        return len(tasks)

    assert run(main) == 3
    assert log == ["a", "b", "c"]


def test_an_error_while_ending_counts():
    async def linger():
        try:
            await asyncio.Event().wait()
        finally:
            raise RefusedError("the door is stuck")

    async def main(clock: Clock):
        task = asyncio.create_task(linger())
        await clock.sleep(1)
        return task.done()

    with pytest.raises(RefusedError, match="seed 1"):
        run(main)


def test_the_first_error_is_the_one_that_is_told(caplog):
    async def stubborn():
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue

    async def main(clock: Clock):
        task = asyncio.create_task(stubborn())
        await clock.sleep(1)
        raise ValueError(f"no such room: {task.get_name()}")

    with pytest.raises(ValueError, match="no such room") as caught:
        run(main, seed=5, shuffle_seed=6)
    assert caught.value.__notes__ == ["rehearsed with seed 5, shuffle seed 6"]
    assert not caplog.records


def test_a_task_that_will_not_end_is_an_error():
    async def stubborn():
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue

    async def main(clock: Clock):
        task = asyncio.create_task(stubborn(), name="stubborn")
        await clock.sleep(1)
        return task.done()

    with pytest.raises(DeadlockError, match="stubborn"):
        run(main)


def test_an_abandoned_generator_is_closed():
    log = []

    async def count_up():
        try:
            while True:
                yield 1
        finally:
            log.append("closed")

    async def main(clock: Clock):
        numbers = count_up()
        await anext(numbers)
        return numbers

    run(main)
    assert log == ["closed"]


def test_a_closed_loop_takes_no_more():
    loop = RehearsalLoop()
    loop.close()
    assert loop.is_closed()
    with pytest.raises(RuntimeError, match="closed"):
        loop.call_soon(print)
    with pytest.raises(RuntimeError, match="closed"):
        loop.call_later(1, print)


async def test_a_rehearsal_inside_a_running_loop_is_refused():
    with pytest.raises(UsageError, match="event loop runs"):
        run(lambda clock: clock.sleep(1))


@pytest.mark.parametrize("debug", [False, True])
def test_a_run_leaves_no_loop_behind(debug):
    async def main(clock: Clock):
        asyncio.get_running_loop().set_debug(debug)
        await clock.sleep(1)

    run(main)
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()
