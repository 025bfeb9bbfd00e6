"""Triggers by the clock and the sky: time, time_pattern, sun; and the house that starts or stops.

Home Assistant fires a time trigger some hundredths of a second late, by chance; ours fires on the
second. What else happens in that second's first instant comes before it in both.
"""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from vettura.home.scene.agenda import Alarm
from vettura.home.scene.period import to_ns
from vettura.home.scene.state import UNAVAILABLE, UNKNOWN, Change, State
from vettura.home.scene.tree import (
    At,
    HomeTrigger,
    SunTrigger,
    TimePatternTrigger,
    TimeTrigger,
)
from vettura.home.scene.triggers import ATTACHERS, Attaching, Stop, span_shown
from vettura.home.scene.walltime import Pattern, local_to_ns, next_ns
from vettura.home.scene.world import Event, World
from vettura.life.sky import DISC_DEG, next_pass_ns
from vettura.units import NS_PER_S

Deed = Callable[[], None]
SHUTDOWN_EVENT = "homeassistant_stop"


class Recurring:
    """Does something again and again, at the instants that `following` names."""

    def __init__(self, world: World, following: Callable[[int], int | None], deed: Deed) -> None:
        self._world = world
        self._following = following
        self._deed = deed
        self._alarm: Alarm | None = None
        self._set(world.now_ns)

    def stop(self) -> None:
        """Not any more."""
        if self._alarm is not None:
            self._alarm.cancel()

    def _set(self, from_ns: int) -> None:
        when_ns = self._following(from_ns)
        if when_ns is not None:
            self._alarm = self._world.agenda.at(when_ns, self._ring)

    def _ring(self) -> None:
        self._set(self._world.now_ns + NS_PER_S)
        self._deed()


def _on_wall(world: World, pattern: Pattern, deed: Deed) -> Stop:
    def following(from_ns: int) -> int | None:
        # The second that has begun counts as not yet over, as for Home Assistant.
        return next_ns(pattern, from_ns // NS_PER_S * NS_PER_S, world.zone)

    return Recurring(world, following, deed).stop


def _attach_pattern(at: Attaching, trigger: TimePatternTrigger) -> Stop:
    def fire() -> None:
        at.fired(trigger, {"now": at.world.now(), "description": "time pattern"})

    pattern = Pattern(trigger.hours, trigger.minutes, trigger.seconds)
    return _on_wall(at.world, pattern, fire)


def _attach_time(at: Attaching, trigger: TimeTrigger) -> Stop:
    stops = [_attach_at(at, trigger, each) for each in trigger.at]

    def stop() -> None:
        for each in stops:
            each()

    return stop


def _attach_at(at: Attaching, trigger: TimeTrigger, when: At) -> Stop:
    world = at.world

    def fire(description: str, entity_id: str | None) -> None:
        data = {"now": world.now(), "description": description, "entity_id": entity_id}
        at.fired(trigger, data)

    if when.time is not None:
        shown = when.time
        pattern = Pattern((shown.hour,), (shown.minute,), (shown.second,))
        return _on_wall(world, pattern, lambda: fire("time", None))
    return _EntityTime(world, when, fire).stop


class _EntityTime:
    """Follows an entity that tells a time."""

    def __init__(self, world: World, when: At, fire: Callable[[str, str | None], None]) -> None:
        self._world = world
        self._when = when
        self._fire = fire
        self._alarm: Stop | None = None
        self._unhear = world.states.hearers.hear((when.entity_id,), self._hear)
        self._set(world.states.get(when.entity_id))

    def stop(self) -> None:
        """Follow it no more."""
        self._unhear()
        self._forget()

    def _hear(self, change: Change) -> None:
        self._set(change.new)

    def _forget(self) -> None:
        if self._alarm is not None:
            self._alarm()
            self._alarm = None

    def _set(self, state: State | None) -> None:
        self._forget()
        if state is None:
            return
        try:
            if state.domain == "input_datetime":
                self._set_input(state)
            elif state.attributes.get("device_class") == "timestamp":
                self._set_stamp(state)
        except (KeyError, ValueError, TypeError, OverflowError) as error:
            self._world.warn(self._when.entity_id, f"tells no time: {error}")

    def _ring(self) -> None:
        self._fire(f"time set in {self._when.entity_id}", self._when.entity_id)

    def _set_input(self, state: State) -> None:
        parts = state.attributes
        has_time = parts.get("has_time")
        clock = [parts[name] if has_time else 0 for name in ("hour", "minute", "second")]
        if parts.get("has_date"):
            day = date(*(parts[name] for name in ("year", "month", "day")))
            shown = datetime.combine(day, time(clock[0], clock[1], clock[2]))
            when = shown.replace(tzinfo=self._world.zone)
            self._set_once(local_to_ns(when), is_now_too=True)
        elif has_time:
            pattern = Pattern((clock[0],), (clock[1],), (clock[2],))
            if self._when.offset_s:
                self._set_daily(pattern)
            else:
                self._alarm = _on_wall(self._world, pattern, self._ring)

    def _set_daily(self, pattern: Pattern) -> None:
        offset_ns, zone = to_ns(self._when.offset_s), self._world.zone

        def following(from_ns: int) -> int | None:
            found = next_ns(pattern, from_ns // NS_PER_S * NS_PER_S - offset_ns, zone)
            return None if found is None else found + offset_ns

        self._alarm = Recurring(self._world, following, self._ring).stop

    def _set_stamp(self, state: State) -> None:
        if state.state in (UNKNOWN, UNAVAILABLE):
            return
        when = datetime.fromisoformat(state.state)
        if when.tzinfo is None:
            when = when.replace(tzinfo=self._world.zone)
        self._set_once(local_to_ns(when), is_now_too=False)

    def _set_once(self, when_ns: int, *, is_now_too: bool) -> None:
        when_ns += to_ns(self._when.offset_s)
        if when_ns > self._world.now_ns or (is_now_too and when_ns == self._world.now_ns):
            self._alarm = self._world.agenda.at(when_ns, self._ring).cancel


def _attach_sun(at: Attaching, trigger: SunTrigger) -> Stop:
    world, offset_ns = at.world, to_ns(trigger.offset_s)
    shown = f"{trigger.event} with offset" if offset_ns else trigger.event

    def following(after_ns: int) -> int | None:
        # One second has been added for those who count whole seconds; the sun does not.
        return next_pass_ns(
            max(after_ns - NS_PER_S, world.now_ns),
            world.place.sky,
            depth_deg=DISC_DEG,
            rising=trigger.event == "sunrise",
            timezone=world.place.timezone,
            offset_ns=offset_ns,
        )

    def fire() -> None:
        data: dict[str, Any] = {
            "event": trigger.event,
            "offset": span_shown(0.0, offset_ns),
            "description": shown,
        }
        at.fired(trigger, data)

    return Recurring(world, following, fire).stop


def _attach_home(at: Attaching, trigger: HomeTrigger) -> Stop:
    world = at.world

    def fire(event: Event | None, description: str) -> None:
        data = {"event": trigger.event, "description": description}
        at.fired(trigger, data, None if event is None else event.cause)

    if trigger.event == "shutdown":
        return world.hear_event(
            SHUTDOWN_EVENT, lambda event: fire(event, "Home Assistant stopping")
        )
    if at.is_start:
        fire(None, "Home Assistant starting")
    return lambda: None


ATTACHERS[TimePatternTrigger] = _attach_pattern
ATTACHERS[TimeTrigger] = _attach_time
ATTACHERS[SunTrigger] = _attach_sun
ATTACHERS[HomeTrigger] = _attach_home
