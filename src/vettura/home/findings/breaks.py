"""Promises that were broken: when, in which states, who led there, and how to see it again."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from vettura.bus.messages_home import HomeEvent
from vettura.home.findings.clock_words import local_words
from vettura.home.findings.finding import Finding, chain_words, moments
from vettura.home.findings.story import Story
from vettura.home.mishaps import Mishap
from vettura.home.scene.promises import BROKEN_EVENT
from vettura.units import NS_PER_S

Replay = Callable[[int], str]
"""The command that shows a moment [ns since the epoch] again."""
BLAMED_NS = 6 * 3600 * NS_PER_S
"""What went wrong so long before a promise was broken may have led there."""
_OF_ALL = ("restart", "power cut", "phone", "clock change")


def breaks(
    story: Story, timezone: str, replay: Replay, mishaps: Sequence[Mishap] = ()
) -> list[Finding]:
    """Every promise that was broken, the earliest first, with the mishaps that came before."""
    by_promise: dict[str, list[HomeEvent]] = {}
    for event in story.events:
        if event.event_type == BROKEN_EVENT:
            by_promise.setdefault(str(event.data.get("entity_id", "")), []).append(event)
    return [
        _finding(entity, events, _Told(story, timezone, replay, mishaps))
        for entity, events in by_promise.items()
    ]


def mishaps_before(mishaps: Iterable[Mishap], time_ns: int) -> list[Mishap]:
    """What had gone wrong within `BLAMED_NS` before an instant, or was wrong then."""
    return [
        one for one in mishaps if one.from_ns <= time_ns and one.until_ns >= time_ns - BLAMED_NS
    ]


@dataclass(frozen=True, slots=True)
class _Told:
    """What a break is told with."""

    story: Story
    timezone: str
    replay: Replay
    mishaps: Sequence[Mishap]


def _finding(entity: str, events: list[HomeEvent], told: _Told) -> Finding:
    first, timezone = events[0], told.timezone
    states = first.data.get("states", {})
    lasted = _lasted(entity, first.time_ns, told.story)
    why = [f"{local_words(first.time_ns, timezone)}, {lasted}"]
    if isinstance(states, Mapping):
        why += [_state_words(name, told) for name, told in states.items()]
    if first.cause is not None:
        why.append(f"led there: {chain_words(first.cause)}")
    names = tuple(states) if isinstance(states, Mapping) else ()
    why += [
        f"before: {one.text}, {local_words(one.from_ns, timezone)}"
        for one in _near(mishaps_before(told.mishaps, first.time_ns), names, told.story)
    ]
    scenes = [] if first.cause is None else [*first.cause.chain, first.cause.who]
    return Finding(
        kind="promise",
        seen="happened",
        title=f"{first.data.get('promise', entity)}: broken",
        why=tuple(why),
        scenes=tuple(dict.fromkeys(who for who in scenes if who.startswith("automation."))),
        entities=names,
        count=len(events),
        moments_ns=moments(event.time_ns for event in events),
        where=(str(first.data.get("where", "")),),
        replay=told.replay(first.time_ns),
    )


def _near(mishaps: list[Mishap], entities: Sequence[str], story: Story) -> list[Mishap]:
    """Those that befell the home, its people or the devices in question; all when none did."""
    devices = {story.entities[name].device for name in entities if name in story.entities}
    near = [one for one in mishaps if one.ill in _OF_ALL or not one.what or one.what in devices]
    return near or mishaps


def _lasted(entity: str, time_ns: int, story: Story) -> str:
    for span in story.track(entity).spans(story.end_ns):
        if span.begin_ns >= time_ns and span.state == "on":
            if span.end_ns >= story.end_ns:
                return "until the end"
            minutes = (span.end_ns - span.begin_ns) / NS_PER_S / 60.0
            return f"mended after {minutes:.1f} min"
    return "for a moment"


def _state_words(name: str, told: object) -> str:
    if not isinstance(told, Mapping):
        return name
    by = f", by {told['by']}" if told.get("by") else ""
    return f"{name} is {told.get('state', '')}{by}"
