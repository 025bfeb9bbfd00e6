"""The KUKSA face before a living car: on a real bus, in a rehearsal, with tokens, and measured."""

import asyncio
import json
import subprocess
import sys
from contextlib import asynccontextmanager, suppress

import pytest

from faces.kuksa_scene import (
    FACTS,
    LOCK,
    NOT_OURS,
    SPEED,
    V1,
    V2,
    VIN_PATH,
    WINDOW,
    Client,
    refusal,
    request_of,
    scene,
    until,
)
from make import NOON_NS, ROOT, VIN, make_trip
from vettura.bus.ask import ask
from vettura.bus.embedded import EmbeddedServer
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Actuate, Command, Drive
from vettura.bus.nats import NatsBus
from vettura.bus.subjects import car_do
from vettura.car.catalogue import load_car
from vettura.clock import WallClock, rehearse
from vettura.drive import CarConfig, CarService
from vettura.faces.config import KuksaConfig
from vettura.faces.kuksa import KuksaFace
from vettura.faces.kuksa_grpc import grpc
from vettura.house.build import prepare
from vettura.trust.keys import new_private_pem, public_pem
from vettura.trust.tokens import mint
from vettura.units import NS_PER_S

CONFIG = CarConfig(
    vin=VIN, home="casa", place="home", latitude_deg=45.0, longitude_deg=7.6, altitude_m=300.0
)
FLAP = "Vehicle.Powertrain.TractionBattery.Charging.ChargingPort.AnyPosition.IsFlapOpen"
Code = grpc.StatusCode


@asynccontextmanager
async def living(folder):
    """A living car on NATS with its face and a client."""
    pace = WallClock()
    async with EmbeddedServer(folder, pace=pace) as server:
        bus = await NatsBus.connect(server.url, clock=pace, name="test")
        await prepare(bus)
        face = KuksaFace(bus, pace, pace, KuksaConfig(port=0), FACTS)
        car = CarService(bus, pace, CONFIG, load_car("xiaomi-su7"))
        tasks = [asyncio.create_task(car.run()), asyncio.create_task(face.run())]
        client = None
        try:
            async with asyncio.timeout(60.0):
                await face.ready.wait()
                client = Client(face.port)
                yield bus, face, client
        finally:
            if client is not None:
                await client.channel.close()
            for task in reversed(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await bus.close()


async def heard(stream, path, field, value):
    """Read on until a signal has that value."""
    while True:
        reply = await stream.read()
        if path in reply.entries and getattr(reply.entries[path].value, field) == value:
            return


@pytest.mark.live
async def test_a_living_car_obeys_refuses_and_hands_an_actuator_over(tmp_path):
    async with living(tmp_path) as (_, _, client):
        stream = client.hear(V2, "Subscribe", signal_paths=[LOCK, WINDOW, VIN_PATH])
        await heard(stream, VIN_PATH, "string", VIN)
        await client.ask(V2, "Actuate", signal_id={"path": LOCK}, value={"bool": False})
        await heard(stream, LOCK, "bool", False)
        high = client.ask(V2, "Actuate", signal_id={"path": WINDOW}, value={"uint32": 101})
        codes = [(await refusal(high))[0]]
        nobody = client.ask(
            V2, "Actuate", signal_id={"path": "Vehicle.ADAS.ABS.IsEnabled"}, value={"bool": True}
        )
        codes.append((await refusal(nobody))[0])
        sensor = client.ask(V2, "Actuate", signal_id={"path": SPEED}, value={"float": 1.0})
        codes.append((await refusal(sensor))[0])

        talk = client.talk(V2, "OpenProviderStream")
        claim = request_of(V2, "OpenProviderStream")
        claim.provide_actuation_request.actuator_identifiers.add(path=WINDOW)
        await talk.write(claim)
        await talk.read()
        await client.ask(V2, "Actuate", signal_id={"path": WINDOW}, value={"uint32": 30})
        wish = (await talk.read()).batch_actuate_stream_request.actuate_requests[0]
        told = request_of(V2, "OpenProviderStream")
        told.publish_values_request.data_points[wish.signal_id.id].value.CopyFrom(wish.value)
        await talk.write(told)
        await heard(stream, WINDOW, "uint32", 30)
        target = await client.ask(V1, "Get", entries=[{"path": WINDOW, "view": 2}])
    assert codes == [Code.INVALID_ARGUMENT, Code.UNAVAILABLE, Code.INVALID_ARGUMENT]
    assert target.entries[0].actuator_target.uint32 == 30


@pytest.mark.live
async def test_the_flap_of_a_moving_car_stays_shut(tmp_path):
    async with living(tmp_path) as (bus, face, client):
        drive = Command(id="d", verb=Drive(trip=make_trip()), who="test", role="owner")
        assert (await ask(bus, face.line.pace, car_do(VIN, "drive"), drive)).ok
        stream = client.hear(V2, "Subscribe", signal_paths=[SPEED])
        while (await stream.read()).entries[SPEED].value.float < 5.0:
            pass
        code, reason = await refusal(
            client.ask(V2, "Actuate", signal_id={"path": FLAP}, value={"bool": True})
        )
    assert code is Code.FAILED_PRECONDITION
    assert reason


def test_a_rehearsed_car_lives_the_same_with_the_face_and_without():
    async def life(clock, *, with_face):
        bus = MemoryBus(clock)
        log = []
        car = CarService(bus, clock, CONFIG, load_car("xiaomi-su7"))
        tasks = [asyncio.create_task(car.run())]
        face = KuksaFace(bus, clock, clock, KuksaConfig(), FACTS)
        if with_face:
            tasks.append(asyncio.create_task(face.run_closed()))
        await clock.sleep(1.0)
        bus.tap(lambda *message: log.append(message))
        for number, verb in enumerate((Actuate(path=WINDOW, value=60), Drive(trip=make_trip()))):
            command = Command(id=str(number), verb=verb, who="test", role="owner")
            await ask(bus, clock, car_do(VIN, verb.__struct_config__.tag), command)
            await clock.sleep(60.0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return log, face.counts()

    def rehearsed(with_face):
        return rehearse(lambda clock: life(clock, with_face=with_face), start_ns=NOON_NS, seed=1)

    (with_face, counts), (without, _) = rehearsed(True), rehearsed(False)
    assert with_face == without
    assert counts["frames"] > 300
    assert counts["told"] > 4 * counts["frames"]
    assert counts["unspeakable"] == 0


@pytest.fixture
def keys(tmp_path):
    """A private key, and the file of its public half."""
    private = new_private_pem("ed25519")
    public = tmp_path / "public.pem"
    public.write_bytes(public_pem(private))
    return private, public


async def test_a_token_lets_its_bearer_do_what_it_names_and_no_more(keys):
    private, public = keys
    issued_s = WallClock().now_ns() // NS_PER_S

    def token(scope, lasts_s=600):
        return mint(private, scope=scope, subject="ann", issued_s=issued_s, lasts_s=lasts_s)

    config = KuksaConfig(host="127.0.0.1", port=0, token_keys=[str(public)])
    wish = {"signal_id": {"path": WINDOW}, "value": {"uint32": 40}}
    value = {"signal_id": {"path": SPEED}}
    async with scene(config) as (car, face, nobody):
        reader = Client(face.port, token(f"read:{SPEED}"))
        driver = Client(face.port, token(f"actuate:{WINDOW}"))
        cabin = Client(face.port, token("actuate:Vehicle.Cabin"))
        over = Client(face.port, token("read", lasts_s=1) + "x")
        assert (await reader.ask(V2, "GetValue", **value)).data_point.value.float == 3.5
        assert (await nobody.ask(V1, "GetServerInfo")).name == "vettura"
        refused = {
            "nobody": nobody.ask(V2, "GetValue", **value),
            "bad": over.ask(V1, "GetServerInfo"),
            "other": reader.ask(V2, "GetValue", signal_id={"path": NOT_OURS}),
            "stream": reader.hear(V2, "Subscribe", signal_paths=[SPEED, NOT_OURS]).read(),
            "act": reader.ask(V2, "Actuate", **wish),
            "publish": reader.ask(
                V2, "PublishValue", **value, data_point={"value": {"float": 1.0}}
            ),
        }
        codes = {name: (await refusal(call))[0] for name, call in refused.items()}
        in_band = await reader.ask(V1, "Get", entries=[{"path": NOT_OURS}, {"path": SPEED}])
        await driver.ask(V2, "Actuate", **wish)
        await cabin.ask(V2, "Actuate", **wish)
        for client in (reader, driver, cabin, over):
            await client.channel.close()
    assert codes == {
        "nobody": Code.UNAUTHENTICATED,
        "bad": Code.UNAUTHENTICATED,
        "other": Code.PERMISSION_DENIED,
        "stream": Code.PERMISSION_DENIED,
        "act": Code.PERMISSION_DENIED,
        "publish": Code.PERMISSION_DENIED,
    }
    assert in_band.errors[0].error.code == 403
    assert not in_band.entries
    assert [(command.who, command.granted) for command in car.heard] == [
        ("kuksa:ann", True),
        ("kuksa:ann", False),
    ]


async def test_a_stream_ends_with_its_token(keys):
    private, public = keys
    issued_s = WallClock().now_ns() // NS_PER_S
    token = mint(private, scope="read", subject="ann", issued_s=issued_s, lasts_s=3)
    config = KuksaConfig(port=0, token_keys=[str(public)])
    async with scene(config) as (car, face, _):
        client = Client(face.port, token)
        stream = client.hear(V2, "Subscribe", signal_paths=[SPEED])

        async def read_on():
            with suppress(grpc.aio.AioRpcError):
                while await stream.read() is not grpc.aio.EOF:
                    pass

        reading = asyncio.create_task(read_on())
        speed = 0.0
        while not reading.done():
            speed += 1.0
            await car.tell(SPEED=speed)
            await face.line.pace.sleep(0.05)
        assert await stream.code() is Code.UNAUTHENTICATED
        await client.channel.close()


async def test_a_provider_is_gone_when_its_token_is_over(keys):
    private, public = keys
    issued_s = WallClock().now_ns() // NS_PER_S
    token = mint(private, scope="provide", subject="ecu", issued_s=issued_s, lasts_s=4)
    async with scene(KuksaConfig(port=0, token_keys=[str(public)])) as (car, face, _):
        client = Client(face.port, token)
        talk = client.talk(V2, "OpenProviderStream")
        claim = request_of(V2, "OpenProviderStream")
        claim.provide_actuation_request.actuator_identifiers.add(path=WINDOW)
        await talk.write(claim)
        await talk.done_writing()
        await talk.read()
        code, _ = await refusal(talk.read())
        assert code is Code.UNAUTHENTICATED
        await until(lambda: car.releases, face.line.pace)
        await client.channel.close()


@pytest.mark.live
def test_the_bench_measures():
    ran = subprocess.run(
        [sys.executable, "bench/kuksa.py", "--small"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    summary = json.loads(ran.stdout.splitlines()[-1])
    assert summary["signals_per_s"] > 0
    assert summary["over_plain_cpu"] > 0
    assert summary["command_p95_ms"] > 0
    assert ("client_command " in ran.stdout) is (summary["client_command_p95_ms"] is not None)
