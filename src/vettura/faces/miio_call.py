"""Asking one real Xiaomi device on the network: greet, ask, ask again, give up."""

import asyncio
from typing import Any, NamedTuple, TypeVar, cast

import msgspec

from vettura.clock.interface import Clock
from vettura.errors import InputError
from vettura.faces.miio_wire import (
    HELLO,
    Greeting,
    is_hello,
    keys_of,
    pack,
    read_answer,
    read_greeting,
    unpack,
)

T = TypeVar("T")

ANSWER_S = 2.0
"""So long a device may take [real s]."""
TRIES = 3
GREETING_LASTS_S = 60.0
"""A greeting older than this is renewed first: devices do not hear stamps of long ago."""
RECOVERABLE = frozenset({-9999, -30001})
"""The device asks to be asked again."""
ID_MAX = 9_999


class SilentError(Exception):
    """The device does not answer: it is away, or the token is wrong."""


class DeclinedError(Exception):
    """The device answers that it will not."""


class _Met(NamedTuple):
    greeting: Greeting
    at_s: float


class Caller(asyncio.DatagramProtocol):
    """One device at one address; `call` is for one caller at a time, the rest wait."""

    def __init__(self, token: bytes, pace: Clock) -> None:
        self.ignored = 0
        """Packets that were no answer to us."""
        self._keys = keys_of(token)
        self._pace = pace
        self._met: _Met | None = None
        self._id = 0
        self._lock = asyncio.Lock()
        self._transport: asyncio.DatagramTransport | None = None
        self._greeted: asyncio.Future[Greeting | None] | None = None
        self._answered: asyncio.Future[dict[str, Any] | None] | None = None

    async def open(self, host: str, port: int) -> None:
        """Take a socket; SilentError when there is no way to that host."""
        self.close()
        loop = asyncio.get_running_loop()
        try:
            await loop.create_datagram_endpoint(lambda: self, remote_addr=(host, port))
        except OSError as error:
            raise SilentError(error.strerror or str(error)) from None

    def close(self) -> None:
        """Give the socket back."""
        if self._transport is not None:
            self._transport.close()
        self._transport, self._met = None, None

    async def call(self, method: str, params: object) -> Any:  # noqa: ANN401  any JSON
        """The `result` of a method; SilentError or DeclinedError when there is none."""
        async with self._lock:
            for left in reversed(range(TRIES)):
                said = await self._ask(method, params)
                if said is None:
                    self._met = None
                    continue
                error = said.get("error")
                if error is None:
                    return said.get("result")
                code = error.get("code") if isinstance(error, dict) else None
                if code not in RECOVERABLE or not left:
                    raise DeclinedError(f"{method}: {str(error)[:200]}")
            raise SilentError(f"no answer to {method}")

    async def _ask(self, method: str, params: object) -> dict[str, Any] | None:
        """One try: what the device says, or None."""
        if not await self._meet() or self._met is None:
            return None
        self._id = self._id % ID_MAX + 1
        greeting, at_s = self._met
        text = msgspec.json.encode({"id": self._id, "method": method, "params": params})
        stamp = greeting.stamp + max(1, int(self._pace.monotonic() - at_s))
        self._answered = asyncio.get_running_loop().create_future()
        self._send(pack(self._keys, device=greeting.device, stamp=stamp, text=text))
        return await self._within(self._answered)

    async def _meet(self) -> bool:
        """Greet unless that is fresh."""
        if self._met is not None and self._pace.monotonic() - self._met.at_s < GREETING_LASTS_S:
            return True
        self._greeted = asyncio.get_running_loop().create_future()
        self._send(HELLO)
        greeting = await self._within(self._greeted)
        self._met = None if greeting is None else _Met(greeting, self._pace.monotonic())
        return greeting is not None

    async def _within(self, future: asyncio.Future[T | None]) -> T | None:
        try:
            return await self._pace.wait_for(future, ANSWER_S)
        except TimeoutError:
            return None

    def _send(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's own call."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def error_received(self, _exc: Exception) -> None:
        """Nobody listens there: silence that is known at once."""
        _settle(self._greeted, None)
        _settle(self._answered, None)

    def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
        """What comes from the device's address: an answer we wait for, or nothing."""
        try:
            if is_hello(data):
                _settle(self._greeted, read_greeting(data))
                return
            said = read_answer(unpack(data, self._keys).text)
        except InputError:
            self.ignored += 1
            return
        if said.get("id") == self._id:
            _settle(self._answered, said)
        else:
            self.ignored += 1


def _settle(future: asyncio.Future[T] | None, value: T) -> None:
    if future is not None and not future.done():
        future.set_result(value)
