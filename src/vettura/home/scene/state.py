"""How entities are, and Home Assistant's rules for what counts as a change.

A new state moves `last_changed` and `last_updated`; another attribute moves `last_updated` alone;
the same again moves nothing and nobody hears of it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, final

from vettura.bus.messages_home import Cause
from vettura.words.states import StateContext

UNKNOWN, UNAVAILABLE = "unknown", "unavailable"
STATE_CHARACTERS_MAX = 255
"""As in Home Assistant; what is longer becomes `unknown`."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(time_ns: int) -> datetime:
    """Nanoseconds since the epoch as an aware datetime, UTC."""
    return _EPOCH + timedelta(microseconds=time_ns // 1000)


def context_of(cause: Cause | None) -> StateContext:
    """A cause in the words of Home Assistant's context: a parent where an automation came before,
    a user where somebody asked at a page or on the command line."""
    if cause is None:
        return StateContext()
    is_user = not cause.chain and "." not in cause.who
    return StateContext(
        id=cause.id,
        parent_id=cause.chain[-1] if cause.chain else None,
        user_id=cause.who if is_user else None,
    )


@dataclass(frozen=True, slots=True)
class State:
    """How one entity is. Times are nanoseconds since the epoch."""

    entity_id: str
    state: str
    attributes: Mapping[str, Any]
    last_changed_ns: int
    last_updated_ns: int
    cause: Cause | None = None

    @property
    def domain(self) -> str:
        """What stands before the dot."""
        return self.entity_id.partition(".")[0]

    @property
    def object_id(self) -> str:
        """What stands after the dot."""
        return self.entity_id.partition(".")[2]

    @property
    def name(self) -> str:
        """For people."""
        return str(self.attributes.get("friendly_name") or self.object_id.replace("_", " "))

    @property
    def last_changed(self) -> datetime:
        """When the state became what it is."""
        return instant(self.last_changed_ns)

    @property
    def last_updated(self) -> datetime:
        """When state or attributes last changed."""
        return instant(self.last_updated_ns)

    @property
    def context(self) -> StateContext:
        """Who changed it, as Home Assistant's context."""
        return context_of(self.cause)


class Change(NamedTuple):
    """An entity has changed; `old` None: it is new; `new` None: it is gone."""

    entity_id: str
    old: State | None
    new: State | None

    @property
    def cause(self) -> Cause | None:
        """Why."""
        return self.new.cause if self.new is not None else None


Hearer = Callable[[Change], None]


@final
class Hearers:
    """Who hears of changes, by entity, in the order they began to listen."""

    __slots__ = ("_all", "_by_domain", "_by_entity", "_number")

    def __init__(self) -> None:
        self._by_entity: dict[str, dict[int, Hearer]] = {}
        self._by_domain: dict[str, dict[int, Hearer]] = {}
        self._all: dict[int, Hearer] = {}
        self._number = 0

    def hear(self, entity_ids: Iterable[str], hearer: Hearer) -> Callable[[], None]:
        """Call `hearer` for each change of these entities; returns what ends that."""
        return self._enter(self._by_entity, tuple(entity_ids), hearer)

    def hear_domains(self, domains: Iterable[str], hearer: Hearer) -> Callable[[], None]:
        """Call `hearer` for each change in these domains; returns what ends that."""
        return self._enter(self._by_domain, tuple(domains), hearer)

    def hear_all(self, hearer: Hearer) -> Callable[[], None]:
        """Call `hearer` for each change of any entity; returns what ends that."""
        self._number += 1
        number = self._number
        self._all[number] = hearer

        def stop() -> None:
            self._all.pop(number, None)

        return stop

    def tell(self, change: Change) -> None:
        """Call everybody who listens now."""
        if of_entity := self._by_entity.get(change.entity_id):
            for hearer in tuple(of_entity.values()):
                hearer(change)
        if self._by_domain and (
            of_domain := self._by_domain.get(change.entity_id.partition(".")[0])
        ):
            for hearer in tuple(of_domain.values()):
                hearer(change)
        if self._all:
            for hearer in tuple(self._all.values()):
                hearer(change)

    def _enter(
        self, index: dict[str, dict[int, Hearer]], keys: tuple[str, ...], hearer: Hearer
    ) -> Callable[[], None]:
        self._number += 1
        number = self._number
        for key in keys:
            index.setdefault(key, {})[number] = hearer

        def stop() -> None:
            for key in keys:
                hearers = index.get(key, {})
                hearers.pop(number, None)
                if not hearers:
                    index.pop(key, None)

        return stop


@final
class StateTable:
    """The states of all entities."""

    def __init__(self, soon: Callable[[Callable[[], None]], None] = lambda tell: tell()) -> None:
        self.hearers = Hearers()
        """Those who hear of a change in the next turn; `soon` puts that off."""
        self.first_hearers = Hearers()
        """Those who hear of it at once."""
        self._soon = soon
        self._states: dict[str, State] = {}
        self._by_domain: dict[str, dict[str, None]] = {}

    def get(self, entity_id: str) -> State | None:
        """How the entity is; None when there is none."""
        return self._states.get(entity_id)

    def all(self, domain: str | None = None) -> list[State]:
        """The states of one domain, or all, by entity id."""
        ids = self._states if domain is None else self._by_domain.get(domain, {})
        return [self._states[entity_id] for entity_id in sorted(ids)]

    def set(
        self,
        entity_id: str,
        state: str,
        attributes: Mapping[str, Any],
        *,
        time_ns: int,
        cause: Cause | None = None,
        force: bool = False,
    ) -> bool:
        """Let the entity be so from `time_ns` on; returns whether anything changed.

        `force` takes the same state for a new one.
        """
        old = self._states.get(entity_id)
        changed_ns = time_ns
        if old is not None and old.state == state and not force:
            if old.attributes == attributes:
                return False
            changed_ns = old.last_changed_ns
        if len(state) > STATE_CHARACTERS_MAX:
            state = UNKNOWN
        new = State(entity_id, state, attributes, changed_ns, time_ns, cause)
        self._states[entity_id] = new
        if old is None:
            self._by_domain.setdefault(new.domain, {})[entity_id] = None
        self._tell(Change(entity_id, old, new))
        return True

    def remove(self, entity_id: str) -> bool:
        """Forget the entity; returns whether there was one."""
        old = self._states.pop(entity_id, None)
        if old is None:
            return False
        self._by_domain[old.domain].pop(entity_id, None)
        self._tell(Change(entity_id, old, None))
        return True

    def _tell(self, change: Change) -> None:
        self.first_hearers.tell(change)
        self._soon(lambda: self.hearers.tell(change))
