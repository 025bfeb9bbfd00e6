"""What an MQTT message asks of a car: a pure function from topic and payload to a verb."""

import math
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from vettura.bus.messages import Actuate, Refusal, SignalValue, Verb
from vettura.bus.signals import Signal, rest_of_vss, signal_table
from vettura.faces.mqtt_topics import DO, FOR_HOME_ASSISTANT, SET
from vettura.words.car_orders import Unclear, read_words

PAYLOAD_BYTES_MAX = 4096
"""A command is short; what is longer is refused unread."""
ELEMENTS_MAX = 256
WHOLE_MAX = 2.0**63
"""What travels as a whole number."""
NAME_CHARACTERS_MAX = 128

Who: TypeAlias = Literal["mqtt", "homeassistant"]


class Order(NamedTuple):
    """A command that was understood."""

    vin: str
    what: str
    """The entity, or the path of the signal."""
    verb: Verb
    who: Who
    id: str
    """As the sender named it; empty when it did not."""


class Refused(NamedTuple):
    """A message that is no command, and why."""

    vin: str
    """Empty when the topic names no car."""
    what: str
    reason: str
    code: Refusal
    id: str = ""


class _Named(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value with an id, so that it is obeyed once however often it is sent."""

    value: Any
    id: str = ""


def read_order(topic: str, payload: bytes, *, root: str = "vettura") -> Order | Refused:
    """Understand one message, or say why not. Never raises, whatever the message is."""
    levels = topic.split("/")
    if len(levels) < 4 or levels[0] != root or levels[2] not in {DO, SET}:
        return Refused("", topic[:NAME_CHARACTERS_MAX], "no topic for commands", "unknown")
    vin, is_words = levels[1], levels[2] == DO
    what = levels[3] if is_words else ".".join(levels[3:])
    text = _text(payload)
    if text is None:
        size = f"a command is text of at most {PAYLOAD_BYTES_MAX} bytes, in UTF-8"
        return Refused(vin, what[:NAME_CHARACTERS_MAX], size, "type")
    if not is_words:
        return _read_signal(vin, what, text)
    who: Who = "homeassistant" if levels[4:] == [FOR_HOME_ASSISTANT] else "mqtt"
    if levels[4:] and who == "mqtt":
        return Refused(vin, what[:NAME_CHARACTERS_MAX], "no topic for commands", "unknown")
    return _read_entity(vin, what, text, who)


def _text(payload: bytes) -> str | None:
    if len(payload) > PAYLOAD_BYTES_MAX:
        return None
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return None


def _read_entity(vin: str, entity: str, text: str, who: Who) -> Order | Refused:
    words, order_id = text, ""
    named = _named(text)
    if named is not None:
        value = named.value
        words, order_id = value if isinstance(value, str) else str(value), named.id
    verb = read_words(entity, words)
    if isinstance(verb, Unclear):
        return Refused(vin, entity[:NAME_CHARACTERS_MAX], verb.reason, verb.code, order_id)
    return Order(vin, entity, verb, who, order_id)


def _read_signal(vin: str, path: str, text: str) -> Order | Refused:
    signal = signal_table().get(path) or rest_of_vss().get(path)
    if signal is None:
        return Refused(vin, path[:NAME_CHARACTERS_MAX], "no such signal", "unknown")
    named = _named(text)
    value, order_id = (named.value, named.id) if named else (_json(text), "")
    fitting = _fit(value, text if named is None else "", signal.datatype)
    if fitting is None:
        wanted = f"this is no {signal.datatype} such as {_example(signal)}"
        return Refused(vin, path, wanted, "type", order_id)
    return Order(vin, path, Actuate(path=path, value=fitting), "mqtt", order_id)


def _named(text: str) -> _Named | None:
    if not text.lstrip().startswith("{"):
        return None
    try:
        named = msgspec.json.decode(text, type=_Named)
    except (msgspec.DecodeError, RecursionError):
        return None
    return named if len(named.id) <= NAME_CHARACTERS_MAX else None


def _json(text: str) -> Any:  # noqa: ANN401  any JSON is possible
    """What the JSON says; None when it is none."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


def _fit(value: Any, text: str, datatype: str) -> SignalValue | None:  # noqa: ANN401
    """The value in the type of the signal; None when it is of another."""
    if datatype.endswith("[]"):
        return _fit_list(value, datatype[:-2])
    if datatype == "string":
        return value if isinstance(value, str) else text.strip() or None
    if datatype == "boolean":
        words = value if isinstance(value, str) else text
        return value if isinstance(value, bool) else _YES_NO.get(words.strip().lower())
    return _fit_number(value, datatype)


_YES_NO = {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}


def _fit_number(value: Any, datatype: str) -> int | float | None:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    if not math.isfinite(number):
        return None
    if datatype in {"float", "double"}:
        return number
    return int(value) if number.is_integer() and abs(number) < WHOLE_MAX else None


def _fit_list(value: Any, datatype: str) -> list[str | float] | None:  # noqa: ANN401
    if not isinstance(value, list) or len(value) > ELEMENTS_MAX:
        return None
    fitting: list[str | float] = []
    for element in value:
        one = _fit(element, "", datatype)
        if one is None or isinstance(one, list):
            return None
        fitting.append(one)
    return fitting


def _example(signal: Signal) -> str:
    if signal.allowed:
        return signal.allowed[-1]
    examples = {"boolean": "true", "string": "text", "float": "1.5", "double": "1.5"}
    return examples.get(signal.datatype, '["a"]' if signal.datatype.endswith("[]") else "1")
