"""The clients of `bench/kuksa.py`, each role in a process of its own."""

import asyncio
import json
import statistics
import sys
from functools import cache
from typing import Any

from vettura.bus.messages import SignalFrame, SignalValue, encode
from vettura.bus.nats import NatsBus
from vettura.bus.signals import signal_table
from vettura.bus.subjects import car_signals
from vettura.clock import WallClock
from vettura.faces.kuksa_grpc import grpc
from vettura.faces.kuksa_values import SHAPES
from vettura.faces.kuksa_wire import V2, message_class

METHOD = {
    "subscribe": "/kuksa.val.v2.VAL/Subscribe",
    "provide": "/kuksa.val.v2.VAL/OpenProviderStream",
    "actuate": "/kuksa.val.v2.VAL/Actuate",
}
SIGNALS = 150
VALUES = 50
NUMBERS = frozenset(
    name for name in SHAPES if name not in ("string", "boolean") and name[-1] != "]"
)
SAMPLED = 2000
"""Messages of one subscriber whose lag is kept."""
ACTUATOR = "Vehicle.Cabin.Door.Row1.DriverSide.IsLocked"


@cache
def bench_paths(count: int) -> tuple[str, ...]:
    """So many numbers that our car has, those first that can be anything from 0 to 50."""
    rows = [row for row in signal_table().values() if row.datatype in NUMBERS]
    rows.sort(key=lambda row: not (row.min <= 0.0 and row.max >= VALUES))
    return tuple(row.path for row in rows[:count])


@cache
def _whole() -> frozenset[str]:
    table = signal_table()
    return frozenset(path for path in bench_paths(SIGNALS) if "int" in table[path].datatype)


def bench_values(number: int) -> dict[str, SignalValue]:
    """A frame in which every signal differs from the frame before."""
    values: dict[str, SignalValue] = dict.fromkeys(bench_paths(SIGNALS), number % 1000 + 0.5)
    values.update(dict.fromkeys(_whole(), number % 120))
    return values


def percentiles(values: list[float]) -> dict[str, float]:
    """p50, p95 and p99 [ms]."""
    cuts = statistics.quantiles(values, n=100)
    return {f"p{n}_ms": round(cuts[n - 1], 3) for n in (50, 95, 99)}


def with_answers(shown: dict[str, float], answered: dict[str, float]) -> dict[str, float]:
    """Until the new value was shown, and until the call was answered."""
    return {**shown, **{f"answered_{name}": lag for name, lag in answered.items()}}


async def _subscribe(
    *, port: int, subscribers: int, seconds: float, stalled: int
) -> dict[str, Any]:
    pace = WallClock()
    request = _request()
    kept: list[tuple[int, bytes]] = []
    told = [0]
    channels = [
        _channel(port, narrow=index >= subscribers) for index in range(subscribers + stalled)
    ]
    streams = [channel.unary_stream(METHOD["subscribe"])(request) for channel in channels]
    for stream in streams:
        await stream.read()
    readers = [
        asyncio.create_task(_read(stream, pace, kept, told)) for stream in streams[:subscribers]
    ]
    await pace.sleep(0.3)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    kept.clear()
    begin, begin_s = told[0], pace.monotonic()
    await pace.sleep(seconds)
    messages, spent_s = told[0] - begin, pace.monotonic() - begin_s
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    lags, sizes = _lags(kept[: SAMPLED * subscribers])
    return {
        "signals": round(messages * statistics.mean(sizes)),
        "seconds": spent_s,
        "lag": percentiles(lags),
    }


async def _read(
    stream: Any,  # noqa: ANN401
    pace: WallClock,
    kept: list[tuple[int, bytes]],
    told: list[int],
) -> None:
    while True:
        message = await stream.read()
        told[0] += 1
        if len(kept) < SAMPLED * 10:
            kept.append((pace.now_ns(), message))


def _lags(kept: list[tuple[int, bytes]]) -> tuple[list[float], list[int]]:
    """From a frame's own time to its arrival [ms]; decoding is the client's affair."""
    kind: Any = message_class(V2, "SubscribeResponse")
    lags, sizes = [], []
    for arrived_ns, data in kept:
        reply = kind.FromString(data)
        told_ns = max(point.timestamp.ToNanoseconds() for point in reply.entries.values())
        lags.append((arrived_ns - told_ns) / 1e6)
        sizes.append(len(reply.entries))
    return lags, sizes


async def _provide(*, port: int, ids: dict[str, int], seconds: float) -> dict[str, Any]:
    pace = WallClock()
    kind: Any = message_class(V2, "OpenProviderStreamRequest")
    call = _channel(port).stream_stream(METHOD["provide"])()
    claim = kind()
    for number in ids.values():
        claim.provide_signal_request.signals_sample_intervals[number].interval_ms = 0
    await call.write(claim.SerializeToString())
    await call.read()
    # Ready-made messages: what is measured is the server.
    ready = [_values(kind, ids, k) for k in range(VALUES)]
    messages, begin_s = 0, pace.monotonic()
    while pace.monotonic() - begin_s < seconds:
        await call.write(ready[messages % len(ready)])
        messages += 1
    # An unknown id is answered: all before it has been taken then.
    await call.write(_values(kind, {ACTUATOR: 2**30}, 0))
    await call.read()
    spent_s = pace.monotonic() - begin_s
    call.cancel()
    return {"messages": messages, "seconds": spent_s, "last": (messages - 1) % len(ready)}


def _values(kind: Any, ids: dict[str, int], value: int) -> bytes:  # noqa: ANN401
    message = kind()
    for path, number in ids.items():
        field = SHAPES[signal_table()[path].datatype].field
        setattr(message.publish_values_request.data_points[number].value, field, value)
    data: bytes = message.SerializeToString()
    return data


async def _command(*, port: int, seconds: float) -> dict[str, Any]:
    pace = WallClock()
    channel = _channel(port)
    request: Any = message_class(V2, "SubscribeRequest")()
    request.signal_paths.append(ACTUATOR)
    stream = channel.unary_stream(METHOD["subscribe"])(request.SerializeToString())
    kind: Any = message_class(V2, "SubscribeResponse")
    is_locked = kind.FromString(await stream.read()).entries[ACTUATOR].value.bool
    wish: Any = message_class(V2, "ActuateRequest")()
    wish.signal_id.path = ACTUATOR
    actuate = channel.unary_unary(METHOD["actuate"])
    lags: list[float] = []
    answers: list[float] = []
    begin_s = pace.monotonic()
    while pace.monotonic() - begin_s < seconds:
        is_locked = wish.value.bool = not is_locked
        asked_s = pace.monotonic()
        answered = asyncio.ensure_future(actuate(wish.SerializeToString()))
        answered.add_done_callback(
            lambda _, asked_s=asked_s: answers.append((pace.monotonic() - asked_s) * 1000.0)
        )
        while kind.FromString(await stream.read()).entries[ACTUATOR].value.bool != is_locked:
            pass
        lags.append((pace.monotonic() - asked_s) * 1000.0)
        await answered
        # Slower than the pace of a subscription, which would else be what is measured.
        await pace.sleep(0.02)
    return with_answers(percentiles(lags), percentiles(answers))


async def _car(*, url: str, vin: str, seconds: float, rate: float) -> dict[str, Any]:
    pace = WallClock()
    bus = await NatsBus.connect(url, clock=pace, name="bench car")
    begin_s, number = pace.monotonic(), 0
    async for _ in pace.every(1.0 / rate):
        number += 1
        frame = SignalFrame(time_ns=pace.now_ns(), values=bench_values(number))
        await bus.publish(car_signals(vin), encode(frame))
        if pace.monotonic() - begin_s > seconds:
            break
    await bus.close()
    return {"frames": number}


def _request() -> bytes:
    request: Any = message_class(V2, "SubscribeRequest")()
    request.signal_paths.extend(bench_paths(SIGNALS))
    data: bytes = request.SerializeToString()
    return data


def _channel(port: int, *, narrow: bool = False) -> Any:  # noqa: ANN401
    # A pool of its own for each: subscribers do not share a connection.
    options = [("grpc.use_local_subchannel_pool", 1)]
    if narrow:
        # Who never reads is stalled after two frames, not after megabytes.
        options += [("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 16_384)]
    return grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options)


ROLES = {"subscribe": _subscribe, "provider": _provide, "command": _command, "car": _car}

if __name__ == "__main__":
    answer = asyncio.run(ROLES[sys.argv[1]](**json.loads(sys.argv[2])))  # type: ignore[operator]
    sys.stdout.write(json.dumps(answer) + "\n")
