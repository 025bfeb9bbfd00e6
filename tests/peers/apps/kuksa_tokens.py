"""Run by kuksa-client's own Python: one of everything, tried with a token."""

import asyncio
import sys

import grpc
from kuksa_client.grpc import Datapoint, VSSClientError
from kuksa_client.grpc.aio import VSSClient
from saying import say

PORT, TOKEN, SPEED, PLACE, WINDOW = sys.argv[1:]


async def first_of(stream):
    """The first message of a stream."""
    async for updates in stream:
        return updates
    return None


async def provided(client):
    """Claim the actuator; that nobody asks for it is well."""
    try:
        await asyncio.wait_for(first_of(client.subscribe_target_values([WINDOW])), 1.0)
    except TimeoutError:
        return


ATTEMPTS = {
    "authorize": lambda client: client.authorize(TOKEN),
    "read": lambda client: client.get_current_values([SPEED]),
    "read place": lambda client: client.get_current_values([PLACE]),
    "metadata": lambda client: client.get_metadata([SPEED]),
    "subscribe": lambda client: first_of(client.subscribe_current_values([SPEED])),
    "subscribe place": lambda client: first_of(client.subscribe_current_values([PLACE])),
    "actuate": lambda client: client.set_target_values({WINDOW: Datapoint(10)}),
    "publish": lambda client: client.set_current_values({WINDOW: Datapoint(10)}),
    "provide": provided,
}


async def main():
    """Print a code for each attempt: 0 when it worked, else HTTP's of v1 or gRPC's of v2."""
    results = {}
    async with VSSClient("127.0.0.1", int(PORT), token=TOKEN or None) as client:
        for name, attempt in ATTEMPTS.items():
            try:
                await attempt(client)
                results[name] = 0
            except VSSClientError as error:
                inner = [each["error"]["code"] for each in error.errors if "error" in each]
                results[name] = error.error.get("code") or (inner or [None])[0]
            except grpc.aio.AioRpcError as error:
                results[name] = error.code().value[0]
    say(**results)


asyncio.run(main())
