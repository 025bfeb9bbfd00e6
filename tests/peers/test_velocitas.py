"""Apps on velocitas-sdk 0.15.7, unmodified: KUKSA's own server no longer speaks to them."""

import asyncio
import json

import pytest

from peers.environment import peer
from peers.world import OTHER_WINDOW, PATIENCE_S, SEAT, SPEED, WINDOW, world

pytestmark = [pytest.mark.peer, pytest.mark.live]


def addresses(car):
    """Where an app finds its broker for MQTT, which it needs to start, and its car."""
    return {
        "SDV_MIDDLEWARE_TYPE": "native",
        "SDV_MQTT_ADDRESS": f"mqtt://127.0.0.1:{car.server.mqtt_port}",
        "SDV_VEHICLEDATABROKER_ADDRESS": f"grpc://127.0.0.1:{car.port}",
    }


async def test_an_app_reads_subscribes_with_a_condition_and_sets(tmp_path):
    async with world(tmp_path) as car:
        async with peer("velocitas", "apps/velocitas_app.py", **addresses(car)) as app:
            read = await app.until(lambda line: "latitude" in line)
            assert read == {"speed": 0.0, "latitude": pytest.approx(45.0), "dated": True}
            refused = await app.until(lambda line: "refused" in line)
            assert "not allowed" in refused["refused"]
            window = await app.until(lambda line: line.get("window") == 40)
            assert window["at"] == 0.0
            assert await car.until(OTHER_WINDOW, lambda value: value == 20) == 20
            await car.drive(top_mps=4.0, hold_s=20)
            fast = await app.until(lambda line: "fast" in line)
            assert fast["fast"] > 5.0
        wishes = await car.audits(WINDOW, 2)
    assert {wish.result for wish in wishes} <= {"reached", "superseded"}
    assert all(wish.who.startswith("kuksa") for wish in wishes)


async def test_the_sdks_own_example_moves_the_seat(tmp_path):
    """Asked over MQTT, it moves the seat while the car stands and tells where the seat is."""
    async with world(tmp_path) as car:
        told = await car.bus.subscribe("seatadjuster.>")
        async with peer("velocitas", "apps/velocitas_example.py", **addresses(car)):
            wish = json.dumps({"requestId": 1, "position": 130}).encode()
            answers = await until_answered(car, told, wish)
            assert answers["status"] == 0
            assert await car.until(SEAT, lambda value: value == 130) == 130
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    message = await told.next()
                    position = json.loads(message.data).get("position")
                    if message.subject.endswith("currentPosition") and position == 130:
                        break


async def test_the_sdks_own_example_leaves_the_seat_alone_while_driving(tmp_path):
    async with world(tmp_path) as car:
        told = await car.bus.subscribe("seatadjuster.>")
        await car.drive(top_mps=4.0, hold_s=50)
        await car.until(SPEED, lambda value: value > 2.0)
        async with peer("velocitas", "apps/velocitas_example.py", **addresses(car)):
            wish = json.dumps({"requestId": 2, "position": 40}).encode()
            assert (await until_answered(car, told, wish))["status"] == 1


async def until_answered(car, told, wish):
    """Ask over MQTT until the app, which tells nobody that it is ready, has heard."""
    while True:
        await car.bus.publish("seatadjuster.setPosition.request", wish)
        try:
            async with asyncio.timeout(2.0):
                while True:
                    message = await told.next()
                    if message.subject.endswith("setPosition.response"):
                        return json.loads(message.data)["result"]
        except TimeoutError:
            continue
