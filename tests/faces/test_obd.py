"""The diagnosis port: a real TCP socket, clients that behave and clients that do not."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from faces.diagnosed_car import FACTS, VIN, DiagnosedCar, diagnosed, running
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Answer, Inject
from vettura.clock import WallClock, rehearse
from vettura.errors import EnvironmentFault
from vettura.faces import obd
from vettura.faces.config import ObdConfig
from vettura.faces.obd import CLIENTS_MAX, ObdFace


def made(bus, clock):
    return ObdFace(bus, clock, clock, ObdConfig(port=0), FACTS)


class Client:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def say(self, line):
        self.writer.write(line)
        return (await self.reader.readuntil(b">")).decode()


@asynccontextmanager
async def client(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


async def test_an_app_connects_asks_and_sees_what_has_changed():
    async with diagnosed(made) as (car, face), client(face.port) as app:
        assert "ELM327" in await app.say(b"ATZ\r")
        await app.say(b"ATE0\r")
        assert "41 0D 57" in await app.say(b"010D\r")
        await car.tell(**{"Vehicle.Speed": 12.0})
        while "41 0D 0C" not in await app.say(b"010D\r"):
            pass


async def test_words_may_come_in_pieces_or_many_at_once():
    async with diagnosed(made) as (_, face), client(face.port) as app:
        app.writer.write(b"AT")
        await app.writer.drain()
        assert await app.say(b"E0\r") == "ATE0\rOK\r\r>"
        assert await app.say(b"ATI\r\nATH1\r\n010D\r\n") == "ELM327 v1.5\r\r>"
        assert await app.reader.readuntil(b">") == b"OK\r\r>"
        assert b"7E8 03 41 0D" in await app.reader.readuntil(b">")


@pytest.mark.parametrize(("ok", "wanted", "left"), [(True, "44", 0), (False, "7F 04 22", 2)])
async def test_a_clear_is_a_command_that_the_car_obeys_or_refuses(ok, wanted, left):
    async with diagnosed(made) as (car, face), client(face.port) as app:
        car.answer = Answer(ok=ok, reason="" if ok else "no")
        await app.say(b"ATE0\r")
        assert wanted in await app.say(b"04\r")
        assert [c.verb for c in car.commands][:1] == [Inject(fault="P0A80", active=False)]
        assert {(c.who, c.role, c.granted) for c in car.commands} == {("obd", "local", False)}
        assert len(car.values["Vehicle.Diagnostics.DTCList"]) == left


async def test_a_clear_that_the_car_does_not_answer_is_refused(monkeypatch):
    monkeypatch.setattr("vettura.faces.obd_clear.CLEAR_S", 0.0)
    async with diagnosed(made) as (car, face), client(face.port) as app:
        car.bus.request = _silence
        assert "7F 04 22" in await app.say(b"04\r")


async def _silence(*_args, **_more):
    from vettura.errors import BusTimeoutError

    raise BusTimeoutError("nobody answers")


async def test_each_client_has_settings_of_its_own_and_too_many_are_turned_away():
    async with diagnosed(made) as (_, face):
        held = [await asyncio.open_connection("127.0.0.1", face.port) for _ in range(CLIENTS_MAX)]
        apps = [Client(*pair) for pair in held]
        assert await apps[0].say(b"ATE0\r") == "ATE0\rOK\r\r>"
        for app in apps[1:]:
            assert await app.say(b"ATI\r") == "ATI\rELM327 v1.5\r\r>"
        async with client(face.port) as late:
            assert await late.reader.read() == b""
        assert face.refused_clients == 1
        for app in apps:
            app.writer.close()


async def test_a_line_without_end_is_refused_and_not_kept():
    async with diagnosed(made) as (_, face), client(face.port) as app:
        assert "?" in await app.say(b"0" * 5000)
        assert face.overlong_lines >= 1
    async with diagnosed(made) as (_, face), client(face.port) as app:
        app.writer.write(b"\xff\x00" * 100_000 + b"\r")
        app.writer.write_eof()
        assert (await app.reader.read()).endswith(b">")


async def test_a_client_that_idles_or_vanishes_is_let_go(monkeypatch):
    monkeypatch.setattr(obd, "IDLE_S", 0.05)
    async with diagnosed(made) as (_, face):
        async with client(face.port) as app:
            assert await app.reader.read() == b""
        _, writer = await asyncio.open_connection("127.0.0.1", face.port)
        writer.write(b"ATMA\r")
        writer.transport.abort()
        async with client(face.port) as app:
            assert "ELM327" in await app.say(b"ATI\r")


async def test_a_port_that_is_taken_is_replaced_by_a_free_one():
    async with diagnosed(made) as (car, face):
        clock = WallClock()
        second = ObdFace(car.bus, clock, clock, ObdConfig(port=face.port), FACTS)
        async with running(second.run()):
            await second.ready.wait()
            assert second.port not in {0, face.port}


async def test_an_address_that_is_not_here_is_a_fault_with_a_remedy():
    clock = WallClock()
    face = ObdFace(MemoryBus(clock), clock, clock, ObdConfig(host="192.0.2.1"), FACTS)
    with pytest.raises(EnvironmentFault, match="cannot listen"):
        await face.run()


def test_closed_it_hears_and_answers_without_a_socket_and_asks_the_car_nothing():
    async def main(clock):
        bus = MemoryBus(clock)
        car, face = DiagnosedCar(bus), made(bus, clock)
        heard = []
        bus.tap(lambda _time, subject, _data: heard.append(subject))
        async with running(face.run_closed()):
            await clock.sleep(1.0)
            for _ in range(30):
                await car.tell()
                await clock.sleep(1.0)
        assert face.answers == 30
        assert set(heard) == {f"car.{VIN}.signals"}

    rehearse(main, start_ns=0, seed=1)
