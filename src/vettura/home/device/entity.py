"""Putting a device into Home Assistant's words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from vettura.bus.messages_home import DeviceAbout, EntityAbout, EntityState
from vettura.errors import InputError
from vettura.life.limits import check_text
from vettura.units import NS_PER_S

MAKER = "vettura"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ID = re.compile(r"[a-z0-9][-_a-z0-9]{0,31}")


class DeviceEntry(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"
):
    """`[[devices]]`: what every kind of device has."""

    id: str
    name: str = ""
    """What people call it; its id in words when empty."""
    area: str = ""
    """The room it is in, one of `household.areas`; empty for what is carried about."""

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise InputError(
                f"devices.id is {self.id[:40]!r}",
                hint="give 1 to 32 small letters, digits, - and _, beginning with no sign",
            )
        if self.name:
            check_text(f"devices.{self.id}.name", self.name)

    @property
    def kind(self) -> str:
        """The word for it in the home file."""
        return str(self.__struct_config__.tag)

    @property
    def slug(self) -> str:
        """Its id as entity ids begin."""
        return self.id.replace("-", "_")

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or self.id.replace("-", " ").replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """One entity of a device: its id, what it is, and the attributes that it always shows."""

    id: str
    about: EntityAbout
    fixed: dict[str, Any]

    def state(self, state: str, **attributes: Any) -> EntityState:
        """It as it is now."""
        return EntityState(state=state, attributes=attributes | self.fixed)

    def on(self, is_on: bool, **attributes: Any) -> EntityState:
        """It as on or off."""
        return self.state("on" if is_on else "off", **attributes)


def entity(
    entry: DeviceEntry,
    domain: str,
    suffix: str = "",
    *,
    actions: Sequence[str] = (),
    icon: str = "",
    fixed: Mapping[str, Any] | None = None,
    **about: Any,
) -> Entity:
    """An entity of the device; `about` is as in `EntityAbout`, actions without their domain.

    What has a unit is measured, unless `state_class` says otherwise.
    """
    if "unit_of_measurement" in about:
        about = {"state_class": "measurement"} | about
    words = suffix.replace("_", " ")
    name = f"{entry.title} {words}".strip()
    told = EntityAbout(name=name, actions=[f"{domain}.{action}" for action in actions], **about)
    shown = {
        key: value
        for key in ("device_class", "unit_of_measurement", "state_class")
        if (value := getattr(told, key))
    }
    if told.options:
        shown["options"] = told.options
    if icon:
        shown["icon"] = icon
    shown |= {"friendly_name": name, **(fixed or {})}
    end = f"_{suffix}" if suffix else ""
    return Entity(id=f"{domain}.{entry.slug}{end}", about=told, fixed=shown)


def metered(entry: DeviceEntry) -> tuple[Entity, Entity]:
    """What the device draws now [W], and has drawn ever [kWh]."""
    power = entity(entry, "sensor", "power", device_class="power", unit_of_measurement="W")
    energy = entity(
        entry,
        "sensor",
        "energy",
        device_class="energy",
        unit_of_measurement="kWh",
        state_class="total_increasing",
    )
    return power, energy


def device(
    entry: DeviceEntry,
    *entities: Entity,
    model: str = "",
    origin: str = "virtual",
    services: Sequence[str] = (),
) -> DeviceAbout:
    """What the device is, of these entities."""
    return DeviceAbout(
        name=entry.title,
        area=entry.area,
        manufacturer=MAKER,
        model=model or entry.kind.replace("_", " "),
        origin=origin,
        entities={each.id: each.about for each in entities},
        services=list(services),
    )


def instant_ns(text: str) -> int:
    """What `iso` wrote, back again; 0 for anything else."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return 0
    if instant.tzinfo is None:
        return 0
    return (instant - _EPOCH) // _MICROSECOND * 1000


def iso(time_ns: int) -> str | None:
    """An instant as Home Assistant writes it, UTC; None for 0 [ns since the epoch]."""
    if time_ns <= 0:
        return None
    instant = datetime.fromtimestamp(time_ns // NS_PER_S, UTC)
    return instant.replace(microsecond=time_ns % NS_PER_S // 1000).isoformat()
