"""Actions that scenes call: whom they aim at, who does them, and what became of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, final

from vettura.bus.messages import Answer
from vettura.bus.messages_home import Called, Cause, HomeEvent
from vettura.home.scene import turns
from vettura.home.scene.faults import CallFault, Fault, RenderFault, WrongCallFault
from vettura.home.scene.plain import as_plain
from vettura.home.scene.run import Fiber, Pending, Run
from vettura.home.scene.runner import Runner, called_trouble
from vettura.home.scene.state import UNAVAILABLE
from vettura.home.scene.targets import Target, resolve, target_of
from vettura.home.scene.tree import Call, Where
from vettura.home.scene.world import Event, World

Done = Callable[[Fault | None, Any], None]
"""Told once an action is over: what went wrong, and its response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What one device is asked to do."""

    id: str
    device: str
    action: str
    entity: str = ""
    """Empty for the device itself."""
    data: dict[str, Any]
    cause: Cause


class Host(Protocol):
    """Who has the devices."""

    def order(self, order: Order, done: Callable[[Answer], None]) -> None:
        """Ask a device; `done` is called once it has answered, at once or later."""
        ...

    def device_of(self, entity_id: str) -> str | None:
        """The device of an entity; None when there is none."""
        ...

    def knows(self, action: str) -> bool:
        """Whether there is such an action at all."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Calling:
    """One call, ready to be done."""

    action: str
    target: Target
    data: dict[str, Any]
    """Without what it aims at."""
    cause: Cause
    id: str
    run: Run | None = None
    """None: it comes from outside, such as the page."""
    where: Where | str = ""
    entities: tuple[str, ...] = ()
    """What it aims at, areas, devices and `all` written out."""
    child: Callable[[str], None] = lambda _run: None
    """Told of the run that the caller now waits for."""

    @property
    def domain(self) -> str:
        """What stands before the dot."""
        return self.action.partition(".")[0]

    @property
    def callers(self) -> tuple[str, ...]:
        """Whose runs wait for this call."""
        return () if self.run is None else (*self.run.callers, self.run.doable.entity_id)


Handler = Callable[[Calling, Done], None]


@final
class Calls:
    """Does actions: its own handlers first, then devices."""

    def __init__(self, world: World, host: Host) -> None:
        self._world = world
        self._host = host
        self._handlers: dict[str, Handler] = {}
        self._orders = 0

    def register(self, action: str, handler: Handler) -> None:
        """Let `handler` do an action; `domain.*` stands for all others of a domain."""
        self._handlers[action] = handler

    def register_entity(self, action: str, handler: Handler, *, is_quick: bool = False) -> None:
        """The same for an action that entities of ours do, each in its turn unless `is_quick`."""
        turn = 0 if is_quick else turns.ENTITY

        def put_off(calling: Calling, done: Done) -> None:
            has_many = len(calling.entities) > 1

            def end(fault: Fault | None, response: Any) -> None:
                after = turn + (turns.GATHERED if has_many else 0)
                self._after(after, lambda: done(fault, response))

            def act() -> None:
                try:
                    handler(calling, end)
                except Fault as fault:
                    end(fault, None)

            self._after(turn + (turns.SPREAD if has_many else 0), act)

        self.register(action, put_off)

    def _after(self, count: int, deed: Callable[[], None]) -> None:
        if count:
            self._world.agenda.soon(deed, count)
        else:
            deed()

    def handler(self, action: str) -> Handler | None:
        """Who of us does an action; None: a device."""
        return self._handlers.get(action) or self._handlers.get(f"{action.partition('.')[0]}.*")

    def knows(self, action: str) -> bool:
        """Whether somebody does it."""
        return (
            self.handler(action) is not None
            or self._world.directory.service(action) is not None
            or self._host.knows(action)
        )

    # From a run

    def begin(self, runner: Runner, run: Run, fiber: Fiber, step: Call, path: str) -> None:
        """Do a step of a run; the fiber waits until it is done."""
        variables = fiber.frames[-1].variables
        run.orders += 1
        calling = self._prepare(run, step, variables, f"{run.id}-{run.orders}")
        run.show(self._world.now_ns, path, {"params": _shown(calling)})
        self.resume(runner, run, fiber, step, calling)

    def revive(self, runner: Runner, run: Run, fiber: Fiber, step: Call, call_id: str) -> None:
        """Do a step again whose answer was awaited when the house stopped."""
        calling = self._prepare(run, step, fiber.frames[-1].variables, call_id)
        self.resume(runner, run, fiber, step, calling)

    def resume(self, runner: Runner, run: Run, fiber: Fiber, step: Call, calling: Calling) -> None:
        """Wait for a call that is put off by its turn."""
        pending, done = self._wait(runner, run, fiber, step, calling.id)

        def child(run_id: str) -> None:
            pending.child = run_id

        def do() -> None:
            if not run.is_over:
                self.do(replace(calling, child=child), done)

        self._after(0 if step.is_direct else turns.CALL, do)

    def wait_for(
        self, runner: Runner, run: Run, fiber: Fiber, step: Call, call_id: str, child: Run
    ) -> None:
        """Wait for a run that this one had called before the house stopped."""
        pending, done = self._wait(runner, run, fiber, step, call_id)
        pending.child = child.id
        child.on_end = lambda ended: done(called_trouble(ended), ended.response or {})

    def _wait(
        self, runner: Runner, run: Run, fiber: Fiber, step: Call, call_id: str
    ) -> tuple[Pending, Done]:
        variables = fiber.frames[-1].variables
        after = 0 if step.is_direct else turns.CALLED
        pending = Pending(kind="call", call=call_id)
        fiber.pending = pending

        def done(fault: Fault | None, response: Any) -> None:
            if run.is_over or fiber.pending is not pending:
                return
            if fault is not None:
                runner.fail(run, fiber, fault, after)
                return
            if step.response_variable:
                variables[step.response_variable] = response
            runner.step_over(run, fiber, after)

        return pending, done

    def fire(self, run: Run, event_type: str, data: Mapping[str, Any]) -> None:
        """Let an event happen, here and in the home."""
        self.happens(event_type, data, run.cause)

    def happens(self, event_type: str, data: Mapping[str, Any], cause: Cause | None) -> None:
        """Let an event happen that others in the home may hear as well."""
        event = Event(event_type=event_type, data=data, time_ns=self._world.now_ns, cause=cause)
        self._world.outbox.append(
            HomeEvent(
                time_ns=event.time_ns, event_type=event_type, data=as_plain(data), cause=cause
            )
        )
        self._world.happens(event)

    def _prepare(self, run: Run, step: Call, variables: Mapping[str, Any], call_id: str) -> Calling:
        templates = self._world.templates
        try:
            action = step.action
            if not isinstance(action, str):
                action = templates.text(action, variables)
            target = templates.value(step.target, variables)
            data = templates.value(step.data, variables)
        except RenderFault as fault:
            raise CallFault(str(fault)) from None
        if not isinstance(data, dict) or not isinstance(target, dict):
            raise CallFault(f"{action}: its data and target must be mappings")
        return self.calling(
            action.strip().lower(),
            {**data, **target},
            cause=run.cause,
            call_id=call_id,
            run=run,
            where=step.where,
        )

    def calling(
        self,
        action: str,
        data: dict[str, Any],
        *,
        cause: Cause,
        call_id: str,
        run: Run | None = None,
        where: Where | str = "",
    ) -> Calling:
        """A call with its target told from its data; `CallFault` when that is no target."""
        target, rest = target_of(data)
        return Calling(
            action=action,
            target=target,
            data=rest,
            cause=cause,
            id=call_id,
            run=run,
            where=where,
            entities=resolve(self._world, target, action),
        )

    # Doing

    def do(self, calling: Calling, done: Done) -> None:
        """Do it now, whoever does."""
        world = self._world
        if world.is_heard("call_service"):
            self._tell_of_call(calling)
        handler = self.handler(calling.action)
        if handler is not None:
            self._tell(calling, Answer(ok=True))
            try:
                handler(calling, done)
            except Fault as fault:
                done(fault, None)
            return
        device = world.directory.service(calling.action)
        if device is not None:
            self._order_all(calling, [(device, "")], done)
            return
        if not self._host.knows(calling.action):
            self._tell(calling, Answer(ok=False, reason="there is no such action"))
            done(WrongCallFault(f"there is no action {calling.action}"), None)
            return
        self._order_all(calling, self._asked(calling), done)

    def _asked(self, calling: Calling) -> list[tuple[str, str]]:
        """Device and entity of each that shall do it."""
        asked = []
        for entity_id in calling.entities:
            device = self._host.device_of(entity_id)
            if device is None:
                if entity_id in calling.target.entity_ids:
                    self._world.warn(calling.where, f"{calling.action}: there is no {entity_id}")
                continue
            about = self._world.directory.about(entity_id)
            if about is not None and about.actions and calling.action not in about.actions:
                if entity_id in calling.target.entity_ids:
                    self._world.warn(calling.where, f"{entity_id} cannot do {calling.action}")
                continue
            state = self._world.states.get(entity_id)
            if state is None or state.state != UNAVAILABLE:
                asked.append((device, entity_id))
        return asked

    def _why_nobody(self, calling: Calling) -> str:
        """Why no device was asked; empty when the call aims at nothing."""
        if not calling.entities:
            return ""
        states = (self._world.states.get(entity_id) for entity_id in calling.entities)
        is_gone = any(state is not None and state.state == UNAVAILABLE for state in states)
        return UNAVAILABLE if is_gone else "nobody to do it"

    def _order_all(self, calling: Calling, asked: list[tuple[str, str]], done: Done) -> None:
        """Ask all of them, and be done when the last has answered."""
        if not asked:
            reason = self._why_nobody(calling)
            self._tell(calling, Answer(ok=not reason, reason=reason))
            done(None, None)
            return
        answers: dict[int, Answer] = {}
        time_ns = self._world.now_ns

        def take(index: int, answer: Answer) -> None:
            answers.setdefault(index, answer)
            if len(answers) < len(asked):
                return
            refused = next((answers[k] for k in sorted(answers) if not answers[k].ok), None)
            self._tell(calling, refused or Answer(ok=True), time_ns)
            # A device that is gone is left out, as in Home Assistant; one that refuses is a fault.
            if refused is None or refused.code == "unavailable":
                done(None, _given_back(asked, answers))
            else:
                done(CallFault(f"{calling.action}: {refused.reason}"), None)

        for index, (device, entity_id) in enumerate(asked):
            order = Order(
                id=f"{calling.id}.{index}",
                device=device,
                action=calling.action,
                entity=entity_id,
                data=as_plain(calling.data),
                cause=calling.cause,
            )
            self._host.order(order, partial(take, index))

    def _tell(self, calling: Calling, answer: Answer, time_ns: int | None = None) -> None:
        self._world.outbox.append(
            Called(
                time_ns=self._world.now_ns if time_ns is None else time_ns,
                scene=calling.cause.who,
                run=calling.cause.id,
                action=calling.action,
                entities=list(calling.entities),
                data=as_plain(calling.data),
                ok=answer.ok,
                reason=answer.reason,
                cause=calling.cause,
            )
        )

    def _tell_of_call(self, calling: Calling) -> None:
        domain, _, service = calling.action.partition(".")
        data = {"domain": domain, "service": service, "service_data": _shown_data(calling)}
        event = Event(
            event_type="call_service",
            data=data,
            time_ns=self._world.now_ns,
            cause=calling.cause,
        )
        self._world.happens(event)


def _given_back(
    asked: list[tuple[str, str]], answers: Mapping[int, Answer]
) -> dict[str, Any] | None:
    """The response: by entity, or that of the device itself."""
    given = {
        entity_id: response
        for index, (_, entity_id) in enumerate(asked)
        if (response := answers[index].response) is not None
    }
    return given.get("", given) or None


def _shown_data(calling: Calling) -> dict[str, Any]:
    ids = list(calling.target.entity_ids)
    return {**calling.data, **({"entity_id": ids} if ids else {})}


def _shown(calling: Calling) -> dict[str, Any]:
    return {
        "action": calling.action,
        "data": calling.data,
        "entities": list(calling.entities),
    }
