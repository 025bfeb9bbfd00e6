"""Runs as they are kept, and taken up again after a restart."""

from collections.abc import Iterable
from typing import Any

from vettura.home.scene.calls import Calls
from vettura.home.scene.faults import ConditionFault, Fault
from vettura.home.scene.kept import KeptFiber, KeptFrame, KeptRun
from vettura.home.scene.plain import packed, unpacked
from vettura.home.scene.run import Doable, Fiber, Frame, Loop, Pending, Run, Variables
from vettura.home.scene.runner import Runner
from vettura.home.scene.tree import (
    Action,
    Call,
    Choose,
    If,
    Parallel,
    Repeat,
    Sequence,
    WaitForTrigger,
    WaitTemplate,
)
from vettura.home.scene.waits import Waits
from vettura.units import NS_PER_S


def keep(run: Run) -> KeptRun:
    """A run as it is kept."""
    scopes: list[Variables] = []
    root = _keep_fiber(run.root, scopes)
    return KeptRun(
        id=run.id,
        scene=run.doable.entity_id,
        cause=run.cause,
        trigger=run.trigger,
        start_ns=run.start_ns,
        root=root,
        scopes=[packed(scope) for scope in scopes],
        callers=list(run.callers),
        is_waiting=run.is_waiting,
        orders=run.orders,
    )


def _keep_fiber(fiber: Fiber, scopes: list[Variables]) -> KeptFiber:
    pending = fiber.pending
    kind = pending.kind if pending is not None and pending.kind != "turn" else ""
    return KeptFiber(
        frames=[_keep_frame(frame, scopes) for frame in fiber.frames],
        kind=kind,
        until_ns=pending.until_ns if pending is not None else None,
        call=pending.call if pending is not None else "",
        child=pending.child if pending is not None else "",
        children=[_keep_fiber(child, scopes) for child in fiber.children],
        is_over=fiber.is_over,
    )


def _keep_frame(frame: Frame, scopes: list[Variables]) -> KeptFrame:
    scope = next((k for k, each in enumerate(scopes) if each is frame.variables), len(scopes))
    if scope == len(scopes):
        scopes.append(frame.variables)
    loop = frame.loop
    kept_loop = None
    if loop is not None:
        kept_loop = [loop.iteration, loop.count, packed(loop.items), packed(loop.outer)]
    step = frame.steps[frame.index] if frame.index < len(frame.steps) else None
    return KeptFrame(
        path=frame.path,
        index=frame.index,
        kind=type(step).__name__ if step is not None else "",
        scope=scope,
        loop=kept_loop,
    )


def recall(kept: KeptRun, doable: Doable) -> Run:
    """The run that was kept, not yet going on; `Fault` when its scene has changed since."""
    try:
        scopes = [unpacked(scope) for scope in kept.scopes]
        root = _recall_fiber(kept.root, doable, scopes, None)
    except (KeyError, IndexError, TypeError, ValueError):
        raise Fault("what was kept of a run cannot be read") from None
    return Run(
        id=kept.id,
        doable=doable,
        cause=kept.cause,
        trigger=kept.trigger,
        start_ns=kept.start_ns,
        root=root,
        callers=tuple(kept.callers),
        is_waiting=kept.is_waiting,
        orders=kept.orders,
    )


def _recall_fiber(
    kept: KeptFiber, doable: Doable, scopes: list[Variables], parent: Fiber | None
) -> Fiber:
    fiber = Fiber(frames=[], parent=parent, is_over=kept.is_over)
    for each in kept.frames:
        steps = steps_at(doable, each.path)
        step = steps[each.index] if each.index < len(steps) else None
        if each.index > len(steps) or (type(step).__name__ if step else "") != each.kind:
            raise Fault("it stood at a step that is another one now")
        loop = None
        if each.loop is not None:
            iteration, count, items, outer = each.loop
            loop = Loop(
                iteration=iteration, count=count, items=unpacked(items), outer=unpacked(outer)
            )
        fiber.frames.append(
            Frame(
                steps=steps,
                path=each.path,
                variables=scopes[each.scope],
                index=each.index,
                loop=loop,
            )
        )
    fiber.children = [_recall_fiber(child, doable, scopes, fiber) for child in kept.children]
    return fiber


def steps_at(doable: Doable, path: str) -> tuple[Action, ...]:
    """The sequence at a path such as `action/0/choose/1/sequence`; `Fault` when there is none."""
    steps = doable.steps
    parts = iter(path.split("/")[1:])
    try:
        for part in parts:
            steps = _inner(steps[int(part)], parts)
    except (IndexError, ValueError, StopIteration):
        raise Fault("it stood in a sequence that is gone") from None
    return steps


def _inner(step: Action, parts: Iterable[str]) -> tuple[Action, ...]:
    rest = iter(parts)
    word = next(rest)
    match step, word:
        case Choose(), "choose":
            option = step.options[int(next(rest))]
            next(rest)
            return option.sequence
        case Choose(), "default":
            return step.default
        case If(), "then":
            return step.then
        case If(), "else":
            return step.else_
        case Repeat(), "repeat":
            next(rest)
            return step.sequence
        case Parallel(), "parallel":
            branch = step.branches[int(next(rest))]
            next(rest)
            return branch.sequence
        case Sequence(), "sequence":
            return step.sequence
    raise IndexError(word)


def go_on(runner: Runner, calls: Calls, waits: Waits, runs: list[tuple[Run, KeptRun]]) -> None:
    """Let runs that were recalled go on where they stood."""
    for run, _ in runs:
        runner.enter(run)
    for run, kept in runs:
        if not run.is_waiting:
            _go_on(runner, calls, waits, run, run.root, kept.root)


def _go_on(
    runner: Runner, calls: Calls, waits: Waits, run: Run, fiber: Fiber, kept: KeptFiber
) -> None:
    if fiber.is_over:
        return
    if kept.kind == "parallel" and fiber.children:
        fiber.pending = Pending(kind="parallel")
        for child, kept_child in zip(fiber.children, kept.children, strict=True):
            _go_on(runner, calls, waits, run, child, kept_child)
        return
    frame = fiber.frames[-1]
    step = frame.steps[frame.index] if frame.index < len(frame.steps) else None
    now_ns = runner.world.now_ns
    left_s = None if kept.until_ns is None else max(0.0, (kept.until_ns - now_ns) / NS_PER_S)
    match kept.kind, step:
        case "delay", _:
            waits.delay_until(runner, run, fiber, kept.until_ns or now_ns)
        case "wait_template", WaitTemplate():
            _wait_for_template(runner, waits, run, fiber, step, left_s)
        case "wait_for_trigger", WaitForTrigger():
            variables = frame.variables
            seen = {key: value for key, value in variables.items() if key != "wait"}
            waits.trigger(runner, run, fiber, step, left_s, seen)
        case "call", Call():
            _call_again(runner, calls, run, fiber, step, kept)
        case _:
            runner.put_off(run, fiber, 1)


def _wait_for_template(
    runner: Runner,
    waits: Waits,
    run: Run,
    fiber: Fiber,
    step: WaitTemplate,
    left_s: float | None,
) -> None:
    """It may have become true while nobody looked."""
    wait: Any = fiber.frames[-1].variables["wait"]
    try:
        text = runner.world.templates.text(step.wait_template, fiber.frames[-1].variables)
    except Fault as fault:
        runner.fail(run, fiber, ConditionFault(str(fault)), 1)
        return
    if text.lower() == "true":
        wait["completed"], wait["remaining"] = True, left_s
        runner.step_over(run, fiber, 1)
        return
    waits.template(runner, run, fiber, step, left_s)


def _call_again(
    runner: Runner, calls: Calls, run: Run, fiber: Fiber, step: Call, kept: KeptFiber
) -> None:
    """A device knows the id of what it has done already; a run that was called goes on itself."""
    child = runner.run(kept.child) if kept.child else None
    if kept.child and child is None:
        runner.step_over(run, fiber, 1)
        return
    try:
        if child is None:
            calls.revive(runner, run, fiber, step, kept.call)
        else:
            calls.wait_for(runner, run, fiber, step, kept.call, child)
    except Fault as fault:
        runner.fail(run, fiber, fault, 1)
