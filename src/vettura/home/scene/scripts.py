"""Scripts: entities that are on while they run, and the actions that run them."""

from collections.abc import Mapping
from typing import Any, final

from vettura.bus.messages_home import Cause
from vettura.home.scene.calls import Calling, Calls, Done
from vettura.home.scene.chain import Brake, cause_of
from vettura.home.scene.faults import Fault, RenderFault, WrongCallFault
from vettura.home.scene.parts import Script
from vettura.home.scene.run import Doable, Run
from vettura.home.scene.runner import Runner, called_trouble
from vettura.home.scene.state import State, context_of, instant
from vettura.home.scene.variables import this, with_defaults
from vettura.home.scene.world import Event, World

STARTED_EVENT = "script_started"
_OWN = ("turn_on", "turn_off", "toggle", "reload")


@final
class Scripts:
    """The scripts of a home."""

    def __init__(
        self, world: World, calls: Calls, runner: Runner, parts: tuple[Script, ...]
    ) -> None:
        self._world = world
        self._runner = runner
        self._parts = {part.entity_id: part for part in parts}
        self._doables = {part.entity_id: _doable(part) for part in parts}
        self._brakes = {part.entity_id: Brake() for part in parts}
        self._last_ns: dict[str, int] = {}
        calls.register_entity("script.turn_on", self._turn_on)
        calls.register("script.turn_off", self._turn_off)
        calls.register("script.toggle", self._toggle)
        calls.register("script.reload", lambda _, done: done(None, None))
        for part in parts:
            calls.register(part.entity_id, self._call)

    def doable(self, entity_id: str) -> Doable | None:
        """What one of them runs."""
        return self._doables.get(entity_id)

    def show_all(self, before: Mapping[str, State]) -> None:
        """Show all of them, with when they last ran."""
        for entity_id in self._parts:
            state = before.get(entity_id)
            kept_ns = state.attributes.get("last_triggered_ns") if state is not None else None
            if isinstance(kept_ns, int):
                self._last_ns[entity_id] = kept_ns
            self._show(entity_id, None)

    def last_triggered(self) -> dict[str, int]:
        """When each last ran [ns since the epoch], of those that have."""
        return dict(self._last_ns)

    def changed(self, doable: Doable) -> None:
        """How many runs there are has changed."""
        if doable.entity_id in self._parts:
            runs = self._runner.runs_of(doable.entity_id)
            self._show(doable.entity_id, runs[-1].cause if runs else None)

    def _show(self, entity_id: str, cause: Cause | None) -> None:
        part = self._parts[entity_id]
        count = len(self._runner.runs_of(entity_id))
        last_ns = self._last_ns.get(entity_id)
        shown: dict[str, Any] = {
            "last_triggered": None if last_ns is None else instant(last_ns),
            "mode": part.mode,
            "current": count,
        }
        if part.mode in {"queued", "parallel"}:
            shown["max"] = part.max
        shown["friendly_name"] = part.alias
        state = "on" if count else "off"
        self._world.states.set(entity_id, state, shown, time_ns=self._world.now_ns, cause=cause)

    # Actions

    def _call(self, calling: Calling, done: Done) -> None:
        """`script.<id>`: run it, and wait until it is over. All data are variables of its own."""
        ids = list(calling.target.entity_ids)
        given = {**calling.data, **({"entity_id": ids} if ids else {})}
        self._begin(calling.action, given, calling, callers=calling.callers, done=done)

    def _turn_on(self, calling: Calling, done: Done) -> None:
        """`script.turn_on`: run them and go on at once."""
        given = calling.data.get("variables", {})
        if not isinstance(given, Mapping):
            raise WrongCallFault("variables must be a mapping")
        for entity_id in self._known(calling):
            self._begin(entity_id, given, calling, callers=(), done=_nobody)
        done(None, None)

    def _turn_off(self, calling: Calling, done: Done) -> None:
        for entity_id in self._known(calling):
            self._stop(entity_id)
        done(None, None)

    def _toggle(self, calling: Calling, done: Done) -> None:
        for entity_id in self._known(calling):
            if self._runner.runs_of(entity_id):
                self._stop(entity_id)
            else:
                self._begin(entity_id, {}, calling, callers=(), done=_nobody)
        done(None, None)

    def _known(self, calling: Calling) -> list[str]:
        known = [entity_id for entity_id in calling.entities if entity_id in self._parts]
        for entity_id in calling.entities:
            if entity_id not in self._parts:
                self._world.warn(calling.where, f"{calling.action}: there is no {entity_id}")
        return known

    def _stop(self, entity_id: str) -> None:
        for run in self._runner.runs_of(entity_id):
            self._runner.stop(run, "stopped", "the script was turned off")

    def _begin(
        self,
        entity_id: str,
        given: Mapping[str, Any],
        calling: Calling,
        *,
        callers: tuple[str, ...],
        done: Done,
    ) -> None:
        world, part = self._world, self._parts[entity_id]
        cause = cause_of(self._runner.new_id(), entity_id, calling.cause)
        refusal = self._brakes[entity_id].refusal(cause, world.now_ns)
        if refusal:
            world.warn(part.where, f"{part.alias}: {refusal}")
            done(None, None)
            return
        variables: dict[str, Any] = {"this": this(world.states.get(entity_id)), **given}
        try:
            variables = with_defaults(world, part.variables, variables)
        except RenderFault as fault:
            done(fault, None)
            return
        variables["context"] = context_of(cause)
        if world.is_heard(STARTED_EVENT):
            data = {"name": part.alias, "entity_id": entity_id}
            world.happens(
                Event(event_type=STARTED_EVENT, data=data, time_ns=world.now_ns, cause=cause)
            )

        def end(run: Run) -> None:
            # Two turns more than for others: the run was shielded from its caller.
            world.agenda.soon(lambda: done(called_trouble(run), run.response or {}), 2)

        before = self._last_ns.get(entity_id)
        self._last_ns[entity_id] = world.now_ns
        run = self._runner.start(
            self._doables[entity_id],
            variables,
            cause=cause,
            trigger=f"called by {calling.cause.who}",
            callers=callers,
            on_end=end,
        )
        if run.is_over and run.ending == "refused":
            if before is None:
                self._last_ns.pop(entity_id)
            else:
                self._last_ns[entity_id] = before
            done(None, {})
        elif calling.run is not None and callers:
            calling.child(run.id)


def _nobody(_fault: Fault | None, _response: Any) -> None:
    """Nobody waits."""


def _doable(part: Script) -> Doable:
    return Doable(
        entity_id=part.entity_id,
        name=part.alias,
        where=part.where,
        mode=part.mode,
        max=part.max,
        max_exceeded=part.max_exceeded,
        steps=part.sequence,
        root="sequence",
    )
