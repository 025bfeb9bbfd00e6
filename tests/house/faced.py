"""A home with every face that needs no CAN, and the four ways in which one may talk to its car."""

import asyncio
import json
import subprocess
import sys
from datetime import datetime

import aiomqtt
import msgspec

from make import casa_text, make_trip
from vettura.faces.kuksa_grpc import grpc
from vettura.faces.kuksa_wire import make, message_class

VIN = "LNBSCPBA0RA000055"
V2 = "kuksa.val.v2"
FACES = """
[faces.kuksa]
port = 0
[faces.mqtt]
[faces.homeassistant]
[faces.obd]
port = 0
[faces.miio]
port = 0
network = "127.54.81.0/24"
"""
START = datetime(2026, 5, 12, 1, 0).isoformat()  # noqa: DTZ001  local to the home
"""One o'clock at night: the car stands at home and nobody wants it."""
WAIT_S = 30.0


def faced_home(folder):
    """The example household, with faces on free ports."""
    text = casa_text()
    household = text.split("# Which protocols")[0]
    path = folder / "home.toml"
    path.write_text(household + FACES, "utf-8")
    return path


def drive_off(house):
    """Take its cable out, send it on a trip of some minutes, and wait until it moves."""
    house.post(f"/api/cars/{VIN}/do/unplug")
    trip = msgspec.to_builtins(make_trip(hold_s=900, trip_id="faced"))
    status, reply = house.post(f"/api/cars/{VIN}/do/drive", trip=trip)
    assert status == 200, reply
    house.signals_until(VIN, lambda signals: signals["Vehicle.Speed"] > 20.0)


def by_page(house, verb, **body):
    """Ask as the page does; returns what is said when it is refused, else nothing."""
    status, reply = house.post(f"/api/cars/{VIN}/do/{verb}", **body)
    assert (status == 200) == reply["ok"]
    return reply["reason"]


def by_cli(house, path, value):
    """Ask with `vettura set`."""
    command = [sys.executable, "-m", "vettura", "set", path, value]
    ended = subprocess.run(
        [*command, "--nats", house.announced["nats"]],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode in {0, 1}, ended.stderr
    return ended.stderr.strip().removeprefix("vettura: ") if ended.returncode else ""


def by_kuksa(house, path, **value):
    """Ask through v2 Actuate with a plain gRPC client."""
    request = make(
        V2,
        "ActuateRequest",
        signal_id=make(V2, "SignalID", path=path),
        value=make(V2, "Value", **value),
    )
    with grpc.insecure_channel(f"127.0.0.1:{house.announced[f'kuksa {VIN}']}") as channel:
        actuate = channel.unary_unary(
            f"/{V2}.VAL/Actuate",
            request_serializer=lambda one: one.SerializeToString(),
            response_deserializer=message_class(V2, "ActuateResponse").FromString,
        )
        try:
            actuate(request, timeout=WAIT_S)
        except grpc.RpcError as error:
            return error.details()
    return ""


def by_home_assistant(house, entity, payload):
    """Ask as Home Assistant does: on the entity's command topic; returns the answer's reason."""
    return asyncio.run(_by_mqtt(house.announced["mqtt"], entity, payload))


async def _by_mqtt(port, entity, payload):
    protocol = aiomqtt.ProtocolVersion.V311
    async with aiomqtt.Client("127.0.0.1", port, protocol=protocol) as client:
        await client.subscribe(f"vettura/{VIN}/answer", qos=1)
        await client.publish(f"vettura/{VIN}/do/{entity}/homeassistant", payload, qos=1)
        async with asyncio.timeout(WAIT_S):
            async for message in client.messages:
                return json.loads(message.payload)["reason"]
    raise AssertionError("the broker left")
