"""The KUKSA face: one gRPC server for the apps that know KUKSA or Velocitas, one for each car.

It speaks `kuksa.val.v2`, `kuksa.val.v1` and `sdv.databroker.v1` on one port, in bytes: requests are
read with message classes made from a table, replies of subscriptions are joined from ready pieces.
It translates and decides nothing: what an app wants goes to the car as a command.
"""

import asyncio
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import structlog
from google.protobuf.message import DecodeError

from vettura.bus.interface import Bus
from vettura.clock.interface import Clock
from vettura.errors import EnvironmentFault, InputError
from vettura.faces.config import CarFacts, KuksaConfig
from vettura.faces.kuksa_broker import Broker
from vettura.faces.kuksa_callers import Caller, Check, Refused
from vettura.faces.kuksa_calls import Handler
from vettura.faces.kuksa_car import CarLine
from vettura.faces.kuksa_catalogue import Catalogue
from vettura.faces.kuksa_encode import TARGET, Style
from vettura.faces.kuksa_grpc import grpc
from vettura.faces.kuksa_hub import FRAMES_PER_S, Hub, Subscription
from vettura.faces.kuksa_sdv import ServiceSdv
from vettura.faces.kuksa_server import Serving
from vettura.faces.kuksa_v1 import ServiceV1
from vettura.faces.kuksa_v2 import ServiceV2
from vettura.faces.kuksa_wire import Proto, Rpc, message_class, rpcs
from vettura.trust.tokens import Verifier

log = structlog.get_logger()

STYLES: tuple[Style, ...] = ("v2", "v2_id", "v1", "sdv")


class KuksaFace:
    """The face of one car. `run()` never returns by itself."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        pace: Clock,
        config: KuksaConfig,
        car: CarFacts,
        *,
        index: int = 0,
        frames_per_s: float = FRAMES_PER_S,
    ) -> None:
        self._config = config
        self._pace = pace
        self._wanted_port = config.port + index if config.port else 0
        self._check = _check_of(config, pace)
        self.ready = asyncio.Event()
        self.port = 0
        """Where it listens, once `ready`."""
        self.hub = Hub(Catalogue(), pace, frames_per_s=frames_per_s)
        self.line = CarLine(bus, clock, pace, car.vin, self.hub)
        self.broker = Broker(self.hub.catalogue, self.hub, self.line, _version())
        self.malformed = self.refused = 0
        """Requests that were no messages; calls that were refused."""
        self._handlers: dict[str, Handler] = {
            **ServiceV2(self.broker).handlers,
            **ServiceV1(self.broker).handlers,
            **ServiceSdv(self.broker).handlers,
        }
        self._rpcs = {rpc.path: rpc for rpc in rpcs()}

    async def run(self) -> None:
        """Serve until cancelled."""
        serving = Serving(self, self._pace, self._check)
        try:
            async with asyncio.TaskGroup() as group:
                self._start_bus_side(group, asks=True)
                self.port = await serving.start(self._config.host, self._wanted_port)
                log.info("kuksa_listens", car=self.line.vin, host=self._config.host, port=self.port)
                self.ready.set()
                group.create_task(serving.run(), name=f"kuksa {self.line.vin} server")
        finally:
            await serving.stop()
            log.info("kuksa_stopped", car=self.line.vin, **self.counts(), **serving.counts())

    async def run_closed(self) -> None:
        """Do all but serve: every signal is encoded in all styles for a reader who is not there.

        Nothing is asked of the car, so that a rehearsal goes as it would without the face.
        """
        async with asyncio.TaskGroup() as group:
            self._start_bus_side(group, asks=False)
            for style in STYLES:
                listening = self.hub.subscribe_channels(
                    style, self._everything(style), is_whole=style == "sdv"
                )
                group.create_task(_read_on(listening), name=f"kuksa {style}")
            self.ready.set()

    async def handle(
        self, method: str, request: bytes, caller: Caller | None = None
    ) -> tuple[grpc.StatusCode, str, list[bytes]]:
        """One call from end to end without a socket: status, reason, and what would be sent.

        Of a subscription, its first message; of a stream, one message of the client.
        """
        rpc = self._rpcs.get(method)
        if rpc is None:
            return grpc.StatusCode.UNIMPLEMENTED, f"there is no {method}", []
        who = caller or Caller()
        try:
            return grpc.StatusCode.OK, "", await self._drive(rpc, request, who)
        except Refused as refused:
            self.refused += 1
            return refused.code, refused.reason, []

    def handler(self, rpc: Rpc) -> Handler:
        """What answers a method."""
        return self._handlers[rpc.path]

    def read(self, rpc: Rpc, request: bytes) -> Proto:
        """The message of a request; INVALID_ARGUMENT when the bytes are none."""
        package = rpc.service.rpartition(".")[0]
        try:
            return message_class(package, rpc.request).FromString(request)
        except DecodeError:
            self.malformed += 1
            raise Refused(grpc.StatusCode.INVALID_ARGUMENT, f"this is no {rpc.request}") from None

    def counts(self) -> dict[str, int]:
        """What has happened so far, for the log."""
        return {
            "frames": self.hub.frames,
            "told": self.hub.told,
            "dropped": self.hub.dropped,
            "unspeakable": self.hub.unspeakable,
            "strangers": self.hub.strangers,
            "unreadable": self.line.unreadable,
            "commands": self.line.commands,
            "malformed": self.malformed,
            "refused": self.refused,
        }

    def _start_bus_side(self, group: asyncio.TaskGroup, *, asks: bool) -> None:
        vin = self.line.vin
        group.create_task(self.line.run(asks=asks), name=f"kuksa {vin} line")
        group.create_task(self.hub.run(), name=f"kuksa {vin} hub")
        group.create_task(self.broker.providers.run(), name=f"kuksa {vin} providers")

    def _everything(self, style: Style) -> frozenset[int]:
        ids = self.hub.catalogue.ids.values()
        return frozenset(ids) | (
            frozenset(n + TARGET for n in ids) if style == "v1" else frozenset()
        )

    async def _drive(self, rpc: Rpc, request: bytes, caller: Caller) -> list[bytes]:
        message = self.read(rpc, request)
        handler: Any = self.handler(rpc)
        if rpc.client_streams:
            talk = handler(caller)
            try:
                await talk.take(message)
                waiting = [talk.outbox.get_nowait() for _ in range(talk.outbox.qsize())]
                return [reply for reply in waiting if reply is not None]
            finally:
                talk.close()
        if rpc.server_streams:
            listening = handler(message, caller)
            try:
                first = listening.subscription.waiting()
                return [] if first is None else [first]
            finally:
                listening.subscription.close()
        reply: Proto = await handler(message, caller)
        return [reply.SerializeToString()]


async def _read_on(subscription: Subscription) -> None:
    while True:
        await subscription.next()


def _check_of(config: KuksaConfig, pace: Clock) -> Check | None:
    """What reads tokens, or None when nobody is asked for one."""
    if not config.token_keys:
        if not _is_loopback(config.host):
            raise InputError(
                f"faces.kuksa: host {config.host} lets other machines in without a token",
                hint="name public keys in token_keys (`vettura token` makes them), "
                "or listen on 127.0.0.1",
            )
        return None
    keys = []
    for name in config.token_keys:
        try:
            keys.append(Path(name).read_bytes())
        except OSError as error:
            raise EnvironmentFault(
                f"faces.kuksa.token_keys: cannot read {name}: {error.strerror}"
            ) from None
    return Verifier(keys, pace.now_ns).check


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _version() -> str:
    try:
        return version("vettura")
    except PackageNotFoundError:
        return "0"
