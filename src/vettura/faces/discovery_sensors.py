"""Entities that only tell: sensor, binary_sensor, device_tracker, event. Pure.

Facts of Home Assistant 2024.3.3, component mqtt: which payload means what.
"""

import math
from datetime import UTC, datetime

from vettura.errors import InputError
from vettura.faces.discovery_component import NONE, Component, Entity, Read, Said, Values
from vettura.faces.discovery_config import Config
from vettura.faces.discovery_json import object_in
from vettura.faces.discovery_units import converted, shown_unit
from vettura.units import NS_PER_S

NOT_NUMERIC = {"date", "enum", "timestamp"}
"""Device classes of sensors whose state is no number."""


def is_numeric(config: Config) -> bool:
    """Whether a sensor's state must be a number."""
    device_class = config.text("device_class")
    if device_class in NOT_NUMERIC:
        return False
    keys = ("state_class", "unit_of_measurement", "suggested_display_precision")
    return bool(device_class) or any(config.has(key) for key in keys)


def _sensed(entity: Entity, said: Said) -> Values:
    config, text = entity.config, said.text
    device_class = config.text("device_class")
    if is_numeric(config):
        return _measured(config, text)
    if device_class not in {"timestamp", "date"}:
        return {"state": text}
    moment = _moment(text)
    if moment is None:
        return {"state": None}
    return {"state": _instant(moment) if device_class == "timestamp" else moment.date().isoformat()}


def _measured(config: Config, text: str) -> Values:
    if not text:
        return {}
    if text == NONE:
        return {"state": None}
    try:
        number = float(text)
    except ValueError:
        raise InputError(f"{text[:40]!r} is no number") from None
    if not math.isfinite(number):
        raise InputError(f"{text} is no number")
    unit = config.text("unit_of_measurement")
    return {"state": converted(text, number, config.text("device_class"), unit)}


def _moment(text: str) -> datetime | None:
    """The time that the text is; None when it is none."""
    try:
        return datetime.fromisoformat(text.strip().replace(" ", "T", 1))
    except ValueError:
        return None


def _instant(moment: datetime) -> str:
    """Home Assistant's timestamp: UTC, to the second."""
    if moment.tzinfo is None:
        raise InputError(f"{moment} has no time zone")
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _reset(entity: Entity, said: Said) -> Values:
    """When a meter began anew, which the same message may say."""
    if not entity.config.has("last_reset_value_template") or not said.text:
        return {}
    moment = _moment(said.text)
    return {"last_reset": moment.isoformat()} if moment else {}


def _sensor_attributes(entity: Entity) -> Values:
    reset = entity.values.get("last_reset")
    return {"last_reset": reset} if reset else {}


def _sensor_about(config: Config) -> Values:
    unit = config.text("unit_of_measurement")
    device_class = config.text("device_class")
    return {
        "unit_of_measurement": shown_unit(device_class, unit),
        "state_class": config.text("state_class"),
        "options": config.texts("options"),
    }


def _check_sensor(config: Config) -> None:
    if config.text("device_class") in NOT_NUMERIC and config.text("unit_of_measurement"):
        raise InputError("a sensor of that device_class has no unit_of_measurement")


SENSOR = Component(
    domain="sensor",
    default_name="MQTT Sensor",
    needs=("state_topic",),
    check=_check_sensor,
    reads=(
        Read("state_topic", "value_template", _sensed, is_strict=True),
        Read("state_topic", "last_reset_value_template", _reset, is_strict=True),
    ),
    state=lambda entity: entity.values.get("state"),
    attributes=_sensor_attributes,
    about=_sensor_about,
    blocked=frozenset({"last_reset", "state_class"}),
)


def _noticed(entity: Entity, said: Said) -> Values:
    config, text = entity.config, said.text
    if not text.strip():
        return {}
    known = {
        NONE: None,
        config.text("payload_off"): False,
        config.text("payload_on"): True,
    }
    if text not in known:
        raise InputError(f"{text[:40]!r} is neither on nor off")
    return {"is_on": known[text]}


def on_off(entity: Entity) -> str | None:
    """On, off, or None for unknown."""
    is_on = entity.values.get("is_on")
    return None if is_on is None else "on" if is_on else "off"


BINARY_SENSOR = Component(
    domain="binary_sensor",
    default_name="MQTT Binary sensor",
    needs=("state_topic",),
    defaults={"payload_on": "ON", "payload_off": "OFF"},
    reads=(Read("state_topic", "value_template", _noticed),),
    state=on_off,
)


def _placed(entity: Entity, said: Said) -> Values:
    config = entity.config
    places = {
        config.text("payload_reset"): None,
        config.text("payload_not_home"): "not_home",
        config.text("payload_home"): "home",
    }
    # What is none of these words is the name of a zone, as it came.
    raw = said.heard.text(config.text("encoding"))
    return {"place": places.get(said.text, raw)}


def _tracked(entity: Entity) -> str | None:
    """Where it is by name; who knows the zones can tell more from latitude and longitude."""
    place = entity.values.get("place")
    if place is not None:
        return str(place)
    return "not_home" if _position(entity) else None


def _position(entity: Entity) -> Values:
    latitude, longitude = entity.extra.get("latitude"), entity.extra.get("longitude")
    if latitude is None or longitude is None:
        return {}
    accuracy = entity.extra.get("gps_accuracy", 0)
    return {"latitude": latitude, "longitude": longitude, "gps_accuracy": accuracy}


def _check_tracker(config: Config) -> None:
    if not config.has("state_topic") and not config.has("json_attributes_topic"):
        raise InputError("'state_topic' or 'json_attributes_topic' is missing")


DEVICE_TRACKER = Component(
    domain="device_tracker",
    default_name=None,
    defaults={
        "payload_home": "home",
        "payload_not_home": "not_home",
        "payload_reset": NONE,
        "source_type": "gps",
    },
    check=_check_tracker,
    reads=(Read("state_topic", "value_template", _placed),),
    state=_tracked,
    attributes=lambda entity: {
        "source_type": entity.config.text("source_type"),
        **_position(entity),
    },
)


def _happened(entity: Entity, said: Said) -> Values:
    if said.heard.is_retained or said.text in {"", NONE, "{}"}:
        return {}
    told = object_in(said.text)
    if told is None or "event_type" not in told:
        raise InputError("an event is JSON with event_type")
    event_type = str(told.pop("event_type"))
    if event_type not in entity.config.texts("event_types"):
        raise InputError(f"no such event type: {event_type[:40]}")
    moment = datetime.fromtimestamp(said.heard.time_ns / NS_PER_S, UTC)
    return {
        "state": moment.isoformat(timespec="milliseconds"),
        "event_type": event_type,
        "more": told,
    }


def _event_attributes(entity: Entity) -> Values:
    known: Values = {
        "event_types": entity.config.texts("event_types"),
        "event_type": entity.values.get("event_type"),
    }
    known |= entity.values.get("more", {})
    return known


EVENT = Component(
    domain="event",
    default_name="MQTT Event",
    needs=("state_topic", "event_types"),
    reads=(Read("state_topic", "value_template", _happened, is_strict=True),),
    state=lambda entity: entity.values.get("state"),
    attributes=_event_attributes,
    blocked=frozenset({"event_type", "event_types"}),
)
