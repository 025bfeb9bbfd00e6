"""The living car on the bus: it lives by its clock, tells what changed, and answers commands."""

import asyncio
from contextlib import aclosing
from typing import NamedTuple, TypeAlias

import msgspec
import structlog
from msgspec.structs import replace

from vettura.bus.interface import Bus, Message
from vettura.bus.messages import (
    Answer,
    Audit,
    Drive,
    Provided,
    SignalValue,
    Targets,
    Weather,
    Wire,
    decode,
    encode,
)
from vettura.bus.patience import patiently
from vettura.bus.subjects import (
    HOME_BUCKET,
    car_do,
    car_get,
    car_provided,
    car_targets,
    car_wish,
    weather,
)
from vettura.car.ageing import AGEING
from vettura.car.relations import params_of, resting_state
from vettura.car.spec import CarSpec
from vettura.car.trip import Trip
from vettura.clock.duration import FOREVER_NS
from vettura.clock.interface import Clock
from vettura.drive.arbiter import Forward, postponed
from vettura.drive.cycles import load_cycle
from vettura.drive.docket import Docket, Heard
from vettura.drive.holding import Holding
from vettura.drive.keeper import Keeper
from vettura.drive.life import advance, end_charge
from vettura.drive.living import AT_REST, Air, Living
from vettura.drive.pace import kept_s, period_s, soon_s
from vettura.drive.simulate import drive_trip
from vettura.drive.telling import Telling
from vettura.errors import BusError, InputError, NoResponderError
from vettura.units import NS_PER_S

log = structlog.get_logger()

QUEUE_LIMIT = 256
WISH_ANSWER_S = 1.5
"""How long whoever asked waits for a provider's answer [s of the bus]: less than `ask` waits for
the car's. The wish itself may take longer."""


class _Wished(NamedTuple):
    """A provider has answered a wish, or not."""

    forward: Forward
    answer: Answer | None
    is_gone: bool


class _News:
    """Providers have said something new."""


_NEWS = _News()
_Item: TypeAlias = Message | _Wished | _News


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
        self._queue: asyncio.Queue[_Item] = asyncio.Queue(QUEUE_LIMIT)
        self._group: asyncio.TaskGroup | None = None
        self._docket = Docket(self._params, clock)
        self._news: dict[str, SignalValue] = {}
        """What providers have said and no frame has told."""
        self._targets: dict[str, SignalValue] = {}
        self._replies: list[tuple[Message, Answer]] = []
        """Who is answered as soon as the frame is out."""
        self._obeyed: list[tuple[Living, Heard, Message]] = []
        """Commands and the car before them, to be followed up once who asked is answered."""
        self._audits: list[Audit] = []
        self._holding = Holding()
        self._telling = Telling(bus, clock, self._params, spec, config.vin)
        self._air = Air()
        self._trip: Trip | None = None
        self._car = self._new_car()
        self._kept_ns = self._ticked_ns = 0
        self._soon_ns = FOREVER_NS

    async def run(self) -> None:
        """Wake where it was, then live until cancelled; what it is gets kept on the way out."""
        await self._wake()
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                group.create_task(self._keeper.run(), name=f"{self._config.vin} keeper")
                group.create_task(self._hear())
                group.create_task(self._show())
                group.create_task(self._listen())
                group.create_task(self._feel(), name=f"{self._config.vin} weather")
                group.create_task(self._live(), name=f"{self._config.vin} life")
        finally:
            self._remember()
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
            self._car = postponed(replace(car, time_ns=now_ns), now_ns - car.time_ns)
            log.info("car_woke", car=car.vin, mode=car.mode, odometer_m=round(car.state.distance_m))
        self._ticked(now_ns)
        self._look_soon()
        await self._telling.publish(self._car, self._air, self._docket.provided)

    async def _hear(self) -> None:
        """Queue what the car is told; it is answered in the car's own turn."""
        pattern = car_do(self._config.vin, "*")
        ear = await patiently(self._clock, lambda: self._bus.subscribe(pattern, limit=QUEUE_LIMIT))
        async for message in ear:
            try:
                self._queue.put_nowait(message)
            except asyncio.QueueFull:
                busy = Answer(
                    ok=False, reason="the car is busy; try again", code="busy", state="refused"
                )
                await self._respond(message, busy)

    async def _show(self) -> None:
        """Answer who asks how the car is, as it was when it last lived on: looking is no event."""
        pattern = car_get(self._config.vin)
        ear = await patiently(self._clock, lambda: self._bus.subscribe(pattern, limit=QUEUE_LIMIT))
        async for message in ear:
            frame = self._telling.full_frame(self._car, self._air, self._docket.provided)
            await self._respond(message, frame)

    async def _listen(self) -> None:
        """Take what providers say; the car's turn comes once for all that is new by then."""
        pattern = car_provided(self._config.vin)
        ear = await patiently(self._clock, lambda: self._bus.subscribe(pattern, limit=QUEUE_LIMIT))
        async for message in ear:
            try:
                told = decode(message.data, Provided, where=message.subject)
            except InputError as error:
                log.debug("provided_unreadable", car=self._config.vin, error=error.message)
                continue
            is_first = not self._news
            self._news.update(self._docket.told(told))
            if is_first and self._news:
                await self._queue.put(_NEWS)

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
            first = await self._turn()
            if first is _NEWS and not self._car.pending:
                await self._pass_on()
                continue
            self._advance(self._clock.now_ns())
            if first is not None:
                self._take(first)
            for _ in range(self._queue.qsize()):
                self._take(self._queue.get_nowait())
            await self._tell_targets()
            self._news.clear()
            is_asked = bool(self._replies)
            provided = self._docket.provided
            await self._telling.publish(self._car, self._air, provided, is_asked=is_asked)
            if is_asked:
                # The frame leaves first, then the answer, and only then is time taken for the rest.
                await self._clock.sleep(0.0)
                await self._answer()
                await self._clock.sleep(0.0)
            self._remember()

    async def _turn(self) -> _Item | None:
        """Wait for the next tick, which is None, or for the first who wants something."""
        due_ns = min(self._ticked_ns + self._period_ns(), self._soon_ns)
        wait_s = (due_ns - self._clock.now_ns()) / NS_PER_S
        if wait_s <= 0.0:
            await self._clock.sleep(0.0)
            self._ticked(self._clock.now_ns())
            return None
        try:
            item = await self._clock.wait_for(self._queue.get(), wait_s)
        except TimeoutError:
            self._ticked(due_ns)
            return None
        if item is not _NEWS:
            self._ticked(self._clock.now_ns())
            self._look_soon()
        return item

    def _ticked(self, time_ns: int) -> None:
        self._ticked_ns = time_ns
        self._soon_ns = FOREVER_NS

    def _look_soon(self) -> None:
        """What a change has led to, such as the current of a charge, shows after a short step."""
        self._soon_ns = self._ticked_ns + int(soon_s(self._clock.resolution_s) * NS_PER_S)

    def _period_ns(self) -> int:
        period_ns = int(period_s(self._car, self._clock.resolution_s) * NS_PER_S)
        lease_ns = self._docket.lease_ns()
        return period_ns if lease_ns is None else min(period_ns, max(lease_ns, NS_PER_S // 10))

    def _advance(self, now_ns: int) -> None:
        passed_ns = now_ns - self._car.time_ns
        lived = advance(
            self._params, self._car, self._air, self._trip, now_ns, self._ageing, self._holding
        )
        self._car = lived.car
        for session in lived.sessions:
            log.info("session_ended", car=session.id, kind=session.kind, to=session.destination)
            self._keeper.record(session)
            self._look_soon()
        for provider in self._docket.expired(passed_ns):
            self._note(self._docket.lost(self._car, provider, why="it fell silent"))
        self._car, audits = self._docket.look(self._car)
        self._audit(audits)

    def _take(self, item: _Item) -> None:
        """Deal with one thing out of the queue; who asked is answered once the frame is out."""
        if isinstance(item, Message):
            before = self._car
            heard = self._docket.hear(before, item)
            self._note(heard)
            if heard.command is not None:
                self._obeyed.append((before, heard, item))
            if heard.answer is not None:
                self._replies.append((item, heard.answer))
            if heard.forward is not None:
                self._hand_on(heard.forward)
        elif isinstance(item, _Wished):
            if item.is_gone:
                why = "nobody answers for it"
                self._note(self._docket.lost(self._car, item.forward.provider, why=why))
            heard = self._docket.wished(self._car, item.forward, item.answer)
            self._note(heard)
            for message in self._docket.waiting(item.forward):
                if heard.answer is not None:
                    self._replies.append((message, heard.answer))
        else:
            self._car, audits = self._docket.look(self._car)
            self._audit(audits)

    async def _answer(self) -> None:
        """Answer who asked: whoever hears that it is done can see that it is."""
        replies, self._replies = self._replies, []
        for message, answer in replies:
            await self._respond(message, answer)

    def _note(self, heard: Heard) -> None:
        self._car = heard.car
        self._audit(heard.audits)
        self._targets.update(heard.targets)
        if heard.changed:
            log.info("changed_hands", car=self._car.vin, paths=len(heard.changed))
            self._telling.forget(heard.changed)
            for path in heard.changed:
                self._news.pop(path, None)

    def _audit(self, audits: list[Audit]) -> None:
        self._audits.extend(audits)

    def _hand_on(self, forward: Forward) -> None:
        assert self._group is not None
        self._group.create_task(self._ask(forward))

    async def _ask(self, forward: Forward) -> None:
        """Give a provider a wish, beside the car's own life."""
        subject = car_wish(self._config.vin, forward.provider)
        answer: Answer | None = None
        is_gone = False
        try:
            reply = await self._bus.request(subject, encode(forward.wish), timeout_s=WISH_ANSWER_S)
            answer = decode(reply.data, Answer, where=subject)
        except NoResponderError:
            is_gone = True
            answer = Answer(ok=False, reason=f"{forward.provider} is gone", code="unavailable")
        except InputError as error:
            answer = Answer(ok=False, reason=error.message, code="unavailable")
        except BusError as error:
            log.info("wish_unanswered", car=self._config.vin, error=error.message)
        await self._queue.put(_Wished(forward, answer, is_gone=is_gone))

    async def _pass_on(self) -> None:
        news = dict(self._news)
        self._news.clear()
        await self._telling.pass_on(self._config.vin, self._clock.now_ns(), news)

    async def _tell_targets(self) -> None:
        if not self._targets:
            return
        told = Targets(time_ns=self._car.time_ns, values=self._targets)
        self._targets = {}
        try:
            await self._bus.publish(car_targets(self._config.vin), encode(told))
        except BusError as error:
            log.debug("targets_lost", car=self._config.vin, error=error.message)

    async def _respond(self, message: Message, answer: Wire) -> None:
        """Answer; when the bus is away the question comes again, under the same id."""
        try:
            await self._bus.respond(message, encode(answer))
        except BusError as error:
            log.info("answer_lost", car=self._config.vin, error=error.message)

    def _follow_up(self, before: Living, heard: Heard, message: Message) -> None:
        """What a command means beyond the car itself: its trip, and the charge it ended."""
        command, answer = heard.command, heard.answer
        assert command is not None
        log.info(
            "command",
            car=before.vin,
            verb=command.verb.__struct_config__.tag,
            who=command.who,
            refused=(answer.reason or None) if answer else None,
            trace=message.headers.get("traceparent"),
        )
        if isinstance(command.verb, Drive) and before.progress is None and heard.car.progress:
            self._trip = command.verb.trip
            self._keeper.keep_trip(command.verb.trip)
        if before.charge is not None and heard.car.charge is None:
            _, session = end_charge(self._params, before)
            if session is not None:
                self._keeper.record(session)

    def _remember(self) -> None:
        """Hand the keeper what must not be forgotten: at once what happened, else now and then."""
        if self._obeyed or self._audits:
            self._kept_ns = 0
        for audit in self._audits:
            self._keeper.audit(audit)
        for before, heard, message in self._obeyed:
            self._follow_up(before, heard, message)
        self._audits.clear()
        self._obeyed.clear()
        car = self._car
        old_s = kept_s(car, self._clock.resolution_s, speed=self._clock.speed)
        if car.time_ns - self._kept_ns >= old_s * NS_PER_S:
            self._kept_ns = car.time_ns
            self._keeper.keep(car)
        sample = self._telling.sample(car, self._air)
        if sample is not None:
            self._keeper.record(sample)
