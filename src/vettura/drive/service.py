"""The living car on the bus: it lives by its clock, tells what changed, and answers commands."""

import asyncio
from collections import OrderedDict
from contextlib import aclosing

import msgspec
import structlog
from msgspec.structs import replace

from vettura.bus.interface import Bus, Message
from vettura.bus.messages import (
    Answer,
    Command,
    Drive,
    Weather,
    Wire,
    decode,
    encode,
)
from vettura.bus.patience import patiently
from vettura.bus.subjects import HOME_BUCKET, car_do, car_get, weather
from vettura.car.ageing import AGEING
from vettura.car.relations import params_of, resting_state
from vettura.car.spec import CarSpec
from vettura.car.trip import Trip
from vettura.clock.interface import Clock
from vettura.drive.commands import obey
from vettura.drive.cycles import load_cycle
from vettura.drive.keeper import Keeper
from vettura.drive.life import advance, end_charge
from vettura.drive.living import AT_REST, Air, Living, is_awake
from vettura.drive.simulate import drive_trip
from vettura.drive.telling import Telling
from vettura.errors import BusError, InputError
from vettura.units import NS_PER_S

log = structlog.get_logger()

TICK_DRIVING_S, TICK_AWAKE_S, TICK_CHARGING_S, TICK_ASLEEP_S = 0.1, 1.0, 5.0, 60.0
KEEP_S = 1.0
REMEMBERED_COMMANDS = 256
QUEUE_LIMIT = 256


class CarConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A car of the household."""

    vin: str
    home: str
    place: str
    """Where it stands when it is new."""
    latitude_deg: float
    longitude_deg: float
    altitude_m: float
    soc: float = 0.6
    """Displayed charge when it is new, 0 to 1."""


class CarService:
    """One living car. `run()` never returns by itself."""

    def __init__(self, bus: Bus, clock: Clock, config: CarConfig, spec: CarSpec) -> None:
        self._bus = bus
        self._clock = clock
        self._config = config
        self._spec = spec
        self._params = params_of(spec)
        self._ageing = AGEING[spec.battery.chemistry.value]
        self._keeper = Keeper(bus, clock, config.vin)
        self._queue: asyncio.Queue[Message] = asyncio.Queue(QUEUE_LIMIT)
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._telling = Telling(bus, self._params, spec, config.vin)
        self._air = Air()
        self._trip: Trip | None = None
        self._car = self._new_car()
        self._kept_ns = self._ticked_ns = 0

    async def run(self) -> None:
        """Wake where it was, then live until cancelled; what it is gets kept on the way out."""
        await self._wake()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keeper.run(), name=f"{self._config.vin} keeper")
                group.create_task(self._hear(car_do(self._config.vin, "*")))
                group.create_task(self._hear(car_get(self._config.vin)))
                group.create_task(self._feel(), name=f"{self._config.vin} weather")
                group.create_task(self._live(), name=f"{self._config.vin} life")
        finally:
            self._keeper.keep(self._car)
            await self._keeper.flush()

    def _new_car(self) -> Living:
        config, params = self._config, self._params
        cycle = drive_trip(params, load_cycle("wltc3b"))
        return Living(
            vin=config.vin,
            time_ns=self._clock.now_ns(),
            state=resting_state(params, displayed_soc=config.soc, ambient_degc=15.0),
            flows=AT_REST,
            place=config.place,
            wh_per_m=cycle.energy_wh / cycle.distance_m,
            latitude_deg=config.latitude_deg,
            longitude_deg=config.longitude_deg,
            altitude_m=config.altitude_m,
        )

    async def _wake(self) -> None:
        """Go on where the last process stopped: the time in between did not happen to the car."""
        car, self._trip = await self._keeper.recall()
        now_ns = self._clock.now_ns()
        if car is not None:
            self._car = replace(car, time_ns=now_ns)
            log.info("car_woke", car=car.vin, mode=car.mode, odometer_m=round(car.state.distance_m))
        self._ticked_ns = now_ns
        await self._telling.publish(self._car, self._air)

    async def _hear(self, pattern: str) -> None:
        """Queue what is asked; it is answered on the car's own tick."""
        ear = await patiently(self._clock, lambda: self._bus.subscribe(pattern, limit=QUEUE_LIMIT))
        async for message in ear:
            try:
                self._queue.put_nowait(message)
            except asyncio.QueueFull:
                await self._respond(message, Answer(ok=False, reason="the car is busy; try again"))

    async def _feel(self) -> None:
        """Follow the weather around the household."""
        subject = weather(self._config.home)
        bucket = await patiently(self._clock, lambda: self._bus.bucket(HOME_BUCKET))
        async with aclosing(bucket.watch(subject)) as entries:
            async for entry in entries:
                if entry.value is None:
                    continue
                try:
                    felt = decode(entry.value, Weather, where=subject)
                except InputError as error:
                    log.warning("weather_ignored", car=self._config.vin, error=str(error))
                    continue
                self._air = Air(
                    ambient_degc=felt.ambient_degc,
                    wind_mps=felt.wind_mps,
                    wind_bearing_deg=felt.wind_bearing_deg,
                    sun_w_per_m2=felt.sun_w_per_m2,
                    rain_mm_per_h=felt.rain_mm_per_h,
                    humidity=felt.humidity,
                )

    async def _live(self) -> None:
        while True:
            first = await self._tick()
            self._advance(self._clock.now_ns())
            if first is not None:
                await self._answer(first)
            for _ in range(self._queue.qsize()):
                await self._answer(self._queue.get_nowait())
            await self._telling.publish(self._car, self._air)
            self._keep()

    async def _tick(self) -> Message | None:
        """Wait for the next tick, or, when ticks are far apart, for the first who asks."""
        due_ns = self._ticked_ns + self._period_ns()
        wait_s = (due_ns - self._clock.now_ns()) / NS_PER_S
        if wait_s <= max(TICK_DRIVING_S, self._clock.resolution_s):
            await self._clock.sleep_until(due_ns)
            self._ticked_ns = due_ns if wait_s > 0.0 else self._clock.now_ns()
            return None
        try:
            message = await self._clock.wait_for(self._queue.get(), wait_s)
        except TimeoutError:
            self._ticked_ns = due_ns
            return None
        self._ticked_ns = self._clock.now_ns()
        return message

    def _period_ns(self) -> int:
        car = self._car
        if car.progress is not None:
            tick_s = TICK_DRIVING_S
        elif car.charge is not None:
            tick_s = TICK_CHARGING_S
        else:
            tick_s = TICK_AWAKE_S if is_awake(car) else TICK_ASLEEP_S
        return int(max(tick_s, self._clock.resolution_s) * NS_PER_S)

    def _advance(self, now_ns: int) -> None:
        lived = advance(self._params, self._car, self._air, self._trip, now_ns, self._ageing)
        self._car = lived.car
        for session in lived.sessions:
            log.info("session_ended", car=session.id, kind=session.kind, to=session.destination)
            self._keeper.record(session)

    async def _answer(self, message: Message) -> None:
        if message.subject == car_get(self._config.vin):
            await self._respond(message, self._telling.full_frame(self._car, self._air))
            return
        await self._respond(message, self._obey(message))

    async def _respond(self, message: Message, answer: Wire) -> None:
        """Answer; when the bus is away the question comes again, under the same id."""
        try:
            await self._bus.respond(message, encode(answer))
        except BusError as error:
            log.info("answer_lost", car=self._config.vin, error=error.message)

    def _obey(self, message: Message) -> Answer:
        try:
            command = decode(message.data, Command, where=message.subject)
        except InputError as error:
            return Answer(ok=False, reason=error.message)
        if command.id in self._answers:
            return self._answers[command.id]
        before = self._car
        self._car, reason = obey(self._params, before, command.verb)
        self._follow_up(before, command)
        answer = Answer(ok=not reason, reason=reason)
        self._answers[command.id] = answer
        while len(self._answers) > REMEMBERED_COMMANDS:
            self._answers.popitem(last=False)
        log.info(
            "command",
            car=before.vin,
            verb=command.verb.__struct_config__.tag,
            who=command.who,
            refused=reason or None,
            trace=message.headers.get("traceparent"),
        )
        return answer

    def _follow_up(self, before: Living, command: Command) -> None:
        """What a command means beyond the car itself: its trip, and the charge it ended."""
        if isinstance(command.verb, Drive) and before.progress is None and self._car.progress:
            self._trip = command.verb.trip
            self._keeper.keep_trip(command.verb.trip)
        if before.charge is not None and self._car.charge is None:
            _, session = end_charge(self._params, before)
            if session is not None:
                self._keeper.record(session)
        self._kept_ns = 0

    def _keep(self) -> None:
        """Hand the keeper what must not be forgotten, once a second."""
        car = self._car
        if car.time_ns - self._kept_ns >= KEEP_S * NS_PER_S:
            self._kept_ns = car.time_ns
            self._keeper.keep(car)
        sample = self._telling.sample(car, self._air)
        if sample is not None:
            self._keeper.record(sample)
