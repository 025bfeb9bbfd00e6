"""The scenes' own MQTT: what they listen to, and what they publish."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from vettura.bus.interface import Bucket, Bus
from vettura.bus.messages import decode, encode
from vettura.bus.messages_home import TopicMessage, TopicsWanted
from vettura.bus.patience import patiently
from vettura.bus.subjects import HOME_BUCKET, topic_in, topic_out, topics_wanted
from vettura.clock.interface import Clock
from vettura.errors import InputError
from vettura.faces.discovery_component import Outgoing
from vettura.faces.discovery_config import read_topic
from vettura.faces.discovery_hearing import matches
from vettura.faces.mqtt_link import Letter

log = structlog.get_logger()

FILTERS_MAX = 200
PAYLOAD_BYTES_MAX = 262_144

Send = Callable[[Outgoing], Awaitable[bool]]


class SceneTopics:
    """Hands messages on to scenes, and theirs to the broker."""

    def __init__(self, bus: Bus, pace: Clock, home: str, send: Send) -> None:
        self.heard = 0
        """Messages that scenes were told."""
        self.sent = 0
        """Messages that scenes have published."""
        self.refused = 0
        """What scenes wanted and cannot have."""
        self.filters: set[str] = set()
        """What they listen to."""
        self._wanted: dict[str, set[str]] = {}
        self._bus = bus
        self._pace = pace
        self._home = home
        self._send = send

    def is_wanted(self, topic: str) -> bool:
        """Whether a scene listens to that topic."""
        return any(matches(wanted, topic) for wanted in self.filters)

    async def hand_on(self, letter: Letter) -> None:
        """Tell the scenes one message."""
        if len(letter.payload) > PAYLOAD_BYTES_MAX:
            self.refused += 1
            return
        payload = letter.payload.decode("utf-8", "replace")
        message = TopicMessage(topic=letter.topic, payload=payload, retain=letter.is_retained)
        await self._bus.publish(topic_in(self._home), encode(message))
        self.heard += 1

    async def follow(self, changed: Callable[[set[str]], None]) -> None:
        """Hear for ever what scenes and others listen to; `changed` is told what is new."""
        bucket = await patiently(self._pace, lambda: self._bus.bucket(HOME_BUCKET))
        own, others = topics_wanted(self._home), topics_wanted(self._home, "*")
        async with asyncio.TaskGroup() as group:
            for pattern in (own, others):
                group.create_task(self._watch(bucket, pattern, changed), name=f"topics {pattern}")

    async def _watch(
        self, bucket: Bucket, pattern: str, changed: Callable[[set[str]], None]
    ) -> None:
        async for entry in bucket.watch(pattern):
            try:
                wanted = decode(entry.value, TopicsWanted, where=entry.key) if entry.value else None
            except InputError as error:
                log.warning("topics_unreadable", error=error.message)
                continue
            before = self.filters
            self._wanted[entry.key] = self._checked(wanted.filters if wanted else [])
            self.filters = set().union(*self._wanted.values())
            changed(self.filters - before)

    def _checked(self, filters: list[str]) -> set[str]:
        checked = set()
        for wanted in filters[:FILTERS_MAX]:
            try:
                checked.add(read_topic("topic", wanted))
            except InputError as error:
                self.refused += 1
                log.warning("topic_refused", topic=wanted[:200], reason=error.message)
        return checked

    async def publish(self) -> None:
        """Publish for ever what scenes say."""
        subject = topic_out(self._home)
        ear = await patiently(self._pace, lambda: self._bus.subscribe(subject))
        async for message in ear:
            try:
                told = decode(message.data, TopicMessage, where=subject)
                read_topic("topic", told.topic)
                if "+" in told.topic or "#" in told.topic or told.qos not in {0, 1, 2}:
                    raise InputError(f"{told.topic[:200]} is no topic to publish to")
            except InputError as error:
                self.refused += 1
                log.warning("topic_refused", reason=error.message)
                continue
            out = Outgoing(told.topic, told.payload.encode(), told.qos, told.retain)
            self.sent += await self._send(out)
