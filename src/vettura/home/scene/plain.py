"""Values of templates and variables as plain ones, which can travel and be kept.

A value that travels loses its kind (a set becomes a list, a time text); one that is kept gets it
back: what has no plain form of its own is kept as a pair of a mark and a plain value.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec

from vettura.bus.messages_home import Cause
from vettura.home.scene.state import State
from vettura.home.scene.world import Event
from vettura.words.states import StateContext

DEPTH_MAX = 40
_MARK = "·kind"


def as_plain(value: Any, depth: int = 0) -> Any:
    """The value in kinds that JSON and MessagePack know."""
    if value is None or isinstance(value, bool | int | float | str):
        return value if type(value) in _PLAIN else _plain_kind(value)
    if depth > DEPTH_MAX:
        return "…"
    if isinstance(value, Mapping):
        return {str(key): as_plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [as_plain(each, depth + 1) for each in value]
    if isinstance(value, set | frozenset):
        return [as_plain(each, depth + 1) for each in sorted(value, key=str)]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, State):
        return {
            "entity_id": value.entity_id,
            "state": value.state,
            "attributes": as_plain(value.attributes, depth + 1),
        }
    if isinstance(value, Event):
        return {"event_type": value.event_type, "data": as_plain(value.data, depth + 1)}
    return str(value)


_PLAIN = frozenset({type(None), bool, int, float, str})


def _plain_kind(value: Any) -> Any:
    """A number or text of a kind of its own, such as an enumeration's, as itself."""
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return None


def as_json(value: Any) -> str:
    """The value as JSON."""
    plain = as_plain(value)
    try:
        return msgspec.json.encode(plain).decode()
    except (ValueError, OverflowError, UnicodeError):
        return msgspec.json.encode(str(plain)).decode()


def packed(value: Any) -> Any:
    """The value in plain kinds from which `unpacked` makes it again."""
    if value is None or type(value) in _PLAIN:
        return value
    if isinstance(value, Mapping):
        pairs = [[packed(key), packed(each)] for key, each in value.items()]
        if all(type(key) is str and key != _MARK for key in value):
            return dict(pairs)
        return {_MARK: ["dict", pairs]}
    if isinstance(value, list):
        return [packed(each) for each in value]
    for name, (kind, pack, _) in _KINDS.items():
        if isinstance(value, kind):
            return {_MARK: [name, packed(pack(value))]}
    return as_plain(value)


def unpacked(value: Any) -> Any:
    """What `packed` was given."""
    if isinstance(value, list):
        return [unpacked(each) for each in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {_MARK}:
        name, inner = value[_MARK]
        made = unpacked(inner)
        return dict(made) if name == "dict" else _KINDS[name][2](made)
    return {key: unpacked(each) for key, each in value.items()}


def _pack_cause(cause: Cause | None) -> Any:
    return None if cause is None else [cause.id, cause.who, cause.hops, list(cause.chain)]


def _unpack_cause(kept: Any) -> Cause | None:
    if kept is None:
        return None
    return Cause(id=kept[0], who=kept[1], hops=kept[2], chain=kept[3])


def _unpack_state(kept: Any) -> State:
    entity_id, state, attributes, changed_ns, updated_ns, cause = kept
    return State(entity_id, state, attributes, changed_ns, updated_ns, _unpack_cause(cause))


def _pack_state(state: State) -> list[Any]:
    return [
        state.entity_id,
        state.state,
        dict(state.attributes),
        state.last_changed_ns,
        state.last_updated_ns,
        _pack_cause(state.cause),
    ]


def _unpack_event(kept: Any) -> Event:
    return Event(event_type=kept[0], data=kept[1], time_ns=kept[2], cause=_unpack_cause(kept[3]))


_Kind = tuple[type, Callable[[Any], Any], Callable[[Any], Any]]
_KINDS: dict[str, _Kind] = {
    "datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "date": (date, date.isoformat, date.fromisoformat),
    "time": (time, time.isoformat, time.fromisoformat),
    "timedelta": (
        timedelta,
        lambda span: span // timedelta(microseconds=1),
        lambda count: timedelta(microseconds=count),
    ),
    "tuple": (tuple, list, tuple),
    "set": (set, lambda all_: sorted(all_, key=str), set),
    "state": (State, _pack_state, _unpack_state),
    "event": (
        Event,
        lambda event: [
            event.event_type,
            dict(event.data),
            event.time_ns,
            _pack_cause(event.cause),
        ],
        _unpack_event,
    ),
    "context": (
        StateContext,
        lambda context: [context.id, context.parent_id, context.user_id],
        lambda kept: StateContext(*kept),
    ),
}
