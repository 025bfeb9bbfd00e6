"""Waiting in a run: for a time, a template, a trigger; begun anew after a restart as well."""

from collections.abc import Mapping
from typing import Any, final

from vettura.home.scene import turns
from vettura.home.scene.agenda import Alarm
from vettura.home.scene.faults import RenderFault
from vettura.home.scene.period import to_ns
from vettura.home.scene.run import AbortHalt, Fiber, Pending, Run
from vettura.home.scene.runner import Runner
from vettura.home.scene.state import Change
from vettura.home.scene.tree import WaitForTrigger, WaitTemplate
from vettura.home.scene.triggers import Fired, attach
from vettura.home.scene.watching import Watch
from vettura.home.scene.world import World
from vettura.units import NS_PER_S


@final
class Waits:
    """Lets fibers wait."""

    def __init__(self, world: World) -> None:
        self._world = world

    def delay(self, runner: Runner, run: Run, fiber: Fiber, seconds: float) -> None:
        """Wait so long."""
        self.delay_until(runner, run, fiber, self._world.now_ns + to_ns(seconds))

    def delay_until(self, runner: Runner, run: Run, fiber: Fiber, until_ns: int) -> None:
        """Wait until then."""
        alarm = self._world.agenda.at(until_ns, lambda: runner.step_over(run, fiber, 1))
        fiber.pending = Pending(kind="delay", until_ns=until_ns, cancel=alarm.cancel)

    def template(
        self, runner: Runner, run: Run, fiber: Fiber, step: WaitTemplate, timeout_s: float | None
    ) -> None:
        """Wait until the template comes out true."""
        variables = fiber.frames[-1].variables

        def hear(_change: Change | None, before: Any, result: Any) -> None:
            templates = self._world.templates
            if isinstance(result, RenderFault):
                self._world.warn(step.where, f"{run.doable.name}: {result}")
                return
            was = not isinstance(before, RenderFault) and templates.as_truth(before)
            if was or not templates.as_truth(result):
                return
            fiber.pending = None
            end()
            wait = variables["wait"]
            wait["remaining"], wait["completed"] = self._remaining_s(until_ns, timeout_s), True
            runner.step_over(run, fiber, turns.WAITED)

        watch = Watch(self._world, step.wait_template, variables, hear)
        until_ns, alarm = self._limit(
            runner, run, fiber, timeout_s, continues=step.continue_on_timeout
        )

        def end() -> None:
            watch.stop()
            if alarm is not None:
                alarm.cancel()

        fiber.pending = Pending(kind="wait_template", until_ns=until_ns, cancel=end)

    def trigger(
        self,
        runner: Runner,
        run: Run,
        fiber: Fiber,
        step: WaitForTrigger,
        timeout_s: float | None,
        seen: Mapping[str, Any],
    ) -> bool:
        """Wait until one of the triggers fires; they see the variables `seen`.

        Returns whether there is anything to wait for.
        """
        variables = fiber.frames[-1].variables

        def fire(fired: Fired) -> None:
            if fiber.pending is None or fiber.pending.kind != "wait_for_trigger":
                return
            fiber.pending = None
            end()
            wait = variables["wait"]
            wait["remaining"] = self._remaining_s(until_ns, timeout_s)
            wait["trigger"] = fired.data
            runner.step_over(run, fiber, turns.TRIGGERED_IN_WAIT)

        stop = attach(self._world, step.triggers, fire, variables=seen)
        if stop is None:
            return False
        unlisten = stop
        until_ns, alarm = self._limit(
            runner, run, fiber, timeout_s, continues=step.continue_on_timeout
        )

        def end() -> None:
            unlisten()
            if alarm is not None:
                alarm.cancel()

        fiber.pending = Pending(kind="wait_for_trigger", until_ns=until_ns, cancel=end)
        return True

    def _limit(
        self, runner: Runner, run: Run, fiber: Fiber, timeout_s: float | None, *, continues: bool
    ) -> tuple[int | None, Alarm | None]:
        if timeout_s is None:
            return None, None
        until_ns = self._world.now_ns + to_ns(timeout_s)

        def ring() -> None:
            assert fiber.pending is not None
            fiber.pending.cancel()
            fiber.frames[-1].variables["wait"]["remaining"] = 0.0
            if continues:
                runner.step_over(run, fiber, 1)
            else:
                runner.fail(run, fiber, AbortHalt("what it waited for did not come"), 1)

        return until_ns, self._world.agenda.at(until_ns, ring)

    def _remaining_s(self, until_ns: int | None, timeout_s: float | None) -> float | None:
        if until_ns is None:
            return timeout_s
        return (until_ns - self._world.now_ns) / NS_PER_S
