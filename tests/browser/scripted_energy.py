"""A home whose energy is planned by a script: it keeps its messages, and does what it is told."""

import asyncio
from typing import Any

from msgspec.structs import replace

from vettura.bus import subjects
from vettura.bus.interface import Bus
from vettura.bus.messages import Answer, decode, encode
from vettura.bus.messages_energy import EnergyWish, SetGoal
from vettura.clock.interface import Clock
from web.day_of_energy import Day

HOME = "casa"


class ScriptedEnergy:
    """Says what its day holds, measures every second, and obeys wishes or refuses them."""

    def __init__(
        self, bus: Bus, clock: Clock, pace: Clock, *, vin: str, car_w: float | None = None
    ) -> None:
        self._bus, self._clock, self._pace = bus, clock, pace
        self.day = Day(clock.now_ns(), vin)
        self.car_w = car_w
        self.wishes: list[EnergyWish] = []
        self.refuses = ""
        """Why every wish is refused; empty for none."""
        self.goal = self.day.goal()

    async def run(self) -> None:
        """Keep what is known, measure, and take wishes."""
        await self.tell()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._measure())
            tasks.create_task(self._serve())

    async def tell(self) -> None:
        """Publish all that stays: prices, forecasts, goal, needs, mode, plan, bills, saved."""
        day = self.day
        await self._keep(subjects.prices(HOME), day.prices())
        for what in ("sun", "load"):
            await self._keep(subjects.forecast(HOME, what), day.forecast(what))
        await self._keep(subjects.charging_needs(HOME, day.station), day.needs())
        await self._keep(subjects.mode(HOME, day.station), day.mode())
        await self._keep(subjects.goal(HOME, day.vin), self.goal)
        await self._keep(subjects.saved(HOME), day.saved())
        stream = await self._bus.stream(subjects.ENERGY_STREAM, subjects.ENERGY_STREAM_SUBJECTS)
        for bill in day.bills():
            await stream.publish(subjects.bill(HOME), encode(bill), message_id=bill.id)
        await self.plan()

    async def plan(self, **changed: Any) -> None:
        """Publish a plan, with some of it changed."""
        await self._keep(subjects.plan(HOME), self.day.plan(**changed))

    async def note(self, text: str, about: str = "prices") -> None:
        """Say a line for a person."""
        message = self.day.note(text, about)
        await self._bus.publish(subjects.energy_note(HOME), encode(message))

    async def become(self, **changed: Any) -> None:
        """Change what is aimed at, and say so."""
        self.goal = replace(self.goal, **changed)
        await self._keep(subjects.goal(HOME, self.day.vin), self.goal)

    async def _measure(self) -> None:
        async for _ in self._pace.every(1.0):
            self.day.now_ns = self._clock.now_ns()
            site = self.day.site(car_w=self.car_w)
            await self._bus.publish(subjects.site_meter(HOME), encode(site))

    async def _serve(self) -> None:
        async for message in await self._bus.subscribe(subjects.energy_do(HOME)):
            wish = decode(message.data, EnergyWish, where="test")
            self.wishes.append(wish)
            if self.refuses:
                no = Answer(ok=False, reason=self.refuses, code="range", state="refused")
                await self._bus.respond(message, encode(no))
                continue
            await self._obey(wish)
            await self._bus.respond(message, encode(Answer(ok=True, state="reached")))

    async def _obey(self, wish: EnergyWish) -> None:
        verb = wish.verb
        if not isinstance(verb, SetGoal):
            await self._keep(subjects.mode(HOME, verb.station), self.day.mode(verb.mode))
            return
        floor_soc = self.goal.floor_soc if verb.floor_soc is None else verb.floor_soc
        if verb.soc is None:
            self.goal = self.day.goal(floor_soc=floor_soc)
            await self.become()
            return
        is_possible = verb.soc <= 0.9
        await self.become(
            soc=verb.soc,
            by_ns=verb.by_ns or self.day.leave_ns(),
            early_ns=verb.by_ns or self.day.leave_ns(),
            floor_soc=floor_soc,
            source="owner",
            text=(
                "held from the cheapest hours before"
                if is_possible
                else "the cable gives 82 % by then, 13 % less than asked"
            ),
            is_possible=is_possible,
        )

    async def _keep(self, subject: str, message: Any) -> None:
        await self._bus.publish(subject, encode(message))
        await (await self._bus.bucket(subjects.HOME_BUCKET)).put(subject, encode(message))
