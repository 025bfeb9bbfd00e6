"""Entities that follow from others and from the time: groups, schedules, template sensors."""

from datetime import datetime, time, timedelta
from typing import Any, final

from vettura.errors import InputError
from vettura.home.scene.agenda import Alarm
from vettura.home.scene.conditions import all_hold
from vettura.home.scene.faults import ConditionFault, RenderFault
from vettura.home.scene.parts import WEEKDAYS, Group, Schedule, TemplateEntity
from vettura.home.scene.period import positive_period_s, to_ns
from vettura.home.scene.state import UNAVAILABLE, UNKNOWN, Change, State
from vettura.home.scene.tree import Duration, Template
from vettura.home.scene.triggers import Fired, attach
from vettura.home.scene.variables import with_defaults
from vettura.home.scene.walltime import local_to_ns
from vettura.home.scene.watching import Watch
from vettura.home.scene.world import World

ON_WORDS: dict[str, tuple[frozenset[str], str, str]] = {
    "cover": (frozenset({"open"}), "open", "closed"),
    "lock": (frozenset({"unlocked"}), "unlocked", "locked"),
    "person": (frozenset({"home"}), "home", "not_home"),
    "device_tracker": (frozenset({"home"}), "home", "not_home"),
    "media_player": (frozenset({"on", "paused", "playing", "idle"}), "on", "off"),
    "vacuum": (frozenset({"cleaning", "on", "returning", "error"}), "on", "off"),
    "climate": (frozenset({"heat", "cool", "heat_cool", "auto", "dry", "fan_only"}), "on", "off"),
}
"""What counts as on in a group, what a group of only such then is, and what else."""
_PLAIN = (frozenset({"on"}), "on", "off")
_OFF_TO_ON = {"off": "on", "closed": "open", "locked": "unlocked", "not_home": "home"}
_ON_TO_OFF = {on: off for off, on in _OFF_TO_ON.items()}
_PLAIN_DOMAINS = {"light", "switch", "binary_sensor", "fan", "input_boolean", "script", "remote"}


@final
class Groups:
    """Groups are on when one of their members is, or all."""

    def __init__(self, world: World, parts: tuple[Group, ...]) -> None:
        self._world = world
        self._parts = parts

    def start(self) -> None:
        """Show all of them, and follow their members."""
        for order, part in enumerate(self._parts):
            self._show(part, order, None)
            self._follow(part, order)

    def _follow(self, part: Group, order: int) -> None:
        def hear(change: Change) -> None:
            self._world.agenda.soon(lambda: self._show(part, order, change))

        watched = [each for each in part.entities if not each.startswith(("sensor.", "weather."))]
        self._world.states.hearers.hear(watched, hear)

    def _show(self, part: Group, order: int, change: Change | None) -> None:
        shown = {"entity_id": list(part.entities), "order": order, "friendly_name": part.name}
        self._world.states.set(
            part.entity_id,
            self._state(part),
            shown,
            time_ns=self._world.now_ns,
            cause=change.cause if change is not None else None,
        )

    def _state(self, part: Group) -> str:
        flags: list[bool] = []
        words: set[str] = set()
        for entity_id in part.entities:
            state = self._world.states.get(entity_id)
            if state is not None and state.domain not in {"sensor", "weather"}:
                flags.append(_see(state, words))
        if not flags or not words:
            return UNKNOWN
        word = words.pop() if len(words) == 1 else "on"
        is_on = all(flags) if part.all else any(flags)
        return word if is_on else _ON_TO_OFF.get(word, "off")


def _see(state: State, words: set[str]) -> bool:
    """Whether a member is on; notes what on is called for it."""
    if state.domain in ON_WORDS:
        on_states, word, _ = ON_WORDS[state.domain]
        words |= {word} if word != "on" else on_states
        return state.state in on_states
    if state.domain in _PLAIN_DOMAINS:
        words.add("on")
        return state.state == "on"
    if state.state in _ON_TO_OFF:
        words.add(state.state)
    elif state.state in _OFF_TO_ON:
        words.add(_OFF_TO_ON[state.state])
    return state.state in _ON_TO_OFF


@final
class Schedules:
    """Schedules are on in their spans of the week."""

    def __init__(self, world: World, parts: tuple[Schedule, ...]) -> None:
        self._world = world
        self._parts = parts

    def start(self) -> None:
        """Show all of them from now on."""
        for part in self._parts:
            self._show(part)

    def _show(self, part: Schedule) -> None:
        world = self._world
        now = world.now()
        spans = part.days.get(WEEKDAYS[now.weekday()], ())
        clock = now.time()
        is_on = any(
            span.start <= clock and (clock < span.end or span.end in (time(), time.max))
            for span in spans
        )
        next_event = _next_event(part, now)
        shown: dict[str, Any] = {"editable": False, "next_event": next_event}
        shown["friendly_name"] = part.name
        world.states.set(part.entity_id, "on" if is_on else "off", shown, time_ns=world.now_ns)
        if next_event is not None:
            world.agenda.at(local_to_ns(next_event), lambda: self._show(part))


def _next_event(part: Schedule, now: datetime) -> datetime | None:
    for ahead in range(8):
        day = now.date() + timedelta(days=ahead)
        moments = []
        for span in part.days.get(WEEKDAYS[day.weekday()], ()):
            moments.append(datetime.combine(day, span.start, now.tzinfo))
            if span.end in (time(), time.max):
                moments.append(datetime.combine(day + timedelta(days=1), time(), now.tzinfo))
            else:
                moments.append(datetime.combine(day, span.end, now.tzinfo))
        following = sorted(moment for moment in moments if moment > now)
        if following:
            return following[0]
    return None


@final
class TemplateEntities:
    """Sensors whose state is a template."""

    def __init__(self, world: World, parts: tuple[TemplateEntity, ...]) -> None:
        self._entities = [_TemplateEntity(world, part) for part in parts]

    def start(self) -> None:
        """Show all of them, and follow what they read."""
        for entity in self._entities:
            entity.start()


@final
class _TemplateEntity:
    """One sensor or binary_sensor of templates."""

    def __init__(self, world: World, part: TemplateEntity) -> None:
        self._world = world
        self._part = part
        self._is_binary = part.entity_id.startswith("binary_sensor.")
        self._later: Alarm | None = None
        self._later_state = ""

    def start(self) -> None:
        """Follow what it reads, or what triggers it."""
        part, world = self._part, self._world
        if part.triggers:
            self._become(UNKNOWN, self._attributes({}), None)
            attach(world, part.triggers, self._triggered, variables={}, is_start=True)
            return
        self._show({}, None)
        templates = [part.state, *_templates_in(part.attributes)]
        if part.availability is not None:
            templates.append(part.availability)
        for template in templates:
            Watch(world, template, {}, lambda change, _before, _new: self._show({}, change))

    def _triggered(self, fired: Fired) -> None:
        variables: dict[str, Any] = {"trigger": fired.data}

        def make() -> None:
            try:
                known = with_defaults(self._world, self._part.variables, variables)
                if not all_hold(self._world, self._part.conditions, known):
                    return
            except (RenderFault, ConditionFault) as fault:
                self._world.warn(self._part.where, str(fault))
                return
            self._show(known, None)

        self._world.agenda.soon(make)

    def _show(self, variables: dict[str, Any], change: Change | None) -> None:
        part, templates = self._part, self._world.templates
        try:
            if part.availability is not None and not templates.truth(part.availability, variables):
                self._become(UNAVAILABLE, self._attributes(variables), change)
                return
            result = templates.value(part.state, variables)
        except RenderFault as fault:
            self._world.warn(part.where, str(fault))
            self._become(UNAVAILABLE, self._attributes(variables), change)
            return
        if not self._is_binary:
            state = UNKNOWN if result is None else str(result)
            self._become(state, self._attributes(variables), change)
            return
        state = "on" if templates.as_truth(result) else "off"
        self._become_binary(state, variables, change)

    def _become_binary(self, state: str, variables: dict[str, Any], change: Change | None) -> None:
        """A binary_sensor may have to hold for a while before it says so."""
        now = self._world.states.get(self._part.entity_id)
        span = self._part.delay_on if state == "on" else self._part.delay_off
        if now is None and span is not None:
            self._become(UNKNOWN, self._attributes(variables), change)
        if (now is not None and now.state == state) or span is None:
            self._forget()
            self._become(state, self._attributes(variables), change)
            return
        if self._later is not None and self._later_state == state:
            return
        self._forget()

        def ring() -> None:
            self._later = None
            self._become(state, self._attributes(variables), change)

        when_ns = self._world.now_ns + self._span_ns(span, variables)
        self._later, self._later_state = self._world.agenda.at(when_ns, ring), state

    def _forget(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None

    def _span_ns(self, span: Duration, variables: dict[str, Any]) -> int:
        try:
            return to_ns(positive_period_s(self._world.templates.value(span, variables)))
        except (RenderFault, InputError) as error:
            self._world.warn(self._part.where, str(error))
            return 0

    def _attributes(self, variables: dict[str, Any]) -> dict[str, Any]:
        part = self._part
        shown: dict[str, Any] = {}
        for name, value in part.attributes.items():
            try:
                shown[name] = self._world.templates.value(value, variables)
            except RenderFault as fault:
                self._world.warn(part.where, f"{name}: {fault}")
                shown[name] = None
        for name in ("state_class", "unit_of_measurement", "device_class"):
            if value := getattr(part, name):
                shown[name] = value
        shown["friendly_name"] = part.name
        return shown

    def _become(self, state: str, shown: dict[str, Any], change: Change | None) -> None:
        self._world.states.set(
            self._part.entity_id,
            state,
            shown,
            time_ns=self._world.now_ns,
            cause=change.cause if change is not None else None,
        )


def _templates_in(value: object) -> list[Template]:
    if isinstance(value, Template):
        return [value]
    if isinstance(value, dict):
        return [found for each in value.values() for found in _templates_in(each)]
    if isinstance(value, list):
        return [found for each in value for found in _templates_in(each)]
    return []
