"""Entities that keep a humidity: humidifier. Pure.

Facts of Home Assistant 2024.3.3, component mqtt: which payload means what.
"""

from vettura.errors import InputError, RefusedError
from vettura.faces.discovery_climates import (
    SET_HUMIDITY,
    Take,
    check_humidities,
    listed,
    reads_of,
    state_keys,
    tell,
    whole_humidity,
)
from vettura.faces.discovery_component import (
    NONE,
    Act,
    Component,
    Data,
    Deed,
    Entity,
    Said,
    Values,
    number_in,
    one_of,
)
from vettura.faces.discovery_config import Config
from vettura.faces.discovery_sensors import on_off
from vettura.faces.discovery_switches import ON_OFF, assumed, on_off_actions, switched


def _humid(name: str) -> Take:
    def take(entity: Entity, said: Said) -> Values:
        config, text = entity.config, said.text
        if not text:
            return {}
        if text == config.text("payload_reset_humidity"):
            return {name: None}
        number = number_in(text, name)
        low, high = config.number("min_humidity"), config.number("max_humidity")
        low, high = (0.0, 100.0) if name == "current_humidity" else (low, high)
        if not low <= number <= high:
            raise InputError(f"{text[:40]} is out of range")
        return {name: round(number)}

    return take


def _humid_mode(entity: Entity, said: Said) -> Values:
    if said.text == entity.config.text("payload_reset_mode"):
        return {"mode": None}
    return listed("mode", "modes")(entity, said) if said.text else {}


def _humid_action(_: Entity, said: Said) -> Values:
    if said.text in {"", NONE}:
        return {}
    if said.text not in {"humidifying", "drying", "idle", "off"}:
        raise InputError(f"{said.text[:40]!r} is no action of a humidifier")
    return {"action": said.text}


def _humid_to(is_on: bool) -> Act:
    def act(entity: Entity, _: Data) -> Deed:
        payload = entity.config.text("payload_on" if is_on else "payload_off")
        post = entity.post("command_topic", payload, "command_template")
        return Deed([post], assumed(entity.config, {"is_on": is_on}))

    return act


def _set_target(entity: Entity, data: Data) -> Deed:
    humidity, config = whole_humidity(data), entity.config
    if not config.number("min_humidity") <= humidity <= config.number("max_humidity"):
        raise RefusedError(f"humidity {humidity} is out of range")
    return SET_HUMIDITY(entity, data)


def _set_mode(entity: Entity, data: Data) -> Deed:
    mode = one_of(data, "mode", entity.config.texts("modes"))
    return tell(entity, "mode", mode, "mode")


def _humidifier_actions(config: Config) -> dict[str, Act]:
    actions = on_off_actions(_humid_to(True), _humid_to(False))
    actions["set_humidity"] = _set_target
    return actions | ({"set_mode": _set_mode} if config.has("mode_command_topic") else {})


def _humidifier_attributes(entity: Entity) -> Values:
    config, values = entity.config, entity.values
    shown: Values = {
        "min_humidity": config.whole("min_humidity"),
        "max_humidity": config.whole("max_humidity"),
    }
    if values.get("action") is not None:
        shown["action"] = values["action"] if values.get("is_on") else "off"
    for name, key in (("current_humidity", "current_humidity"), ("humidity", "target_humidity")):
        if values.get(key) is not None:
            shown[name] = values[key]
    if config.has("mode_command_topic"):
        shown |= {"mode": values.get("mode"), "available_modes": config.texts("modes")}
    return shown


HUMIDIFIER = Component(
    domain="humidifier",
    default_name="MQTT Humidifier",
    needs=("command_topic", "target_humidity_command_topic"),
    defaults=ON_OFF
    | {
        "device_class": "humidifier",
        "min_humidity": 0.0,
        "max_humidity": 100.0,
        "payload_reset_humidity": NONE,
        "payload_reset_mode": NONE,
    },
    check=check_humidities,
    reads=reads_of(
        {
            ("state_topic", "state_value_template"): switched,
            ("action_topic", "action_template"): _humid_action,
            ("current_humidity_topic", "current_humidity_template"): _humid("current_humidity"),
            state_keys("target_humidity"): _humid("target_humidity"),
            state_keys("mode"): _humid_mode,
        }
    ),
    actions=_humidifier_actions,
    state=on_off,
    attributes=_humidifier_attributes,
    blocked=frozenset(["humidity", "max_humidity", "min_humidity", "mode", "available_modes"]),
)
