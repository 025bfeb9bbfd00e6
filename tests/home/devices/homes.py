"""A home with devices on a rehearsed bus, and what its devices said."""

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

from life.homes import make_household, make_person
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Answer, decode, encode
from vettura.bus.messages_home import DeviceAction, DeviceState
from vettura.bus.subjects import device_do
from vettura.clock import rehearse
from vettura.home.device.kinds import models_of
from vettura.home.device.service import DevicesService
from vettura.home.device.world import World
from vettura.units import NS_PER_S

ROME = ZoneInfo("Europe/Rome")
HOUR_NS = 3600 * NS_PER_S
WALKER = make_person("Anna", car="", work="market", travels_by="foot")
HOUSEHOLD = make_household(WALKER)


def at(year, month, day, hour=0, minute=0):
    return int(datetime(year, month, day, hour, minute, tzinfo=ROME).timestamp()) * NS_PER_S


MONDAY = at(2026, 3, 2)


class Home:
    """What a test does with the devices of a home."""

    def __init__(self, bus, clock, service, world):
        self.bus = bus
        self.clock = clock
        self.service = service
        self.world = world
        self.heard = []
        bus.tap(self._hear)
        self._numbers = iter(range(1, 1_000_000))

    def _hear(self, time_ns, subject, data):
        if subject.startswith("home.") and subject.endswith(".state"):
            self.heard.append((time_ns, decode(data, DeviceState, where=subject)))

    def state(self, entity):
        return self.service.states[entity].state

    def shows(self, entity, attribute):
        return self.service.states[entity].attributes[attribute]

    def history(self, entity):
        """Each state that differs from the one before, with its time."""
        found = []
        for time_ns, told in self.heard:
            if entity in told.entities:
                state = told.entities[entity].state
                if not found or found[-1][1] != state:
                    found.append((time_ns, state))
        return found

    async def do(self, device, action, entity="", **more):
        """Ask a device for something; returns its answer."""
        wish = {"id": f"a{next(self._numbers)}", "action": action, "entity": entity} | more
        return await self.tell(device, encode(DeviceAction(**wish)))

    async def tell(self, device, data):
        reply = await self.bus.request(device_do(self.world.household.id, device), data)
        return decode(reply.data, Answer, where="answer")


def lived(script, *entries, start_ns=MONDAY, household=HOUSEHOLD, seed=7, shuffle=None):
    """What `script(home)` returns of a home with those devices."""

    async def main(clock):
        return await living(clock, MemoryBus(clock), script, entries, household, seed)

    return rehearse(main, start_ns=start_ns, seed=seed, shuffle_seed=shuffle)


async def living(clock, bus, script, entries, household=HOUSEHOLD, seed=7):
    """Devices that live while the script runs."""
    world = World(household, seed=seed)
    service = DevicesService(bus, clock, world, models_of(household, entries))
    home = Home(bus, clock, service, world)
    task = asyncio.create_task(service.run())
    await clock.sleep(0.1)
    try:
        assert not task.done(), task.exception()
        return await script(home)
    finally:
        task.cancel()
        ending = (await asyncio.gather(task, return_exceptions=True))[0]
        assert isinstance(ending, asyncio.CancelledError), ending
