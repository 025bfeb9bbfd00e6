"""The page's ear: gathers what the bus says about one household and numbers the changes."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

import msgspec

from vettura.bus import subjects
from vettura.bus.interface import Bus, Message
from vettura.bus.messages import (
    Audit,
    ClockState,
    MeterValue,
    Sample,
    Session,
    SignalFrame,
    Today,
    Weather,
    decode,
)
from vettura.bus.messages_home import DeviceAbout
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError
from vettura.web.config import PageConfig
from vettura.web.energy_ear import EnergyEar
from vettura.web.energy_mirror import EnergyMirror
from vettura.web.home_ear import HomeEar
from vettura.web.mirror import Mirror
from vettura.web.state import BusState, Change, State, merged

M = TypeVar("M")
TICK_S = 0.1
"""Changes are handed out at most this often [real s]: 10 a second."""
RING_CHANGES = 600
"""How many changes are kept for viewers who come back: a minute at the fastest."""
RETRY_S = 0.5
SAMPLES_READ = 10_000
SESSIONS_READ = 100
AUDITS_READ = 30


class Numbered(NamedTuple):
    """One change with its id and its JSON, encoded once for all viewers."""

    id: int
    change: Change
    json: bytes


class Live:
    """Follows the bus while `run()` runs. `pace` is the viewers' clock: real seconds."""

    def __init__(self, *, bus: Bus, clock: Clock, pace: Clock, page: PageConfig) -> None:
        self._bus = bus
        self._clock = clock
        self._pace = pace
        self._page = page
        # Ids go on rising across restarts, so an id of an earlier process is never mistaken.
        self._first_id = pace.now_ns() // 1_000_000
        self._ring: deque[Numbered] = deque(maxlen=RING_CHANGES)
        self._news = asyncio.Event()
        self._frame_s: float | None = None
        self._clock_s = pace.monotonic()
        self._rejected = 0
        self._mirror = Mirror(
            page,
            clock=ClockState(time_ns=clock.now_ns(), factor=clock.speed),
            bus=BusState(up=bus.is_up, since_ns=clock.now_ns()),
        )
        self._home = HomeEar(bus, page.home, self._mirror.home)
        self._energy = EnergyEar(bus, page.home, self._mirror.energy)
        self.closing = False

    def device_of(self, entity: str) -> tuple[str, DeviceAbout] | None:
        """The device that has an entity, and what it is; None when nobody has it."""
        device = self._mirror.home.owner(entity)
        about = self._mirror.home.devices.get(device)
        return None if about is None else (device, about)

    @property
    def energy(self) -> EnergyMirror:
        """What is known of the home's energy."""
        return self._mirror.energy

    def now_ns(self) -> int:
        """The house's time [ns since the epoch]."""
        return self._mirror.now_ns(passed_s=self._pace.monotonic() - self._clock_s)

    @property
    def bus_up(self) -> bool:
        """Whether messages can travel now."""
        return self._bus.is_up

    @property
    def rejected(self) -> int:
        """Messages that could not be read, ever."""
        return self._rejected + self._home.rejected + self._energy.rejected

    def frame_age_s(self) -> float | None:
        """Real seconds since the last frame of any car; None before the first."""
        return None if self._frame_s is None else self._pace.monotonic() - self._frame_s

    def snapshot(self) -> State:
        """Return the whole state now, with the id of the last change that is in it."""
        passed_s = self._pace.monotonic() - self._clock_s
        return self._mirror.state(self._last_id(), passed_s=passed_s)

    def since(self, last_id: int) -> list[Numbered] | None:
        """Return the changes after that id; None when they are no longer, or never were, known."""
        oldest = self._ring[0].id if self._ring else self._last_id() + 1
        if not oldest - 1 <= last_id <= self._last_id():
            return None
        return [numbered for numbered in self._ring if numbered.id > last_id]

    async def news(self, patience_s: float) -> bool:
        """Wait for the next change; False when none came within that many real seconds."""
        try:
            await self._pace.wait_for(self._news.wait(), patience_s)
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Send every viewer home at once."""
        self.closing = True
        self._news.set()

    async def run(self) -> None:
        """Listen until cancelled. The bus may come and go; viewers are told which it is."""
        home = self._page.home
        ears: list[tuple[str, Callable[[Message], None]]] = [
            (subjects.car_signals("*"), self._on_signals),
            (subjects.car_samples("*"), self._on_sample),
            (subjects.car_sessions("*"), self._on_session),
            (subjects.car_audit("*"), self._on_audit),
            (subjects.weather(home), self._on_weather),
            (subjects.today(home), self._on_today),
            (subjects.meter(home, "*"), self._on_meter),
            (subjects.house_clock(home), self._on_clock),
            *self._home.ears(),
            *self._energy.ears(),
        ]
        async with asyncio.TaskGroup() as tasks:
            for pattern, take in ears:
                tasks.create_task(self._listen(pattern, take))
            tasks.create_task(self._tick(tasks))

    async def _listen(self, pattern: str, take: Callable[[Message], None]) -> None:
        while True:
            try:
                subscription = await self._bus.subscribe(pattern)
            except BusError:
                await self._pace.sleep(RETRY_S)
                continue
            try:
                async for message in subscription:
                    try:
                        take(message)
                    except InputError:
                        self._rejected += 1
            finally:
                await subscription.close()
            await self._pace.sleep(RETRY_S)

    async def _tick(self, tasks: asyncio.TaskGroup) -> None:
        """Ten times a second: hand out what changed, and read the past when the bus comes back."""
        reading: asyncio.Task[None] | None = None
        was_up = False
        async for _ in self._pace.every(TICK_S):
            is_up = self._bus.is_up
            if is_up and not was_up and (reading is None or reading.done()):
                reading = tasks.create_task(self._read_past())
            was_up = is_up
            if is_up != self._mirror.bus.up:
                self._mirror.take_bus(BusState(up=is_up, since_ns=self._clock.now_ns()))
            self._hand_out()

    def _hand_out(self) -> None:
        change = self._mirror.pending()
        if change is None:
            return
        number = self._last_id() + 1
        self._ring.append(Numbered(number, change, msgspec.json.encode(change)))
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    def _last_id(self) -> int:
        return self._ring[-1].id if self._ring else self._first_id

    async def _read_past(self) -> None:
        """Read what is kept on the bus: plots, sessions, weather, today and the house's clock."""
        for read in (self._read_kept, self._read_cars, self._home.read, self._energy.read):
            await self._until_it_works(read)
        self._start_over()

    def _start_over(self) -> None:
        """Forget the changes: every viewer gets a new snapshot, with the past in it."""
        self._mirror.pending()
        self._first_id = self._last_id() + 1
        self._ring.clear()
        self._wake()

    async def _until_it_works(self, read: Callable[[], Awaitable[None]]) -> None:
        while self._bus.is_up:
            try:
                await read()
            except BusError:
                await self._pace.sleep(RETRY_S)
            except InputError:
                self._rejected += 1
                return
            else:
                return

    async def _read_kept(self) -> None:
        home = self._page.home
        bucket = await self._bus.bucket(subjects.HOME_BUCKET)
        for key, take in (
            (subjects.weather(home), self._on_weather),
            (subjects.today(home), self._on_today),
        ):
            entry = await bucket.get(key)
            if entry is not None and entry.value is not None:
                take(Message(key, entry.value, {}))

    async def _read_cars(self) -> None:
        stream = await self._bus.stream(subjects.CARS_STREAM, subjects.CARS_STREAM_SUBJECTS)
        told = await self._bus.stream(subjects.AUDIT_STREAM, subjects.AUDIT_STREAM_SUBJECTS)
        for car in self._page.cars:
            samples = await stream.last(subjects.car_samples(car.vin), SAMPLES_READ)
            sessions = await stream.last(subjects.car_sessions(car.vin), SESSIONS_READ)
            audits = await told.last(subjects.car_audit(car.vin), AUDITS_READ)
            now_ns = self._clock.now_ns()
            self._mirror.take_past(
                car.vin,
                samples=self._readable([s.data for s in samples], Sample),
                sessions=self._readable([s.data for s in sessions], Session),
                audits=self._readable([a.data for a in audits], Audit),
                now_ns=now_ns,
            )

    def _readable(self, stored: list[bytes], kind: type[M]) -> list[M]:
        rows: list[M] = []
        for data in stored:
            try:
                rows.append(decode(data, kind, where="stored"))
            except InputError:
                self._rejected += 1
        return rows

    def _on_signals(self, message: Message) -> None:
        frame = decode(message.data, SignalFrame, where=message.subject)
        if self._mirror.take_frame(_vin(message), frame):
            self._frame_s = self._pace.monotonic()

    def _on_sample(self, message: Message) -> None:
        sample = decode(message.data, Sample, where=message.subject)
        self._mirror.take_sample(_vin(message), sample)

    def _on_session(self, message: Message) -> None:
        session = decode(message.data, Session, where=message.subject)
        self._mirror.take_session(_vin(message), session)

    def _on_audit(self, message: Message) -> None:
        audit = decode(message.data, Audit, where=message.subject)
        self._mirror.take_audit(_vin(message), audit)

    def _on_weather(self, message: Message) -> None:
        self._mirror.take_weather(decode(message.data, Weather, where=message.subject))

    def _on_today(self, message: Message) -> None:
        self._mirror.take_today(decode(message.data, Today, where=message.subject))

    def _on_meter(self, message: Message) -> None:
        station = message.subject.rsplit(".", 1)[-1]
        self._mirror.take_meter(station, decode(message.data, MeterValue, where=message.subject))

    def _on_clock(self, message: Message) -> None:
        self._mirror.take_clock(decode(message.data, ClockState, where=message.subject))
        self._clock_s = self._pace.monotonic()


def _vin(message: Message) -> str:
    return message.subject.split(".")[1]


def joined_json(changes: list[Numbered]) -> bytes:
    """Return the JSON of one change that has the effect of all of them."""
    if len(changes) == 1:
        return changes[0].json
    return msgspec.json.encode(merged(numbered.change for numbered in changes))
