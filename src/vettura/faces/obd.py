"""A port for diagnosis apps: a TCP server that speaks as an ELM327 adapter in the car's socket."""

import asyncio
from contextlib import suppress
from errno import EADDRINUSE

import structlog

from vettura.bus.interface import Bus
from vettura.clock.interface import Clock
from vettura.errors import EnvironmentFault
from vettura.faces.config import CarFacts, ObdConfig
from vettura.faces.obd_clear import clear_codes
from vettura.faces.obd_elm import LINE_BYTES_MAX, Elm, Said
from vettura.faces.obd_heard import Heard
from vettura.faces.obd_pids import BITMAPS, PIDS
from vettura.faces.uds import Unit

log = structlog.get_logger()

CLIENTS_MAX = 8
IDLE_S = 600.0
"""A client that says nothing for so long is let go [s of pace]."""
WRITE_S = 10.0
"""So long a client may take to read an answer [s of pace]."""
CHUNK_BYTES = 256


class ObdFace:
    """The diagnosis port of one car; the `index`-th car of the house listens `index` ports up."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        pace: Clock,
        config: ObdConfig,
        car: CarFacts,
        *,
        index: int = 0,
    ) -> None:
        self.ready = asyncio.Event()
        self.port = 0
        self.refused_clients = 0
        """Turned away because there were `CLIENTS_MAX` already."""
        self.overlong_lines = 0
        self.answers = 0
        self._bus, self._clock, self._pace = bus, clock, pace
        self._config, self._car, self._index = config, car, index
        self._clients = 0
        self._group: asyncio.TaskGroup | None = None
        self._heard = Heard(bus, pace, car.vin)

    async def run(self) -> None:
        """Listen and serve until cancelled."""
        async with await self._listen() as server, asyncio.TaskGroup() as group:
            self._group = group
            await server.start_serving()
            self.port = server.sockets[0].getsockname()[1]
            time = self._clock.now().isoformat()
            log.info("obd_listens", car=self._car.vin, port=self.port, time=time)
            self.ready.set()
            await self._heard.run(ask=True)

    async def _listen(self) -> asyncio.Server:
        """On the wished port, or on a free one with a warning."""
        port = self._config.port + self._index if self._config.port else 0
        try:
            return await self._bound(port)
        except OSError as error:
            if error.errno != EADDRINUSE or not port:
                raise EnvironmentFault(
                    f"faces.obd: cannot listen on {self._config.host}:{port}: {error.strerror}",
                    hint="choose another host or port in [faces.obd]",
                ) from None
        log.warning("obd_port_taken", wanted=port)
        return await self._bound(0)

    async def _bound(self, port: int) -> asyncio.Server:
        return await asyncio.start_server(
            self._welcome, self._config.host, port, limit=CHUNK_BYTES, start_serving=False
        )

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._group is not None
        self._group.create_task(self._serve(reader, writer))

    async def run_closed(self) -> None:
        """Hear the car and answer everything a client could ask, without a socket."""
        elm = Elm(unit=Unit(self._car))
        lines = [f"01{pid:02X}".encode() for pid in (*BITMAPS, 1, *PIDS)]

        def each() -> None:
            line = lines[self._heard.frames % len(lines)]
            self.answers += bool(elm.answer(line, self._heard.values, now_s=0.0).text)

        await self._heard.run(ask=False, each=each)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, until it leaves, idles or no longer reads."""
        try:
            if self._clients >= CLIENTS_MAX:
                self.refused_clients += 1
                return
            self._clients += 1
            try:
                # A client that goes away in the middle of a word is no event.
                with suppress(OSError, TimeoutError):
                    await self._converse(reader, writer)
            finally:
                self._clients -= 1
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        elm = Elm(unit=Unit(self._car))
        held = b""
        while chunk := await self._pace.wait_for(reader.read(CHUNK_BYTES), IDLE_S):
            held += chunk
            if elm.monitoring:
                # Any byte ends the showing of all, whether or not a line ends with it.
                held = held[:1] + b"\r" + held[1:].lstrip(b"\r\n")
            *lines, held = held.split(b"\r")
            for line in lines:
                await self._say(elm, line.lstrip(b"\n"), writer)
            if len(held) > LINE_BYTES_MAX:
                self.overlong_lines += 1
                await self._say(elm, held, writer)
                held = b""

    async def _say(self, elm: Elm, line: bytes, writer: asyncio.StreamWriter) -> None:
        said = elm.answer(line, self._heard.values, now_s=self._pace.monotonic())
        writer.write(await self._settled(said))
        self.answers += 1
        await self._pace.wait_for(writer.drain(), WRITE_S)

    async def _settled(self, said: Said) -> bytes:
        """The text to say, once the car has obeyed or refused."""
        if not said.clears:
            return said.text
        done = await clear_codes(self._bus, self._pace, self._car.vin, said.clears, who="obd")
        return said.text if done else said.refused
