"""Scenes that set one thing against each other, as it happened."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from vettura.bus.messages_home import Called
from vettura.home.findings.finding import Finding, chain_words, moments
from vettura.home.findings.story import Story
from vettura.home.findings.wishes import Wish, differ, is_aimed, wish_of, wish_words
from vettura.units import NS_PER_S

AT_ONCE_NS = 5 * NS_PER_S
"""Opposite wishes so close together leave to chance which of them stays."""
ANSWERED_NS = 60 * NS_PER_S
"""A scene that another one set off, and that undoes what that one did, does so within this."""
FLAP_NS = 300 * NS_PER_S
FLAPS_MIN = 4
"""So many turns to and fro within `FLAP_NS` are flapping."""


@dataclass(frozen=True, slots=True)
class _Set:
    """One run's wish for one entity."""

    call: Called
    wish: Wish

    @property
    def time_ns(self) -> int:
        return self.call.time_ns


@dataclass(frozen=True, slots=True)
class _Turn:
    """One wish, and the one that took it back."""

    entity: str
    before: _Set
    after: _Set
    aspects: list[str]

    @property
    def gap_ns(self) -> int:
        return self.after.time_ns - self.before.time_ns

    @property
    def is_clash(self) -> bool:
        """Whether the second undoes the first at once, or because of it."""
        before, after = self.before.call, self.after.call
        if before.scene == after.scene:
            return False
        is_answer = before.scene in after.cause.chain and self.gap_ns <= ANSWERED_NS
        return self.gap_ns <= AT_ONCE_NS or is_answer


def conflicts(story: Story) -> list[Finding]:
    """Every pair of scenes that fought over an entity, the most frequent first."""
    found = [
        _finding(turns)
        for sets in _by_entity(story.calls).values()
        for turns in _fights(list(_turns(*sets)))
    ]
    return sorted(found, key=lambda finding: (-finding.count, finding.title))


def _by_entity(calls: Iterable[Called]) -> dict[str, tuple[str, list[_Set]]]:
    sets: dict[str, tuple[str, list[_Set]]] = {}
    for call in calls:
        wish = wish_of(call.action, call.data) if call.ok and is_aimed(call) else {}
        if wish:
            for entity in call.entities:
                sets.setdefault(entity, (entity, []))[1].append(_Set(call, wish))
    return sets


def _turns(entity: str, sets: list[_Set]) -> Iterator[_Turn]:
    for before, after in pairwise(sets):
        if before.call.run == after.call.run:
            continue
        aspects = differ(before.wish, after.wish)
        if aspects:
            yield _Turn(entity, before, after, aspects)


def _fights(turns: list[_Turn]) -> Iterator[list[_Turn]]:
    """The turns that are fights, together for each set of scenes."""
    flapping = _flapping(turns)
    fights: dict[frozenset[str], list[_Turn]] = {}
    for index, turn in enumerate(turns):
        if turn.is_clash or index in flapping:
            scenes = frozenset({turn.before.call.scene, turn.after.call.scene})
            fights.setdefault(scenes, []).append(turn)
    yield from fights.values()


def _flapping(turns: list[_Turn]) -> set[int]:
    """Which turns are part of a rapid to and fro."""
    found: set[int] = set()
    for first in range(len(turns) - FLAPS_MIN + 1):
        last = first + FLAPS_MIN - 1
        if turns[last].after.time_ns - turns[first].before.time_ns <= FLAP_NS:
            found.update(range(first, last + 1))
    return found


def _finding(turns: list[_Turn]) -> Finding:
    first = turns[0]
    scenes = sorted({turn.before.call.scene for turn in turns} | {first.after.call.scene})
    if len(scenes) == 1:
        title = f"{scenes[0]} sets {first.entity} to and fro"
    else:
        title = f"{' and '.join(scenes)} set {first.entity} against each other"
    return Finding(
        kind="conflict",
        seen="happened",
        title=title,
        why=(_words(first.before, first.aspects), _words(first.after, first.aspects)),
        scenes=tuple(scenes),
        entities=(first.entity,),
        count=len(turns),
        moments_ns=moments(turn.after.time_ns for turn in turns),
    )


def _words(one: _Set, aspects: list[str]) -> str:
    return f"{chain_words(one.call.cause)} wants {wish_words(one.wish, aspects)}"
