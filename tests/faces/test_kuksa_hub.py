"""Who is told what, and when: shared messages, conflation, buffers, the pace of a subscription."""

import asyncio

import pytest

from make import NOON_NS
from vettura.bus.messages import SignalFrame
from vettura.clock import rehearse
from vettura.faces.kuksa_catalogue import Catalogue
from vettura.faces.kuksa_hub import Hub
from vettura.faces.kuksa_wire import V2, message_class

CATALOGUE = Catalogue()
SPEED, SOC = (
    CATALOGUE.ids[path]
    for path in ("Vehicle.Speed", "Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed")
)
BOTH = frozenset({SPEED, SOC})


def values_in(message):
    """The numbers in a message of v2, by the first letter of the signal's last word."""
    entries = message_class(V2, "SubscribeResponse").FromString(message).entries
    return {path.split(".")[-1]: point.value.float for path, point in entries.items()}


def frame(clock, **values):
    named = {CATALOGUE.by_id(globals()[name]).path: value for name, value in values.items()}
    return SignalFrame(time_ns=clock.now_ns(), values=named)


def scenario(main):
    async def run(clock):
        hub = Hub(CATALOGUE, clock)
        running = asyncio.create_task(hub.run())
        try:
            return await main(clock, hub)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    return rehearse(run, start_ns=NOON_NS, seed=1)


def test_equal_subscriptions_are_given_the_very_same_bytes():
    async def main(clock, hub):
        readers = [hub.subscribe_channels("v2", BOTH) for _ in range(3)]
        firsts = [await reader.next() for reader in readers]
        hub.hear(frame(clock, SPEED=1.0))
        seconds = [await reader.next() for reader in readers]
        assert hub.groups == 1
        return firsts, seconds

    firsts, seconds = scenario(main)
    assert len({id(message) for message in seconds}) == 1
    assert values_in(firsts[0]) == {"Speed": 0.0, "Displayed": 0.0}
    assert values_in(seconds[0]) == {"Speed": 1.0}


def test_what_did_not_change_is_not_told():
    async def main(clock, hub):
        reader = hub.subscribe_channels("v2", BOTH)
        hub.hear(frame(clock, SPEED=1.0, SOC=50.0))
        await reader.next()
        hub.hear(frame(clock, SPEED=1.0, SOC=50.0))
        return reader.waiting()

    assert scenario(main) is None


def test_a_slow_reader_gets_the_latest_of_all_he_missed_and_the_loss_is_counted():
    async def main(clock, hub):
        slow = hub.subscribe_channels("v2", BOTH)
        await slow.next()
        hub.hear(frame(clock, SOC=50.0))
        for number in range(4):
            await clock.sleep(1.0)
            hub.hear(frame(clock, SPEED=float(number)))
        return await slow.next(), slow.waiting(), slow.dropped, hub.dropped

    message, rest, dropped, all_dropped = scenario(main)
    assert values_in(message) == {"Speed": 3.0, "Displayed": 50.0}
    assert rest is None
    assert dropped == all_dropped == 4


def test_one_who_never_read_his_first_message_still_gets_everything():
    async def main(clock, hub):
        hub.hear(frame(clock, SOC=50.0))
        slow = hub.subscribe_channels("v2", BOTH)
        hub.hear(frame(clock, SPEED=2.0))
        return await slow.next()

    assert values_in(scenario(main)) == {"Speed": 2.0, "Displayed": 50.0}


def test_a_buffer_keeps_what_it_may_and_drops_the_oldest():
    async def main(clock, hub):
        reader = hub.subscribe_channels("v2", BOTH, buffer_size=3)
        for number in range(5):
            await clock.sleep(1.0)
            hub.hear(frame(clock, SPEED=float(number)))
        heard = [await reader.next() for _ in range(3)]
        return heard, reader.waiting(), reader.dropped, hub.buffered_bytes

    heard, rest, dropped, held = scenario(main)
    assert [values_in(message)["Speed"] for message in heard] == [2.0, 3.0, 4.0]
    assert rest is None
    assert (dropped, held) == (3, 0)


def test_all_buffers_together_are_bounded(monkeypatch):
    monkeypatch.setattr("vettura.faces.kuksa_hub.BUFFERED_BYTES_MAX", 1000)

    async def main(clock, hub):
        readers = [hub.subscribe_channels("v2", BOTH, buffer_size=1000) for _ in range(3)]
        for number in range(200):
            await clock.sleep(1.0)
            hub.hear(frame(clock, SPEED=float(number)))
        held = hub.buffered_bytes
        for reader in readers:
            reader.close()
        return held, hub.buffered_bytes, hub.groups

    held, after, groups = scenario(main)
    assert held < 1500
    assert (after, groups) == (0, 0)


@pytest.mark.parametrize(("interval_s", "most"), [(0.0, 106), (0.1, 11)])
def test_a_subscription_is_told_no_faster_than_its_pace_and_the_last_value_is_never_lost(
    interval_s, most
):
    async def main(clock, hub):
        reader = hub.subscribe_channels("v2", BOTH, interval_s=interval_s)
        heard = []

        async def listen():
            while True:
                heard.append(await reader.next())

        listener = asyncio.create_task(listen())
        for number in range(1000):
            await clock.sleep(0.001)
            hub.hear(frame(clock, SPEED=float(number)))
        count = len(heard)
        await clock.sleep(1.0)
        listener.cancel()
        return count, heard[-1]

    count, last = scenario(main)
    assert most // 2 < count <= most
    assert values_in(last) == {"Speed": 999.0}


def test_a_closed_subscription_ends_whoever_waits():
    async def main(clock, hub):
        reader = hub.subscribe_channels("v2", BOTH)
        await reader.next()
        waiting = asyncio.create_task(reader.next())
        await clock.sleep(0.1)
        reader.close()
        reader.close()
        return (await asyncio.gather(waiting, return_exceptions=True))[0]

    assert isinstance(scenario(main), StopAsyncIteration | RuntimeError)


def test_strangers_are_counted_and_claimed_signals_are_not_heard_from_the_car():
    async def main(clock, hub):
        hub.provide([SPEED], [8.0], clock.now_ns())
        hub.claimed.add(SPEED)
        strange = SignalFrame(time_ns=1, values={"Vehicle.Nothing": 1, "Vehicle.Speed": 2.0})
        hub.hear(strange)
        return hub.latest[SPEED], hub.strangers

    assert scenario(main) == (8.0, 1)
