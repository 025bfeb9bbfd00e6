"""Which entity of a device an action means, and whether the device knows it at all."""

from collections.abc import Sequence

import msgspec

from vettura.bus.messages_home import DeviceAbout, DeviceAction
from vettura.errors import RefusedError

EVERYONES = {f"homeassistant.{action}": action for action in ("turn_on", "turn_off", "toggle")}
DATA_KEYS_MAX = 64


def aimed(about: DeviceAbout, wish: DeviceAction, hands: Sequence[str] = ()) -> DeviceAction:
    """The action with the entity that it aims at, in that entity's own words.

    `hands` are what people do to it with theirs: no scene is told of them.
    Raises `RefusedError`, in one line, when the device has no such entity or does not know it.
    """
    if len(wish.data) > DATA_KEYS_MAX:
        raise RefusedError(f"{_short(wish.action)} has {len(wish.data)} keys of data")
    if wish.action in about.services or wish.action in hands:
        return wish
    if wish.entity and wish.entity not in about.entities:
        known = ", ".join(about.entities)
        raise RefusedError(f"there is no {_short(wish.entity)} here; there are {known}")
    candidates = [wish.entity] if wish.entity else list(about.entities)
    for entity in candidates:
        own = _own(entity, wish.action)
        if own in about.entities[entity].actions:
            return msgspec.structs.replace(wish, entity=entity, action=own)
    knows = [action for entity in candidates for action in about.entities[entity].actions]
    knows += [] if wish.entity else about.services
    what = wish.entity or about.name
    told = f"it knows {', '.join(dict.fromkeys(knows))}" if knows else "it only tells"
    raise RefusedError(f"{what} does not know {_short(wish.action)}; {told}")


def _own(entity: str, action: str) -> str:
    """What all entities may be asked for, in the words of this one."""
    if action not in EVERYONES:
        return action
    domain, verb = entity.partition(".")[0], EVERYONES[action]
    covers = {"turn_on": "open_cover", "turn_off": "close_cover"}
    return f"{domain}.{covers.get(verb, verb) if domain == 'cover' else verb}"


def _short(word: str) -> str:
    """Somebody else's word, in one line."""
    return "".join(letter if letter.isprintable() else "?" for letter in word[:60])
