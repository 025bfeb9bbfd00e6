"""A home's energy as entities, in Home Assistant's words: what its energy page and people need."""

from collections.abc import Sequence
from typing import NamedTuple

from vettura.bus.messages_energy import Mode
from vettura.words.car import Entity
from vettura.words.slugs import slug_of

MODES: tuple[Mode, ...] = ("plan", "sun", "now", "off")
_TOTAL = {"state_class": "total_increasing"}


class EnergyHome(NamedTuple):
    """What there is in a home that plans its energy."""

    home: str
    title: str
    currency: str
    cars: Sequence[tuple[str, str]]
    """Slug and vin."""
    stations: Sequence[str]
    has_sun: bool
    has_battery: bool


def entities(home: EnergyHome) -> list[Entity]:
    """Every entity of that home; a key is its word in the state and in commands."""
    found = [*_house(home), *_plan(home)]
    if home.has_sun:
        found += [
            _power("solar_power", "Solar power"),
            _energy("solar_energy", "Solar energy"),
        ]
    if home.has_battery:
        found += [
            _power("battery_power", "Battery power"),
            _energy("battery_in_energy", "Battery energy in"),
            _energy("battery_out_energy", "Battery energy out"),
            _sensor("battery_charge", "Battery charge", "%", "battery"),
        ]
    for slug, _ in home.cars:
        found += _car(slug)
    for station in home.stations:
        found += _station(slug_of(station), station)
    return found


def _house(home: EnergyHome) -> list[Entity]:
    price = f"{home.currency}/kWh"
    return [
        _power("grid_power", "Grid power"),
        _power("house_power", "House power"),
        _power("charging_power", "Charging power"),
        _energy("grid_import_energy", "Grid import"),
        _energy("grid_export_energy", "Grid export"),
        _sensor("price", "Electricity price", price),
        _sensor("export_price", "Feed-in price", price),
    ]


def _plan(home: EnergyHome) -> list[Entity]:
    money = {"state_class": "total"}
    return [
        _sensor("plan", "Plan", "", "enum", options=["planner", "rule"]),
        _sensor("plan_note", "Plan note"),
        _sensor("plan_cost", "Cost of the plan", home.currency, "monetary", **money),
        _sensor("charging_cost", "Charging cost", home.currency, "monetary", **money),
        _sensor("saved", "Saved by planning", home.currency, "monetary", **money),
        _sensor("charged_sun_energy", "Charged from the sun", "kWh", "energy", **_TOTAL),
    ]


def _car(slug: str) -> list[Entity]:
    percent = {"min": 0, "max": 100, "step": 1, "unit_of_measurement": "%"}
    return [
        Entity(
            "number", f"{slug}_goal", "Charge goal", {**percent, "icon": "mdi:battery-charging"}
        ),
        _sensor(f"{slug}_goal_by", "Charged by", "", "timestamp"),
        _sensor(f"{slug}_goal_text", "Why this goal"),
        Entity("binary_sensor", f"{slug}_goal_missed", "Goal missed", {"device_class": "problem"}),
        _sensor(f"{slug}_next_charge", "Next charge", "", "timestamp"),
    ]


def _station(slug: str, station: str) -> list[Entity]:
    return [
        Entity("select", f"{slug}_mode", f"{station} mode", {"options": list(MODES)}),
        _power(f"{slug}_power", f"{station} power"),
        _energy(f"{slug}_energy", f"{station} energy"),
    ]


def _sensor(key: str, name: str, unit: str = "", device_class: str = "", **more: object) -> Entity:
    config = {"unit_of_measurement": unit, "state_class": "measurement"} if unit else {}
    named = {"device_class": device_class} if device_class else {}
    return Entity("sensor", key, name, {**config, **named, **more})


def _power(key: str, name: str) -> Entity:
    return _sensor(key, name, "W", "power")


def _energy(key: str, name: str) -> Entity:
    return _sensor(key, name, "kWh", "energy", **_TOTAL)
