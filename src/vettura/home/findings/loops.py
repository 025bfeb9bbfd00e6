"""Scenes that set themselves off again, as it happened: seen from the chains of causes."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from vettura.home.findings.finding import Finding, chain_words, moments
from vettura.home.findings.story import Run, Story


@dataclass(slots=True)
class _Round:
    """All that was seen of one circle of scenes."""

    runs: list[Run] = field(default_factory=list)
    deepest: int = 0

    def add(self, run: Run, times: int) -> None:
        self.runs.append(run)
        self.deepest = max(self.deepest, times)


def loops(story: Story) -> list[Finding]:
    """Every circle of scenes in which one set itself off, the most frequent first."""
    rounds: dict[tuple[str, ...], _Round] = {}
    for run in story.runs:
        circle = circle_of(run.cause.chain, run.scene)
        if circle:
            times = Counter(run.cause.chain)[run.scene]
            rounds.setdefault(circle, _Round()).add(run, times)
    found = [_finding(circle, seen) for circle, seen in rounds.items()]
    return sorted(found, key=lambda finding: (-finding.count, finding.title))


def circle_of(chain: list[str], scene: str) -> tuple[str, ...]:
    """The circle that `scene` closes at the end of `chain`, from its least name on; else empty."""
    if scene not in chain:
        return ()
    last = len(chain) - 1 - chain[::-1].index(scene)
    return turned(tuple(chain[last:]))


def turned(circle: tuple[str, ...]) -> tuple[str, ...]:
    """The same circle from its least name on, so that two views of it are equal."""
    start = circle.index(min(circle))
    return circle[start:] + circle[:start]


def circle_words(circle: Iterable[str]) -> str:
    """For people: `automation.a → automation.b → automation.a`."""
    names = list(circle)
    return " → ".join([*names, names[0]])


def _finding(circle: tuple[str, ...], seen: _Round) -> Finding:
    first = seen.runs[0]
    cut = [run for run in seen.runs if not run.has_fired]
    title = f"{circle_words(circle)}: each sets the next one off"
    if len(circle) == 1:
        title = f"{circle[0]} sets itself off"
    why = [f"first so: {chain_words(first.cause)}", f"up to {seen.deepest} times in a row"]
    if cut:
        why.append(f"cut {len(cut)} times: {cut[0].reason or 'no reason given'}")
    return Finding(
        kind="loop",
        seen="happened",
        title=title,
        why=tuple(why),
        scenes=tuple(sorted(set(circle))),
        count=len(seen.runs),
        moments_ns=moments(run.start_ns for run in seen.runs),
    )
