"""Households for tests; every argument has a default."""

from typing import Any

from vettura.life.household import Household, Person
from vettura.life.places import Place

CAR = "LVXSU7CASA0000001"
HOME = Place(
    name="home", kind="home", latitude_deg=45.0246, longitude_deg=7.7612, elevation_m=305.0
)
OFFICE = Place(
    name="office", kind="work", latitude_deg=45.0955, longitude_deg=7.6538, elevation_m=242.0
)
MARKET = Place(
    name="market", kind="shop", latitude_deg=45.0489, longitude_deg=7.6861, elevation_m=236.0
)
POOL = Place(
    name="pool", kind="leisure", latitude_deg=44.9978, longitude_deg=7.7206, elevation_m=224.0
)
SCHOOL = Place(
    name="school", kind="school", latitude_deg=45.0420, longitude_deg=7.7350, elevation_m=240.0
)
PLACES = (HOME, OFFICE, MARKET, POOL, SCHOOL)


def make_person(name: str = "Giulia", car: str = CAR, **changes: Any) -> Person:
    return Person(**{"name": name, "car": car, "work": "office", **changes})


def make_household(*people: Person, **changes: Any) -> Household:
    fields = {"id": "casa", "timezone": "Europe/Rome", "places": PLACES}
    return Household(**{**fields, "people": people or (make_person(),), **changes})
