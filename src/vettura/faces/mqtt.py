"""The cars on MQTT: a bridge to the household's own broker, or to the listener of the house's bus.

It tells what the cars tell, in the owner's words and in VSS, hands commands on to the car, and
carries Home Assistant's discovery when `[faces.homeassistant]` is there. The topics are drawn in
`mqtt_topics`; it decides nothing.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from vettura.bus.ask import ask
from vettura.bus.interface import Bus, Message
from vettura.bus.messages import Answer, Audit, Command, SignalFrame, Targets, Wire, decode
from vettura.bus.patience import patiently
from vettura.bus.subjects import car_audit, car_do, car_get, car_signals, car_targets
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError
from vettura.faces.config import CarFacts, HomeAssistantConfig, MqttConfig
from vettura.faces.mqtt_answers import Reply, answer_json, is_safe_response
from vettura.faces.mqtt_car import CarView
from vettura.faces.mqtt_house import Herald
from vettura.faces.mqtt_kept import RETRY_S, keep_connected
from vettura.faces.mqtt_link import Letter, Link, LinkError, Post, Sink, broker_of
from vettura.faces.mqtt_orders import Order, Refused, read_order
from vettura.faces.mqtt_topics import ANSWER, OFFLINE, ONLINE, VSS, Topics

log = structlog.get_logger()

VSS_PERIOD_S = 0.1
"""Shortest time between two frames of VSS values [real s]."""
LOOK_S = 1.0
"""How often it looks for cars that have fallen silent [real s]."""
ORDERS_MAX = 64
"""Commands of one car that wait for their turn; the rest are refused as busy."""
ENDS_MAX = 256
"""Accepted commands whose end is still to be told."""


@dataclass(slots=True)
class Counts:
    """What became of what came in, since the start."""

    orders: int = 0
    """Commands handed on to a car."""
    refused: int = 0
    """Messages that were no command."""
    busy: int = 0
    """Commands refused because too many waited."""
    strays: int = 0
    """Messages on topics of no car of ours."""
    unreadable: int = 0
    """Messages on the bus that could not be read."""
    connections: int = 0


class _Car:
    """One car: what it says, and the commands that wait for it."""

    def __init__(self, facts: CarFacts, clock: Clock, pace: Clock) -> None:
        self.facts = facts
        self.view = CarView(clock, pace)
        self.orders: asyncio.Queue[tuple[Order, Letter]] = asyncio.Queue(ORDERS_MAX)
        self.ends: dict[str, Reply] = {}
        """Commands that the car has accepted and not ended, by id."""
        self.task: asyncio.Task[None] | None = None


class MqttFace:
    """The bridge. `clock` is the cars' time, `pace` real seconds.

    Without `config.host` it speaks MQTT 3.1.1 to `embedded_port`, the listener of the house's own
    bus. `ready` is set once it has spoken to the broker, whose `port` is then known.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        pace: Clock,
        config: MqttConfig,
        cars: Sequence[CarFacts],
        *,
        homeassistant: HomeAssistantConfig | None,
        embedded_port: int | None,
    ) -> None:
        self.ready = asyncio.Event()
        self.counts = Counts()
        self.sink = Sink()
        """What `run_closed` has translated."""
        self._bus = bus
        self._pace = pace
        self._broker = broker_of(config, embedded_port)
        self.port = self._broker.port
        self._cars = {car.vin: _Car(car, clock, pace) for car in cars}
        self._topics = Topics(config.root, cars[0].home if cars else "home")
        self._herald = Herald(self._topics, homeassistant, pace)
        self._post: Post | None = None
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Bridge until cancelled; the broker may come and go."""
        if not self._broker.port:
            raise InputError(
                "faces.mqtt: there is no broker",
                hint="give faces.mqtt.host, or let the house run its own bus",
            )
        async with asyncio.TaskGroup() as group:
            self._start_cars(group, asks=True)
            group.create_task(self._tell(LOOK_S))
            group.create_task(self._keep_connected())

    async def run_closed(self) -> None:
        """The same without a socket: everything is translated and thrown away."""
        self._post = self.sink
        self._herald.connected([car.facts for car in self._cars.values()])
        async with asyncio.TaskGroup() as group:
            self._start_cars(group, asks=False)
            group.create_task(self._tell(None))

    async def remove(self, vin: str) -> None:
        """A car has left the house: nothing of it stays with the broker, some seconds later."""
        car = self._cars.pop(vin, None)
        if car is None:
            return
        if car.task is not None:
            car.task.cancel()
        self._herald.gone(vin, [other.facts for other in self._cars.values()])
        self._news.set()
        while self._post is not None and self._herald.is_forgetting:
            await self._pace.sleep(VSS_PERIOD_S)

    # The side of the bus.

    def _start_cars(self, group: asyncio.TaskGroup, *, asks: bool) -> None:
        for vin, car in self._cars.items():
            car.task = group.create_task(self._serve(car, asks=asks), name=f"mqtt {vin}")

    async def _serve(self, car: _Car, *, asks: bool) -> None:
        vin = car.facts.vin
        async with asyncio.TaskGroup() as group:
            group.create_task(self._hear(car, car_signals(vin), SignalFrame))
            group.create_task(self._hear(car, car_targets(vin), Targets))
            group.create_task(self._hear(car, car_audit(vin), Audit))
            group.create_task(self._obey(car))
            if asks:
                group.create_task(self._ask_all(car))

    async def _hear(self, car: _Car, subject: str, kind: type[Wire]) -> None:
        ear = await patiently(self._pace, lambda: self._bus.subscribe(subject, limit=1000))
        async for message in ear:
            await self._absorb(car, message, kind)

    async def _absorb(self, car: _Car, message: Message, kind: type[Wire]) -> None:
        try:
            heard = decode(message.data, kind, where=message.subject)
        except InputError:
            self.counts.unreadable += 1
            return
        match heard:
            case SignalFrame():
                car.view.absorb(heard)
                self._news.set()
            case Targets():
                car.view.aim(heard)
                self._news.set()
            case Audit():
                await self._tell_end(car, heard)

    async def _ask_all(self, car: _Car) -> None:
        """Ask for all signals, until they are there."""
        subject = car_get(car.facts.vin)
        while not car.view.is_known:
            try:
                answer = await self._bus.request(subject, b"")
                await self._absorb(car, answer, SignalFrame)
            except BusError:
                await self._pace.sleep(RETRY_S)

    async def _tell(self, look_s: float | None) -> None:
        """Tell the broker what is new, when it is due; also look for silence every `look_s`."""
        while True:
            waits_s = VSS_PERIOD_S if self._has_news() else look_s
            await self._wait_for_news(waits_s)
            self._news.clear()
            post = self._post
            if post is not None:
                with suppress(LinkError):
                    await self._tell_what_is_due(post)
            await self._pace.sleep(VSS_PERIOD_S)

    def _has_news(self) -> bool:
        is_waiting = any(car.view.has_news for car in self._cars.values())
        return self._post is not None and is_waiting

    async def _wait_for_news(self, waits_s: float | None) -> None:
        if waits_s is None:
            await self._news.wait()
            return
        with suppress(TimeoutError):
            await self._pace.wait_for(self._news.wait(), waits_s)

    async def _tell_what_is_due(self, post: Post) -> None:
        discovery = self._herald.due()
        for topic, payload in discovery:
            await post.send(topic, payload, qos=1, retain=True)
        if discovery:
            self._forget_what_was_told()
        await self._forget(post, self._herald.stale())
        for vin, car in list(self._cars.items()):
            for notice in car.view.notices():
                topic = self._topics.of(vin, notice.leaf)
                await post.send(topic, notice.payload, qos=notice.qos, retain=True)
                car.view.was_told(notice)
            changes = car.view.changes()
            if changes is not None:
                await post.send(self._topics.of(vin, VSS), changes)

    def _forget_what_was_told(self) -> None:
        for car in self._cars.values():
            car.view.forget_what_was_told()

    async def _forget(self, post: Post, topics: Sequence[str]) -> None:
        """Have the broker forget what it keeps there."""
        for topic in topics:
            await post.send(topic, b"", qos=1, retain=True)

    # The side of the broker.

    async def _keep_connected(self) -> None:
        await keep_connected(
            self._broker,
            self._pace,
            identifier=f"vettura-{self._topics.home}",
            will_topic=self._topics.bridge,
            converse=self._converse,
            lose=self._lose,
        )

    def _lose(self) -> None:
        self._post = None

    async def _converse(self, link: Link) -> None:
        """Greet the broker, then hear it until it goes."""
        await link.subscribe([self._topics.bridge, *self._herald.patterns()], qos=0)
        for vin in self._cars:
            await link.subscribe(self._topics.commands(vin), qos=1)
        await link.send(self._topics.bridge, ONLINE.encode(), qos=1, retain=True)
        self._herald.connected([car.facts for car in self._cars.values()])
        self._forget_what_was_told()
        self.counts.connections += 1
        self._post = link
        self._news.set()
        self.ready.set()
        log.info("mqtt_connected", host=self._broker.host, port=self._broker.port)
        try:
            async for letter in link.letters():
                await self._take(link, letter)
                if self._herald.has_seen_enough():
                    await link.unsubscribe(self._herald.patterns_of_the_kept())
        except asyncio.CancelledError:
            with suppress(LinkError):
                await link.send(self._topics.bridge, OFFLINE.encode(), qos=1, retain=True)
            raise

    async def _take(self, link: Link, letter: Letter) -> None:
        if letter.topic == self._topics.bridge:
            # The last will of a connection of ours that the broker has only now given up.
            if letter.payload == OFFLINE.encode():
                await link.send(self._topics.bridge, ONLINE.encode(), qos=1, retain=True)
            return
        if self._herald.hear(letter):
            self._news.set()
            return
        await self._take_order(link, letter)

    async def _take_order(self, link: Link, letter: Letter) -> None:
        read = read_order(letter.topic, letter.payload, root=self._topics.root)
        car = self._cars.get(read.vin)
        if car is None:
            self.counts.strays += 1
            return
        if letter.is_retained:
            reason = "a command is obeyed when it is sent; a retained one is not"
            read = Refused(read.vin, read.what, reason, "unavailable", read.id)
        if isinstance(read, Order):
            try:
                car.orders.put_nowait((read, letter))
                self.counts.orders += 1
                return
            except asyncio.QueueFull:
                self.counts.busy += 1
                read = Refused(read.vin, read.what, "too many commands at once", "busy", read.id)
        self.counts.refused += 1
        answer = Answer(ok=False, reason=read.reason, code=read.code, state="refused")
        await self._reply(link, Reply(read.vin, read.what, read.id, letter), answer)

    async def _obey(self, car: _Car) -> None:
        """Hand commands on to the car, one after the other."""
        vin = car.facts.vin
        while True:
            order, letter = await car.orders.get()
            command_id = f"{order.who}-{order.id}" if order.id else self._pace.new_id(order.who)
            command = Command(id=command_id, verb=order.verb, who=order.who, role="owner")
            reply = Reply(vin, order.what, order.id or command_id, letter)
            # Before the car is asked: its end may be told before its answer is read.
            car.ends[command_id] = reply
            subject = car_do(vin, str(order.verb.__struct_config__.tag))
            try:
                answer = await ask(self._bus, self._pace, subject, command)
            except (BusError, InputError) as error:
                answer = Answer(ok=False, reason=error.message, code="unavailable", state="refused")
            if answer.state != "accepted":
                car.ends.pop(command_id, None)
            while len(car.ends) > ENDS_MAX:
                car.ends.pop(next(iter(car.ends)))
            if self._post is not None:
                with suppress(LinkError):
                    await self._reply(self._post, reply, answer)

    async def _tell_end(self, car: _Car, audit: Audit) -> None:
        """A command that took time has ended."""
        reply = car.ends.get(audit.id)
        if reply is None or audit.result == "refused":
            return
        del car.ends[audit.id]
        is_ok = audit.result == "reached"
        answer = Answer(ok=is_ok, reason=audit.reason, code=audit.code, state=audit.result)
        if self._post is not None:
            with suppress(LinkError):
                await self._reply(self._post, reply, answer)

    async def _reply(self, post: Post, reply: Reply, answer: Answer) -> None:
        payload = answer_json(reply, answer)
        await post.send(self._topics.of(reply.vin, ANSWER), payload)
        letter = reply.letter
        if is_safe_response(letter, self._topics.root, self._herald.prefix):
            await post.send(letter.response_topic, payload, correlation=letter.correlation)
