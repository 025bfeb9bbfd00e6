"""Entities that open and close: cover, valve. Pure.

Facts of Home Assistant 2024.3.3, component mqtt: which payload means what.
"""

from collections.abc import Callable

from vettura.errors import InputError, RefusedError
from vettura.faces.discovery_component import (
    Act,
    Component,
    Data,
    Deed,
    Entity,
    Read,
    Said,
    Values,
    number_in,
    percentage_of,
)
from vettura.faces.discovery_config import Config
from vettura.faces.discovery_json import object_in

FAR = 1e9
"""No scale goes there."""
OPEN, CLOSED, OPENING, CLOSING = "open", "closed", "opening", "closing"
STATES = {f"state_{state}": state for state in (OPEN, CLOSED, OPENING, CLOSING)}


class Span(tuple[int, int]):
    """The ends of a device's own scale, of which a percentage is made."""

    __slots__ = ()

    @property
    def steps(self) -> int:
        """How many steps it has; 1 at least, as a scale without any has no percentage."""
        return self[1] - self[0] or 1

    def percentage(self, value: float) -> int:
        """Whole percents of the way from the first end to the second."""
        if not abs(value) < FAR:
            raise InputError("no number of that scale")
        return int((value - self[0]) * 100 // self.steps)

    def value(self, percentage: float) -> float:
        """The other way round."""
        return percentage * self.steps / 100.0 + self[0]


def _positions(config: Config) -> Span:
    return Span((config.whole("position_closed"), config.whole("position_open")))


def _tilts(config: Config) -> Span:
    return Span((config.whole("tilt_min"), config.whole("tilt_max")))


def _moved(entity: Entity, said: Said) -> Values:
    """The state as a word."""
    config, text = entity.config, said.text
    if not text:
        return {}
    if text == config.text("state_stopped"):
        return {"state": _stopped(entity)}
    states = {config.text(key): state for key, state in reversed(STATES.items())}
    if text not in states:
        raise InputError(f"{text[:40]!r} is no state of a cover")
    return {"state": states[text]}


def _stopped(entity: Entity) -> str:
    if entity.config.has("position_topic"):
        return CLOSED if entity.values.get("position") == 0 else OPEN
    return CLOSED if entity.values.get("state") in {CLOSED, CLOSING} else OPEN


def _positioned(entity: Entity, said: Said) -> Values:
    """The position, and with JSON the tilt."""
    if not said.text:
        return {}
    told = object_in(said.text)
    if told is None:
        return _at(entity, said.text)
    if "position" not in told:
        raise InputError("a position in JSON says position")
    tilt = _tilted_to(entity, str(told["tilt_position"])) if "tilt_position" in told else {}
    return tilt | _at(entity, str(told["position"]))


def _at(entity: Entity, text: str) -> Values:
    share = _positions(entity.config).percentage(number_in(text, "a position"))
    changes: Values = {"position": min(100, max(0, share))}
    if not entity.config.has("state_topic"):
        changes["state"] = CLOSED if changes["position"] == 0 else OPEN
    return changes


def _tilted(entity: Entity, said: Said) -> Values:
    return _tilted_to(entity, said.text) if said.text else {}


def _tilted_to(entity: Entity, text: str) -> Values:
    span = _tilts(entity.config)
    number = number_in(text, "a tilt")
    if not (min(span) <= round(number) <= max(span)):
        raise InputError(f"{text[:40]} is out of the range of tilts")
    return {"tilt": span.percentage(round(number))}


def _is_assumed(config: Config) -> bool:
    """Whether a cover tells nothing that it could tell."""
    return config.flag("optimistic") or not any(
        config.has(key) for key in ("position_topic", "state_topic", "tilt_status_topic")
    )


def _cover_to(payload: str, state: str, position: int) -> Act:
    def act(entity: Entity, _: Data) -> Deed:
        config = entity.config
        post = entity.post("command_topic", config.text(payload))
        changes: Values = {"state": state} if _is_assumed(config) else {}
        if changes and config.has("position_topic"):
            changes["position"] = position
        return Deed([post], changes)

    return act


def _cover_stop(entity: Entity, _: Data) -> Deed:
    return Deed([entity.post("command_topic", entity.config.text("payload_stop"))], {})


def _places(config: Config) -> Values:
    keys = ("position_open", "position_closed", "tilt_min", "tilt_max")
    return {key: config.whole(key) for key in keys}


def _set_position(entity: Entity, data: Data) -> Deed:
    config, position = entity.config, percentage_of(data, "position")
    value = round(_positions(config).value(position))
    more = {"position": position, **_places(config)}
    post = entity.post("set_position_topic", value, "set_position_template", **more)
    if not _is_assumed(config):
        return Deed([post], {})
    is_closed = position <= config.whole("position_closed")
    return Deed([post], {"state": CLOSED if is_closed else OPEN, "position": position})


def _tilt(entity: Entity, value: int, asked: int, percentage: int) -> Deed:
    config = entity.config
    more = {"tilt_position": asked, **_places(config)}
    post = entity.post("tilt_command_topic", value, "tilt_command_template", **more)
    is_assumed = config.flag("tilt_optimistic") or not config.has("tilt_status_topic")
    return Deed([post], {"tilt": percentage} if is_assumed else {})


def _tilt_end(key: str) -> Act:
    def act(entity: Entity, _: Data) -> Deed:
        value = entity.config.whole(key)
        return _tilt(entity, value, value, _tilts(entity.config).percentage(value))

    return act


def _set_tilt(entity: Entity, data: Data) -> Deed:
    percentage = percentage_of(data, "tilt_position")
    return _tilt(entity, round(_tilts(entity.config).value(percentage)), percentage, percentage)


def _toggle(key: str, is_open: Callable[[Entity], bool], opens: Act, closes: Act) -> dict[str, Act]:
    def act(entity: Entity, data: Data) -> Deed:
        return closes(entity, data) if is_open(entity) else opens(entity, data)

    return {key: act}


def _is_open(entity: Entity) -> bool:
    return entity.values.get("state") not in {CLOSED, CLOSING}


def _is_tilted(entity: Entity) -> bool:
    closed = _tilts(entity.config).percentage(entity.config.whole("tilt_closed_value"))
    tilt = entity.values.get("tilt")
    return tilt is None or tilt > closed


def _cover_actions(config: Config) -> dict[str, Act]:
    actions: dict[str, Act] = {}
    if config.has("command_topic"):
        opens = _cover_to("payload_open", OPEN, 100)
        closes = _cover_to("payload_close", CLOSED, 0)
        ways = {
            "open_cover": ("payload_open", opens),
            "close_cover": ("payload_close", closes),
            "stop_cover": ("payload_stop", _cover_stop),
        }
        actions |= {name: act for name, (payload, act) in ways.items() if config.has(payload)}
        if "open_cover" in actions and "close_cover" in actions:
            actions |= _toggle("toggle", _is_open, opens, closes)
    if config.has("set_position_topic"):
        actions["set_cover_position"] = _set_position
    if config.has("tilt_command_topic"):
        opens, closes = _tilt_end("tilt_opened_value"), _tilt_end("tilt_closed_value")
        actions |= {"open_cover_tilt": opens, "close_cover_tilt": closes}
        actions |= _toggle("toggle_cover_tilt", _is_tilted, opens, closes)
        actions["set_cover_tilt_position"] = _set_tilt
    return actions


def _check_cover(config: Config) -> None:
    pairs = (
        ("set_position_topic", "position_topic"),
        ("value_template", "state_topic"),
        ("position_template", "position_topic"),
        ("set_position_template", "set_position_topic"),
        ("tilt_command_template", "tilt_command_topic"),
        ("tilt_status_template", "tilt_status_topic"),
    )
    for key, other in pairs:
        if config.has(key) and not config.has(other):
            raise InputError(f"'{key}' needs '{other}'")


def _shown(entity: Entity) -> Values:
    pairs = (("current_position", "position"), ("current_tilt_position", "tilt"))
    values = entity.values
    return {name: values[key] for name, key in pairs if values.get(key) is not None}


COVER = Component(
    domain="cover",
    default_name="MQTT Cover",
    defaults={
        "payload_open": "OPEN",
        "payload_close": "CLOSE",
        "payload_stop": "STOP",
        "position_open": 100,
        "position_closed": 0,
        "tilt_min": 0,
        "tilt_max": 100,
        "tilt_opened_value": 100,
        "tilt_closed_value": 0,
        "state_stopped": "stopped",
        **STATES,
    },
    check=_check_cover,
    reads=(
        Read("position_topic", "position_template", _positioned),
        Read("state_topic", "value_template", _moved),
        Read("tilt_status_topic", "tilt_status_template", _tilted),
    ),
    variables=_places,
    actions=_cover_actions,
    state=lambda entity: entity.values.get("state"),
    attributes=_shown,
    blocked=frozenset({"current_position", "current_tilt_position"}),
)


def _flowing(entity: Entity, said: Said) -> Values:
    """A valve's state as a word, a number, or JSON with either."""
    config, text = entity.config, said.text
    if not text:
        return {}
    told = object_in(text)
    state, position = (text, text) if told is None else (told.get("state"), told.get("position"))
    states = {config.text(key): word for key, word in reversed(STATES.items())}
    if not config.flag("reports_position"):
        if state not in states:
            raise InputError(f"{text[:40]!r} is no state of a valve")
        return {"state": states[str(state)]}
    moving = {config.text(f"state_{word}"): word for word in (OPENING, CLOSING)}
    return _valve_at(entity, moving.get(str(state)), position, is_told=told is not None)


def _valve_at(entity: Entity, moves: str | None, position: object, *, is_told: bool) -> Values:
    changes: Values = {"moves": moves} if moves else {}
    if moves and not is_told:
        return changes
    share = _positions(entity.config).percentage(number_in(str(position), "a position"))
    changes["position"] = min(100, max(0, share))
    if not moves and changes["position"] in {0, 100}:
        changes["moves"] = None
    return changes


def _valve_state(entity: Entity) -> str | None:
    if not entity.config.flag("reports_position"):
        state = entity.values.get("state")
        return None if state is None else str(state)
    position = entity.values.get("position")
    moves = entity.values.get("moves")
    if moves is not None:
        return str(moves)
    return None if position is None else CLOSED if position == 0 else OPEN


def _is_valve_assumed(config: Config) -> bool:
    return config.flag("optimistic") or not config.has("state_topic")


def _valve_to(payload: str, state: str) -> Act:
    def act(entity: Entity, _: Data) -> Deed:
        config = entity.config
        if config.flag("reports_position"):
            return _set_valve(entity, {"position": 100 if state == OPEN else 0})
        post = entity.post("command_topic", config.text(payload), "command_template")
        return Deed([post], {"state": state} if _is_valve_assumed(config) else {})

    return act


def _valve_stop(entity: Entity, _: Data) -> Deed:
    words = entity.config.text("payload_stop")
    return Deed([entity.post("command_topic", words, "command_template")], {})


def _valve_places(config: Config) -> Values:
    return {key: config.whole(key) for key in ("position_open", "position_closed")}


def _set_valve(entity: Entity, data: Data) -> Deed:
    config, position = entity.config, percentage_of(data, "position")
    if not config.flag("reports_position"):
        raise RefusedError(f"{entity.entity_id} has no position")
    value = round(_positions(config).value(position))
    more = {"position": position, **_valve_places(config)}
    post = entity.post("command_topic", value, "command_template", **more)
    changes = {"position": position, "moves": None}
    return Deed([post], changes if _is_valve_assumed(config) else {})


def _valve_actions(config: Config) -> dict[str, Act]:
    if not config.has("command_topic"):
        return {}
    opens, closes = _valve_to("payload_open", OPEN), _valve_to("payload_close", CLOSED)
    actions: dict[str, Act] = {}
    if config.has("payload_open"):
        actions["open_valve"] = opens
    if config.has("payload_close"):
        actions["close_valve"] = closes
    if len(actions) == 2:
        actions |= _toggle("toggle", lambda entity: _valve_state(entity) != CLOSED, opens, closes)
    if config.has("payload_stop"):
        actions["stop_valve"] = _valve_stop
    if config.flag("reports_position"):
        actions["set_valve_position"] = _set_valve
    return actions


VALVE = Component(
    domain="valve",
    default_name="MQTT Valve",
    defaults={
        "position_open": 100,
        "position_closed": 0,
        "payload_open": "OPEN",
        "payload_close": "CLOSE",
        **STATES,
    },
    reads=(Read("state_topic", "value_template", _flowing),),
    variables=_valve_places,
    actions=_valve_actions,
    state=_valve_state,
    attributes=lambda entity: (
        {"current_position": entity.values.get("position")}
        if entity.config.flag("reports_position")
        else {}
    ),
    blocked=frozenset({"current_position"}),
)
