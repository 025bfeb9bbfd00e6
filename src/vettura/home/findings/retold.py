"""A story told from some instant on, one line for each thing that happened."""

from collections.abc import Iterator
from heapq import merge

from vettura.home.findings.finding import chain_words
from vettura.home.findings.story import Story

Line = tuple[int, str]
"""When [ns since the epoch], and what."""


def retold(story: Story, from_ns: int) -> Iterator[Line]:
    """Every change, run, action and event from `from_ns` on, in order of time."""
    tracks = [_changes(story, entity, from_ns) for entity in story.tracks]
    return merge(*tracks, _runs(story, from_ns), _calls(story, from_ns), _events(story, from_ns))


def _changes(story: Story, entity: str, from_ns: int) -> Iterator[Line]:
    track = story.tracks[entity]
    for row in track.between(from_ns - 1, story.end_ns):
        before = track.states[row - 1] if row else "nothing"
        cause = track.causes[row]
        why = f"  ({chain_words(cause)})" if cause is not None else ""
        yield track.times_ns[row], f"{entity}: {before} → {track.states[row]}{why}"


def _runs(story: Story, from_ns: int) -> Iterator[Line]:
    told = (run for run in story.runs if run.start_ns >= from_ns)
    for run in sorted(told, key=lambda run: run.start_ns):
        reason = f", {run.reason}" if run.reason else ""
        why = run.trigger or "run by hand"
        yield run.start_ns, f"{run.scene}: {run.state}{reason}  (set off by {why})"


def _calls(story: Story, from_ns: int) -> Iterator[Line]:
    for call in story.calls:
        if call.time_ns >= from_ns:
            data = " ".join(f"{key}={value}" for key, value in call.data.items())
            aim = ", ".join(call.entities)
            ending = "" if call.ok else f": not done, {call.reason}"
            words = " ".join(part for part in (call.action, aim, data) if part)
            yield call.time_ns, f"{call.scene} does {words}{ending}"


def _events(story: Story, from_ns: int) -> Iterator[Line]:
    for event in story.events:
        if event.time_ns >= from_ns:
            yield event.time_ns, f"event {event.event_type} {event.data or ''}".rstrip()
