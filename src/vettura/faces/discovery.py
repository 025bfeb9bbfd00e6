"""Home Assistant's MQTT discovery, read: whatever a bridge announces becomes a device of the home.

zigbee2mqtt, ESPHome, Tasmota and others announce what they have on `<prefix>/.../config`. The face
listens to the topics named there, tells the bus what each device is and how it is, and turns
actions into messages for the bridge. It also carries the scenes' own MQTT. It decides nothing.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from zoneinfo import ZoneInfo

import msgspec
import structlog

from vettura.bus.interface import Bus
from vettura.bus.messages import Answer, encode
from vettura.bus.messages_home import DeviceAction, DeviceState, HomeEvent
from vettura.bus.patience import patiently
from vettura.bus.subjects import HOME_BUCKET, home_event
from vettura.clock.interface import Clock
from vettura.errors import BusError, InputError, RefusedError
from vettura.faces.config import CarFacts, DiscoveryConfig, HomeFacts, MqttConfig
from vettura.faces.device_neighbours import Neighbours
from vettura.faces.device_obeying import DeviceObeying
from vettura.faces.device_telling import DeviceTelling
from vettura.faces.discovery_component import Heard, Outgoing
from vettura.faces.discovery_devices import ORIGIN, Limits
from vettura.faces.discovery_entry import Trigger
from vettura.faces.discovery_hearing import Outcome
from vettura.faces.discovery_inbox import Inbox
from vettura.faces.discovery_register import Ours, Register
from vettura.faces.discovery_scenes import SceneTopics
from vettura.faces.discovery_templates import SandboxTemplates
from vettura.faces.homeassistant import BIRTH, BIRTH_TOPIC
from vettura.faces.mqtt_link import Letter, Link, LinkError, broker_of, opened
from vettura.faces.mqtt_topics import Topics
from vettura.words.templates import Templates

log = structlog.get_logger()

RETRY_S, RETRY_S_MAX = 0.25, 15.0
"""Pause before a connection is tried again [real s], doubled each time up to the second."""
BATCH = 50
"""Messages that are taken at once."""
BREATH_S = 0.005
"""How long after them nothing is taken but messages in [real s]: a flood must not wait in the
broker, which would drop what others say."""
QUIET_S = 1.0
"""Discovery that is silent for so long has been told [real s]."""
LOOKING_BACK_S = 10.0
"""How long after that a device of before may still come [real s]."""
TOPICS_AT_ONCE = 50
"""Topics in one request to the broker."""
LINES_MAX = 1000
"""Faults that get a line of the log; more are only counted."""


@dataclass(slots=True)
class Counts:
    """What became of what came in, since the start."""

    messages: int = 0
    faults: int = 0
    """Configs, states and templates that could not be used."""
    events: int = 0
    """Triggers that were told."""
    sent: int = 0
    """Messages to devices."""
    refused: int = 0
    """Actions that were refused."""
    connections: int = 0


class DiscoveryFace:
    """The devices of a broker. `clock` is the home's time, `pace` real seconds.

    `ready` is set once it listens at the broker, whose `port` is then known. `mqtt` is the broker
    of the house's cars, and where they are told commands; None without.
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        pace: Clock,
        config: DiscoveryConfig,
        home: HomeFacts,
        cars: Sequence[CarFacts],
        *,
        mqtt: MqttConfig | None,
        embedded_port: int | None,
    ) -> None:
        self.ready = asyncio.Event()
        self.counts = Counts()
        self.inbox = Inbox()
        self._bus = bus
        self._clock = clock
        self._pace = pace
        self._config = config
        self._home = home.id
        speaks = mqtt if mqtt is not None and not config.host else config
        self._broker = broker_of(speaks, embedded_port)
        self.port = self._broker.port
        self.telling = DeviceTelling(bus, pace, home.id)
        self.obeying = DeviceObeying(bus, pace, home.id, self._obey)
        self.scenes = SceneTopics(bus, pace, home.id, self._send)
        self._neighbours = Neighbours(bus, pace, home.id, ORIGIN)
        self.register = Register(
            SandboxTemplates(Templates(clock, ZoneInfo(home.timezone))),
            prefix=config.prefix,
            ours=_ours(config.prefix, mqtt, home.id, [car.vin for car in cars]),
            is_taken=self._neighbours.is_taken,
            has_spaces=bool(speaks.host),
            limits=Limits(devices=config.max_devices, entries=config.max_entities),
        )
        self._link: Link | None = None
        self._wanted: set[str] = set()
        self._unwanted: set[str] = set()
        self._asks: list[Outgoing] = []
        """What is to be asked of new devices once their topics are listened to."""
        self._ids_known = 0
        self._discovered_s = 0.0
        self._lines: set[str] = set()
        self._stirred = asyncio.Event()

    async def run(self) -> None:
        """Listen until cancelled; the broker may come and go."""
        if not self._broker.port:
            raise InputError(
                "faces.discovery: there is no broker",
                hint="give faces.discovery.host, or let the house run its own bus",
            )
        await self._remember_ids()
        async with asyncio.TaskGroup() as group:
            self._listen_to_home(group)
            group.create_task(self._keep_connected(group))
            group.create_task(self._work(group))
            group.create_task(self.telling.keep())

    async def run_closed(self) -> None:
        """The same without a socket: nobody is heard, and what scenes publish reaches nobody."""
        async with asyncio.TaskGroup() as group:
            self._listen_to_home(group)

    def _listen_to_home(self, group: asyncio.TaskGroup) -> None:
        group.create_task(self._neighbours.follow())
        group.create_task(self.scenes.follow(self._want))
        group.create_task(self.scenes.publish())

    # The side of the broker.

    async def _keep_connected(self, group: asyncio.TaskGroup) -> None:
        pause_s = RETRY_S
        while True:
            try:
                async with opened(
                    self._broker, identifier=f"vettura-{self._home}-discovery", will_topic=""
                ) as link:
                    pause_s = RETRY_S
                    await self._converse(link, group)
            except LinkError as error:
                log.info("discovery_away", host=self._broker.host, error=error.message)
            finally:
                self._connected(None)
            await self._pace.sleep(pause_s)
            pause_s = min(2.0 * pause_s, RETRY_S_MAX)

    async def _converse(self, link: Link, group: asyncio.TaskGroup) -> None:
        """Listen at the broker until it goes."""
        await link.subscribe(self.register.patterns(), qos=0)
        self.counts.connections += 1
        self._wanted = {topic for topic, _ in self.register.topics()} | self.scenes.filters
        self._connected(link)
        self.ready.set()
        log.info("discovery_connected", host=self._broker.host, port=self._broker.port)
        looking = group.create_task(self._look_around(link))
        try:
            await link.listen(self._put)
        finally:
            looking.cancel()

    def _put(self, letter: Letter) -> None:
        self.counts.messages += 1
        self.inbox.put(letter)
        self._stirred.set()

    def _connected(self, link: Link | None) -> None:
        self._link = link
        if self.register.is_connected != (link is not None):
            self.register.is_connected = link is not None
            for device in self.register.devices.devices:
                self.telling.changed(device)
        self._stirred.set()

    async def _look_around(self, link: Link) -> None:
        """Ask all to tell their states once discovery is told; then forget who has not come."""
        self._discovered_s = self._pace.monotonic()
        await self._until_quiet()
        if self._config.birth:
            with suppress(LinkError):
                await link.send(f"{self._config.prefix}/{BIRTH_TOPIC}", BIRTH)
        await self._pace.sleep(LOOKING_BACK_S)
        await self._until_quiet()
        for device in self._neighbours.ours - self.register.devices.devices.keys():
            log.info("device_gone", device=device)
            with suppress(BusError):
                await self.telling.introduce(device, self.register.devices.about(device))

    async def _until_quiet(self) -> None:
        while (quiet_s := self._discovered_s + QUIET_S - self._pace.monotonic()) > 0.0:
            await self._pace.sleep(quiet_s)

    async def _send(self, out: Outgoing) -> bool:
        """Publish one message; whether the broker has it."""
        if self._link is None:
            return False
        try:
            await self._link.send(out.topic, out.payload, qos=out.qos, retain=out.retain)
        except LinkError:
            return False
        self.counts.sent += 1
        return True

    # What comes in.

    async def _work(self, group: asyncio.TaskGroup) -> None:
        """Take what has come in, and tell what has come of it."""
        while True:
            await self._wait()
            self._stirred.clear()
            for letter in self.inbox.take(BATCH):
                await self._take(letter, group)
            now_s = self._pace.monotonic()
            await self._tell(self.register.pass_time(now_s), group)
            await self._listen()
            with suppress(BusError):
                await self.telling.tell(self._state)
            await self._pace.sleep(BREATH_S)

    async def _wait(self) -> None:
        """Until there is something to do."""
        if len(self.inbox):
            return
        times = [self.register.next_s(), self.telling.next_s()]
        due = [time_s for time_s in times if time_s is not None]
        if not due:
            await self._stirred.wait()
            return
        waits_s = min(due) - self._pace.monotonic()
        if waits_s > 0.0:
            with suppress(TimeoutError):
                await self._pace.wait_for(self._stirred.wait(), waits_s)

    async def _take(self, letter: Letter, group: asyncio.TaskGroup) -> None:
        heard = Heard(
            letter.topic,
            letter.payload,
            is_retained=letter.is_retained,
            time_ns=self._clock.now_ns(),
        )
        if self.scenes.is_wanted(letter.topic):
            with suppress(BusError):
                await self.scenes.hand_on(letter)
        await self._tell(self.register.take(heard, self._pace.monotonic()), group)

    async def _tell(self, outcome: Outcome, group: asyncio.TaskGroup) -> None:
        self._want(outcome.fresh)
        self._unwanted |= outcome.deaf
        if outcome.described:
            self._discovered_s = self._pace.monotonic()
        for device in outcome.described:
            await self._describe(device, group)
        for device in outcome.devices:
            if device in self.register.devices.devices:
                self.telling.changed(device)
        for device, trigger in outcome.triggers:
            await self._tell_trigger(device, trigger)
        if self._config.birth:
            self._asks += outcome.asks
        for whose, reason in outcome.faults:
            self._fault(whose, reason)

    async def _describe(self, device: str, group: asyncio.TaskGroup) -> None:
        about = self.register.devices.about(device)
        try:
            await self.telling.introduce(device, about)
        except BusError as error:
            log.info("device_untold", device=device, error=error.message)
        if about.entities:
            self.obeying.follow(group, device)
        else:
            self.obeying.leave(device)
        ids = self.register.devices.ids
        if len(ids) != self._ids_known:
            self._ids_known = len(ids)
            self.telling.keep_later(_ids_key(self._home), msgspec.msgpack.encode(ids))

    async def _tell_trigger(self, device: str, trigger: Trigger) -> None:
        known = self.register.devices.devices.get(device)
        data = {
            "domain": "mqtt",
            "device_id": device,
            "name": known.name if known else device,
            "type": trigger.type,
            "subtype": trigger.subtype,
        }
        event = HomeEvent(time_ns=self._clock.now_ns(), event_type="device_trigger", data=data)
        with suppress(BusError):
            await self._bus.publish(home_event(self._home), encode(event))
            self.counts.events += 1

    def _fault(self, whose: str, reason: str) -> None:
        """Count it; the first time of each it gets a line."""
        self.counts.faults += 1
        if whose not in self._lines and len(self._lines) < LINES_MAX:
            self._lines.add(whose)
            log.warning("discovery_refused", what=whose[:200], reason=reason[:300])

    def _state(self, device: str) -> DeviceState:
        return self.register.state(
            device, time_ns=self._clock.now_ns(), now_s=self._pace.monotonic()
        )

    # What is listened to.

    def _want(self, topics: Iterable[str]) -> None:
        self._wanted |= set(topics)
        self._stirred.set()

    async def _listen(self) -> None:
        """Have the broker send what is new, and no more what nobody wants."""
        link = self._link
        if link is None or not (self._wanted or self._unwanted):
            return
        kept = {topic for topic, _ in self.register.topics()} | self.scenes.filters
        gone, self._unwanted = self._unwanted - kept, set()
        wanted, self._wanted = sorted(self._wanted & kept), set()
        with suppress(LinkError):
            for topics in _in_parts(sorted(gone)):
                await link.unsubscribe(topics)
        for topics in _in_parts(wanted):
            try:
                await link.subscribe(topics, qos=max(map(self.register.qos, topics)))
            except LinkError as error:
                self._fault(f"topics {topics[0]}", error.message)
        asks, self._asks = self._asks, []
        for ask in asks:
            await self._send(ask)

    # What is asked.

    async def _obey(self, device: str, action: DeviceAction) -> Answer:
        try:
            deeds = self.register.deed(device, action)
        except (RefusedError, InputError) as error:
            self.counts.refused += 1
            return Answer(ok=False, reason=error.message, code="unavailable", state="refused")
        for entity, deed in deeds:
            entity.cause, entity.caused_s = action.cause, self._pace.monotonic()
            for post in deed.posts:
                if not await self._send(post):
                    self.counts.refused += 1
                    reason = "the broker is away"
                    return Answer(ok=False, reason=reason, code="unavailable", state="refused")
            if deed.changes:
                entity.values |= deed.changes
                self.telling.changed(device)
        self._stirred.set()
        return Answer(ok=True, state="reached")

    # What is remembered.

    async def _remember_ids(self) -> None:
        """The entity ids of before, so that none changes when the house starts again."""
        bucket = await patiently(self._pace, lambda: self._bus.bucket(HOME_BUCKET))
        entry = await patiently(self._pace, lambda: bucket.get(_ids_key(self._home)))
        if entry is None or entry.value is None:
            return
        try:
            ids = msgspec.msgpack.decode(entry.value, type=dict[str, str])
        except (msgspec.DecodeError, RecursionError):
            log.warning("discovery_ids_unreadable")
            return
        self.register.devices.ids.update(ids)
        self._ids_known = len(ids)


def _ours(prefix: str, mqtt: MqttConfig | None, home: str, vins: Sequence[str]) -> Ours:
    topics = Topics((mqtt or MqttConfig()).root, home)
    protected = [f"{topics.root}/{vin}/" for vin in vins]
    protected += [f"{topics.root}/bridge/", f"{topics.root}/energy/", f"{prefix}/"]
    return Ours([*vins, f"{home}_energy"], bridge=topics.bridge, protected=protected)


def _ids_key(home: str) -> str:
    return f"home.{home}.mqtt.ids"


def _in_parts(topics: Sequence[str]) -> Iterable[list[str]]:
    rest = iter(topics)
    while part := list(islice(rest, TOPICS_AT_ONCE)):
        yield part
