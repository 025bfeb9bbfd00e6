"""Who sets whom off: from what a scene writes to the triggers that listen to it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from vettura.home.findings.guards import Guard, at_trigger, both, guard_of
from vettura.home.findings.listened import sets_off
from vettura.home.findings.physics import reached
from vettura.home.findings.story import EntityFacts
from vettura.home.findings.written import Write, writes
from vettura.home.scene.parts import Automation, Scenes
from vettura.home.scene.tree import Trigger

_LOOP_LENGTH_MAX = 6


@dataclass(frozen=True, slots=True)
class Edge:
    """One scene may set another one off."""

    write: Write
    reader: Automation
    trigger: Trigger
    through: str
    """The sensor that feels it; empty when the trigger listens to what is written."""

    @property
    def is_physical(self) -> bool:
        """Whether it goes through the room, which takes its time."""
        return bool(self.through)


@dataclass(slots=True)
class Graph:
    """The automations of a home, what each may write, and who may set off whom."""

    automations: dict[str, Automation]
    writes: dict[str, list[Write]]
    edges: list[Edge]

    def circles(self) -> Iterator[list[Edge]]:
        """Every way around on which no scene is met twice, each once."""
        by_writer: dict[str, list[Edge]] = {}
        for edge in self.edges:
            by_writer.setdefault(edge.write.scene, []).append(edge)
        for start in self.automations:
            yield from _around(start, [], by_writer)


def graph_of(scenes: Scenes, entities: Mapping[str, EntityFacts]) -> Graph:
    """Read who sets off whom from the scenes' text; `entities` says what is in which room."""
    automations = {one.entity_id: one for one in scenes.automations}
    written = writes(scenes, entities)
    edges = [
        edge
        for own in written.values()
        for write in own
        for reader in scenes.automations
        for edge in _edges(write, reader, automations[write.scene], entities)
    ]
    return Graph(automations, written, edges)


def run_guard(automation: Automation, trigger: Trigger, write: Write | None = None) -> Guard:
    """When `automation`, set off by `trigger`, may come to `write`, or to its actions at all."""
    guard = both(at_trigger(trigger), guard_of(automation.conditions, trigger))
    return both(guard, guard_of(write.path, trigger)) if write else guard


def _edges(
    write: Write, reader: Automation, writer: Automation, entities: Mapping[str, EntityFacts]
) -> Iterator[Edge]:
    trigger = sets_off(write, reader)
    if trigger is not None and _may_meet(writer, write, reader, trigger):
        yield Edge(write, reader, trigger, "")
        return
    if not write.entity:
        return
    for sensor in reached(write.entity, entities):
        felt = sets_off(replace(write, entity=sensor, wish={}), reader)
        if felt is not None:
            yield Edge(write, reader, felt, sensor)
            return


def _may_meet(writer: Automation, write: Write, reader: Automation, trigger: Trigger) -> bool:
    """Whether the reader's conditions may hold right after the write."""
    if write.is_later:
        return True
    wanted = guard_of(reader.conditions, trigger)
    ways = (run_guard(writer, own, write) for own in writer.triggers)
    # What the write itself changes is no longer as the writer found it.
    return any(both(_without(way, write.entity), wanted) for way in ways)


def _without(guard: Guard, entity: str) -> Guard:
    return [
        {key: allowed for key, allowed in alternative.items() if key[0] != entity}
        for alternative in guard
    ]


def _around(start: str, way: list[Edge], by_writer: dict[str, list[Edge]]) -> Iterator[list[Edge]]:
    here = way[-1].reader.entity_id if way else start
    passed = {edge.write.scene for edge in way}
    for edge in by_writer.get(here, ()):
        onward = edge.reader.entity_id
        if onward == start:
            yield [*way, edge]
        elif onward > start and onward not in passed and len(way) + 1 < _LOOP_LENGTH_MAX:
            yield from _around(start, [*way, edge], by_writer)
