"""A home's energy on MQTT: its state, Home Assistant's discovery, goals and modes in.

| topic below `<root>/energy/<home>/` | payload | kept by the broker |
|---|---|---|
| `availability` | online, or offline: this bridge's last will | yes |
| `state` | JSON: meters, price, plan, goals, modes, cost | yes |
| `do/<entity>` | a goal in per cent, a mode | no |
| `answer` | JSON: what became of a command | no |

It translates and decides nothing; the cars have a bridge of their own (`mqtt`).
"""

import asyncio
from contextlib import suppress
from typing import Any, final

import msgspec
import structlog

from vettura.bus import subjects
from vettura.bus.ask import ask
from vettura.bus.interface import Bucket, Bus
from vettura.bus.messages import Answer
from vettura.bus.messages_energy import EnergyWish
from vettura.bus.patience import patiently
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError
from vettura.faces.config import HomeAssistantConfig, MqttConfig
from vettura.faces.energy_view import EnergyView, Unclear, wish_of
from vettura.faces.homeassistant import BIRTH, BIRTH_TOPIC
from vettura.faces.homeassistant_energy import discovery
from vettura.faces.mqtt_kept import keep_connected
from vettura.faces.mqtt_link import Letter, Link, LinkError, Post, Sink, broker_of
from vettura.faces.mqtt_topics import ANSWER, DO, OFFLINE, ONLINE, STATE, EnergyTopics
from vettura.words.energy import EnergyHome

log = structlog.get_logger()

TELL_S = 1.0
"""Shortest time between two states [real s]."""
ORDERS_MAX = 64
QUEUE_MAX = 1_000


@final
class MqttEnergyFace:
    """The bridge. `clock` is the home's time, `pace` real seconds.

    `ready` is set once it has spoken to the broker, whose `port` is then known.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        pace: Clock,
        config: MqttConfig,
        home: EnergyHome,
        *,
        homeassistant: HomeAssistantConfig | None,
        embedded_port: int | None,
    ) -> None:
        self.ready = asyncio.Event()
        self.sink = Sink()
        """What `run_closed` has translated."""
        self._bus = bus
        self._pace = pace
        self._broker = broker_of(config, embedded_port)
        self.port = self._broker.port
        self._home = home
        self._topics = EnergyTopics(config.root, home.home)
        self._homeassistant = homeassistant
        self._view = EnergyView(home, clock)
        self._orders: asyncio.Queue[Letter] = asyncio.Queue(ORDERS_MAX)
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
            self._hear_all(group, recalls=True)
            group.create_task(self._obey())
            group.create_task(self._keep_connected())

    async def run_closed(self) -> None:
        """The same without a socket: everything is translated and thrown away."""
        self._post = self.sink
        await self._announce(self.sink)
        async with asyncio.TaskGroup() as group:
            self._hear_all(group, recalls=False)

    # The side of the bus.

    def _hear_all(self, group: asyncio.TaskGroup, *, recalls: bool) -> None:
        for pattern, keys in self._view.patterns().items():
            group.create_task(self._hear(pattern, keys if recalls else []))
        group.create_task(self._tell())

    async def _hear(self, pattern: str, keys: list[str]) -> None:
        ear = await patiently(self._pace, lambda: self._bus.subscribe(pattern, limit=QUEUE_MAX))
        bucket = await patiently(self._pace, lambda: self._bus.bucket(subjects.HOME_BUCKET))
        for key in keys:
            await self._recall(bucket, key)
        async for message in ear:
            self._take(message.subject, message.data)

    async def _recall(self, bucket: Bucket, key: str) -> None:
        entry = await patiently(self._pace, lambda: bucket.get(key))
        if entry is not None and entry.value is not None:
            self._take(key, entry.value)

    def _take(self, subject: str, data: bytes) -> None:
        with suppress(InputError):
            self._view.take(subject, data)
            self._news.set()

    async def _tell(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            post, payload = self._post, self._view.news()
            if post is not None and payload is not None:
                with suppress(LinkError):
                    await post.send(self._topics.of(STATE), payload, retain=True)
                    self._view.was_told(payload)
            await self._pace.sleep(TELL_S)

    async def _obey(self) -> None:
        """Hand wishes on, one after the other."""
        while True:
            letter = await self._orders.get()
            entity = letter.topic.rsplit("/", 1)[-1]
            verb = wish_of(self._home, entity, letter.payload)
            if isinstance(verb, Unclear):
                answer = Answer(ok=False, reason=verb.reason, code="type", state="refused")
            else:
                answer = await self._ask(EnergyWish(id=self._pace.new_id("mqtt"), verb=verb))
            await self._reply(entity, answer)

    async def _ask(self, wish: EnergyWish) -> Answer:
        wish = msgspec.structs.replace(wish, who="mqtt", role="owner")
        subject = subjects.energy_do(self._home.home)
        try:
            return await ask(self._bus, self._pace, subject, wish)
        except (BusError, InputError) as error:
            return Answer(ok=False, reason=error.message, code="unavailable", state="refused")

    async def _reply(self, entity: str, answer: Answer) -> None:
        told: dict[str, Any] = {"entity": entity, "ok": answer.ok}
        if answer.reason:
            told["reason"] = answer.reason
        if answer.response:
            told.update(answer.response)
        if self._post is not None:
            with suppress(LinkError):
                await self._post.send(self._topics.of(ANSWER), msgspec.json.encode(told))

    # The side of the broker.

    async def _keep_connected(self) -> None:
        await keep_connected(
            self._broker,
            self._pace,
            identifier=f"vettura-{self._home.home}-energy",
            will_topic=self._topics.availability,
            converse=self._converse,
            lose=self._lose,
        )

    def _lose(self) -> None:
        self._post = None

    async def _converse(self, link: Link) -> None:
        """Greet the broker, then hear it until it goes."""
        await link.subscribe([self._topics.availability, *self._birth()], qos=0)
        await link.subscribe([self._topics.of(f"{DO}/+")], qos=1)
        await self._announce(link)
        self._view.forget_what_was_told()
        self._post = link
        self._news.set()
        self.ready.set()
        log.info("mqtt_energy_connected", host=self._broker.host, port=self._broker.port)
        try:
            async for letter in link.letters():
                await self._hear_broker(link, letter)
        except asyncio.CancelledError:
            with suppress(LinkError):
                await link.send(self._topics.availability, OFFLINE.encode(), qos=1, retain=True)
            raise

    def _birth(self) -> list[str]:
        config = self._homeassistant
        return [] if config is None else [f"{config.prefix}/{BIRTH_TOPIC}"]

    async def _announce(self, post: Post) -> None:
        await post.send(self._topics.availability, ONLINE.encode(), qos=1, retain=True)
        if self._homeassistant is None:
            return
        for topic, payload in discovery(self._home, self._topics, self._homeassistant).items():
            await post.send(topic, payload, qos=1, retain=True)

    async def _hear_broker(self, link: Link, letter: Letter) -> None:
        if letter.topic == self._topics.availability:
            # The last will of a connection of ours that the broker has only now given up.
            if letter.payload == OFFLINE.encode():
                await link.send(letter.topic, ONLINE.encode(), qos=1, retain=True)
        elif letter.topic in self._birth():
            if letter.payload == BIRTH:
                await self._announce(link)
                self._view.forget_what_was_told()
                self._news.set()
        elif not letter.is_retained:
            if self._orders.full():
                await self._reply(letter.topic, Answer(ok=False, reason="too many wishes at once"))
            else:
                self._orders.put_nowait(letter)
