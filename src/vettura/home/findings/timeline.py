"""A story as lanes to draw: who was where, what was on, when each scene fired and why."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Literal, TypeAlias

from vettura.bus.messages import Wire
from vettura.bus.messages_home import Cause
from vettura.home.findings.finding import chain_words
from vettura.home.findings.story import EntityFacts, Run, Story
from vettura.home.findings.track import Track, number
from vettura.home.mishaps import Mishap
from vettura.life.local_time import day_start_ns, local_date
from vettura.units import NS_PER_S

Shape: TypeAlias = Literal["bands", "line", "marks"]
ELSEWHERE, FAULTS = "Elsewhere", "Faults"
_LINE_SHARE = 0.8
"""From this share of numbers on, an entity's states are drawn as a line."""
_POINTS_MAX = 4_000
_SPANS_MAX = 6_000
_BAND_DOMAINS = frozenset(
    {
        "alarm_control_panel",
        "binary_sensor",
        "climate",
        "cover",
        "device_tracker",
        "fan",
        "input_boolean",
        "input_select",
        "light",
        "lock",
        "media_player",
        "select",
        "siren",
        "switch",
        "vacuum",
        "valve",
        "water_heater",
    }
)
_LINE_CLASSES = frozenset({"battery", "temperature", "power", "illuminance"})
_CAR_LINES = frozenset({"battery", "power"})
_CARRIED = frozenset({"device_tracker"})
_CARRIED_DULL = frozenset({"battery_charging", "connectivity", "problem"})
_DULL_CLASSES = frozenset({"connectivity", "update", "problem", "timestamp"})


class Lane(Wire, frozen=True, kw_only=True):
    """One row of the drawing. Times are seconds from the start."""

    group: str
    name: str
    entity: str
    shape: Shape
    unit: str = ""
    states: tuple[str, ...] = ()
    """Of bands and marks, by number."""
    rows: tuple[tuple[float, ...], ...] = ()
    """Of bands: begin, end, state, cause. Of a line: time, value. Of marks: time, state, cause,
    trigger. States, causes and triggers are numbers into their lists; -1 for none."""


class Day(Wire, frozen=True, kw_only=True):
    """One date at home, in seconds from the start."""

    date: str
    begin_s: float
    end_s: float


class Timeline(Wire, frozen=True, kw_only=True):
    """All lanes, and the words that they share."""

    timezone: str
    start_ns: int
    end_ns: int
    days: tuple[Day, ...]
    lanes: tuple[Lane, ...]
    causes: tuple[str, ...]
    triggers: tuple[str, ...]


class _Words:
    """Numbers for words that come again and again."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, word: str) -> int:
        """The word's number; -1 for none."""
        return self._numbers.setdefault(word, len(self._numbers)) if word else -1

    def all(self) -> tuple[str, ...]:
        """The words in the order of their numbers."""
        return tuple(self._numbers)


def timeline_of(story: Story, timezone: str, mishaps: Sequence[Mishap] = ()) -> Timeline:
    """Draw all that people look at: people, what went wrong, scenes, car, the rooms in turn."""
    causes, triggers = _Words(), _Words()
    lanes = [
        *_mishaps(story, mishaps),
        *_entities(story, causes),
        *(_scene(story, scene, causes, triggers) for scene in story.scenes()),
    ]
    return Timeline(
        timezone=timezone,
        start_ns=story.start_ns,
        end_ns=story.end_ns,
        days=tuple(_days(story, timezone)),
        lanes=tuple(sorted(lanes, key=_place)),
        causes=causes.all(),
        triggers=triggers.all(),
    )


def _place(lane: Lane) -> tuple[int, str]:
    """People first, then faults, scenes, cars, rooms by name, and what is in none."""
    order = {"People": 0, FAULTS: 1, "Scenes": 2, "Car": 3, ELSEWHERE: 5}
    return order.get(lane.group, 4), lane.group


def _days(story: Story, timezone: str) -> Iterator[Day]:
    day: date = local_date(story.start_ns, timezone)
    while (begin_ns := day_start_ns(day, timezone)) < story.end_ns:
        following = day + timedelta(days=1)
        end_ns = day_start_ns(following, timezone)
        yield Day(date=day.isoformat(), begin_s=_at(story, begin_ns), end_s=_at(story, end_ns))
        day = following


def _at(story: Story, time_ns: int) -> float:
    return round((time_ns - story.start_ns) / NS_PER_S, 1)


def _mishaps(story: Story, mishaps: Sequence[Mishap]) -> Iterator[Lane]:
    """One lane for each kind of fault."""
    for ill in dict.fromkeys(one.ill for one in mishaps):
        words = _Words()
        rows = tuple(
            (
                _at(story, max(one.from_ns, story.start_ns)),
                _at(story, max(one.until_ns, one.from_ns + NS_PER_S)),
                words.number(one.text),
                -1,
            )
            for one in mishaps
            if one.ill == ill
        )
        yield Lane(
            group=FAULTS,
            name=ill.capitalize(),
            entity="",
            shape="bands",
            states=words.all(),
            rows=rows,
        )


def _entities(story: Story, causes: _Words) -> Iterator[Lane]:
    for entity, track in story.tracks.items():
        facts = story.entities.get(entity)
        if facts is None or not len(track) or entity.startswith("automation."):
            continue
        if entity.startswith("person."):
            yield _bands(story, entity, track, facts, "People", causes)
        elif _is_of_numbers(track):
            if facts.about.device_class in _lines_of(facts):
                yield _line(story, entity, track, facts)
        elif _is_shown(entity, facts):
            yield _bands(story, entity, track, facts, _group(facts), causes)


def _group(facts: EntityFacts) -> str:
    if facts.origin == "car":
        return "Car"
    return facts.area or ELSEWHERE


def _name(facts: EntityFacts) -> str:
    """What it is called, without the device's name where that goes without saying."""
    short = facts.about.name.removeprefix(facts.device_name).strip()
    return (short[:1].upper() + short[1:]) if short and facts.origin == "car" else facts.about.name


def _is_shown(entity: str, facts: EntityFacts) -> bool:
    domain, kind = entity.partition(".")[0], facts.about.device_class
    if _group(facts) == ELSEWHERE:
        # What people carry tells where they are once more, and how full it is.
        return kind == "enum" or (domain in _BAND_DOMAINS - _CARRIED and kind not in _CARRIED_DULL)
    is_word = domain == "sensor" and kind in ("enum", "")
    return (domain in _BAND_DOMAINS or is_word) and kind not in _DULL_CLASSES


def _is_of_numbers(track: Track) -> bool:
    return len(track.numbers()) >= _LINE_SHARE * len(track)


def _lines_of(facts: EntityFacts) -> frozenset[str]:
    """Which kinds of numbers are worth a line: a car tells of everything."""
    lines = {"Car": _CAR_LINES, ELSEWHERE: frozenset({"power"})}
    return lines.get(_group(facts), _LINE_CLASSES)


def _bands(
    story: Story, entity: str, track: Track, facts: EntityFacts, group: str, causes: _Words
) -> Lane:
    words = _Words()
    rows = tuple(
        (
            _at(story, span.begin_ns),
            _at(story, span.end_ns),
            words.number(span.state or "unknown"),
            causes.number(_cause_words(span.cause)),
        )
        for span in list(track.spans(story.end_ns))[:_SPANS_MAX]
    )
    return Lane(
        group=group,
        name=_name(facts),
        entity=entity,
        shape="bands",
        states=words.all(),
        rows=rows,
    )


def _line(story: Story, entity: str, track: Track, facts: EntityFacts) -> Lane:
    points = [
        (time_ns, value)
        for time_ns, state in zip(track.times_ns, track.states, strict=True)
        if (value := number(state)) is not None
    ]
    rows = tuple((_at(story, time_ns), round(value, 3)) for time_ns, value in _thinned(points))
    return Lane(
        group=_group(facts),
        name=_name(facts),
        entity=entity,
        shape="line",
        unit=facts.about.unit_of_measurement,
        rows=rows,
    )


def _thinned(points: list[tuple[int, float]]) -> Iterable[tuple[int, float]]:
    """At most `_POINTS_MAX` points: of each stretch its lowest and its highest."""
    if len(points) <= _POINTS_MAX:
        return points
    length = -(-2 * len(points) // _POINTS_MAX)
    kept: list[tuple[int, float]] = []
    for begin in range(0, len(points), length):
        stretch = points[begin : begin + length]
        ends = {min(stretch, key=_value), max(stretch, key=_value)}
        kept += sorted(ends)
    return kept


def _value(point: tuple[int, float]) -> float:
    return point[1]


def _scene(story: Story, scene: str, causes: _Words, triggers: _Words) -> Lane:
    words = _Words()
    runs: Iterable[Run] = (run for run in story.runs if run.scene == scene)
    rows = tuple(
        (
            _at(story, run.start_ns),
            words.number(run.state),
            causes.number(_cause_words(run.cause) if run.cause.chain else ""),
            triggers.number(_told(run)),
        )
        for run in runs
    )
    facts = story.entities.get(scene)
    return Lane(
        group="Scenes",
        name=facts.about.name if facts else scene,
        entity=scene,
        shape="marks",
        states=words.all(),
        rows=rows[:_SPANS_MAX],
    )


def _cause_words(cause: Cause | None) -> str:
    return chain_words(cause) if cause is not None else ""


def _told(run: Run) -> str:
    return f"{run.trigger}: {run.reason}" if run.reason else run.trigger
