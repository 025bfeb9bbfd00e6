"""What the tests with real processes share."""

import asyncio
import os

PATIENCE_S = 20.0


async def gone(pid: int) -> None:
    """Wait until that process has ended; works for processes that are no children of ours."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(handle, ended.set)
    try:
        async with asyncio.timeout(PATIENCE_S):
            await ended.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)


async def until(holds, pace) -> None:
    """Wait until `holds()` is true."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await pace.sleep(0.005)


async def with_patience(call, error, pace):
    """Return what `call()` gives as soon as it no longer raises `error`."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await call()
            except error:
                await pace.sleep(0.01)
