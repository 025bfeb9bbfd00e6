"""Who is in which zone: by coordinates, as Home Assistant tells it."""

from vettura.home.scene.faults import ConditionFault
from vettura.home.scene.state import UNAVAILABLE, UNKNOWN, State
from vettura.words.geodesy import distance_m


def has_location(entity: State) -> bool:
    """Whether it tells where it is."""
    place = (entity.attributes.get("latitude"), entity.attributes.get("longitude"))
    return all(isinstance(part, int | float) and not isinstance(part, bool) for part in place)


def in_zone(zone: State, entity: State) -> bool:
    """Whether an entity is in a zone; `ConditionFault` when it does not tell where it is."""
    if entity.state in (UNAVAILABLE, UNKNOWN):
        return False
    if not has_location(entity):
        raise ConditionFault(f"{entity.entity_id} does not tell where it is")
    if zone.state == UNAVAILABLE:
        return False
    radius_m = zone.attributes.get("radius")
    if not has_location(zone) or not isinstance(radius_m, int | float):
        raise ConditionFault(f"{zone.entity_id} is no zone")
    here, there = entity.attributes, zone.attributes
    away_m = distance_m(
        from_deg=(here["latitude"], here["longitude"]),
        to_deg=(there["latitude"], there["longitude"]),
    )
    accuracy_m = here.get("gps_accuracy", 0)
    slack_m = accuracy_m if isinstance(accuracy_m, int | float) else 0
    return away_m is not None and away_m - slack_m < radius_m
