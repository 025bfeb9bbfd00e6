"""What a scene writes: every action it may come to, aimed at which entity, and on what guard."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vettura.home.findings.story import EntityFacts
from vettura.home.findings.wishes import Wish, wish_of
from vettura.home.scene.parts import Counter, Scenes, Script
from vettura.home.scene.tree import (
    Action,
    Call,
    CheckCondition,
    Choose,
    Condition,
    Delay,
    FireEvent,
    If,
    NotCondition,
    Parallel,
    Repeat,
    Sequence,
    Template,
    WaitForTrigger,
    WaitTemplate,
    Where,
)
from vettura.words.slugs import slug_of

_SCRIPTS_DEEP = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One action of a scene on one entity, or an event that it tells."""

    scene: str
    where: Where
    action: str
    entity: str
    """Empty for an event, and where a template says which."""
    wish: Wish
    """Empty when it depends on how the entity was, as `toggle` does, or on a template."""
    event: str = ""
    path: tuple[Condition, ...] = ()
    """What must hold on the way to it."""
    is_later: bool = False
    """Whether the scene waits before it."""


@dataclass(slots=True)
class _Way:
    """How far a sequence has come: what held on the way, and whether time has passed."""

    path: tuple[Condition, ...] = ()
    is_later: bool = False


@dataclass(frozen=True, slots=True)
class Aims:
    """Knows which entities a target means."""

    entities: Mapping[str, EntityFacts]
    scenes: Scenes

    def of(self, call: Call, action: str) -> list[str]:
        """The entities of a call's target; none when a template says which."""
        found: list[str] = []
        for part in (call.target, call.data):
            if isinstance(part, dict):
                found += self._named(part, action.partition(".")[0])
        return list(dict.fromkeys(found))

    def _named(self, part: dict[str, Any], domain: str) -> list[str]:
        names = _texts(part.get("entity_id"))
        if "all" in names:
            return [entity for entity in self.entities if entity.startswith(f"{domain}.")]
        areas, devices = set(_texts(part.get("area_id"))), set(_texts(part.get("device_id")))
        inside = [
            entity
            for entity, facts in self.entities.items()
            if entity.startswith(f"{domain}.")
            and (facts.area in areas or slug_of(facts.area) in areas or facts.device in devices)
        ]
        return [*names, *inside]


def writes(scenes: Scenes, entities: Mapping[str, EntityFacts]) -> dict[str, list[Write]]:
    """What each automation may write, by its entity id; with what its scripts and scenes write."""
    aims = Aims(entities, scenes)
    return {
        one.entity_id: list(_Walk(one.entity_id, aims).sequence(one.actions, _Way()))
        for one in scenes.automations
    }


class _Walk:
    """Walks through the actions of one automation."""

    def __init__(self, scene: str, aims: Aims) -> None:
        self._scene = scene
        self._aims = aims
        self._scripts = {script.entity_id: script for script in aims.scenes.scripts}
        self._scenes = {scene.entity_id: scene for scene in aims.scenes.scenes}
        self._begins = {
            one.entity_id: one.initial for one in aims.scenes.helpers if isinstance(one, Counter)
        }
        self._deep = 0

    def sequence(self, actions: Iterable[Action], way: _Way) -> Iterator[Write]:
        """The writes of a sequence; `way` goes along."""
        for action in actions:
            if action.enabled is not False:
                yield from self._one(action, way)

    def _one(self, action: Action, way: _Way) -> Iterator[Write]:
        match action:
            case Call():
                yield from self._call(action, way)
            case FireEvent():
                yield self._write(action.where, "event", "", {}, way, event=action.event)
            case Delay() | WaitTemplate() | WaitForTrigger():
                way.is_later = True
            case CheckCondition():
                way.path = (*way.path, action.condition)
            case _:
                yield from self._inside(action, way)

    def _inside(self, action: Action, way: _Way) -> Iterator[Write]:
        branches: list[tuple[tuple[Condition, ...], tuple[Action, ...]]] = []
        match action:
            case Choose():
                branches = [(option.conditions, option.sequence) for option in action.options]
                branches.append(((), action.default))
            case If():
                branches = [(action.conditions, action.then)]
                branches.append((_not(action.conditions, action.where), action.else_))
            case Repeat():
                branches = [(action.while_ or (), action.sequence)]
            case Parallel():
                branches = [((), branch.sequence) for branch in action.branches]
            case Sequence():
                branches = [((), action.sequence)]
        is_later = way.is_later
        for conditions, inner in branches:
            fork = _Way((*way.path, *conditions), way.is_later)
            yield from self.sequence(inner, fork)
            is_later = is_later or fork.is_later
        way.is_later = is_later

    def _call(self, call: Call, way: _Way) -> Iterator[Write]:
        if isinstance(call.action, Template):
            return
        action = call.action
        aims = self._aims.of(call, action)
        yield from self._called(action, aims, way)
        data = call.data if isinstance(call.data, dict) else {}
        wish = _without_templates(wish_of(action, data))
        for entity in aims or [""]:
            if action == "counter.reset" and entity in self._begins:
                wish = {"state": str(self._begins[entity])}
            if entity not in self._scripts and entity not in self._scenes:
                yield self._write(call.where, action, entity, wish, way)

    def _called(self, action: str, aims: list[str], way: _Way) -> Iterator[Write]:
        """What a script or a scene writes in its place."""
        for name in (action, *aims):
            script = self._scripts.get(name)
            if script is not None and not action.endswith("turn_off"):
                yield from self._script(script, way)
            scene = self._scenes.get(name)
            if scene is not None:
                for entity, wanted in scene.entities.items():
                    wish: Wish = {"state": wanted.state}
                    yield self._write(scene.where, "scene.turn_on", entity, wish, way)

    def _script(self, script: Script, way: _Way) -> Iterator[Write]:
        if self._deep >= _SCRIPTS_DEEP:
            return
        self._deep += 1
        yield from self.sequence(script.sequence, _Way(way.path, way.is_later))
        self._deep -= 1

    def _write(
        self, where: Where, action: str, entity: str, wish: Wish, way: _Way, *, event: str = ""
    ) -> Write:
        return Write(
            scene=self._scene,
            where=where,
            action=action,
            entity=entity,
            wish=wish,
            event=event,
            path=way.path,
            is_later=way.is_later,
        )


def _not(conditions: tuple[Condition, ...], where: Where) -> tuple[Condition, ...]:
    """What holds in an `else`, where that can be said."""
    return (NotCondition(where=where, conditions=conditions),) if len(conditions) == 1 else ()


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    if isinstance(value, list | tuple):
        return [part for part in value if isinstance(part, str)]
    return []


def _without_templates(wish: Wish) -> Wish:
    return {key: value for key, value in wish.items() if not isinstance(value, Template)}
