"""Checking a discovery config: which of its words mean what, and what is wrong with it. Pure."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from vettura.errors import InputError
from vettura.faces.discovery_templates import Template, Templates

TOPIC_BYTES_MAX = 65_535
"""MQTT's own limit [bytes]."""
ITEMS_MAX = 1000
"""Longest list of options, effects or modes."""
YES, NO = {"1", "true", "yes", "on", "enable"}, {"0", "false", "no", "off", "disable"}
NUMBERS = frozenset(
    ["min", "max", "step", "min_temp", "max_temp", "temp_step", "initial", "precision"]
) | {
    "min_humidity",
    "max_humidity",
}
WHOLES = frozenset(
    [
        "qos",
        "expire_after",
        "off_delay",
        "brightness_scale",
        "white_scale",
        "min_mireds",
        "max_mireds",
        "flash_time_long",
        "flash_time_short",
        "position_open",
        "position_closed",
        "tilt_min",
        "tilt_max",
        "tilt_opened_value",
        "tilt_closed_value",
        "speed_range_min",
        "speed_range_max",
        "suggested_display_precision",
    ]
)
FLAGS = frozenset(
    [
        "optimistic",
        "retain",
        "force_update",
        "enabled_by_default",
        "brightness",
        "color_mode",
        "color_temp",
        "effect",
        "hs",
        "rgb",
        "xy",
        "support_duration",
        "support_volume_set",
        "reports_position",
        "tilt_optimistic",
    ]
)
LISTS = frozenset(
    [
        "effect_list",
        "options",
        "modes",
        "fan_modes",
        "swing_modes",
        "preset_modes",
        "event_types",
        "available_tones",
        "supported_color_modes",
        "fan_speed_list",
        "supported_features",
    ]
)
TEXTS = frozenset(
    [
        "name",
        "unique_id",
        "object_id",
        "default_entity_id",
        "device_class",
        "state_class",
        "unit_of_measurement",
        "icon",
        "encoding",
        "entity_category",
        "source_type",
        "schema",
        "on_command_type",
        "temperature_unit",
        "title",
        "release_summary",
        "release_url",
        "entity_picture",
        "code_format",
        "pattern",
        "automation_type",
        "type",
        "subtype",
        "payload",
        "mode",
        "availability_mode",
    ]
)
"""Besides all that begin with payload_ or state_."""
NOTHING = frozenset(["name", "device_class", "unit_of_measurement", "state_class"]) | {
    "payload_open",
    "payload_close",
    "payload_stop",
    "payload",
    "value_template",
}
"""What may be null."""
PARTS = frozenset(["availability", "device", "origin", "components", "platform"])
"""What is looked at elsewhere."""


class Config:
    """A checked config of one entity: what it says, or else its component's defaults."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def has(self, key: str) -> bool:
        """Whether it says anything but null there."""
        return self._values.get(key) is not None

    def says(self, key: str) -> bool:
        """Whether the key is there, be it null."""
        return key in self._values

    def text(self, key: str, otherwise: str = "") -> str:
        """A text; `otherwise` where there is none."""
        value = self._values.get(key)
        return otherwise if value is None else str(value)

    def flag(self, key: str) -> bool:
        """Yes or no; no where there is none."""
        return bool(self._values.get(key, False))

    def number(self, key: str, otherwise: float = 0.0) -> float:
        """A number; `otherwise` where there is none."""
        value = self._values.get(key)
        return otherwise if value is None else float(value)

    def whole(self, key: str, otherwise: int = 0) -> int:
        """A whole number; `otherwise` where there is none."""
        value = self._values.get(key)
        return otherwise if value is None else int(value)

    def texts(self, key: str) -> list[str]:
        """A list of texts; empty where there is none."""
        return list(self._values.get(key) or ())

    def template(self, key: str) -> Template | None:
        """A template; None where there is none."""
        template: Template | None = self._values.get(key)
        return template


class Rules(Protocol):
    """What a component says of its configs."""

    @property
    def needs(self) -> Sequence[str]:
        """The keys that must be there."""
        ...

    @property
    def defaults(self) -> Mapping[str, Any]:
        """What holds where the config is silent."""
        ...

    @property
    def check(self) -> Callable[[Config], None]:
        """Raises InputError for what does not go together."""
        ...


def checked(raw: Mapping[str, Any], rules: Rules, templates: Templates) -> Config:
    """The config of one entity with its defaults; InputError names the key that is wrong."""
    found = {"qos": 0, "encoding": "utf-8"} | dict(rules.defaults)
    for key, value in raw.items():
        reader = _reader(key)
        if reader is not None:
            found[key] = reader(key, value, templates)
    missing = [key for key in rules.needs if found.get(key) is None]
    if missing:
        raise InputError(f"'{missing[0]}' is missing")
    config = Config(found)
    if config.whole("qos") not in {0, 1, 2}:
        raise InputError("'qos' must be 0, 1 or 2")
    rules.check(config)
    return config


Reader = Callable[[str, Any, Templates], Any]


def is_told(key: str) -> bool:
    """Whether messages go to the topic of that key, rather than come from it."""
    return key.endswith("command_topic") or key.startswith(("set_", "send_"))


def _reader(key: str) -> Reader | None:
    """How the value of a key is read; None for what does not matter."""
    if key in PARTS or not isinstance(key, str):
        return None
    if key.endswith("_template"):
        return _template
    if key.endswith("topic"):
        return _write_topic if is_told(key) else _read_topic
    for keys, reader in ((NUMBERS, _number), (WHOLES, _whole), (FLAGS, _flag), (LISTS, _texts)):
        if key in keys:
            return reader
    return _text if key in TEXTS or key.startswith(("payload_", "state_")) else None


def _template(key: str, value: Any, templates: Templates) -> Template | None:  # noqa: ANN401
    if value is None and key in NOTHING:
        return None
    source = _text(key, value, templates)
    try:
        return templates.compiled(source or "")
    except InputError as error:
        raise InputError(f"'{key}': {error.message}") from None


def _text(key: str, value: Any, _: object) -> str | None:  # noqa: ANN401
    if isinstance(value, list | dict) or (value is None and key not in NOTHING):
        raise InputError(f"'{key}' must be a text")
    return None if value is None else str(value)


def _number(key: str, value: Any, _: object) -> float:  # noqa: ANN401
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"'{key}' must be a number")
    return number


def _whole(key: str, value: Any, _: object) -> int:  # noqa: ANN401
    try:
        whole = int(value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"'{key}' must be a whole number") from None
    if not 0 <= whole < 2**31 and not (key.startswith(("position_", "tilt_")) and -whole < 2**31):
        raise InputError(f"'{key}' must be a whole number from 0")
    return whole


def _flag(key: str, value: Any, _: object) -> bool:  # noqa: ANN401
    if isinstance(value, bool | int | float):
        return value != 0
    word = str(value).lower().strip()
    if word not in YES | NO:
        raise InputError(f"'{key}' must be true or false")
    return word in YES


def _texts(key: str, value: Any, _: object) -> list[str]:  # noqa: ANN401
    listed = value if isinstance(value, list) else [] if value is None else [value]
    if len(listed) > ITEMS_MAX or any(isinstance(one, list | dict | None) for one in listed):
        raise InputError(f"'{key}' must be a list of at most {ITEMS_MAX} texts")
    return [str(one) for one in listed]


def _write_topic(key: str, value: Any, _: object) -> str:  # noqa: ANN401
    topic = _topic(key, value)
    if "+" in topic or "#" in topic:
        raise InputError(f"'{key}' is no topic to publish to: it has a wildcard")
    return topic


def _read_topic(key: str, value: Any, _: object) -> str:  # noqa: ANN401
    topic = _topic(key, value)
    levels = topic.split("/")
    is_filter = all("+" not in level or level == "+" for level in levels)
    is_filter = is_filter and all("#" not in level for level in levels[:-1])
    if not is_filter or ("#" in levels[-1] and levels[-1] != "#"):
        raise InputError(f"'{key}' is no topic to listen to: a wildcard fills its level")
    if levels[0] in {"#", "+"}:
        raise InputError(f"'{key}' would listen to everything: {topic}")
    return topic


_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def _topic(key: str, value: Any) -> str:  # noqa: ANN401
    if not isinstance(value, str) or not value:
        raise InputError(f"'{key}' must be a topic")
    if _UNFIT.search(value) or len(value.encode()) > TOPIC_BYTES_MAX:
        raise InputError(f"'{key}' is no topic: it has characters that MQTT does not allow")
    return value


def read_topic(key: str, value: Any) -> str:  # noqa: ANN401  any JSON is possible
    """A topic to listen to; InputError when it is none."""
    return _read_topic(key, value, None)
