"""Automations: entities that are on or off, listen to their triggers, and run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, final

from vettura.bus.messages_home import Cause
from vettura.home.scene import turns
from vettura.home.scene.calls import Calling, Calls, Done
from vettura.home.scene.chain import Brake, cause_of
from vettura.home.scene.conditions import holds
from vettura.home.scene.faults import ConditionFault, RenderFault, WrongCallFault
from vettura.home.scene.parts import Automation
from vettura.home.scene.run import Doable, Run, Shown
from vettura.home.scene.runner import Runner
from vettura.home.scene.state import State, context_of, instant
from vettura.home.scene.tracing import Tracing
from vettura.home.scene.triggers import Fired, Stop, attach
from vettura.home.scene.variables import this, with_defaults
from vettura.home.scene.world import Event, World

TRIGGERED_EVENT = "automation_triggered"
OnEnd = Callable[[Run | None], None]
"""Told when a run is over; None: none has begun."""


@dataclass(slots=True)
class _Kept:
    """What is known of one automation beside its text."""

    part: Automation
    doable: Doable
    brake: Brake = field(default_factory=Brake)
    is_on: bool = False
    last_triggered_ns: int | None = None
    detach: Stop | None = None


@final
class Automations:
    """The automations of a home."""

    def __init__(
        self,
        world: World,
        calls: Calls,
        runner: Runner,
        tracing: Tracing,
        parts: tuple[Automation, ...],
    ) -> None:
        self._world = world
        self._runner = runner
        self._tracing = tracing
        self._all = {part.entity_id: _Kept(part, _doable(part)) for part in parts}
        for verb, handler in (
            ("turn_on", self._turn_on),
            ("turn_off", self._turn_off),
            ("toggle", self._toggle),
            ("trigger", self._trigger),
        ):
            calls.register_entity(f"automation.{verb}", handler)
        calls.register("automation.reload", lambda _, done: done(None, None))

    def doable(self, entity_id: str) -> Doable | None:
        """What one of them runs."""
        kept = self._all.get(entity_id)
        return None if kept is None else kept.doable

    def show_all(self, before: Mapping[str, State]) -> None:
        """Be on or off as they were, or as their text says; nobody listens yet."""
        for entity_id, kept in self._all.items():
            state = before.get(entity_id)
            kept.is_on = state is None or state.state == "on"
            if kept.part.initial_state is not None:
                kept.is_on = kept.part.initial_state
            if state is not None:
                triggered_ns = state.attributes.get("last_triggered_ns")
                kept.last_triggered_ns = triggered_ns if isinstance(triggered_ns, int) else None
            self._show(kept)

    def start(self) -> None:
        """Let those that are on listen: the house has started."""
        for kept in self._all.values():
            if kept.is_on:
                self._attach(kept, is_start=True)

    def changed(self, doable: Doable) -> None:
        """How many runs there are has changed."""
        kept = self._all.get(doable.entity_id)
        if kept is not None:
            self._show(kept)

    def last_triggered(self) -> dict[str, int]:
        """When each last ran [ns since the epoch], of those that have."""
        return {
            entity_id: kept.last_triggered_ns
            for entity_id, kept in self._all.items()
            if kept.last_triggered_ns is not None
        }

    # Entities

    def _show(self, kept: _Kept, cause: Cause | None = None) -> None:
        part = kept.part
        shown: dict[str, Any] = {"id": part.id} if part.id else {}
        triggered_ns = kept.last_triggered_ns
        shown |= {
            "last_triggered": None if triggered_ns is None else instant(triggered_ns),
            "mode": part.mode,
            "current": len(self._runner.runs_of(part.entity_id)),
        }
        if part.mode in {"queued", "parallel"}:
            shown["max"] = part.max
        shown["friendly_name"] = part.alias
        state = "on" if kept.is_on else "off"
        self._world.states.set(
            part.entity_id, state, shown, time_ns=self._world.now_ns, cause=cause
        )

    def _attach(self, kept: _Kept, *, is_start: bool) -> None:
        part, world = kept.part, self._world
        variables: dict[str, Any] = {"this": this(world.states.get(part.entity_id))}
        try:
            variables = with_defaults(world, part.trigger_variables, variables)
        except RenderFault as fault:
            world.warn(part.where, f"trigger_variables: {fault}")
            return

        def fire(fired: Fired) -> None:
            world.agenda.soon(lambda: self._begin_by(kept, fired), turns.TRIGGERED)

        kept.detach = attach(world, part.triggers, fire, variables=variables, is_start=is_start)

    def _detach(self, kept: _Kept) -> None:
        if kept.detach is not None:
            kept.detach()
            kept.detach = None

    def _of(self, calling: Calling) -> list[_Kept]:
        found = []
        for entity_id in calling.entities:
            kept = self._all.get(entity_id)
            if kept is None:
                self._world.warn(calling.where, f"{calling.action}: there is no {entity_id}")
            else:
                found.append(kept)
        return found

    def _enable(self, kept: _Kept, cause: Cause) -> None:
        if not kept.is_on:
            kept.is_on = True
            self._attach(kept, is_start=False)
            self._show(kept, cause)

    def _disable(self, kept: _Kept, cause: Cause, *, stops: bool) -> None:
        kept.is_on = False
        self._detach(kept)
        if stops:
            for run in self._runner.runs_of(kept.part.entity_id):
                self._runner.stop(run, "stopped", "the automation was turned off")
        self._show(kept, cause)

    def _turn_on(self, calling: Calling, done: Done) -> None:
        for kept in self._of(calling):
            self._enable(kept, calling.cause)
        done(None, None)

    def _turn_off(self, calling: Calling, done: Done) -> None:
        for kept in self._of(calling):
            stops = calling.data.get("stop_actions", True) not in (False, "false", "off", "no")
            self._disable(kept, calling.cause, stops=stops)
        done(None, None)

    def _toggle(self, calling: Calling, done: Done) -> None:
        for kept in self._of(calling):
            if kept.is_on:
                self._disable(kept, calling.cause, stops=True)
            else:
                self._enable(kept, calling.cause)
        done(None, None)

    def _trigger(self, calling: Calling, done: Done) -> None:
        """Run them by hand; over when the last of them is."""
        given = calling.data.get("variables", {})
        if not isinstance(given, Mapping):
            raise WrongCallFault("variables must be a mapping")
        skips = calling.data.get("skip_condition", True) not in (False, "false", "off", "no")
        all_kept = self._of(calling)
        left = len(all_kept)

        def end(_run: Run | None) -> None:
            nonlocal left
            left -= 1
            if left <= 0:
                done(None, None)

        if not all_kept:
            done(None, None)
        for kept in all_kept:
            variables = {**given, "trigger": {"platform": None}}
            run = self._begin(kept, variables, calling.cause, skips=skips, on_end=end)
            if run is not None:
                calling.child(run.id)

    # Runs

    def _begin_by(self, kept: _Kept, fired: Fired) -> None:
        variables: dict[str, Any] = {"trigger": fired.data}
        if fired.trigger.variables:
            try:
                variables = with_defaults(self._world, fired.trigger.variables, variables)
            except RenderFault as fault:
                self._world.warn(fired.trigger.where, f"variables: {fault}")
                return
        self._begin(kept, variables, fired.cause, skips=False, on_end=None)

    def _begin(
        self,
        kept: _Kept,
        given: Mapping[str, Any],
        why: Cause | None,
        *,
        skips: bool,
        on_end: OnEnd | None,
    ) -> Run | None:
        """Begin a run, unless something refuses it; then it is told why."""
        world, part = self._world, kept.part
        cause = cause_of(self._runner.new_id(), part.entity_id, why)
        trigger = given["trigger"]
        description = str(trigger.get("description") or "")
        shown = [Shown(world.now_ns, _trigger_path(trigger), {"description": description})]
        refusal = kept.brake.refusal(cause, world.now_ns)
        if not refusal:
            variables = {"this": this(world.states.get(part.entity_id)), **given}
            try:
                variables = with_defaults(
                    world, {**part.trigger_variables, **part.variables}, variables
                )
                refusal = "" if skips else self._refusal(kept, variables, shown)
            except RenderFault as fault:
                world.warn(part.where, f"variables: {fault}")
                refusal = f"variables: {fault}"
            if not refusal:
                return self._run(kept, variables, cause, description, shown, on_end)
        elif refusal.startswith("a loop"):
            world.warn(part.where, f"{part.alias}: {refusal}")
        self._tracing.refused(kept.doable, cause, description, refusal, shown)
        if on_end is not None:
            on_end(None)
        return None

    def _refusal(self, kept: _Kept, variables: dict[str, Any], shown: list[Shown]) -> str:
        """Why the conditions let no run begin; empty when they do."""
        world = self._world
        faults = []
        for index, condition in enumerate(kept.part.conditions):
            path = f"condition/{index}"
            try:
                result = holds(world, condition, variables)
            except ConditionFault as fault:
                faults.append(str(fault))
                shown.append(Shown(world.now_ns, path, None, str(fault)))
                continue
            shown.append(Shown(world.now_ns, path, {"result": result}))
            if result is False:
                return f"{path} does not hold"
        if faults:
            text = "; ".join(faults)
            world.warn(kept.part.where, f"{kept.part.alias}: {text}")
            return text
        return ""

    def _run(
        self,
        kept: _Kept,
        variables: dict[str, Any],
        cause: Cause,
        description: str,
        shown: list[Shown],
        on_end: OnEnd | None,
    ) -> Run | None:
        world, part = self._world, kept.part
        variables["context"] = context_of(cause)
        before = kept.last_triggered_ns
        kept.last_triggered_ns = world.now_ns
        run = self._runner.start(
            kept.doable, variables, cause=cause, trigger=description, shown=shown, on_end=on_end
        )
        if run.is_over and run.ending == "refused":
            kept.last_triggered_ns = before
            if on_end is not None:
                on_end(run)
            return None
        data: dict[str, Any] = {"name": part.alias, "entity_id": part.entity_id}
        if description:
            data["source"] = description
        if world.is_heard(TRIGGERED_EVENT):
            world.happens(
                Event(event_type=TRIGGERED_EVENT, data=data, time_ns=world.now_ns, cause=cause)
            )
        return run


def _trigger_path(trigger: Mapping[str, Any]) -> str:
    return f"trigger/{trigger['idx']}" if "idx" in trigger else "trigger"


def _doable(part: Automation) -> Doable:
    return Doable(
        entity_id=part.entity_id,
        name=part.alias,
        where=part.where,
        mode=part.mode,
        max=part.max,
        max_exceeded=part.max_exceeded,
        steps=part.actions,
        root="action",
    )
