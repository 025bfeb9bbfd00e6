"""What one message on a discovery topic says: what was announced, has gone, or is wrong. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from vettura.errors import InputError
from vettura.faces.discovery_json import object_in
from vettura.faces.discovery_names import Payload, expanded, in_long_words

CONFIG_BYTES_MAX = 65_536
"""Longest config of one component."""
MESSAGE_BYTES_MAX = 524_288
"""A longer message is refused unread."""
PARTS_MAX = 500
"""Components that one device may announce in one message."""
TRIGGER = "device_automation"
BY_DEVICE = "device"
_ADDRESS = re.compile(r"(\w+)/(?:([a-zA-Z0-9_-]+)/)?([a-zA-Z0-9_-]+)/config")


class Found(NamedTuple):
    """One component that was announced."""

    key: str
    """Of this one for ever: component, node and object, and the part of a device."""
    component: str
    config: Payload
    """In long words."""
    size: int
    """How much it has to say [bytes]."""


class Gone(NamedTuple):
    """Components that are no more."""

    key: str
    """Of one; of a whole device the beginning of the keys of its parts."""


class Wrong(NamedTuple):
    """A message that cannot be used, and why."""

    key: str
    reason: str


Heading = Found | Gone | Wrong


def patterns(prefix: str) -> tuple[str, ...]:
    """What to listen to so as to hear all discovery."""
    return (f"{prefix}/+/+/config", f"{prefix}/+/+/+/config")


def read_discovery(prefix: str, topic: str, payload: bytes) -> list[Heading]:
    """Everything that the message says. Never raises, whatever it is."""
    address = topic.removeprefix(f"{prefix}/")
    match = _ADDRESS.fullmatch(address)
    if match is None:
        return [Wrong(address[:200], "its topic is none of discovery: letters, digits, _ and -")]
    component, node, thing = match.groups()
    key = f"{component} {node} {thing}" if node else f"{component} {thing}"
    if not payload:
        return [Gone(key)]
    try:
        told = _decoded(payload)
        if component == BY_DEVICE:
            return list(_parts(key, told))
        if len(payload) > CONFIG_BYTES_MAX:
            raise InputError(f"its config has more than {CONFIG_BYTES_MAX:,} bytes")
        return [Found(key, component, expanded(told), len(payload))]
    except InputError as error:
        return [Wrong(key, error.message)]


def _decoded(payload: bytes) -> Payload:
    if len(payload) > MESSAGE_BYTES_MAX:
        raise InputError(f"its config has more than {MESSAGE_BYTES_MAX:,} bytes")
    told = object_in(payload)
    if told is None:
        raise InputError("its config is no JSON object")
    for part in ("device", "dev", "origin", "o"):
        if part in told and not isinstance(told[part], dict):
            raise InputError(f"'{part}' must be an object")
    return told


def _parts(key: str, told: Payload) -> Iterator[Heading]:
    """The components of a device, each with what the device says of all."""
    shared = in_long_words(told, "config")
    parts = shared.pop("components", None)
    if not isinstance(parts, dict) or len(parts) > PARTS_MAX:
        raise InputError(f"'components' must be an object of at most {PARTS_MAX}")
    if "device" not in shared:
        raise InputError("'device' is missing")
    base = len(msgspec.json.encode(shared))
    for name, part in parts.items():
        yield _part(f"{key} {name}"[:300], part, shared, base)


def _part(key: str, part: object, shared: Mapping[str, Any], base: int) -> Heading:
    if not isinstance(part, dict):
        return Wrong(key, "its config is no JSON object")
    own = in_long_words(part, "config")
    component = own.pop("platform", None)
    if not isinstance(component, str) or not component:
        return Wrong(key, "'platform' is missing")
    if not own:
        # Home Assistant's way to say that this part has gone.
        return Gone(key)
    try:
        size = base + len(msgspec.json.encode(own))
        return Found(key, component, expanded({**shared, **own}), size)
    except InputError as error:
        return Wrong(key, error.message)
