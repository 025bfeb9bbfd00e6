"""How people get from place to place, and how long it takes."""

from typing import Literal, TypeAlias

from vettura.life.household import Person
from vettura.life.places import Place, distance_m

Way: TypeAlias = Literal["car", "foot", "bus", "scooter"]

CAR_FROM_M = 500.0
"""Nobody takes the car for less than this as the crow flies."""
WALK_FROM_M = 50.0
WALK_MAX_M = 1_500.0
"""Further than this as the crow flies who has the choice takes the bus."""
FOOT_MAX_M = 4_000.0
SCOOTER_MAX_M = 8_000.0
"""Further than these even who always walks or rides takes the bus."""
FOOT_MPS = 1.34
"""Comfortable walking speed (Bohannon and Andrews 2011, Physiotherapy 97, 182)."""
SCOOTER_MPS = 4.6
"""A little under the 20 km/h that Italy allows since 2021 (decree-law 121/2021)."""
FOOT_OVER_STRAIGHT = 1.25


def way_of(person: Person, origin: Place, destination: Place) -> Way:
    """How that person goes from one place to the other."""
    straight_m = distance_m(origin, destination)
    if person.car:
        return "car"
    if person.travels_by == "scooter" and straight_m <= SCOOTER_MAX_M:
        return "scooter"
    walks_m = FOOT_MAX_M if person.travels_by == "foot" else WALK_MAX_M
    if person.travels_by in {"auto", "foot"} and straight_m <= walks_m:
        return "foot"
    return "bus"


def is_worth(person: Person, origin: Place, destination: Place) -> bool:
    """Whether the two places are far enough apart to set out for."""
    return distance_m(origin, destination) >= (CAR_FROM_M if person.car else WALK_FROM_M)


def travel_s(person: Person, origin: Place, destination: Place) -> float:
    """About how long it takes that person [s]."""
    straight_m = distance_m(origin, destination)
    match way_of(person, origin, destination):
        case "car":
            return drive_s(origin, destination)
        case "foot":
            return 30.0 + FOOT_OVER_STRAIGHT * straight_m / FOOT_MPS
        case "scooter":
            return 90.0 + FOOT_OVER_STRAIGHT * straight_m / SCOOTER_MPS
        case "bus":
            return bus_s(straight_m)


def drive_s(origin: Place, destination: Place) -> float:
    """About how long the drive takes [s]: 1.32 times the straight way at 32 to 72 km/h.

    Speeds from measured trips around Munich (TUM 2020, doi 10.21227/6jr9-5235).
    """
    straight_m = distance_m(origin, destination)
    mean_mps = 9.0 + 11.0 * min(1.0, straight_m / 40_000.0)
    return 60.0 + 1.32 * straight_m / mean_mps


def bus_s(straight_m: float) -> float:
    """Walk, wait and ride [s]: buses of a town do some 18 km/h, trains between towns 70."""
    mean_mps = 5.0 + 14.5 * min(1.0, straight_m / 40_000.0)
    return 540.0 + 1.3 * straight_m / mean_mps
