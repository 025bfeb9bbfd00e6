"""What each scene did: how often, when last and why, and what it was refused or did for nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec

from vettura.bus.messages_home import Called
from vettura.home.findings.finding import Finding, chain_words, moments, way_words
from vettura.home.findings.story import RUNNING, Run, Story
from vettura.home.findings.wishes import is_aimed, wish_of


class SceneRow(msgspec.Struct, frozen=True, kw_only=True):
    """One scene over the whole time."""

    scene: str
    name: str
    fired: int = 0
    refused: int = 0
    """Set off, but its conditions did not hold or its mode let no run begin."""
    failed: int = 0
    idle: int = 0
    """Fired while all was so already: nothing changed."""
    actions: int = 0
    last_ns: int = 0
    """When it fired last [ns since the epoch]; 0 for never."""
    why: str = ""
    """What set it off then, with the chain that led there."""
    refusal: str = ""
    """Why it was refused most often."""
    nearest: str = ""
    """For one that never fired: how near it came."""
    energy_wh: float = 0.0
    """What its actions used."""


def scene_rows(
    story: Story, *, nearest: dict[str, str] | None = None, energy: dict[str, float] | None = None
) -> list[SceneRow]:
    """Each scene of the home, in the order of their ids."""
    runs: dict[str, list[Run]] = defaultdict(list)
    for run in story.runs:
        runs[run.scene].append(run)
    calls: dict[str, list[Called]] = defaultdict(list)
    for call in story.calls:
        calls[call.run].append(call)
    return [
        _row(story, scene, runs[scene], calls, nearest or {}, energy or {})
        for scene in story.scenes()
    ]


def _row(
    story: Story,
    scene: str,
    runs: list[Run],
    calls: dict[str, list[Called]],
    nearest: dict[str, str],
    energy: dict[str, float],
) -> SceneRow:
    fired = [run for run in runs if run.has_fired]
    refusals = Counter(run.reason for run in runs if not run.has_fired)
    last = fired[-1] if fired else None
    facts = story.entities.get(scene)
    return SceneRow(
        scene=scene,
        name=facts.about.name if facts else scene,
        fired=len(fired),
        refused=refusals.total(),
        failed=sum(run.state == "failed" for run in runs),
        idle=sum(_is_idle(story, run, calls[run.id]) for run in fired),
        actions=sum(len(calls[run.id]) for run in fired),
        last_ns=last.start_ns if last else 0,
        why=_why(last) if last else "",
        refusal=refusals.most_common(1)[0][0] if refusals else "",
        nearest="" if fired else nearest.get(scene, ""),
        energy_wh=energy.get(scene, 0.0),
    )


def _why(run: Run) -> str:
    before = way_words(run.cause.chain)
    said = run.trigger or ("still running" if run.state == RUNNING else "run by hand")
    return f"{said} ({before})" if before else said


def _is_idle(story: Story, run: Run, calls: Iterable[Called]) -> bool:
    """Whether all it did was to ask for what was so already."""
    made = list(calls)
    if not made or not all(call.ok and is_aimed(call) for call in made):
        return False
    moved = story.moved.get(run.id, set())
    return not any(_may_move(story, call, moved) for call in made)


def _may_move(story: Story, call: Called, moved: set[str]) -> bool:
    """Whether a call changed something, or cannot be seen to have asked for what was so."""
    wish = wish_of(call.action, call.data)
    if not wish:
        return True
    for entity in call.entities:
        was = story.track(entity).at(call.time_ns - 1)
        if entity in moved or ("state" in wish and was != str(wish["state"])):
            return True
    return False


def failures(story: Story) -> list[Finding]:
    """Actions that were refused or got no answer, together for each scene, action and reason."""
    groups: dict[tuple[str, str, str], list[Called]] = defaultdict(list)
    for call in story.calls:
        if not call.ok:
            groups[call.scene, call.action, call.reason].append(call)
    return [_failure(*key, calls) for key, calls in sorted(groups.items())]


def _failure(scene: str, action: str, reason: str, calls: list[Called]) -> Finding:
    first = calls[0]
    aim = ", ".join(first.entities)
    return Finding(
        kind="failure",
        seen="happened",
        title=f"{scene}: {action} {aim} was not done: {reason}".replace("  ", " "),
        why=(chain_words(first.cause),),
        scenes=(scene,),
        entities=tuple(sorted({entity for call in calls for entity in call.entities})),
        count=len(calls),
        moments_ns=moments(call.time_ns for call in calls),
    )
