"""Every component that discovery may announce, by its name and schema."""

from collections.abc import Mapping
from typing import Any

from vettura.errors import InputError
from vettura.faces.discovery_climates import CLIMATE, WATER_HEATER
from vettura.faces.discovery_component import Component
from vettura.faces.discovery_covers import COVER, VALVE
from vettura.faces.discovery_fans import FAN, VACUUM
from vettura.faces.discovery_humidity import HUMIDIFIER
from vettura.faces.discovery_lights import LIGHT
from vettura.faces.discovery_lights_json import LIGHT_JSON
from vettura.faces.discovery_lights_template import LIGHT_TEMPLATE
from vettura.faces.discovery_sensors import BINARY_SENSOR, DEVICE_TRACKER, EVENT, SENSOR
from vettura.faces.discovery_switches import (
    BUTTON,
    LOCK,
    NUMBER,
    SCENE,
    SELECT,
    SIREN,
    SWITCH,
    TEXT,
)
from vettura.faces.discovery_updates import UPDATE

KINDS: Mapping[str, Component] = {
    kind.domain: kind
    for kind in (
        BINARY_SENSOR,
        BUTTON,
        CLIMATE,
        COVER,
        DEVICE_TRACKER,
        EVENT,
        FAN,
        HUMIDIFIER,
        LIGHT,
        LOCK,
        NUMBER,
        SCENE,
        SELECT,
        SENSOR,
        SIREN,
        SWITCH,
        TEXT,
        UPDATE,
        VACUUM,
        VALVE,
        WATER_HEATER,
    )
}
LIGHTS = {"basic": LIGHT, "json": LIGHT_JSON, "template": LIGHT_TEMPLATE}
NOT_READ = frozenset(["alarm_control_panel", "camera", "image", "lawn_mower", "tag", "notify"])
"""Components of Home Assistant that become no device here."""


def kind_of(component: str, config: Mapping[str, Any]) -> Component:
    """The component of that name and, of a light, of that schema; InputError when there is none."""
    if component == "light":
        schema = str(config.get("schema", "basic")).lower()
        if schema not in LIGHTS:
            raise InputError("'schema' must be basic, json or template")
        return LIGHTS[schema]
    kind = KINDS.get(component)
    if kind is None:
        raise InputError(f"a {component[:40]} is not read")
    return kind
