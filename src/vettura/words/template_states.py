"""`states` as templates see it, and a note of what they read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vettura.words.states import UNKNOWN, SeenState, StateContext, States

ENTITY_ID = re.compile(r"^(?!.+__)(?!_)[\da-z_]+(?<!_)\.(?!_)[\da-z_]+(?<!_)$")
_DOMAIN = re.compile(r"^(?!.+__)(?!_)[\da-z_]+(?<!_)$")
# Jinja asks each object for these before it calls it.
_JINJA_ASKS = frozenset(
    {"contextfunction", "evalcontextfunction", "environmentfunction", "jinja_pass_arg"}
)
_KEYS = frozenset(
    {
        "state",
        "attributes",
        "last_changed",
        "last_updated",
        "context",
        "domain",
        "object_id",
        "name",
        "entity_id",
        "state_with_unit",
    }
)


@dataclass(slots=True)
class Reads:
    """What a template has read: when that changes, its result may change."""

    entities: set[str] = field(default_factory=set)
    domains: set[str] = field(default_factory=set)
    """All states of these."""
    domains_counted: set[str] = field(default_factory=set)
    """Only how many there are."""
    all_states: bool = False
    all_counted: bool = False
    time: bool = False
    """The clock: the result may change with each minute."""

    def covers(self, entity_id: str) -> bool:
        """Whether a change of that entity may change the result."""
        return (
            self.all_states
            or entity_id in self.entities
            or entity_id.partition(".")[0] in self.domains
        )

    def covers_coming_and_going(self, entity_id: str) -> bool:
        """Whether the result may change when that entity appears or disappears."""
        return (
            self.all_counted
            or self.covers(entity_id)
            or entity_id.partition(".")[0] in self.domains_counted
        )


class Note:
    """Where the running template's reads are noted; `reads` is None while nobody asks."""

    __slots__ = ("reads",)

    def __init__(self) -> None:
        self.reads: Reads | None = None


class TemplateState:
    """One state in a template; it is noted as read once something of it is asked for."""

    __slots__ = ("_note", "_seen")

    def __init__(self, seen: SeenState, note: Note | None = None) -> None:
        self._seen = seen
        self._note = note

    def _read(self) -> SeenState:
        note = self._note
        if note is not None and note.reads is not None:
            note.reads.entities.add(self._seen.entity_id)
        return self._seen

    def __getitem__(self, key: str) -> Any:
        if key in _KEYS:
            return getattr(self, key)
        raise KeyError(key)

    @property
    def entity_id(self) -> str:
        """Such as `light.kitchen`; asking for it reads nothing."""
        return self._seen.entity_id

    @property
    def state(self) -> str:
        """The state."""
        return self._read().state

    @property
    def attributes(self) -> Any:
        """The attributes by name."""
        return self._read().attributes

    @property
    def last_changed(self) -> datetime:
        """Since when the state is this one."""
        return self._read().last_changed

    @property
    def last_updated(self) -> datetime:
        """When anything of it last changed."""
        return self._read().last_updated

    @property
    def context(self) -> StateContext:
        """Who changed it."""
        return self._read().context

    @property
    def domain(self) -> str:
        """What stands before the dot."""
        return self._read().entity_id.partition(".")[0]

    @property
    def object_id(self) -> str:
        """What stands after the dot."""
        return self._read().entity_id.partition(".")[2]

    @property
    def name(self) -> str:
        """For people."""
        friendly = self._read().attributes.get("friendly_name")
        return self.object_id.replace("_", " ") if friendly is None else str(friendly)

    @property
    def state_with_unit(self) -> str:
        """The state with its unit, when it has one."""
        seen = self._read()
        unit = seen.attributes.get("unit_of_measurement")
        return f"{seen.state} {unit}" if unit else seen.state

    def __eq__(self, other: object) -> bool:
        mine, theirs = self._read(), other._seen if isinstance(other, TemplateState) else other
        return (
            mine.entity_id == getattr(theirs, "entity_id", None)
            and mine.state == getattr(theirs, "state", None)
            and mine.attributes == getattr(theirs, "attributes", None)
        )

    # A state is no key of a dictionary there, so that templates find the same errors here.
    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<state {self._seen.entity_id}={self._seen.state}>"


class Lookup:
    """Finds states, and notes that they were looked for."""

    __slots__ = ("_note", "_states")

    def __init__(self, states: States, note: Note) -> None:
        self._states = states
        self._note = note

    def get(self, entity_id: object) -> TemplateState | None:
        """Return a state, or None; that it is missing is something read, too."""
        if not isinstance(entity_id, str):
            return None
        seen = self._states.get(entity_id)
        if seen is None:
            self.note_entity(entity_id)
            return None
        return TemplateState(seen, self._note)

    def get_valid(self, entity_id: str) -> TemplateState | None:
        """Return a state; ValueError when that can be the id of none."""
        found = self.get(entity_id)
        if found is None and not ENTITY_ID.match(entity_id):
            raise ValueError(f"'{entity_id}' is no entity id")
        return found

    def note_entity(self, entity_id: str) -> None:
        """Note that a result depends on an entity."""
        if self._note.reads is not None:
            self._note.reads.entities.add(entity_id)

    def each(self, domain: str | None) -> Iterator[TemplateState]:
        """Go through all, or those of a domain."""
        if (reads := self._note.reads) is not None:
            if domain is None:
                reads.all_states = True
            else:
                reads.domains.add(domain)
        return iter([TemplateState(seen) for seen in self._states.all(domain)])

    def count(self, domain: str | None) -> int:
        """Count all, or those of a domain."""
        if (reads := self._note.reads) is not None:
            if domain is None:
                reads.all_counted = True
            else:
                reads.domains_counted.add(domain)
        return sum(1 for _ in self._states.all(domain))


class AllStates:
    """`states`: called for one state, gone through for all, and with a domain as attribute."""

    __slots__ = ("_lookup",)

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def __getattr__(self, name: str) -> Any:
        if "." in name:
            return self._lookup.get_valid(name)
        if name in _JINJA_ASKS:
            return None
        if name.startswith("__"):
            raise AttributeError(name)
        if not _DOMAIN.match(name):
            raise ValueError(f"'{name}' is no domain")
        return DomainStates(self._lookup, name)

    __getitem__ = __getattr__

    def __iter__(self) -> Iterator[TemplateState]:
        return self._lookup.each(None)

    def __len__(self) -> int:
        return self._lookup.count(None)

    def __call__(self, entity_id: str, rounded: bool | None = None, with_unit: bool = False) -> str:
        """Return a state; ours tell what they know, so nothing is left to round."""
        del rounded
        found = self._lookup.get(entity_id)
        if found is None:
            return UNKNOWN
        return found.state_with_unit if with_unit else found.state

    def __repr__(self) -> str:
        return "<states>"


class DomainStates:
    """`states.light`: gone through for all of a domain, and with an object id as attribute."""

    __slots__ = ("_domain", "_lookup")

    def __init__(self, lookup: Lookup, domain: str) -> None:
        self._lookup = lookup
        self._domain = domain

    def __getattr__(self, name: str) -> Any:
        if name in _JINJA_ASKS or name.startswith("__"):
            raise AttributeError(name)
        return self._lookup.get_valid(f"{self._domain}.{name}")

    def __getitem__(self, name: object) -> TemplateState | None:
        return self._lookup.get_valid(f"{self._domain}.{name}")

    def __iter__(self) -> Iterator[TemplateState]:
        return self._lookup.each(self._domain)

    def __len__(self) -> int:
        return self._lookup.count(self._domain)

    def __repr__(self) -> str:
        return f"<states of {self._domain}>"
