"""Runs automations and scripts: modes, sequences, and what becomes of what goes wrong."""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, final

from vettura.bus.messages_home import Cause
from vettura.home.scene import turns
from vettura.home.scene.conditions import is_enabled
from vettura.home.scene.faults import CallFault, Fault, RenderFault, WrongCallFault
from vettura.home.scene.run import (
    AbortHalt,
    ConditionHalt,
    Doable,
    Ending,
    Fiber,
    Frame,
    Halt,
    Pending,
    Run,
    Shown,
    StopHalt,
    Trouble,
    Variables,
)
from vettura.home.scene.tree import Action
from vettura.home.scene.world import World


class Steps(Protocol):
    """What the runner asks of the kinds of steps."""

    def begin(self, runner: "Runner", run: Run, fiber: Fiber, step: Action, path: str) -> bool:
        """Do a step; returns whether the fiber now waits for something."""
        ...

    def again(self, runner: "Runner", run: Run, fiber: Fiber, frame: Frame) -> bool:
        """Whether the body of a `repeat` runs once more; prepares it when it does."""
        ...


class Watcher(Protocol):
    """Who is told of runs."""

    def changed(self, doable: Doable) -> None:
        """How many runs of it there are has changed."""
        ...

    def ended(self, run: Run) -> None:
        """A run is over, or was refused."""
        ...


@final
class Runner:
    """All runs of a home."""

    def __init__(
        self, world: World, steps: Steps, watcher: Watcher, new_id: Callable[[], str]
    ) -> None:
        self.world = world
        self.new_id = new_id
        self._steps = steps
        self._watcher = watcher
        self._runs: dict[str, dict[str, Run]] = {}
        self.version = 0
        """Grows whenever a run moves."""

    def runs_of(self, entity_id: str) -> list[Run]:
        """The runs of one automation or script, oldest first, with those that wait."""
        return list(self._runs.get(entity_id, {}).values())

    def runs(self) -> list[Run]:
        """All runs."""
        return [run for runs in self._runs.values() for run in runs.values()]

    def run(self, run_id: str) -> Run | None:
        """A run that is not over."""
        return next((run for run in self.runs() if run.id == run_id), None)

    # Beginning

    def start(
        self,
        doable: Doable,
        variables: Variables,
        *,
        cause: Cause,
        trigger: str = "",
        callers: tuple[str, ...] = (),
        shown: list[Shown] | None = None,
        on_end: Callable[[Run], None] | None = None,
    ) -> Run:
        """Begin a run, or refuse it as the mode says; then it is over when this returns."""
        run = Run(
            id=cause.id,
            doable=doable,
            cause=cause,
            trigger=trigger,
            start_ns=self.world.now_ns,
            root=Fiber(frames=[Frame(steps=doable.steps, path=doable.root, variables=variables)]),
            callers=callers,
            shown=shown or [],
        )
        refusal = self._refusal(doable, callers)
        if refusal:
            if doable.max_exceeded != "silent":
                self.world.warn(doable.where, f"{doable.name}: {refusal}")
            run.is_over = True
            run.ending, run.reason = "refused", refusal
            self._watcher.ended(run)
            return run
        run.on_end = on_end
        before = self.runs_of(doable.entity_id)
        self.enter(run)
        delay = turns.STARTED
        if doable.mode == "restart" and before:
            delay += turns.RESTARTED + max(_stopping(other) for other in before)
            for other in before:
                self.stop(other, "stopped", "started anew")
        elif doable.mode == "queued":
            delay += turns.LOCKED
            run.is_waiting = bool(before)
        self._watcher.changed(doable)
        if not run.is_waiting:
            self.put_off(run, run.root, delay)
        return run

    def enter(self, run: Run) -> None:
        """Let a run be among those of its automation or script."""
        self._runs.setdefault(run.doable.entity_id, {})[run.id] = run

    def _refusal(self, doable: Doable, callers: tuple[str, ...]) -> str:
        count = len(self.runs_of(doable.entity_id))
        if count and doable.mode == "single":
            return "already running"
        if count and doable.mode != "restart" and count >= doable.max:
            return f"already {count} runs"
        if doable.mode in {"restart", "queued"} and doable.entity_id in callers:
            return "it would wait for itself"
        return ""

    # Going on

    def put_off(
        self, run: Run, fiber: Fiber, delay: int, then: Callable[[], None] | None = None
    ) -> None:
        """Go on after so many turns, with `then` first."""
        fiber.pending = Pending(kind="turn")

        def go() -> None:
            if run.is_over or fiber.is_over:
                return
            fiber.pending = None
            if then is not None:
                self._guarded(run, fiber, then)
            self.go(run, fiber)

        self.world.agenda.soon(go, delay)

    def step_over(self, run: Run, fiber: Fiber, delay: int = 0) -> None:
        """The step that was waited for is done: go on with the next."""
        fiber.pending = None
        if delay:
            fiber.frames[-1].index += 1
            self.put_off(run, fiber, delay)
        else:
            fiber.frames[-1].index += 1
            self.go(run, fiber)

    def fail(self, run: Run, fiber: Fiber, trouble: Trouble, delay: int = 0) -> None:
        """The step that was waited for has ended so."""
        fiber.pending = None

        def throw() -> None:
            raise trouble

        if delay:
            self.put_off(run, fiber, delay, throw)
        elif not self._guarded(run, fiber, throw):
            self.go(run, fiber)

    def go(self, run: Run, fiber: Fiber) -> None:
        """Do steps until the fiber waits for something or ends."""
        self.version += 1
        while not (run.is_over or fiber.is_over) and fiber.pending is None:
            frame = fiber.frames[-1]
            if frame.index >= len(frame.steps):
                if len(fiber.frames) == 1:
                    self._end_fiber(run, fiber)
                else:
                    self._leave(run, fiber)
                continue
            self._guarded(run, fiber, partial(self._step, run, fiber, frame))

    def _step(self, run: Run, fiber: Fiber, frame: Frame) -> None:
        step = frame.steps[frame.index]
        path = f"{frame.path}/{frame.index}"
        if not is_enabled(self.world, step.enabled):
            run.show(self.world.now_ns, path, {"enabled": False})
        elif self._steps.begin(self, run, fiber, step, path):
            return
        frame.index += 1

    def _leave(self, run: Run, fiber: Fiber) -> None:
        """A sequence within another is done."""
        frame = fiber.frames.pop()

        def after() -> None:
            if frame.loop is not None and self._steps.again(self, run, fiber, frame):
                return
            fiber.frames[-1].index += 1

        self.put_off(run, fiber, turns.LEFT, after)

    # Ending

    def _guarded(self, run: Run, fiber: Fiber, deed: Callable[[], None]) -> bool:
        """Do it; what goes wrong unwinds the fiber. Returns whether that is over now."""
        try:
            deed()
        except (Fault, Halt) as trouble:
            self._unwind(run, fiber, trouble)
        return fiber.is_over

    def _unwind(self, run: Run, fiber: Fiber, trouble: Trouble) -> None:
        frame = fiber.frames[-1]
        path = f"{frame.path}/{frame.index}"
        if isinstance(trouble, ConditionHalt):
            frame.index = len(frame.steps)
            if len(fiber.frames) == 1 and fiber.parent is None:
                self.stop(run, "aborted", "a condition does not hold")
            return
        if not isinstance(trouble, StopHalt):
            run.show(self.world.now_ns, path, error=str(trouble))
        for depth in range(len(fiber.frames), 0, -1):
            frame = fiber.frames[depth - 1]
            if _goes_on(frame.steps[frame.index], trouble):
                del fiber.frames[depth:]
                frame.index += 1
                return
        if isinstance(trouble, Fault):
            deepest = fiber.frames[-1]
            where = deepest.steps[deepest.index].where
            self.world.warn(where, f"{run.doable.name}: {trouble}")
        fiber.trouble = trouble
        self._end_fiber(run, fiber)

    def _end_fiber(self, run: Run, fiber: Fiber) -> None:
        fiber.is_over = True
        parent = fiber.parent
        if parent is None:
            self._end(run, fiber.trouble)
        elif all(child.is_over for child in parent.children):
            troubles = [child.trouble for child in parent.children if child.trouble is not None]
            parent.children = []
            if troubles:
                self.fail(run, parent, troubles[0], turns.JOINED)
            else:
                self.step_over(run, parent, turns.JOINED)

    def _end(self, run: Run, trouble: Trouble | None) -> None:
        match trouble:
            case None:
                self._finish(run, "finished", "")
            case StopHalt():
                run.response = trouble.response
                self._finish(run, "stopped", str(trouble))
            case AbortHalt():
                self._finish(run, "aborted", str(trouble))
            case _:
                run.trouble = trouble
                self._finish(run, "failed", str(trouble))

    def stop(self, run: Run, ending: Ending, reason: str) -> None:
        """End a run from outside, and those it waits for."""
        if run.is_over:
            return
        for fiber in run.root.everybody():
            fiber.is_over = True
            if fiber.pending is not None:
                fiber.pending.cancel()
                child = self.run(fiber.pending.child) if fiber.pending.child else None
                if child is not None:
                    self.stop(child, "stopped", "its caller was stopped")
        self._finish(run, ending, reason)

    def _finish(self, run: Run, ending: Ending, reason: str) -> None:
        run.is_over = True
        run.ending, run.reason = ending, reason
        runs = self._runs.get(run.doable.entity_id, {})
        runs.pop(run.id, None)
        if not runs:
            self._runs.pop(run.doable.entity_id, None)
        self._watcher.changed(run.doable)
        self._watcher.ended(run)
        if run.doable.mode == "queued" and not run.is_waiting:
            self._next_in_queue(run.doable)
        if run.on_end is not None:
            run.on_end(run)

    def _next_in_queue(self, doable: Doable) -> None:
        waiting = next((run for run in self.runs_of(doable.entity_id) if run.is_waiting), None)
        if waiting is not None:
            waiting.is_waiting = False
            self.put_off(waiting, waiting.root, turns.LOCKED)


def _goes_on(step: Action, trouble: Trouble) -> bool:
    """Whether a step that fails so lets the next one begin."""
    is_ignorable = isinstance(trouble, CallFault) and not isinstance(trouble, WrongCallFault)
    return step.continue_on_error and is_ignorable


def called_trouble(run: Run) -> Fault | None:
    """What a run that was called hands on to its caller."""
    trouble: Any = run.trouble
    return trouble if isinstance(trouble, Fault | RenderFault) else None


def _stopping(run: Run) -> int:
    """How many turns more it takes to stop a run."""
    pending = run.root.pending
    return 0 if pending is None or pending.kind == "delay" else turns.STOPPED_IN_WAIT
