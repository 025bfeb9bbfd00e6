"""The home around the scenes: what devices tell on the bus, handed on to the engine.

What a device says of its entities (name, class, unit) stands among their attributes, as in Home
Assistant. A device that tells too much is heard with its newest state only, and counted.
"""

from typing import Any, NamedTuple, final

import structlog

from vettura.bus.messages import decode
from vettura.bus.messages_home import (
    DeviceAbout,
    DeviceState,
    EntityAbout,
    EntityState,
    HomeEvent,
    TopicMessage,
)
from vettura.errors import InputError
from vettura.home.scene.engine import Engine
from vettura.home.scene.world import Topic
from vettura.units import NS_PER_S

log = structlog.get_logger()

PER_SECOND_MAX = 200
"""Messages of one device in a second of the machine's patience; more are conflated."""
EVENTS_PER_SECOND_MAX = 500
FLOOD_NS = NS_PER_S
ENTITIES_MAX = 5_000


class Heard(NamedTuple):
    """A message as it came."""

    device: str
    data: bytes


@final
class Floods:
    """Counts messages by sender, and says which of them are too many."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._window_ns = 0
        self._counts: dict[str, int] = {}
        self.dropped: dict[str, int] = {}

    def is_too_many(self, sender: str, now_ns: int) -> bool:
        """Count one message; whether it is beyond the limit of this second."""
        if not 0 <= now_ns - self._window_ns < FLOOD_NS:
            self._window_ns = now_ns
            self._counts.clear()
        count = self._counts.get(sender, 0) + 1
        self._counts[sender] = count
        if count <= self._limit:
            return False
        dropped = self.dropped.get(sender, 0) + 1
        self.dropped[sender] = dropped
        if dropped in {1, 1_000, 1_000_000}:
            log.warning("device_floods", device=sender, dropped=dropped)
        return True


@final
class Surroundings:
    """Hands on to one engine what is heard."""

    def __init__(self, engine: Engine, own: frozenset[str]) -> None:
        self._engine = engine
        self._own = own
        """Entities of the scenes themselves, of which no device can speak."""
        self._heard: dict[str, EntityState] = {}
        self._shown: dict[str, dict[str, Any]] = {}
        """By entity, the attributes that follow from what it is."""
        self.floods = Floods(PER_SECOND_MAX)
        self.event_floods = Floods(EVENTS_PER_SECOND_MAX)
        self._late: dict[str, bytes] = {}

    @property
    def has_late(self) -> bool:
        """Whether states were put off because there were too many."""
        return bool(self._late)

    def about(self, device: str, data: bytes) -> None:
        """A device has said what it is."""
        about = _decoded(data, DeviceAbout, device)
        if about is None:
            return
        if len(self._shown) + len(about.entities) > ENTITIES_MAX:
            log.warning("too_many_entities", device=device)
            return
        before = self._engine.world.directory.devices().get(device)
        for entity_id in before.entities if before is not None else ():
            if entity_id not in about.entities:
                self._heard.pop(entity_id, None)
                self._shown.pop(entity_id, None)
        self._engine.enter(device, about)
        for entity_id, entity in about.entities.items():
            shown = attributes_of(entity)
            if self._shown.get(entity_id) != shown:
                self._shown[entity_id] = shown
                if (heard := self._heard.get(entity_id)) is not None:
                    self._engine.update(entity_id, heard.state, shown | heard.attributes)

    def state(self, device: str, data: bytes, now_ns: int) -> None:
        """A device has said how it is."""
        if self.floods.is_too_many(device, now_ns):
            self._late[device] = data
        else:
            self._late.pop(device, None)
            self._take(device, data)

    def catch_up(self) -> None:
        """Take what was put off."""
        late, self._late = self._late, {}
        for device, data in late.items():
            self._take(device, data)

    def _take(self, device: str, data: bytes) -> None:
        told = _decoded(data, DeviceState, device)
        if told is None:
            return
        heard = self._heard
        for entity_id, state in told.entities.items():
            if heard.get(entity_id) == state or entity_id in self._own:
                continue
            if entity_id not in heard and len(heard) >= ENTITIES_MAX:
                continue
            heard[entity_id] = state
            shown = self._shown.get(entity_id)
            attributes = shown | state.attributes if shown else state.attributes
            self._engine.update(entity_id, state.state, attributes, cause=told.cause)

    def event(self, data: bytes, now_ns: int) -> None:
        """Something has happened."""
        event = _decoded(data, HomeEvent, "event")
        if event is not None and not self.event_floods.is_too_many(event.event_type, now_ns):
            self._engine.happen(event.event_type, event.data, event.cause)

    def topic(self, data: bytes, now_ns: int) -> None:
        """An MQTT message has come."""
        message = _decoded(data, TopicMessage, "topic")
        if message is not None and not self.event_floods.is_too_many(message.topic, now_ns):
            self._engine.hear(Topic(topic=message.topic, payload=message.payload, qos=message.qos))


def attributes_of(about: EntityAbout) -> dict[str, Any]:
    """What stands among an entity's attributes because of what it is."""
    shown: dict[str, Any] = {}
    if about.options:
        shown["options"] = about.options
    for name in ("min", "max", "step"):
        if (limit := getattr(about, name)) is not None:
            shown[name] = limit
    for name in ("state_class", "unit_of_measurement", "device_class"):
        if word := getattr(about, name):
            shown[name] = word
    if about.name:
        shown["friendly_name"] = about.name
    return shown


def _decoded(data: bytes, kind: Any, where: str) -> Any:
    """The message; None, and a line, for what is none."""
    try:
        return decode(data, kind, where=where)
    except InputError as error:
        log.warning("message_ignored", error=error.message)
        return None
