"""The whole of discovery without a socket: messages in, devices and their states out. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from vettura.bus.messages_home import DeviceAction, DeviceState
from vettura.errors import InputError, RefusedError
from vettura.faces.discovery_component import Deed, Entity, Heard, Outgoing, is_available
from vettura.faces.discovery_config import is_told
from vettura.faces.discovery_devices import Devices, Limits
from vettura.faces.discovery_hearing import Hearing, Outcome, matches, shown
from vettura.faces.discovery_message import (
    Found,
    Gone,
    Heading,
    Wrong,
    patterns,
    read_discovery,
)
from vettura.faces.discovery_tasmota import PATTERN as TASMOTA
from vettura.faces.discovery_tasmota import Tasmota
from vettura.faces.discovery_templates import Templates

CAUSE_S = 5.0
"""How long after an action a change is laid to it [s of real time]; Home Assistant's too."""
SWITCHES = {"turn_on", "turn_off", "toggle"}
"""What `homeassistant.` says to entities of any domain."""


class Ours:
    """What is the house's own: its cars, which it announces itself, and their topics."""

    def __init__(self, vins: Sequence[str], *, bridge: str, protected: Sequence[str]) -> None:
        self._marks = {f"vettura_{vin}" for vin in vins}
        self._bridge = bridge
        self._protected = tuple(protected)

    def announced(self, config: Mapping[str, Any]) -> bool:
        """Whether the house announced it: it names one of its cars, or its own last will."""
        device = config.get("device")
        marks = device.get("identifiers") if isinstance(device, Mapping) else None
        listed = marks if isinstance(marks, list) else [marks]
        signs = config.get("availability")
        topics = [one.get("topic") for one in signs or () if isinstance(one, Mapping)]
        return self._bridge in topics or any(
            isinstance(mark, str) and mark in self._marks for mark in listed
        )

    def is_told_by(self, topic: str) -> bool:
        """Whether a message there would be a command for the house itself."""
        return topic.startswith(self._protected)


class Register:
    """Everything that bridges have announced, as it is now.

    `has_spaces` says whether the broker knows topics with spaces, which the house's own does not.
    """

    def __init__(
        self,
        templates: Templates,
        *,
        prefix: str,
        ours: Ours,
        is_taken: Callable[[str], bool] = lambda _: False,
        has_spaces: bool = True,
        limits: Limits | None = None,
    ) -> None:
        self.devices = Devices(templates, is_taken=is_taken, limits=limits)
        self.is_connected = False
        """Whether the broker is there; without, nothing is available."""
        self._hearing = Hearing(self.devices)
        self._prefix = prefix
        self._tasmota = Tasmota()
        self._ours = ours
        self._has_spaces = has_spaces

    def patterns(self) -> tuple[str, ...]:
        """What to listen to so as to hear all discovery."""
        return (*patterns(self._prefix), TASMOTA)

    def topics(self) -> Iterator[tuple[str, int]]:
        """Every topic to listen to besides discovery, with its QoS."""
        for topic in self._hearing.topics():
            yield topic, self._hearing.qos(topic)

    def qos(self, topic: str) -> int:
        """With which QoS somebody listens there."""
        return self._hearing.qos(topic)

    def next_s(self) -> float | None:
        """When time will change something [s]."""
        return self._hearing.next_s()

    def pass_time(self, now_s: float) -> Outcome:
        """What has changed because of time alone."""
        return self._hearing.pass_time(now_s)

    def take(self, heard: Heard, now_s: float) -> Outcome:
        """What a message changes. Never raises, whatever it is."""
        outcome = self._hearing.take(heard, now_s)
        for heading in self._headings(heard):
            match heading:
                case Found():
                    self._find(heading, outcome)
                case Gone():
                    self._lose(heading, outcome)
                case Wrong():
                    outcome.faults.append((heading.key, heading.reason))
        if outcome.described and matches(TASMOTA, heard.topic):
            mac = heard.topic.split("/")[2]
            outcome.asks += [
                Outgoing(topic, payload.encode()) for topic, payload in self._tasmota.asks(mac)
            ]
        return outcome

    def _headings(self, heard: Heard) -> list[Heading]:
        if matches(TASMOTA, heard.topic):
            return self._tasmota.read(heard.topic, heard.payload)
        if any(matches(pattern, heard.topic) for pattern in patterns(self._prefix)):
            return read_discovery(self._prefix, heard.topic, heard.payload)
        return []

    def _find(self, found: Found, outcome: Outcome) -> None:
        if self._ours.announced(found.config):
            return
        try:
            self._check_topics(found.config)
            before = self.devices.entries.get(found.key)
            entry = self.devices.add(found)
        except InputError as error:
            outcome.faults.append((found.key, error.message))
            return
        fresh, deaf = self._hearing.follow(entry)
        outcome.fresh |= fresh
        outcome.deaf |= deaf
        for one in (entry, before):
            if one is not None:
                outcome.described.add(one.device)
                outcome.devices.add(one.device)

    def _check_topics(self, config: Mapping[str, Any]) -> None:
        for key, topic in config.items():
            if not key.endswith("topic") or not isinstance(topic, str):
                continue
            if not self._has_spaces and (" " in topic or "\t" in topic):
                raise InputError(f"'{key}' has a space, which the house's own broker does not know")
            if is_told(key) and self._ours.is_told_by(topic):
                raise InputError(f"'{key}' is the house's own: {topic[:100]}")

    def _lose(self, gone: Gone, outcome: Outcome) -> None:
        for entry in self.devices.remove(gone.key):
            outcome.deaf |= self._hearing.forget(entry.key)
            outcome.described.add(entry.device)
            outcome.devices.add(entry.device)

    # How devices are.

    def state(self, device: str, *, time_ns: int, now_s: float) -> DeviceState:
        """How a device is now, and what led to what has changed since it was last asked."""
        entities = list(self.devices.entities_of(device))
        before = [one.shown for one in entities]
        states = shown(iter(entities), is_there=self.is_connected)
        changed = [one for one, was in zip(entities, before, strict=True) if one.shown != was]
        causes = [one.cause for one in changed if one.cause and now_s - one.caused_s <= CAUSE_S]
        return DeviceState(time_ns=time_ns, entities=states, cause=causes[-1] if causes else None)

    # What they are told.

    def deed(self, device: str, action: DeviceAction) -> list[tuple[Entity, Deed]]:
        """What an action comes to, by entity; RefusedError says why not."""
        domain, _, name = action.action.partition(".")
        if action.entity:
            entity = self.devices.entity(action.entity)
            known = [one.entity_id for one in self.devices.entities_of(device)]
            if entity is None or action.entity not in known:
                raise RefusedError(f"{device} has no {action.entity}")
            meant = [entity]
        else:
            meant = [one for one in self.devices.entities_of(device) if _knows(one, domain, name)]
        if not meant:
            raise RefusedError(f"{device} knows no {action.action}")
        return [(one, self._done(one, domain, name, action)) for one in meant]

    def _done(self, entity: Entity, domain: str, name: str, action: DeviceAction) -> Deed:
        if not self.is_connected or not is_available(entity):
            raise RefusedError(f"{entity.entity_id} is not there just now")
        acts = entity.component.actions(entity.config)
        if not _is_meant(entity, domain, name) or name not in acts:
            raise RefusedError(f"{entity.entity_id} knows no {action.action}")
        return acts[name](entity, action.data)


def _is_meant(entity: Entity, domain: str, name: str) -> bool:
    """Whether an action of that domain is one of the entity's."""
    return domain == entity.component.domain or (domain == "homeassistant" and name in SWITCHES)


def _knows(entity: Entity, domain: str, name: str) -> bool:
    return _is_meant(entity, domain, name) and name in entity.component.actions(entity.config)
