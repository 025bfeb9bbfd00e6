"""The car on a CAN bus: cyclic frames from `vettura.dbc`, and UDS on 0x7E0 and 0x7DF.

Any interface of python-can will do; `udp_multicast` needs no kernel module and stays on this
machine.
"""

import asyncio
from collections.abc import Sequence

import structlog

from vettura.bus.interface import Bus
from vettura.clock.interface import Clock
from vettura.errors import UsageError
from vettura.faces.can_frames import CarMessage, Frame, car_messages
from vettura.faces.can_transport import FUNCTIONAL_ID, REQUEST_ID, Request, Transport
from vettura.faces.can_wire import CanWire, Options, opened
from vettura.faces.config import CanConfig, CarFacts
from vettura.faces.obd_clear import clear_codes
from vettura.faces.obd_heard import Heard
from vettura.faces.uds import NEGATIVE, P2_MS, RESPONSE_PENDING, Unit

log = structlog.get_logger()

UDP_MULTICAST = "udp_multicast"
TICK_S = 0.02
"""How finely cycles are kept [s of pace]; which are multiples of it."""
TRANSPORT_TICK_S = 0.001
OUTBOX_FRAMES = 1024
REQUESTS_MAX = 32
PENDING_S = P2_MS / 1000.0 / 10.0
"""A tester is told to wait well before its patience ends."""


class CanFace:
    """One car on one CAN bus; on udp_multicast each further car takes the next port."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        pace: Clock,
        config: CanConfig,
        car: CarFacts,
        *,
        index: int = 0,
    ) -> None:
        self.ready = asyncio.Event()
        self.port = 0
        """Of udp_multicast; 0 on other interfaces."""
        self.sent = 0
        self.dropped = 0
        """Frames and requests that found their queue full."""
        self._bus, self._clock, self._pace = bus, clock, pace
        self._config, self._car, self._index = config, car, index
        self._messages = car_messages()
        self._unit = Unit(car)
        self._heard = Heard(bus, pace, car.vin)
        self._outbox: asyncio.Queue[Frame] = asyncio.Queue(OUTBOX_FRAMES)
        self._requests: asyncio.Queue[Request] = asyncio.Queue(REQUESTS_MAX)
        self._transport = Transport(self._put)
        self._stirred = asyncio.Event()

    async def run(self) -> None:
        """Open the interface, send and answer until cancelled."""
        options = self._options()
        wanted = (REQUEST_ID, FUNCTIONAL_ID)
        async with opened(options, wanted, self._take) as wire, asyncio.TaskGroup() as group:
            group.create_task(self._send(wire))
            group.create_task(self._cycle())
            group.create_task(self._answer())
            group.create_task(self._stir())
            log.info("can_open", car=self._car.vin, time=self._clock.now().isoformat(), **options)
            self.ready.set()
            await self._heard.run(ask=True)

    async def run_closed(self) -> None:
        """Hear the car and encode every frame that changes, without an interface."""
        by_path = {path: message for message in self._messages for path in message.paths}

        def each() -> None:
            told = [by_path[path] for path in self._heard.changed if path in by_path]
            for message in dict.fromkeys(told):
                self.sent += bool(message.frame(self._heard.values).data)

        await self._heard.run(ask=False, each=each)

    def _options(self) -> Options:
        config = self._config
        if config.interface == UDP_MULTICAST:
            self.port = config.port + self._index
            place = {"port": self.port, "hop_limit": 0, "fd": False}
            return {"interface": config.interface, "channel": config.channel, **place}
        if self._index:
            raise UsageError(
                f"faces.can: {config.interface} {config.channel} carries one car, not several",
                hint="use udp_multicast, where each car has a port of its own",
            )
        return {"interface": config.interface, "channel": config.channel}

    def _take(self, frame: Frame) -> None:
        self._queue(self._transport.take(frame))
        self._stirred.set()

    def _queue(self, requests: Sequence[Request]) -> None:
        for request in requests:
            try:
                self._requests.put_nowait(request)
            except asyncio.QueueFull:
                self.dropped += 1

    def _put(self, frame: Frame) -> None:
        try:
            self._outbox.put_nowait(frame)
        except asyncio.QueueFull:
            self.dropped += 1

    async def _stir(self) -> None:
        """Keep ISO-TP going while a message is half sent or half heard."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            while self._transport.is_busy:
                await self._pace.sleep(TRANSPORT_TICK_S)
                self._queue(self._transport.process())

    async def _answer(self) -> None:
        while True:
            request = await self._requests.get()
            reply = self._unit.respond(
                request.data,
                self._heard.values,
                now_s=self._pace.monotonic(),
                functional=request.functional,
            )
            done = not reply.clears or await self._cleared(request.data[0], reply.clears)
            self._say(reply.data if done else reply.refused)

    async def _cleared(self, service: int, codes: tuple[str, ...]) -> bool:
        """Whether the car forgot them; a tester is told to wait when that takes longer."""
        clearing = asyncio.ensure_future(
            clear_codes(self._bus, self._pace, self._car.vin, codes, who="uds")
        )
        try:
            return await self._pace.wait_for(asyncio.shield(clearing), PENDING_S)
        except TimeoutError:
            self._say(bytes([NEGATIVE, service, RESPONSE_PENDING]))
            return await clearing
        finally:
            clearing.cancel()

    def _say(self, data: bytes) -> None:
        if data:
            self._transport.say(data)
            self._stirred.set()

    async def _cycle(self) -> None:
        """Send every message in its own cycle, spread so that they do not come in bursts."""
        start_s = self._pace.monotonic()
        due_s = {
            message.can_id: start_s + TICK_S * (k % round(message.cycle_s / TICK_S))
            for k, message in enumerate(self._messages)
        }
        async for _ in self._pace.every(TICK_S):
            now_s = self._pace.monotonic()
            for message in self._messages:
                if due_s[message.can_id] <= now_s:
                    due_s[message.can_id] = _next_s(message, due_s[message.can_id], now_s)
                    self._put(message.frame(self._heard.values))

    async def _send(self, wire: CanWire) -> None:
        while True:
            frames = [await self._outbox.get()]
            while not self._outbox.empty():
                frames.append(self._outbox.get_nowait())
            self.sent += await wire.send(frames)


def _next_s(message: CarMessage, due_s: float, now_s: float) -> float:
    """One cycle later; what was missed is skipped."""
    later_s = due_s + message.cycle_s
    return later_s if later_s > now_s else now_s + message.cycle_s
