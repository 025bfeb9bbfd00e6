"""Providers from outside: they take over, get the wishes, and hand back or fall silent."""

import asyncio
import math

import pytest

from drive.alive import alive, all_signals, audits, hearing, provide, tell
from make import NOON_NS, VIN
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import (
    Actuate,
    Answer,
    Claim,
    Provided,
    Release,
    SignalFrame,
    Wish,
    decode,
    encode,
)
from vettura.bus.signals import signal_table
from vettura.bus.subjects import car_signals, car_wish
from vettura.clock import rehearse
from vettura.drive.providers import PROVIDERS_MAX, Providers

WINDOW = "Vehicle.Cabin.Door.Row1.DriverSide.Window.Position"
SPOILER = "Vehicle.Body.RearMainSpoilerPosition"
AIR = "Vehicle.Exterior.AirTemperature"
CRUISE = "Vehicle.ADAS.CruiseControl.SpeedSet"
BENCH = Claim(provider="bench", actuators=[WINDOW, SPOILER], signals=[AIR])


def scenario(main, *, seed=1):
    return rehearse(main, start_ns=NOON_NS, seed=seed)


def claimed(*claims, role="local"):
    providers = Providers()
    for claim in claims:
        assert not providers.claim(claim, role=role, granted=False).reason
    return providers


def said(values, provider="bench"):
    return Provided(time_ns=NOON_NS, provider=provider, values=values)


class Bench:
    """A provider that answers wishes and does them, or not."""

    def __init__(self, bus, clock, *, answer=None, obeys=True):
        self.bus, self.clock, self.obeys = bus, clock, obeys
        self.answer = answer or Answer(ok=True)
        self.wishes = []

    async def run(self):
        async for message in await self.bus.subscribe(car_wish(VIN, "bench")):
            wish = decode(message.data, Wish, where="wish")
            self.wishes.append((wish.path, wish.value))
            await self.bus.respond(message, encode(self.answer))
            if self.obeys:
                await self.clock.sleep(1.0)
                await provide(self.bus, self.clock, "bench", {wish.path: wish.value})


def benched(work, *, listens=True, **habits):
    """Run `work(bus, clock, bench)` beside a car that the bench has claimed."""

    async def main(clock):
        bus = MemoryBus(clock)
        bench = Bench(bus, clock, **habits)
        task = asyncio.create_task(bench.run()) if listens else None
        async with alive(bus, clock):
            assert (await tell(bus, clock, BENCH, "claim")).ok
            result = await work(bus, clock, bench)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return result

    return scenario(main)


def test_a_second_provider_is_told_who_holds_it_and_gets_nothing():
    providers = claimed(BENCH)
    other = Claim(provider="other", actuators=["Vehicle.Body.Hood.IsOpen", WINDOW])
    handed = providers.claim(other, role="owner", granted=False)
    assert (handed.code, handed.reason) == ("unavailable", f"bench holds {WINDOW}")
    assert set(providers.held.values()) == {"bench"}


def test_a_repeated_claim_changes_nothing_and_adds_what_is_new():
    providers = claimed(BENCH)
    assert providers.claim(BENCH, role="app", granted=False).changed == ()
    more = Claim(provider="bench", signals=[AIR, "Vehicle.Speed"])
    assert providers.claim(more, role="app", granted=False).changed == ("Vehicle.Speed",)
    assert len(providers.held) == 4


@pytest.mark.parametrize(
    ("claim", "code"),
    [
        (Claim(provider="bench", actuators=["Vehicle.Speed"]), "unknown"),
        (Claim(provider="bench", signals=["Vehicle.Wings"]), "unknown"),
        (Claim(provider="bench", actuators=[CRUISE]), "scope"),
        (Claim(provider="a.b", signals=[AIR]), "range"),
        (Claim(provider="", signals=[AIR]), "range"),
        (Claim(provider="bench"), "range"),
    ],
)
def test_a_claim_that_cannot_be_is_refused_with_its_reason(claim, code):
    handed = Providers().claim(claim, role="app", granted=False)
    assert handed.code == code
    assert handed.reason


def test_a_token_that_names_it_lets_an_app_stand_in_for_it():
    claim = Claim(provider="bench", actuators=[CRUISE])
    assert Providers().claim(claim, role="app", granted=True).changed == (CRUISE,)


def test_only_so_many_providers_are_at_work():
    providers = Providers()
    for number, path in enumerate(sorted(signal_table())[: PROVIDERS_MAX + 1]):
        claim = Claim(provider=f"p{number}", signals=[path])
        handed = providers.claim(claim, role="app", granted=False)
        assert handed.code == ("busy" if number == PROVIDERS_MAX else "")


def test_values_of_others_and_values_that_do_not_fit_are_counted_and_left():
    providers = claimed(BENCH)
    assert providers.hear(said({AIR: 12, WINDOW: 40})) == {AIR: 12.0, WINDOW: 40}
    assert providers.hear(said({AIR: 12.0})) == {}
    bad = {WINDOW: 140, AIR: math.nan, SPOILER: "up", "Vehicle.Speed": 3.0, "Vehicle.No": 1}
    assert providers.hear(said(bad)) == {}
    assert providers.hear(said({AIR: 1.0}, provider="other")) == {}
    assert providers.refused == 6
    assert providers.values == {AIR: 12.0, WINDOW: 40}


def test_a_lease_ends_after_fifteen_real_seconds_unless_it_is_renewed():
    providers = claimed(BENCH)
    assert providers.expired(10.0) == []
    providers.claim(BENCH, role="local", granted=False)
    assert providers.expired(14.0) == []
    assert providers.lease_ns(60.0) == 60 * 1_000_000_000
    assert providers.expired(1.0) == ["bench"]


def test_what_a_provider_says_stands_in_the_frames_until_it_hands_back():
    async def work(bus, clock, _bench):
        before = await all_signals(bus)
        async with hearing(bus, car_signals(VIN), SignalFrame) as frames:
            await provide(bus, clock, "bench", {AIR: -41.5, SPOILER: 30.0})
            await clock.sleep(0.001)
            said_at_once = [frame.values for frame in frames if AIR in frame.values]
            held = await all_signals(bus)
            await tell(bus, clock, Release(provider="bench"), "release")
            await clock.sleep(0.001)
            back = [frame.values[AIR] for frame in frames if AIR in frame.values]
        return before, said_at_once, held, back, await all_signals(bus)

    before, (at_once,), held, back, after = benched(work)
    assert at_once == {AIR: -41.5, SPOILER: 30.0}
    assert (held[AIR], held[SPOILER]) == (-41.5, 30.0)
    assert back == [-41.5, before[AIR]]
    assert after[AIR] == before[AIR]
    assert SPOILER not in after


def test_a_wish_for_a_claimed_actuator_goes_to_its_provider_and_is_reached_when_shown():
    async def work(bus, clock, bench):
        answer = await tell(bus, clock, Actuate(path=WINDOW, value=70), "c1")
        shut = await all_signals(bus)
        await clock.sleep(3.0)
        return answer, shut, await all_signals(bus), bench.wishes, await audits(bus)

    answer, shut, shown, wishes, ends = benched(work)
    assert answer.state == "accepted"
    assert wishes == [(WINDOW, 70)]
    assert (shut[WINDOW], shown[WINDOW]) == (0, 70)
    assert [(end.id, end.result) for end in ends] == [("claim", "reached"), ("c1", "reached")]


def test_what_only_a_provider_has_can_be_commanded_while_it_is_there():
    async def work(bus, clock, bench):
        there = await tell(bus, clock, Actuate(path=SPOILER, value=10.0), "c1")
        await tell(bus, clock, Release(provider="bench"), "release")
        gone = await tell(bus, clock, Actuate(path=SPOILER, value=10.0), "c2")
        return there, gone, bench.wishes

    there, gone, wishes = benched(work)
    assert there.ok
    assert wishes == [(SPOILER, 10.0)]
    assert gone.code == "unavailable"


def test_a_provider_that_refuses_is_the_reason_of_the_refusal():
    async def work(bus, clock, _bench):
        answer = await tell(bus, clock, Actuate(path=WINDOW, value=70), "c1")
        await clock.sleep(1.0)
        return answer, await audits(bus)

    no = Answer(ok=False, reason="the bench is locked", code="interlock")
    answer, ends = benched(work, answer=no)
    assert (answer.code, answer.reason, answer.state) == ("interlock", no.reason, "refused")
    assert [(end.id, end.result) for end in ends] == [("claim", "reached"), ("c1", "refused")]


def test_a_provider_that_only_promises_times_out():
    async def work(bus, clock, _bench):
        await tell(bus, clock, Actuate(path=WINDOW, value=70), "c1")
        await clock.sleep(12.0)
        return await audits(bus)

    ends = benched(work, obeys=False)
    assert [(end.id, end.result) for end in ends[1:]] == [("c1", "timed out")]


def test_a_provider_that_is_not_there_loses_its_claim_and_the_model_obeys_again():
    async def work(bus, clock, _bench):
        first = await tell(bus, clock, Actuate(path=WINDOW, value=70), "c1")
        again = await tell(bus, clock, Actuate(path=WINDOW, value=70), "c2")
        await clock.sleep(5.0)
        return first, again, await audits(bus), await all_signals(bus)

    first, again, ends, values = benched(work, listens=False)
    assert (first.code, first.state) == ("unavailable", "refused")
    assert again.ok
    assert values[WINDOW] == 70
    assert [(end.what, end.result) for end in ends[1:]] == [
        ("release", "reached"),
        (WINDOW, "refused"),
        (WINDOW, "reached"),
    ]


def test_a_silent_provider_is_noticed_by_a_clock_that_runs():
    async def main(clock):
        clock.speed = 2.0  # As a live clock at twice the real time: 15 real seconds are 30.
        bus = MemoryBus(clock)
        async with alive(bus, clock):
            await tell(bus, clock, BENCH, "claim")
            await provide(bus, clock, "bench", {AIR: -41.5})
            await clock.sleep(29.0)
            held = await all_signals(bus)
            await clock.sleep(2.0)
            return held, await all_signals(bus), await audits(bus)

    held, after, ends = scenario(main)
    assert held[AIR] == -41.5
    assert after[AIR] == 15.0
    assert (ends[-1].who, ends[-1].what, ends[-1].reason) == ("bench", "release", "it fell silent")


def test_in_a_rehearsal_a_lease_lasts_until_it_is_handed_back():
    async def work(bus, clock, _bench):
        await provide(bus, clock, "bench", {AIR: -41.5})
        await clock.sleep(86_400.0)
        return await all_signals(bus)

    assert benched(work)[AIR] == -41.5


def test_claims_are_audited_when_something_changes_hands_and_not_when_repeated():
    async def work(bus, clock, _bench):
        for number in range(5):
            await tell(bus, clock, BENCH, f"again{number}")
        other = Claim(provider="other", signals=[AIR])
        await tell(bus, clock, other, "other")
        await clock.sleep(1.0)
        return await audits(bus)

    ends = benched(work)
    assert [(end.id, end.what, end.result) for end in ends] == [
        ("claim", "claim", "reached"),
        ("other", "claim", "refused"),
    ]


def test_what_cannot_be_read_as_provided_is_left():
    async def work(bus, clock, _bench):
        for data in (b"", b"\xc1", b"\x80", encode(said({AIR: 3.0}, provider="nobody"))):
            await bus.publish(f"car.{VIN}.provided", data)
        await clock.sleep(1.0)
        return await all_signals(bus)

    assert benched(work)[AIR] == 15.0
