"""What the table of Xiaomi models says: where a thing lies, and what of an entity it is."""

import re
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from vettura.bus.messages_home import DeviceAbout, EntityAbout
from vettura.config import parse_toml

Wired = bool | int | float | str
Iid = Annotated[int, Meta(ge=0, le=65_535)]
MIIO_PORT = 54_321
"""Hard-coded in clients and in devices."""
_SIGNS = re.compile(r"[^a-z0-9]+")
TABLE = "miio_models.toml"


class Spec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all of the table have in common: a typing mistake is an error."""


class Property(Spec, frozen=True, kw_only=True):
    """One thing of a device that can be read or set.

    `of` names the entity: a domain (`light`), with a device class (`sensor:weight`) or with the end
    of its id (`sensor/battery`); empty for what nothing on the bus has.
    """

    name: str
    siid: Iid = 0
    piid: Iid = 0
    """MIoT's numbers of service and property; both 0 when the device knows a name only."""
    prop: str = ""
    """Name in `get_prop`, of devices older than MIoT."""
    set: str = ""
    """Method that sets it there."""
    of: str = ""
    field: str = "state"
    """`state`, or an attribute."""
    format: Literal["bool", "int", "float", "str"]
    words: dict[str, Wired] = {}
    """Our word to the value on the wire; without, the value is a number or taken as it is."""
    via: Literal["", "mired", "rgb"] = ""
    """mired: the wire counts the reciprocal of kelvin; rgb: three bytes in one number."""
    scale: float = 1.0
    offset: float = 0.0
    """Wire value = ours · scale + offset."""
    low: float | None = None
    high: float | None = None
    """Range on the wire; None for none."""
    do: str | dict[str, str] = ""
    """The action that sets it, with the value under `key`; or one action for each word."""
    key: str = ""
    own: Wired | None = None
    """The device's own affair, and how it is at first: it is remembered and does nothing."""
    unit: str = ""

    @property
    def is_settable(self) -> bool:
        """Whether a client may set it."""
        return bool(self.do) or self.own is not None


class Action(Spec, frozen=True, kw_only=True):
    """One thing that a device can be told."""

    name: str
    siid: Iid = 0
    aiid: Iid = 0
    method: str = ""
    """Of devices older than MIoT."""
    of: str
    do: str
    keys: list[str] = []
    """Under which key of the action each argument goes, in order."""
    sets: list[str] = []
    """Instead: the `prop` that each argument sets, in order."""


class Model(Spec, frozen=True, kw_only=True):
    """One model of a device."""

    urn: str = ""
    name: str
    serves: list[str] = []
    """What it stands for when we play it; the first that fits a home's device is taken."""
    of: str = ""
    """Only what this origin brings, such as car; empty for any."""
    properties: list[Property] = []
    actions: list[Action] = []
    source: str


def is_of(selector: str, entity: str, about: EntityAbout) -> bool:
    """Whether that entity is the one that a selector of the table means."""
    domain = entity.partition(".")[0]
    if ":" in selector:
        wanted, _, device_class = selector.partition(":")
        return domain == wanted and about.device_class == device_class
    wanted, _, end = selector.partition("/")
    return domain == wanted and (not end or entity.endswith(f"_{end}"))


def entity_of(selector: str, about: DeviceAbout) -> str:
    """The entity of a device that a selector means; empty when it has none."""
    found = (e for e in sorted(about.entities) if is_of(selector, e, about.entities[e]))
    return next(found, "")


@cache
def models() -> dict[str, Model]:
    """Every model that we know, by its id."""
    data = files("vettura.faces").joinpath(TABLE).read_bytes()
    return parse_toml(data, dict[str, Model], where=TABLE)


def model_for(about: DeviceAbout, wish: str = "") -> tuple[str, Model]:
    """The model that we play for a device: the wished one, one that fits, or one of our own."""
    known = models()
    if wish:
        return wish, known[wish]
    for name, model in known.items():
        suits = not model.of or model.of == about.origin
        if suits and any(entity_of(selector, about) for selector in model.serves):
            return name, model
    domain = min((e.partition(".")[0] for e in about.entities), default="device")
    kind = _SIGNS.sub("_", about.model.lower()).strip("_") or domain
    return f"vettura.{kind}.v1", Model(name=about.name, source="ours")


def as_fields(value: Spec) -> dict[str, Any]:
    """A part of the table as it is shown to people: without what is left out."""
    shown: dict[str, Any] = msgspec.to_builtins(value)
    return {key: what for key, what in shown.items() if what not in ("", {}, [], None)}
