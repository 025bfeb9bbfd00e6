"""A central system of OCPP: wallboxes connect to ws://host:port/ocpp/<identity>.

Each is a device on the bus like a virtual wallbox, so that whoever plans and shares power needs no
idea which it is. The subprotocol decides the version.
"""

import asyncio
import logging
import ssl
from collections.abc import Sequence
from contextlib import suppress
from errno import EADDRINUSE
from http import HTTPStatus
from typing import final

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from vettura.bus.interface import Bus
from vettura.bus.messages import decode
from vettura.bus.messages_energy import Schedule
from vettura.bus.subjects import schedule
from vettura.clock.interface import Clock
from vettura.errors import BusError, EnvironmentFault, InputError
from vettura.faces.config import OcppConfig, OcppStationConfig
from vettura.faces.ocpp_doors import Doors, Refused, bus_id, server_tls
from vettura.faces.ocpp_facts import Token, Verdict
from vettura.faces.ocpp_link import REMOTE_TOKEN, Link
from vettura.faces.ocpp_outlet import Outlet
from vettura.faces.ocpp_profiles import Unit, intended, profile_of
from vettura.faces.ocpp_talk import Tally
from vettura.faces.ocpp_wire import FRAME_BYTES_MAX, SUBPROTOCOLS, VERSIONS, call_frame
from vettura.faces.ocpp_wire import Call as OcppCall
from vettura.life.station import StationConfig

log = structlog.get_logger()

OPEN_S = 10.0
PING_S = 30.0
"""How often a station is asked whether it is there [real s]; twice unanswered, it has gone."""
ALIVE_S = 2.0
"""So long the station that has an identity may take to show that it still lives [real s]."""
FRAMES_WAITING = 8
RETRY_S = 2.0


class WebSocket:
    """A WebSocket as a talk sees it: text both ways, EOFError at its end."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection

    async def send(self, text: str) -> None:
        """Send one frame."""
        try:
            await self.connection.send(text)
        except ConnectionClosed as error:
            raise EOFError(str(error)) from None

    async def recv(self) -> str | bytes:
        """Receive one frame."""
        try:
            return await self.connection.recv()
        except ConnectionClosed as error:
            raise EOFError(str(error)) from None


@final
class OcppFace:
    """Serves the wallboxes of one home."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        pace: Clock,
        config: OcppConfig,
        home: str,
        stations: Sequence[StationConfig] = (),
    ) -> None:
        self.ready = asyncio.Event()
        self.port = 0
        self.tally = Tally()
        self.refused = 0
        """Connections that were not let in."""
        self.encoded = 0
        """Profiles made for nobody, in a rehearsal."""
        self.outlets: dict[str, list[Outlet]] = {}
        """By the identity of their station."""
        self.links: dict[str, Link] = {}
        self.heartbeat_s, self.meter_s = config.heartbeat_s, config.meter_s
        self.is_strict = config.strict
        self._bus, self._clock, self._pace = bus, clock, pace
        self._config, self._home = config, home
        self._known = {station.id: station for station in stations}
        self._doors = Doors(config)
        self._tokens = {token.id.upper() for token in config.tokens}
        self._cars = {token.id.upper(): token.vin for token in config.tokens}
        self._sockets: dict[str, ServerConnection] = {}
        self._group: asyncio.TaskGroup | None = None
        for identity, entries in self._doors.stations.items():
            self.outlets[identity] = [self._outlet(entry) for entry in entries]

    async def run(self) -> None:
        """Listen and serve until cancelled."""
        tls = server_tls(self._config)
        async with asyncio.TaskGroup() as group:
            self._group = group
            for outlets in self.outlets.values():
                for outlet in outlets:
                    group.create_task(outlet.run(), name=f"ocpp {outlet.config.id}")
            try:
                async with await self._listen(tls) as server:
                    self.port = next(iter(server.sockets)).getsockname()[1]
                    log.info("ocpp_listens", host=self._config.host, port=self.port)
                    self.ready.set()
                    await asyncio.get_running_loop().create_future()
            finally:
                self._group = None

    async def run_closed(self) -> None:
        """Hear what stations are meant to give and make profiles of it, for nobody."""
        while True:
            try:
                ear = await self._bus.subscribe(schedule(self._home, "*"))
                try:
                    async for message in ear:
                        self._encode(message.subject.split(".")[-1], message.data)
                finally:
                    await ear.close()
            except BusError as error:
                log.info("schedules_unheard", error=error.message)
            await self._pace.sleep(RETRY_S)

    def _encode(self, station: str, data: bytes) -> None:
        config = self._known.get(station)
        try:
            wanted = decode(data, Schedule, where=schedule(self._home, station))
        except InputError as error:
            log.warning("schedule_ignored", error=error.message)
            return
        if config is None:
            return
        limits = intended(
            wanted,
            self._clock.now_ns(),
            phases=config.phases,
            power_w_max=config.power_w_max,
        )
        for version in VERSIONS if limits is not None else ():
            assert limits is not None
            units: tuple[Unit, ...] = ("A", "W")
            for unit in units:
                payload = profile_of(limits, "offer", version, unit=unit, connector=1)
                call_frame(OcppCall("1", "SetChargingProfile", payload))
                self.encoded += 1

    def verdict(self, token: Token) -> Verdict:
        """Whether that token may charge: all may when none is named."""
        is_known = not self._tokens or token.id.upper() in {*self._tokens, REMOTE_TOKEN}
        return "Accepted" if is_known or token.kind == "NoAuthorization" else "Invalid"

    # Connections.

    async def _listen(self, tls: ssl.SSLContext | None) -> Server:
        """On the wished port, or on a free one with a warning."""
        try:
            return await self._bound(self._config.port, tls)
        except OSError as error:
            if error.errno != EADDRINUSE or not self._config.port:
                raise EnvironmentFault(
                    f"faces.ocpp: cannot listen on {self._config.host}:{self._config.port}: "
                    f"{error.strerror}",
                    hint="choose another host or port in [faces.ocpp]",
                ) from None
        log.warning("ocpp_port_taken", wanted=self._config.port)
        return await self._bound(0, tls)

    async def _bound(self, port: int, tls: ssl.SSLContext | None) -> Server:
        quiet = logging.getLogger("vettura.ocpp")
        quiet.setLevel(logging.CRITICAL)
        return await serve(
            self._serve,
            self._config.host,
            port,
            process_request=self._let_in,
            select_subprotocol=self._choose,
            compression=None,
            max_size=FRAME_BYTES_MAX,
            max_queue=FRAMES_WAITING,
            open_timeout=OPEN_S,
            ping_interval=PING_S,
            ping_timeout=PING_S,
            close_timeout=ALIVE_S,
            server_header=None,
            logger=quiet,
            ssl=tls,
        )

    def _choose(self, _: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        """The first of our versions that the station speaks; None ends it right after (3.1.2)."""
        for version in self._config.versions:
            name = Subprotocol(f"ocpp{version}")
            if name in offered:
                return name
        return None

    async def _let_in(self, connection: ServerConnection, request: Request) -> Response | None:
        refused = await self._refused(connection, request)
        if refused is None:
            return None
        self.refused += 1
        log.warning(
            "ocpp_refused", path=request.path[:80], status=int(refused.status), reason=refused.text
        )
        response = connection.respond(refused.status, refused.text + "\n")
        if refused.status is HTTPStatus.UNAUTHORIZED and self._config.security < 3:
            response.headers["WWW-Authenticate"] = 'Basic realm="OCPP"'
        return response

    async def _refused(self, connection: ServerConnection, request: Request) -> Refused | None:
        identity = self._doors.identity(request.path)
        if isinstance(identity, Refused):
            return identity
        tls = connection.transport.get_extra_info("ssl_object")
        certificate = tls.getpeercert() if tls is not None else None
        credentials = request.headers.get("Authorization", "")
        refused = self._doors.refused(identity, credentials, certificate)
        if refused is not None:
            return refused
        if identity not in self.outlets and len(self.outlets) >= self._config.stations_max:
            return Refused(HTTPStatus.SERVICE_UNAVAILABLE, "there are too many wallboxes")
        if await self._is_alive(identity):
            return Refused(HTTPStatus.CONFLICT, "that wallbox is connected already")
        return None

    async def _is_alive(self, identity: str) -> bool:
        """Whether who has that identity now still answers; if not, it is let go."""
        holder = self._sockets.get(identity)
        if holder is None:
            return False
        try:
            pong = await holder.ping()
            await self._pace.wait_for(asyncio.shield(pong), ALIVE_S)
        except (TimeoutError, ConnectionClosed):
            holder.transport.abort()
            return False
        return True

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        identity = self._doors.identity(connection.request.path)
        version = SUBPROTOCOLS.get(connection.subprotocol or "")
        if isinstance(identity, Refused) or version is None or self._group is None:
            await connection.close(1002, "no version of OCPP that both speak")
            return
        before = self.links.get(identity)
        if before is not None and await self._is_alive(identity):
            # Two that came at the same moment: the first stays.
            await connection.close(1008, "that wallbox is connected already")
            return
        entries = self._doors.stations.get(identity, [])
        if identity not in self.outlets:
            self._welcome(identity)
        link = Link(
            identity,
            WebSocket(connection),
            self._clock,
            self._pace,
            version,
            self.outlets[identity],
            self,
            self.tally,
            energy_unit=entries[0].energy_unit if entries else "Wh",
            unit=entries[0].unit if entries else "auto",
        )
        self.links[identity], self._sockets[identity] = link, connection
        log.info("station_connected", identity=identity, version=version)
        try:
            for outlet in link.outlets:
                await outlet.ready.wait()
            await link.run()
        except Exception:
            # What one station brings about must not take the others with it.
            log.exception("station_failed", identity=identity)
        finally:
            if self.links.get(identity) is link:
                del self.links[identity], self._sockets[identity]
            log.info("station_gone", identity=identity)
            with suppress(ConnectionClosed):
                await connection.close()

    def _welcome(self, identity: str) -> None:
        """A station that nobody has named."""
        assert self._group is not None
        taken = {one.config.id for outlets in self.outlets.values() for one in outlets}
        own_id = bus_id(identity)
        if own_id in taken:
            own_id = f"{own_id[:26]}-{len(self.outlets)}"
        outlet = self._outlet(OcppStationConfig(id=own_id))
        self.outlets[identity] = [outlet]
        self._group.create_task(outlet.run(), name=f"ocpp {own_id}")

    def _outlet(self, entry: OcppStationConfig) -> Outlet:
        config = self._known.get(entry.id) or StationConfig(id=entry.id, virtual=False)
        return Outlet(
            self._bus,
            self._clock,
            self._pace,
            self._home,
            config,
            connector=entry.connector,
            cars=self._cars,
            car=entry.car,
        )
