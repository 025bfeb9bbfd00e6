"""Traces: what a run did, step by step, for people; told when it is over."""

from typing import final

from vettura.bus.messages_home import Cause, Trace, TraceStep
from vettura.home.scene.plain import as_json
from vettura.home.scene.run import Doable, Run, Shown
from vettura.home.scene.world import World

RESULT_CHARACTERS_MAX = 2_000


@final
class Tracing:
    """Puts traces into the world's outbox.

    A refusal is told once for as long as its reason stays the same; with `tells_all` each time.
    """

    def __init__(self, world: World, *, tells_all: bool = False) -> None:
        self._world = world
        self._tells_all = tells_all
        self._refusals: dict[str, str] = {}
        """The last refusal of each, while no run has begun since."""

    def ended(self, run: Run) -> None:
        """A run is over."""
        if run.ending == "refused" and self._is_again(run.doable, run.reason):
            return
        if run.ending != "refused":
            self._refusals.pop(run.doable.entity_id, None)
        self._world.outbox.append(
            Trace(
                run=run.id,
                scene=run.doable.entity_id,
                trigger=run.trigger,
                start_ns=run.start_ns,
                end_ns=self._world.now_ns,
                state=run.ending,
                reason=run.reason,
                steps=[_step(shown) for shown in run.shown],
                cause=run.cause,
            )
        )

    def refused(
        self, doable: Doable, cause: Cause, trigger: str, reason: str, shown: list[Shown]
    ) -> None:
        """No run has begun."""
        if self._is_again(doable, reason):
            return
        self._world.outbox.append(
            Trace(
                run=cause.id,
                scene=doable.entity_id,
                trigger=trigger,
                start_ns=self._world.now_ns,
                end_ns=self._world.now_ns,
                state="refused",
                reason=reason,
                steps=[_step(each) for each in shown],
                cause=cause,
            )
        )

    def _is_again(self, doable: Doable, reason: str) -> bool:
        if self._tells_all:
            return False
        if self._refusals.get(doable.entity_id) == reason:
            return True
        self._refusals[doable.entity_id] = reason
        return False


def _step(shown: Shown) -> TraceStep:
    result = "" if shown.result is None else as_json(shown.result)
    return TraceStep(
        time_ns=shown.time_ns,
        path=shown.path,
        result=result[:RESULT_CHARACTERS_MAX],
        error=shown.error,
    )
