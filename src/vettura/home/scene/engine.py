"""The engine of scenes: feed it states, events and the time; take what it wants done. No I/O.

Everything happens within its methods, in an order that depends on nothing but what it was fed:
the same feed gives the same orders, live, rehearsed or replayed.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, final

from vettura.bus.messages import Answer, Wire
from vettura.bus.messages_home import Cause, DeviceAbout
from vettura.errors import LivelockError
from vettura.home.scene import triggers_event as triggers_event
from vettura.home.scene import triggers_state as triggers_state
from vettura.home.scene import triggers_time as triggers_time
from vettura.home.scene.automations import Automations
from vettura.home.scene.calls import Calls, Host
from vettura.home.scene.faults import Fault
from vettura.home.scene.general import General
from vettura.home.scene.inputs import Inputs
from vettura.home.scene.kept import KeptRun
from vettura.home.scene.parts import Group, Scenes, Schedule, Timer
from vettura.home.scene.plain import packed
from vettura.home.scene.promises import Promises
from vettura.home.scene.remembering import go_on, keep, recall
from vettura.home.scene.run import Doable, Run
from vettura.home.scene.runner import Runner
from vettura.home.scene.scripts import Scripts
from vettura.home.scene.standing import Groups, Schedules, TemplateEntities
from vettura.home.scene.state import State
from vettura.home.scene.steps import KindsOfSteps
from vettura.home.scene.timers import Timers
from vettura.home.scene.tracing import Tracing
from vettura.home.scene.triggers_event import topic_matches
from vettura.home.scene.triggers_time import SHUTDOWN_EVENT
from vettura.home.scene.waits import Waits
from vettura.home.scene.world import Event, HomePlace, Topic, World


@final
class Engine:
    """The scenes of one home, running."""

    def __init__(
        self,
        scenes: Scenes,
        place: HomePlace,
        host: Host,
        *,
        now_ns: int,
        new_id: Callable[[], str],
        seed: int = 0,
        tells_all: bool = False,
    ) -> None:
        self.world = World(place, now_ns=now_ns, seed=seed)
        self.calls = Calls(self.world, host)
        self._waits = Waits(self.world)
        steps = KindsOfSteps(self.world, self.calls, self._waits)
        self.runner = Runner(self.world, steps, self, new_id)
        self._tracing = Tracing(self.world, tells_all=tells_all)
        world, calls = self.world, self.calls
        self.automations = Automations(world, calls, self.runner, self._tracing, scenes.automations)
        self.scripts = Scripts(world, calls, self.runner, scenes.scripts)
        helpers = scenes.helpers
        timers = tuple(part for part in helpers if isinstance(part, Timer))
        groups = tuple(part for part in helpers if isinstance(part, Group))
        schedules = tuple(part for part in helpers if isinstance(part, Schedule))
        inputs = tuple(part for part in helpers if not isinstance(part, Timer | Group | Schedule))
        self._inputs = Inputs(world, calls, inputs)
        self._timers = Timers(world, calls, timers)
        self._general = General(world, calls, scenes.scenes)
        self._own_ids = [
            part.entity_id
            for part in (
                *scenes.automations,
                *scenes.scripts,
                *scenes.scenes,
                *inputs,
                *timers,
            )
        ]
        self._standing = (
            Groups(world, groups),
            Schedules(world, schedules),
            TemplateEntities(world, scenes.templates),
        )
        self._promises = Promises(world, calls.happens, scenes.promises)

    # Of the runner

    def changed(self, doable: Doable) -> None:
        """How many runs of it there are has changed."""
        self.automations.changed(doable)
        self.scripts.changed(doable)

    def ended(self, run: Run) -> None:
        """A run is over, or was refused."""
        self._tracing.ended(run)

    def doable(self, entity_id: str) -> Doable | None:
        """What an automation or script of that id runs."""
        return self.automations.doable(entity_id) or self.scripts.doable(entity_id)

    # Life

    def show(self, before: Mapping[str, State]) -> None:
        """Let own entities be as they were `before`, or as they begin."""
        self._inputs.show_all(before)
        self._timers.show_all(before)
        self._general.show_all(before)
        self.scripts.show_all(before)
        self.automations.show_all(before)
        for standing in self._standing:
            standing.start()
        self._settle()

    def start(self) -> None:
        """The house has started: automations listen and promises count from now on."""
        self._promises.start()
        self.automations.start()
        self._settle()

    def go_on(self, kept: Iterable[KeptRun]) -> None:
        """Take up the runs that were kept; a scene that has changed since begins anew."""
        recalled = []
        for each in kept:
            doable = self.doable(each.scene)
            try:
                if doable is None:
                    raise Fault("it is there no more")
                recalled.append((recall(each, doable), each))
            except Fault as fault:
                self.world.warn(each.scene, f"a run that was going on is given up: {fault}")
        go_on(self.runner, self.calls, self._waits, recalled)
        for run, _ in recalled:
            self.changed(run.doable)
        self._settle()

    def remembered(self) -> dict[str, list[Any]]:
        """Own entities as they are to be kept: state and packed attributes."""
        kept: dict[str, list[Any]] = {}
        triggered = {**self.automations.last_triggered(), **self.scripts.last_triggered()}
        for entity_id in self._own_ids:
            state = self.world.states.get(entity_id)
            if state is not None:
                shown = state.attributes if entity_id.startswith("timer.") else {}
                if entity_id in triggered:
                    shown = {"last_triggered_ns": triggered[entity_id]}
                kept[entity_id] = [state.state, packed(shown)]
        return kept

    def kept_runs(self) -> list[KeptRun]:
        """The runs that are going on."""
        return [keep(run) for run in self.runner.runs()]

    def stop(self) -> None:
        """The house is about to stop."""
        self.happen(SHUTDOWN_EVENT, {}, None)

    def next_ns(self) -> int | None:
        """When something is due by itself; None: never."""
        return self.world.agenda.next_ns()

    def advance(self, to_ns: int) -> None:
        """Let time pass, and all happen that is due until then, each at its time."""
        world = self.world
        while (when_ns := world.agenda.next_ns()) is not None and when_ns <= to_ns:
            world.now_ns = max(world.now_ns, when_ns)
            world.agenda.ring(world.now_ns)
            self._settle()
        world.now_ns = max(world.now_ns, to_ns)

    def _settle(self) -> None:
        try:
            self.world.agenda.settle()
        except LivelockError as error:
            self.world.warn("scenes", error.message)

    # What happens outside

    def update(
        self,
        entity_id: str,
        state: str,
        attributes: Mapping[str, Any],
        *,
        cause: Cause | None = None,
    ) -> None:
        """An entity is so now."""
        world = self.world
        if world.states.set(entity_id, state, attributes, time_ns=world.now_ns, cause=cause):
            self._settle()

    def remove(self, entity_id: str) -> None:
        """An entity is gone."""
        if self.world.states.remove(entity_id):
            self._settle()

    def enter(self, device: str, about: DeviceAbout) -> None:
        """A device says what it is."""
        for entity_id in self.world.directory.enter(device, about):
            self.remove(entity_id)

    def happen(self, event_type: str, data: Mapping[str, Any], cause: Cause | None) -> None:
        """An event has happened."""
        event = Event(event_type=event_type, data=data, time_ns=self.world.now_ns, cause=cause)
        self.world.happens(event)
        self._settle()

    def hear(self, topic: Topic) -> None:
        """An MQTT message has come."""
        for pattern, hearer in tuple(self.world.topic_hearers.values()):
            if topic_matches(pattern, topic.topic):
                hearer(topic)
        self._settle()

    def filters(self) -> list[str]:
        """The MQTT filters that scenes listen to now."""
        return sorted({pattern for pattern, _ in self.world.topic_hearers.values()})

    def call(
        self, action: str, data: dict[str, Any], cause: Cause, done: Callable[[Answer], None]
    ) -> None:
        """Somebody outside calls an action; `done` is told what became of it."""

        def answer(fault: Fault | None, _response: Any) -> None:
            done(Answer(ok=fault is None, reason="" if fault is None else str(fault)))

        try:
            calling = self.calls.calling(action, data, cause=cause, call_id=cause.id)
        except Fault as fault:
            answer(fault, None)
            return
        self.calls.do(calling, answer)
        self._settle()

    def answered(self, done: Callable[[], None]) -> None:
        """A device has answered: `done` tells whoever waits."""
        done()
        self._settle()

    # What comes out

    def take(self) -> list[Wire]:
        """Everything to be told since the last time, in order."""
        outbox, self.world.outbox = self.world.outbox, []
        return outbox

    def take_lines(self) -> list[str]:
        """Warnings for people since the last time."""
        lines, self.world.lines = self.world.lines, []
        return lines
