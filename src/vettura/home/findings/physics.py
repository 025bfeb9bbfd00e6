"""What an action moves without naming it: heat, light, doors and power reach the sensors nearby."""

from collections.abc import Iterator, Mapping

from vettura.home.findings.story import EntityFacts

_REACHES: dict[str, tuple[tuple[str, str], ...]] = {
    "climate": (("sensor", "temperature"), ("sensor", "humidity"), ("sensor", "power")),
    "fan": (("sensor", "temperature"), ("sensor", "humidity"), ("sensor", "power")),
    "light": (("sensor", "illuminance"), ("sensor", "power")),
    "cover": (
        ("binary_sensor", "door"),
        ("binary_sensor", "garage_door"),
        ("binary_sensor", "window"),
        ("binary_sensor", "opening"),
        ("sensor", "illuminance"),
        ("sensor", "temperature"),
    ),
    "lock": (("binary_sensor", "lock"), ("binary_sensor", "door")),
    "switch": (("sensor", "power"), ("sensor", "energy"), ("binary_sensor", "power")),
    "vacuum": (("binary_sensor", "motion"), ("binary_sensor", "occupancy")),
    "media_player": (("sensor", "power"), ("binary_sensor", "sound")),
}
"""By the domain of what acts, the domain and device_class of what may feel it in the same room."""


def reached(entity: str, entities: Mapping[str, EntityFacts]) -> Iterator[str]:
    """The sensors that feel it when `entity` acts: those of its device, and of its room."""
    acts = entities.get(entity)
    if acts is None:
        return
    kinds = _REACHES.get(entity.partition(".")[0], ())
    for name, facts in entities.items():
        is_near = facts.device == acts.device or (acts.area and facts.area == acts.area)
        kind = (name.partition(".")[0], facts.about.device_class)
        if name != entity and is_near and kind in kinds:
            yield name
