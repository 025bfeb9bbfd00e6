"""A car as a device of the home: it tells its entities, and hands actions on as commands."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple, final

import structlog

from vettura.bus.ask import ask
from vettura.bus.interface import Bus
from vettura.bus.messages import (
    Answer,
    Command,
    SignalValue,
    Targets,
    decode,
    decode_frame,
    encode,
)
from vettura.bus.messages_home import Cause, DeviceAction, DeviceState, EntityState
from vettura.bus.paths import PLACE
from vettura.bus.signals import signal_table
from vettura.bus.subjects import (
    car_do,
    car_get,
    car_signals,
    car_targets,
    device_about,
    device_do,
    device_state,
)
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError
from vettura.home.device.person import zone_state
from vettura.home.device.telling import RETRY_S, Telling
from vettura.life.household import Household
from vettura.units import NS_PER_S
from vettura.words.car_actions import read_action
from vettura.words.car_entities import (
    COMPONENTS,
    PLACE_KEY,
    Pace,
    about_of,
    shown_by,
    states_of,
)
from vettura.words.car_orders import Unclear
from vettura.words.states import UNAVAILABLE

log = structlog.get_logger()

NEVER_S = 1e9
SILENCE_NS = 180 * NS_PER_S
"""A car that has not spoken for so long is unavailable; it speaks every 60 s."""
CAUSED_NS = 60 * NS_PER_S
"""What changes of an entity so soon after it was acted on is that action's doing."""
AIM_MARGIN_S = 2.0
MEET_S = 1.0
PATIENCE_S = 6.0
QUEUE_LIMIT = 512
REMEMBERED_ACTIONS = 256
SHOWN_BY = shown_by(PLACE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarFacts:
    """What is told of a car before it has said a word."""

    vin: str
    slug: str
    """Begins its entity ids, and is its device id."""
    name: str
    make: str
    model: str


class _Caused(NamedTuple):
    cause: Cause
    time_ns: int


@final
class CarDeviceService:
    """One car among the devices. `run()` never returns by itself."""

    def __init__(self, bus: Bus, clock: Clock, household: Household, car: CarFacts) -> None:
        self._bus = bus
        self._clock = clock
        self._household = household
        self._car = car
        self._telling = Telling(bus, clock)
        self._values: dict[str, SignalValue] = {}
        self._aims: dict[str, tuple[SignalValue, int]] = {}
        self._told: dict[str, EntityState] = {}
        self._told_ns = self._heard_ns = 0
        self._caused: dict[str, _Caused] = {}
        self._stale: set[str] = set()
        """Entities that may have changed since they were told."""
        self._due_ns: int | None = None
        self._is_sooner = asyncio.Event()
        self._answers: dict[str, Answer] = {}

    async def run(self) -> None:
        """Introduce the car, then tell and obey until cancelled."""
        car = self._car
        about = about_of(car.slug, name=car.name, make=car.make, model=car.model)
        self._telling.say(device_about(self._household.id, car.slug), about)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._telling.run(), name=f"{car.slug} keeps")
            group.create_task(self._listen(), name=f"{car.slug} listens")
            group.create_task(self._meet(), name=f"{car.slug} meets")
            group.create_task(self._aim(), name=f"{car.slug} aims")
            group.create_task(self._tell(), name=f"{car.slug} tells")
            group.create_task(self._serve(), name=f"{car.slug} serves")
            group.create_task(self._watch(), name=f"{car.slug} watches")

    # Hearing

    async def _listen(self) -> None:
        """Follow the car's signals; a bus that is away is tried again."""
        while True:
            try:
                ear = await self._bus.subscribe(car_signals(self._car.vin), limit=QUEUE_LIMIT)
                try:
                    async for message in ear:
                        self._take(message.data)
                finally:
                    await ear.close()
            except BusError as error:
                log.info("car_unheard", car=self._car.vin, error=error.message)
            await self._clock.sleep(RETRY_S)

    async def _meet(self) -> None:
        """Ask for all signals at once, until the car has told them."""
        while not self._values:
            try:
                reply = await self._bus.request(car_get(self._car.vin), b"")
                self._take(reply.data)
            except BusError:
                await self._clock.sleep(max(MEET_S, self._clock.resolution_s))

    def _take(self, data: bytes) -> None:
        try:
            frame = decode_frame(data, where=car_signals(self._car.vin))
        except InputError as error:
            log.warning("frame_ignored", error=error.message)
            return
        self._heard_ns = now_ns = self._clock.now_ns()
        if self._values or frame.full:
            self._learn(frame.values, now_ns)

    def _learn(self, fresh: dict[str, SignalValue], now_ns: int) -> None:
        """Take values, and see to it that what changes of the entities is told in time.

        What changes all the time is told with the first frame after a while: a car that moves
        speaks often, and one that stands has nothing urgent to say.
        """
        values, stale = self._values, self._stale
        pace_s = NEVER_S
        for path, value in fresh.items():
            before = values.get(path)
            if before == value:
                continue
            values[path] = value
            for shows in SHOWN_BY.get(path, ()):
                if before is None or shows.read(value) != shows.read(before):
                    stale.add(shows.key)
                    pace_s = min(pace_s, shows.pace.value)
        if pace_s < Pace.LATER.value:
            self._tell_after(pace_s)
        elif stale and now_ns >= self._told_ns + round(Pace.LATER.value * NS_PER_S):
            self._tell_after(0.0)

    def _tell_after(self, pause_s: float) -> None:
        """Tell what has changed, at least so long after what was told before [s]."""
        due_ns = self._told_ns + round(pause_s * NS_PER_S)
        if self._due_ns is None or due_ns < self._due_ns:
            self._due_ns = due_ns
            self._is_sooner.set()

    async def _aim(self) -> None:
        """Follow what actuators were told to become: they are moving until they are there."""
        while True:
            try:
                ear = await self._bus.subscribe(car_targets(self._car.vin), limit=QUEUE_LIMIT)
                async for message in ear:
                    targets = decode(message.data, Targets, where=message.subject)
                    now_ns = self._clock.now_ns()
                    for path, value in targets.values.items():
                        if self._aims.get(path, (None, 0))[0] != value:
                            self._aims[path] = (value, now_ns)
                            self._move(path)
            except (BusError, InputError) as error:
                log.info("targets_unheard", car=self._car.vin, error=error.message)
            await self._clock.sleep(RETRY_S)

    def _move(self, path: str) -> None:
        """An actuator is moving, or is to be looked at whether it still is."""
        keys = [shows.key for shows in SHOWN_BY.get(path, ())]
        if keys:
            self._stale.update(keys)
            self._tell_after(Pace.SOON.value)

    def _moving(self) -> dict[str, SignalValue]:
        now_ns, table = self._clock.now_ns(), signal_table()
        return {
            path: value
            for path, (value, since_ns) in self._aims.items()
            if path in table
            and table[path].travel_s > 0.0
            and now_ns - since_ns < (table[path].travel_s + AIM_MARGIN_S) * NS_PER_S
            and self._values.get(path) != value
        }

    # Telling

    async def _tell(self) -> None:
        """Tell when it is due; a moving actuator is looked at again until it has arrived."""
        while True:
            self._is_sooner.clear()
            due_ns, now_ns = self._due_ns, self._clock.now_ns()
            if due_ns is None:
                await self._is_sooner.wait()
            elif due_ns > now_ns:
                with suppress(TimeoutError):
                    left_s = (due_ns - now_ns) / NS_PER_S
                    await self._clock.wait_for(self._is_sooner.wait(), left_s)
            else:
                self._due_ns = None
                await self._tell_stale()

    async def _tell_stale(self) -> None:
        stale, self._stale = self._stale, set()
        moving = self._moving()
        fresh = self._states(_entities_of(stale), moving)
        changed = {key for key, state in fresh.items() if self._told.get(key) != state}
        if changed:
            self._told |= fresh
            await self._say(changed)
        for path in moving:
            self._move(path)

    async def _say(self, changed: set[str]) -> None:
        now_ns = self._told_ns = self._clock.now_ns()
        slug = self._car.slug
        told = ((key, self._told[key]) for key in COMPONENTS if key in self._told)
        entities = {f"{COMPONENTS[key]}.{slug}_{key}": each for key, each in told}
        state = DeviceState(time_ns=now_ns, entities=entities, cause=self._cause(changed, now_ns))
        self._telling.say(device_state(self._household.id, slug), state)
        await self._telling.flush()

    def _states(self, keys: set[str], moving: dict[str, SignalValue]) -> dict[str, EntityState]:
        if self._clock.now_ns() - self._heard_ns > SILENCE_NS:
            return {key: EntityState(state=UNAVAILABLE) for key in COMPONENTS}
        if not self._told or self._told["status"].state == UNAVAILABLE:
            keys = set(COMPONENTS)
        zone = zone_state(self._household, str(self._values.get(PLACE, "")))
        return states_of(keys, self._values, moving, zone=zone)

    def _cause(self, changed: set[str], now_ns: int) -> Cause | None:
        """Why: the last action for one of the entities that have changed."""
        self._caused = {
            key: caused
            for key, caused in self._caused.items()
            if now_ns - caused.time_ns < CAUSED_NS
        }
        causes = [caused for key, caused in self._caused.items() if key in changed]
        return max(causes, key=lambda each: each.time_ns).cause if causes else None

    async def _watch(self) -> None:
        """A car that has fallen silent is unavailable."""
        async for now_ns in self._clock.every(SILENCE_NS / NS_PER_S):
            if self._values and now_ns - self._heard_ns > SILENCE_NS:
                self._tell_after(0.0)

    # Obeying

    async def _serve(self) -> None:
        subject = device_do(self._household.id, self._car.slug)
        while True:
            try:
                ear = await self._bus.subscribe(subject, limit=QUEUE_LIMIT)
                async for message in ear:
                    answer = await self._obey(message.data)
                    await self._bus.respond(message, encode(answer))
            except BusError as error:
                log.info("car_device_unheard", car=self._car.vin, error=error.message)
            await self._clock.sleep(RETRY_S)

    async def _obey(self, data: bytes) -> Answer:
        try:
            wish = decode(data, DeviceAction, where=self._car.slug)
        except InputError as error:
            return Answer(ok=False, reason=error.message)
        if wish.id not in self._answers:
            answer = await self._act(wish)
            if not answer.ok and answer.code in {"unavailable", "busy"}:
                # It may be tried again under its id.
                return answer
            self._answers[wish.id] = answer
            while len(self._answers) > REMEMBERED_ACTIONS:
                del self._answers[next(iter(self._answers))]
        return self._answers[wish.id]

    async def _act(self, wish: DeviceAction) -> Answer:
        key = wish.entity.partition(".")[2].removeprefix(f"{self._car.slug}_")
        told = self._told.get(key)
        if COMPONENTS.get(key) != wish.action.partition(".")[0]:
            return Answer(ok=False, reason=f"{wish.entity} cannot do {wish.action}", code="unknown")
        is_on = None if told is None else told.state in {"on", "open", "opening"}
        verbs = read_action(key, wish.action, wish.data, is_on=is_on)
        if isinstance(verbs, Unclear):
            return Answer(ok=False, reason=verbs.reason, code=verbs.code)
        cause = wish.cause or Cause(id=wish.id, who=wish.who or "unknown")
        self._caused |= dict.fromkeys(_moved_by(key), _Caused(cause, self._clock.now_ns()))
        answer = Answer(ok=True)
        for index, verb in enumerate(verbs):
            command = Command(
                id=f"{wish.id}-{index}", verb=verb, who=wish.who or cause.who, role="owner"
            )
            subject = car_do(self._car.vin, str(verb.__struct_config__.tag))
            try:
                answer = await ask(self._bus, self._clock, subject, command, patience_s=PATIENCE_S)
            except (BusError, InputError) as error:
                return Answer(ok=False, reason=error.message, code="unavailable")
            if not answer.ok:
                return answer
        return answer


def _moved_by(key: str) -> list[str]:
    """Which entities an action for one of them moves."""
    if key == "charge":
        return ["charge", "charging", "charge_power", "finish_time", "status"]
    if key == "departure":
        return ["departure", "ready_at"]
    return [key]


def _entities_of(stale: set[str]) -> set[str]:
    """The entities among what has changed; another place shows in the tracker."""
    return (stale | {"location"} if PLACE_KEY in stale else stale) - {PLACE_KEY}
