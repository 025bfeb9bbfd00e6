"""What each kind of action does. Each returns whether the fiber now waits for something."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, final

from vettura.errors import InputError
from vettura.home.scene import turns
from vettura.home.scene.calls import Calls
from vettura.home.scene.conditions import holds
from vettura.home.scene.faults import ConditionFault, Fault, RenderFault
from vettura.home.scene.period import positive_period_s
from vettura.home.scene.run import (
    AbortHalt,
    ConditionHalt,
    Fiber,
    Frame,
    Loop,
    Pending,
    Run,
    StopHalt,
    Variables,
)
from vettura.home.scene.runner import Runner
from vettura.home.scene.tree import (
    Action,
    ActionBase,
    Call,
    CheckCondition,
    Choose,
    Condition,
    Delay,
    Duration,
    FireEvent,
    If,
    Parallel,
    Repeat,
    Sequence,
    Stop,
    WaitForTrigger,
    WaitTemplate,
)
from vettura.home.scene.tree import (
    Variables as VariablesStep,
)
from vettura.home.scene.waits import Waits
from vettura.home.scene.world import World

SPINS_MAX = 10_000
"""Rounds of a `repeat` in one instant."""
COUNT_MAX = 1_000_000


@final
class KindsOfSteps:
    """The steps of a home; `calls` does the actions among them."""

    def __init__(self, world: World, calls: Calls, waits: Waits) -> None:
        self._world = world
        self._calls = calls
        self._waits = waits
        self._kinds: Mapping[type, Callable[..., bool]] = {
            Call: self._call,
            Delay: self._delay,
            WaitTemplate: self._wait_template,
            WaitForTrigger: self._wait_for_trigger,
            CheckCondition: self._condition,
            Choose: self._choose,
            If: self._if,
            Repeat: self._repeat,
            Parallel: self._parallel,
            Sequence: self._sequence,
            VariablesStep: self._variables,
            Stop: self._stop,
            FireEvent: self._event,
        }

    def begin(self, runner: Runner, run: Run, fiber: Fiber, step: Action, path: str) -> bool:
        """Do a step; returns whether the fiber now waits for something."""
        return self._kinds[type(step)](runner, run, fiber, step, path)

    # What happens in one instant

    def _condition(
        self, _runner: Runner, run: Run, fiber: Fiber, step: CheckCondition, path: str
    ) -> bool:
        try:
            result = holds(self._world, step.condition, fiber.frames[-1].variables)
        except ConditionFault as fault:
            self._world.warn(step.where, f"{run.doable.name}: {fault}")
            run.show(self._world.now_ns, path, {"result": False}, str(fault))
            raise ConditionHalt from None
        run.show(self._world.now_ns, path, {"result": result})
        if not result:
            raise ConditionHalt
        return False

    def _variables(
        self, runner: Runner, run: Run, fiber: Fiber, step: VariablesStep, path: str
    ) -> bool:
        frame = fiber.frames[-1]
        # A scope of its own: what is set in a sequence is not seen after it.
        frame.variables = dict(frame.variables)
        for name, value in step.variables.items():
            frame.variables[name] = self._world.templates.value(value, frame.variables)
        run.show(runner.world.now_ns, path, {"variables": sorted(step.variables)})
        return False

    def _stop(self, _runner: Runner, run: Run, fiber: Fiber, step: Stop, path: str) -> bool:
        run.show(self._world.now_ns, path, {"stop": step.reason, "error": step.error})
        if step.error:
            raise AbortHalt(step.reason)
        response = None
        if step.response_variable:
            try:
                response = fiber.frames[-1].variables[step.response_variable]
            except KeyError:
                raise AbortHalt(f"there is no variable {step.response_variable}") from None
        raise StopHalt(step.reason, response)

    def _event(self, runner: Runner, run: Run, fiber: Fiber, step: FireEvent, path: str) -> bool:
        data: Variables = {}
        try:
            data.update(self._world.templates.value(step.event_data, fiber.frames[-1].variables))
        except (RenderFault, TypeError, ValueError) as fault:
            self._world.warn(step.where, f"{run.doable.name}: {fault}")
        run.show(runner.world.now_ns, path, {"event": step.event, "event_data": data})
        self._calls.fire(run, step.event, data)
        return False

    def _call(self, runner: Runner, run: Run, fiber: Fiber, step: Call, path: str) -> bool:
        self._calls.begin(runner, run, fiber, step, path)
        return True

    # Sequences within

    def _choose(self, runner: Runner, run: Run, fiber: Fiber, step: Choose, path: str) -> bool:
        for index, option in enumerate(step.options):
            where = f"{path}/choose/{index}"
            if self._test(run, fiber, option.conditions, step, f"{where}/conditions"):
                run.show(self._world.now_ns, path, {"choice": index})
                return self._enter(runner, run, fiber, option.sequence, f"{where}/sequence")
        if not step.default:
            return False
        run.show(self._world.now_ns, path, {"choice": "default"})
        return self._enter(runner, run, fiber, step.default, f"{path}/default")

    def _if(self, runner: Runner, run: Run, fiber: Fiber, step: If, path: str) -> bool:
        result = self._test(run, fiber, step.conditions, step, f"{path}/if/condition")
        choice, sequence = ("then", step.then) if result else ("else", step.else_)
        if not result and not step.else_:
            return False
        run.show(self._world.now_ns, path, {"choice": choice})
        return self._enter(runner, run, fiber, sequence, f"{path}/{choice}")

    def _sequence(self, runner: Runner, run: Run, fiber: Fiber, step: Sequence, path: str) -> bool:
        return self._enter(runner, run, fiber, step.sequence, f"{path}/sequence")

    def _enter(
        self, runner: Runner, run: Run, fiber: Fiber, steps: tuple[Action, ...], path: str
    ) -> bool:
        variables = fiber.frames[-1].variables
        frame = Frame(steps=steps, path=path, variables=variables)
        runner.put_off(run, fiber, turns.ENTERED, lambda: fiber.frames.append(frame))
        return True

    def _test(
        self,
        run: Run,
        fiber: Fiber,
        conditions: tuple[Condition, ...],
        step: ActionBase,
        path: str,
    ) -> bool | None:
        """Whether all hold; None, and a warning, when that cannot be told."""
        variables = fiber.frames[-1].variables
        try:
            for index, condition in enumerate(conditions):
                result = holds(self._world, condition, variables)
                run.show(self._world.now_ns, f"{path}/{index}", {"result": result})
                if result is False:
                    return False
        except ConditionFault as fault:
            self._world.warn(step.where, f"{run.doable.name}: {fault}")
            return None
        return True

    def _parallel(self, runner: Runner, run: Run, fiber: Fiber, step: Parallel, path: str) -> bool:
        variables = fiber.frames[-1].variables
        if not step.branches:
            return False
        fiber.children = [
            Fiber(
                frames=[
                    Frame(
                        steps=branch.sequence,
                        path=f"{path}/parallel/{index}/sequence",
                        variables=dict(variables),
                    )
                ],
                parent=fiber,
            )
            for index, branch in enumerate(step.branches)
        ]
        fiber.pending = Pending(kind="parallel")
        for child in fiber.children:
            runner.put_off(run, child, turns.BRANCHED)
        return True

    # Repeating

    def _repeat(self, runner: Runner, run: Run, fiber: Fiber, step: Repeat, path: str) -> bool:
        variables = fiber.frames[-1].variables
        loop = Loop(outer=variables.get("repeat"), instant_ns=self._world.now_ns)
        if step.count is not None:
            loop.count = self._count(step, variables)
        elif step.for_each is not None:
            loop.items = self._items(step, variables)
            loop.count = len(loop.items)
        frame = Frame(
            steps=step.sequence, path=f"{path}/repeat/sequence", variables=variables, loop=loop
        )
        return self.again(runner, run, fiber, frame)

    def again(self, runner: Runner, run: Run, fiber: Fiber, frame: Frame) -> bool:
        """Whether the body of a `repeat` runs once more; prepares it when it does."""
        loop, outside = frame.loop, fiber.frames[-1]
        step = outside.steps[outside.index]
        assert loop is not None
        assert isinstance(step, Repeat)
        path = f"{outside.path}/{outside.index}/repeat"
        if not self._goes_round(run, fiber, step, loop, path):
            if loop.outer:
                outside.variables["repeat"] = loop.outer
            else:
                outside.variables.pop("repeat", None)
            return False
        self._check_spin(loop)
        next_frame = Frame(
            steps=frame.steps, path=frame.path, variables=outside.variables, loop=loop
        )
        runner.put_off(run, fiber, turns.ENTERED, lambda: fiber.frames.append(next_frame))
        return True

    def _goes_round(self, run: Run, fiber: Fiber, step: Repeat, loop: Loop, path: str) -> bool:
        """Count one round, unless the last is over."""
        if loop.count is not None:
            if loop.iteration >= loop.count:
                return False
            self._count_round(fiber, loop)
            return True
        if step.until is not None:
            is_first = loop.iteration == 0
            if not is_first and self._test(run, fiber, step.until, step, f"{path}/until") in (
                True,
                None,
            ):
                return False
            self._count_round(fiber, loop)
            return True
        assert step.while_ is not None
        self._count_round(fiber, loop)
        return self._test(run, fiber, step.while_, step, f"{path}/while") is True

    def _count_round(self, fiber: Fiber, loop: Loop) -> None:
        loop.iteration += 1
        shown: Variables = {"first": loop.iteration == 1, "index": loop.iteration}
        if loop.count:
            shown["last"] = loop.iteration == loop.count
        if loop.items is not None and loop.items[loop.iteration - 1] is not None:
            shown["item"] = loop.items[loop.iteration - 1]
        fiber.frames[-1].variables["repeat"] = shown

    def _check_spin(self, loop: Loop) -> None:
        if loop.instant_ns != self._world.now_ns:
            loop.instant_ns, loop.spins = self._world.now_ns, 0
        loop.spins += 1
        if loop.spins > SPINS_MAX:
            raise AbortHalt(f"it repeats {SPINS_MAX:,} times without time passing")

    def _count(self, step: Repeat, variables: Variables) -> int:
        try:
            return min(int(self._world.templates.value(step.count, variables)), COUNT_MAX)
        except (Fault, TypeError, ValueError, OverflowError) as fault:
            self._world.warn(step.where, f"count: {fault}")
            raise AbortHalt(f"count: {fault}") from None

    def _items(self, step: Repeat, variables: Variables) -> list[Any]:
        try:
            items = self._world.templates.value(step.for_each, variables)
        except Fault as fault:
            self._world.warn(step.where, f"for_each: {fault}")
            raise AbortHalt(f"for_each: {fault}") from None
        if not isinstance(items, list):
            self._world.warn(step.where, "for_each is no list")
            raise AbortHalt("for_each is no list")
        return items

    # Waiting

    def _delay(self, runner: Runner, run: Run, fiber: Fiber, step: Delay, path: str) -> bool:
        seconds = self._span_s(run, fiber, step, step.delay)
        run.show(self._world.now_ns, path, {"delay": seconds})
        self._waits.delay(runner, run, fiber, seconds)
        return True

    def _wait_template(
        self, runner: Runner, run: Run, fiber: Fiber, step: WaitTemplate, path: str
    ) -> bool:
        timeout_s = self._timeout_s(run, fiber, step, step.timeout)
        variables = fiber.frames[-1].variables
        variables["wait"] = {"remaining": timeout_s, "completed": False}
        try:
            text = self._world.templates.text(step.wait_template, variables)
        except RenderFault as fault:
            # Home Assistant ends the run here too.
            raise ConditionFault(str(fault)) from None
        run.show(self._world.now_ns, path, {"wait": variables["wait"]})
        if text.lower() == "true":
            variables["wait"]["completed"] = True
            return False
        self._waits.template(runner, run, fiber, step, timeout_s)
        return True

    def _wait_for_trigger(
        self, runner: Runner, run: Run, fiber: Fiber, step: WaitForTrigger, path: str
    ) -> bool:
        timeout_s = self._timeout_s(run, fiber, step, step.timeout)
        variables = fiber.frames[-1].variables
        seen = dict(variables)
        variables["wait"] = {"remaining": timeout_s, "trigger": None}
        run.show(self._world.now_ns, path, {"wait": variables["wait"]})
        return self._waits.trigger(runner, run, fiber, step, timeout_s, seen)

    def _timeout_s(
        self, run: Run, fiber: Fiber, step: ActionBase, timeout: "Duration | None"
    ) -> float | None:
        return None if timeout is None else self._span_s(run, fiber, step, timeout)

    def _span_s(self, run: Run, fiber: Fiber, step: ActionBase, span: Duration) -> float:
        try:
            value = self._world.templates.value(span, fiber.frames[-1].variables)
            seconds = positive_period_s(value)
        except (RenderFault, InputError) as fault:
            self._world.warn(step.where, f"{run.doable.name}: {fault}")
            raise AbortHalt(str(fault)) from None
        return timedelta(seconds=seconds).total_seconds()
