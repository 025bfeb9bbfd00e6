"""People at home put their hands on devices: their habits, over the bus as any wish."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import final

import structlog

from vettura.bus.interface import Bus
from vettura.bus.messages import Answer, decode, encode
from vettura.bus.messages_home import first_action
from vettura.bus.subjects import device_do
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError
from vettura.home.device.entity import DeviceEntry
from vettura.home.device.service import DevicesService
from vettura.home.device.world import LIT, Whereabouts
from vettura.home.habits import DARK_W_PER_M2, Deed, Moment, Things, deeds, opening
from vettura.life.household import Person
from vettura.life.local_time import local_date
from vettura.units import PERCENT
from vettura.words.slugs import slug_of

log = structlog.get_logger()

PATIENCE_S = 3.0
TRIES = 3
"""Who sees that nothing happens tries again; the device obeys once."""
MOVES_MAX = 1_000
DOOR_WAIT_S = 60.0


@final
class HabitsService:
    """What the people of a home do to its virtual devices. `run()` never returns by itself."""

    def __init__(
        self, bus: Bus, clock: Clock, devices: DevicesService, entries: Sequence[DeviceEntry]
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._devices = devices
        self._world = devices.world
        self._people = {person.name: person for person in self._world.household.people}
        self._things = Things(entries)
        self._moves: deque[tuple[str, Moment]] = deque(maxlen=MOVES_MAX)
        self._has_moves = asyncio.Event()
        devices.on_person = self._notice

    async def run(self) -> None:
        """Live until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._has_moves.wait()
                self._has_moves.clear()
                while self._moves:
                    name, moment = self._moves.popleft()
                    chance = self._world.chance(f"habit.{name}")
                    for deed in deeds(name, moment, self._things, chance):
                        group.create_task(self._do_later(name, deed))

    async def before_leaving(self, name: str) -> None:
        """Open the garage door and wait until it is open, for who drives off from home."""
        for door in self._things.garage_doors:
            await self._do(name, opening(door))
            entity = f"cover.{door.slug}"
            waited_s = 0.0
            while self._devices.state(entity) == "opening" and waited_s < DOOR_WAIT_S:
                await self._clock.sleep(1.0)
                waited_s += 1.0

    def _notice(self, name: str, before: Whereabouts | None) -> None:
        """Called in the middle of a device's thoughts: only remember."""
        now = self._world.where(name)
        if before is None or now is None:
            return
        if (before.place, before.room, before.doing) == (now.place, now.room, now.doing):
            return
        self._moves.append((name, self._moment(self._people[name], before, now)))
        self._has_moves.set()

    def _moment(self, person: Person, before: Whereabouts, now: Whereabouts) -> Moment:
        world = self._world
        others = [world.where(name) for name in self._people if name != person.name]
        today = local_date(world.now_ns, world.household.timezone)
        mine = [each for each in self._things.scooters if each.person == person.name]
        percents = [self._devices.state(f"sensor.{each.slug}_battery") for each in mine]
        return Moment(
            before=before,
            now=now,
            others=[other for other in others if other is not None],
            is_dark=world.weather().sun_w_per_m2 < DARK_W_PER_M2,
            weekday=today.weekday(),
            home=world.household.home.name,
            has_car=bool(person.car),
            scooter_percent=min((float(p) for p in percents if p), default=PERCENT),
        )

    async def _do_later(self, name: str, deed: Deed) -> None:
        await self._clock.sleep(deed.after_s)
        await self._do(name, deed)

    async def _do(self, name: str, deed: Deed) -> None:
        """Look, and act if there is still something to do."""
        if deed.only_if and self._devices.state(deed.entity) not in deed.only_if:
            return
        if deed.is_alone and self._is_somebody(deed.is_alone):
            return
        if deed.is_unlit and self._world.total(f"{LIT}{deed.is_unlit}.") > 0.0:
            return
        who = f"person.{slug_of(name)}"
        wish = first_action(
            self._clock.new_id("habit"),
            who=who,
            action=deed.action,
            entity=deed.entity,
            data=dict(deed.data),
        )
        subject = device_do(self._world.household.id, deed.device)
        for _ in range(TRIES):
            try:
                reply = await self._bus.request(subject, encode(wish), timeout_s=PATIENCE_S)
                answer = decode(reply.data, Answer, where=subject)
            except (BusError, InputError) as error:
                log.info("habit_unanswered", person=name, action=deed.action, error=error.message)
                await self._clock.sleep(PATIENCE_S)
                continue
            if not answer.ok:
                log.info("habit_refused", person=name, action=deed.action, reason=answer.reason)
            return

    def _is_somebody(self, room: str) -> bool:
        if room == "home":
            return any(self._world.is_home(name) for name in self._people)
        return bool(self._world.people_in(room))
