"""The socket of one device that we play: silent to whoever does not know its token."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, cast

import msgspec

from vettura.clock.interface import Clock
from vettura.errors import InputError
from vettura.faces.miio_doors import MiioDoor
from vettura.faces.miio_played import Played, Reached, Wanted
from vettura.faces.miio_wire import (
    HEADER_BYTES,
    PACKET_BYTES_MAX,
    Request,
    greeting,
    is_hello,
    keys_of,
    pack,
    read_request,
    read_token,
    unpack,
)

STAMP_WINDOW_S = 120
"""How far a client's stamp may lie from ours: an older packet may be somebody's recording."""
PENDING_MAX = 16
"""Requests of one device that wait for the home."""
CALLS_MAX = 8
"""Calls to everybody that are answered in a second; python-miio calls three times."""
EVERYBODY = "255.255.255.255"
REMEMBERED = 64
"""Answers to what changes something, kept for a packet that comes twice."""
READING = frozenset({"get_properties", "get_prop", "miIO.info"})
TOO_LONG = {"code": -32603, "message": "The answer does not fit"}
Act = Callable[[Played, Wanted, Reached | None], Awaitable[int]]


class Spawn(Protocol):
    """Starts a task that somebody owns."""

    def __call__(self, coroutine: Coroutine[Any, Any, None], /) -> object:
        """Start it."""
        ...


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came in, counted."""

    hellos: int = 0
    answers: int = 0
    garbage: int = 0
    """Not miIO, for another device, with another token, or no request."""
    stale: int = 0
    """Stamps too far from ours."""
    repeated: int = 0
    crowded: int = 0
    """Dropped because the device had `PENDING_MAX` requests to answer."""
    refused: int = 0
    """Not done by the home."""
    unopened: int = 0
    """Devices for which there was no address."""


class Listener(asyncio.DatagramProtocol):
    """Answers for one device."""

    def __init__(
        self,
        played: Played,
        door: MiioDoor,
        *,
        pace: Clock,
        tally: Tally,
        spawn: Spawn,
        info: Callable[[], dict[str, Any]],
        act: Act,
    ) -> None:
        self.played = played
        self.door = door
        self._keys = keys_of(read_token(door.token))
        self._pace, self._tally, self._spawn = pace, tally, spawn
        self._info, self._act = info, act
        self._born_s = pace.monotonic()
        self._pending = 0
        self._done: OrderedDict[bytes, bytes] = OrderedDict()
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def port(self) -> int:
        """Where it listens; 0 while it does not."""
        if self._transport is None:
            return 0
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    def stamp(self) -> int:
        """Seconds since the device started, from 1."""
        return int(self._pace.monotonic() - self._born_s) + 1

    def close(self) -> None:
        """Stop listening."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's own call."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def error_received(self, _exc: Exception) -> None:
        """A client that is gone is no event."""

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Whatever comes: greet back, hand on, or keep silent."""
        if is_hello(data):
            self.greet(addr)
            return
        read = self.read(data)
        if read is None:
            return
        if self._pending >= PENDING_MAX:
            self._tally.crowded += 1
            return
        mark = data[:HEADER_BYTES]
        request = read
        if request.method not in READING and mark in self._done:
            self._tally.repeated += 1
            if self._done[mark]:
                self._send(self._done[mark], addr)
            return
        self._remember(mark, b"", request)
        self._pending += 1
        self._spawn(self._serve(request, mark, addr))

    def greet(self, addr: tuple[str, int]) -> None:
        """Say who this is."""
        self._tally.hellos += 1
        self._send(greeting(self.door.number, self.stamp()), addr)

    def read(self, data: bytes) -> Request | None:
        """The request in a datagram; None, counted, for what is to be met with silence."""
        try:
            packet = unpack(data, self._keys)
            request = read_request(packet.text)
        except InputError:
            self._tally.garbage += 1
            return None
        if packet.device != self.door.number:
            self._tally.garbage += 1
            return None
        if abs(packet.stamp - self.stamp()) > STAMP_WINDOW_S:
            self._tally.stale += 1
            return None
        return request

    async def _serve(self, request: Request, mark: bytes, addr: tuple[str, int]) -> None:
        try:
            data = await self.answer(request)
        finally:
            self._pending -= 1
        self._remember(mark, data, request)
        self._tally.answers += 1
        self._send(data, addr)

    async def answer(self, request: Request) -> bytes:
        """The packet that answers a request."""
        played = self.played

        async def act(wanted: Wanted, reached: Reached | None) -> int:
            return await self._act(played, wanted, reached)

        said = await played.answer(request, self._info, act)
        data = self._packed({"id": request.id, **said})
        if len(data) > PACKET_BYTES_MAX:
            data = self._packed({"id": request.id, "error": TOO_LONG})
        return data

    def _packed(self, said: dict[str, Any]) -> bytes:
        text = msgspec.json.encode(said)
        return pack(self._keys, device=self.door.number, stamp=self.stamp(), text=text)

    def _remember(self, mark: bytes, data: bytes, request: Request) -> None:
        if request.method in READING:
            return
        self._done[mark] = data
        while len(self._done) > REMEMBERED:
            self._done.popitem(last=False)

    def _send(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, addr)


class Crier(asyncio.DatagramProtocol):
    """Hears who calls to everybody on the network, and lets each device greet back."""

    def __init__(self, pace: Clock, listeners: Callable[[], Iterable[Listener]]) -> None:
        self._pace, self._listeners = pace, listeners
        self._quiet_until_s = 0.0
        self._calls = 0
        self._transport: asyncio.BaseTransport | None = None

    def close(self) -> None:
        """Stop listening."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's own call."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """A hello to everybody; one packet brings many, so only a few are answered in a second."""
        if not is_hello(data):
            return
        now_s = self._pace.monotonic()
        if now_s >= self._quiet_until_s:
            self._quiet_until_s, self._calls = now_s + 1.0, 0
        self._calls += 1
        if self._calls > CALLS_MAX:
            return
        for listener in self._listeners():
            listener.greet(addr)
