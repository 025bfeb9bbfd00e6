"""The gRPC server: who calls is looked at, bytes go in and out, and everything has a limit."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NoReturn, Protocol, TypeAlias

import structlog

from vettura.clock.interface import Clock
from vettura.errors import EnvironmentFault
from vettura.faces.kuksa_callers import Caller, Check, Refused, caller_of
from vettura.faces.kuksa_calls import Answering, Handler, Listening, Subscribing, Talk, Talking
from vettura.faces.kuksa_grpc import grpc
from vettura.faces.kuksa_wire import Proto, Rpc, rpcs
from vettura.units import NS_PER_S

log = structlog.get_logger()

STREAMS_MAX = 2000
CALLS_MAX = 5000
REQUEST_BYTES_MAX = 4 * 1024 * 1024
GRACE_S = 0.5
Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
OPEN_TO_ALL = frozenset({"/kuksa.val.v1.VAL/GetServerInfo", "/kuksa.val.v2.VAL/GetServerInfo"})
"""Clients ask who we are before they show a token; a bad one is refused even so."""


class Calls(Protocol):
    """What the server asks of the face."""

    refused: int

    def handler(self, rpc: Rpc) -> Handler:
        """What answers a method."""
        ...

    def read(self, rpc: Rpc, request: bytes) -> Proto:
        """The message of a request."""
        ...


class Serving:
    """One server on one port."""

    def __init__(self, calls: Calls, pace: Clock, check: Check | None) -> None:
        self._calls = calls
        self._pace = pace
        self._check = check
        self._server: grpc.aio.Server | None = None
        self._listeners: set[Listening] = set()
        self.streams = self.streams_max = self.turned_away = 0

    async def start(self, host: str, port: int) -> int:
        """Listen and return the port: the wished one, or a free one with a warning."""
        self._server = self._make_server()
        bound = _bind(self._server, host, port)
        if bound is None and port:
            bound = _bind(self._server, host, 0)
            log.warning("kuksa_port_taken", wanted=port, taken=bound)
        if bound is None:
            raise EnvironmentFault(f"faces.kuksa: cannot listen on {host}")
        await self._server.start()
        return bound

    async def run(self) -> None:
        """Live until cancelled."""
        assert self._server is not None
        await self._server.wait_for_termination()

    async def stop(self) -> None:
        """End every call. Safe without a start."""
        if self._server is not None:
            await self._server.stop(GRACE_S if self.streams == 0 else None)

    def counts(self) -> dict[str, int]:
        """What has happened so far, for the log."""
        return {"streams_max": self.streams_max, "turned_away": self.turned_away}

    def _make_server(self) -> grpc.aio.Server:
        server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", REQUEST_BYTES_MAX),
                # Else a second server on the same port would share it unnoticed.
                ("grpc.so_reuseport", 0),
            ],
            maximum_concurrent_rpcs=CALLS_MAX,
        )
        by_service: dict[str, dict[str, grpc.RpcMethodHandler[Any, Any]]] = {}
        for rpc in rpcs():
            by_service.setdefault(rpc.service, {})[rpc.name] = self._method(rpc)
        server.add_generic_rpc_handlers(
            tuple(
                grpc.method_handlers_generic_handler(service, methods)
                for service, methods in by_service.items()
            )
        )
        return server

    def _method(self, rpc: Rpc) -> "grpc.RpcMethodHandler[Any, Any]":
        handler: Any = self._calls.handler(rpc)
        if rpc.client_streams and rpc.server_streams:
            return grpc.stream_stream_rpc_method_handler(self._converse(rpc, handler))
        if rpc.client_streams:
            return grpc.stream_unary_rpc_method_handler(self._listen(rpc, handler))
        if rpc.server_streams:
            return grpc.unary_stream_rpc_method_handler(self._tell(rpc, handler))
        return grpc.unary_unary_rpc_method_handler(self._answer(rpc, handler))

    def _answer(self, rpc: Rpc, handler: Answering) -> Callable[[bytes, Context], Awaitable[bytes]]:
        async def answer(request: bytes, context: Context) -> bytes:
            try:
                caller = self._caller(rpc, context)
                reply = await handler(self._calls.read(rpc, request), caller)
            except Refused as refused:
                await self._abort(context, refused)
            data: bytes = reply.SerializeToString()
            return data

        return answer

    def _tell(self, rpc: Rpc, handler: Subscribing) -> Callable[[bytes, Context], Awaitable[None]]:
        async def tell(request: bytes, context: Context) -> None:
            with _Stream(self):
                try:
                    caller = self._caller(rpc, context)
                    self._check_room()
                    listening = handler(self._calls.read(rpc, request), caller)
                except Refused as refused:
                    await self._abort(context, refused)
                try:
                    await self._while_valid(caller, self._tell_on(listening, context))
                except Refused as refused:
                    await self._abort(context, refused)
                finally:
                    listening.subscription.close()

        return tell

    async def _tell_on(self, listening: Listening, context: Context) -> None:
        subscription, write = listening.subscription, context.write
        end_s = self._pace.monotonic() + listening.duration_s if listening.duration_s else 0.0
        while True:
            if end_s:
                try:
                    left_s = max(0.0, end_s - self._pace.monotonic())
                    message = await self._pace.wait_for(subscription.next(), left_s)
                except TimeoutError:
                    return
            else:
                message = await subscription.next()
            await write(message)

    def _listen(
        self, rpc: Rpc, handler: Talking
    ) -> "Callable[[AsyncIterator[bytes], Context], Awaitable[bytes]]":
        async def listen(requests: AsyncIterator[bytes], context: Context) -> bytes:
            with _Stream(self):
                try:
                    caller = self._caller(rpc, context)
                    self._check_room()
                    taking = self._take_all(rpc, handler(caller), requests)
                    await self._while_valid(caller, taking)
                except Refused as refused:
                    await self._abort(context, refused)
            return b""

        return listen

    def _converse(
        self, rpc: Rpc, handler: Talking
    ) -> "Callable[[AsyncIterator[bytes], Context], Awaitable[None]]":
        async def converse(requests: AsyncIterator[bytes], context: Context) -> None:
            with _Stream(self):
                try:
                    caller = self._caller(rpc, context)
                    self._check_room()
                    talk = handler(caller)
                except Refused as refused:
                    await self._abort(context, refused)
                try:
                    exchange = self._exchange(rpc, talk, requests, context)
                    await self._while_valid(caller, exchange)
                except Refused as refused:
                    await self._abort(context, refused)
                finally:
                    talk.close()

        return converse

    async def _exchange(
        self,
        rpc: Rpc,
        talk: Talk,
        requests: AsyncIterator[bytes],
        context: Context,
    ) -> None:
        """Take what the client says and send what there is to say, until there is neither."""
        taking = asyncio.ensure_future(self._take_all(rpc, talk, requests))
        sending = asyncio.ensure_future(_send_all(talk, context))
        try:
            await asyncio.wait({taking, sending}, return_when=asyncio.FIRST_COMPLETED)
            if taking.done():
                taking.result()
                if not talk.stays:
                    await talk.outbox.put(None)
                await sending
        finally:
            taking.cancel()
            sending.cancel()
            await asyncio.gather(taking, sending, return_exceptions=True)

    async def _take_all(self, rpc: Rpc, talk: Talk, requests: AsyncIterator[bytes]) -> None:
        async for request in requests:
            await talk.take(self._calls.read(rpc, request))

    def _caller(self, rpc: Rpc, context: Context) -> Caller:
        headers: dict[str, str | bytes] = dict(context.invocation_metadata() or ())
        if rpc.path in OPEN_TO_ALL and "authorization" not in headers:
            return Caller()
        return caller_of(headers, self._check)

    def _check_room(self) -> None:
        if self.streams > STREAMS_MAX:
            self.turned_away += 1
            raise Refused(
                grpc.StatusCode.RESOURCE_EXHAUSTED, f"{STREAMS_MAX} streams are open already"
            )

    async def _while_valid(self, caller: Caller, talking: Awaitable[None]) -> None:
        """Let a stream go on until its token ends, also one on which nothing is said."""
        if caller.expires_ns is None:
            await talking
            return
        left_s = (caller.expires_ns - self._pace.now_ns()) / NS_PER_S
        try:
            await self._pace.wait_for(talking, max(0.0, left_s))
        except TimeoutError:
            reason = "the token has expired"
            raise Refused(grpc.StatusCode.UNAUTHENTICATED, reason) from None

    async def _abort(self, context: Context, refused: Refused) -> NoReturn:
        self._calls.refused += 1
        await context.abort(refused.code, refused.reason)
        raise AssertionError("abort has raised")


class _Stream:
    """Counts a stream while it is open."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    def __enter__(self) -> None:
        self._serving.streams += 1
        self._serving.streams_max = max(self._serving.streams_max, self._serving.streams)

    def __exit__(self, *_: object) -> None:
        self._serving.streams -= 1


async def _send_all(talk: Talk, context: Context) -> None:
    while (reply := await talk.outbox.get()) is not None:
        await context.write(reply)


def _bind(server: grpc.aio.Server, host: str, port: int) -> int | None:
    try:
        return server.add_insecure_port(f"{host}:{port}") or None
    except RuntimeError:
        return None
