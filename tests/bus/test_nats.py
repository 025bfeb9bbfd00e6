"""The live bus when the server is killed, stays away, or throws us out."""

import asyncio
import os
import signal
from contextlib import aclosing, asynccontextmanager

import pytest

from bus.living import until, with_patience
from vettura.bus.embedded import EmbeddedServer, Ports
from vettura.bus.interface import Entry
from vettura.bus.nats import NatsBus
from vettura.clock import WallClock
from vettura.errors import BusDownError, BusError, BusTimeoutError, NoResponderError, UsageError

pytestmark = pytest.mark.live


@asynccontextmanager
async def connected(server, **options):
    bus = await NatsBus.connect(
        server.url, clock=options.pop("clock", WallClock()), name="test", **options
    )
    try:
        yield bus
    finally:
        await bus.close()


async def kill(server):
    restarts = server.restarts
    os.kill(server.pid, signal.SIGKILL)
    await until(lambda: server.restarts > restarts, WallClock())


async def test_subscriptions_and_watches_live_on_when_the_server_was_killed(tmp_path, capfd):
    pace = WallClock()
    async with (
        EmbeddedServer(tmp_path, pace=pace) as server,
        connected(server) as bus,
        connected(server) as other,
    ):
        ears = await bus.subscribe("car.>")
        answers = await bus.subscribe("ask", queue="hands")
        bucket = await bus.bucket("home")
        await bucket.put("a", b"1")
        await bucket.put("b", b"1")
        async with aclosing(bucket.watch()) as entries:
            assert [(await anext(entries)).key for _ in range(2)] == ["a", "b"]
            for life in range(2, 5):
                await kill(server)
                far_bucket = await with_patience(lambda: other.bucket("home"), BusError, pace)
                revision = await far_bucket.put("a", b"%d" % life)
                assert await anext(entries) == Entry("a", b"%d" % life, revision)
                await far_bucket.delete("b")
                assert (await anext(entries)).value is None
                await far_bucket.put("b", b"")
                assert (await anext(entries)).key == "b"
                await bus.wait_up()
                await other.publish("car.v1", b"%d" % life)
                assert (await ears.next()).data == b"%d" % life
                async with asyncio.TaskGroup() as group:
                    asking = group.create_task(other.request("ask", b"?"))
                    await bus.respond(await answers.next(), b"!")
                assert asking.result().data == b"!"
        assert bus.errors < 100
        assert bus.last_error is not None
    assert capfd.readouterr() == ("", "")


async def test_what_a_stream_acknowledged_is_there_after_a_kill(tmp_path):
    pace = WallClock()
    async with EmbeddedServer(tmp_path, pace=pace) as server, connected(server) as bus:
        stream = await bus.stream("cars", ["car.>"])
        acknowledged = []

        async def publish_all():
            for number in range(600):
                data = b"%d" % number
                await with_patience(
                    lambda data=data: stream.publish("car.v1", data, message_id=data.decode()),
                    (BusDownError, BusTimeoutError),
                    pace,
                )
                acknowledged.append(data)

        async with asyncio.TaskGroup() as group:
            group.create_task(publish_all())
            for count in (150, 300, 450):
                await until(lambda count=count: len(acknowledged) > count, pace)
                await kill(server)
        stored = await stream.last("car.>", 1_000)
        assert [message.data for message in stored] == acknowledged
        handed = await stream.pull("history", batch=1_000, timeout_s=5.0)
        assert [message.data for message in handed] == acknowledged
        await stream.acknowledge("history", 600)
        await kill(server)
        await bus.wait_up()
        pulled = await with_patience(
            lambda: stream.pull("history", batch=9, timeout_s=0.0), BusError, pace
        )
        assert pulled == []


async def test_a_question_fails_as_soon_as_the_server_dies(tmp_path):
    async with EmbeddedServer(tmp_path, pace=WallClock()) as server, connected(server) as bus:
        ears = await bus.subscribe("ask")
        stream = await bus.stream("cars", ["car.>"])
        asking = asyncio.ensure_future(bus.request("ask", b"?", timeout_s=3600.0))
        pulling = asyncio.ensure_future(stream.pull("history", batch=1, timeout_s=3600.0))
        await ears.next()
        os.kill(server.pid, signal.SIGKILL)
        for call in (asking, pulling):
            with pytest.raises(BusDownError, match="went away"):
                await call


async def test_while_the_server_is_away_a_bounded_amount_is_kept(tmp_path):
    pace = WallClock()
    server = EmbeddedServer(tmp_path, pace=pace)
    await server.start()
    async with connected(server, buffer_bytes=10_000) as bus:
        ears = await bus.subscribe("a")
        stream = await bus.stream("heard", ["a"])
        await server.stop()
        await until(lambda: not bus.is_up, pace)
        for number in range(200):
            await bus.publish("a", b"%03d" % number + bytes(97))
        assert 100 <= bus.dropped < 150
        assert [int((await ears.next()).data[:3]) for _ in range(200)] == list(range(200))
        with pytest.raises(BusDownError, match="away"):
            await bus.request("b", b"?", timeout_s=3600.0)
        with pytest.raises(BusDownError, match="away"):
            await bus.bucket("home")
        port = int(server.url.rsplit(":", 1)[1])
        async with EmbeddedServer(tmp_path, pace=pace, ports=Ports(nats=port)):
            await bus.wait_up()
            await stream.publish("a", b"fresh")
            *kept, fresh = await stream.last("a", 201)
            assert [int(each.data[:3]) for each in kept] == list(range(200 - bus.dropped))
            assert fresh.data == (await ears.next()).data == b"fresh"


async def test_who_listens_on_the_same_bus_hears_also_while_the_server_is_away(tmp_path):
    pace = WallClock()
    server = EmbeddedServer(tmp_path, pace=pace)
    await server.start()
    async with connected(server) as bus:
        ears = await bus.subscribe("a")
        await server.stop()
        await until(lambda: not bus.is_up, pace)
        await bus.publish("a", b"at once")
        assert (await ears.next()).data == b"at once"
        port = int(server.url.rsplit(":", 1)[1])
        async with EmbeddedServer(tmp_path, pace=pace, ports=Ports(nats=port)):
            await bus.wait_up()
            await bus.publish("a", b"once")
            await bus.settle()
            await bus.publish("a", b"last")
            # What was kept for others does not come back to who has heard it.
            assert [(await ears.next()).data for _ in range(2)] == [b"once", b"last"]


async def test_the_first_of_near_and_far_answers(tmp_path):
    """Who asks is answered by a listener of its own bus and of another, and never by nobody."""
    async with (
        EmbeddedServer(tmp_path, pace=WallClock()) as server,
        connected(server) as bus,
        connected(server) as other,
    ):
        near = await bus.subscribe("ask")
        asking = asyncio.ensure_future(bus.request("ask", b"?"))
        await bus.respond(await near.next(), b"near")
        assert (await asking).data == b"near"
        await near.close()
        await bus.settle()  # Else who comes now may still hear what was asked before.
        far = await other.subscribe("ask")
        asking = asyncio.ensure_future(bus.request("ask", b"?"))
        await other.respond(await far.next(), b"far")
        assert (await asking).data == b"far"
        await far.close()
        await other.settle()
        with pytest.raises(NoResponderError):
            await bus.request("ask", b"?")


async def test_a_bus_that_the_server_throws_out_comes_back(tmp_path):
    """On an error that the server reports nats-py gives up for good; we do not."""
    pace = WallClock()
    async with EmbeddedServer(tmp_path, pace=pace) as server, connected(server) as bus:
        ears = await bus.subscribe("a")
        bucket = await bus.bucket("home")
        async with aclosing(bucket.watch()) as entries:
            first = asyncio.ensure_future(anext(entries))
            for life in range(3):
                bus._wire._client._transport.write(b"NONSENSE\r\n")
                await until(lambda: not bus.is_up, pace)
                await bus.wait_up()
                await bus.publish("a", b"%d" % life)
                assert (await ears.next()).data == b"%d" % life
            await bucket.put("k", b"")
            assert (await first).key == "k"


async def test_closing_while_the_server_is_away_is_quick(tmp_path):
    pace = WallClock()
    async with EmbeddedServer(tmp_path, pace=pace) as server:
        bus = await NatsBus.connect(server.url, clock=pace, name="test")
        ears = await bus.subscribe("a")
        entries = (await bus.bucket("home")).watch()
        watching = asyncio.ensure_future(anext(entries, None))
        await pace.sleep(0)
    await until(lambda: not bus.is_up, pace)
    async with asyncio.timeout(1.0):
        await bus.close()
    assert [message async for message in ears] == []
    assert await watching is None


async def test_timeouts_are_real_seconds_at_any_speed(tmp_path):
    async with (
        EmbeddedServer(tmp_path, pace=WallClock()) as server,
        connected(server, clock=WallClock(speed=600.0)) as bus,
    ):
        await bus.subscribe("ask")
        loop = asyncio.get_running_loop()
        asked_s = loop.time()
        with pytest.raises(BusTimeoutError, match=r"within 0\.2 s"):
            await bus.request("ask", b"", timeout_s=0.2)
        assert 0.19 < loop.time() - asked_s < 2.0
        await kill(server)
        await bus.wait_up()
        assert loop.time() - asked_s < 3.0


async def test_an_address_that_is_none_is_refused():
    for url in ("nats://", "nats://127.0.0.1:port"):
        with pytest.raises(UsageError, match="is no address of a NATS server"):
            await NatsBus.connect(url, clock=WallClock(), name="test", timeout_s=0.5)
