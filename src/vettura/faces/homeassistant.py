"""Home Assistant's MQTT discovery: the car as entities in the words owners know. Pure.

Every entity reads from the one retained JSON of the car's state (`homeassistant_state`) and
commands through `do/<entity>` (`homeassistant_orders`). Both `object_id` (until 2026.3) and
`default_entity_id` (from then on) name the entity. Configs per component are known to every Home
Assistant; those per device to 2024.11 and later.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import msgspec

from vettura import __version__
from vettura.faces.config import CarFacts, HomeAssistantConfig
from vettura.faces.homeassistant_state import SEATS, TYRES, WINDOWS
from vettura.faces.mqtt_topics import (
    AVAILABILITY,
    FINISH_TIME,
    LOCATION,
    READY_AT,
    STATE,
    Topics,
)

Config: TypeAlias = dict[str, Any]
DEVICE_COMPONENT = "device"
BIRTH_TOPIC, BIRTH = "status", b"online"
"""Below the prefix: Home Assistant says that it is there."""

CABIN_DEGC = (16.0, 30.0)
CHARGE_PERCENT = (20.0, 100.0)
CURRENT_A = (0.0, 80.0)
"""Ends of what an owner's sliders offer; what is taken says the car."""


class Entity(NamedTuple):
    """One entity of Home Assistant."""

    component: str
    key: str
    """Its word in the state and in commands, and the end of its entity id."""
    name: str
    more: Mapping[str, Any]
    """What its config has beyond what all of its component have."""


class Place(NamedTuple):
    """Where one entity of one car reads and writes."""

    topics: Topics
    vin: str
    key: str

    def state(self) -> str:
        """The topic of the car's state."""
        return self.topics.of(self.vin, STATE)

    def do(self, entity: str = "") -> str:
        """The topic of commands, for another entity than its own when one is named."""
        return self.topics.do(self.vin, entity or self.key)


def discovery(
    cars: Sequence[CarFacts], topics: Topics, config: HomeAssistantConfig
) -> dict[str, bytes]:
    """Every discovery message by topic: what the broker shall keep for these cars."""
    messages: dict[str, Config] = {}
    for car, slug in zip(cars, _slugs(cars), strict=True):
        configs = [(entity, _entity_config(car, slug, topics, entity)) for entity in ENTITIES]
        if config.by_device:
            topic = f"{config.prefix}/{DEVICE_COMPONENT}/{car.vin}/config"
            messages[topic] = _by_device(car, topics, configs)
            continue
        shared = {"device": _device(car), "origin": _origin(), **_availability(car, topics)}
        for entity, entity_config in configs:
            topic = f"{config.prefix}/{entity.component}/{car.vin}/{entity.key}/config"
            messages[topic] = entity_config | shared
    return {topic: msgspec.json.encode(message) for topic, message in messages.items()}


def vin_of(topic: str, prefix: str) -> str:
    """The car that a discovery topic of ours belongs to; empty for other topics."""
    levels = topic.removeprefix(f"{prefix}/").split("/")
    is_ours = topic.startswith(f"{prefix}/") and len(levels) in {3, 4} and levels[-1] == "config"
    return levels[1] if is_ours else ""


def discovery_patterns(prefix: str) -> tuple[str, ...]:
    """What to subscribe to so as to see all discovery that a broker keeps."""
    return (f"{prefix}/+/+/+/config", f"{prefix}/{DEVICE_COMPONENT}/+/config")


def _slugs(cars: Sequence[CarFacts]) -> list[str]:
    """How each car's entity ids begin; namesakes get the end of their VIN as well."""
    plain = [re.sub(r"[^a-z0-9]+", "_", car.name.lower()).strip("_") or "car" for car in cars]
    return [
        f"{slug}_{car.vin[-6:].lower()}" if plain.count(slug) > 1 else slug
        for car, slug in zip(cars, plain, strict=True)
    ]


def _entity_config(car: CarFacts, slug: str, topics: Topics, entity: Entity) -> Config:
    return {
        "name": entity.name,
        "unique_id": f"vettura_{car.vin}_{entity.key}",
        "object_id": f"{slug}_{entity.key}",
        "default_entity_id": f"{entity.component}.{slug}_{entity.key}",
        **_COMPONENTS[entity.component](Place(topics, car.vin, entity.key)),
        **entity.more,
    }


def _by_device(car: CarFacts, topics: Topics, configs: Sequence[tuple[Entity, Config]]) -> Config:
    components = {
        entity.key: {"platform": entity.component, **config} for entity, config in configs
    }
    return {
        "device": _device(car),
        "origin": _origin(),
        **_availability(car, topics),
        "components": components,
    }


def _device(car: CarFacts) -> Config:
    return {
        "identifiers": [f"vettura_{car.vin}"],
        "name": car.name,
        "manufacturer": car.make,
        "model": car.model,
        "serial_number": car.vin,
        "sw_version": __version__,
    }


def _origin() -> Config:
    return {"name": "vettura", "sw_version": __version__}


def _availability(car: CarFacts, topics: Topics) -> Config:
    asked = [topics.bridge, topics.of(car.vin, AVAILABILITY)]
    return {"availability": [{"topic": topic} for topic in asked], "availability_mode": "all"}


def _value(key: str) -> str:
    return f"{{{{ value_json.{key} }}}}"


def _or_empty(key: str) -> str:
    """Nothing at all while it is unknown, where the word None would be taken for a value."""
    return f"{{{{ '' if value_json.{key} is none else value_json.{key} }}}}"


def _reads(place: Place) -> Config:
    if place.key in {FINISH_TIME, READY_AT}:
        # Home Assistant warns at every message that holds no time: they have topics of their own.
        return {"state_topic": place.topics.of(place.vin, place.key)}
    return {"state_topic": place.state(), "value_template": _value(place.key)}


def _flag(place: Place) -> Config:
    key = place.key
    known = f"'ON' if value_json.{key} else 'OFF'"
    template = f"{{{{ 'None' if value_json.{key} is none else {known} }}}}"
    return {"state_topic": place.state(), "value_template": template}


def _number(place: Place) -> Config:
    return _reads(place) | {"command_topic": place.do(), "mode": "box"}


def _switch(place: Place) -> Config:
    return _flag(place) | {"command_topic": place.do()}


def _lock(place: Place) -> Config:
    known = "'LOCKED' if value_json.locked else 'UNLOCKED'"
    template = f"{{{{ 'None' if value_json.locked is none else {known} }}}}"
    return {
        "state_topic": place.state(),
        "value_template": template,
        "command_topic": place.do(),
    }


def _cover(place: Place) -> Config:
    """A lid that is open or shut; a window has a position too."""
    config = {"state_topic": place.state(), "command_topic": place.do(), "payload_stop": None}
    if not place.key.startswith("window_"):
        return config | {"value_template": _or_empty(place.key)}
    return config | {
        "value_template": _or_empty(f"{place.key}_motion"),
        "position_topic": place.state(),
        "position_template": _or_empty(place.key),
        "set_position_topic": place.do(),
    }


def _climate(place: Place) -> Config:
    state = place.state()
    return {
        "modes": ["off", "heat_cool"],
        "mode_state_topic": state,
        "mode_state_template": "{{ value_json.climate or 'off' }}",
        "mode_command_topic": place.do(),
        "temperature_state_topic": state,
        "temperature_state_template": _value("climate_temperature"),
        "temperature_command_topic": place.do("climate_temperature"),
        "current_temperature_topic": state,
        "current_temperature_template": _value("cabin_temperature"),
        "action_topic": state,
        "action_template": _or_empty("climate_action"),
        "min_temp": CABIN_DEGC[0],
        "max_temp": CABIN_DEGC[1],
        "temp_step": 0.5,
        "temperature_unit": "C",
    }


def _tracker(place: Place) -> Config:
    topic = place.topics.of(place.vin, LOCATION)
    return {"json_attributes_topic": topic, "source_type": "gps"}


def _update(place: Place) -> Config:
    """A dictionary, so that a version which is not known is none instead of the word for it."""
    both = "'installed_version': value_json.software_installed"
    both += ", 'latest_version': value_json.software_latest"
    return {
        "state_topic": place.state(),
        "value_template": f"{{{{ {{{both}}} | tojson }}}}",
        "title": "Car software",
    }


def _text(place: Place) -> Config:
    return {
        "state_topic": place.state(),
        "value_template": "{{ value_json.ready_at or '' }}",
        "command_topic": place.do(),
    }


def _button(place: Place) -> Config:
    return {"command_topic": place.do()}


_COMPONENTS: Mapping[str, Callable[[Place], Config]] = {
    "sensor": _reads,
    "binary_sensor": _flag,
    "number": _number,
    "switch": _switch,
    "lock": _lock,
    "cover": _cover,
    "climate": _climate,
    "device_tracker": _tracker,
    "update": _update,
    "text": _text,
    "button": _button,
}


def _sensor(key: str, name: str, unit: str = "", device_class: str = "", **more: object) -> Entity:
    """A sensor; one that has a unit is measured, unless told otherwise."""
    config: Config = {"unit_of_measurement": unit, "state_class": "measurement"} if unit else {}
    if device_class:
        config["device_class"] = device_class
    return Entity("sensor", key, name, config | more)


def _limits(limits: tuple[float, float], step: float) -> Config:
    return {"min": limits[0], "max": limits[1], "step": step}


_TOTAL = {"state_class": "total_increasing"}
_CONSUMPTION = "kWh/100km"

ENTITIES: tuple[Entity, ...] = (
    _sensor("battery", "Battery", "%", "battery"),
    _sensor("range", "Range", "km", "distance"),
    _sensor("odometer", "Odometer", "km", "distance", **_TOTAL),
    _sensor("speed", "Speed", "km/h", "speed"),
    _sensor("status", "Status", icon="mdi:car-electric"),
    _sensor("charge_power", "Charge power", "kW", "power"),
    _sensor("energy_added", "Energy added", "kWh", "energy", **_TOTAL),
    _sensor(FINISH_TIME, "Charge finish time", device_class="timestamp"),
    _sensor(READY_AT, "Ready at", device_class="timestamp"),
    _sensor("outside_temperature", "Outside temperature", "°C", "temperature"),
    _sensor("cabin_temperature", "Cabin temperature", "°C", "temperature"),
    *(
        _sensor(f"tyre_{name}", f"Tyre {name.replace('_', ' ')}", "bar", "pressure")
        for name in TYRES
    ),
    _sensor("trip_distance", "Trip distance", "km", "distance"),
    _sensor("trip_duration", "Trip duration", "min", "duration"),
    _sensor("trip_energy", "Trip energy", "kWh", icon="mdi:lightning-bolt"),
    _sensor("trip_consumption", "Trip consumption", _CONSUMPTION, icon="mdi:gauge"),
    _sensor("last_trip_distance", "Last trip distance", "km", "distance"),
    _sensor("last_trip_duration", "Last trip duration", "min", "duration"),
    _sensor("last_trip_energy", "Last trip energy", "kWh", icon="mdi:lightning-bolt"),
    _sensor("last_trip_consumption", "Last trip consumption", _CONSUMPTION, icon="mdi:gauge"),
    _sensor("battery_12v", "12 V battery", "V", "voltage", entity_category="diagnostic"),
    Entity("binary_sensor", "plugged", "Plugged", {"device_class": "plug"}),
    Entity("binary_sensor", "charging", "Charging", {"device_class": "battery_charging"}),
    Entity("binary_sensor", "awake", "Awake", {"icon": "mdi:sleep-off"}),
    *(
        Entity("binary_sensor", f"door_{name}", f"Door {words}", {"device_class": "door"})
        for name, words in ((name, name.replace("_", " ")) for name in SEATS)
    ),
    Entity("lock", "lock", "Lock", {}),
    *(
        Entity("cover", f"window_{name}", f"Window {words}", {"device_class": "window"})
        for name, words in ((name, name.replace("_", " ")) for name in WINDOWS)
    ),
    Entity("cover", "trunk", "Trunk", {"device_class": "door"}),
    Entity("cover", "charge_flap", "Charge flap", {"device_class": "door"}),
    Entity("climate", "climate", "Climate", {}),
    Entity("switch", "preconditioning", "Preconditioning", {"icon": "mdi:car-seat-heater"}),
    Entity("text", "departure", "Departure", {"icon": "mdi:clock-outline"}),
    Entity("switch", "charge", "Charge", {"icon": "mdi:ev-station"}),
    Entity(
        "number",
        "charge_limit",
        "Charge limit",
        {"unit_of_measurement": "%", **_limits(CHARGE_PERCENT, 1.0)},
    ),
    Entity(
        "number",
        "charge_current_limit",
        "Charge current limit",
        {"unit_of_measurement": "A", "device_class": "current", **_limits(CURRENT_A, 1.0)},
    ),
    Entity("device_tracker", "location", "Location", {}),
    Entity("update", "software", "Software", {}),
    Entity("button", "honk", "Honk", {"icon": "mdi:bullhorn"}),
    Entity("button", "flash", "Flash lights", {"icon": "mdi:car-light-high"}),
    Entity("button", "wake", "Wake up", {"icon": "mdi:alarm"}),
)
"""Every entity of a car."""
