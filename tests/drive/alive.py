"""A living car on a bus, for tests: told what to do, listened to, asked for its audits."""

import asyncio
from contextlib import asynccontextmanager

from make import VIN
from vettura.bus.ask import ask
from vettura.bus.messages import Audit, Command, Provided, SignalFrame, decode, encode
from vettura.bus.subjects import (
    AUDIT_STREAM,
    AUDIT_STREAM_SUBJECTS,
    car_audit,
    car_do,
    car_get,
    car_provided,
)
from vettura.car.catalogue import load_car
from vettura.drive.service import CarConfig, CarService

CONFIG = CarConfig(
    vin=VIN, home="casa", place="home", latitude_deg=45.0, longitude_deg=7.6, altitude_m=300.0
)


@asynccontextmanager
async def alive(bus, clock, *, head_start_s=1.0):
    """A car that lives while the block runs, then is killed without a goodbye."""
    service = CarService(bus, clock, CONFIG, load_car("xiaomi-su7"))
    task = asyncio.create_task(service.run())
    await clock.sleep(head_start_s)
    try:
        yield service
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def tell(bus, clock, verb, command_id="c1", *, role="local", who="test", patience_s=8.0):
    name = verb.__struct_config__.tag
    command = Command(id=command_id, verb=verb, who=who, role=role)
    return await ask(bus, clock, car_do(VIN, name), command, patience_s=patience_s)


async def all_signals(bus):
    reply = await bus.request(car_get(VIN), b"")
    return decode(reply.data, SignalFrame, where="get").values


async def provide(bus, clock, provider, values):
    told = Provided(time_ns=clock.now_ns(), provider=provider, values=values)
    await bus.publish(car_provided(VIN), encode(told))


async def audits(bus, count=1_000):
    """Every audit the stream holds, oldest first."""
    stream = await bus.stream(AUDIT_STREAM, AUDIT_STREAM_SUBJECTS)
    kept = await stream.last(car_audit(VIN), count)
    return [decode(message.data, Audit, where="audit") for message in kept]


@asynccontextmanager
async def hearing(bus, pattern, kind):
    """A list that grows with every message of that kind."""
    heard = []

    async def listen():
        async for message in ear:
            heard.append(decode(message.data, kind, where=pattern))  # noqa: PERF401

    ear = await bus.subscribe(pattern)
    task = asyncio.create_task(listen())
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
