"""How fast the KUKSA face tells a car's signals, takes a provider's, and obeys, over real sockets.

Beside it, in the same script, a plain `grpc.aio` server that builds and serialises a message for
each subscriber. Clients live in a process of their own, so that the CPU time is the server's alone.
`hub` frames are handed to the face's hub inside the server's process; `bus` frames come from a
third process over a NATS server. The last line is a JSON object.
"""

import argparse
import asyncio
import json
import logging
import resource
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import structlog

from kuksa_clients import ACTUATOR, METHOD, bench_paths, bench_values, with_answers
from vettura.bus.embedded import EmbeddedServer
from vettura.bus.interface import Bus
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Answer, SignalFrame, encode
from vettura.bus.nats import NatsBus
from vettura.bus.subjects import car_do
from vettura.car import load_car
from vettura.clock import WallClock
from vettura.drive import CarConfig, CarService
from vettura.faces.config import CarFacts, KuksaConfig
from vettura.faces.kuksa import KuksaFace
from vettura.faces.kuksa_grpc import grpc
from vettura.faces.kuksa_wire import V2, message_class
from vettura.house.build import prepare

VIN = "LVXSU7CASA0000001"
FRAMES_PER_S = 100.0
FAST_FRAMES_PER_S = 400.0
PUBLISHED = (
    "KUKSA's published figures (kuksa-perf, Rust on both sides, another machine): "
    "83 935 signals/s, p50 0.199 ms, p95 0.294 ms, p99 1.205 ms"
)
ROOT = Path(__file__).parent.parent
CLIENTS = ROOT / "bench" / "kuksa_clients.py"
PEER = ROOT / ".peers" / "kuksa"
PEER_APP = ROOT / "tests" / "peers" / "apps" / "kuksa_timed.py"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="short runs, for tests")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    result = asyncio.run(_measure(0.6 if options.small else 5.0))
    sys.stdout.write(PUBLISHED + "\n")
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


async def _measure(seconds: float) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for subscribers in (1, 10):
        rows[f"hub_100hz_{subscribers}"] = await _ours(subscribers, seconds)
        rows[f"plain_100hz_{subscribers}"] = await _beside(_PlainServer(), subscribers, seconds)
        rows[f"floor_100hz_{subscribers}"] = await _beside(_FloorServer(), subscribers, seconds)
    rows["stalled_100hz_10"] = await _ours(10, seconds, stalled=5)
    rows["bus_100hz_1"] = await _over_bus(1, seconds)
    rows["bus_100hz_10"] = await _over_bus(10, seconds)
    rows["hub_400hz_10"] = await _ours(10, seconds, frames_per_s=FAST_FRAMES_PER_S)
    for name, server in (("plain", _PlainServer()), ("floor", _FloorServer())):
        rows[f"{name}_400hz_10"] = await _beside(
            server, 10, seconds, frames_per_s=FAST_FRAMES_PER_S
        )
    rows["provider_100"] = await _provider(seconds)
    rows["command"] = await _command(seconds)
    rows["floor_command"] = await _floor_command(seconds)
    client = await _client_command(seconds)
    if client is None:
        sys.stdout.write("kuksa-client: no .peers/kuksa here; `make peers` makes it\n")
    else:
        rows["client_command"] = client
    ours, plain, floor = (rows[f"{name}_400hz_10"] for name in ("hub", "plain", "floor"))
    for name, row in rows.items():
        sys.stdout.write(f"{name:20} {json.dumps(row)}\n")
    return {
        "signals_per_s": ours["signals_per_s"],
        "cpu_us_per_signal": ours["cpu_us_per_signal"],
        "over_plain_signals_per_s": round(ours["signals_per_s"] / plain["signals_per_s"], 1),
        "over_plain_cpu": round(plain["cpu_us_per_signal"] / ours["cpu_us_per_signal"], 1),
        "over_floor_cpu": round(ours["cpu_us_per_signal"] / floor["cpu_us_per_signal"], 1),
        "p95_ms_1": rows["hub_100hz_1"]["p95_ms"],
        "p95_ms_10": rows["hub_100hz_10"]["p95_ms"],
        "bus_p95_ms_1": rows["bus_100hz_1"]["p95_ms"],
        "bus_p95_ms_10": rows["bus_100hz_10"]["p95_ms"],
        "stalled_over_free_p95": round(
            rows["stalled_100hz_10"]["p95_ms"] / rows["hub_100hz_10"]["p95_ms"], 2
        ),
        "provided_per_s": rows["provider_100"]["signals_per_s"],
        "command_p95_ms": rows["command"]["p95_ms"],
        "command_over_floor_p50": round(
            rows["command"]["p50_ms"] / rows["floor_command"]["p50_ms"], 2
        ),
        "client_command_p95_ms": client["p95_ms"] if client else None,
    }


async def _ours(
    subscribers: int, seconds: float, *, frames_per_s: float = FRAMES_PER_S, stalled: int = 0
) -> dict[str, Any]:
    pace = WallClock()
    async with _face(MemoryBus(pace), pace, frames_per_s) as face:
        feed = asyncio.create_task(_feed(face.hub.hear, pace, frames_per_s))
        try:
            return await _subscribed(face.port, subscribers, seconds, stalled)
        finally:
            feed.cancel()


async def _over_bus(subscribers: int, seconds: float) -> dict[str, Any]:
    pace = WallClock()
    async with _nats(pace) as (bus, url), _face(bus, pace, FRAMES_PER_S) as face:
        car = await _start("car", url=url, vin=VIN, seconds=seconds + 4.0, rate=FRAMES_PER_S)
        try:
            return await _subscribed(face.port, subscribers, seconds, 0)
        finally:
            car.kill()
            await car.wait()


async def _beside(
    plain: "_PlainServer", subscribers: int, seconds: float, *, frames_per_s: float = FRAMES_PER_S
) -> dict[str, Any]:
    """The same with another server."""
    pace = WallClock()
    port = await plain.start()
    feed = asyncio.create_task(_feed(plain.hear, pace, frames_per_s))
    try:
        return await _subscribed(port, subscribers, seconds, 0)
    finally:
        feed.cancel()
        await plain.server.stop(None)


async def _provider(seconds: float) -> dict[str, Any]:
    """A provider that streams values of the car's own signals, 100 at a message."""
    pace = WallClock()
    bus = MemoryBus(pace)
    async with _face(bus, pace, FRAMES_PER_S) as face, _agreeing(bus):
        ids = {path: face.hub.catalogue.ids[path] for path in bench_paths(100)}
        before_s = _cpu_s()
        report = await _run("provider", port=face.port, ids=ids, seconds=seconds)
        cpu_s = _cpu_s() - before_s
        assert face.hub.latest[ids[bench_paths(1)[0]]] == report["last"], (
            "the last value did not arrive"
        )
    signals = report["messages"] * len(ids)
    return {
        "signals_per_s": round(signals / report["seconds"]),
        "cpu_us_per_signal": round(cpu_s * 1e6 / signals, 2),
    }


async def _command(seconds: float) -> dict[str, Any]:
    """v2.Actuate on a living car over NATS, until the new value reaches a subscriber."""
    async with _living() as face:
        return await _run("command", port=face.port, seconds=seconds)


async def _client_command(seconds: float) -> dict[str, Any] | None:
    """kuksa-client's own wish (v1), unmodified and in its own environment; None without that."""
    python = PEER / "bin" / "python"
    if not python.exists():
        return None
    async with _living() as face:
        process = await asyncio.create_subprocess_exec(
            str(python),
            "-E",
            str(PEER_APP),
            *(str(face.port), ACTUATOR, str(seconds)),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
    report = json.loads(out.splitlines()[-1])
    return with_answers(report["shown"], report["answered"])


@asynccontextmanager
async def _living() -> AsyncIterator[KuksaFace]:
    """A living car over NATS, and its face."""
    pace = WallClock()
    config = CarConfig(
        vin=VIN, home="casa", place="home", latitude_deg=45.0, longitude_deg=7.6, altitude_m=300.0
    )
    async with _nats(pace) as (bus, _):
        await prepare(bus)
        car = asyncio.create_task(CarService(bus, pace, config, load_car("xiaomi-su7")).run())
        try:
            async with _face(bus, pace, FRAMES_PER_S) as face:
                yield face
        finally:
            car.cancel()
            await asyncio.gather(car, return_exceptions=True)


async def _floor_command(seconds: float) -> dict[str, Any]:
    """The same way with nothing at its end: gRPC, the bus, an echo, the bus, gRPC."""
    pace = WallClock()
    async with _nats(pace) as (bus, _):
        floor = _EchoServer(bus)
        port = await floor.start()
        echoing = asyncio.create_task(floor.echo())
        try:
            return await _run("command", port=port, seconds=seconds)
        finally:
            echoing.cancel()
            await floor.server.stop(None)


async def _subscribed(port: int, subscribers: int, seconds: float, stalled: int) -> dict[str, Any]:
    """What a process with so many subscribers saw, and what it cost this process."""
    client = await _start(
        "subscribe", port=port, subscribers=subscribers, seconds=seconds, stalled=stalled
    )
    assert client.stdout is not None
    await client.stdout.readline()
    before_s = _cpu_s()
    report = json.loads(await client.stdout.readline())
    cpu_s = _cpu_s() - before_s
    await client.wait()
    return {
        "signals_per_s": round(report["signals"] / report["seconds"]),
        **report["lag"],
        "cpu_us_per_signal": round(cpu_s * 1e6 / report["signals"], 3),
    }


async def _feed(hear: Callable[[SignalFrame], None], pace: WallClock, rate: float) -> None:
    """Frames in which all signals change, at so many a second."""
    number = 0
    async for _ in pace.every(1.0 / rate):
        number += 1
        hear(SignalFrame(time_ns=pace.now_ns(), values=bench_values(number)))


@asynccontextmanager
async def _face(bus: Bus, pace: WallClock, frames_per_s: float) -> AsyncIterator[KuksaFace]:
    facts = CarFacts(vin=VIN, home="casa", name="SU7", make="Xiaomi", model="SU7")
    face = KuksaFace(bus, pace, pace, KuksaConfig(port=0), facts, frames_per_s=frames_per_s)
    running = asyncio.create_task(face.run())
    try:
        await asyncio.wait(
            {running, ready := asyncio.create_task(face.ready.wait())},
            return_when="FIRST_COMPLETED",
        )
        assert ready.done()
        yield face
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def _nats(pace: WallClock) -> AsyncIterator[tuple[NatsBus, str]]:
    with tempfile.TemporaryDirectory() as folder:
        async with EmbeddedServer(Path(folder), pace=pace) as server:
            bus = await NatsBus.connect(server.url, clock=pace, name="bench")
            try:
                yield bus, server.url
            finally:
                await bus.close()


@asynccontextmanager
async def _agreeing(bus: Bus) -> AsyncIterator[None]:
    """A car that says yes to everything."""
    ear = await bus.subscribe(car_do(VIN, "*"))

    async def agree() -> None:
        async for message in ear:
            await bus.respond(message, encode(Answer(ok=True, state="reached")))

    agreeing = asyncio.create_task(agree())
    try:
        yield
    finally:
        agreeing.cancel()


class _PlainServer:
    """`kuksa.val.v2` Subscribe as one writes it at first."""

    def __init__(self) -> None:
        self.server = grpc.aio.server()
        self._queues: set[asyncio.Queue[SignalFrame]] = set()

    async def start(self) -> int:
        async def subscribe(_request: bytes, _context: object) -> AsyncIterator[Any]:
            queue: asyncio.Queue[SignalFrame] = asyncio.Queue(1)
            self._queues.add(queue)
            try:
                while True:
                    yield self.reply(await queue.get())
            finally:
                self._queues.discard(queue)

        handler: Any = grpc.unary_stream_rpc_method_handler(subscribe)
        service, _, method = METHOD["subscribe"].strip("/").partition("/")
        self.server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(service, {method: handler}),)
        )
        port = self.server.add_insecure_port("127.0.0.1:0")
        await self.server.start()
        return port

    def reply(self, frame: SignalFrame) -> bytes:
        message: Any = message_class(V2, "SubscribeResponse")()
        for path, value in frame.values.items():
            point = message.entries[path]
            point.timestamp.FromNanoseconds(frame.time_ns)
            point.value.float = value
        data: bytes = message.SerializeToString()
        return data

    def hear(self, frame: SignalFrame) -> None:
        for queue in self._queues:
            if not queue.full():
                queue.put_nowait(frame)


class _FloorServer(_PlainServer):
    """Bytes that are ready but for the time: what `grpc.aio` costs when nothing else does."""

    _ready = b""

    def reply(self, frame: SignalFrame) -> bytes:
        if not self._ready:
            self._ready = super().reply(frame)
        message: Any = message_class(V2, "SubscribeResponse")()
        message.entries[next(iter(frame.values))].timestamp.FromNanoseconds(frame.time_ns)
        # A later entry of the same signal replaces the earlier one.
        newest: bytes = message.SerializeToString()
        return self._ready + newest


class _EchoServer:
    """`Actuate` and `Subscribe` of one boolean, with a round over the bus between them."""

    def __init__(self, bus: NatsBus) -> None:
        self.server = grpc.aio.server()
        self._bus = bus
        self._told: asyncio.Queue[bytes] = asyncio.Queue()
        self._told.put_nowait(_one_boolean(False))

    async def start(self) -> int:
        self._ear = await self._bus.subscribe("floor.do")
        self._frames = await self._bus.subscribe("floor.frame")

        async def subscribe(_request: bytes, _context: object) -> AsyncIterator[bytes]:
            while True:
                yield await self._told.get()

        async def actuate(request: bytes, _context: object) -> bytes:
            await self._bus.request("floor.do", request)
            return b""

        handlers: Any = {
            "Subscribe": grpc.unary_stream_rpc_method_handler(subscribe),
            "Actuate": grpc.unary_unary_rpc_method_handler(actuate),
        }
        service = METHOD["actuate"].strip("/").partition("/")[0]
        self.server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(service, handlers),)
        )
        port: int = self.server.add_insecure_port("127.0.0.1:0")
        await self.server.start()
        return port

    async def echo(self) -> None:
        """Answer what is asked, and say the new value; hand what is said to the subscriber."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._answer())
            group.create_task(self._hand_on())

    async def _answer(self) -> None:
        kind: Any = message_class(V2, "ActuateRequest")
        async for message in self._ear:
            wished = kind.FromString(message.data).value.bool
            await self._bus.respond(message, b"")
            await self._bus.publish("floor.frame", _one_boolean(wished))

    async def _hand_on(self) -> None:
        async for message in self._frames:
            self._told.put_nowait(message.data)


def _one_boolean(value: bool) -> bytes:
    message: Any = message_class(V2, "SubscribeResponse")()
    message.entries[ACTUATOR].value.bool = value
    data: bytes = message.SerializeToString()
    return data


async def _start(role: str, **arguments: object) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, str(CLIENTS), role, json.dumps(arguments), stdout=asyncio.subprocess.PIPE
    )


async def _run(role: str, **arguments: object) -> dict[str, Any]:
    process = await _start(role, **arguments)
    out, _ = await process.communicate()
    report: dict[str, Any] = json.loads(out.splitlines()[-1])
    return report


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    raise SystemExit(main())
