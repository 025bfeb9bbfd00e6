"""The bus side of the face: what the car says goes to the hub, what clients want to the car."""

import asyncio

import msgspec
import structlog

from vettura.bus.ask import ask
from vettura.bus.interface import Bus, Message
from vettura.bus.messages import (
    Actuate,
    Answer,
    Command,
    Provided,
    SignalFrame,
    SignalValue,
    Targets,
    Verb,
    encode,
)
from vettura.bus.patience import patiently
from vettura.bus.subjects import car_do, car_get, car_provided, car_signals, car_targets
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError
from vettura.faces.kuksa_callers import Caller, Refused, refusal
from vettura.faces.kuksa_catalogue import Listed
from vettura.faces.kuksa_grpc import grpc
from vettura.faces.kuksa_hub import Hub

log = structlog.get_logger()

QUEUE_LIMIT = 1000
RETRY_S = 1.0
PATIENCE_S = 8.0
"""How long a command is repeated while nobody answers [real s]."""

_frames = msgspec.msgpack.Decoder(SignalFrame)
_targets = msgspec.msgpack.Decoder(Targets)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class CarLine:
    """The one line between a face and its car."""

    def __init__(self, bus: Bus, clock: Clock, pace: Clock, vin: str, hub: Hub) -> None:
        self.bus = bus
        self.pace = pace
        self.vin = vin
        self._clock = clock
        self._hub = hub
        self.patience_s = PATIENCE_S
        self.unreadable = self.commands = 0

    async def run(self, *, asks: bool) -> None:
        """Listen until cancelled; `asks` has the car tell everything at once at the start."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hear_signals(), name=f"kuksa {self.vin} signals")
            group.create_task(self._hear_targets(), name=f"kuksa {self.vin} targets")
            if asks:
                group.create_task(self._ask_first(), name=f"kuksa {self.vin} get")

    def now_ns(self) -> int:
        """The car's time."""
        return self._clock.now_ns()

    async def refresh(self) -> bool:
        """Ask the car for everything; False when it does not answer."""
        try:
            reply = await self.bus.request(car_get(self.vin), b"")
        except BusError:
            return False
        self._take_frame(reply)
        return True

    async def actuate(self, caller: Caller, listed: Listed, value: SignalValue) -> None:
        """Have the car obey; `Refused` says why not. What it obeys becomes the target at once."""
        path = listed.path
        verb = Actuate(path=path, value=value)
        answer = await self.tell(caller, verb, granted=caller.is_granted("actuate", path))
        if not answer.ok:
            raise self._refusal(answer, listed)
        self._hub.aim([(listed.id, value)], self.now_ns())

    async def tell(self, caller: Caller, verb: Verb, *, granted: bool) -> Answer:
        """Send a command and wait for the car's answer; UNAVAILABLE when there is none."""
        self.commands += 1
        command = Command(
            id=self.pace.new_id("kuksa"), verb=verb, who=caller.who, role="app", granted=granted
        )
        subject = car_do(self.vin, str(verb.__struct_config__.tag))
        try:
            return await ask(self.bus, self.pace, subject, command, patience_s=self.patience_s)
        except (BusError, InputError) as error:
            raise Refused(grpc.StatusCode.UNAVAILABLE, error.message) from None

    async def provide(self, provider: str, values: dict[str, SignalValue]) -> None:
        """Give the car values of claimed signals; when the bus is away they are lost."""
        message = Provided(time_ns=self.now_ns(), provider=provider, values=values)
        try:
            await self.bus.publish(car_provided(self.vin), encode(message))
        except (BusError, InputError) as error:
            log.info("provided_lost", car=self.vin, error=error.message)

    def _refusal(self, answer: Answer, listed: Listed) -> Refused:
        """A signal that exists is never NOT_FOUND: the car knows less than the catalogue."""
        if answer.code != "unknown":
            return refusal(answer)
        if listed.signal.kind != "actuator":
            return Refused(grpc.StatusCode.INVALID_ARGUMENT, f"{listed.path} is no actuator")
        return Refused(grpc.StatusCode.UNAVAILABLE, f"nobody provides {listed.path}")

    async def _ask_first(self) -> None:
        while self._hub.frames == 0 and not await self.refresh():
            await self.pace.sleep(RETRY_S)

    async def _hear_signals(self) -> None:
        subject = car_signals(self.vin)
        ear = await patiently(self.pace, lambda: self.bus.subscribe(subject, limit=QUEUE_LIMIT))
        async for message in ear:
            self._take_frame(message)

    def _take_frame(self, message: Message) -> None:
        try:
            frame = _frames.decode(message.data)
        except _UNREADABLE:
            self.unreadable += 1
            return
        self._hub.hear(frame)

    async def _hear_targets(self) -> None:
        subject = car_targets(self.vin)
        ear = await patiently(self.pace, lambda: self.bus.subscribe(subject, limit=QUEUE_LIMIT))
        ids = self._hub.catalogue.ids
        async for message in ear:
            try:
                targets = _targets.decode(message.data)
            except _UNREADABLE:
                self.unreadable += 1
                continue
            known = [(ids[path], value) for path, value in targets.values.items() if path in ids]
            self._hub.aim(known, targets.time_ns)
