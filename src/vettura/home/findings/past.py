"""Whether a condition held at some moment of a story; None for what only the running home knows."""

from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from vettura.home.findings.story import Story
from vettura.home.findings.track import number
from vettura.home.scene.parts import WEEKDAYS
from vettura.home.scene.tree import (
    AndCondition,
    At,
    Condition,
    NotCondition,
    NumericStateCondition,
    OrCondition,
    StateCondition,
    TimeCondition,
    ZoneCondition,
)
from vettura.units import NS_PER_S
from vettura.words.slugs import slug_of


@dataclass(frozen=True, slots=True)
class Past:
    """A story, and the time zone that its home lives by."""

    story: Story
    timezone: str

    def local(self, time_ns: int) -> datetime:
        """That instant as the clock on the wall shows it."""
        return datetime.fromtimestamp(time_ns / NS_PER_S, ZoneInfo(self.timezone))

    def holds(self, condition: Condition, time_ns: int) -> bool | None:
        """Whether it held then; None when that cannot be said from states alone."""
        if condition.enabled is not True:
            return None
        match condition:
            case AndCondition():
                return self.all_hold(condition.conditions, time_ns)
            case OrCondition():
                return _any([self.holds(one, time_ns) for one in condition.conditions])
            case NotCondition():
                one = _any([self.holds(each, time_ns) for each in condition.conditions])
                return None if one is None else not one
            case StateCondition():
                return self._state(condition, time_ns)
            case NumericStateCondition():
                return self._numeric(condition, time_ns)
            case ZoneCondition():
                inside = {zone.removeprefix("zone.") for zone in condition.zones}
                states = (self._at(entity, time_ns) for entity in condition.entity_ids)
                return all(slug_of(state) in inside for state in states)
            case TimeCondition():
                return self._time(condition, time_ns)
        return None

    def all_hold(self, conditions: tuple[Condition, ...], time_ns: int) -> bool | None:
        """Whether all of them held then."""
        answers = [self.holds(one, time_ns) for one in conditions]
        if False in answers:
            return False
        return None if None in answers else True

    def _at(self, entity: str, time_ns: int) -> str:
        return self.story.track(entity).at(time_ns)

    def _state(self, condition: StateCondition, time_ns: int) -> bool | None:
        states = {str(state) for state in condition.states}
        held_s = condition.for_
        if condition.attribute or any(state.startswith("input_") for state in states):
            return None
        if held_s is not None and not isinstance(held_s, int | float):
            return None
        answers = [self._at(entity, time_ns) in states for entity in condition.entity_ids]
        if held_s is not None:
            since_ns = time_ns - round(held_s * NS_PER_S)
            answers = [
                answer and not self.story.track(entity).between(since_ns, time_ns)
                for answer, entity in zip(answers, condition.entity_ids, strict=True)
            ]
        return any(answers) if condition.match == "any" else all(answers)

    def _numeric(self, condition: NumericStateCondition, time_ns: int) -> bool | None:
        above, below = condition.above, condition.below
        if condition.attribute or condition.value_template:
            return None
        if isinstance(above, str) or isinstance(below, str):
            return None
        for entity in condition.entity_ids:
            value = number(self._at(entity, time_ns))
            if value is None or (above is not None and value <= above):
                return False
            if below is not None and value >= below:
                return False
        return True

    def _time(self, condition: TimeCondition, time_ns: int) -> bool | None:
        local = self.local(time_ns)
        if condition.weekdays and WEEKDAYS[local.weekday()] not in condition.weekdays:
            return False
        after, before = _of_day(condition.after), _of_day(condition.before)
        if (condition.after and after is None) or (condition.before and before is None):
            return None
        begin, end, now = after or time.min, before or time.max, local.time()
        return begin <= now < end if begin <= end else (now >= begin or now < end)


def _of_day(at: At | None) -> time | None:
    return at.time if at is not None else None


def _any(answers: list[bool | None]) -> bool | None:
    if True in answers:
        return True
    return None if None in answers else False
