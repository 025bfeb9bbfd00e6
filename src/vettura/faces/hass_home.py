"""A Home Assistant's entities as devices of our home, as far as it has told them. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from vettura.bus.messages_home import Cause, DeviceAbout, DeviceState, EntityAbout, EntityState
from vettura.faces.discovery_json import travelling
from vettura.words.slugs import slug_of

ORIGIN = "homeassistant"
DEVICES_MAX, ENTITIES_MAX = 2000, 10_000
ATTRIBUTES_BYTES_MAX = 16_384
"""Larger attributes are left out."""
STATE_CHARACTERS_MAX = 255
TEXT_CHARACTERS_MAX = 255
NOT_DEVICES = frozenset(
    [
        "automation",
        "conversation",
        "persistent_notification",
        "script",
        "stt",
        "sun",
        "tts",
        "wake_word",
        "zone",
    ]
)
"""Domains of what our home has itself, or what is no device."""
SECRET = frozenset({"access_token", "entity_picture"})
"""Attributes that open doors."""
CAUSE_S = 5.0
"""How long after an action a change is laid to it [s of real time]."""

Record = dict[str, Any]


@dataclass(slots=True)
class Known:
    """One entity as Home Assistant tells it."""

    state: str
    attributes: Record
    is_stranger: bool = True
    """Whether it came after the registries, which must be read again before it is shown."""
    cause: Cause | None = None
    caused_s: float = 0.0


@dataclass(slots=True)
class Registries:
    """What Home Assistant knows of its entities besides their states."""

    areas: dict[str, str] = field(default_factory=dict)
    """Names by id."""
    devices: dict[str, Record] = field(default_factory=dict)
    entities: dict[str, Record] = field(default_factory=dict)
    services: dict[str, Record] = field(default_factory=dict)
    """By domain and name."""


def registries_of(areas: object, devices: object, entities: object, services: object) -> Registries:
    """The registries, from what Home Assistant answers; what is no record is left out."""
    return Registries(
        areas={one["area_id"]: _text(one.get("name")) for one in _records(areas, "area_id")},
        devices={one["id"]: one for one in _records(devices, "id")},
        entities={one["entity_id"]: one for one in _records(entities, "entity_id")},
        services={
            name: of_domain
            for name, of_domain in (services.items() if isinstance(services, dict) else ())
            if isinstance(of_domain, dict)
        },
    )


def _records(told: object, key: str) -> Iterable[Record]:
    listed = told if isinstance(told, list) else []
    return (one for one in listed if isinstance(one, dict) and isinstance(one.get(key), str))


def _text(value: object) -> str:
    return value[:TEXT_CHARACTERS_MAX] if isinstance(value, str) else ""


class HassHome:
    """The entities that are ours to show. `is_ours` says which Home Assistant has from us."""

    def __init__(
        self,
        *,
        domains: Iterable[str] = (),
        platforms: Iterable[str] = (),
        own_marks: Iterable[str] = (),
        is_taken: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.refused = 0
        """Entities and attributes for which there is no room."""
        self._domains = frozenset(domains)
        self._platforms = frozenset(platforms)
        self._own_marks = frozenset(own_marks)
        self._is_taken = is_taken
        self._registries = Registries()
        self._known: dict[str, Known] = {}
        self._devices: dict[str, dict[str, None]] = {}
        self._homes: dict[str, str] = {}
        self._strangers: set[str] = set()

    def devices(self) -> list[str]:
        """Every device that is there."""
        return list(self._devices)

    @property
    def has_strangers(self) -> bool:
        """Whether entities came that the registries do not know yet: they may be ours."""
        return bool(self._strangers)

    def device_of(self, entity_id: str) -> str | None:
        """The device of an entity that is shown; None for others."""
        return self._homes.get(entity_id)

    def entities_of(self, device: str) -> list[str]:
        """The entities of a device."""
        return list(self._devices.get(device, ()))

    # What Home Assistant tells.

    def learn(self, registries: Registries) -> set[str]:
        """Take new registries; return the devices that may be described anew, or have gone."""
        self._registries = registries
        for known in self._known.values():
            known.is_stranger = False
        self._strangers.clear()
        return self.settle()

    def settle(self) -> set[str]:
        """Look anew at which entities are shown; return the devices that this may concern."""
        before = set(self._devices)
        for entity_id in list(self._known):
            self._settle(entity_id)
        return before | set(self._devices)

    def take(self, event: Mapping[str, Any]) -> tuple[set[str], set[str]]:
        """Take changes of entities: devices with another state, and those described anew."""
        told, described = set[str](), set[str]()
        for entity_id, state in _items(event.get("a")):
            self._add(entity_id, state, told, described)
        for entity_id, change in _items(event.get("c")):
            self._change(entity_id, change, told, described)
        removed = event.get("r")
        for entity_id in removed if isinstance(removed, list) else ():
            device = self._homes.get(entity_id) if isinstance(entity_id, str) else None
            if device is not None:
                self._leave(entity_id)
                described.add(device)
                told.add(device)
            self._known.pop(entity_id, None)
            self._strangers.discard(entity_id)
        return told, described

    def forget(self) -> set[str]:
        """Begin anew, as after a new connection; return the devices that were there."""
        before = set(self._devices)
        self._known.clear()
        self._strangers.clear()
        self._devices.clear()
        self._homes.clear()
        return before

    def _add(self, entity_id: str, told: Record, news: set[str], described: set[str]) -> None:
        if entity_id not in self._known and len(self._known) >= ENTITIES_MAX:
            self.refused += 1
            return
        known = self._known.setdefault(entity_id, Known("unknown", {}))
        if entity_id in self._registries.entities:
            known.is_stranger = False
        elif known.is_stranger:
            self._strangers.add(entity_id)
        known.state = _state(told.get("s"))
        known.attributes = self._attributes(told.get("a"))
        device = self._settle(entity_id)
        if device is not None:
            news.add(device)
            described.add(device)

    def _change(self, entity_id: str, change: Record, news: set[str], described: set[str]) -> None:
        known = self._known.get(entity_id)
        if known is None:
            return
        plus, minus = change.get("+"), change.get("-")
        before = _described(known)
        if isinstance(plus, dict):
            known.state = _state(plus["s"]) if "s" in plus else known.state
            if isinstance(plus.get("a"), dict):
                known.attributes = self._attributes(known.attributes | plus["a"])
        gone = minus.get("a") if isinstance(minus, dict) else None
        for name in gone if isinstance(gone, list) else ():
            known.attributes.pop(str(name), None)
        device = self._homes.get(entity_id)
        if device is not None:
            news.add(device)
            if _described(known) != before:
                described.add(device)

    def _attributes(self, told: object) -> Record:
        if not isinstance(told, dict):
            return {}
        shown = {key: value for key, value in told.items() if key not in SECRET}
        tame = travelling(shown)
        assert isinstance(tame, dict)
        if len(msgspec.json.encode(tame)) > ATTRIBUTES_BYTES_MAX:
            self.refused += 1
            return {}
        return tame

    # Which are shown, and where.

    def _settle(self, entity_id: str) -> str | None:
        """Find the device of an entity; None for one that is not shown."""
        device = self._wanted_home(entity_id)
        if self._homes.get(entity_id) != device:
            self._leave(entity_id)
        if device is None:
            return None
        if device not in self._devices and len(self._devices) >= DEVICES_MAX:
            self.refused += 1
            return None
        self._devices.setdefault(device, {})[entity_id] = None
        self._homes[entity_id] = device
        return device

    def _leave(self, entity_id: str) -> None:
        device = self._homes.pop(entity_id, None)
        if device is not None:
            self._devices[device].pop(entity_id, None)
            if not self._devices[device]:
                del self._devices[device]

    def _wanted_home(self, entity_id: str) -> str | None:
        domain = entity_id.partition(".")[0]
        if self._known[entity_id].is_stranger:
            return None
        if (self._domains and domain not in self._domains) or domain in NOT_DEVICES:
            return None
        record = self._registries.entities.get(entity_id, {})
        if _text(record.get("platform")) in self._platforms or self._is_taken(entity_id):
            return None
        device_id = record.get("device_id")
        if isinstance(device_id, str) and device_id in self._registries.devices:
            return None if self._is_ours(device_id) else f"hass_{slug_of(device_id)}"
        return f"hass_{slug_of(entity_id)}"[:100]

    def _is_ours(self, device_id: str) -> bool:
        marks = self._registries.devices[device_id].get("identifiers")
        pairs = marks if isinstance(marks, list) else []
        return any(isinstance(one, list) and self._own_marks & {*map(str, one)} for one in pairs)

    # How they are told on the bus.

    def about(self, device: str) -> DeviceAbout:
        """What a device is; without entities when it has gone."""
        entities = self._devices.get(device, {})
        record = self._record_of(device)
        first = next(iter(entities), "")
        name = _text(record.get("name_by_user")) or _text(record.get("name"))
        return DeviceAbout(
            name=name or (self._name(first) if first else device),
            area=self._area(first, record),
            manufacturer=_text(record.get("manufacturer")),
            model=_text(record.get("model")),
            origin=ORIGIN,
            entities={entity_id: self._entity(entity_id) for entity_id in entities},
        )

    def _record_of(self, device: str) -> Record:
        first = next(iter(self._devices.get(device, ())), "")
        device_id = self._registries.entities.get(first, {}).get("device_id")
        return self._registries.devices.get(device_id, {}) if isinstance(device_id, str) else {}

    def _area(self, entity_id: str, record: Record) -> str:
        of_entity = self._registries.entities.get(entity_id, {}).get("area_id")
        area = of_entity or record.get("area_id")
        return self._registries.areas.get(area, "") if isinstance(area, str) else ""

    def _name(self, entity_id: str) -> str:
        named = _text(self._known[entity_id].attributes.get("friendly_name"))
        return named or entity_id.partition(".")[2].replace("_", " ")

    def _entity(self, entity_id: str) -> EntityAbout:
        attributes = self._known[entity_id].attributes
        options = attributes.get("options")
        limits = {key: attributes.get(key) for key in ("min", "max", "step")}
        return EntityAbout(
            name=self._name(entity_id),
            device_class=_text(attributes.get("device_class")),
            unit_of_measurement=_text(attributes.get("unit_of_measurement")),
            state_class=_text(attributes.get("state_class")),
            actions=self._actions(entity_id),
            options=[str(one) for one in options] if isinstance(options, list) else [],
            **{
                key: float(limit)
                for key, limit in limits.items()
                if isinstance(limit, int | float) and not isinstance(limit, bool)
            },
        )

    def _actions(self, entity_id: str) -> list[str]:
        """What Home Assistant offers for it, by the features that it says it has."""
        domain = entity_id.partition(".")[0]
        features = self._known[entity_id].attributes.get("supported_features")
        known = features if isinstance(features, int) else 0
        services = self._registries.services.get(domain, {})
        return sorted(
            f"{domain}.{name}" for name, service in services.items() if _aims_at(service, known)
        )

    def state(self, device: str, *, time_ns: int, now_s: float, is_there: bool) -> DeviceState:
        """How a device is; unavailable all while Home Assistant is away."""
        entities, cause = dict[str, EntityState](), None
        for entity_id in self._devices.get(device, ()):
            known = self._known[entity_id]
            shown = known if is_there else Known("unavailable", {})
            entities[entity_id] = EntityState(state=shown.state, attributes=shown.attributes)
            if known.cause is not None and now_s - known.caused_s <= CAUSE_S:
                cause = known.cause
        return DeviceState(time_ns=time_ns, entities=entities, cause=cause)

    def lay_to(self, entity_id: str, cause: Cause | None, now_s: float) -> None:
        """What changes in the next seconds is because of that."""
        known = self._known.get(entity_id)
        if known is not None:
            known.cause, known.caused_s = cause, now_s


def _items(told: object) -> Iterable[tuple[str, Record]]:
    if not isinstance(told, dict):
        return ()
    return ((name, one) for name, one in told.items() if isinstance(one, dict) and "." in name)


def _state(told: object) -> str:
    text = told if isinstance(told, str) else "unknown"
    return text if len(text) <= STATE_CHARACTERS_MAX else "unknown"


def _described(known: Known) -> list[object]:
    """What of its attributes an entity is described by."""
    keys = "friendly_name device_class unit_of_measurement state_class supported_features options"
    return [known.attributes.get(key) for key in [*keys.split(), "min", "max", "step"]]


def _aims_at(service: object, features: int) -> bool:
    """Whether a service aims at entities with those features."""
    target = service.get("target") if isinstance(service, dict) else None
    if not isinstance(target, dict):
        return False
    filters = target.get("entity")
    listed = filters if isinstance(filters, list) else [filters]
    return not filters or any(_fits(one, features) for one in listed if isinstance(one, dict))


def _fits(wanted: Record, features: int) -> bool:
    """Whether any of the features that a filter wants is there; each may be several at once."""
    bits = wanted.get("supported_features")
    if not isinstance(bits, list) or not bits:
        return True
    groups = [one if isinstance(one, list) else [one] for one in bits]
    return any(
        all(isinstance(bit, int) and features & bit == bit for bit in group) for group in groups
    )
