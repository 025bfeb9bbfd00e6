"""What the scenes' actions used: the power of a device while a scene's wish for it stood."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import msgspec

from vettura.home.findings.story import EntityFacts, Story
from vettura.home.findings.track import number
from vettura.units import NS_PER_S, SECONDS_PER_HOUR, W_PER_KW

_USERS = frozenset(
    {
        "climate",
        "fan",
        "humidifier",
        "light",
        "media_player",
        "number",
        "select",
        "switch",
        "vacuum",
        "water_heater",
    }
)
"""Domains whose actions decide over power; a lock does not."""
_CLIMATE = ("climate", "precondition")
"""What the entities of a car that heat and cool it have in their names; the others charge it."""
NOBODY = ""


class EnergyRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one device used."""

    device: str
    name: str
    energy_wh: float
    by_scene: dict[str, float] = {}
    """While that scene's wish stood; the rest is nobody's."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A power, and the entities whose actions decide over it."""

    device: str
    name: str
    rows: list[tuple[int, float]]
    """Time and power [W]."""
    entities: frozenset[str]


def energy_rows(story: Story) -> list[EnergyRow]:
    """What each device used that tells its power, the greatest first."""
    rows = [_row(source, story) for source in _sources(story)]
    return sorted((row for row in rows if row.energy_wh > 0.0), key=lambda row: -row.energy_wh)


def by_scene(rows: list[EnergyRow]) -> dict[str, float]:
    """What each scene's wishes used in all [Wh]."""
    total = defaultdict[str, float](float)
    for row in rows:
        for scene, energy_wh in row.by_scene.items():
            total[scene] += energy_wh
    return dict(total)


def _sources(story: Story) -> Iterator[_Source]:
    names = {facts.device: facts.device_name for facts in story.entities.values()}
    users: dict[str, list[str]] = {}
    for entity, facts in story.entities.items():
        if entity.partition(".")[0] in _USERS:
            users.setdefault(facts.device, []).append(entity)
    for entity, facts in story.entities.items():
        # Meter, inverter and home battery use nothing: through them flows what others use.
        is_own = facts.about.device_class == "power" and facts.origin != "energy"
        if is_own and entity.startswith("sensor."):
            own, name = users.get(facts.device, []), facts.device_name
            if facts.origin == "car":
                own = [user for user in own if not _is_climate(user)]
                name = f"{name}, charging"
            yield _Source(facts.device, name, _watts(story, entity, facts), _set(own))
    for device, rows in story.climates.items():
        own = [user for user in users.get(device, []) if _is_climate(user)]
        yield _Source(device, f"{names.get(device, device)}, climate", rows, _set(own))


def _set(entities: list[str]) -> frozenset[str]:
    return frozenset(entities)


def _is_climate(entity: str) -> bool:
    return any(word in entity for word in _CLIMATE)


def _watts(story: Story, entity: str, facts: EntityFacts) -> list[tuple[int, float]]:
    track = story.track(entity)
    factor = W_PER_KW if facts.about.unit_of_measurement == "kW" else 1.0
    return [
        (time_ns, factor * (number(state) or 0.0))
        for time_ns, state in zip(track.times_ns, track.states, strict=True)
    ]


def _owners(source: _Source, story: Story) -> tuple[list[int], list[str]]:
    """From when on which scene's wish stands; a hand's ends it."""
    turns = [
        (call.time_ns, call.scene)
        for call in story.calls
        if call.ok and source.entities.intersection(call.entities)
    ]
    for entity in source.entities:
        track = story.track(entity)
        for time_ns, cause in zip(track.times_ns, track.causes, strict=True):
            if cause is not None and not cause.who.startswith(("automation.", "script.")):
                turns.append((time_ns, NOBODY))
    turns.sort()
    return [time_ns for time_ns, _ in turns], [scene for _, scene in turns]


def _row(source: _Source, story: Story) -> EnergyRow:
    times_ns, scenes = _owners(source, story)
    total_wh, owned = 0.0, defaultdict[str, float](float)
    rows = [*source.rows, (story.end_ns, 0.0)]
    for (begin_ns, power_w), (end_ns, _) in pairwise(rows):
        if power_w <= 0.0 or end_ns <= begin_ns:
            continue
        first = bisect_right(times_ns, begin_ns)
        last = bisect_right(times_ns, end_ns)
        cuts_ns = [begin_ns, *times_ns[first:last], end_ns]
        for index, (from_ns, until_ns) in enumerate(pairwise(cuts_ns)):
            energy_wh = power_w * (until_ns - from_ns) / NS_PER_S / SECONDS_PER_HOUR
            total_wh += energy_wh
            turn = first + index - 1
            if turn >= 0 and scenes[turn] != NOBODY:
                owned[scenes[turn]] += energy_wh
    return EnergyRow(
        device=source.device, name=source.name, energy_wh=total_wh, by_scene=dict(owned)
    )
