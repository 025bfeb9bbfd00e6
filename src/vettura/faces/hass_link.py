"""The connection to a Home Assistant: its WebSocket API, asked and heard.

Facts of https://developers.home-assistant.io/docs/api/websocket: it asks for a token first; every
question has a number, and its answer and its events bear the same.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import msgspec
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from vettura.clock.interface import Clock
from vettura.errors import EnvironmentFault, RefusedError

log = structlog.get_logger()

OPEN_S = 10.0
ANSWER_S = 30.0
MESSAGE_BYTES_MAX = 33_554_432
"""Largest message: all entities of a large home come in one."""
PATH = "/api/websocket"

Json: TypeAlias = Any
Record: TypeAlias = dict[str, Any]
Told = Callable[[Record], None]


class HassLinkError(EnvironmentFault):
    """Home Assistant is not there, or has gone."""


class WrongTokenError(RefusedError):
    """Home Assistant does not know the token."""


class HassLink:
    """One connection; `run` reads it until it ends."""

    def __init__(self, socket: ClientConnection, pace: Clock) -> None:
        self._socket = socket
        self._pace = pace
        self._number = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._ears: dict[int, Told] = {}

    async def authenticate(self, token: str) -> None:
        """Show the token; WrongTokenError when it is not known."""
        while True:
            match await self._next():
                case {"type": "auth_required"}:
                    await self._send({"type": "auth", "access_token": token})
                case {"type": "auth_ok"}:
                    return
                case {"type": "auth_invalid"}:
                    raise WrongTokenError("Home Assistant does not know the token")
                case _:
                    raise HassLinkError("this is no Home Assistant")

    async def run(self) -> None:
        """Read until the connection ends with HassLinkError."""
        try:
            while True:
                self._take(await self._next())
        finally:
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(HassLinkError("Home Assistant has gone"))

    async def ask(self, what: str, **more: object) -> Json:
        """Ask and return the result; RefusedError with Home Assistant's reason."""
        return await self._pace.wait_for(self._answer(what, more, None), ANSWER_S)

    async def follow(self, what: str, told: Told, **more: object) -> None:
        """Ask for events, which go to `told` as they come."""
        await self._pace.wait_for(self._answer(what, more, told), ANSWER_S)

    async def _answer(self, what: str, more: Record, told: Told | None) -> Json:
        self._number += 1
        number = self._number
        if told is not None:
            self._ears[number] = told
        self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            await self._send({"id": number, "type": what, **more})
            return await self._answers[number]
        finally:
            del self._answers[number]

    def _take(self, message: dict[str, Any]) -> None:
        number = message.get("id")
        match message.get("type"):
            case "event" if number in self._ears and isinstance(message.get("event"), dict):
                self._ears[number](message["event"])
            case "result" if number in self._answers and not self._answers[number].done():
                if message.get("success"):
                    self._answers[number].set_result(message.get("result"))
                else:
                    self._answers[number].set_exception(RefusedError(_reason(message)))

    async def _send(self, message: dict[str, object]) -> None:
        try:
            await self._socket.send(msgspec.json.encode(message).decode())
        except (WebSocketException, OSError) as error:
            raise HassLinkError(f"Home Assistant has gone: {error}") from None

    async def _next(self) -> dict[str, Any]:
        try:
            data = await self._socket.recv()
        except (WebSocketException, OSError) as error:
            raise HassLinkError(f"Home Assistant has gone: {error}") from None
        try:
            message = msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            message = None
        if not isinstance(message, dict):
            raise HassLinkError("this is no Home Assistant: it does not speak JSON")
        return message


def _reason(message: dict[str, Any]) -> str:
    error = message.get("error")
    reason = error.get("message") if isinstance(error, dict) else None
    return str(reason or "refused without a reason")[:300]


@asynccontextmanager
async def opened(url: str, pace: Clock) -> AsyncIterator[HassLink]:
    """Connect; HassLinkError when nobody is there."""
    try:
        async with connect(
            socket_url(url), open_timeout=OPEN_S, max_size=MESSAGE_BYTES_MAX, proxy=None
        ) as socket:
            yield HassLink(socket, pace)
    except (WebSocketException, OSError, TimeoutError) as error:
        raise HassLinkError(f"no Home Assistant at {url}: {error}") from None


def socket_url(url: str) -> str:
    """The address of the WebSocket API, from that or from the one people type in a browser."""
    address = url.rstrip("/").replace("https://", "wss://", 1).replace("http://", "ws://", 1)
    return address if address.endswith(PATH) else f"{address}{PATH}"
