"""What an action wants an entity to be, so that two of them can be compared."""

from typing import Any, TypeAlias

from vettura.bus.messages_home import Called

Wish: TypeAlias = dict[str, Any]
"""By aspect, such as `state` or `brightness`, what was asked for."""

_STATES = {
    "turn_on": "on",
    "turn_off": "off",
    "open_cover": "open",
    "close_cover": "closed",
    "open_valve": "open",
    "close_valve": "closed",
    "lock": "locked",
    "unlock": "unlocked",
    "open": "open",
    "start": "on",
    "return_to_base": "docked",
    "media_play": "playing",
    "media_pause": "paused",
    "media_stop": "idle",
    "alarm_disarm": "disarmed",
    "alarm_arm_home": "armed_home",
    "alarm_arm_away": "armed_away",
    "alarm_arm_night": "armed_night",
}
"""What the entity's state becomes, by the action's word after the dot."""
_STATE_KEYS = {
    "select_option": "option",
    "set_value": "value",
    "set_hvac_mode": "hvac_mode",
    "set_datetime": "datetime",
}
"""Actions that name the new state in their data."""
_MANNER = frozenset(
    {"transition", "flash", "entity_id", "device_id", "area_id", "message", "title"}
)
"""Data that say how, not what."""
_TELLING = frozenset({"notify", "persistent_notification", "tts", "logbook", "system_log"})
"""Domains whose actions only tell somebody something."""


def wish_of(action: str, data: dict[str, Any]) -> Wish:
    """What the action asks for; empty when that depends on how the entity was (`toggle`)."""
    domain, _, verb = action.partition(".")
    if domain in _TELLING:
        return {}
    wish = {key: value for key, value in data.items() if key not in _MANNER}
    key = _STATE_KEYS.get(verb)
    if key in wish:
        wish["state"] = wish.pop(key)
    elif verb in _STATES:
        wish["state"] = _STATES[verb]
    return wish


def differ(one: Wish, other: Wish) -> list[str]:
    """The aspects in which both want something, and not the same."""
    return [key for key in one if key in other and str(one[key]) != str(other[key])]


def wish_words(wish: Wish, aspects: list[str]) -> str:
    """For people: `on`, `temperature 21`."""
    words = [str(wish[key]) if key == "state" else f"{key} {wish[key]}" for key in aspects]
    return ", ".join(words)


def is_aimed(call: Called) -> bool:
    """Whether the call sets entities, rather than telling somebody something."""
    return bool(call.entities) and call.action.partition(".")[0] not in _TELLING
