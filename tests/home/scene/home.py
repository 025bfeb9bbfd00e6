"""A home on a rehearsed bus for the scenes: devices that obey, and can be set by a test."""

import asyncio

from home.scene.made import NOON_NS, TURIN
from vettura.bus.memory import MemoryBus
from vettura.bus.messages import Answer, decode, encode
from vettura.bus.messages_home import (
    Called,
    DeviceAbout,
    DeviceAction,
    DeviceState,
    EntityAbout,
    EntityState,
    Trace,
)
from vettura.bus.subjects import (
    HOME_BUCKET,
    called,
    device_about,
    device_do,
    device_state,
    trace,
)
from vettura.clock import rehearse
from vettura.home.scene.read import read_scenes_text
from vettura.home.scene.service import SceneService
from vettura.home.scene.world import HomePlace
from vettura.words.domains import ACTIONS

HOME = "casa"


class Device:
    """One device with entities that are set by a test, and by turn_on, turn_off, lock, ..."""

    def __init__(self, bus, clock, name, **entities):
        self.bus, self.clock, self.name = bus, clock, name
        self.entities = {
            entity.replace("__", ".", 1): EntityState(state=state)
            for entity, state in entities.items()
        }
        self.told = []
        """(seconds after noon, action, entity, data) of every action that was obeyed."""
        self.refuses = ""
        self.is_deaf = False
        self._answers = {}

    async def begin(self):
        about = DeviceAbout(
            name=self.name,
            area="Hall",
            entities={
                entity: EntityAbout(
                    name=entity,
                    actions=[
                        f"{entity.partition('.')[0]}.{verb}"
                        for verb in ACTIONS.get(entity.partition(".")[0], ())
                    ],
                )
                for entity in self.entities
            },
        )
        await self._keep(device_about(HOME, self.name), about)
        await self.tell()

    async def tell(self, cause=None):
        state = DeviceState(time_ns=self.clock.now_ns(), entities=dict(self.entities), cause=cause)
        await self._keep(device_state(HOME, self.name), state)

    async def set(self, entity, state, **attributes):
        self.entities[entity] = EntityState(state=state, attributes=attributes)
        await self.tell()

    async def run(self):
        ear = await self.bus.subscribe(device_do(HOME, self.name))
        await self.begin()
        async for message in ear:
            action = decode(message.data, DeviceAction, where="test")
            if self.is_deaf:
                continue
            if action.id not in self._answers:
                self._answers[action.id] = await self._obey(action)
            await self.bus.respond(message, encode(self._answers[action.id]))

    async def _obey(self, action):
        if self.refuses:
            return Answer(ok=False, reason=self.refuses)
        seconds = (self.clock.now_ns() - NOON_NS) / 1e9
        self.told.append((seconds, action.action, action.entity, action.data))
        verb = action.action.partition(".")[2]
        words = {"turn_on": "on", "turn_off": "off", "lock": "locked", "open_cover": "open"}
        if verb in words:
            self.entities[action.entity] = EntityState(state=words[verb])
            await self.tell(action.cause)
        return Answer(ok=True)

    async def _keep(self, subject, message):
        await self.bus.publish(subject, encode(message))
        await (await self.bus.bucket(HOME_BUCKET)).put(subject, encode(message))


class Heard:
    """What scenes have told on the bus."""

    def __init__(self, bus):
        self.called, self.traces, self.messages = [], [], 0
        bus.tap(self._hear)

    def _hear(self, _time_ns, subject, data):
        self.messages += 1
        if subject == called(HOME):
            self.called.append(decode(data, Called, where=subject))
        elif subject == trace(HOME):
            self.traces.append(decode(data, Trace, where=subject))

    def actions(self):
        return [(each.action, tuple(each.entities)) for each in self.called]


def scenes_on(bus, clock, text):
    place = HomePlace(**TURIN)
    return SceneService(bus, clock, read_scenes_text(text), place, home=HOME)


async def live(*services):
    """Start services; returns what stops them and raises what went wrong."""
    tasks = [asyncio.create_task(service.run()) for service in services]

    async def stop():
        for task in tasks:
            task.cancel()
        endings = await asyncio.gather(*tasks, return_exceptions=True)
        crashed = [end for end in endings if not isinstance(end, asyncio.CancelledError)]
        assert not crashed, crashed

    return stop


def rehearsed(text, script, *, faults=None, shuffle=None, **entities):
    """Run scenes beside one device; `script(device, clock, bus, heard)` is the test's part."""

    async def main(clock):
        bus = MemoryBus(clock, faults=faults) if faults else MemoryBus(clock)
        heard = Heard(bus)
        device = Device(bus, clock, "hall", **entities)
        service = scenes_on(bus, clock, text)
        stop = await live(device, service)
        await clock.sleep(5.0)
        await script(device, clock, bus, heard)
        await clock.sleep(1.0)
        await stop()
        return device, heard, service

    return rehearse(main, start_ns=NOON_NS, seed=7, shuffle_seed=shuffle)
