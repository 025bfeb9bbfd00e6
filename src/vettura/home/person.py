"""A person with a car: looks at it, thinks, acts, and looks again."""

import asyncio
from dataclasses import replace
from typing import final

import structlog

from vettura.bus.interface import Bus
from vettura.bus.messages import (
    Answer,
    Climate,
    Drive,
    Lock,
    Unlock,
    decode_frame,
)
from vettura.bus.paths import MODE, PLACE
from vettura.bus.subjects import car_get, car_signals
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError
from vettura.home.device.service import DevicesService
from vettura.home.habits_service import HabitsService
from vettura.home.hands import Hands
from vettura.home.outlook import Outlook
from vettura.home.plan import (
    Memory,
    Stay,
    Step,
    decide,
    failed,
    has_given_up,
    observe,
    stay_at,
    tended,
)
from vettura.home.sight import CarSeen, Sight
from vettura.life.household import Household, Person
from vettura.life.places import Place
from vettura.life.road import make_trip
from vettura.life.station import StationConfig

log = structlog.get_logger()

LOOK_S = 15.0
RETRY_S = 10.0
_FRAMES_MAX = 256


@final
class PersonService:
    """One person and their car. `run()` never returns by itself."""

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        household: Household,
        person: Person,
        *,
        seed: int,
        station: StationConfig | None,
        devices: DevicesService | None = None,
        habits: HabitsService | None = None,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._household = household
        self._person = person
        self._seed = seed
        self._outlook = Outlook(household, person, seed=seed, can_charge=station is not None)
        self._hands = Hands(bus, clock, home=household.id, vin=person.car, station=station)
        self._sight = Sight()
        self._devices = devices
        self._habits = habits
        self._memory = Memory()
        self._log = log.bind(person=person.name, car=person.car)

    async def run(self) -> None:
        """Look after the car until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(), name=f"{self._person.name} watches")
            group.create_task(self._live(), name=f"{self._person.name} lives")

    async def _watch(self) -> None:
        """Follow the car's signals; a bus that is away is tried again."""
        while True:
            try:
                ear = await self._bus.subscribe(car_signals(self._person.car), limit=_FRAMES_MAX)
                try:
                    await self._glance()
                    async for message in ear:
                        self._take(message.data, message.subject)
                finally:
                    await ear.close()
            except BusError as error:
                self._log.info("car_out_of_sight", error=error.message)
            await self._clock.sleep(RETRY_S)

    async def _glance(self) -> None:
        """Ask for all signals at once; a silent car tells them within a minute anyway."""
        try:
            reply = await self._bus.request(car_get(self._person.car), b"")
        except BusError:
            return
        self._take(reply.data, car_get(self._person.car))

    def _take(self, data: bytes, subject: str) -> None:
        try:
            frame = decode_frame(data, where=subject)
        except InputError as error:
            self._log.warning("frame_ignored", error=error.message)
            return
        self._sight.take(frame)
        if PLACE in frame.values or MODE in frame.values:
            self._tell_devices()

    def _tell_devices(self) -> None:
        """Who sits in the car is where it is, and so is what they carry."""
        car = self._sight.look()
        if car is not None and self._devices is not None:
            self._devices.see(car, self._person.car)

    async def _live(self) -> None:
        async for now_ns in self._clock.every(LOOK_S):
            car = self._sight.look()
            if car is None:
                continue
            if car.is_driving:
                self._tell_devices()
            self._memory = observe(self._memory, car, now_ns)
            stays = self._outlook.day(now_ns).stays
            step = decide(
                car,
                self._memory,
                stays,
                now_ns,
                prepare_s=self._person.prepare_s,
                around=self._outlook.around(car, now_ns),
            )
            if step is not Step.WAIT:
                await self._do(step, car, *stay_at(stays, now_ns))

    async def _do(self, step: Step, car: CarSeen, stay: Stay, following: Stay | None) -> None:
        match step:
            case Step.PREPARE if following is not None:
                await self._prepare(following)
            case Step.SETTLE:
                await self._settle(car)
            case Step.PLUG:
                await self._plug()
            case Step.LEAVE:
                await self._leave(car, stay)

    async def _prepare(self, following: Stay) -> None:
        answer = await self._hands.tell(self._climate_on())
        self._memory = replace(self._memory, prepared=following.id)
        self._log.info("cabin_prepared", ok=answer.ok, reason=answer.reason)

    async def _settle(self, car: CarSeen) -> None:
        """Get out: climate off, doors locked."""
        answers = [await self._hands.tell(Climate(on=False)), await self._hands.tell(Lock())]
        is_done = all(answer.ok for answer in answers)
        memory = replace(self._memory, is_to_settle=not is_done)
        self._memory = tended(memory, is_done=is_done, now_ns=self._clock.now_ns())
        self._log.info("car_arrived", place=car.place, locked=answers[1].ok)

    async def _plug(self) -> None:
        answer = await self._hands.plug()
        memory = replace(self._memory, is_to_plug=not answer.ok)
        self._memory = tended(memory, is_done=answer.ok, now_ns=self._clock.now_ns())
        self._log.info("cable_plugged", ok=answer.ok, reason=answer.reason)

    async def _leave(self, car: CarSeen, stay: Stay) -> None:
        """Get in and drive to where the stay is; what fails is tried again later."""
        answer = await self._set_off(car, stay)
        now_ns = self._clock.now_ns()
        if answer.ok:
            self._memory = replace(self._memory, sent_ns=now_ns, bound_for=stay.place)
            self._log.info("car_left", origin=car.place, destination=stay.place)
            return
        self._memory = failed(self._memory, stay, now_ns)
        given_up = has_given_up(self._memory, stay)
        event = "outing_given_up" if given_up else "leaving_failed"
        self._log.warning(event, destination=stay.place, reason=answer.reason)
        if given_up:
            await self._hands.tell(Lock())

    async def _set_off(self, car: CarSeen, stay: Stay) -> Answer:
        destination = self._household.place(stay.place)
        assert destination is not None
        try:
            origin = self._household.place(car.place) or _place_of(car)
            drive = Drive(trip=make_trip(origin, destination, seed=self._seed, id=stay.id))
        except InputError as error:
            return Answer(ok=False, reason=error.message)
        if car.is_plugged:
            answer = await self._hands.unplug(car)
            if not answer.ok:
                return answer
        if self._habits is not None and car.place == self._household.home.name:
            await self._habits.before_leaving(self._person.name)
        await self._hands.tell(Unlock())
        if self._outlook.is_harsh(self._clock.now_ns()):
            await self._hands.tell(self._climate_on())
        return await self._drive(drive)

    async def _drive(self, drive: Drive) -> Answer:
        car = self._sight.look()
        if car is None or car.is_driving:
            return Answer(ok=False, reason="someone else drives the car")
        answer = await self._hands.tell(drive)
        if "cable" in answer.reason:
            # Seen late: somebody has plugged it in meanwhile.
            await self._hands.unplug(car)
            answer = await self._hands.tell(drive)
        return answer

    def _climate_on(self) -> Climate:
        return Climate(on=True, target_degc=self._person.cabin_degc)


def _place_of(car: CarSeen) -> Place:
    """Where a car is that stands at no place of the household; `InputError` if nowhere on Earth."""
    return Place(
        name="roadside",
        kind="leisure",
        latitude_deg=car.latitude_deg,
        longitude_deg=car.longitude_deg,
        elevation_m=car.altitude_m,
    )
