"""Run by kuksa-client's own Python: how long its own wish takes (`set_target_values`, v1), until
the car has said yes and until the new value has come to a subscriber of the same client."""

import asyncio
import statistics
import sys

from kuksa_client.grpc import Datapoint
from kuksa_client.grpc.aio import VSSClient
from saying import say

PORT, PATH, SECONDS = sys.argv[1:]
PAUSE_S = 0.02
"""Slower than the pace of a subscription, which would else be what is measured."""


def percentiles(lags_s):
    """p50, p95 and p99 [ms]."""
    cuts = statistics.quantiles(lags_s, n=100)
    return {f"p{n}_ms": round(1000.0 * cuts[n - 1], 3) for n in (50, 95, 99)}


async def main():
    """Wish a boolean back and forth, and listen."""
    clock = asyncio.get_running_loop().time
    shown, answered = [], []
    async with VSSClient("127.0.0.1", int(PORT)) as client:
        news = asyncio.Queue()

        async def listen():
            async for updates in client.subscribe_current_values([PATH]):
                news.put_nowait((clock(), updates[PATH].value))

        listening = asyncio.create_task(listen())
        _, value = await news.get()
        end_s = clock() + float(SECONDS)
        while clock() < end_s:
            value = not value
            asked_s = clock()
            await client.set_target_values({PATH: Datapoint(value)})
            answered.append(clock() - asked_s)
            heard_s, heard = await news.get()
            while heard != value:
                heard_s, heard = await news.get()
            shown.append(heard_s - asked_s)
            await asyncio.sleep(PAUSE_S)  # noqa: TID251  no Clock in a peer
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    say(shown=percentiles(shown), answered=percentiles(answered))


asyncio.run(main())
