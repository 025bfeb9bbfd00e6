"""How near a scene came that never fired."""

import re
from collections import Counter
from collections.abc import Iterator

from vettura.home.findings.listened import Ear, ears
from vettura.home.findings.story import Story
from vettura.home.findings.track import NO_STATE
from vettura.home.scene.parts import Automation, Scenes
from vettura.home.scene.tree import (
    EventTrigger,
    HomeTrigger,
    MqttTrigger,
    NumericStateTrigger,
    SunTrigger,
    TemplateTrigger,
    TimePatternTrigger,
    TimeTrigger,
    Trigger,
)
from vettura.units import NS_PER_S, SECONDS_PER_HOUR

_STATES_SHOWN = 4
_CONDITION = re.compile(r"condition/(\d+)\b")


def nearest(scenes: Scenes, story: Story) -> dict[str, str]:
    """For each scene that never fired, what was closest to setting it off."""
    fired = {run.scene for run in story.runs if run.has_fired}
    refusals: dict[str, Counter[str]] = {}
    for run in story.runs:
        if not run.has_fired:
            refusals.setdefault(run.scene, Counter())[run.reason] += 1
    return {
        one.entity_id: _words(one, refusals.get(one.entity_id), story)
        for one in scenes.automations
        if one.entity_id not in fired
    }


def refusal_words(reason: str, automation: Automation | None) -> str:
    """A reason with the line of the condition that it names."""
    found = _CONDITION.match(reason)
    if found is None or automation is None or int(found[1]) >= len(automation.conditions):
        return reason
    return f"the condition in {automation.conditions[int(found[1])].where}{reason[found.end() :]}"


def _words(automation: Automation, refusals: Counter[str] | None, story: Story) -> str:
    if refusals:
        reason, count = refusals.most_common(1)[0]
        said = refusal_words(reason, automation)
        return f"set off {refusals.total()} times, {count} times refused: {said}"
    if automation.initial_state is False:
        return "it is switched off"
    parts = [part for trigger in automation.triggers for part in _trigger(trigger, story)]
    return "; ".join(dict.fromkeys(parts)) or "it has no trigger"


def _trigger(trigger: Trigger, story: Story) -> Iterator[str]:
    match trigger:
        case NumericStateTrigger() if trigger.value_template is None and not trigger.attribute:
            yield from (_number(trigger, entity, story) for entity in trigger.entity_ids)
        case TemplateTrigger():
            yield "its template never became true"
        case TimeTrigger() | TimePatternTrigger() | SunTrigger():
            yield "its time did not come"
        case EventTrigger():
            yield f"nobody told {', '.join(str(kind) for kind in trigger.event_types)}"
        case MqttTrigger():
            yield f"nothing came on {trigger.topic}"
        case HomeTrigger():
            yield f"the home did not {trigger.event}"
        case _:
            yield from (_state(ear, trigger, story) for ear in ears(trigger))


def _number(trigger: NumericStateTrigger, entity: str, story: Story) -> str:
    numbers = story.track(entity).numbers()
    if not numbers:
        return f"{entity} told no number"
    wants = []
    if trigger.below is not None:
        wants.append(f"below {_limit(trigger.below)}")
    if trigger.above is not None:
        wants.append(f"above {_limit(trigger.above)}")
    return (
        f"{entity} went from {min(numbers):g} to {max(numbers):g}, "
        f"it wants {' and '.join(wants)}{_held(trigger)}"
    )


def _limit(limit: float | str) -> str:
    return limit if isinstance(limit, str) else f"{limit:g}"


def _state(ear: Ear, trigger: Trigger, story: Story) -> str:
    if ear.attribute:
        return f"{ear.attribute} of {ear.entity} never became so"
    track = story.track(ear.entity)
    if not len(track):
        return f"{ear.entity} was never heard of"
    longest_ns = max(
        (s.end_ns - s.begin_ns for s in track.spans(story.end_ns) if ear.to.has(s.state)),
        default=0,
    )
    if longest_ns and ear.is_held:
        hours = longest_ns / NS_PER_S / SECONDS_PER_HOUR
        return f"{ear.entity} was so for at most {hours:.2g} h, it wants that{_held(trigger)}"
    if ear.to.only is None:
        return f"{ear.entity} changed {len(track) - 1} times, never as the trigger wants"
    seen = [state for state in dict.fromkeys(track.states) if state not in NO_STATE]
    shown = ", ".join(seen[:_STATES_SHOWN]) or "nothing"
    return f"{ear.entity} was {shown}, it wants {', '.join(sorted(ear.to.only))}"


def _held(trigger: Trigger) -> str:
    held_s = getattr(trigger, "for_", None)
    return f" for {held_s:g} s" if isinstance(held_s, int | float) else ""
