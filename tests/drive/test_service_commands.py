"""The command path on the bus: answered at once, audited once; who looks changes nothing."""

import asyncio
import hashlib

import msgspec
import pytest

from drive.alive import alive, all_signals, audits, hearing, tell
from make import NOON_NS, VIN, make_trip
from vettura.bus import paths as at
from vettura.bus.memory import Faults, MemoryBus, Partition
from vettura.bus.messages import (
    Actuate,
    Answer,
    ChargeLimit,
    Climate,
    Drive,
    Flap,
    Inject,
    Lock,
    Plug,
    SignalFrame,
    Targets,
    Unlock,
    Wake,
    decode,
)
from vettura.bus.subjects import car_do, car_get, car_signals, car_targets
from vettura.clock import rehearse
from vettura.drive.docket import ID_MAX

LOCKED = "Vehicle.Private.Vettura.IsLocked"
WINDOW = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"


def scenario(main, *, seed=1, shuffle=None):
    return rehearse(main, start_ns=NOON_NS, seed=seed, shuffle_seed=shuffle)


def test_whoever_hears_that_it_is_done_can_see_that_it_is():
    async def main(clock):
        bus = MemoryBus(clock)
        said = []
        async with alive(bus, clock):
            bus.tap(lambda _time, subject, data: said.append((subject, data)))
            await tell(bus, clock, Unlock())
        return said

    said = scenario(main)
    asked, told, *rest = [each for each in said if each[0] != car_targets(VIN)]
    assert asked[0] == car_do(VIN, "unlock")
    assert decode(told[1], SignalFrame, where=told[0]).values[LOCKED] is False
    assert decode(rest[0][1], Answer, where=rest[0][0]) == Answer(ok=True, state="reached")


@pytest.mark.parametrize("driving", [True, False])
def test_a_command_is_answered_in_the_instant_it_is_given_and_the_frame_follows(driving):
    async def main(clock):
        bus = MemoryBus(clock)
        async with alive(bus, clock), hearing(bus, car_signals(VIN), SignalFrame) as frames:
            if driving:
                await tell(bus, clock, Drive(trip=make_trip()))
            await clock.sleep(7.0377)
            asked_ns = clock.now_ns()
            answer = await tell(bus, clock, Climate(on=True), "c2")
            answered_ns = clock.now_ns()
            await clock.sleep(0.0)
            frame = next(frame for frame in frames if at.CLIMATE in frame.values and not frame.full)
            return asked_ns, answered_ns, answer, frame

    asked_ns, answered_ns, answer, frame = scenario(main)
    assert answer.ok
    assert answered_ns == asked_ns == frame.time_ns
    assert frame.values[at.CLIMATE] is True


def test_targets_are_told_when_a_wish_is_accepted_and_not_when_it_is_refused():
    async def main(clock):
        bus = MemoryBus(clock)
        async with alive(bus, clock), hearing(bus, car_targets(VIN), Targets) as told:
            await tell(bus, clock, Actuate(path=WINDOW, value=40), "c1")
            await tell(bus, clock, Actuate(path=WINDOW, value=140), "c2")
            await tell(bus, clock, ChargeLimit(soc=0.9), "c3")
            await clock.sleep(0.0)
            return [each.values for each in told]

    assert scenario(main) == [{WINDOW: 40}, {at.CHARGE_LIMIT: 90}]


def signal_log(curious):
    """The hash of all frames of a car that drives, charges and moves a window."""
    log = hashlib.sha256()

    async def look(bus, clock, number):
        chance = clock.random(f"curious {number}")
        while True:
            await clock.sleep(chance.uniform(0.001, 3.0))
            await bus.request(car_get(VIN), b"")

    def hear(time_ns, subject, data):
        if subject == car_signals(VIN):
            log.update(b"%d %d " % (time_ns, len(data)) + data)

    async def main(clock):
        bus = MemoryBus(clock)
        bus.tap(hear)
        async with alive(bus, clock):
            tasks = [asyncio.create_task(look(bus, clock, each)) for each in range(curious)]
            await tell(bus, clock, Drive(trip=make_trip()), "drive")
            await clock.sleep(200.0123)
            await tell(bus, clock, Actuate(path=WINDOW, value=100), "window")
            await tell(bus, clock, Plug(station="wallbox", power_w_max=11_000.0), "plug")
            await clock.sleep(900.0457)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    scenario(main)
    return log.hexdigest()


def test_who_looks_at_the_car_changes_nothing():
    assert signal_log(curious=0) == signal_log(curious=3)


@pytest.mark.parametrize("seed", range(3))
def test_every_command_ends_in_one_audit_whatever_befalls_its_messages(seed):
    wishes = [
        Lock(),
        Unlock(),
        Actuate(path=WINDOW, value=30),
        Flap(open=True),
        Plug(station="wallbox", power_w_max=11_000.0),
        Drive(trip=make_trip()),
        ChargeLimit(soc=0.5),
        Actuate(path="Vehicle.Speed", value=1.0),
        Actuate(path=WINDOW, value=True),
        Inject(fault="tyre_leak"),
    ]

    async def main(clock):
        bus = MemoryBus(clock, faults=Faults(drop=0.2, duplicate=0.3, delay_s=(0.0, 0.3)))
        async with alive(bus, clock):
            for number, verb in enumerate(wishes):
                await tell(bus, clock, verb, f"c{number}", patience_s=120.0)
            await clock.sleep(60.0)
            return await audits(bus)

    ends = scenario(main, seed=seed)
    assert sorted(end.id for end in ends) == sorted(f"c{number}" for number in range(len(wishes)))
    results = {end.id: end.result for end in ends}
    assert results["c2"] == "reached"
    assert results["c5"] == results["c7"] == results["c8"] == "refused"


def test_audits_wait_for_a_bus_that_is_away():
    async def main(clock):
        faults = Faults(partitions=(Partition(5.0, 65.0, "car.*.audit"),))
        bus = MemoryBus(clock, faults=faults)
        async with alive(bus, clock):
            await clock.sleep(10.0)
            await tell(bus, clock, Lock(), "c1")
            await clock.sleep(70.0)
            return await audits(bus)

    assert [end.id for end in scenario(main)] == ["c1"]


def test_what_was_under_way_when_the_process_died_is_concluded_after_it_wakes():
    async def main(clock):
        bus = MemoryBus(clock)
        async with alive(bus, clock):
            await tell(bus, clock, Actuate(path=WINDOW, value=100), "slow")
            await clock.sleep(1.0)
        await clock.sleep(3_600.0)
        async with alive(bus, clock):
            again = await tell(bus, clock, Actuate(path=WINDOW, value=100), "slow")
            await clock.sleep(5.0)
            return again, await audits(bus), await all_signals(bus)

    again, (end,), values = scenario(main)
    assert again.state == "accepted"
    assert (end.id, end.result) == ("slow", "reached")
    assert values[WINDOW] == 100


def test_a_jammed_window_times_out_on_the_bus():
    async def main(clock):
        bus = MemoryBus(clock)
        async with alive(bus, clock):
            await tell(bus, clock, Inject(fault="window_jam"), "jam")
            await tell(bus, clock, Actuate(path=WINDOW, value=100), "slow")
            await clock.sleep(20.0)
            return await audits(bus), await all_signals(bus)

    ends, values = scenario(main)
    assert [(end.id, end.result) for end in ends] == [("jam", "reached"), ("slow", "timed out")]
    assert "jammed" in ends[-1].reason
    assert values[WINDOW] == 0
    assert values["Vehicle.Diagnostics.DTCList"] == ["B1001"]


def test_what_is_no_command_is_refused_and_audited_once():
    too_much = {"id": "x", "verb": {"type": "charge_limit", "soc": 1.2}}
    bad_ids = [
        {"id": each, "verb": {"type": "wake"}} for each in ("", "a b", "é", "a\n", "9" * 200)
    ]

    async def main(clock):
        bus = MemoryBus(clock)
        async with alive(bus, clock):
            replies = []
            for each in (b"", b"\xc1", too_much, too_much, *bad_ids):
                data = each if isinstance(each, bytes) else msgspec.msgpack.encode(each)
                message = await bus.request(car_do(VIN, "any"), data)
                replies.append(decode(message.data, Answer, where="answer"))
            await clock.sleep(1.0)
            return replies, await audits(bus)

    replies, ends = scenario(main)
    assert all(
        (reply.ok, reply.code, reply.state) == (False, "type", "refused") for reply in replies
    )
    assert len(ends) == len(replies) - 1
    assert all((end.who, end.what, end.result) == ("", "?", "refused") for end in ends)
    assert [end.id for end in ends].count("x") == 1
    assert len({end.id for end in ends}) == len(ends)
    assert max(len(end.id) for end in ends) <= ID_MAX


def test_a_window_is_seen_to_move():
    async def main(clock):
        bus = MemoryBus(clock)
        async with alive(bus, clock):
            await clock.sleep(600.0)
            async with hearing(bus, car_signals(VIN), SignalFrame) as frames:
                await tell(bus, clock, Actuate(path=WINDOW, value=100), "slow")
                await clock.sleep(10.0)
            return [frame.values[WINDOW] for frame in frames if WINDOW in frame.values]

    seen = scenario(main)
    assert len(seen) > 30
    assert seen == sorted(seen)
    assert seen[-1] == 100


def test_a_car_that_was_woken_sleeps_again():
    async def main(clock):
        bus = MemoryBus(clock)
        async with alive(bus, clock):
            await tell(bus, clock, Wake(), "c1")
            await clock.sleep(1.0)
            woken = await all_signals(bus)
            await clock.sleep(200.0)
            return woken, await all_signals(bus)

    woken, later = scenario(main)
    assert (woken[at.AWAKE], later[at.AWAKE]) == (True, False)
