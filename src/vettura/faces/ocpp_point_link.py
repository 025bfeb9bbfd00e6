"""The way to a central system: address, subprotocol, password, certificates."""

import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import final
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from vettura.errors import EnvironmentFault, InputError
from vettura.faces.config import OcppPointConfig
from vettura.faces.ocpp_doors import load_chain, load_roots, secret_of
from vettura.faces.ocpp_wire import FRAME_BYTES_MAX

OPEN_S = 10.0
PING_S = 30.0


class CentralAwayError(EnvironmentFault):
    """The central system is not there, or does not let us in."""


@final
class ClientSocket:
    """A WebSocket as a talk sees it."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        """Send one frame."""
        try:
            await self._connection.send(text)
        except ConnectionClosed as error:
            raise EOFError(str(error)) from None

    async def recv(self) -> str | bytes:
        """Receive one frame."""
        try:
            return await self._connection.recv()
        except ConnectionClosed as error:
            raise EOFError(str(error)) from None


@asynccontextmanager
async def opened(config: OcppPointConfig) -> AsyncIterator[ClientSocket]:
    """Connect; CentralAwayError with the reason when that fails."""
    identity = config.identity or config.station
    headers = {}
    secret = secret_of(config, f"faces.ocpp_points.{config.station}")
    if secret:
        basic = b64encode(f"{identity}:{secret}".encode()).decode()
        headers["Authorization"] = f"Basic {basic}"
    address = f"{config.url.rstrip('/')}/{quote(identity, safe='')}"
    protocol = Subprotocol(f"ocpp{config.version}")
    try:
        async with connect(
            address,
            subprotocols=[protocol],
            additional_headers=headers,
            compression=None,
            max_size=FRAME_BYTES_MAX,
            open_timeout=OPEN_S,
            ping_interval=PING_S,
            ping_timeout=PING_S,
            proxy=None,
            ssl=client_tls(config),
        ) as connection:
            if connection.subprotocol != protocol:
                raise CentralAwayError(f"{config.url} does not speak OCPP {config.version}")
            yield ClientSocket(connection)
    except (WebSocketException, OSError, TimeoutError) as error:
        raise CentralAwayError(f"no central system at {config.url}: {error}") from None


def client_tls(config: OcppPointConfig) -> ssl.SSLContext | None:
    """How the central system is met with TLS; None for `ws:`."""
    if not config.url.startswith(("ws://", "wss://")):
        raise InputError(
            f"faces.ocpp_points.{config.station}.url: '{config.url}' is no address of a WebSocket",
            hint="write it as ws://host:9000/ocpp",
        )
    if config.url.startswith("ws://"):
        return None
    context = ssl.create_default_context()
    if config.ca:
        load_roots(context, config.ca, f"faces.ocpp_points.{config.station}.ca")
    if config.certificate:
        load_chain(context, config.certificate, config.key, f"faces.ocpp_points.{config.station}")
    return context
