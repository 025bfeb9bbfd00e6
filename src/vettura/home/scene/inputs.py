"""Entities that live in the file of scenes and are set by people and scenes: inputs and counters.

Each verb is a pure function from how the entity is, and what is asked, to how it becomes.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any, TypeAlias, final

from vettura.errors import InputError
from vettura.home.scene.calls import Calling, Calls, Done
from vettura.home.scene.faults import CallFault, WrongCallFault
from vettura.home.scene.parts import (
    Counter,
    InputBoolean,
    InputButton,
    InputDatetime,
    InputNumber,
    InputSelect,
    InputText,
)
from vettura.home.scene.state import UNKNOWN, State
from vettura.home.scene.world import World
from vettura.words.moments import read_date, read_datetime, read_time

Input: TypeAlias = (
    InputBoolean | InputNumber | InputSelect | InputText | InputDatetime | InputButton | Counter
)
Data = Mapping[str, Any]
Become: TypeAlias = str
TRUE_WORDS = {"true", "yes", "on", "1"}
_QUICK = {"counter", "input_datetime"}
"""Those do it without a turn of their own."""


@final
class Inputs:
    """The inputs of a home; their values are in the world's states."""

    def __init__(self, world: World, calls: Calls, parts: tuple[Input, ...]) -> None:
        self._world = world
        self._parts = {part.entity_id: part for part in parts}
        for domain, verbs in _VERBS.items():
            for verb in verbs:
                is_quick = domain in _QUICK
                calls.register_entity(f"{domain}.{verb}", self._act, is_quick=is_quick)
            calls.register(f"{domain}.reload", lambda _, done: done(None, None))

    def show_all(self, kept: Mapping[str, State]) -> None:
        """Let all be as they were kept, or as they begin."""
        for part in self._parts.values():
            before = kept.get(part.entity_id)
            value = _first(self._world, part, before.state if before else None)
            self._become(part, value, None)

    def _act(self, calling: Calling, done: Done) -> None:
        domain, _, verb = calling.action.partition(".")
        act = _VERBS[domain][verb]
        fault: CallFault | None = None
        for entity_id in calling.entities:
            part = self._parts.get(entity_id)
            state = self._world.states.get(entity_id)
            if part is None or state is None or state.domain != domain:
                self._world.warn(calling.where, f"{calling.action}: there is no {entity_id}")
                continue
            try:
                self._become(part, act(self._world, part, state, calling.data), calling)
            except CallFault as error:
                fault = fault or type(error)(f"{entity_id}: {error}")
        done(fault, None)

    def _become(self, part: Input, value: str | State, calling: Calling | None) -> None:
        options = list(part.options) if isinstance(part, InputSelect) else None
        if isinstance(value, State):
            options, value = list(value.attributes["options"]), value.state
        self._world.states.set(
            part.entity_id,
            value,
            attributes_of(self._world, part, value, options),
            time_ns=self._world.now_ns,
            cause=calling.cause if calling else None,
        )


def attributes_of(
    world: World, part: Input, value: str, options: list[str] | None
) -> dict[str, Any]:
    """What an input shows beside its value."""
    shown: dict[str, Any] = {"editable": False}
    match part:
        case InputNumber():
            shown |= {
                "initial": part.initial,
                "min": part.min,
                "max": part.max,
                "step": part.step,
                "mode": part.mode,
            }
        case InputSelect():
            shown["options"] = options
        case InputText():
            shown |= {
                "min": part.min,
                "max": part.max,
                "pattern": part.pattern or None,
                "mode": part.mode,
            }
        case InputDatetime():
            shown |= {"has_date": part.has_date, "has_time": part.has_time}
            shown |= _moment_parts(world, part, value)
        case Counter():
            shown |= {"initial": part.initial, "step": part.step}
            limits = {"minimum": part.minimum, "maximum": part.maximum}
            shown |= {name: limit for name, limit in limits.items() if limit is not None}
        case _:
            pass
    if isinstance(part, InputNumber | InputText) and part.unit_of_measurement:
        shown["unit_of_measurement"] = part.unit_of_measurement
    if part.name:
        shown["friendly_name"] = part.name
    return shown


def _first(world: World, part: Input, kept: str | None) -> str:
    """What an input is when the house starts."""
    match part:
        case InputBoolean():
            if part.initial is not None:
                return _on(part.initial)
            return kept if kept in {"on", "off"} else "off"
        case InputNumber():
            if part.initial is not None:
                return str(float(part.initial))
            return _number_or(kept, part)
        case InputSelect():
            if part.initial is not None:
                return part.initial
            return kept if kept in part.options else part.options[0]
        case InputText():
            fits = kept is not None and part.min <= len(kept) <= part.max
            return part.initial if part.initial is not None else kept if fits and kept else UNKNOWN
        case InputDatetime():
            return _first_moment(world, part, kept)
        case Counter():
            number = _whole(kept) if kept is not None and part.restore else None
            return str(_clamped(part, part.initial if number is None else number))
        case InputButton():
            return kept or UNKNOWN


def _number_or(kept: str | None, part: InputNumber) -> str:
    try:
        number = float(kept) if kept is not None else part.min
    except ValueError:
        number = part.min
    return str(float(number if part.min <= number <= part.max else part.min))


# Verbs


def _on(value: bool) -> str:
    return "on" if value else "off"


def _set_number(part: InputNumber, number: float) -> str:
    if not part.min <= number <= part.max:
        raise WrongCallFault(f"{number} is not from {part.min} to {part.max}")
    return str(float(number))


def _need(data: Data, key: str) -> Any:
    if key not in data:
        raise WrongCallFault(f"needs {key}")
    return data[key]


def _float(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise WrongCallFault(f"{value!r} is no number") from None


def _whole(value: object) -> int | None:
    try:
        return int(float(value))  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None


def _number_value(_world: World, part: InputNumber, _state: State, data: Data) -> str:
    return _set_number(part, _float(_need(data, "value")))


def _number_up(_world: World, part: InputNumber, state: State, _data: Data) -> str:
    return _set_number(part, min(float(state.state) + part.step, part.max))


def _number_down(_world: World, part: InputNumber, state: State, _data: Data) -> str:
    return _set_number(part, max(float(state.state) - part.step, part.min))


def _options(part: InputSelect, state: State) -> list[str]:
    """As they were set last."""
    options = state.attributes.get("options")
    return list(options if isinstance(options, list) and options else part.options)


def _select(_world: World, part: InputSelect, state: State, data: Data) -> State:
    option = str(_need(data, "option"))
    if option not in _options(part, state):
        raise CallFault(f"{option!r} is none of its options")
    return _with(state, option, _options(part, state))


def _with(state: State, value: str, options: list[str]) -> State:
    return State(state.entity_id, value, {"options": options}, 0, 0)


def _select_by(offset: int) -> Callable[[World, InputSelect, State, Data], State]:
    def act(_world: World, part: InputSelect, state: State, data: Data) -> State:
        options = _options(part, state)
        index = options.index(state.state) if state.state in options else 0
        index += offset
        if data.get("cycle", True):
            return _with(state, options[index % len(options)], options)
        return _with(state, options[min(max(index, 0), len(options) - 1)], options)

    return act


def _select_end(index: int) -> Callable[[World, InputSelect, State, Data], State]:
    def act(_world: World, part: InputSelect, state: State, _data: Data) -> State:
        options = _options(part, state)
        return _with(state, options[index], options)

    return act


def _set_options(_world: World, _part: InputSelect, state: State, data: Data) -> State:
    given = _need(data, "options")
    options = [str(each) for each in (given if isinstance(given, list) else [given])]
    if not options or len(set(options)) < len(options):
        raise CallFault("its options must be different ones, at least one")
    return _with(state, state.state if state.state in options else options[0], options)


def _set_text(_world: World, part: InputText, state: State, data: Data) -> str:
    text = str(_need(data, "value"))
    if not part.min <= len(text) <= part.max:
        return state.state
    if part.pattern and not re.fullmatch(part.pattern, text):
        return state.state
    return text


def _press(world: World, _part: InputButton, _state: State, _data: Data) -> str:
    return world.now().astimezone(_UTC).isoformat()


def _count(sign: int) -> Callable[[World, Counter, State, Data], str]:
    def act(_world: World, part: Counter, state: State, _data: Data) -> str:
        return str(_clamped(part, (_whole(state.state) or 0) + sign * part.step))

    return act


def _reset(_world: World, part: Counter, _state: State, _data: Data) -> str:
    return str(_clamped(part, part.initial))


def _set_count(_world: World, part: Counter, _state: State, data: Data) -> str:
    value = _whole(_need(data, "value"))
    if value is None or value < 0:
        raise WrongCallFault(f"{data['value']!r} is no whole number from 0 on")
    if value != _clamped(part, value):
        raise WrongCallFault(f"{value} is beyond its limits")
    if part.step and value % part.step:
        raise WrongCallFault(f"{value} is no multiple of {part.step}")
    return str(value)


def _clamped(part: Counter, value: int) -> int:
    value = value if part.minimum is None else max(part.minimum, value)
    return value if part.maximum is None else min(part.maximum, value)


# Dates and times

_UTC = datetime.fromisoformat("1970-01-01T00:00:00+00:00").tzinfo


def _first_moment(world: World, part: InputDatetime, kept: str | None) -> str:
    for text in (part.initial, kept):
        moment = None if text is None else _read_moment(world, part, text)
        if moment is not None:
            return _shown_moment(part, moment)
    today = world.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return _shown_moment(part, today)


def _read_moment(world: World, part: InputDatetime, text: str) -> datetime | None:
    today = world.now().date()
    try:
        if part.has_date and part.has_time:
            moment = datetime.fromisoformat(text)
            return moment.astimezone(world.zone) if moment.tzinfo else moment
        if part.has_date:
            return datetime.combine(date.fromisoformat(text[:10]), time())
        return datetime.combine(today, time.fromisoformat(text))
    except ValueError:
        return None


def _shown_moment(part: InputDatetime, moment: datetime) -> str:
    if part.has_date and part.has_time:
        return moment.strftime("%Y-%m-%d %H:%M:%S")
    return moment.strftime("%Y-%m-%d" if part.has_date else "%H:%M:%S")


def _moment_parts(world: World, part: InputDatetime, value: str) -> dict[str, Any]:
    moment = _read_moment(world, part, value)
    if moment is None:
        return {}
    shown: dict[str, Any] = {}
    if part.has_date:
        shown |= {"year": moment.year, "month": moment.month, "day": moment.day}
    if part.has_time:
        shown |= {"hour": moment.hour, "minute": moment.minute, "second": moment.second}
    if part.has_date:
        shown["timestamp"] = moment.replace(tzinfo=world.zone).timestamp()
    else:
        shown["timestamp"] = moment.hour * 3600 + moment.minute * 60 + moment.second
    return shown


def _set_moment(world: World, part: InputDatetime, state: State, data: Data) -> str:
    now = _read_moment(world, part, state.state) or world.now()
    day, clock = _asked_moment(world, data)
    day, clock = (day if part.has_date else None), (clock if part.has_time else None)
    if day is None and clock is None:
        raise WrongCallFault("there is nothing to set")
    moment = datetime.combine(day or now.date(), clock or now.time())
    return _shown_moment(part, moment)


def _asked_moment(world: World, data: Data) -> tuple[date | None, time | None]:
    try:
        if data.get("timestamp"):
            moment = datetime.fromtimestamp(_float(data["timestamp"]), world.zone)
            return moment.date(), moment.time()
        if data.get("datetime"):
            given = data["datetime"]
            found = given if isinstance(given, datetime) else read_datetime(str(given))
            if found is None:
                raise WrongCallFault(f"{given!r} is no date and time")
            return found.date(), found.time()
        day, clock = data.get("date"), data.get("time")
        if day is not None and not isinstance(day, date):
            day = read_date(str(day))
        if clock is not None and not isinstance(clock, time):
            clock = read_time(str(clock))
    except (ValueError, InputError, OverflowError) as error:
        raise WrongCallFault(str(error)) from None
    return day, clock


_VERBS: Mapping[str, Mapping[str, Callable[[World, Any, State, Data], str | State]]] = {
    "input_boolean": {
        "turn_on": lambda _w, _p, _s, _d: "on",
        "turn_off": lambda _w, _p, _s, _d: "off",
        "toggle": lambda _w, _p, state, _d: _on(state.state != "on"),
    },
    "input_number": {
        "set_value": _number_value,
        "increment": _number_up,
        "decrement": _number_down,
    },
    "input_select": {
        "select_option": _select,
        "select_next": _select_by(1),
        "select_previous": _select_by(-1),
        "select_first": _select_end(0),
        "select_last": _select_end(-1),
        "set_options": _set_options,
    },
    "input_text": {"set_value": _set_text},
    "input_datetime": {"set_datetime": _set_moment},
    "input_button": {"press": _press},
    "counter": {
        "increment": _count(1),
        "decrement": _count(-1),
        "reset": _reset,
        "set_value": _set_count,
    },
}
