"""Serving inside a running loop: the port is claimed first, and shutting down is quick."""

import asyncio

import httpx
import pytest

from vettura.errors import EnvironmentFault
from vettura.web import claim_port
from web.household import household, read_events


def test_a_port_in_use_is_a_clear_fault() -> None:
    with claim_port("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EnvironmentFault) as caught:
            claim_port("127.0.0.1", port)
    assert caught.value.message == f"port {port} on 127.0.0.1 is in use"
    assert "--port" in caught.value.hint


@pytest.mark.parametrize(("host", "port"), [("no such host", 80), ("127.0.0.1", 70_000)])
def test_an_address_that_is_none_is_a_clear_fault(host: str, port: int) -> None:
    with pytest.raises(EnvironmentFault):
        claim_port(host, port)


async def test_open_streams_end_at_once_when_the_server_stops() -> None:
    opened = asyncio.Event()

    async def view(client) -> list[str]:
        async with client.stream("GET", "/api/events") as response:
            seen = []
            async for kind, _, _ in read_events(response):
                seen.append(kind)
                opened.set()
            return seen

    async with household() as home:
        # The client's pool is closed with the block; a viewer of its own outlives it.
        viewer = httpx.AsyncClient(base_url=home.client.base_url, timeout=10.0)
        viewing = asyncio.create_task(view(viewer))
        await opened.wait()
    assert "snapshot" in await viewing
    await viewer.aclose()
