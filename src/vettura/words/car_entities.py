"""A car as a device of the home: what it is, and how its entities are. Pure.

States and attributes are those that Home Assistant makes of the car's MQTT discovery.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, NamedTuple

from vettura.bus.messages import SignalValue
from vettura.bus.messages_home import DeviceAbout, EntityAbout, EntityState
from vettura.bus.paths import FLAP, GPS_ACCURACY, LATITUDE, LONGITUDE, TRUNK
from vettura.words.car import CABIN_DEGC, ENTITIES, Entity
from vettura.words.car_state import READINGS, SEATS, OwnerWords, Values, Word, location
from vettura.words.states import UNKNOWN

_SWITCHED = ("turn_on", "turn_off", "toggle")
_LID = ("open_cover", "close_cover", "toggle")
ACTIONS: Mapping[str, tuple[str, ...]] = {
    "switch": _SWITCHED,
    "lock": ("lock", "unlock"),
    "cover": _LID,
    "climate": ("set_hvac_mode", "set_temperature", "turn_on", "turn_off"),
    "number": ("set_value",),
    "text": ("set_value",),
    "button": ("press",),
}
"""What each kind of entity of a car can be asked for."""


class Pace(Enum):
    """How soon a change is to be told, in seconds after what was told before."""

    NOW = 0.05
    """People wait for it: a door, a plug, an arrival."""
    SOON = 1.0
    LATER = 10.0
    """It changes all the time while the car drives or charges."""


_LATER = {"speed", "odometer", "range", "charge_power", "energy_added"}
_NOW = {"binary_sensor", "lock", "switch", "climate"}


def _pace(key: str, component: str) -> Pace:
    if key in _LATER or key.startswith(("trip_", "tyre_")) or key.endswith("_temperature"):
        return Pace.LATER
    return Pace.NOW if component in _NOW or key == "status" else Pace.SOON


class Shows(NamedTuple):
    """An entity that shows a signal."""

    key: str
    read: Callable[[SignalValue], Word]
    """Rounds the signal as the entity does."""
    pace: Pace


def shown_by(place: str) -> dict[str, tuple[Shows, ...]]:
    """By path, the entities that show a signal; `place` is the signal of where the car is."""
    found: dict[str, list[Shows]] = {}

    def enter(path: str, shows: Shows) -> None:
        found.setdefault(path, []).append(shows)

    for word, reading in READINGS.items():
        component = COMPONENTS.get(word)
        if component is not None:
            enter(reading.path, Shows(word, reading.read, _pace(word, component)))
        for key in _WORDS_OF.get(word, ()):
            enter(reading.path, Shows(key, reading.read, _pace(word, "")))
    for path, key in ((TRUNK, "trunk"), (FLAP, "charge_flap"), (place, PLACE_KEY)):
        enter(path, Shows(key, _itself, Pace.NOW))
    for door in SEATS.values():
        enter(f"{door}IsLocked", Shows("lock", _itself, Pace.NOW))
    for path in (LATITUDE, LONGITUDE, GPS_ACCURACY):
        enter(path, Shows("location", _itself, Pace.LATER))
    return {path: tuple(shows) for path, shows in found.items()}


COMPONENTS = {entity.key: entity.component for entity in ENTITIES}
PLACE_KEY = "place"
"""No entity of its own: another place is told at once, another position in time."""
_WORDS_OF = {
    "cabin_temperature": ("climate",),
    "climate_temperature": ("climate",),
    "ready_at": ("departure",),
    "software_installed": ("software",),
    "software_latest": ("software",),
}
"""Entities that show a word which is not called like them."""


def _itself(value: SignalValue) -> Word:
    return value if isinstance(value, bool | int | float | str) else str(value)


def about_of(slug: str, *, name: str, make: str, model: str) -> DeviceAbout:
    """What a car says of itself; `slug` begins its entity ids."""
    return DeviceAbout(
        name=name,
        manufacturer=make,
        model=model,
        origin="car",
        entities={entity.id(slug): _about(entity, name) for entity in ENTITIES},
    )


def _about(entity: Entity, car: str) -> EntityAbout:
    verbs = ACTIONS.get(entity.component, ())
    if entity.key.startswith("window_"):
        verbs = (*verbs, "set_cover_position")
    more = entity.more
    return EntityAbout(
        name=f"{car} {entity.name}",
        device_class=more.get("device_class", ""),
        unit_of_measurement=more.get("unit_of_measurement", ""),
        state_class=more.get("state_class", ""),
        actions=[f"{entity.component}.{verb}" for verb in verbs],
        min=more.get("min"),
        max=more.get("max"),
        step=more.get("step"),
    )


def states_of(
    keys: Iterable[str], values: Values, aims: Values, *, zone: str
) -> dict[str, EntityState]:
    """How these entities are, by key.

    `zone` is what a tracker shows: home, not_home or a place. `aims` is where actuators move.
    """
    words = OwnerWords(values, aims)
    shown = {}
    for key in keys:
        if key == "location":
            place = location(values)
            shown[key] = EntityState(
                state=UNKNOWN if place is None else zone,
                attributes={"source_type": "gps", **(place or {})},
            )
        else:
            shown[key] = _STATES[COMPONENTS[key]](key, words)
    return shown


def _text(word: Word) -> str:
    return UNKNOWN if word is None else str(word)


def _flag(word: Word, yes: str, no: str) -> str:
    return UNKNOWN if word is None else yes if word else no


def _sensor(key: str, state: Mapping[str, Word]) -> EntityState:
    return EntityState(state=_text(state[key]))


def _on_off(key: str, state: Mapping[str, Word]) -> EntityState:
    return EntityState(state=_flag(state[key], "on", "off"))


def _lock(_key: str, state: Mapping[str, Word]) -> EntityState:
    return EntityState(state=_flag(state["locked"], "locked", "unlocked"))


def _cover(key: str, state: Mapping[str, Word]) -> EntityState:
    if not key.startswith("window_"):
        return EntityState(state=_text(state[key]))
    attributes = {} if state[key] is None else {"current_position": state[key]}
    return EntityState(state=_text(state[f"{key}_motion"]), attributes=attributes)


def _climate(_key: str, state: Mapping[str, Word]) -> EntityState:
    attributes: dict[str, Any] = {
        "hvac_modes": ["off", "heat_cool"],
        "min_temp": CABIN_DEGC[0],
        "max_temp": CABIN_DEGC[1],
        "target_temp_step": 0.5,
        "current_temperature": state["cabin_temperature"],
        "temperature": state["climate_temperature"],
        "hvac_action": state["climate_action"],
    }
    return EntityState(state=_text(state["climate"]), attributes=attributes)


def _departure(_key: str, state: Mapping[str, Word]) -> EntityState:
    return EntityState(state=_text(state["ready_at"]))


def _update(_key: str, state: Mapping[str, Word]) -> EntityState:
    installed, latest = state["software_installed"], state["software_latest"]
    is_known = installed is not None and latest is not None
    return EntityState(
        state=_flag(installed != latest if is_known else None, "on", "off"),
        attributes={
            "installed_version": installed,
            "latest_version": latest,
            "title": "Car software",
        },
    )


def _button(_key: str, _state: Mapping[str, Word]) -> EntityState:
    return EntityState(state=UNKNOWN)


_STATES: Mapping[str, Callable[[str, Mapping[str, Word]], EntityState]] = {
    "sensor": _sensor,
    "binary_sensor": _on_off,
    "number": _sensor,
    "switch": _on_off,
    "lock": _lock,
    "cover": _cover,
    "climate": _climate,
    "update": _update,
    "text": _departure,
    "button": _button,
}
