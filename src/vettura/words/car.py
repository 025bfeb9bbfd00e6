"""The car as the entities of a home: one table that scenes and faces share.

What an entity shows is in `car_state`, what its commands mean in `car_orders`. The id of an entity
is `<component>.<slug of the car>_<key>`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from vettura.words.car_state import SEATS, TYRES, WINDOWS

CABIN_DEGC = (16.0, 30.0)
CHARGE_PERCENT = (20.0, 100.0)
CURRENT_A = (0.0, 80.0)
"""Ends of what an owner's sliders offer; what is taken says the car."""
FINISH_TIME, READY_AT = "finish_time", "ready_at"


class Entity(NamedTuple):
    """One entity of a car, in Home Assistant's words."""

    component: str
    key: str
    """Its word in the state and in commands, and the end of its entity id."""
    name: str
    more: Mapping[str, Any]
    """What it has beyond what all of its component have: unit, device_class, range."""

    def id(self, slug: str) -> str:
        """Its entity id, for the car of that slug."""
        return f"{self.component}.{slug}_{self.key}"


def slugs(cars: Sequence[tuple[str, str]]) -> list[str]:
    """How the entity ids of each car begin, by name and VIN; namesakes get their VIN's end too."""
    plain = [re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "car" for name, _ in cars]
    return [
        f"{slug}_{vin[-6:].lower()}" if plain.count(slug) > 1 else slug
        for (_, vin), slug in zip(cars, plain, strict=True)
    ]


def _sensor(key: str, name: str, unit: str = "", device_class: str = "", **more: object) -> Entity:
    """A sensor; one that has a unit is measured, unless told otherwise."""
    config: dict[str, Any] = (
        {"unit_of_measurement": unit, "state_class": "measurement"} if unit else {}
    )
    if device_class:
        config["device_class"] = device_class
    return Entity("sensor", key, name, config | more)


def _limits(limits: tuple[float, float], step: float) -> dict[str, Any]:
    return {"min": limits[0], "max": limits[1], "step": step}


_TOTAL = {"state_class": "total_increasing"}
_CONSUMPTION = "kWh/100km"

ENTITIES: tuple[Entity, ...] = (
    _sensor("battery", "Battery", "%", "battery"),
    _sensor("range", "Range", "km", "distance"),
    _sensor("odometer", "Odometer", "km", "distance", **_TOTAL),
    _sensor("speed", "Speed", "km/h", "speed"),
    _sensor("status", "Status", icon="mdi:car-electric"),
    _sensor("charge_power", "Charge power", "kW", "power"),
    _sensor("energy_added", "Energy added", "kWh", "energy", **_TOTAL),
    _sensor(FINISH_TIME, "Charge finish time", device_class="timestamp"),
    _sensor(READY_AT, "Ready at", device_class="timestamp"),
    _sensor("outside_temperature", "Outside temperature", "°C", "temperature"),
    _sensor("cabin_temperature", "Cabin temperature", "°C", "temperature"),
    *(
        _sensor(f"tyre_{name}", f"Tyre {name.replace('_', ' ')}", "bar", "pressure")
        for name in TYRES
    ),
    _sensor("trip_distance", "Trip distance", "km", "distance"),
    _sensor("trip_duration", "Trip duration", "min", "duration"),
    _sensor("trip_energy", "Trip energy", "kWh", icon="mdi:lightning-bolt"),
    _sensor("trip_consumption", "Trip consumption", _CONSUMPTION, icon="mdi:gauge"),
    _sensor("last_trip_distance", "Last trip distance", "km", "distance"),
    _sensor("last_trip_duration", "Last trip duration", "min", "duration"),
    _sensor("last_trip_energy", "Last trip energy", "kWh", icon="mdi:lightning-bolt"),
    _sensor("last_trip_consumption", "Last trip consumption", _CONSUMPTION, icon="mdi:gauge"),
    _sensor("battery_12v", "12 V battery", "V", "voltage", entity_category="diagnostic"),
    Entity("binary_sensor", "plugged", "Plugged", {"device_class": "plug"}),
    Entity("binary_sensor", "charging", "Charging", {"device_class": "battery_charging"}),
    Entity("binary_sensor", "awake", "Awake", {"icon": "mdi:sleep-off"}),
    *(
        Entity("binary_sensor", f"door_{name}", f"Door {words}", {"device_class": "door"})
        for name, words in ((name, name.replace("_", " ")) for name in SEATS)
    ),
    Entity("lock", "lock", "Lock", {}),
    *(
        Entity("cover", f"window_{name}", f"Window {words}", {"device_class": "window"})
        for name, words in ((name, name.replace("_", " ")) for name in WINDOWS)
    ),
    Entity("cover", "trunk", "Trunk", {"device_class": "door"}),
    Entity("cover", "charge_flap", "Charge flap", {"device_class": "door"}),
    Entity("climate", "climate", "Climate", {}),
    Entity("switch", "preconditioning", "Preconditioning", {"icon": "mdi:car-seat-heater"}),
    Entity("text", "departure", "Departure", {"icon": "mdi:clock-outline"}),
    Entity("switch", "charge", "Charge", {"icon": "mdi:ev-station"}),
    Entity(
        "number",
        "charge_limit",
        "Charge limit",
        {"unit_of_measurement": "%", **_limits(CHARGE_PERCENT, 1.0)},
    ),
    Entity(
        "number",
        "charge_current_limit",
        "Charge current limit",
        {"unit_of_measurement": "A", "device_class": "current", **_limits(CURRENT_A, 1.0)},
    ),
    Entity("device_tracker", "location", "Location", {}),
    Entity("update", "software", "Software", {}),
    Entity("button", "honk", "Honk", {"icon": "mdi:bullhorn"}),
    Entity("button", "flash", "Flash lights", {"icon": "mdi:car-light-high"}),
    Entity("button", "wake", "Wake up", {"icon": "mdi:alarm"}),
)
"""Every entity of a car."""
