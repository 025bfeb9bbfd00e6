"""Entities that keep a temperature: climate, water_heater. Pure.

Facts of Home Assistant 2024.3.3, component mqtt: which payload means what. Temperatures are told
in degrees Celsius, as Home Assistant does in a metric home.
"""

from collections.abc import Callable, Mapping, Sequence

from vettura.errors import InputError, RefusedError
from vettura.faces.discovery_component import (
    NONE,
    Act,
    Component,
    Data,
    Deed,
    Entity,
    Read,
    Said,
    Values,
    number_in,
    number_of,
    one_of,
)
from vettura.faces.discovery_config import Config
from vettura.faces.discovery_fans import together
from vettura.faces.discovery_switches import ON_OFF, assumed

ACTIONS = frozenset(["cooling", "drying", "fan", "heating", "idle", "off", "preheating"])
MODES = frozenset(["off", "heat", "cool", "heat_cool", "auto", "dry", "fan_only"])
START_DEGC = 21.0
HEATER_START_DEGC = 43.3
"""110 °F, Home Assistant's least of a water heater."""
HEATER_DEGC = (43.3, 60.0)
CLIMATE_DEGC = (7.0, 35.0)
HUMIDITY_PERCENT = (30.0, 99.0)
TENTH, WHOLE = 0.1, 1.0

Take = Callable[[Entity, Said], Values]


def amount(name: str) -> Take:
    """Reads a number into the value of that name."""

    def take(_: Entity, said: Said) -> Values:
        if not said.text:
            return {}
        if said.text == NONE:
            return {name: None}
        return {name: number_in(said.text, name)}

    return take


def listed(name: str, modes: str) -> Take:
    """Reads a mode of the config's own list."""

    def take(entity: Entity, said: Said) -> Values:
        if said.text not in entity.config.texts(modes):
            raise InputError(f"{said.text[:40]!r} is none of its {modes}")
        return {name: said.text}

    return take


def _preset(entity: Entity, said: Said) -> Values:
    if said.text in {"none", NONE}:
        return {"preset_mode": "none"}
    return listed("preset_mode", "preset_modes")(entity, said) if said.text else {}


def _acting(_: Entity, said: Said) -> Values:
    if said.text in {"", NONE}:
        return {}
    if said.text not in ACTIONS:
        raise InputError(f"{said.text[:40]!r} is no action of a climate")
    return {"action": said.text}


def setting(name: str, take: Callable[[Data], object], key: str = "") -> Act:
    """Tells one value: on `<name>_command_topic`, which `<name>_state_topic` may confirm."""

    def act(entity: Entity, data: Data) -> Deed:
        value = take(data)
        return tell(entity, name, value, key or name)

    return act


def tell(entity: Entity, name: str, value: object, key: str) -> Deed:
    """One value on `<name>_command_topic`, believed under `key` where nothing confirms it."""
    config = entity.config
    believed = assumed(config, {key: value}, f"{name}_state_topic")
    if not config.has(f"{name}_command_topic"):
        # Home Assistant believes such a setting without telling anybody.
        return Deed([], believed)
    post = entity.post(f"{name}_command_topic", value, f"{name}_command_template")
    return Deed([post], believed)


def _set_listed(name: str, modes: str, *, more: Sequence[str] = ()) -> Act:
    def act(entity: Entity, data: Data) -> Deed:
        mode = one_of(data, _asked(name), [*entity.config.texts(modes), *more])
        return tell(entity, name, mode, name)

    return act


def _asked(name: str) -> str:
    return "hvac_mode" if name == "mode" else name


TEMPERATURES = {
    "temperature": "temperature",
    "temperature_low": "target_temp_low",
    "temperature_high": "target_temp_high",
}
"""What a config calls them, and what actions and attributes do."""


def _set_temperature(mode: str, *, is_limited: bool) -> Act:
    def act(entity: Entity, data: Data) -> Deed:
        deeds = (
            [_set_listed("mode", "modes")(entity, {"hvac_mode": data[mode]})]
            if mode in data
            else []
        )
        asked = {name: key for name, key in TEMPERATURES.items() if data.get(key) is not None}
        if not asked and not deeds:
            raise RefusedError("say temperature")
        for name, key in asked.items():
            degrees = _own_degrees(entity, number_of(data, key), is_limited=is_limited)
            deeds.append(tell(entity, name, degrees, name))
        return together(deeds)

    return act


def _is_fahrenheit(config: Config) -> bool:
    return config.text("temperature_unit", "C") == "F"


def _own_degrees(entity: Entity, degc: float, *, is_limited: bool) -> float:
    """In the unit that the device speaks, within what it can be set to where that is limited."""
    low, high = _limits_degc(entity.config, CLIMATE_DEGC)
    if is_limited and not low <= degc <= high:
        raise RefusedError(f"temperature must be from {low:g} to {high:g}")
    return degc * 1.8 + 32.0 if _is_fahrenheit(entity.config) else degc


def _degc(config: Config, degrees: float | None) -> float | None:
    """In degrees Celsius, with the decimals that Home Assistant shows."""
    if degrees is None:
        return None
    degc = (degrees - 32.0) / 1.8 if _is_fahrenheit(config) else degrees
    precision = config.number("precision", TENTH)
    if precision == WHOLE:
        return round(degc)
    return round(degc * 2.0) / 2.0 if precision != TENTH else round(degc, 1)


def _limits_degc(config: Config, otherwise: tuple[float, float]) -> tuple[float, float]:
    shown = [
        _degc(config, config.number(key)) if config.has(key) else degc
        for key, degc in zip(("min_temp", "max_temp"), otherwise, strict=True)
    ]
    return float(shown[0] or 0.0), float(shown[1] or 0.0)


def _start(config: Config, degc: float, **modes: str) -> Values:
    """What is believed of what nobody tells."""
    first = config.number("initial", degc * 1.8 + 32.0 if _is_fahrenheit(config) else degc)
    start: Values = {}
    for name in TEMPERATURES:
        start |= assumed(config, {name: first}, f"{name}_state_topic")
    for name, mode in modes.items():
        start |= assumed(config, {name: mode}, f"{name}_state_topic")
    return start


def _has(config: Config, *names: str) -> bool:
    """Whether it can be told, or tells, one of these."""
    topics = [f"{name}_{way}_topic" for name in names for way in ("state", "command")]
    return any(config.has(topic) for topic in topics)


def _power(is_on: bool, modes: Sequence[str]) -> Act:
    """On or off by its own topic; else by the first of these modes that it has."""

    def act(entity: Entity, _: Data) -> Deed:
        config = entity.config
        if config.has("power_command_topic"):
            payload = config.text("payload_on" if is_on else "payload_off")
            post = entity.post("power_command_topic", payload, "power_command_template")
            return Deed([post], {"mode": "off"} if config.flag("optimistic") and not is_on else {})
        mode = next((mode for mode in modes if mode in config.texts("modes")), None)
        if mode is None:
            raise RefusedError(f"{entity.entity_id} has no mode for that")
        return tell(entity, "mode", mode, "mode")

    return act


def _climate_toggle(entity: Entity, data: Data) -> Deed:
    is_off = entity.values.get("mode") in {"off", None}
    return (_CLIMATE_ON if is_off else _CLIMATE_OFF)(entity, data)


def whole_humidity(data: Data) -> int:
    """The humidity that an action asks for [%]."""
    return int(number_of(data, "humidity"))


_CLIMATE_ON = _power(True, ["heat_cool", "heat", "cool"])
_CLIMATE_OFF = _power(False, ["off"])
SET_HUMIDITY = setting("target_humidity", whole_humidity)


def _climate_actions(config: Config) -> dict[str, Act]:
    actions: dict[str, Act] = {
        "turn_on": _CLIMATE_ON,
        "turn_off": _CLIMATE_OFF,
        "toggle": _climate_toggle,
        "set_hvac_mode": _set_listed("mode", "modes"),
    }
    if _has(config, *TEMPERATURES):
        actions["set_temperature"] = _set_temperature("hvac_mode", is_limited=True)
    if config.has("target_humidity_command_topic"):
        actions["set_humidity"] = SET_HUMIDITY
    if _has(config, "fan_mode"):
        actions["set_fan_mode"] = _set_listed("fan_mode", "fan_modes")
    if _has(config, "swing_mode"):
        actions["set_swing_mode"] = _set_listed("swing_mode", "swing_modes")
    if config.has("preset_mode_command_topic"):
        actions["set_preset_mode"] = _set_listed("preset_mode", "preset_modes", more=["none"])
    return actions


def _check_climate(config: Config) -> None:
    if "none" in config.texts("preset_modes"):
        raise InputError("'preset_modes' must not have none")
    if config.has("preset_mode_command_topic") != config.has("preset_modes"):
        raise InputError("'preset_modes' and 'preset_mode_command_topic' need each other")
    unknown = set(config.texts("modes")) - MODES
    if unknown:
        raise InputError(f"'modes' has {min(unknown)[:40]!r}, which is none")
    if config.has("target_humidity_state_topic") and not _can_humidify(config):
        raise InputError("'target_humidity_state_topic' needs 'target_humidity_command_topic'")
    check_humidities(config)


def _can_humidify(config: Config) -> bool:
    return config.has("target_humidity_command_topic")


def check_humidities(config: Config) -> None:
    """Raises InputError when the range of humidities is none."""
    if not config.number("min_humidity") < config.number("max_humidity") <= 100.0:
        raise InputError("'max_humidity' must be more than 'min_humidity', and at most 100")


def _climate_attributes(entity: Entity) -> Values:
    config, values = entity.config, entity.values
    low, high = _limits_degc(config, CLIMATE_DEGC)
    shown: Values = {
        "hvac_modes": config.texts("modes"),
        "min_temp": low,
        "max_temp": high,
        "target_temp_step": config.number("temp_step"),
        "current_temperature": _degc(config, values.get("current_temperature")),
    }
    if _has(config, "temperature"):
        shown["temperature"] = _degc(config, values.get("temperature"))
    if _has(config, "temperature_low", "temperature_high"):
        for name in ("temperature_low", "temperature_high"):
            shown[TEMPERATURES[name]] = _degc(config, values.get(name))
    return shown | _humidities(entity) | _climate_modes(entity)


def _humidities(entity: Entity) -> Values:
    config, values = entity.config, entity.values
    shown: Values = {}
    if values.get("current_humidity") is not None:
        shown["current_humidity"] = values["current_humidity"]
    if _can_humidify(config):
        shown["humidity"] = values.get("target_humidity")
        shown["min_humidity"] = config.number("min_humidity")
        shown["max_humidity"] = config.number("max_humidity")
    return shown


def _climate_modes(entity: Entity) -> Values:
    config, values = entity.config, entity.values
    shown: Values = {}
    for name in ("fan_mode", "swing_mode"):
        if _has(config, name):
            shown |= {name: values.get(name), f"{name}s": config.texts(f"{name}s")}
    if config.has("preset_mode_command_topic"):
        shown["preset_mode"] = values.get("preset_mode")
        shown["preset_modes"] = ["none", *config.texts("preset_modes")]
    if values.get("action"):
        shown["hvac_action"] = values["action"]
    return shown


def reads_of(takes: Mapping[tuple[str, str], Take]) -> tuple[Read, ...]:
    """One reading for each topic and template."""
    return tuple(Read(topic, template, take) for (topic, template), take in takes.items())


def state_keys(name: str) -> tuple[str, str]:
    """The keys of the topic and the template that tell one value."""
    return f"{name}_state_topic", f"{name}_state_template"


_TEMPERATURE_READS: dict[tuple[str, str], Take] = {
    ("current_temperature_topic", "current_temperature_template"): amount("current_temperature"),
    **{state_keys(name): amount(name) for name in TEMPERATURES},
}
CLIMATE = Component(
    domain="climate",
    default_name="MQTT HVAC",
    shared_template="value_template",
    defaults=ON_OFF
    | {
        "modes": ["auto", "off", "cool", "heat", "dry", "fan_only"],
        "fan_modes": ["auto", "low", "medium", "high"],
        "swing_modes": ["on", "off"],
        "temp_step": 1.0,
        "min_humidity": HUMIDITY_PERCENT[0],
        "max_humidity": HUMIDITY_PERCENT[1],
    },
    check=_check_climate,
    reads=reads_of(
        _TEMPERATURE_READS
        | {
            ("action_topic", "action_template"): _acting,
            ("current_humidity_topic", "current_humidity_template"): amount("current_humidity"),
            state_keys("target_humidity"): amount("target_humidity"),
            state_keys("mode"): listed("mode", "modes"),
            state_keys("fan_mode"): listed("fan_mode", "fan_modes"),
            state_keys("swing_mode"): listed("swing_mode", "swing_modes"),
            ("preset_mode_state_topic", "preset_mode_value_template"): _preset,
        }
    ),
    start=lambda config: (
        _start(config, START_DEGC, mode="off", fan_mode="low", swing_mode="off")
        | ({"preset_mode": "none"} if config.has("preset_mode_command_topic") else {})
    ),
    actions=_climate_actions,
    state=lambda entity: entity.values.get("mode"),
    attributes=_climate_attributes,
    blocked=frozenset(
        [
            "current_humidity",
            "current_temperature",
            "fan_mode",
            "fan_modes",
            "humidity",
            "hvac_action",
            "hvac_modes",
            "max_humidity",
            "max_temp",
            "min_humidity",
            "min_temp",
            "preset_mode",
            "preset_modes",
            "swing_mode",
            "swing_modes",
            "target_temp_high",
            "target_temp_low",
            "target_temp_step",
            "temperature",
        ]
    ),
)


def _heater_actions(config: Config) -> dict[str, Act]:
    actions: dict[str, Act] = {}
    if _has(config, "temperature"):
        actions["set_temperature"] = _set_temperature("operation_mode", is_limited=False)
    if _has(config, "mode"):
        actions["set_operation_mode"] = lambda entity, data: _set_listed("mode", "modes")(
            entity, {"hvac_mode": data.get("operation_mode")}
        )
    if config.has("power_command_topic"):
        actions |= {"turn_on": _power(True, []), "turn_off": _power(False, [])}
    return actions


def _heater_attributes(entity: Entity) -> Values:
    config, values = entity.config, entity.values
    low, high = _limits_degc(config, HEATER_DEGC)
    shown: Values = {
        "min_temp": low,
        "max_temp": high,
        "current_temperature": _degc(config, values.get("current_temperature")),
        "temperature": _degc(config, values.get("temperature")),
        "target_temp_high": None,
        "target_temp_low": None,
    }
    if _has(config, "mode"):
        shown["operation_list"] = config.texts("modes")
        shown["operation_mode"] = values.get("mode")
    return shown


WATER_HEATER = Component(
    domain="water_heater",
    default_name="MQTT Water Heater",
    shared_template="value_template",
    defaults=ON_OFF
    | {"modes": ["eco", "electric", "gas", "heat_pump", "high_demand", "performance", "off"]},
    reads=reads_of(
        {
            ("current_temperature_topic", "current_temperature_template"): amount(
                "current_temperature"
            ),
            state_keys("temperature"): amount("temperature"),
            state_keys("mode"): listed("mode", "modes"),
        }
    ),
    start=lambda config: _start(config, HEATER_START_DEGC, mode="off"),
    actions=_heater_actions,
    state=lambda entity: entity.values.get("mode"),
    attributes=_heater_attributes,
    blocked=frozenset(
        [
            "current_temperature",
            "max_temp",
            "min_temp",
            "temperature",
            "operation_list",
            "operation_mode",
        ]
    ),
)
