"""Promises: what the home must never be, or always; watched while it lives and told when broken.

Each is an entity, `binary_sensor.promise_<name>`, that is on while it is broken. A break is told as
the event `vettura_promise_broken` with the states that it came from and who brought them about.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, final

from vettura.bus.messages_home import Cause
from vettura.errors import InputError
from vettura.home.scene.agenda import Alarm
from vettura.home.scene.conditions import holds, is_enabled
from vettura.home.scene.faults import ConditionFault, RenderFault
from vettura.home.scene.mentions import in_conditions
from vettura.home.scene.parts import WEEKDAYS, Promise
from vettura.home.scene.period import positive_period_s, to_ns
from vettura.home.scene.state import Change, State, instant
from vettura.home.scene.tree import (
    AndCondition,
    Condition,
    NotCondition,
    OrCondition,
    StateCondition,
    SunCondition,
    TemplateCondition,
    TimeCondition,
    TimeTrigger,
)
from vettura.home.scene.triggers import Fired, attach
from vettura.home.scene.triggers_time import Recurring
from vettura.home.scene.walltime import Pattern, next_ns
from vettura.home.scene.watching import Watch
from vettura.home.scene.world import World
from vettura.words.slugs import slug_of

BROKEN_EVENT = "vettura_promise_broken"
GRACE_NS = 1_000
"""What is over within the same instant is not held against anybody."""
_MINUTES = Pattern(range(24), range(60), (0,))
Tell = Callable[[str, Mapping[str, Any], Cause | None], None]
"""Lets an event happen: its type, data and cause."""
_NO_VARIABLES: Mapping[str, Any] = {}


@final
class Promises:
    """The promises of a home."""

    def __init__(self, world: World, tell: Tell, parts: Sequence[Promise]) -> None:
        names = promise_ids(parts)
        self._all = [
            _Watched(world, tell, part, name) for part, name in zip(parts, names, strict=True)
        ]

    def start(self) -> None:
        """Watch all of them from now on."""
        for watched in self._all:
            watched.start()


@final
class _Watched:
    """One promise."""

    def __init__(self, world: World, tell: Tell, part: Promise, entity_id: str) -> None:
        self._world = world
        self._tell = tell
        self._part = part
        self._entity_id = entity_id
        self._conditions = part.never or part.always
        self._named = in_conditions(self._conditions)
        self._read = set(self._named)
        self._alarm: Alarm | None = None
        self._since_ns: int | None = None
        self._is_broken = False
        self._is_asked = False
        self._breaks = 0
        self._last_broken: datetime | None = None

    def start(self) -> None:
        """Look now, and whenever something that it speaks of changes."""
        world, part = self._world, self._part
        if not is_enabled(world, part.enabled):
            return
        self._show(None)
        if part.at:
            self._look_at_times()
            return
        world.states.hearers.hear(self._named, lambda _: self._ask())
        for template in _templates(self._conditions):
            Watch(world, template.value_template, {}, self._rendered)
            _, reads = world.templates.watched(template.value_template, {})
            self._read |= reads.entities
        if part.weekdays or any(_is_of_time(one) for one in _flat(self._conditions)):

            def following(from_ns: int) -> int | None:
                return next_ns(_MINUTES, from_ns, world.zone)

            Recurring(world, following, self._ask)
        self._ask()

    def _look_at_times(self) -> None:
        part = self._part
        trigger = TimeTrigger(where=part.where, id="0", variables={}, platform="time", at=part.at)
        attach(self._world, (trigger,), self._strike, variables={}, is_start=True)

    def _strike(self, _fired: Fired) -> None:
        self._world.agenda.at(self._world.now_ns + GRACE_NS, self._look_once)

    def _look_once(self) -> None:
        """One of its times has come."""
        if not self._is_its_day():
            return
        if self._is_bad():
            self._since_ns = self._world.now_ns
            self._break()
        else:
            self._mend()

    def _rendered(self, _change: Change | None, _before: object, _result: object) -> None:
        self._ask()

    def _ask(self) -> None:
        """Look once all that happens in this instant has happened."""
        if not self._is_asked:
            self._is_asked = True
            self._world.agenda.soon(self._look)

    def _look(self) -> None:
        self._is_asked = False
        if not (self._is_its_day() and self._is_bad()):
            self._mend()
        elif self._since_ns is None:
            now_ns = self._since_ns = self._world.now_ns
            self._alarm = self._world.agenda.at(now_ns + self._span_ns() + GRACE_NS, self._break)

    def _is_its_day(self) -> bool:
        days = self._part.weekdays
        return not days or WEEKDAYS[self._world.now().weekday()] in days

    def _is_bad(self) -> bool:
        """Whether it is now as it must not be; what cannot be told is not held against anybody."""
        results: list[bool] = []
        try:
            for condition in self._conditions:
                result = holds(self._world, condition, _NO_VARIABLES)
                if result is False:
                    return bool(self._part.always)
                results.append(bool(result))
        except ConditionFault as fault:
            self._world.warn(self._part.where, f"{self._part.alias}: {fault}")
            return False
        return bool(self._part.never and any(results))

    def _span_ns(self) -> int:
        if self._part.for_ is None:
            return 0
        try:
            return to_ns(positive_period_s(self._world.templates.value(self._part.for_, {})))
        except (RenderFault, InputError) as error:
            self._world.warn(self._part.where, f"{self._part.alias}: {error}")
            return 0

    def _mend(self) -> None:
        """It is as it should be."""
        self._since_ns = None
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._is_broken:
            self._is_broken = False
            self._show(None)

    def _break(self) -> None:
        """It has lasted too long."""
        self._alarm = None
        assert self._since_ns is not None
        states = self._states()
        cause = _latest_cause(states)
        if not self._is_broken:
            self._is_broken = True
            self._breaks += 1
            self._last_broken = self._world.now()
            self._show(cause)
        data = {
            "promise": self._part.alias,
            "entity_id": self._entity_id,
            "where": str(self._part.where),
            "since": instant(self._since_ns).isoformat(),
            "states": {state.entity_id: _told(state) for state in states},
        }
        self._tell(BROKEN_EVENT, data, cause)

    def _states(self) -> list[State]:
        known = (self._world.states.get(name) for name in sorted(self._read))
        return [state for state in known if state is not None]

    def _show(self, cause: Cause | None) -> None:
        shown: dict[str, Any] = {
            "device_class": "problem",
            "friendly_name": self._part.alias,
            "breaks": self._breaks,
        }
        if self._last_broken is not None:
            shown["last_broken"] = self._last_broken.isoformat()
        self._world.states.set(
            self._entity_id,
            "on" if self._is_broken else "off",
            shown,
            time_ns=self._world.now_ns,
            cause=cause,
        )


def promise_ids(parts: Sequence[Promise]) -> list[str]:
    """Their entity ids, made unique by _2, _3, ..."""
    names: list[str] = []
    for part in parts:
        first = name = f"binary_sensor.promise_{slug_of(part.alias)}"
        number = 1
        while name in names:
            number += 1
            name = f"{first}_{number}"
        names.append(name)
    return names


def _told(state: State) -> dict[str, str]:
    by = "" if state.cause is None else " → ".join([*state.cause.chain, state.cause.who])
    return {"state": state.state, "since": instant(state.last_changed_ns).isoformat(), "by": by}


def _latest_cause(states: Sequence[State]) -> Cause | None:
    """What led to the newest of these states that somebody brought about."""
    caused = [state for state in states if state.cause is not None]
    return max(caused, key=lambda state: state.last_changed_ns).cause if caused else None


def _flat(conditions: Sequence[Condition]) -> Iterator[Condition]:
    for condition in conditions:
        if isinstance(condition, AndCondition | OrCondition | NotCondition):
            yield from _flat(condition.conditions)
        else:
            yield condition


def _templates(conditions: Sequence[Condition]) -> Iterator[TemplateCondition]:
    return (one for one in _flat(conditions) if isinstance(one, TemplateCondition))


def _is_of_time(condition: Condition) -> bool:
    """Whether it may come true or cease though no entity changes."""
    if isinstance(condition, StateCondition):
        return condition.for_ is not None
    return isinstance(condition, TimeCondition | SunCondition)
