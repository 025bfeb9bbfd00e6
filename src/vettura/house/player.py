"""Playing a session again: a bus hears what was recorded, when it was recorded."""

import asyncio
from collections.abc import Mapping

import structlog

from vettura.bus.interface import Bucket, Bus, Message, Subscription
from vettura.bus.messages import (
    Answer,
    SignalFrame,
    SignalValue,
    decode,
    encode,
)
from vettura.bus.patience import patiently
from vettura.bus.recording import Recorded, Recording
from vettura.bus.subjects import HOME_BUCKET, car_get, car_signals
from vettura.bus.subjects_match import matches
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError, NoResponderError, UsageError

log = structlog.get_logger()

REFUSAL = Answer(
    ok=False, reason="a recording cannot be commanded", code="unavailable", state="refused"
)
COMMANDS = ("car.*.do.*", "home.*.*.do", "house.*.do.*")
KEPT = ("home.*.*.state", "home.*.weather", "home.*.today")
"""What a house also keeps in the bucket `home`, under its subject."""
CARS_MAX = 1024
"""A session of more cars plays them all, and answers for these."""
BURST = 64
"""Messages after which others are let run, when nothing is waited for."""


class PlayedCar:
    """What of a car has been played so far."""

    def __init__(self, vin: str) -> None:
        self.vin = vin
        self.time_ns = 0
        self.values: dict[str, SignalValue] = {}

    def take(self, frame: SignalFrame) -> None:
        """Go on by one frame."""
        self.time_ns = frame.time_ns
        if frame.full:
            self.values.clear()
        self.values.update(frame.values)

    def frame(self) -> SignalFrame:
        """All of it as of the playing time."""
        return SignalFrame(time_ns=self.time_ns, values=dict(self.values), full=True)


class Player:
    """Publishes a session by `clock`, answers `get` from it and refuses every command.

    The first message is sent at once and each other as long after it, in seconds of `clock`, as it
    arrived; `from_ns` and `to_ns` are arrivals. With `is_paced` off all goes as fast as it can.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        recording: Recording,
        *,
        from_ns: int | None = None,
        to_ns: int | None = None,
        is_paced: bool = True,
    ) -> None:
        self.played = 0
        """Messages sent so far."""
        self.time_ns = from_ns or recording.first_ns
        """Arrival of the message that was sent last [ns since the epoch]."""
        self.ended = asyncio.Event()
        """Set when the last message was sent."""
        self._bus = bus
        self._clock = clock
        self._recording = recording
        self._from_ns = from_ns
        self._to_ns = to_ns
        self._is_paced = is_paced
        self._cars: dict[str, PlayedCar] = {}
        self._home: Bucket | None = None

    @property
    def cars(self) -> Mapping[str, PlayedCar]:
        """The cars that have been heard of, by VIN."""
        return self._cars

    async def run(self) -> None:
        """Play, then go on answering as of the end, until cancelled.

        Raises `UsageError` when a car of the session lives on this bus.
        """
        self._home = await patiently(self._clock, lambda: self._bus.bucket(HOME_BUCKET))
        async with asyncio.TaskGroup() as group:
            for pattern in COMMANDS:
                group.create_task(self._refuse(pattern))
            await self._catch_up(group)
            await self._play(group)
            self.ended.set()

    async def _catch_up(self, group: asyncio.TaskGroup) -> None:
        """Take what lies before the start without sending it; then tell each car in full."""
        if self._from_ns is None:
            return
        for count, message in enumerate(self._recording.messages(to_ns=self._from_ns)):
            await self._take(message, group)
            await self._keep(message.subject, message.data)
            if count % BURST == 0:
                await self._clock.sleep(0)
        for car in self._cars.values():
            await self._send(car_signals(car.vin), encode(car.frame()))

    async def _play(self, group: asyncio.TaskGroup) -> None:
        offset_ns: int | None = None
        for message in self._recording.messages(from_ns=self._from_ns, to_ns=self._to_ns):
            if offset_ns is None:
                start_ns = message.arrival_ns if self._from_ns is None else self._from_ns
                offset_ns = self._clock.now_ns() - start_ns
            await self._wait(message.arrival_ns + offset_ns)
            await self._take(message, group)
            await self._send(message.subject, message.data)
            await self._keep(message.subject, message.data)
            self.played += 1
            self.time_ns = message.arrival_ns

    async def _wait(self, when_ns: int) -> None:
        if self._is_paced and self._clock.now_ns() < when_ns:
            await self._clock.sleep_until(when_ns)
        elif self.played % BURST == 0:
            await self._clock.sleep(0)

    async def _send(self, subject: str, data: bytes) -> None:
        try:
            await self._bus.publish(subject, data)
        except (BusError, InputError) as error:
            log.warning("message_not_played", subject=subject, error=error.message)

    async def _take(self, message: Recorded, group: asyncio.TaskGroup) -> None:
        """Remember what `get` is answered with."""
        subject, data = message.subject, message.data
        if not matches("car.*.signals", subject):
            return
        try:
            frame = decode(data, SignalFrame, where=subject)
        except InputError as error:
            log.warning("frame_not_understood", error=error.message)
            return
        vin = subject.split(".")[1]
        if vin not in self._cars and len(self._cars) < CARS_MAX:
            await self._meet(vin, group)
        if vin in self._cars:
            self._cars[vin].take(frame)

    async def _keep(self, subject: str, data: bytes) -> None:
        """Put what a house keeps into its bucket."""
        if self._home is None or not any(matches(kept, subject) for kept in KEPT):
            return
        try:
            await self._home.put(subject, data)
        except (BusError, InputError) as error:
            log.warning("state_not_kept", subject=subject, error=error.message)

    async def _meet(self, vin: str, group: asyncio.TaskGroup) -> None:
        """Answer for a car from now on, unless it lives here itself."""
        try:
            await self._bus.request(car_get(vin), b"", timeout_s=1.0)
        except NoResponderError:
            pass
        except BusError as error:
            log.warning("car_not_looked_for", car=vin, error=error.message)
        else:
            raise UsageError(
                f"the car {vin} lives on this bus", hint="play the session on a bus of its own"
            )
        self._cars[vin] = PlayedCar(vin)
        ear = await self._bus.subscribe(car_get(vin))
        group.create_task(self._tell(ear, self._cars[vin]))

    async def _tell(self, ear: Subscription, car: PlayedCar) -> None:
        async for question in ear:
            await self._respond(question, encode(car.frame()))

    async def _refuse(self, pattern: str) -> None:
        ear = await patiently(self._clock, lambda: self._bus.subscribe(pattern))
        async for question in ear:
            await self._respond(question, encode(REFUSAL))

    async def _respond(self, question: Message, data: bytes) -> None:
        try:
            await self._bus.respond(question, data)
        except (BusError, InputError) as error:
            log.info("answer_lost", error=error.message)
