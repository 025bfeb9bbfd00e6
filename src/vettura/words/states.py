"""What templates are told of the home: states of entities, and the devices they belong to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from vettura.bus.messages_home import DeviceAbout

UNKNOWN = "unknown"
UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class StateContext:
    """Who changed a state: Home Assistant's context."""

    id: str = ""
    parent_id: str | None = None
    """Of the context that led to this one; None for a first mover."""
    user_id: str | None = None
    """The person at a page or an app; None when no person asked."""


class SeenState(Protocol):
    """The state of one entity, as whoever keeps states has it."""

    @property
    def entity_id(self) -> str:
        """Such as `light.kitchen`."""
        ...

    @property
    def state(self) -> str:
        """`unknown` and `unavailable` are states too."""
        ...

    @property
    def attributes(self) -> Mapping[str, Any]:
        """By name."""
        ...

    @property
    def last_changed(self) -> datetime:
        """Since when the state is this one (aware, UTC)."""
        ...

    @property
    def last_updated(self) -> datetime:
        """When the state or an attribute last changed (aware, UTC)."""
        ...

    @property
    def context(self) -> StateContext:
        """Who changed it."""
        ...


class States(Protocol):
    """All states that there are."""

    def get(self, entity_id: str, /) -> SeenState | None:
        """The state of an entity, None for one that is not there."""
        ...

    def all(self, domain: str | None = None, /) -> Iterable[SeenState]:
        """Those of a domain, or all, always in the same order."""
        ...


class Devices(Protocol):
    """What devices there are, for templates that ask for areas and devices."""

    def devices(self) -> Mapping[str, DeviceAbout]:
        """By device id."""
        ...


@dataclass(frozen=True, slots=True)
class PlainState:
    """A state as a value, for whoever keeps none of a kind of its own."""

    entity_id: str
    state: str
    attributes: Mapping[str, Any]
    last_changed: datetime
    last_updated: datetime
    context: StateContext = StateContext()


class NoStates:
    """No home at all: for templates that only turn a value into another."""

    def get(self, _entity_id: str, /) -> SeenState | None:
        """Nothing is there."""
        return None

    def all(self, _domain: str | None = None, /) -> Iterable[SeenState]:
        """Nothing is there."""
        return ()

    def devices(self) -> Mapping[str, DeviceAbout]:
        """Nothing is there."""
        return {}
