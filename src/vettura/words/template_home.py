"""The functions of templates that ask for entities, areas, devices and distances."""

import math
from collections.abc import Callable, Iterable
from typing import Any

from vettura.bus.messages_home import DeviceAbout
from vettura.words.geodesy import distance_m
from vettura.words.slugs import slug_of
from vettura.words.states import UNAVAILABLE, UNKNOWN, Devices
from vettura.words.template_states import ENTITY_ID, Lookup, TemplateState

_M_PER_KM = 1000.0


class HomeFunctions:
    """`home` is the latitude and longitude [degrees] that distances count from."""

    def __init__(self, lookup: Lookup, devices: Devices, home: tuple[float, float]) -> None:
        self._lookup = lookup
        self._devices = devices
        self._home = home

    def functions(self) -> dict[str, Callable[..., Any]]:
        """By the name that templates call them."""
        names = (
            "is_state is_state_attr state_attr has_value expand closest distance is_hidden_entity "
            "areas area_id area_name area_entities area_devices device_id device_entities "
            "device_attr is_device_attr integration_entities config_entry_id state_translated"
        )
        return {name: getattr(self, name) for name in names.split()}

    # Entities

    def is_state(self, entity_id: str, state: Any) -> bool:
        """`is_state`: the state, or one of a list."""
        found = self._lookup.get(entity_id)
        return found is not None and (
            found.state == state or (isinstance(state, list) and found.state in state)
        )

    def state_attr(self, entity_id: str, name: str) -> Any:
        """`state_attr`: None when there is none."""
        found = self._lookup.get(entity_id)
        return None if found is None else found.attributes.get(name)

    def is_state_attr(self, entity_id: str, name: str, value: Any) -> bool:
        """`is_state_attr`."""
        found = self.state_attr(entity_id, name)
        return found is not None and bool(found == value)

    def has_value(self, entity_id: str) -> bool:
        """`has_value`: neither unknown nor unavailable nor missing."""
        found = self._lookup.get(entity_id)
        return found is not None and found.state not in (UNKNOWN, UNAVAILABLE)

    def state_translated(self, entity_id: str) -> str:
        """`state_translated`: the state, since ours need no translation."""
        found = self._lookup.get(entity_id)
        return UNKNOWN if found is None else found.state

    def is_hidden_entity(self, entity_id: str) -> bool:
        """`is_hidden_entity`: none is."""
        del entity_id
        return False

    def expand(self, *args: Any) -> list[TemplateState]:
        """`expand`: states, with groups and zones replaced by what belongs to them."""
        search, found = list(args), {}
        seen: set[str] = set()
        while search:
            entity = search.pop()
            state = self._state(entity)
            if state is None and not isinstance(entity, str):
                if isinstance(entity, Iterable):
                    search += entity
                continue
            if state is None:
                continue
            members = _members(state)
            if members is None:
                self._lookup.note_entity(state.entity_id)
                found[state.entity_id] = state
            elif state.entity_id not in seen:
                seen.add(state.entity_id)
                search += members
        return list(found.values())

    # Distances

    def closest(self, *args: Any) -> TemplateState | None:
        """`closest`: to home, to an entity, or to a latitude and longitude."""
        if len(args) == 1:
            point: tuple[float, float] | None = self._home
        elif len(args) == 2:
            point = self._place(args[0])
        else:
            point = _coordinates(args[0], args[1])
        if point is None:
            return None
        here = point
        placed = [(state, place) for state in self.expand(args[-1]) if (place := _location(state))]
        if not placed:
            return None
        return min(placed, key=lambda pair: _distance_m(here, pair[1]))[0]

    def closest_filter(self, entities: Any, *args: Any) -> TemplateState | None:
        """`closest` as a filter."""
        return self.closest(*args, entities)

    def distance(self, *args: Any) -> float | None:
        """`distance`: from home to a point, or between two points [km]."""
        left, points = list(args), []
        while left:
            value = left.pop(0)
            if isinstance(value, str) and not ENTITY_ID.match(value):
                state = None
            else:
                state = self._state(value)
            if state is not None:
                place = _location(state)
            else:
                place = _coordinates(value, left.pop(0)) if left else None
            if place is None:
                return None
            points.append(place)
        if not points:
            return None
        if len(points) == 1:
            points.insert(0, self._home)
        return _distance_m(points[0], points[1]) / _M_PER_KM

    def _place(self, value: Any) -> tuple[float, float] | None:
        state = self._state(value)
        return None if state is None else _location(state)

    def _state(self, value: Any) -> TemplateState | None:
        """The state of an entity by its id, or the state itself, such as `trigger.to_state`."""
        if isinstance(value, str):
            return self._lookup.get(value)
        if isinstance(value, TemplateState):
            return value
        return TemplateState(value) if hasattr(type(value), "last_changed") else None

    # Areas and devices

    def areas(self) -> list[str]:
        """`areas`: their ids."""
        return list(self._areas())

    def area_id(self, name: Any) -> str | None:
        """`area_id`: of an area's name, an entity or a device."""
        text = str(name)
        for area, area_name in self._areas().items():
            if slug_of(text) == slug_of(area_name):
                return area
        about = self._about(text)
        return slug_of(about.area) if about and about.area else None

    def area_name(self, name: Any) -> str | None:
        """`area_name`: of an area's id, an entity or a device."""
        text = str(name)
        if (known := self._areas().get(text)) is not None:
            return known
        about = self._about(text)
        return about.area if about and about.area else None

    def area_entities(self, area: Any) -> list[str]:
        """`area_entities`: of an area's id or name."""
        return [entity for _, about in self._in_area(area) for entity in about.entities]

    def area_devices(self, area: Any) -> list[str]:
        """`area_devices`: of an area's id or name."""
        return [device for device, _ in self._in_area(area)]

    def device_id(self, name: str) -> str | None:
        """`device_id`: of an entity, or of a device's name."""
        for device, about in self._devices.devices().items():
            if name in about.entities or name == about.name:
                return device
        return None

    def device_entities(self, device: str) -> list[str]:
        """`device_entities`: ids of what belongs to a device."""
        about = self._devices.devices().get(device)
        return list(about.entities) if about else []

    def device_attr(self, device_or_entity: str, name: str) -> Any:
        """`device_attr`: name, manufacturer, model or area_id; None for what is not known."""
        if not isinstance(device_or_entity, str):
            raise ValueError("device_attr wants the id of a device or an entity")
        about = self._about(device_or_entity)
        if about is None:
            return None
        if name == "area_id":
            return slug_of(about.area) or None
        return getattr(about, name) or None if name in ("name", "manufacturer", "model") else None

    def is_device_attr(self, device_or_entity: str, name: str, value: Any) -> bool:
        """`is_device_attr`."""
        return bool(self.device_attr(device_or_entity, name) == value)

    def integration_entities(self, origin: str) -> list[str]:
        """`integration_entities`: of all devices that come that way, such as `mqtt`."""
        found = [about for about in self._devices.devices().values() if about.origin == origin]
        return [entity for about in found for entity in about.entities]

    def config_entry_id(self, entity_id: str) -> str | None:
        """`config_entry_id`: the device, which is what one configures here."""
        return self.device_id(entity_id) if "." in str(entity_id) else None

    def _areas(self) -> dict[str, str]:
        names = {about.area for about in self._devices.devices().values() if about.area}
        return {slug_of(name): name for name in sorted(names)}

    def _in_area(self, area: Any) -> list[tuple[str, DeviceAbout]]:
        wanted = slug_of(str(area))
        found = self._devices.devices().items()
        return [
            (device, about)
            for device, about in found
            if about.area and slug_of(about.area) == wanted
        ]

    def _about(self, device_or_entity: str) -> DeviceAbout | None:
        devices = self._devices.devices()
        if (found := devices.get(device_or_entity)) is not None:
            return found
        return next(
            (about for about in devices.values() if device_or_entity in about.entities), None
        )


def _members(state: TemplateState) -> list[Any] | None:
    """What belongs to a group or a zone; None for an entity that is itself."""
    if state.entity_id.startswith("group."):
        return list(state.attributes.get("entity_id") or ())
    if state.entity_id.startswith("zone."):
        return list(state.attributes.get("persons") or ())
    return None


def _location(state: TemplateState) -> tuple[float, float] | None:
    latitude, longitude = (state.attributes.get(name) for name in ("latitude", "longitude"))
    if isinstance(latitude, float) and isinstance(longitude, float):
        return latitude, longitude
    return None


def _coordinates(latitude: Any, longitude: Any) -> tuple[float, float] | None:
    try:
        return float(latitude), float(longitude)
    except (ValueError, TypeError):
        return None


def _distance_m(origin: tuple[float, float], destination: tuple[float, float]) -> float:
    found = distance_m(from_deg=origin, to_deg=destination)
    return math.inf if found is None else found
