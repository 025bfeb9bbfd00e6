"""Run by kuksa-client's own Python: takes over an actuator and plays the control unit for it.

What it is asked for it tells the test, and sets half of it, so that nobody can take it for the car.
It leaves when it is told to, closing its channel or dying without a word.
"""

import asyncio
import os
import sys

from kuksa_client.grpc import Datapoint
from kuksa_client.grpc.aio import VSSClient
from saying import say

PORT, PATH = sys.argv[1:3]
TOKEN = sys.argv[3] if len(sys.argv) > 3 else None


async def provide(client):
    """Obey every wish by half."""
    async for updates in client.subscribe_target_values([PATH]):
        for path, point in updates.items():
            say(asked={path: point.value})
            await client.set_current_values({path: Datapoint(point.value // 2)})


async def main():
    """Provide until the test types how to leave."""
    loop = asyncio.get_running_loop()
    async with VSSClient("127.0.0.1", int(PORT), token=TOKEN) as client:
        providing = asyncio.create_task(provide(client))
        word = await loop.run_in_executor(None, sys.stdin.readline)
        if word.strip() == "die":
            os._exit(9)
        providing.cancel()
        await asyncio.gather(providing, return_exceptions=True)
    say(left=True)


asyncio.run(main())
