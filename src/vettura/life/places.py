"""Where people live, work and go."""

import math
from typing import Literal, TypeAlias

import msgspec

from vettura.errors import InputError
from vettura.life.limits import check_range, check_text

Kind: TypeAlias = Literal["home", "work", "shop", "leisure", "school"]

ON_THE_ROAD = "road"
"""What a car calls its place when it is between places; no place may bear that name."""
EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the Earth [m], IUGG (Moritz 2000, Geodetic Reference System 1980)."""


class Place(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place that people go to."""

    name: str
    kind: Kind
    latitude_deg: float
    longitude_deg: float
    elevation_m: float = 0.0
    radius_m: float = 100.0
    """Who is as near as this is there."""

    def __post_init__(self) -> None:
        check_text("places.name", self.name)
        if self.name == ON_THE_ROAD:
            raise InputError(
                f"places.name is {self.name!r}", hint="that means between places; choose another"
            )
        where = f"places.{self.name}"
        # Nobody drives a car near the poles, and a degree of longitude has a length up to there.
        check_range(f"{where}.latitude_deg", self.latitude_deg, low=-80, high=80)
        check_range(f"{where}.longitude_deg", self.longitude_deg, low=-180, high=180)
        check_range(f"{where}.elevation_m", self.elevation_m, low=-450, high=5500)
        check_range(f"{where}.radius_m", self.radius_m, low=10, high=5000)


def distance_m(origin: Place, destination: Place) -> float:
    """Length of the great circle between two places [m].

    Haversine formula (Sinnott 1984, Virtues of the Haversine, Sky and Telescope 68, 159).
    """
    lat1, lat2 = math.radians(origin.latitude_deg), math.radians(destination.latitude_deg)
    half_dlat = 0.5 * (lat2 - lat1)
    half_dlon = 0.5 * math.radians(destination.longitude_deg - origin.longitude_deg)
    h = math.sin(half_dlat) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_dlon) ** 2
    return 2.0 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))
