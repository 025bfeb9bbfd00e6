"""500 wallboxes at one central system: messages a second, processor and memory of each side.

Beside ours, in the same script and under the same load, a plain server made of the library `ocpp`
that answers and keeps nothing. Each side is a process of its own, so that its memory and processor
time are its alone. The load is raw frames, cheaper than any server; `wallboxes` are our own virtual
ones, whole. The last line is a JSON object.
"""

import argparse
import asyncio
import json
import logging
import resource
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from vettura.bus.memory import MemoryBus
from vettura.bus.messages import MeterValue, encode
from vettura.bus.messages_home import DeviceState, EntityState
from vettura.bus.subjects import HOME_BUCKET, device_state, meter
from vettura.clock import WallClock
from vettura.faces.config import OcppConfig, OcppPointConfig
from vettura.faces.ocpp import OcppFace
from vettura.faces.ocpp_point import OcppPointFace
from vettura.faces.ocpp_times import time_text
from vettura.life import StationConfig

OCPP_16 = Subprotocol("ocpp1.6")
HOME = "bench"
KIB_PER_MIB = 1024.0
PAIRS = {"plain": ("plain", "load"), "ours": ("ours", "load"), "wallboxes": ("ours", "wallboxes")}
"""Server and client of each measurement."""


def main() -> int:
    """Measure and print; or be one of the sides."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a short run, for tests")
    parser.add_argument("--stations", type=int, default=500)
    parser.add_argument("--messages", type=int, default=10, help="meter values of each station")
    parser.add_argument("--side", choices=["ours", "plain", "load", "wallboxes"])
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.getLogger("ocpp").setLevel(logging.CRITICAL)
    if options.small:
        options.stations, options.messages = 8, 4
    sides: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
        "ours": _serve_ours,
        "plain": _serve_plain,
        "load": lambda: _load(options.port, options.stations, options.messages),
        "wallboxes": lambda: _wallboxes(options.port, options.stations, options.messages),
    }
    if options.side:
        asyncio.run(sides[options.side]())
        return 0
    result = asyncio.run(_measure(options.stations, options.messages))
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


async def _measure(stations: int, messages: int) -> dict[str, Any]:
    rows: dict[str, dict[str, Any]] = {}
    for name, pair in PAIRS.items():
        rows[name] = await _pair(*pair, stations, messages)
        sys.stdout.write(f"{name:10} {json.dumps(rows[name])}\n")
        sys.stdout.flush()
    ours, plain, whole = rows["ours"], rows["plain"], rows["wallboxes"]
    return {
        "stations": stations,
        "messages_per_s": ours["messages_per_s"],
        "over_plain_messages_per_s": round(ours["messages_per_s"] / plain["messages_per_s"], 2),
        "over_plain_cpu": round(plain["cpu_us_each"] / ours["cpu_us_each"], 2),
        "server_mib": ours["server_mib"],
        "plain_mib": plain["server_mib"],
        "wallboxes_mib": whole["client_mib"],
        "wallboxes_messages_per_s": whole["messages_per_s"],
    }


async def _pair(server: str, client: str, stations: int, messages: int) -> dict[str, Any]:
    """One server and one client to its end: what both say of themselves."""
    async with _side(server) as serving:
        told = await _line(serving)
        words = ["--port", str(told["port"]), "--stations", str(stations)]
        async with _side(client, *words, "--messages", str(messages)) as asking:
            ready = await _line(asking)
            before = await _usage(serving)
            assert asking.stdin is not None
            asking.stdin.write(b"go\n")
            done = await _line(asking)
            after = await _usage(serving)
    count = done["messages"]
    return {
        "messages": count,
        "messages_per_s": round(count / done["seconds"]),
        "cpu_us_each": round((after["cpu_s"] - before["cpu_s"]) * 1e6 / count, 1),
        "empty_mib": round(told["mib"], 1),
        "server_mib": round(after["mib"], 1),
        "client_mib": round(done["mib"], 1),
        "connected_s": round(ready["seconds"], 2),
    }


@asynccontextmanager
async def _side(name: str, *words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__)),
        *("--side", name, *words),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _line(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout is not None
    line = await process.stdout.readline()
    assert line, "a side of the bench has died"
    told: dict[str, Any] = json.loads(line)
    return told


async def _usage(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdin is not None
    process.stdin.write(b"usage\n")
    return await _line(process)


def _say(**told: object) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def _mib() -> float:
    """Resident memory now, where the system tells; else the most so far."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(row for row in status.read_text().splitlines() if row.startswith("VmRSS"))
        return int(line.split()[1]) / KIB_PER_MIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def _until_ended() -> None:
    """Say what was used at each line of stdin, until that ends."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.readline():
        _say(cpu_s=_cpu_s(), mib=_mib())


async def _go() -> None:
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


async def _serve_ours() -> None:
    clock = WallClock()
    bus = MemoryBus(clock)
    config = OcppConfig(port=0, accept_unknown=True, stations_max=10_000)
    face = OcppFace(bus, clock, clock, config, HOME)
    task = asyncio.create_task(face.run())
    await face.ready.wait()
    _say(port=face.port, mib=_mib())
    await _until_ended()
    task.cancel()


async def _serve_plain() -> None:
    """What the library's own example does: a handler for each action, nothing kept."""
    from ocpp.routing import on
    from ocpp.v16 import ChargePoint, call_result

    now = time_text(WallClock().now_ns())
    accepted = {"status": "Accepted"}

    class Plain(ChargePoint):  # type: ignore[misc]
        @on("BootNotification")  # type: ignore[untyped-decorator]
        def on_boot(self, **_: object) -> object:
            return call_result.BootNotification(current_time=now, interval=300, status="Accepted")

        @on("StatusNotification")  # type: ignore[untyped-decorator]
        def on_status(self, **_: object) -> object:
            return call_result.StatusNotification()

        @on("StartTransaction")  # type: ignore[untyped-decorator]
        def on_start(self, **_: object) -> object:
            return call_result.StartTransaction(transaction_id=1, id_tag_info=accepted)

        @on("MeterValues")  # type: ignore[untyped-decorator]
        def on_meter(self, **_: object) -> object:
            return call_result.MeterValues()

        @on("StopTransaction")  # type: ignore[untyped-decorator]
        def on_stop(self, **_: object) -> object:
            return call_result.StopTransaction()

    async def welcome(connection: ServerConnection) -> None:
        await Plain("x", connection).start()

    quiet = logging.getLogger("plain")
    quiet.setLevel(logging.CRITICAL)
    async with serve(
        welcome, "127.0.0.1", 0, subprotocols=[OCPP_16], compression=None, logger=quiet
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        _say(port=port, mib=_mib())
        await _until_ended()


@dataclass(slots=True)
class _Station:
    """A wallbox as raw frames."""

    socket: ClientConnection
    clock: WallClock
    own_id: int = 0

    async def ask(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Ask; what is asked of us meanwhile is answered as a station would."""
        await self.socket.send(json.dumps([2, "q", action, payload]))
        while True:
            frame = json.loads(await self.socket.recv())
            if frame[0] == 2:
                answer = {} if frame[2] == "GetConfiguration" else {"status": "Accepted"}
                await self.socket.send(json.dumps([3, frame[1], answer]))
                continue
            assert frame[0] == 3, frame
            told: dict[str, Any] = frame[2]
            return told

    async def begin(self) -> None:
        """Boot, be plugged, and begin a charge."""
        told = {"chargePointVendor": "Acme", "chargePointModel": "Box"}
        await self.ask("BootNotification", told)
        status = {"connectorId": 1, "errorCode": "NoError", "status": "Preparing"}
        await self.ask("StatusNotification", status)
        start = {"connectorId": 1, "idTag": "CARD", "meterStart": 1_000}
        answer = await self.ask("StartTransaction", start | {"timestamp": self._now()})
        self.own_id = answer["transactionId"]

    async def charge(self, messages: int) -> None:
        """Meter values as fast as they are answered, then the end."""
        for number in range(messages):
            rows = [
                {"value": f"{1_000 + number}", "unit": "Wh"},
                {"value": "7200", "measurand": "Power.Active.Import", "unit": "W"},
                *(
                    {"value": "10.4", "measurand": "Current.Import", "phase": f"L{k}", "unit": "A"}
                    for k in (1, 2, 3)
                ),
            ]
            value = {"timestamp": self._now(), "sampledValue": rows}
            told = {"connectorId": 1, "transactionId": self.own_id, "meterValue": [value]}
            await self.ask("MeterValues", told)
        stop = {"transactionId": self.own_id, "meterStop": 1_000 + messages}
        await self.ask("StopTransaction", stop | {"timestamp": self._now()})

    def _now(self) -> str:
        return time_text(self.clock.now_ns())


async def _load(port: int, stations: int, messages: int) -> None:
    clock = WallClock()
    begun_s = clock.monotonic()
    boxes = []
    for number in range(stations):
        address = f"ws://127.0.0.1:{port}/ocpp/CP{number}"
        socket = await connect(
            address, subprotocols=[OCPP_16], compression=None, proxy=None, ping_interval=None
        )
        boxes.append(_Station(socket, clock))
    await asyncio.gather(*(box.begin() for box in boxes))
    _say(seconds=clock.monotonic() - begun_s)
    await _go()
    begun_s = clock.monotonic()
    await asyncio.gather(*(box.charge(messages) for box in boxes))
    seconds = clock.monotonic() - begun_s
    _say(seconds=seconds, messages=stations * (messages + 1), mib=_mib())
    await _until_ended()


async def _wallboxes(port: int, stations: int, messages: int) -> None:
    """Our own virtual wallboxes, each in a home of its own, which gives more every round."""
    clock = WallClock()
    boxes = [_Home(clock, port, f"CP{number}") for number in range(stations)]
    begun_s = clock.monotonic()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(box.point.run()) for box in boxes]
        for box in boxes:
            await box.point.ready.wait()
        _say(seconds=clock.monotonic() - begun_s)
        await _go()
        before = sum(box.point.tally.asked for box in boxes)
        begun_s = clock.monotonic()
        await asyncio.gather(*(box.charge(messages) for box in boxes))
        count = sum(box.point.tally.asked for box in boxes) - before
        _say(seconds=clock.monotonic() - begun_s, messages=count, mib=_mib())
        await _until_ended()
        for task in tasks:
            task.cancel()


class _Home:
    """A virtual wallbox, and the bus on which its station speaks."""

    def __init__(self, clock: WallClock, port: int, name: str) -> None:
        self._clock, self._name = clock, name
        self._bus = MemoryBus(clock)
        url = f"ws://127.0.0.1:{port}/ocpp"
        config = OcppPointConfig(station=name, url=url, meter_s=3_600)
        station = StationConfig(id=name)
        self.point = OcppPointFace(self._bus, clock, clock, config, HOME, station)

    async def charge(self, messages: int) -> None:
        """Plug a car in, let power flow and stop by turns, and take it out."""
        await self._plug("VIN")
        await self._until(lambda: self.point.state.charge is not None)
        for number in range(messages):
            power_w = 0.0 if number % 2 else 7_000.0
            now_ns = self._clock.now_ns()
            told = MeterValue(time_ns=now_ns, power_w=power_w, energy_wh=float(number))
            await self._bus.publish(meter(HOME, self._name), encode(told))
            await self._until(partial(self._has, power_w))
        await self._plug("")
        await self._until(lambda: self.point.state.charge is None and not self.point.state.queue)

    def _has(self, power_w: float) -> bool:
        return self.point.state.power_w == power_w and not self.point.state.queue

    async def _until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            await self._clock.sleep(0.02)

    async def _plug(self, vin: str) -> None:
        attributes = {"vin": vin, "energy_wh": 0.0}
        entities = {"sensor.x": EntityState(state="occupied", attributes=attributes)}
        state = DeviceState(time_ns=self._clock.now_ns(), entities=entities)
        bucket = await self._bus.bucket(HOME_BUCKET)
        await bucket.put(device_state(HOME, self._name), encode(state))


if __name__ == "__main__":
    raise SystemExit(main())
