"""Names the tasks that hold up a rehearsal, so that its error says where to look."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType

_SHOWN_MAX = 20
_UNHELPFUL = (str(Path(asyncio.__file__).parent), str(Path(__file__).parent))


def waiting(tasks: Iterable[asyncio.Task[object]]) -> str:
    """Return each task's name, coroutine, file and line, one task per line."""
    lines = [f"\n  {_task_text(task)}" for task in tasks]
    more = len(lines) - _SHOWN_MAX
    return "".join(lines[:_SHOWN_MAX]) + (f"\n  and {more} more" if more > 0 else "")


def busiest(owners: Counter[object]) -> str:
    """Return the owners that ran most, most first, with their share of the calls."""
    total = owners.total()
    return "".join(
        f"\n  {_owner_text(owner)}: {count / total:.0%} of the last calls"
        for owner, count in owners.most_common(_SHOWN_MAX)
    )


def owner(handle: asyncio.Handle) -> object:
    """Return the task that a ready call belongs to, or the callback's own name."""
    callback = getattr(handle, "_callback", None)
    task = getattr(callback, "__self__", None)
    if isinstance(task, asyncio.Task):
        return task
    return getattr(callback, "__qualname__", type(callback).__name__)


def _owner_text(owner: object) -> str:
    return _task_text(owner) if isinstance(owner, asyncio.Task) else f"callback {owner}"


def _task_text(task: asyncio.Task[object]) -> str:
    coroutine = task.get_coro()
    name = getattr(coroutine, "__qualname__", type(coroutine).__name__)
    return f"{task.get_name()}: {name} ({_place(coroutine)})"


def _place(coroutine: object) -> str:
    """Return file and line of the innermost wait that is neither asyncio's nor the clock's own."""
    frames = [
        frame for frame in _frames(coroutine) if not frame.f_code.co_filename.startswith(_UNHELPFUL)
    ]
    if not frames:
        return "no line known"
    path = Path(frames[-1].f_code.co_filename)
    return f"{path.parent.name}/{path.name}:{frames[-1].f_lineno}"


def _frames(awaited: object) -> Iterator[FrameType]:
    while awaited is not None:
        for kind in ("cr", "gi", "ag"):
            frame = getattr(awaited, f"{kind}_frame", None)
            if frame is not None:
                yield frame
        awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "gi_yieldfrom", None)
