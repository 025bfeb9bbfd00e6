"""What another file of scenes would have changed: the same life lived twice, and compared."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from vettura.home.findings.report import Report
from vettura.home.findings.story import Story

SHOWN_MAX = 5


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One action or run that only one of the two has."""

    time_ns: int
    only_in: str
    """`own` or `other`."""
    what: str


class SceneChange(msgspec.Struct, frozen=True, kw_only=True):
    """One scene in both lives."""

    scene: str
    own_fired: int
    other_fired: int
    own_actions: int
    other_actions: int
    differences: int
    first: tuple[Difference, ...] = ()


class FindingChange(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was found in one of the two lives alone, or not equally often."""

    kind: str
    title: str
    own: int
    other: int


class Against(msgspec.Struct, frozen=True, kw_only=True):
    """Two lives compared."""

    own: str
    other: str
    """The files."""
    scenes: tuple[SceneChange, ...] = ()
    """Those that differ."""
    findings: tuple[FindingChange, ...] = ()


class _Deed(NamedTuple):
    """An action, or a run that came to none, in a form that two lives share."""

    time_ns: int
    what: str


def against(own: tuple[str, Story, Report], other: tuple[str, Story, Report]) -> Against:
    """Compare two lives, each given by its file, its story and its report."""
    names = sorted(set(own[1].scenes()) | set(other[1].scenes()))
    changes = [_scene(name, own[1], other[1]) for name in names]
    return Against(
        own=own[0],
        other=other[0],
        scenes=tuple(change for change in changes if change.differences),
        findings=tuple(_findings(own[2], other[2])),
    )


def _scene(name: str, own: Story, other: Story) -> SceneChange:
    mine, theirs = _deeds(name, own), _deeds(name, other)
    differences = sorted(
        [*_only(mine, theirs, "own"), *_only(theirs, mine, "other")],
        key=lambda one: (one.time_ns, one.only_in),
    )
    return SceneChange(
        scene=name,
        own_fired=_fired(name, own),
        other_fired=_fired(name, other),
        own_actions=sum(call.scene == name for call in own.calls),
        other_actions=sum(call.scene == name for call in other.calls),
        differences=len(differences),
        first=tuple(differences[:SHOWN_MAX]),
    )


def _fired(name: str, story: Story) -> int:
    return sum(run.scene == name and run.has_fired for run in story.runs)


def _deeds(name: str, story: Story) -> list[_Deed]:
    calls = [
        _Deed(call.time_ns, _words(call.action, call.entities, call.data, call.ok))
        for call in story.calls
        if call.scene == name
    ]
    busy = {call.run for call in story.calls}
    idle = [
        _Deed(run.start_ns, "fired")
        for run in story.runs
        if run.scene == name and run.has_fired and run.id not in busy
    ]
    return sorted([*calls, *idle])


def _words(action: str, entities: Iterable[str], data: dict[str, object], ok: bool) -> str:
    said = " ".join(f"{key} {value}" for key, value in sorted(data.items()))
    parts = [action, ", ".join(entities), said, "" if ok else "(not done)"]
    return " ".join(part for part in parts if part)


def _only(these: list[_Deed], those: list[_Deed], name: str) -> Iterator[Difference]:
    remaining = Counter(those)
    for deed in these:
        if remaining[deed] > 0:
            remaining[deed] -= 1
        else:
            yield Difference(time_ns=deed.time_ns, only_in=name, what=deed.what)


def _findings(own: Report, other: Report) -> Iterator[FindingChange]:
    mine = {(one.kind, one.title): one.count for one in own.findings if one.seen == "happened"}
    theirs = {(one.kind, one.title): one.count for one in other.findings if one.seen == "happened"}
    for kind, title in sorted(mine.keys() | theirs.keys()):
        before, after = mine.get((kind, title), 0), theirs.get((kind, title), 0)
        if before != after:
            yield FindingChange(kind=kind, title=title, own=before, other=after)
