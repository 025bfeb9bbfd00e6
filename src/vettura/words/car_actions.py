"""An action for an entity of a car, as what the car understands. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from vettura.bus.messages import Verb
from vettura.words.car_orders import Unclear, read_words

Data = Mapping[str, Any]
Read = list[Verb] | Unclear
"""What the car is told, one after the other; or why nothing."""
Reader = Callable[[str, Data, bool | None], Read]


def read_action(key: str, action: str, data: Data, *, is_on: bool | None = None) -> Read:
    """The verbs of an action such as `lock.lock` for the entity `key`.

    `is_on` is how the entity is now, for `toggle`: on or open; None when that is not known.
    """
    reader = _READERS.get(action.partition(".")[2])
    if reader is None:
        return Unclear(f"a car cannot do {action}", "unknown")
    return reader(key, data, is_on)


def _words(words: str) -> Reader:
    def read(key: str, _data: Data, _is_on: bool | None) -> Read:
        return _all(key, words)

    return read


def _all(key: str, *words: str) -> Read:
    verbs: list[Verb] = []
    for each in words:
        verb = read_words(key, each)
        if isinstance(verb, Unclear):
            return verb
        verbs.append(verb)
    return verbs


def _turn(on: bool) -> Reader:
    def read(key: str, _data: Data, _is_on: bool | None) -> Read:
        if key == "climate":
            return _all(key, "heat_cool" if on else "off")
        return _all(key, "on" if on else "off")

    return read


def _toggle(key: str, _data: Data, is_on: bool | None) -> Read:
    if is_on is None:
        return Unclear("it is not known how it is", "unavailable")
    if key.startswith("window_") or key in {"trunk", "charge_flap"}:
        return _all(key, "close" if is_on else "open")
    return _all(key, "off" if is_on else "on")


def _value(name: str) -> Reader:
    def read(key: str, data: Data, _is_on: bool | None) -> Read:
        if name not in data:
            return Unclear(f"needs {name}", "type")
        return _all(key, str(data[name]))

    return read


def _temperature(key: str, data: Data, _is_on: bool | None) -> Read:
    if "temperature" not in data:
        return Unclear("needs temperature", "type")
    target = read_words("climate_temperature", str(data["temperature"]))
    if isinstance(target, Unclear):
        return target
    mode = _all(key, str(data["hvac_mode"])) if "hvac_mode" in data else []
    return mode if isinstance(mode, Unclear) else [target, *mode]


_READERS: Mapping[str, Reader] = {
    "lock": _words("lock"),
    "unlock": _words("unlock"),
    "turn_on": _turn(True),
    "turn_off": _turn(False),
    "toggle": _toggle,
    "open_cover": _words("open"),
    "close_cover": _words("close"),
    "set_cover_position": _value("position"),
    "set_hvac_mode": _value("hvac_mode"),
    "set_temperature": _temperature,
    "set_value": _value("value"),
    "press": _words("press"),
}
