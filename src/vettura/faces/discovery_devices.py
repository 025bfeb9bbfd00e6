"""Everything that was announced, by device: what comes, what changes, what goes. Pure.

Devices are found by their identifiers and connections, so that several bridges may add to one;
entities by domain and unique_id, which keep their entity id for ever.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

from vettura.bus.messages_home import DeviceAbout
from vettura.errors import InputError
from vettura.faces.discovery_component import Component, Entity
from vettura.faces.discovery_config import Config, checked
from vettura.faces.discovery_entry import (
    Entry,
    Sign,
    Trigger,
    about_of,
    name_of,
    signs_of,
    trigger_of,
)
from vettura.faces.discovery_kinds import kind_of
from vettura.faces.discovery_message import TRIGGER, Found
from vettura.faces.discovery_names import free_entity_id
from vettura.faces.discovery_templates import Templates
from vettura.words.slugs import slug_of

ID_CHARACTERS_MAX = 80
TEXT_CHARACTERS_MAX = 255
IDS_MAX = 10_000
"""Entity ids that are remembered, also of what has gone."""
ORIGIN = "mqtt"


class Limits(NamedTuple):
    """How much is kept of what others announce."""

    devices: int = 500
    entries: int = 5000
    bytes: int = 33_554_432
    """All configs together."""


@dataclass(slots=True)
class Device:
    """One device, as its configs describe it."""

    id: str
    """On the bus."""
    name: str = ""
    area: str = ""
    manufacturer: str = ""
    model: str = ""
    marks: set[str] = field(default_factory=set)
    """Identifiers and connections, each of which is this device."""
    keys: dict[str, None] = field(default_factory=dict)
    """Of its entries, in the order in which they came."""


class _Shape(NamedTuple):
    """A config that has been read, before it is anything."""

    component: Component | None
    """None for a trigger."""
    config: Config
    signs: tuple[Sign, ...]
    trigger: Trigger | None
    unique: str
    size: int


class Devices:
    """The devices that were announced.

    `is_taken` says whether somebody else in the home has that entity id.
    """

    def __init__(
        self,
        templates: Templates,
        *,
        is_taken: Callable[[str], bool] = lambda _: False,
        limits: Limits | None = None,
    ) -> None:
        self.ids: dict[str, str] = {}
        """Entity ids by domain and unique_id, also of those that have gone."""
        self.devices: dict[str, Device] = {}
        self.entries: dict[str, Entry] = {}
        self._templates = templates
        self._is_taken = is_taken
        self._limits = limits or Limits()
        self._size = 0
        self._by_mark: dict[str, str] = {}
        self._by_unique: dict[str, str] = {}
        self._by_entity: dict[str, str] = {}

    def entity(self, entity_id: str) -> Entity | None:
        """The entity with that id."""
        entry = self.entries.get(self._by_entity.get(entity_id, ""))
        return entry.entity if entry else None

    def entities_of(self, device_id: str) -> Iterator[Entity]:
        """The entities of a device; none of one that has gone."""
        device = self.devices.get(device_id)
        for key in device.keys if device else ():
            entity = self.entries[key].entity
            if entity is not None:
                yield entity

    def about(self, device_id: str) -> DeviceAbout:
        """What a device is; without entities when it has gone."""
        device = self.devices.get(device_id)
        if device is None:
            return DeviceAbout(name=device_id, origin=ORIGIN)
        return DeviceAbout(
            name=device.name or device.id,
            area=device.area,
            manufacturer=device.manufacturer,
            model=device.model,
            origin=ORIGIN,
            entities={entity.entity_id: about_of(entity) for entity in self.entities_of(device_id)},
        )

    def add(self, found: Found) -> Entry:
        """Take what was announced, new or again.

        InputError when it cannot be used; then nothing has changed.
        """
        shape = self._shape(found)
        before = self.entries.get(found.key)
        self._check_room(shape, before)
        device = self._device(found)
        entity = self._entity(shape, device, before) if shape.component else None
        entry = Entry(
            found.key, device.id, entity, shape.trigger, shape.signs, shape.unique, shape.size
        )
        self._put(entry, before)
        return entry

    def remove(self, key: str) -> list[Entry]:
        """Forget one entry, or all of a device that announced them together."""
        keys = [key] if key in self.entries else []
        if key.startswith("device "):
            keys += [other for other in self.entries if other.startswith(f"{key} ")]
        gone = [self.entries.pop(one) for one in keys]
        for entry in gone:
            self._unlink(entry)
        return gone

    def _shape(self, found: Found) -> _Shape:
        raw, templates = found.config, self._templates
        size = found.size
        if found.component == TRIGGER:
            trigger = trigger_of(raw, templates)
            return _Shape(None, trigger.config, (), trigger, "", size)
        component = kind_of(found.component, raw)
        config = checked(raw, component, templates)
        signs = signs_of(raw, templates)
        if "device" in raw and not _marks(raw):
            raise InputError("'device' needs 'identifiers' or 'connections'")
        unique = f"{component.domain} {config.text('unique_id')}" if config.has("unique_id") else ""
        if self._by_unique.get(unique, found.key) != found.key:
            raise InputError(f"its unique_id is taken by {self._by_unique[unique][:100]}")
        return _Shape(component, config, signs, None, unique, size)

    def _check_room(self, shape: _Shape, before: Entry | None) -> None:
        size = self._size + shape.size - (before.size if before else 0)
        if (before is None and len(self.entries) >= self._limits.entries) or (
            size > self._limits.bytes
        ):
            raise InputError(
                f"there is room for {self._limits.entries} entities"
                f" and {self._limits.bytes:,} bytes of configs"
            )

    # Devices.

    def _device(self, found: Found) -> Device:
        """The device of a config, new or known, with what the config adds to it."""
        raw = found.config.get("device")
        marks = _marks(found.config) or [f"entry {found.key}"]
        known = next((self._by_mark[mark] for mark in marks if mark in self._by_mark), None)
        device = self.devices[known] if known else self._new_device(marks[0])
        for mark in marks:
            device.marks.add(mark)
            self._by_mark.setdefault(mark, device.id)
        if isinstance(raw, Mapping):
            _describe(device, raw)
        return device

    def _new_device(self, mark: str) -> Device:
        if len(self.devices) >= self._limits.devices:
            raise InputError(f"there is room for {self._limits.devices} devices")
        device_id = f"mqtt_{slug_of(mark.partition(' ')[2])}"
        if device_id in self.devices or len(device_id) > ID_CHARACTERS_MAX:
            digest = sha256(mark.encode("utf-8", "replace")).hexdigest()[:8]
            device_id = f"{device_id[:ID_CHARACTERS_MAX]}_{digest}"
        self.devices[device_id] = Device(device_id)
        return self.devices[device_id]

    # Entities.

    def _entity(self, shape: _Shape, device: Device, before: Entry | None) -> Entity | None:
        component, config = shape.component, shape.config
        assert component is not None
        if config.says("enabled_by_default") and not config.flag("enabled_by_default"):
            return None
        own = name_of(component, config)
        name = own if not device.name else f"{device.name} {own}" if own else device.name
        known = before.entity if before else None
        if known is not None and known.component is component:
            known.config, known.name, known.own_name = config, name or known.name, own
            known.availability = _availability(shape.signs, known.availability)
            return known
        entity_id = self._entity_id(shape, device, own)
        entity = Entity(component, config, entity_id, name or entity_id, own)
        entity.values = component.start(config)
        entity.availability = _availability(shape.signs, {})
        entity.is_expired = config.whole("expire_after") > 0
        return entity

    def _entity_id(self, shape: _Shape, device: Device, own: str | None) -> str:
        component = shape.component
        assert component is not None
        known = self.ids.get(shape.unique)
        if known is not None and known not in self._by_entity:
            return known
        entity_id = free_entity_id(
            component.domain, _wish(shape, device, own), self._is_taken_for(shape.unique)
        )
        if shape.unique and len(self.ids) < IDS_MAX:
            self.ids[shape.unique] = entity_id
        return entity_id

    def _is_taken_for(self, unique: str) -> Callable[[str], bool]:
        registered = {entity_id for name, entity_id in self.ids.items() if name != unique}

        def is_taken(entity_id: str) -> bool:
            ours = entity_id in self._by_entity or entity_id in registered
            return ours or self._is_taken(entity_id)

        return is_taken

    # Links between them.

    def _put(self, entry: Entry, before: Entry | None) -> None:
        if before is not None:
            self._unlink(before, keep_device=entry.device == before.device)
        self.entries[entry.key] = entry
        self.devices[entry.device].keys[entry.key] = None
        self._size += entry.size
        if entry.unique:
            self._by_unique[entry.unique] = entry.key
        if entry.entity is not None:
            self._by_entity[entry.entity.entity_id] = entry.key

    def _unlink(self, entry: Entry, *, keep_device: bool = False) -> None:
        self._size -= entry.size
        self._by_unique.pop(entry.unique, None)
        if entry.entity is not None:
            self._by_entity.pop(entry.entity.entity_id, None)
        device = self.devices[entry.device]
        if not keep_device:
            device.keys.pop(entry.key, None)
        if not device.keys:
            del self.devices[device.id]
            for mark in device.marks:
                if self._by_mark.get(mark) == device.id:
                    del self._by_mark[mark]


def _marks(config: Mapping[str, Any]) -> list[str]:
    """Everything that the device can be known by, identifiers first."""
    device = config.get("device")
    if not isinstance(device, Mapping):
        return []
    identifiers = device.get("identifiers") or []
    listed = identifiers if isinstance(identifiers, list) else [identifiers]
    marks = [f"id {one}"[:TEXT_CHARACTERS_MAX] for one in listed if isinstance(one, str | int)]
    connections = device.get("connections") or []
    pairs = (
        [pair for pair in connections if _is_pair(pair)] if isinstance(connections, list) else []
    )
    return marks + [f"{kind} {_address(it)}"[:TEXT_CHARACTERS_MAX] for kind, it in pairs]


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and isinstance(pair[1], str)


def _address(text: str) -> str:
    """A MAC address as everybody writes it; other texts as they are."""
    plain = text.lower().replace(":", "").replace("-", "").replace(".", "")
    is_mac = len(plain) == 12 and all(digit in "0123456789abcdef" for digit in plain)
    return ":".join(plain[at : at + 2] for at in range(0, 12, 2)) if is_mac else text


def _describe(device: Device, raw: Mapping[str, Any]) -> None:
    def text(key: str, otherwise: str) -> str:
        value = raw.get(key)
        return otherwise if value is None else str(value)[:TEXT_CHARACTERS_MAX]

    device.name = text("name", device.name)
    device.area = text("suggested_area", device.area)
    device.manufacturer = text("manufacturer", device.manufacturer)
    device.model = text("model", device.model)


def _availability(signs: tuple[Sign, ...], known: Mapping[str, bool]) -> dict[str, bool]:
    return {sign.topic: known.get(sign.topic, False) for sign in signs}


def _wish(shape: _Shape, device: Device, own: str | None) -> str:
    """What an entity would be called after the dot."""
    config = shape.config
    if config.has("object_id"):
        return config.text("object_id")
    if config.has("default_entity_id"):
        return config.text("default_entity_id").rpartition(".")[2]
    if shape.unique and device.name:
        return f"{device.name} {own}" if own else device.name
    return own or device.name or device.id
