"""Home Assistant's MQTT discovery of a home's energy: a device beside the cars. Pure."""

from typing import Any, TypeAlias

import msgspec

from vettura import __version__
from vettura.faces.config import HomeAssistantConfig
from vettura.faces.mqtt_topics import STATE, EnergyTopics
from vettura.words.car import Entity
from vettura.words.energy import EnergyHome, entities
from vettura.words.slugs import slug_of

Config: TypeAlias = dict[str, Any]


def device_mark(home: str) -> str:
    """How the device is known, here and in Home Assistant."""
    return f"vettura_{home}_energy"


def discovery(
    home: EnergyHome, topics: EnergyTopics, config: HomeAssistantConfig
) -> dict[str, bytes]:
    """Every discovery message by topic: what the broker shall keep for this home."""
    mark = device_mark(home.home)
    shared: Config = {
        "device": {
            "identifiers": [mark],
            "name": f"{home.title} energy",
            "manufacturer": "vettura",
            "model": "Home energy",
            "sw_version": __version__,
        },
        "origin": {"name": "vettura", "sw_version": __version__},
        "availability": [{"topic": topics.availability}],
    }
    configs = [(entity, _config(home, topics, entity)) for entity in entities(home)]
    if config.by_device:
        components = {e.key: {"platform": e.component, **one} for e, one in configs}
        topic = f"{config.prefix}/device/{mark}/config"
        return {topic: msgspec.json.encode({**shared, "components": components})}
    return {
        f"{config.prefix}/{entity.component}/{mark}/{entity.key}/config": msgspec.json.encode(
            {**one, **shared}
        )
        for entity, one in configs
    }


def _config(home: EnergyHome, topics: EnergyTopics, entity: Entity) -> Config:
    slug = f"{slug_of(home.home)}_energy"
    config: Config = {
        "name": entity.name,
        "unique_id": f"{device_mark(home.home)}_{entity.key}",
        "object_id": f"{slug}_{entity.key}",
        "default_entity_id": f"{entity.component}.{slug}_{entity.key}",
        "state_topic": topics.of(STATE),
        "value_template": f"{{{{ value_json.{entity.key} }}}}",
        **entity.more,
    }
    if entity.component == "binary_sensor":
        known = f"'ON' if value_json.{entity.key} else 'OFF'"
        template = f"{{{{ 'None' if value_json.{entity.key} is none else {known} }}}}"
        config["value_template"] = template
    if entity.component in {"number", "select"}:
        config["command_topic"] = topics.do(entity.key)
    if entity.component == "number":
        config["mode"] = "slider"
    return config
