"""Run by kuksa-client's own Python: what its asynchronous API hears of a branch and of metadata."""

import asyncio
import sys

from kuksa_client.grpc import Datapoint, Field, SubscribeEntry, View
from kuksa_client.grpc.aio import VSSClient
from saying import say

PORT, BRANCH, WINDOW, SPEED = sys.argv[1:]


async def main():
    """Subscribe to a whole branch, wish, and hear the wish come true; then v1's own stream."""
    async with VSSClient("127.0.0.1", int(PORT)) as client:
        first = True
        async for updates in client.subscribe_current_values([BRANCH]):
            if first:
                say(first={path: point.value for path, point in updates.items()})
                await client.set_target_values({WINDOW: Datapoint(30)})
                first = False
            if WINDOW in updates:
                say(window=updates[WINDOW].value)
                if updates[WINDOW].value == 30:
                    break
        entries = [SubscribeEntry(SPEED, View.CURRENT_VALUE, (Field.VALUE,))]
        async for updates in client.subscribe(entries=entries):
            say(v1={update.entry.path: update.entry.value.value for update in updates})
            break
        entries = [SubscribeEntry(WINDOW, View.TARGET_VALUE, (Field.ACTUATOR_TARGET,))]
        async for updates in client.subscribe(entries=entries):
            say(v1_target={u.entry.path: u.entry.actuator_target.value for u in updates})
            break


asyncio.run(main())
