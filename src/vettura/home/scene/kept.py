"""What outlives a restart: how own entities are, and runs in the middle of a delay or wait."""

from typing import Any

from vettura.bus.messages import Wire
from vettura.bus.messages_home import Cause


class KeptFrame(Wire, frozen=True, kw_only=True):
    """One sequence that a fiber is in."""

    path: str
    index: int
    kind: str = ""
    """Of the step it stands at: a file that has changed there takes up nothing."""
    scope: int
    """Index of its variables in the run's scopes: frames may share them."""
    loop: list[Any] | None = None
    """iteration, count, items, outer of a `repeat`."""


class KeptFiber(Wire, frozen=True, kw_only=True):
    """One thread of a run."""

    frames: list[KeptFrame]
    kind: str = ""
    """What it waits for; empty when it was about to go on."""
    until_ns: int | None = None
    call: str = ""
    child: str = ""
    children: "list[KeptFiber]" = []
    is_over: bool = False


class KeptRun(Wire, frozen=True, kw_only=True):
    """One run."""

    id: str
    scene: str
    cause: Cause
    trigger: str
    start_ns: int
    root: KeptFiber
    scopes: list[Any]
    """Variables, packed."""
    callers: list[str] = []
    is_waiting: bool = False
    orders: int = 0


class KeptScenes(Wire, frozen=True, kw_only=True):
    """Everything that scenes remember."""

    time_ns: int
    entities: dict[str, list[Any]] = {}
    """State and packed attributes of own entities."""
    runs: list[KeptRun] = []
