"""A small house that rehearses itself and prints the hash of its log; run by two processes."""

import asyncio
import sys
from hashlib import sha256

from vettura.clock import Clock, rehearse
from vettura.errors import RefusedError

START_NS = 1_800_000_000_000_000_000


async def live_a_day(clock: Clock) -> str:
    log = sha256()
    mail: asyncio.Queue[str] = asyncio.Queue()

    async def resident(name: str) -> None:
        mood = clock.random(name)
        try:
            while True:
                await clock.sleep(mood.uniform(1.0, 3600.0))
                mail.put_nowait(clock.new_id(name))
        finally:
            # How a broken house falls silent is part of its log.
            log.update(f"{name} leaves".encode())

    async def postman() -> None:
        while True:
            log.update(f"{clock.now_ns()} {await mail.get()}\n".encode())

    try:
        async with asyncio.TaskGroup() as house:
            for number in range(30):
                house.create_task(resident(f"resident-{number}"))
            house.create_task(postman())
            await clock.sleep(86_400.0)
            raise RefusedError("the day is over")
    except* RefusedError:
        log.update(b"the end")
    return log.hexdigest()


if __name__ == "__main__":
    seed, *shuffle_seeds = (int(argument) for argument in sys.argv[1:])
    shuffle_seed = shuffle_seeds[0] if shuffle_seeds else None
    sys.stdout.write(rehearse(live_a_day, start_ns=START_NS, seed=seed, shuffle_seed=shuffle_seed))
