"""Timers: `timer.start` and its kin, and the events that they tell."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, final

from vettura.bus.messages_home import Cause
from vettura.errors import InputError
from vettura.home.scene.agenda import Alarm
from vettura.home.scene.calls import Calling, Calls, Done
from vettura.home.scene.faults import CallFault, WrongCallFault
from vettura.home.scene.parts import Timer
from vettura.home.scene.period import clock_text, period_s, to_ns
from vettura.home.scene.state import State, instant
from vettura.home.scene.walltime import local_to_ns
from vettura.home.scene.world import World
from vettura.units import NS_PER_S

IDLE, ACTIVE, PAUSED = "idle", "active", "paused"


@final
class Timers:
    """The timers of a home."""

    def __init__(self, world: World, calls: Calls, parts: tuple[Timer, ...]) -> None:
        self._world = world
        self._timers = {part.entity_id: _Timer(world, calls, part) for part in parts}
        for verb in ("start", "pause", "cancel", "finish", "change"):
            calls.register_entity(f"timer.{verb}", self._act, is_quick=True)
        calls.register("timer.reload", lambda _, done: done(None, None))

    def show_all(self, kept: Mapping[str, State]) -> None:
        """Let all be as they were kept, or idle."""
        for entity_id, timer in self._timers.items():
            timer.recall(kept.get(entity_id))

    def _act(self, calling: Calling, done: Done) -> None:
        verb = calling.action.partition(".")[2]
        span_s = None
        if "duration" in calling.data:
            try:
                span_s = period_s(calling.data["duration"])
            except InputError as error:
                raise WrongCallFault(f"duration: {error.message}") from None
        for entity_id in calling.entities:
            timer = self._timers.get(entity_id)
            if timer is None:
                self._world.warn(calling.where, f"{calling.action}: there is no {entity_id}")
                continue
            timer.act(verb, span_s, calling.cause)
        done(None, None)


@final
class _Timer:
    """One timer. It counts whole seconds, as Home Assistant's do."""

    def __init__(self, world: World, calls: Calls, part: Timer) -> None:
        self._world = world
        self._calls = calls
        self._part = part
        self._state = IDLE
        self._running_s = part.duration_s
        self._remaining_s: float | None = None
        self._end_ns: int | None = None
        self._alarm: Alarm | None = None

    def recall(self, kept: State | None) -> None:
        """Be as it was, when it shall."""
        if not self._part.restore or kept is None or kept.state == IDLE:
            self._show(None)
            return
        try:
            self._running_s = period_s(kept.attributes["duration"])
            if kept.state == PAUSED:
                self._state = PAUSED
                self._remaining_s = period_s(kept.attributes["remaining"])
                self._show(None)
                return
            end_ns = local_to_ns(datetime.fromisoformat(kept.attributes["finishes_at"]))
        except (InputError, KeyError, ValueError, TypeError):
            self._show(None)
            return
        left_s = (end_ns - self._second_ns()) / NS_PER_S
        if left_s > 0.0:
            self._remaining_s, self._state = left_s, PAUSED
            self._start(None, None)
        else:
            self._state, self._end_ns = ACTIVE, end_ns
            self._finish(None)

    def act(self, verb: str, span_s: float | None, cause: Cause | None) -> None:
        """Do what is asked."""
        match verb:
            case "start":
                self._start(span_s, cause)
            case "pause":
                self._pause(cause)
            case "cancel":
                self._reset()
                self._tell("timer.cancelled", cause)
                self._show(cause)
            case "finish":
                self._finish(cause)
            case _:
                self._change(span_s or 0.0, cause)

    def _second_ns(self) -> int:
        return self._world.now_ns // NS_PER_S * NS_PER_S

    def _set_alarm(self) -> None:
        self._forget()
        assert self._end_ns is not None
        self._alarm = self._world.agenda.at(self._end_ns, lambda: self._finish(None))

    def _forget(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _start(self, span_s: float | None, cause: Cause | None) -> None:
        event = "timer.started" if self._state == IDLE else "timer.restarted"
        self._state = ACTIVE
        if span_s:
            self._remaining_s = self._running_s = span_s
        elif not self._remaining_s:
            self._remaining_s = self._running_s
        self._end_ns = self._second_ns() + to_ns(self._remaining_s)
        self._tell(event, cause)
        self._set_alarm()
        self._show(cause)

    def _pause(self, cause: Cause | None) -> None:
        if self._alarm is None or self._end_ns is None:
            return
        self._forget()
        self._remaining_s = (self._end_ns - self._second_ns()) / NS_PER_S
        self._state, self._end_ns = PAUSED, None
        self._tell("timer.paused", cause)
        self._show(cause)

    def _change(self, span_s: float, cause: Cause | None) -> None:
        if self._alarm is None or self._end_ns is None:
            raise CallFault(f"{self._part.entity_id} is not running")
        if self._remaining_s and not 0.0 <= self._remaining_s + span_s <= self._running_s:
            raise CallFault(f"{self._part.entity_id} cannot be changed beyond its duration")
        self._end_ns += to_ns(span_s)
        self._remaining_s = (self._end_ns - self._second_ns()) / NS_PER_S
        self._tell("timer.changed", cause)
        self._set_alarm()
        self._show(cause)

    def _finish(self, cause: Cause | None) -> None:
        if self._state != ACTIVE or self._end_ns is None:
            return
        end_ns = self._end_ns
        self._reset()
        self._tell("timer.finished", cause, finished_at=instant(end_ns).isoformat())
        self._show(cause)

    def _reset(self) -> None:
        self._forget()
        self._state, self._end_ns, self._remaining_s = IDLE, None, None
        self._running_s = self._part.duration_s

    def _tell(self, event: str, cause: Cause | None, **more: Any) -> None:
        self._calls.happens(event, {"entity_id": self._part.entity_id, **more}, cause)

    def _show(self, cause: Cause | None) -> None:
        shown: dict[str, Any] = {"duration": clock_text(self._running_s), "editable": False}
        if self._end_ns is not None:
            shown["finishes_at"] = instant(self._end_ns).isoformat()
        if self._remaining_s is not None:
            shown["remaining"] = clock_text(self._remaining_s)
        if self._part.restore:
            shown["restore"] = True
        if self._part.name:
            shown["friendly_name"] = self._part.name
        self._world.states.set(
            self._part.entity_id,
            self._state,
            shown,
            time_ns=self._world.now_ns,
            cause=cause,
            force=True,
        )
