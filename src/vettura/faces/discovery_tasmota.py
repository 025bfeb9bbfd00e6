"""Tasmota's own discovery, as the same configs that others announce to Home Assistant. Pure.

A device keeps `tasmota/discovery/<mac>/config` and, when it has sensors, `.../sensors`. Facts of
Tasmota 9.2 and later and of its documentation: which numbers mean what, and its topics.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from vettura.faces.discovery_json import object_in
from vettura.faces.discovery_message import MESSAGE_BYTES_MAX, TRIGGER, Found, Gone, Heading, Wrong

PATTERN = "tasmota/discovery/+/+"
DEVICES_MAX = 500
RELAYS_MAX, SENSORS_MAX = 32, 200
RELAY, LIGHT, SHUTTER = 1, 2, 3
DIMMER, WARMTH, COLOUR, COLOUR_WHITE, COLOUR_WARMTH = 1, 2, 3, 4, 5
"""Kinds of lights (`lt_st`)."""
EFFECTS = ("0", "1", "2", "3", "4")
ACTIONS = {
    "SINGLE": "button_short_press",
    "DOUBLE": "button_double_press",
    "TRIPLE": "button_triple_press",
    "QUAD": "button_quadruple_press",
    "PENTA": "button_quintuple_press",
    "HOLD": "button_long_press",
    "CLEAR": "button_release",
}


class Quantity(NamedTuple):
    """What a number that a sensor tells is."""

    device_class: str = ""
    unit: str = ""
    state_class: str = "measurement"


QUANTITIES: Mapping[str, Quantity] = {
    "Temperature": Quantity("temperature"),
    "DewPoint": Quantity("temperature"),
    "Humidity": Quantity("humidity", "%"),
    "Pressure": Quantity("pressure"),
    "SeaPressure": Quantity("pressure"),
    "Illuminance": Quantity("illuminance", "lx"),
    "Power": Quantity("power", "W"),
    "ApparentPower": Quantity("apparent_power", "VA"),
    "ReactivePower": Quantity("reactive_power", "var"),
    "Factor": Quantity("power_factor"),
    "Voltage": Quantity("voltage", "V"),
    "Current": Quantity("current", "A"),
    "Frequency": Quantity("frequency", "Hz"),
    "Total": Quantity("energy", "kWh", "total_increasing"),
    "Today": Quantity("energy", "kWh", "total_increasing"),
    "Yesterday": Quantity("energy", "kWh", ""),
    "ExportActive": Quantity("energy", "kWh", "total_increasing"),
    "CarbonDioxide": Quantity("carbon_dioxide", "ppm"),
    "eCO2": Quantity("carbon_dioxide", "ppm"),
    "TVOC": Quantity("volatile_organic_compounds_parts", "ppb"),
    "PM1": Quantity("pm1", "µg/m³"),
    "PM2.5": Quantity("pm25", "µg/m³"),
    "PM10": Quantity("pm10", "µg/m³"),
    "Distance": Quantity("distance", "cm"),
    "Weight": Quantity("weight", "kg"),
    "Battery": Quantity("battery", "%"),
}
NOT_TOLD = frozenset({"Time", "TempUnit", "PressureUnit", "SpeedUnit", "TotalStartTime", "Id"})


class Tasmota:
    """Every Tasmota device that keeps its own discovery at the broker."""

    def __init__(self) -> None:
        self._configs: dict[str, dict[str, Any]] = {}
        self._sensors: dict[str, dict[str, Any]] = {}
        self._keys: dict[str, set[str]] = {}

    def read(self, topic: str, payload: bytes) -> list[Heading]:
        """What a message on `tasmota/discovery/` says. Never raises, whatever it is."""
        mac, what = topic.split("/")[2:4]
        known = {"config": self._configs, "sensors": self._sensors}.get(what)
        if known is None or not mac:
            return []
        if not payload:
            known.pop(mac, None)
            return self._headings(mac)
        told = object_in(payload) if len(payload) <= MESSAGE_BYTES_MAX else None
        if told is None:
            return [Wrong(f"tasmota {mac}", "its config is no JSON object")]
        if mac not in known and len(known) >= DEVICES_MAX:
            return [Wrong(f"tasmota {mac}", f"there is room for {DEVICES_MAX} devices")]
        known[mac] = told
        return self._headings(mac)

    def asks(self, mac: str) -> list[tuple[str, str]]:
        """What makes a device tell its state and its sensors: topics and payloads."""
        config = self._configs.get(mac)
        if config is None:
            return []
        place = _Place(mac, config)
        return [(place.topic("cmnd", "STATE"), ""), (place.topic("cmnd", "STATUS"), "10")]

    def _headings(self, mac: str) -> list[Heading]:
        """Everything that the device has now, and what it no longer has."""
        config = self._configs.get(mac)
        found = [] if config is None else list(_found(mac, config, self._sensors.get(mac, {})))
        before, now = self._keys.get(mac, set()), {one.key for one in found}
        self._keys[mac] = now
        return [*(Gone(key) for key in sorted(before - now)), *found]


class _Place:
    """Where one device speaks, and what all its configs have."""

    def __init__(self, mac: str, config: dict[str, Any]) -> None:
        self.mac, self.config = mac, config

    def text(self, key: str, otherwise: str = "") -> str:
        value = self.config.get(key)
        return value if isinstance(value, str) else otherwise

    def items(self, key: str) -> list[Any]:
        value = self.config.get(key)
        return value[:RELAYS_MAX] if isinstance(value, list) else []

    def option(self, number: str) -> int:
        options = self.config.get("so")
        value = options.get(number) if isinstance(options, dict) else 0
        return value if isinstance(value, int) else 0

    def topic(self, prefix: str, end: str) -> str:
        """Such as `cmnd` and `POWER1`; the device may call its prefixes otherwise."""
        prefixes = [str(one) for one in self.items("tp")]
        named = dict(zip(("cmnd", "stat", "tele"), prefixes, strict=False))
        full = self.text("ft", "%prefix%/%topic%/").replace("%topic%", self.text("t", self.mac))
        return full.replace("%prefix%", named.get(prefix, prefix)) + end

    def word(self, index: int, otherwise: str) -> str:
        """What the device calls off and on."""
        words = self.items("state")
        return str(words[index]) if index < len(words) else otherwise

    def name(self, platform: str, index: int) -> str | None:
        """The name of one of its parts; None for that of the device itself."""
        names, device = self.items("fn"), self.text("dn", self.mac)
        own = names[index] if index < len(names) else None
        name = str(own) if own else f"{platform} {index + 1}"
        return None if name == device else name

    def shared(self) -> dict[str, Any]:
        pairs = [self.mac[at : at + 2] for at in range(0, 12, 2)]
        return {
            "availability_topic": self.topic("tele", "LWT"),
            "payload_available": self.text("onln", "Online"),
            "payload_not_available": self.text("ofln", "Offline"),
            "device": {
                "identifiers": [f"tasmota_{self.mac}"],
                "connections": [["mac", ":".join(pairs)]],
                "name": self.text("dn", self.mac),
                "manufacturer": "Tasmota",
                "model": self.text("md"),
                "sw_version": self.text("sw"),
            },
        }

    def found(self, component: str, thing: str, **more: object) -> Found:
        config = {**self.shared(), "unique_id": f"tasmota_{self.mac}_{thing}", **more}
        key = f"tasmota {self.mac} {component} {thing}"[:300]
        return Found(key, component, config, len(msgspec.json.encode(config)))


def _found(mac: str, config: dict[str, Any], sensors: dict[str, Any]) -> Iterator[Found]:
    place = _Place(mac, config)
    relays, shutters = place.items("rl"), 0
    for index, kind in enumerate(relays):
        if kind == LIGHT or (kind == RELAY and place.option("30") == 1):
            yield _light(place, index, is_lamp=kind == LIGHT)
        elif kind == RELAY:
            yield place.found("switch", f"relay_{index}", **_relay(place, index, "Relay"))
        elif kind == SHUTTER and index % 2 == 0:
            yield _shutter(place, shutters)
            shutters += 1
    yield from _buttons(place)
    yield from _sensors(place, sensors)


def _relay(place: _Place, index: int, platform: str) -> dict[str, Any]:
    """What switches and lights have in common; a single relay may be called POWER alone."""
    power = f"POWER{index + 1}"
    other = " | default(value_json.POWER | default(''))" if index == 0 else " | default('')"
    return {
        "name": place.name(platform, index),
        "command_topic": place.topic("cmnd", power),
        "state_topic": place.topic("tele", "STATE"),
        "result_topic": place.topic("stat", "RESULT"),
        "payload_off": place.word(0, "OFF"),
        "payload_on": place.word(1, "ON"),
        _TEMPLATE: f"{{{{ value_json.{power}{other} }}}}",
    }


_TEMPLATE = "value_template"


def _light(place: _Place, index: int, *, is_lamp: bool) -> Found:
    config = _relay(place, index, "Light")
    config["state_value_template"] = config.pop(_TEMPLATE)
    kind = place.config.get("lt_st")
    if not is_lamp or not isinstance(kind, int) or kind < DIMMER:
        return place.found("light", f"light_{index}", **config)
    config |= _told(place, "brightness", "Dimmer", "{{ value_json.Dimmer }}")
    # SetOption20 keeps a lamp off that is told its brightness.
    way = "last" if place.option("20") == 1 else "brightness"
    config |= {"brightness_scale": 100, "on_command_type": way}
    if kind in {WARMTH, COLOUR_WARMTH}:
        config |= _told(place, "color_temp", "CT", "{{ value_json.CT }}")
        if place.option("82") == 1:
            config |= {"min_mireds": 200, "max_mireds": 380}
    if kind in {COLOUR, COLOUR_WHITE, COLOUR_WARMTH}:
        config |= _told(place, "hs", "Backlog", _HUE)
        config["hs_command_template"] = (
            "HsbColor1 {{ hue | round | int }}; HsbColor2 {{ sat | round | int }}"
        )
        config |= _told(place, "effect", "Scheme", "{{ value_json.Scheme }}")
        config["effect_list"] = list(EFFECTS)
    return place.found("light", f"light_{index}", **config)


_HUE = "{{ value_json.HSBColor.split(',')[0:2] | join(',') }}"


def _told(place: _Place, what: str, command: str, template: str) -> dict[str, Any]:
    return {
        f"{what}_command_topic": place.topic("cmnd", command),
        f"{what}_state_topic": place.topic("tele", "STATE"),
        f"{what}_value_template": template,
    }


def _shutter(place: _Place, index: int) -> Found:
    name, options = f"Shutter{index + 1}", place.items("sho")
    is_turned = index < len(options) and isinstance(options[index], int) and options[index] & 1
    position = f"value_json.{name}.Position"
    moves = f"value_json.{name}.Direction" + (" * -1" if is_turned else "")
    return place.found(
        "cover",
        f"shutter_{index}",
        name=f"Shutter {index + 1}",
        command_topic=place.topic("cmnd", "Backlog"),
        payload_open=f"ShutterOpen{index + 1}",
        payload_close=f"ShutterClose{index + 1}",
        payload_stop=f"ShutterStop{index + 1}",
        position_topic=place.topic("stat", "RESULT"),
        result_topic=place.topic("tele", "SENSOR"),
        position_template=_if_told(name, f"100 - {position}" if is_turned else position),
        set_position_topic=place.topic("cmnd", f"ShutterPosition{index + 1}"),
        set_position_template="{{ 100 - value }}" if is_turned else "{{ value }}",
        state_topic=place.topic("stat", "RESULT"),
        value_template=_if_told(name, f"{{1: 'opening', -1: 'closing', 0: 'stopped'}}[{moves}]"),
    )


def _if_told(part: str, template: str) -> str:
    return f"{{% if value_json.{part} is defined %}}{{{{ {template} }}}}{{% endif %}}"


def _buttons(place: _Place) -> Iterator[Found]:
    """Buttons that tell what was done to them (SetOption73), and switches (SetOption114)."""
    kinds = (("btn", "73", "Button", 1), ("swc", "114", "Switch", 0))
    for key, option, word, least in kinds:
        for index, mode in enumerate(place.items(key)):
            if place.option(option) == 1 and isinstance(mode, int) and mode >= least:
                yield from _triggers(place, f"{word}{index + 1}")


def _triggers(place: _Place, part: str) -> Iterator[Found]:
    words = ACTIONS if part.startswith("Button") else {**ACTIONS, "TOGGLE": "button_short_press"}
    for word, kind in words.items():
        yield place.found(
            TRIGGER,
            f"{part}_{word}",
            automation_type="trigger",
            topic=place.topic("stat", "RESULT"),
            value_template=f"{{{{ value_json.{part}.Action }}}}",
            payload=word,
            type=kind,
            subtype=part.lower(),
        )


def _sensors(place: _Place, told: dict[str, Any]) -> Iterator[Found]:
    readings = told.get("sn")
    if not isinstance(readings, dict):
        return
    for path, quantity in islice(_quantities(readings), SENSORS_MAX):
        yield _sensor(place, path, quantity, readings)


def _quantities(readings: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every number with its path: a sensor's quantity, perhaps of several phases."""
    for sensor, values in readings.items():
        if sensor in NOT_TOLD:
            continue
        if not isinstance(values, dict):
            yield (sensor,), sensor
            continue
        for quantity, value in values.items():
            if quantity in NOT_TOLD or isinstance(value, dict):
                continue
            if isinstance(value, list):
                yield from (((sensor, quantity, at), quantity) for at in range(len(value[:8])))
            else:
                yield (sensor, quantity), quantity


def _sensor(
    place: _Place, path: tuple[str | int, ...], name: str, readings: dict[str, Any]
) -> Found:
    quantity = QUANTITIES.get(name, Quantity(state_class=""))
    units = {"temperature": f"°{readings.get('TempUnit', 'C')}"} | {
        "pressure": str(readings.get("PressureUnit", "hPa"))
    }
    unit = quantity.unit or units.get(quantity.device_class, "")
    # STATUS 10 tells the same one level below.
    reading = "".join(f"[{_quoted(step)}]" for step in path)
    words = [str(step + 1) if isinstance(step, int) else step for step in path]
    more = {"device_class": quantity.device_class, "unit_of_measurement": unit}
    more["state_class"] = quantity.state_class
    return place.found(
        "sensor",
        f"sensor_{'_'.join(words)}",
        name=" ".join(words),
        state_topic=place.topic("tele", "SENSOR"),
        result_topic=place.topic("stat", "STATUS10"),
        value_template=f"{{{{ (value_json.StatusSNS | default(value_json)){reading} }}}}",
        **{key: value for key, value in more.items() if value},
    )


def _quoted(step: str | int) -> str:
    """As it stands in a template, whatever a stranger calls his sensor."""
    return str(step) if isinstance(step, int) else msgspec.json.encode(step).decode()
