"""Home Assistant's MQTT discovery: the car as entities in the words owners know. Pure.

Every entity reads from the one retained JSON of the car's state (`words.car_state`) and
commands through `do/<entity>` (`words.car_orders`). Both `object_id` (until 2026.3) and
`default_entity_id` (from then on) name the entity. Configs per component are known to every Home
Assistant; those per device to 2024.11 and later.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import msgspec

from vettura import __version__
from vettura.faces.config import CarFacts, HomeAssistantConfig
from vettura.faces.mqtt_topics import (
    AVAILABILITY,
    FINISH_TIME,
    LOCATION,
    READY_AT,
    STATE,
    Topics,
)
from vettura.words.car import CABIN_DEGC, ENTITIES, Entity, slugs

Config: TypeAlias = dict[str, Any]
DEVICE_COMPONENT = "device"
BIRTH_TOPIC, BIRTH = "status", b"online"
"""Below the prefix: Home Assistant says that it is there."""


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
    for car, slug in zip(cars, slugs([(car.name, car.vin) for car in cars]), strict=True):
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


def _entity_config(car: CarFacts, slug: str, topics: Topics, entity: Entity) -> Config:
    return {
        "name": entity.name,
        "unique_id": f"vettura_{car.vin}_{entity.key}",
        "object_id": f"{slug}_{entity.key}",
        "default_entity_id": entity.id(slug),
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
