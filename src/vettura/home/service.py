"""The household on the bus: its weather, its plan for the day, and its people with their cars."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import final

import structlog

from vettura.bus.interface import Bus
from vettura.bus.messages import Activity, Today, Wire, encode
from vettura.bus.subjects import HOME_BUCKET, today, weather
from vettura.clock.interface import Clock
from vettura.errors import BusError
from vettura.home.device.service import DevicesService
from vettura.home.habits_service import HabitsService
from vettura.home.outlook import WEATHER_NS, weather_around
from vettura.home.person import PersonService
from vettura.life.day import plan_day
from vettura.life.household import Household
from vettura.life.local_time import day_start_ns, local_date
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S

log = structlog.get_logger()

RETRY_NS = 30 * NS_PER_S


@final
class HouseholdService:
    """The people of one home. `run()` never returns by itself.

    All that happens by chance follows from `seed`; `station` is the wallbox at home, None when
    there is none; of several `stations` each driver has one of their own, as far as they go.
    `devices` notice where the cars are, `habits` say what drivers do first.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        household: Household,
        *,
        seed: int,
        station: StationConfig | None,
        stations: Sequence[StationConfig] = (),
        devices: DevicesService | None = None,
        habits: HabitsService | None = None,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._household = household
        self._seed = seed
        drivers = [person for person in household.people if person.car]
        places = [stations[k] if k < len(stations) else station for k in range(len(drivers))]
        self._people = [
            PersonService(
                bus,
                clock,
                household,
                person,
                seed=seed,
                station=own,
                devices=devices,
                habits=habits,
            )
            for person, own in zip(drivers, places, strict=True)
        ]

    async def run(self) -> None:
        """Live until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell_weather(), name="weather")
            group.create_task(self._tell_today(), name="today")
            for person in self._people:
                group.create_task(person.run())

    async def _tell_weather(self) -> None:
        subject = weather(self._household.id)
        while True:
            now_ns = self._clock.now_ns()
            told = await self._tell(
                subject, weather_around(self._household.home, now_ns, self._seed)
            )
            next_ns = (now_ns // WEATHER_NS + 1) * WEATHER_NS
            await self._clock.sleep_until(next_ns if told else min(next_ns, now_ns + RETRY_NS))

    async def _tell_today(self) -> None:
        subject = today(self._household.id)
        zone = self._household.timezone
        while True:
            now_ns = self._clock.now_ns()
            told = await self._tell(subject, self._today(now_ns))
            next_ns = day_start_ns(local_date(now_ns, zone) + timedelta(days=1), zone)
            await self._clock.sleep_until(next_ns if told else min(next_ns, now_ns + RETRY_NS))

    async def _tell(self, subject: str, message: Wire) -> bool:
        """Publish and keep; returns whether both worked."""
        try:
            await self._bus.publish(subject, encode(message))
            bucket = await self._bus.bucket(HOME_BUCKET)
            await bucket.put(subject, encode(message))
        except BusError as error:
            log.info("home_not_told", subject=subject, error=error.message)
            return False
        return True

    def _today(self, now_ns: int) -> Today:
        day = local_date(now_ns, self._household.timezone)
        activities = [
            Activity(
                start_ns=outing.leave_ns,
                person=outing.person,
                what=outing.purpose,
                place=outing.destination,
            )
            for outing in plan_day(self._household, day, self._seed)
        ]
        return Today(time_ns=now_ns, activities=activities)
