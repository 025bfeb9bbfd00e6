"""The report of a rehearsal: what each scene did, what was found, what went wrong, what it cost."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from vettura.home.findings.conflicts import conflicts
from vettura.home.findings.energy import EnergyRow, by_scene, energy_rows
from vettura.home.findings.finding import Finding
from vettura.home.findings.fired import SceneRow, failures, scene_rows
from vettura.home.findings.graph import Graph, graph_of
from vettura.home.findings.loops import loops
from vettura.home.findings.missing import missing_triggers
from vettura.home.findings.nearest import nearest, refusal_words
from vettura.home.findings.past import Past
from vettura.home.findings.possible import possible_conflicts, possible_loops
from vettura.home.findings.story import Story
from vettura.home.findings.unsound import unsound
from vettura.home.mishaps import Mishap
from vettura.home.scene.parts import Scenes


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Which life was rehearsed."""

    home: str
    title: str
    timezone: str
    start_ns: int
    end_ns: int
    seed: int
    faults: int | None = None
    """The seed of the faults; None without."""
    people: int = 0
    cars: int = 0
    devices: int = 0
    entities: int = 0
    messages: int = 0
    log_sha256: str = ""
    signals_sha256: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a rehearsal has shown."""

    facts: Facts
    scenes: tuple[SceneRow, ...] = ()
    findings: tuple[Finding, ...] = ()
    mishaps: tuple[Mishap, ...] = ()
    promises: int = 0
    """How many there are."""
    energy: tuple[EnergyRow, ...] = ()

    def found(self, kind: str, seen: str = "happened") -> list[Finding]:
        """The findings of one kind."""
        return [one for one in self.findings if one.kind == kind and one.seen == seen]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a report is made from."""

    story: Story
    scenes: Scenes
    timezone: str
    breaks: tuple[Finding, ...] = ()
    mishaps: tuple[Mishap, ...] = ()


def report_of(rehearsal: Rehearsal, facts: Facts) -> Report:
    """Put the report together, what matters most first."""
    story, scenes = rehearsal.story, rehearsal.scenes
    graph = graph_of(scenes, story.entities)
    looped = _placed(loops(story), graph)
    fought = _besides(_placed(conflicts(story), graph), looped)
    happened = [*rehearsal.breaks, *fought, *looped]
    possible = _besides([*possible_loops(graph), *possible_conflicts(graph)], happened)
    past, energy = Past(story, rehearsal.timezone), energy_rows(story)
    return Report(
        facts=facts,
        scenes=tuple(_rows(rehearsal, graph, by_scene(energy))),
        findings=(
            *happened,
            *failures(story),
            *unsound(scenes, story.entities),
            *possible,
            *missing_triggers(scenes, past),
        ),
        mishaps=rehearsal.mishaps,
        promises=len(scenes.promises),
        energy=tuple(energy),
    )


def _rows(rehearsal: Rehearsal, graph: Graph, energy_wh: dict[str, float]) -> Iterator[SceneRow]:
    near = nearest(rehearsal.scenes, rehearsal.story)
    for row in scene_rows(rehearsal.story, nearest=near, energy=energy_wh):
        refusal = refusal_words(row.refusal, graph.automations.get(row.scene))
        yield replace(row, refusal=refusal)


def _besides(found: Iterable[Finding], told: Iterable[Finding]) -> list[Finding]:
    """Without what was told already: the same scenes in the same kind, or in a loop."""
    known = [(one.kind, set(one.scenes)) for one in told]

    def is_new(finding: Finding) -> bool:
        scenes = set(finding.scenes)
        return not any(
            (kind == finding.kind and scenes == others) or (kind == "loop" and scenes <= others)
            for kind, others in known
        )

    return [one for one in found if is_new(one)]


def _placed(found: Iterable[Finding], graph: Graph) -> list[Finding]:
    """With the lines of the file where the scenes say so."""
    return [replace(one, where=_places(one, graph)) for one in found]


def _places(finding: Finding, graph: Graph) -> tuple[str, ...]:
    places: list[str] = []
    for scene in finding.scenes:
        automation = graph.automations.get(scene)
        writes = [
            f"{write.where}"
            for write in graph.writes.get(scene, ())
            if not finding.entities or write.entity in finding.entities
        ]
        places += writes[:1] or ([f"{automation.where}"] if automation else [])
    return tuple(dict.fromkeys(places))
