"""Who listens to which topic, and what a message changes. Pure."""

import heapq
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from vettura.bus.messages_home import EntityState
from vettura.errors import InputError
from vettura.faces.discovery_component import (
    UNAVAILABLE,
    Entity,
    Heard,
    Outgoing,
    hear,
    state_of,
)
from vettura.faces.discovery_devices import Devices
from vettura.faces.discovery_entry import (
    ATTRIBUTES_CHARACTERS_MAX,
    BLOCKED,
    Entry,
    Trigger,
)
from vettura.faces.discovery_json import object_in

PAYLOAD_BYTES_MAX = 262_144
"""A longer state is refused unread."""


@dataclass(slots=True)
class Outcome:
    """What came of a message, or of time passing."""

    devices: set[str] = field(default_factory=set)
    """Whose state has changed."""
    described: set[str] = field(default_factory=set)
    """Who is new, described anew, or gone."""
    fresh: set[str] = field(default_factory=set)
    """Topics with a new listener."""
    deaf: set[str] = field(default_factory=set)
    """Topics that nobody listens to any more."""
    triggers: list[tuple[str, Trigger]] = field(default_factory=list)
    """What happened, by device."""
    asks: list[Outgoing] = field(default_factory=list)
    """What makes a new device tell how it is."""
    faults: list[tuple[str, str]] = field(default_factory=list)
    """What could not be used: whose, and why."""


class Hearing:
    """Hands each message to whoever listens there, and keeps the time of what expires."""

    def __init__(self, devices: Devices) -> None:
        self._devices = devices
        self._ears: dict[str, dict[str, int]] = {}
        """By topic: keys of entries, with the QoS of each."""
        self._topics: dict[str, set[str]] = {}
        """By key of an entry: what it listens to."""
        self._patterns: set[str] = set()
        """Topics that have wildcards."""
        self._due: list[tuple[float, str]] = []
        self._planned: dict[str, float] = {}
        """By key: the earliest of its times in that heap, which a flood must not fill."""

    def topics(self) -> Collection[str]:
        """Everything that is listened to."""
        return self._ears.keys()

    def qos(self, topic: str) -> int:
        """The best QoS that somebody there wants."""
        return max(self._ears.get(topic, {}).values(), default=0)

    def follow(self, entry: Entry) -> tuple[set[str], set[str]]:
        """Listen to what an entry reads: which topics have a new listener, and which none more."""
        topics = dict(entry.topics())
        fresh = topics.keys() - self._topics.get(entry.key, set())
        deaf = self.forget(entry.key)
        self._topics[entry.key] = set(topics)
        for topic, qos in topics.items():
            self._ears.setdefault(topic, {})[entry.key] = qos
            if "+" in topic or topic.endswith("#"):
                self._patterns.add(topic)
        return fresh, deaf - topics.keys()

    def forget(self, key: str) -> set[str]:
        """Listen for that entry no more; nobody listens to these topics now."""
        deaf = set()
        for topic in self._topics.pop(key, ()):
            del self._ears[topic][key]
            if not self._ears[topic]:
                del self._ears[topic]
                self._patterns.discard(topic)
                deaf.add(topic)
        return deaf

    def take(self, heard: Heard, now_s: float) -> Outcome:
        """Hand a message on. Never raises, whatever it is."""
        outcome = Outcome()
        for topic in self._listened(heard.topic):
            if len(heard.payload) > PAYLOAD_BYTES_MAX:
                outcome.faults.append((topic, f"more than {PAYLOAD_BYTES_MAX:,} bytes"))
                continue
            for key in list(self._ears[topic]):
                self._hand(self._devices.entries[key], topic, heard, now_s, outcome)
        return outcome

    def _listened(self, topic: str) -> Iterator[str]:
        if topic in self._ears:
            yield topic
        yield from (pattern for pattern in self._patterns if matches(pattern, topic))

    def _hand(self, entry: Entry, topic: str, heard: Heard, now_s: float, outcome: Outcome) -> None:
        try:
            if entry.trigger is not None:
                if not heard.is_retained and entry.trigger.is_meant(heard):
                    outcome.triggers.append((entry.device, entry.trigger))
                return
            assert entry.entity is not None
            if self._let_in(entry, entry.entity, topic, heard, now_s, outcome):
                outcome.devices.add(entry.device)
        except InputError as error:
            outcome.faults.append((entry.key, error.message))

    def _let_in(
        self, entry: Entry, entity: Entity, topic: str, heard: Heard, now_s: float, outcome: Outcome
    ) -> bool:
        """Change the entity by the message; say whether it did."""
        is_news = False
        for read in entry.reads(topic):
            if read.topic == "state_topic":
                is_news |= self._freshen(entry.key, entity, now_s)
            try:
                is_news |= hear(entity, read, heard)
                if read.topic == "state_topic":
                    self._plan_off(entry.key, entity, now_s)
            except InputError as error:
                outcome.faults.append((entry.key, error.message))
        if entity.config.text("json_attributes_topic") == topic:
            is_news |= _take_attributes(entity, heard)
        for sign in entry.signs:
            if sign.topic == topic:
                is_there = sign.of(heard)
                if is_there is not None:
                    is_news |= entity.availability.get(topic) != is_there
                    is_news |= entity.is_latest_available != is_there
                    entity.availability[topic] = entity.is_latest_available = is_there
        return is_news

    # Time.

    def _freshen(self, key: str, entity: Entity, now_s: float) -> bool:
        """What was told just now is not too old for a while."""
        after_s = entity.config.whole("expire_after")
        if not after_s:
            return False
        was_expired, entity.is_expired = entity.is_expired, False
        entity.expires_s = now_s + after_s
        self._plan(key, entity.expires_s)
        return was_expired

    def _plan_off(self, key: str, entity: Entity, now_s: float) -> None:
        """What is on goes off after a while, where the config says so."""
        entity.off_s = None
        if entity.config.has("off_delay") and entity.values.get("is_on"):
            entity.off_s = now_s + entity.config.whole("off_delay")
            self._plan(key, entity.off_s)

    def _plan(self, key: str, when_s: float) -> None:
        if when_s < self._planned.get(key, math.inf):
            self._planned[key] = when_s
            heapq.heappush(self._due, (when_s, key))

    def next_s(self) -> float | None:
        """When time will change something [s of the same clock]; None for never."""
        return self._due[0][0] if self._due else None

    def pass_time(self, now_s: float) -> Outcome:
        """Let go off and expire what is due."""
        outcome = Outcome()
        while self._due and self._due[0][0] <= now_s:
            when_s, key = heapq.heappop(self._due)
            if self._planned.get(key) == when_s:
                del self._planned[key]
            entry = self._devices.entries.get(key)
            if entry is None or entry.entity is None:
                continue
            if _is_over(entry.entity, now_s):
                outcome.devices.add(entry.device)
            for later_s in (entry.entity.expires_s, entry.entity.off_s):
                if later_s is not None:
                    self._plan(key, later_s)
        return outcome


def _is_over(entity: Entity, now_s: float) -> bool:
    """Let the entity expire or go off if its time has come; say whether it did."""
    is_over = False
    if entity.expires_s is not None and entity.expires_s <= now_s:
        entity.expires_s, entity.is_expired, is_over = None, True, True
    if entity.off_s is not None and entity.off_s <= now_s:
        entity.off_s, is_over = None, True
        entity.values["is_on"] = False
    return is_over


def _take_attributes(entity: Entity, heard: Heard) -> bool:
    text = entity.rendered("json_attributes_template", heard)
    if len(text) > ATTRIBUTES_CHARACTERS_MAX:
        raise InputError(f"attributes of more than {ATTRIBUTES_CHARACTERS_MAX:,} characters")
    told = object_in(text)
    if told is None:
        raise InputError("attributes are a JSON object")
    blocked = BLOCKED | entity.component.blocked
    extra = {key: value for key, value in told.items() if key not in blocked}
    is_news, entity.extra = extra != entity.extra, extra
    return is_news


def shown(entities: Iterator[Entity], *, is_there: bool) -> dict[str, EntityState]:
    """How these entities are, by id; unavailable all without their broker."""
    states: dict[str, EntityState] = {}
    for entity in entities:
        entity.shown = state_of(entity) if is_there else EntityState(state=UNAVAILABLE)
        states[entity.entity_id] = entity.shown
    return states


def matches(pattern: str, topic: str) -> bool:
    """Whether an MQTT filter means that topic."""
    wanted, levels = pattern.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in {"#", "+"}:
        return False
    if wanted[-1] == "#":
        wanted = wanted[:-1]
        if len(levels) < len(wanted):
            return False
        levels = levels[: len(wanted)]
    pairs = zip(wanted, levels, strict=False)
    return len(wanted) == len(levels) and all(want in {"+", level} for want, level in pairs)
