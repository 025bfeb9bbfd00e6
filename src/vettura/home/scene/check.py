"""What can be seen of scenes without running them: names that mean nothing, or stand twice."""

from collections.abc import Iterable, Iterator
from typing import Any

from vettura.home.scene.fields import near
from vettura.home.scene.parts import Scenes
from vettura.home.scene.problems import Problems
from vettura.home.scene.tree import (
    AndCondition,
    CheckCondition,
    Choose,
    Condition,
    If,
    NotCondition,
    OrCondition,
    Parallel,
    Repeat,
    Sequence,
    TriggerCondition,
    Where,
)


def check_scenes(scenes: Scenes, problems: Problems) -> None:
    """Name what cannot be meant."""
    _check_trigger_ids(scenes, problems)
    _check_twice(scenes, problems)


def _check_trigger_ids(scenes: Scenes, problems: Problems) -> None:
    for automation in scenes.automations:
        known = [trigger.id for trigger in automation.triggers]
        conditions = [*automation.conditions, *_conditions_in(automation.actions)]
        for condition in _flat(conditions):
            if isinstance(condition, TriggerCondition):
                for name in condition.ids:
                    if name not in known:
                        problems.add(
                            condition.where,
                            f"condition: no trigger of this automation has the id '{name}'",
                            near(name, known),
                        )


def _conditions_in(actions: Iterable[Any]) -> Iterator[Condition]:
    """Go through the conditions of actions, at any depth."""
    for action in actions:
        match action:
            case CheckCondition():
                yield action.condition
            case Choose():
                for option in action.options:
                    yield from option.conditions
                    yield from _conditions_in(option.sequence)
                yield from _conditions_in(action.default)
            case If():
                yield from action.conditions
                yield from _conditions_in((*action.then, *action.else_))
            case Repeat():
                yield from (*(action.while_ or ()), *(action.until or ()))
                yield from _conditions_in(action.sequence)
            case Parallel():
                for branch in action.branches:
                    yield from _conditions_in(branch.sequence)
            case Sequence():
                yield from _conditions_in(action.sequence)
            case _:
                pass


def _flat(conditions: Iterable[Condition]) -> Iterator[Condition]:
    for condition in conditions:
        if isinstance(condition, (AndCondition, OrCondition, NotCondition)):
            yield from _flat(condition.conditions)
        else:
            yield condition


def _check_twice(scenes: Scenes, problems: Problems) -> None:
    seen: dict[str, Where] = {}
    named = [
        *((f"automation with the id '{a.id}'", a.where) for a in scenes.automations if a.id),
        *((part.entity_id, part.where) for part in (*scenes.scripts, *scenes.helpers)),
        *((part.entity_id, part.where) for part in scenes.templates),
    ]
    for name, where in named:
        if name in seen:
            problems.add(where, f"{name} stands twice", f"first at {seen[name]}")
        seen.setdefault(name, where)
