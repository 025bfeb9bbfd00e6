"""What a side of the cable knows of the house: its time, its messages, and where to say something.

Runs in the environment of the library (`.peers/iso15118`), with `src` on its path: of vettura only
what needs nothing but msgspec and nats-py.
"""

import asyncio
import json
import sys
import time

from vettura.bus.messages import (
    Answer,
    ClockState,
    Command,
    MeterValue,
    SignalFrame,
    decode,
    decode_frame,
    encode,
)
from vettura.bus.messages_energy import ChargingNeeds, GoalState, Prices, Schedule
from vettura.bus.nats import NatsBus
from vettura.bus.subjects import (
    HOME_BUCKET,
    HOUSE_BUCKET,
    car_do,
    car_get,
    car_signals,
    charging_needs,
    goal,
    house_clock,
    meter,
    prices,
    schedule,
)
from vettura.clock import WallClock
from vettura.errors import BusError, InputError
from vettura.units import NS_PER_S

TRIES = 5
RETRY_S = 0.2


class House:
    """A connection to the house's bus. `values`, `goal` and `schedule` are what was heard last."""

    def __init__(self, bus, home):
        self.bus = bus
        self.home = home
        self.values = {}
        self.goal = None
        self.schedule = None
        self.prices = None
        self.meter_wh = 0.0
        self.news = asyncio.Event()
        self._clock = ClockState(time_ns=time.time_ns(), factor=1.0)
        self._at = time.monotonic()
        self._count = 0
        self._tasks = []

    @classmethod
    async def join(cls, url, home, *, name):
        """Connect and learn the house's time; a house without a clock has the machine's."""
        house = cls(await NatsBus.connect(url, clock=WallClock(), name=name), home)
        await house._follow(house_clock(home), house._tick)
        kept = await house._kept(HOUSE_BUCKET, f"{home}.clock")
        if kept is not None:
            # What is kept is no older than a real second; the next beat is exact.
            house._tick(kept)
        return house

    async def leave(self):
        """Hear no more, and hand over what was said."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.bus.close()

    def now_ns(self):
        """The house's time: it may run faster than this machine's."""
        since_s = time.monotonic() - self._at
        return self._clock.time_ns + round(since_s * self._clock.factor * NS_PER_S)

    @property
    def factor(self):
        """How fast the house's time runs."""
        return self._clock.factor

    async def follow_car(self, vin):
        """Hear a car's signals, and what its house aims at for it."""
        await self._follow(car_signals(vin), self._frame)
        await self._follow(goal(self.home, vin), self._goal)
        kept = await self._kept(HOME_BUCKET, goal(self.home, vin))
        if kept is not None:
            self._goal(kept)
        reply = await self.bus.request(car_get(vin), b"")
        self._frame(reply.data)

    async def follow_station(self, station):
        """Hear what a station shall give, what its meter shows, and what energy costs."""
        await self._follow(schedule(self.home, station), self._schedule)
        await self._follow(meter(self.home, station), self._meter)
        await self._follow(prices(self.home), self._prices)
        kept = await self._kept(HOME_BUCKET, prices(self.home))
        if kept is not None:
            self._prices(kept)

    async def say_needs(self, needs: ChargingNeeds):
        """Tell the house what the car at a station needs, and keep it there."""
        subject = charging_needs(self.home, needs.station)
        data = encode(needs)
        await self.bus.publish(subject, data)
        await (await self.bus.bucket(HOME_BUCKET)).put(subject, data)

    async def tell_car(self, vin, verb):
        """Give the car a command, again until it answers; its answer."""
        self._count += 1
        name = verb.__struct_config__.tag
        command = Command(
            id=f"iso15118-{time.time_ns()}-{self._count}", verb=verb, who="iso15118", role="local"
        )
        for left in reversed(range(TRIES)):
            try:
                reply = await self.bus.request(car_do(vin, name), encode(command))
                return decode(reply.data, Answer, where=name)
            except (BusError, InputError) as error:
                if not left:
                    return Answer(ok=False, reason=error.message)
                await asyncio.sleep(RETRY_S)
        raise AssertionError

    async def _kept(self, bucket, key):
        try:
            entry = await (await self.bus.bucket(bucket)).get(key)
        except BusError:
            return None
        return entry.value if entry is not None else None

    async def _follow(self, subject, take):
        ear = await self.bus.subscribe(subject)
        self._tasks.append(asyncio.create_task(self._listen(ear, take)))

    async def _listen(self, ear, take):
        async for message in ear:
            try:
                take(message.data)
            except InputError as error:
                say("ignored", what=error.message)
            self.news.set()

    def _tick(self, data):
        self._clock = decode(data, ClockState, where="clock")
        self._at = time.monotonic()

    def _frame(self, data):
        frame: SignalFrame = decode_frame(data, where="signals")
        self.values.update(frame.values)

    def _goal(self, data):
        self.goal = decode(data, GoalState, where="goal")

    def _schedule(self, data):
        told = decode(data, Schedule, where="schedule")
        if self.schedule is None or told.time_ns >= self.schedule.time_ns:
            self.schedule = told
        # Nobody hears tomorrow's message: our idea of the house's time lags a little.
        late_ns = told.time_ns - self.now_ns()
        if late_ns > 0:
            self._clock = ClockState(time_ns=told.time_ns, factor=self._clock.factor)
            self._at = time.monotonic()

    def _meter(self, data):
        self.meter_wh = decode(data, MeterValue, where="meter").energy_wh

    def _prices(self, data):
        self.prices = decode(data, Prices, where="prices")


def say(what, **facts):
    """One JSON line of what happened; all that a side prints."""
    sys.stdout.write(json.dumps({"event": what, **facts}) + "\n")
    sys.stdout.flush()
