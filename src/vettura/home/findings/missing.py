"""Triggers that a scene lacks: it looks at something that does not set it off."""

from collections.abc import Iterator
from dataclasses import dataclass

from vettura.home.findings.finding import Finding, moments
from vettura.home.findings.listened import Ear, ears
from vettura.home.findings.past import Past
from vettura.home.findings.story import Run
from vettura.home.scene.mentions import beside_trigger, in_conditions, in_trigger
from vettura.home.scene.parts import Automation, Scenes
from vettura.units import NS_PER_S

LATE_NS = 12 * 3600 * NS_PER_S
"""How long after it was refused a scene may still have been wanted."""
_REFUSALS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class _Missed:
    """A scene was refused, and later all held while nothing set it off."""

    refused_ns: int
    came_ns: int
    entity: str
    """What had to change for it."""


def missing_triggers(scenes: Scenes, past: Past) -> list[Finding]:
    """Scenes that would have run, had something they look at set them off."""
    refused: dict[str, list[Run]] = {}
    fired: dict[str, list[int]] = {}
    for run in past.story.runs:
        if run.has_fired:
            fired.setdefault(run.scene, []).append(run.start_ns)
        else:
            refused.setdefault(run.scene, []).append(run)
    found: list[Finding] = []
    for one in scenes.automations:
        runs = refused.get(one.entity_id, [])[:_REFUSALS_MAX]
        missed = list(_missed(one, runs, fired.get(one.entity_id, []), past))
        found += [_happened(one, missed, past)] if missed else []
        found += _unheard(one)
    return found


def _missed(
    automation: Automation, runs: list[Run], fired: list[int], past: Past
) -> Iterator[_Missed]:
    heard = {name for trigger in automation.triggers for name in in_trigger(trigger)}
    unheard = [name for name in in_conditions(automation.conditions) if name not in heard]
    levels = [ear for trigger in automation.triggers for ear in ears(trigger)]
    if not unheard or any(ear.to.is_anything for ear in levels):
        return
    after_ns = 0
    for run in runs:
        if run.start_ns < after_ns:
            continue
        end_ns = min(run.start_ns + LATE_NS, _level_ends(levels, run.start_ns, past))
        end_ns = min([end_ns, *(time_ns for time_ns in fired if time_ns > run.start_ns)])
        came = _came_true(automation, unheard, run.start_ns, end_ns, past)
        if came is not None:
            after_ns = end_ns
            yield came


def _level_ends(levels: list[Ear], time_ns: int, past: Past) -> int:
    """Until when what set the scene off lasts; `time_ns` itself when nothing lasts."""
    ends_ns = time_ns
    for ear in levels:
        track = past.story.track(ear.entity)
        if ear.attribute or not ear.to.has(track.at(time_ns)):
            continue
        left = (
            track.times_ns[row]
            for row in track.between(time_ns, time_ns + LATE_NS)
            if not ear.to.has(track.states[row])
        )
        ends_ns = max(ends_ns, next(left, time_ns + LATE_NS))
    return ends_ns


def _came_true(
    automation: Automation, unheard: list[str], from_ns: int, until_ns: int, past: Past
) -> _Missed | None:
    """The first change of what it looks at, after which all its conditions held."""
    changes = sorted(
        (past.story.track(entity).times_ns[row], entity)
        for entity in unheard
        for row in past.story.track(entity).between(from_ns, until_ns - 1)
    )
    if past.all_hold(automation.conditions, from_ns) is not False:
        return None
    for time_ns, entity in changes:
        if past.all_hold(automation.conditions, time_ns):
            return _Missed(from_ns, time_ns, entity)
    return None


def _happened(automation: Automation, missed: list[_Missed], past: Past) -> Finding:
    first = missed[0]
    entities = tuple(sorted({one.entity for one in missed}))
    state = past.story.track(first.entity).at(first.came_ns)
    refused, came = past.local(first.refused_ns), past.local(first.came_ns)
    return Finding(
        kind="missing trigger",
        seen="happened",
        title=f"{automation.entity_id} looks at {', '.join(entities)}, which does not set it off",
        why=(
            f"{refused:%d %b %H:%M:%S}: set off and refused",
            f"{came:%d %b %H:%M:%S}: {first.entity} became {state}; then all its conditions held",
        ),
        scenes=(automation.entity_id,),
        entities=entities,
        count=len(missed),
        moments_ns=moments(one.came_ns for one in missed),
        where=(f"{automation.where}",),
    )


def _unheard(automation: Automation) -> Iterator[Finding]:
    """What a trigger reads beside the entities it follows, as Home Assistant does too."""
    heard = {name for trigger in automation.triggers for name in in_trigger(trigger)}
    for trigger in automation.triggers:
        names = tuple(name for name in beside_trigger(trigger) if name not in heard)
        if names:
            yield Finding(
                kind="missing trigger",
                seen="possible",
                title=f"{automation.entity_id} reads {', '.join(names)}, which does not set it off",
                why=("the trigger is looked at only when the entity it follows changes",),
                scenes=(automation.entity_id,),
                entities=names,
                count=0,
                where=(f"{trigger.where}",),
            )
