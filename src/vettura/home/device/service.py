"""The virtual devices of a home on the bus: they tell how they are, and obey."""

import asyncio
import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import structlog

from vettura.bus.interface import Bus, Message
from vettura.bus.messages import Answer, decode, encode
from vettura.bus.messages_home import Cause, DeviceAction, DeviceState, EntityState
from vettura.bus.subjects import device_about, device_do, device_state
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError, RefusedError
from vettura.home.device.aim import aimed
from vettura.home.device.memory import recalled, removed
from vettura.home.device.model import NEVER_NS, Changing, Giving, Handled, Model, Obeying
from vettura.home.device.telling import RETRY_S, Telling
from vettura.home.device.world import CAR, PERSON, Whereabouts, World
from vettura.home.sight import CarSeen
from vettura.units import NS_PER_S

log = structlog.get_logger()

REMEMBERED_ACTIONS = 256
QUEUE_LIMIT = 256
LINGERS_NS = 60 * NS_PER_S
"""What a device does by itself so soon after an action is that action's doing."""
ROUNDS_MAX = 16
"""How often one device is looked at within one instant before it is left alone."""


@dataclass(slots=True, kw_only=True)
class Slot:
    """A device and how it is."""

    index: int
    model: Model[Any]
    state: Any = None
    changing: Changing | None = None
    obeying: Obeying | None = None
    giving: Giving | None = None
    hands: Sequence[str] = ()
    next_ns: int = NEVER_NS
    told: dict[str, EntityState] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    cause: Cause | None = None
    caused_ns: int = 0


@final
class DevicesService:
    """All virtual devices of one home. `run()` never returns by itself.

    Time passes for a device only when somebody asks it something, when a fact that it reads changes
    or when the instant comes that it has named, so a house where nothing happens costs nothing.
    """

    def __init__(self, bus: Bus, clock: Clock, world: World, models: Sequence[Model[Any]]) -> None:
        self._bus = bus
        self._clock = clock
        self._world = world
        self._home = world.household.id
        self._telling = Telling(bus, clock)
        self._slots = [_slot(index, model) for index, model in enumerate(models)]
        self._owners = {name: slot for slot in self._slots for name in slot.model.about.entities}
        self._readers: dict[str, list[Slot]] = {}
        self._armed_ns = NEVER_NS
        self._group: asyncio.TaskGroup | None = None
        self.on_person: Callable[[str, Whereabouts | None], None] | None = None
        """Called when somebody has gone elsewhere or begun something else, with where they were."""
        self._touched: dict[int, Cause | None] = {}
        self._has_news = asyncio.Event()

    @property
    def world(self) -> World:
        """What is true around them."""
        return self._world

    def state(self, entity: str) -> str:
        """How one entity is; empty when there is none."""
        slot = self._owners.get(entity)
        told = slot.told.get(entity) if slot is not None else None
        return told.state if told is not None else ""

    @property
    def states(self) -> Mapping[str, EntityState]:
        """How all entities are, by id."""
        return {name: told for slot in self._slots for name, told in slot.told.items()}

    async def run(self) -> None:
        """Remember, then live until cancelled."""
        kept = await recalled(self._bus, self._clock, self._home)
        self._world.now_ns = self._clock.now_ns()
        for slot in self._slots:
            slot.state = slot.model.begun(kept.get(slot.model.id, {}), self._world)
        for device, about in removed(kept, {slot.model.id for slot in self._slots}):
            self._telling.say(device_about(self._home, device), about)
        async with asyncio.TaskGroup() as group:
            self._group = group
            for slot in self._slots:
                self._telling.say(device_about(self._home, slot.model.id), slot.model.about)
                group.create_task(self._serve(slot), name=f"{slot.model.id} serves")
            group.create_task(self._telling.run(), name="devices tell")
            await self._react(dict.fromkeys(range(len(self._slots))))
            group.create_task(self._notice(), name="devices notice")

    def see(self, car: CarSeen, vin: str) -> None:
        """Somebody looks at their car."""
        self._world.cars[vin] = car
        self.learn({CAR + vin: car})

    def learn(self, facts: Mapping[str, object]) -> None:
        """Something became true that no device made so; who reads it is looked at at once."""
        for key in self._world.learn(facts):
            self._touched |= {slot.index: None for slot in self._readers_of(key)}
        if self._touched:
            self._has_news.set()

    async def _notice(self) -> None:
        """Look at who reads what was learnt."""
        while True:
            await self._has_news.wait()
            self._has_news.clear()
            touched, self._touched = self._touched, {}
            await self._react(touched)

    async def _react(self, touched: dict[int, Cause | None]) -> None:
        self._look(touched)
        await self._telling.flush()
        self._arm()

    def _arm(self) -> None:
        """Make sure that somebody wakes when the next device changes."""
        next_ns = min((slot.next_ns for slot in self._slots), default=NEVER_NS)
        if next_ns < self._armed_ns and self._group is not None:
            self._armed_ns = next_ns
            self._group.create_task(self._ring(next_ns))

    async def _ring(self, when_ns: int) -> None:
        """Wake at that instant; an alarm that another has overtaken finds nothing to do."""
        await self._clock.sleep_until(when_ns)
        if self._armed_ns <= when_ns:
            self._armed_ns = NEVER_NS
        now_ns = self._clock.now_ns()
        await self._react({s.index: None for s in self._slots if s.next_ns <= now_ns})

    def _look(self, touched: dict[int, Cause | None]) -> None:
        """Let time pass for these devices and for all that notice, then say what changed."""
        now_ns = self._world.now_ns = max(self._clock.now_ns(), self._world.now_ns)
        queue = list(touched)
        heapq.heapify(queue)
        causes, rounds = dict(touched), dict.fromkeys(touched, 0)
        while queue:
            slot = self._slots[heapq.heappop(queue)]
            cause = causes[slot.index]
            rounds[slot.index] += 1
            for reader in self._passed(slot):
                if rounds.get(reader.index, 0) >= ROUNDS_MAX:
                    log.warning("device_never_settles", device=reader.model.id)
                    continue
                causes[reader.index] = causes.get(reader.index) or cause
                rounds.setdefault(reader.index, 0)
                if reader.index not in queue:
                    heapq.heappush(queue, reader.index)
        for index in sorted(rounds):
            self._say(self._slots[index], causes[index], now_ns)

    def _passed(self, slot: Slot) -> list[Slot]:
        """Bring a device up to now; returns who reads what it has made true."""
        if slot.changing is not None:
            slot.state = slot.changing.passed(slot.state, self._world)
            slot.next_ns = max(
                slot.changing.next_ns(slot.state, self._world), self._world.now_ns + 1
            )
        if slot.giving is None:
            return []
        given = slot.giving.gives(slot.state)
        before = {key: self._world.fact(key) for key in given if key.startswith(PERSON)}
        news = self._world.learn(given)
        for key in news:
            if key in before and self.on_person is not None:
                was = before[key]
                self.on_person(
                    key.removeprefix(PERSON), was if isinstance(was, Whereabouts) else None
                )
        return [reader for key in news for reader in self._readers_of(key) if reader is not slot]

    def _readers_of(self, key: str) -> list[Slot]:
        found = self._readers.get(key)
        if found is None:
            found = self._readers[key] = [
                slot
                for slot in self._slots
                if slot.changing and any(key.startswith(begin) for begin in slot.changing.reads)
            ]
        return found

    def _say(self, slot: Slot, cause: Cause | None, now_ns: int) -> None:
        told = slot.model.told(slot.state)
        if told == slot.told:
            return
        if cause is None and now_ns - slot.caused_ns <= LINGERS_NS:
            cause = slot.cause
        slot.told = told
        state = DeviceState(time_ns=now_ns, entities=told, cause=cause)
        self._telling.say(device_state(self._home, slot.model.id), state)

    async def _serve(self, slot: Slot) -> None:
        """Answer actions one after the other."""
        subject = device_do(self._home, slot.model.id)
        while True:
            try:
                ear = await self._bus.subscribe(subject, limit=QUEUE_LIMIT)
                try:
                    async for message in ear:
                        await self._answer(slot, message)
                finally:
                    await ear.close()
            except BusError as error:
                log.info("device_unheard", device=slot.model.id, error=error.message)
            await self._clock.sleep(RETRY_S)

    async def _answer(self, slot: Slot, message: Message) -> None:
        answer = self._obey(slot, message.data)
        await self._telling.flush()
        try:
            await self._bus.respond(message, encode(answer))
        except BusError as error:
            log.info("answer_lost", device=slot.model.id, error=error.message)
        self._arm()

    def _obey(self, slot: Slot, data: bytes) -> Answer:
        try:
            wish = decode(data, DeviceAction, where=slot.model.id)
            if wish.id in slot.answers:
                return slot.answers[wish.id]
            self._act(slot, aimed(slot.model.about, wish, slot.hands))
        except (InputError, RefusedError) as error:
            return Answer(ok=False, reason=error.message)
        answer = slot.answers[wish.id] = Answer(ok=True, state="reached")
        while len(slot.answers) > REMEMBERED_ACTIONS:
            del slot.answers[next(iter(slot.answers))]
        return answer

    def _act(self, slot: Slot, wish: DeviceAction) -> None:
        assert slot.obeying is not None
        self._world.now_ns = max(self._clock.now_ns(), self._world.now_ns)
        slot.state = slot.obeying.obeyed(slot.state, wish, self._world)
        slot.cause = wish.cause or Cause(id=wish.id, who=wish.who or "unknown")
        slot.caused_ns = self._world.now_ns
        self._look({slot.index: slot.cause})


def _slot(index: int, model: Model[Any]) -> Slot:
    return Slot(
        index=index,
        model=model,
        changing=model if isinstance(model, Changing) else None,
        obeying=model if isinstance(model, Obeying) else None,
        giving=model if isinstance(model, Giving) else None,
        hands=model.hands if isinstance(model, Handled) else (),
    )
