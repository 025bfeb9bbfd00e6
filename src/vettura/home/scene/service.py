"""Scenes on the bus: they follow the home, and have its devices do what they want."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import NamedTuple, final

import structlog

from vettura.bus.interface import Bus, Message, Subscription
from vettura.bus.messages import Answer, Wire, decode, encode
from vettura.bus.messages_home import (
    Called,
    Cause,
    DeviceAbout,
    DeviceAction,
    HomeEvent,
    TopicMessage,
    TopicsWanted,
    Trace,
)
from vettura.bus.patience import patiently
from vettura.bus.subjects import (
    HOME_BUCKET,
    called,
    device_about,
    device_do,
    device_state,
    home_event,
    topic_in,
    topic_out,
    topics_wanted,
    trace,
)
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError
from vettura.home.device.telling import Telling
from vettura.home.scene.asking import ASKED_MAX, Asking, in_real_time
from vettura.home.scene.calls import Order
from vettura.home.scene.engine import Engine
from vettura.home.scene.kept import KeptRun
from vettura.home.scene.memory import Memory
from vettura.home.scene.own_device import DEVICE, NAME, OwnDevice
from vettura.home.scene.parts import Scenes
from vettura.home.scene.surroundings import Surroundings
from vettura.home.scene.traces import Traces
from vettura.home.scene.world import HomePlace
from vettura.units import NS_PER_S
from vettura.words.domains import is_action

log = structlog.get_logger()

GRACE_S = 2.0
"""So long after the house has started its devices may still introduce themselves; when the clock
runs fast, that long in real time."""
LATE_S = 0.1
"""After a flood the newest states are looked at so often."""
QUEUE_LIMIT = 20_000
REMEMBERED_ACTIONS = 256
OWN_EVENTS_MAX = 1_000

Take = Callable[[Message, int], None]


class Start(NamedTuple):
    """When automations begin to listen, and the runs that then go on."""

    when_ns: int
    runs: list[KeptRun]


@final
class SceneService:
    """The scenes of one home. `run()` never returns by itself.

    What automations are on, the values of inputs, and runs in the middle of a delay or wait
    outlive a restart. With `tells_all` every refusal is told, not only the first of a reason.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        scenes: Scenes,
        place: HomePlace,
        *,
        home: str,
        seed: int = 0,
        tells_all: bool = False,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._home = home
        self.engine = Engine(
            scenes,
            place,
            self,
            now_ns=clock.now_ns(),
            new_id=lambda: clock.new_id("run"),
            seed=seed,
            tells_all=tells_all,
        )
        self._own = OwnDevice(self.engine.world, scenes)
        self._surroundings = Surroundings(self.engine, frozenset(self._own.about.entities))
        self._telling = Telling(bus, clock)
        self._asking = Asking(bus, clock, home)
        self._memory = Memory(bus, clock, home, self.engine)
        self._traces = Traces(bus, clock)
        self._answers: dict[str, Answer] = {}
        self._own_events: deque[bytes] = deque(maxlen=OWN_EVENTS_MAX)
        self._orders: deque[tuple[Order, Callable[[Answer], None]]] = deque()
        self._group: asyncio.TaskGroup | None = None
        self._sooner = asyncio.Event()
        self._alarm_ns: int | None = None
        self._filters: list[str] | None = None
        self._late: asyncio.Task[None] | None = None
        self._start: Start | None = None
        self._version = 0

    # As the host of the engine

    def order(self, order: Order, done: Callable[[Answer], None]) -> None:
        """Ask a device."""
        if self._asking.count + len(self._orders) >= ASKED_MAX:
            done(Answer(ok=False, reason="too many actions wait for answers", code="busy"))
        else:
            self._orders.append((order, done))

    def device_of(self, entity_id: str) -> str | None:
        """The device of an entity."""
        return self.engine.world.directory.owner(entity_id)

    def knows(self, action: str) -> bool:
        """Whether there is such an action."""
        if action.startswith(("notify.", "script.")):
            return False
        return is_action(action) or self.engine.world.directory.knows_action(action)

    # Life

    async def run(self) -> None:
        """Remember, then live until cancelled."""
        ears = await self._listen()
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self._telling.run(), name="scenes tell")
            group.create_task(self._traces.run(), name="scenes trace")
            await self._begin()
            for ear, take in ears:
                group.create_task(self._hear(ear, take), name="scenes hear")
            group.create_task(self._serve(), name="scenes serve")
            group.create_task(self._keep_time(), name="scenes keep time")
            group.create_task(self._memory.run(), name="scenes remember")

    async def _listen(self) -> list[tuple[Subscription, Take]]:
        home = self._home
        wanted: list[tuple[str, Take]] = [
            (device_about(home, "*"), self._take_about),
            (device_state(home, "*"), self._take_state),
            (home_event(home), self._take_event),
            (topic_in(home), self._take_topic),
        ]
        ears = []
        for pattern, take in wanted:
            listen = partial(self._bus.subscribe, pattern, limit=QUEUE_LIMIT)
            ears.append((await patiently(self._clock, listen), take))
        return ears

    async def _begin(self) -> None:
        """Learn how the home is and become what it was; automations listen after a while."""
        kept = await self._memory.recall()
        await self._look_around()
        self._telling.say(device_about(self._home, DEVICE), self._own.about)
        self.engine.world.now_ns = self._clock.now_ns()
        self.engine.show(kept.before)
        await self._after()
        grace_s = in_real_time(self._clock, GRACE_S)
        self._start = Start(self._clock.now_ns() + round(grace_s * NS_PER_S), kept.runs)

    async def _look_around(self) -> None:
        """Take what devices have told before."""
        bucket = await patiently(self._clock, lambda: self._bus.bucket(HOME_BUCKET))
        keys = sorted(await patiently(self._clock, bucket.keys))
        about = [key for key in keys if key.endswith(".about")]
        states = [key for key in keys if key.endswith(".state")]
        now_ns = self._clock.now_ns()
        for key in (*about, *states):
            entry = await patiently(self._clock, partial(bucket.get, key))
            if entry is not None and entry.value is not None and self._is_ours(key):
                take = self._take_about if key.endswith(".about") else self._take_state
                take(Message(key, entry.value, {}), now_ns)

    def _is_ours(self, key: str) -> bool:
        parts = key.split(".")
        return len(parts) == 4 and parts[:2] == ["home", self._home]

    # Hearing

    async def _hear(self, ear: Subscription, take: Callable[[Message, int], None]) -> None:
        async for message in ear:
            now_ns = self._to_now()
            take(message, now_ns)
            if self._has_news():
                await self._after()

    def _to_now(self) -> int:
        """Let the engine's time be the clock's; what is due right now comes after what is heard."""
        now_ns = self._clock.now_ns()
        engine = self.engine
        if engine.world.now_ns < now_ns:
            engine.advance(now_ns - 1)
            engine.world.now_ns = now_ns
        return now_ns

    def _take_about(self, message: Message, _now_ns: int) -> None:
        device = message.subject.split(".")[2]
        if device != DEVICE:
            self._surroundings.about(device, message.data)

    def _take_state(self, message: Message, now_ns: int) -> None:
        device = message.subject.split(".")[2]
        if device == DEVICE:
            return
        self._surroundings.state(device, message.data, now_ns)
        if self._surroundings.has_late and self._late is None and self._group is not None:
            self._late = self._group.create_task(self._catch_up(), name="scenes catch up")

    async def _catch_up(self) -> None:
        await self._clock.sleep(max(LATE_S, self._clock.resolution_s))
        self._late = None
        self._to_now()
        self._surroundings.catch_up()
        await self._after()

    def _take_event(self, message: Message, now_ns: int) -> None:
        if message.data in self._own_events:
            self._own_events.remove(message.data)
        else:
            self._surroundings.event(message.data, now_ns)

    def _take_topic(self, message: Message, now_ns: int) -> None:
        self._surroundings.topic(message.data, now_ns)

    # Being asked

    async def _serve(self) -> None:
        """Answer actions for automations, scripts and inputs."""
        subject = device_do(self._home, DEVICE)
        listen = partial(self._bus.subscribe, subject, limit=QUEUE_LIMIT)
        ear = await patiently(self._clock, listen)
        async for message in ear:
            self._to_now()
            answer = self._obey(message.data)
            await self._after()
            try:
                await self._bus.respond(message, encode(answer))
            except BusError as error:
                log.info("answer_lost", error=error.message)

    def _obey(self, data: bytes) -> Answer:
        try:
            wish = decode(data, DeviceAction, where="action for scenes")
        except InputError as error:
            return Answer(ok=False, reason=error.message)
        if wish.id in self._answers:
            return self._answers[wish.id]
        if wish.entity and wish.entity not in self._own.about.entities:
            return Answer(ok=False, reason=f"there is no {wish.entity}", code="unknown")
        if self.engine.calls.handler(wish.action) is None:
            return Answer(ok=False, reason=f"scenes cannot do {wish.action}", code="unknown")
        cause = wish.cause or Cause(id=wish.id, who=wish.who or "unknown")
        data_asked = {**wish.data, **({"entity_id": wish.entity} if wish.entity else {})}
        # What takes time is answered as accepted: how it ends is told by its trace.
        answers = [Answer(ok=True, state="accepted")]
        self.engine.call(wish.action, data_asked, cause, answers.append)
        answer = answers[-1]
        self._answers[wish.id] = answer
        while len(self._answers) > REMEMBERED_ACTIONS:
            del self._answers[next(iter(self._answers))]
        return answer

    # Time

    async def _keep_time(self) -> None:
        """Let happen what is due, when it is."""
        while True:
            self._alarm_ns = self._next_ns()
            self._sooner.clear()
            if self._alarm_ns is None:
                await self._sooner.wait()
            elif self._alarm_ns > self._clock.now_ns():
                left_s = (self._alarm_ns - self._clock.now_ns()) / NS_PER_S
                with suppress(TimeoutError):
                    await self._clock.wait_for(self._sooner.wait(), left_s)
            now_ns = self._clock.now_ns()
            due_ns = self._next_ns()
            if due_ns is not None and due_ns <= now_ns:
                await self._let_begin(now_ns)
                self.engine.advance(self._clock.now_ns())
                await self._after()

    def _next_ns(self) -> int | None:
        instants = [self.engine.next_ns(), self._start.when_ns if self._start else None]
        return min((each for each in instants if each is not None), default=None)

    async def _let_begin(self, now_ns: int) -> None:
        if self._start is None or self._start.when_ns > now_ns:
            return
        runs, self._start = self._start.runs, None
        # Who was introduced just before we listened, and kept just after we looked.
        await self._look_around()
        self._to_now()
        self.engine.start()
        self.engine.go_on(runs)

    # Telling

    def _has_news(self) -> bool:
        world = self.engine.world
        if world.outbox or world.lines or self._orders or self._own.is_changed:
            return True
        next_ns = self.engine.next_ns()
        return next_ns is not None and (self._alarm_ns is None or next_ns < self._alarm_ns)

    async def _after(self) -> None:
        """Tell and ask what the engine left, and wake when it is next due."""
        for line in self.engine.take_lines():
            log.warning("scene", line=line)
        is_changed = self._own.is_changed
        if is_changed:
            self._telling.say(device_state(self._home, DEVICE), self._own.told())
        for message in self.engine.take():
            self._say(message)
        if is_changed or self._version != self.engine.runner.version:
            self._version = self.engine.runner.version
            self._memory.is_stale = True
        filters = self.engine.filters()
        if filters != self._filters:
            self._filters = filters
            self._telling.say(topics_wanted(self._home), TopicsWanted(filters=filters))
        while self._orders and self._group is not None:
            order, done = self._orders.popleft()
            self._group.create_task(self._ask(order, done))
        next_ns = self.engine.next_ns()
        if next_ns is not None and (self._alarm_ns is None or next_ns < self._alarm_ns):
            self._sooner.set()
        await self._telling.flush()

    def _say(self, message: Wire) -> None:
        match message:
            case Called():
                log.info(
                    "scene_called",
                    scene=message.scene,
                    action=message.action,
                    entities=message.entities,
                    refused=message.reason,
                )
                self._telling.say(called(self._home), message, keeps=False)
            case Trace():
                self._traces.say(trace(self._home), message)
            case HomeEvent():
                self._own_events.append(encode(message))
                self._telling.say(home_event(self._home), message, keeps=False)
            case TopicMessage():
                self._telling.say(topic_out(self._home), message, keeps=False)
            case _:
                raise AssertionError(message)

    async def _ask(self, order: Order, done: Callable[[Answer], None]) -> None:
        answer = await self._asking.ask(order)
        self._to_now()
        self.engine.answered(lambda: done(answer))
        await self._after()


async def forget_scenes(bus: Bus, clock: Clock, home: str) -> None:
    """Say that the device of the scenes is gone: the home file names none any more."""
    bucket = await patiently(clock, lambda: bus.bucket(HOME_BUCKET))
    about = device_about(home, DEVICE)
    if await patiently(clock, lambda: bucket.get(about)) is None:
        return
    await patiently(clock, lambda: bus.publish(about, encode(DeviceAbout(name=NAME))))
    for key in (about, device_state(home, DEVICE)):
        await patiently(clock, partial(bucket.delete, key))


@final
class NoScenes:
    """Stands where scenes would, in a home that has none."""

    def __init__(self, bus: Bus, clock: Clock, *, home: str) -> None:
        self._bus = bus
        self._clock = clock
        self._home = home

    async def run(self) -> None:
        """Forget those of before; then there is nothing to do."""
        await forget_scenes(self._bus, self._clock, self._home)
