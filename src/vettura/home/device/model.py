"""What a virtual device is to its service: small pure interfaces, and what a wish may hold.

A model holds what never changes of one device; what changes is a value that the service keeps and
passes in. Times are nanoseconds since the epoch.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

from vettura.bus.messages_home import DeviceAbout, DeviceAction, EntityState
from vettura.errors import RefusedError
from vettura.home.device.world import World

S = TypeVar("S")
NEVER_NS = 2**62
"""When something happens that is not in sight."""


class Model(Protocol[S]):
    """A device: what it is, how it begins, how it is told."""

    @property
    def id(self) -> str:
        """Its token on the bus."""
        ...

    @property
    def about(self) -> DeviceAbout:
        """What it is."""
        ...

    def begun(self, kept: Mapping[str, EntityState], world: World) -> S:
        """Go on from what was told last; nothing is kept of a new device."""
        ...

    def told(self, state: S) -> dict[str, EntityState]:
        """How its entities are, by id."""
        ...


@runtime_checkable
class Changing(Protocol):
    """Something happens to it by itself."""

    @property
    def reads(self) -> Sequence[str]:
        """How the names of the facts begin that may change it."""
        ...

    def passed(self, state: Any, world: World) -> Any:
        """How it is now, after what happened up to now."""
        ...

    def next_ns(self, state: Any, world: World) -> int:
        """When it changes next if nothing else does; NEVER_NS when that is not in sight."""
        ...


@runtime_checkable
class Obeying(Protocol):
    """It can be asked for something."""

    def obeyed(self, state: Any, wish: DeviceAction, world: World) -> Any:
        """Do what is asked, or raise `RefusedError`; the service has checked that it knows it."""
        ...


@runtime_checkable
class Handled(Protocol):
    """People do something to it with their hands, which no scene can."""

    @property
    def hands(self) -> Sequence[str]:
        """The words for it, such as `hands.plug`; they come to `obeyed` like any action."""
        ...


@runtime_checkable
class Giving(Protocol):
    """It makes something true in the home that others may notice."""

    def gives(self, state: Any) -> Mapping[str, object]:
        """The facts, by name."""
        ...


IGNORED = frozenset({"entity_id", "device_id", "area_id"})
"""Where an action aims may be repeated in its data."""


def only(wish: DeviceAction, *keys: str) -> None:
    """Refuse data that the action does not have."""
    extra = [key for key in wish.data if key not in keys and key not in IGNORED]
    if extra:
        known = ", ".join(keys) or "no data"
        raise RefusedError(f"{wish.action} takes {known}, not {str(extra[0])[:40]!r}")


def number(wish: DeviceAction, key: str, low: float, high: float) -> float | None:
    """The number under `key`, None when there is none; refused outside `low` to `high`."""
    value = wish.data.get(key)
    if value is None:
        return None
    if isinstance(value, str):
        value = _from_text(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
        return float(value)
    legal = f"a number from {low:g} to {high:g}"
    raise RefusedError(f"{wish.action}: {key} must be {legal}, not {_shown(wish, key)}")


def choice(wish: DeviceAction, key: str, options: Sequence[str]) -> str | None:
    """The word under `key`, None when there is none; refused unless it is one of `options`."""
    value = wish.data.get(key)
    if value is None:
        return None
    if value not in options:
        raise RefusedError(
            f"{wish.action}: {key} must be one of {', '.join(options)}, not {_shown(wish, key)}"
        )
    return str(value)


def text(wish: DeviceAction, key: str, *, longest: int = 1000) -> str:
    """The words under `key`, cut to `longest`; empty when there are none."""
    value = wish.data.get(key, "")
    return str(value if value is not None else "")[:longest]


def needed(value: float | str | None, wish: DeviceAction, key: str) -> None:
    """Refuse a wish without what it needs."""
    if value is None:
        raise RefusedError(f"{wish.action} needs {key}")


def recalled_number(told: EntityState | None, key: str, otherwise: float) -> float:
    """A number that was kept as an attribute, or as the state when `key` is empty."""
    value = _kept(told, key)
    if isinstance(value, str):
        value = _from_text(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return otherwise


def recalled_text(told: EntityState | None, key: str, options: Sequence[str]) -> str:
    """A word that was kept, as above; the first of `options` when it is none of them."""
    value = _kept(told, key)
    return str(value) if value in options else options[0]


def is_on(told: EntityState | None) -> bool:
    """Whether an entity was kept as on."""
    return told is not None and told.state == "on"


def _kept(told: EntityState | None, key: str) -> object:
    if told is None:
        return None
    return told.attributes.get(key) if key else told.state


def _from_text(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _shown(wish: DeviceAction, key: str) -> str:
    return repr(wish.data[key])[:40]
