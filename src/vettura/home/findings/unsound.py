"""What stands in the scenes and can never be: entities that nobody brings, states nobody has."""

from collections.abc import Iterator, Mapping

from vettura.home.findings.finding import Finding, Kind
from vettura.home.findings.graph import run_guard
from vettura.home.findings.guards import guard_of
from vettura.home.findings.story import EntityFacts
from vettura.home.findings.track import NO_STATE
from vettura.home.findings.written import writes
from vettura.home.scene.mentions import beside_trigger, in_conditions, in_trigger
from vettura.home.scene.parts import Automation, Scenes
from vettura.home.scene.tree import Condition, StateCondition, StateTrigger, Where

_ON_OFF = frozenset({"on", "off"})
_STATES: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        (
            "automation",
            "binary_sensor",
            "fan",
            "input_boolean",
            "light",
            "schedule",
            "script",
            "siren",
            "switch",
        ),
        _ON_OFF,
    ),
    "cover": frozenset({"open", "closed", "opening", "closing"}),
    "lock": frozenset({"locked", "unlocked", "locking", "unlocking", "jammed", "open", "opening"}),
    "sun": frozenset({"above_horizon", "below_horizon"}),
    "timer": frozenset({"idle", "active", "paused"}),
}
"""All states of a domain that has a fixed set, besides unknown and unavailable."""
_ALWAYS_THERE = frozenset({"sun.sun", "zone.home"})


def unsound(scenes: Scenes, entities: Mapping[str, EntityFacts]) -> list[Finding]:
    """Everything in the scenes and promises that cannot be as it stands."""
    known = _known(scenes, entities)
    found: list[Finding] = []
    for one in scenes.automations:
        found += _unknown(one.entity_id, _mentioned(one, scenes, entities), known)
        found += _never(one, entities)
    for promise in scenes.promises:
        conditions = (*promise.never, *promise.always)
        names = [(name, promise.where) for name in in_conditions(conditions)]
        found += _unknown(f"promise '{promise.alias}'", names, known)
    return found


def _known(scenes: Scenes, entities: Mapping[str, EntityFacts]) -> set[str]:
    own = [
        *scenes.automations,
        *scenes.scripts,
        *scenes.scenes,
        *scenes.helpers,
        *scenes.templates,
    ]
    return {*entities, *_ALWAYS_THERE, *(one.entity_id for one in own)}


def _mentioned(
    automation: Automation, scenes: Scenes, entities: Mapping[str, EntityFacts]
) -> list[tuple[str, Where]]:
    names = [
        (name, trigger.where)
        for trigger in automation.triggers
        for name in [*in_trigger(trigger), *beside_trigger(trigger)]
    ]
    for condition in automation.conditions:
        names += [(name, condition.where) for name in in_conditions([condition])]
    for write in writes(scenes, entities)[automation.entity_id]:
        names += [(write.entity, write.where)] if write.entity else []
        names += [(name, c.where) for c in write.path for name in in_conditions([c])]
    return names


def _unknown(who: str, names: list[tuple[str, Where]], known: set[str]) -> Iterator[Finding]:
    places: dict[str, list[Where]] = {}
    for name, where in names:
        if name not in known and name.partition(".")[2]:
            places.setdefault(name, []).append(where)
    for name, wheres in places.items():
        title = f"{who} names {name}, which nobody brings"
        yield _finding("unknown entity", title, who, (name,), list(dict.fromkeys(wheres)))


def _never(automation: Automation, entities: Mapping[str, EntityFacts]) -> Iterator[Finding]:
    who = automation.entity_id
    for trigger in automation.triggers:
        if trigger.enabled is False:
            continue
        if isinstance(trigger, StateTrigger) and trigger.to is not None and not trigger.attribute:
            for entity in trigger.entity_ids:
                wants = [str(state) for state in trigger.to]
                yield from _impossible(who, entity, wants, trigger.where, entities)
        if guard_of(automation.conditions) and not run_guard(automation, trigger):
            title = f"{who}: its conditions contradict its trigger"
            yield _finding("never true", title, who, (), [trigger.where])
    for condition in automation.conditions:
        yield from _impossible_in(who, condition, entities)
    if not guard_of(automation.conditions):
        title = f"{who}: its conditions contradict each other"
        yield _finding("never true", title, who, (), [automation.where])


def _impossible_in(
    who: str, condition: Condition, entities: Mapping[str, EntityFacts]
) -> Iterator[Finding]:
    if isinstance(condition, StateCondition) and not condition.attribute:
        for entity in condition.entity_ids:
            wants = [str(state) for state in condition.states]
            yield from _impossible(who, entity, wants, condition.where, entities)
    for inner in getattr(condition, "conditions", ()):
        yield from _impossible_in(who, inner, entities)


def _impossible(
    who: str,
    entity: str,
    wants: list[str],
    where: Where,
    entities: Mapping[str, EntityFacts],
) -> Iterator[Finding]:
    """Say so when an entity can have none of these states."""
    facts = entities.get(entity)
    options = frozenset(facts.about.options) if facts else frozenset[str]()
    possible = options or _STATES.get(entity.partition(".")[0], frozenset())
    is_known = all(want in possible or want in NO_STATE or "." in want for want in wants)
    if possible and not is_known and not possible & set(wants):
        title = f"{who} waits for {entity} to be {', '.join(wants)}, which it never is"
        why = f"it can be {', '.join(sorted(possible))}"
        yield _finding("never true", title, who, (entity,), [where], why)


def _finding(
    kind: Kind,
    title: str,
    who: str,
    entities: tuple[str, ...],
    where: list[Where],
    *why: str,
) -> Finding:
    return Finding(
        kind=kind,
        seen="possible",
        title=title,
        why=why,
        scenes=(who,),
        entities=entities,
        count=0,
        where=tuple(f"{place}" for place in where),
    )
