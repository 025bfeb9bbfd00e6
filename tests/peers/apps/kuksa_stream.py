"""Run by kuksa-client's own Python: hears signals for as long as it is let."""

import asyncio
import sys

from kuksa_client.grpc import VSSClientError
from kuksa_client.grpc.aio import VSSClient
from saying import say

PORT, TOKEN, *PATHS = sys.argv[1:]


async def main():
    """Tell every update, and how it ended."""
    async with VSSClient("127.0.0.1", int(PORT), token=TOKEN or None) as client:
        try:
            async for updates in client.subscribe_current_values(PATHS):
                say(heard={path: point.value for path, point in updates.items()})
            say(ended=0)
        except VSSClientError as error:
            say(ended=error.error["code"])


asyncio.run(main())
