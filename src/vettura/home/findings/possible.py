"""Conflicts and loops that the scenes' text allows, without running anything."""

from collections.abc import Iterator
from itertools import combinations

from vettura.home.findings.finding import Finding
from vettura.home.findings.graph import Edge, Graph, run_guard
from vettura.home.findings.guards import both
from vettura.home.findings.listened import coincide, ears
from vettura.home.findings.loops import circle_words, turned
from vettura.home.findings.wishes import differ, wish_words
from vettura.home.findings.written import Write
from vettura.home.scene.parts import Automation
from vettura.home.scene.tree import Trigger


def possible_loops(graph: Graph) -> list[Finding]:
    """Circles of scenes that can go on for ever: each round changes what the next one needs."""
    found: dict[tuple[str, ...], Finding] = {}
    for circle in graph.circles():
        names = turned(tuple(edge.write.scene for edge in circle))
        if names not in found and _goes_on(circle, graph):
            found[names] = _loop(names, circle)
    return list(found.values())


def possible_conflicts(graph: Graph) -> list[Finding]:
    """Pairs of scenes that one thing may set off, or one by the other, and that then disagree."""
    found: dict[tuple[str, str, str], Finding] = {}
    for one, other in combinations(graph.automations.values(), 2):
        for mine, theirs, why in [*_at_once(one, other, graph), *_answers(one, other, graph)]:
            key = (one.entity_id, other.entity_id, mine.entity)
            found.setdefault(key, _conflict(mine, theirs, why))
    return list(found.values())


def _goes_on(circle: list[Edge], graph: Graph) -> bool:
    actuators = {edge.write.entity for edge in circle}
    if any(edge.is_physical for edge in circle) and len(actuators) < 2:
        # On when cold, off when warm: that is what a thermostat does.
        return False
    written = [write for edge in circle for write in graph.writes[edge.write.scene]]
    return all(_fires_again(edge.write, written) for edge in circle)


def _fires_again(write: Write, written: list[Write]) -> bool:
    """Whether something in the circle undoes the write, so that it is news the next time."""
    state = write.wish.get("state")
    if write.event or state is None:
        return True
    others = (other for other in written if other.entity == write.entity)
    return any(str(other.wish.get("state")) != str(state) for other in others)


def _loop(names: tuple[str, ...], circle: list[Edge]) -> Finding:
    return Finding(
        kind="loop",
        seen="possible",
        title=f"{circle_words(names)}: each may set the next one off",
        why=tuple(_edge_words(edge) for edge in circle),
        scenes=tuple(sorted(set(names))),
        entities=tuple(sorted({edge.write.entity for edge in circle if edge.write.entity})),
        count=0,
        where=tuple(f"{edge.write.where}" for edge in circle),
    )


def _edge_words(edge: Edge) -> str:
    write = edge.write
    did = f"tells {write.event}" if write.event else f"does {write.action} {write.entity}"
    felt = f", which {edge.through} feels" if edge.through else ""
    reader = edge.reader.entity_id
    return f"{write.scene} {did}{felt} ({write.where}); {reader} hears it ({edge.trigger.where})"


def _at_once(
    one: Automation, other: Automation, graph: Graph
) -> Iterator[tuple[Write, Write, str]]:
    """Writes of both that disagree while one and the same thing sets both off."""
    for mine in one.triggers:
        for theirs in other.triggers:
            if not coincide(mine, theirs):
                continue
            yield from (
                (a, b, f"the same sets both off: {mine.where} and {theirs.where}")
                for a, b in _disagreeing(graph, one, other)
                if _may_both(one, mine, a, other, theirs, b)
            )


def _may_both(
    one: Automation, mine: Trigger, a: Write, other: Automation, theirs: Trigger, b: Write
) -> bool:
    return bool(both(run_guard(one, mine, a), run_guard(other, theirs, b)))


def _answers(
    one: Automation, other: Automation, graph: Graph
) -> Iterator[tuple[Write, Write, str]]:
    """What one of them writes sets the other off, and that one disagrees."""
    for edge in graph.edges:
        pair = (edge.write.scene, edge.reader.entity_id)
        if set(pair) != {one.entity_id, other.entity_id} or pair[0] == pair[1]:
            continue
        # Who acts after a while, such as a door that shuts itself, is no answer.
        if (
            edge.is_physical
            or edge.write.is_later
            or any(ear.is_held for ear in ears(edge.trigger))
        ):
            continue
        first, second = graph.automations[pair[0]], edge.reader
        for a, b in _disagreeing(graph, first, second):
            if run_guard(second, edge.trigger, b):
                yield a, b, _edge_words(edge)


def _disagreeing(graph: Graph, one: Automation, other: Automation) -> Iterator[tuple[Write, Write]]:
    for a in graph.writes[one.entity_id]:
        for b in graph.writes[other.entity_id]:
            is_now = not (a.is_later or b.is_later)
            if a.entity and a.entity == b.entity and is_now and differ(a.wish, b.wish):
                yield a, b


def _conflict(one: Write, other: Write, why: str) -> Finding:
    aspects = differ(one.wish, other.wish)
    names = tuple(sorted({one.scene, other.scene}))
    return Finding(
        kind="conflict",
        seen="possible",
        title=f"{' and '.join(names)} may set {one.entity} against each other",
        why=(
            f"{one.scene} wants {wish_words(one.wish, aspects)} ({one.where})",
            f"{other.scene} wants {wish_words(other.wish, aspects)} ({other.where})",
            why,
        ),
        scenes=names,
        entities=(one.entity,),
        count=0,
        where=(f"{one.where}", f"{other.where}"),
    )
