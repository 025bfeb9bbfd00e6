"""A device of the home as a Xiaomi device: what it answers to each method. Pure but for `act`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from vettura.bus.messages_home import DeviceAbout, DeviceState, EntityState
from vettura.errors import InputError
from vettura.faces.miio_spec import Action, Model, Property, Wired, entity_of
from vettura.faces.miio_values import TEXT_MAX, UNSURE, checked, order, wired
from vettura.faces.miio_wire import Request

# The codes of MIoT, as in operation_code.h of Xiaomi's SDK for microcontrollers.
OK = 0
NOT_READABLE = -4001
NOT_SETTABLE = -4002
NO_SUCH = -4003
INTERNAL = -4004
BAD_VALUE = -4005
BAD_ARGUMENTS = -4006

NO_METHOD = {"code": -32601, "message": "Method not found."}
BAD_PARAMS = {"code": -32602, "message": "Invalid params"}
ITEMS_MAX = 64
"""Properties in one request."""
FIRST_OWN_SIID = 100
"""From here on every entity that the model does not know has a service of its own: its state is
property 1, its actions are numbered from 1 and take their data as JSON."""


class Wanted(NamedTuple):
    """An action that a client's request means."""

    entity: str
    action: str
    data: dict[str, Any]


class Reached(NamedTuple):
    """What a row shall say once an action is done."""

    row: "Bound"
    value: Wired


Place = tuple[int, int, str]
"""Service, property and older name: one of a kind in a model."""
Info = Callable[[], dict[str, Any]]
Act = Callable[[Wanted, Reached | None], Awaitable[int]]
"""Does it and returns the code; waits a little for what shall be reached."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A row of the table and the entity of this device that it is about."""

    row: Property
    entity: str
    """Empty for what is the device's own affair."""


class Played:
    """What one device of the home is to a Xiaomi client.

    It remembers the last value of what an entity tells only now and then, such as the brightness of
    a light that is off.
    """

    def __init__(self, model: str, spec: Model, about: DeviceAbout) -> None:
        self.model = model
        self.spec = spec
        rows = [*_bound(spec, about), *_unknown_to(spec, about)]
        self.rows: dict[tuple[int, int], Bound] = {}
        self.names: dict[str, Bound] = {}
        self.setters: dict[str, Bound] = {}
        for bound in rows:
            if bound.row.prop:
                self.names[bound.row.prop] = bound
                if bound.row.set:
                    self.setters[bound.row.set] = bound
            else:
                self.rows[bound.row.siid, bound.row.piid] = bound
        self.actions: dict[tuple[int, int], tuple[Action, str]] = {}
        self.methods: dict[str, tuple[Action, str]] = {}
        for action, entity in (*_acting(spec, about), *_acting_unknown(spec, about)):
            if action.method:
                self.methods[action.method] = (action, entity)
            else:
                self.actions[action.siid, action.aiid] = (action, entity)
        self._states: Mapping[str, EntityState] = {}
        self._held: dict[Place, Wired] = {}

    def hear(self, state: DeviceState) -> None:
        """The device has told how it is."""
        self._states = state.entities
        for bound in (*self.rows.values(), *self.names.values()):
            value = wired(bound.row, self._states.get(bound.entity))
            if value is not None and bound.row.field != "state":
                self._held[_place_of(bound)] = value

    def value(self, bound: Bound) -> Wired | None:
        """What a row says now; None while it is not known."""
        state = self._states.get(bound.entity)
        value = wired(bound.row, state)
        if value is not None:
            return value
        if bound.entity and (state is None or state.state in UNSURE):
            return None
        if bound.row.field == "state" and bound.entity and bound.row.own is None:
            return None
        first = bound.row.low if bound.row.own is None else bound.row.own
        held = self._held.get(_place_of(bound), first)
        return int(held) if isinstance(held, float) and bound.row.format == "int" else held

    async def answer(
        self, request: Request, info: Callable[[], dict[str, Any]], act: Act
    ) -> dict[str, Any]:
        """The `result` or `error` part of the answer to a request."""
        method, params = request.method, request.params
        if method == "miIO.info":
            return {"result": info()}
        if method in {"get_properties", "set_properties", "get_prop"}:
            if not isinstance(params, list) or len(params) > ITEMS_MAX:
                return {"error": BAD_PARAMS}
            if method == "get_properties":
                return {"result": [self._get(item) for item in params]}
            if method == "set_properties":
                return {"result": [await self._set(item, act) for item in params]}
            return self._get_prop(params)
        if method == "action":
            return await self._action(params, act)
        return await self._older_method(method, params, act)

    def _get(self, item: object) -> dict[str, Any]:
        place, shown = _place(item, "piid")
        bound = self.rows.get(place)
        if bound is None:
            return shown | {"code": NO_SUCH}
        value = self.value(bound)
        return shown | ({"code": INTERNAL} if value is None else {"code": OK, "value": value})

    async def _set(self, item: object, act: Act) -> dict[str, Any]:
        place, shown = _place(item, "piid")
        bound = self.rows.get(place)
        if bound is None or not isinstance(item, dict):
            return shown | {"code": NO_SUCH}
        return shown | {"code": await self._bring(bound, item.get("value"), act)}

    async def _bring(self, bound: Bound, value: object, act: Act) -> int:
        if not bound.row.is_settable:
            return NOT_SETTABLE
        try:
            wanted = checked(bound.row, value)
            if not bound.entity or self._is_own(bound):
                self._held[_place_of(bound)] = wanted
                return OK
            action, data = order(bound.row, wanted)
        except InputError:
            return BAD_VALUE
        return await act(Wanted(bound.entity, action, data), Reached(bound, wanted))

    def _is_own(self, bound: Bound) -> bool:
        """Whether the entity at hand lacks what the model has."""
        state = self._states.get(bound.entity)
        lacks = state is None or bound.row.field not in state.attributes
        return bound.row.own is not None and bound.row.field != "state" and lacks

    def _get_prop(self, params: list[Any]) -> dict[str, Any]:
        if not self.names:
            return {"error": NO_METHOD}
        found = [self.names.get(name) if isinstance(name, str) else None for name in params]
        return {"result": [None if bound is None else self.value(bound) for bound in found]}

    async def _action(self, params: object, act: Act) -> dict[str, Any]:
        place, shown = _place(params, "aiid")
        found = self.actions.get(place)
        if found is None or not isinstance(params, dict):
            return {"result": shown | {"code": NO_SUCH}}
        action, entity = found
        try:
            data = _data(action, params.get("in"))
        except InputError:
            return {"result": shown | {"code": BAD_ARGUMENTS}}
        code = await act(Wanted(entity, action.do, data), None)
        return {"result": shown | {"code": code, "out": []}}

    async def _older_method(self, method: str, params: object, act: Act) -> dict[str, Any]:
        arguments = params if isinstance(params, list) else []
        bound = self.setters.get(method)
        if bound is not None:
            codes = [await self._bring(bound, arguments[0] if arguments else None, act)]
        elif method in self.methods:
            codes = await self._older_action(*self.methods[method], arguments, act)
        else:
            return {"error": NO_METHOD}
        bad = next((code for code in codes if code), OK)
        if bad:
            return {"error": BAD_PARAMS if bad == BAD_VALUE else {"code": bad, "message": "failed"}}
        return {"result": ["ok"]}

    async def _older_action(
        self, action: Action, entity: str, arguments: list[Any], act: Act
    ) -> list[int]:
        if not action.sets:
            return [await act(Wanted(entity, action.do, {}), None)]
        if len(arguments) < len(action.sets):
            return [BAD_VALUE]
        rows = [self.names[name] for name in action.sets]
        pairs = zip(rows, arguments, strict=False)
        return [await self._bring(row, value, act) for row, value in pairs]


def _place_of(bound: Bound) -> Place:
    return bound.row.siid, bound.row.piid, bound.row.prop


def _bound(spec: Model, about: DeviceAbout) -> list[Bound]:
    """The rows of the model that this device has something for."""
    found = [Bound(row, entity_of(row.of, about) if row.of else "") for row in spec.properties]
    return [bound for bound in found if bound.entity or not bound.row.of]


def _acting(spec: Model, about: DeviceAbout) -> list[tuple[Action, str]]:
    found = [(action, entity_of(action.of, about)) for action in spec.actions]
    return [(action, entity) for action, entity in found if entity]


def _strangers(spec: Model, about: DeviceAbout) -> list[tuple[int, str]]:
    """Entities that the model has no row for, each with a service number of its own."""
    known = {bound.entity for bound in _bound(spec, about)}
    known |= {entity for _, entity in _acting(spec, about)}
    numbered = enumerate(sorted(about.entities), start=FIRST_OWN_SIID)
    return [(siid, entity) for siid, entity in numbered if entity not in known]


def _unknown_to(spec: Model, about: DeviceAbout) -> list[Bound]:
    return [
        Bound(Property(siid=siid, piid=1, name=entity, of=entity, format="str"), entity)
        for siid, entity in _strangers(spec, about)
    ]


def _acting_unknown(spec: Model, about: DeviceAbout) -> list[tuple[Action, str]]:
    return [
        (Action(siid=siid, aiid=aiid, name=do, of=entity, do=do), entity)
        for siid, entity in _strangers(spec, about)
        for aiid, do in enumerate(sorted(about.entities[entity].actions), start=1)
    ]


def _place(item: object, kind: str) -> tuple[tuple[int, int], dict[str, Any]]:
    """The two numbers of an item, and the part of it that an answer repeats."""
    if not isinstance(item, dict):
        return (-1, -1), {}
    siid, number = item.get("siid"), item.get(kind)
    shown = {key: item[key] for key in ("did", "siid", kind) if _is_short(item.get(key))}
    if isinstance(siid, int) and isinstance(number, int):
        return (siid, number), shown
    return (-1, -1), shown


def _is_short(value: object) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and len(value) <= TEXT_MAX)


def _data(action: Action, arguments: object) -> dict[str, Any]:
    """The data of an action from its arguments: plain values, or piid and value of each."""
    given: Sequence[Any] = arguments if isinstance(arguments, list) else []
    values = [one.get("value") if isinstance(one, dict) else one for one in given]
    if action.siid >= FIRST_OWN_SIID:
        return _json_data(values)
    if len(values) < len(action.keys):
        raise InputError("too few arguments")
    return dict(zip(action.keys, values, strict=False))


def _json_data(values: Sequence[Any]) -> dict[str, Any]:
    if not values:
        return {}
    try:
        data = msgspec.json.decode(values[0], type=dict[str, Any])
        msgspec.msgpack.encode(data)
    except (
        TypeError,
        msgspec.DecodeError,
        UnicodeDecodeError,
        RecursionError,
        OverflowError,
    ):
        raise InputError("say the data as JSON") from None
    return data
