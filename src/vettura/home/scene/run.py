"""One run of an automation or script, as data: where it is, what it knows, what it waits for.

A run is a tree of fibers, since `parallel` splits it; a fiber is a stack of frames, one for each
sequence it is in; each frame stands at one step. All of it can be kept and taken up again.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from vettura.bus.messages_home import Cause
from vettura.home.scene.faults import Fault
from vettura.home.scene.tree import Action, Where

Ending: TypeAlias = Literal["finished", "stopped", "failed", "refused", "aborted"]
Variables: TypeAlias = dict[str, Any]
STEPS_SHOWN_MAX = 300
"""Of a trace; the rest is left out."""


class Halt(Exception):  # noqa: N818  it is no error
    """Ends a sequence or the whole run, as the scene wishes."""


class ConditionHalt(Halt):
    """A condition among the actions does not hold: this sequence ends here."""


class StopHalt(Halt):
    """`stop`: the whole run ends here, with a response for who called it."""

    def __init__(self, reason: str, response: Any) -> None:
        super().__init__(reason)
        self.response = response


class AbortHalt(Halt):
    """The whole run ends here, and not well: `stop` with an error, or a wait that took too long."""


Trouble: TypeAlias = Fault | Halt


@dataclass(slots=True, kw_only=True)
class Pending:
    """What a fiber waits for."""

    kind: Literal["delay", "wait_template", "wait_for_trigger", "call", "parallel", "turn"]
    until_ns: int | None = None
    """When the waiting ends by itself; None: never."""
    call: str = ""
    """Id of the action that an answer is awaited for."""
    child: str = ""
    """Id of the run that was called."""
    cancel: Callable[[], None] = lambda: None
    """Forgets alarms and listeners."""


@dataclass(slots=True, kw_only=True)
class Loop:
    """How far a `repeat` is."""

    iteration: int = 0
    count: int | None = None
    """None: until a condition says so."""
    items: list[Any] | None = None
    outer: Any = None
    """The variable `repeat` of the loop around this one."""
    instant_ns: int = 0
    spins: int = 0
    """Rounds within one instant."""


@dataclass(slots=True, kw_only=True)
class Frame:
    """One sequence that a fiber is in."""

    steps: tuple[Action, ...]
    path: str
    """Such as `action/0/choose/1/sequence`."""
    variables: Variables
    index: int = 0
    loop: Loop | None = None
    """Of the `repeat` whose body this is."""


@dataclass(slots=True, kw_only=True)
class Fiber:
    """One thread of a run."""

    frames: list[Frame]
    parent: "Fiber | None" = None
    children: "list[Fiber]" = field(default_factory=list)
    pending: Pending | None = None
    trouble: Trouble | None = None
    """How a branch of a `parallel` ended, when not well."""
    is_over: bool = False

    def everybody(self) -> "list[Fiber]":
        """This fiber and all it has split into."""
        return [self, *(each for child in self.children for each in child.everybody())]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doable:
    """What can be run: an automation's actions or a script."""

    entity_id: str
    name: str
    where: Where
    mode: Literal["single", "restart", "queued", "parallel"]
    max: int
    max_exceeded: str
    steps: tuple[Action, ...]
    root: str
    """How paths in it begin: action or sequence."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A step for the trace."""

    time_ns: int
    path: str
    result: Any = None
    error: str = ""


@dataclass(slots=True, kw_only=True)
class Run:
    """One run."""

    id: str
    doable: Doable
    cause: Cause
    trigger: str
    """What set it off, for people."""
    start_ns: int
    root: Fiber
    on_end: "Callable[[Run], None] | None" = None
    """Who called it, and waits."""
    callers: tuple[str, ...] = ()
    """Entity ids of the scripts and automations whose runs wait for this one."""
    is_waiting: bool = False
    """In the queue, not begun."""
    is_over: bool = False
    ending: Ending = "finished"
    reason: str = ""
    trouble: Trouble | None = None
    response: Any = None
    orders: int = 0
    """Actions called so far: each has an id of its own, the same after a restart."""
    shown: list[Shown] = field(default_factory=list)

    def show(self, time_ns: int, path: str, result: Any = None, error: str = "") -> None:
        """Note a step."""
        if len(self.shown) < STEPS_SHOWN_MAX:
            self.shown.append(Shown(time_ns, path, result, error))
