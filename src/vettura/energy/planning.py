"""Asks the planner, and a simple safe rule when it fails: there is always a plan, and who made it.

The solver is loaded when it is asked first, so a machine without it plans by rule and says so.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol, final

import numpy as np
import structlog

from vettura.bus.messages_energy import Reason
from vettura.energy.problem import Plan, Problem
from vettura.energy.rules import safe_rule
from vettura.life.local_time import zone

log = structlog.get_logger()

RULE_TEXT = "by the safe rule: at once up to the goal, then what the sun leaves over"
BALANCE_W = 5.0


class Strategy(Protocol):
    """A way to plan."""

    def plan(self, problem: Problem) -> Plan:
        """The plan for that problem."""
        ...


class Planned(NamedTuple):
    """A plan with its reasons, slot by slot, of each storage."""

    plan: Plan
    reasons: list[list[Reason]]
    note: str
    """Why it is not the planner's; empty when it is."""


@final
class Planning:
    """Plans again and again; `timezone` is of the times of day in its reasons.

    `strategy` None loads the planner when it is needed first.
    """

    def __init__(self, strategy: Strategy | None = None, *, timezone: str = "UTC") -> None:
        self._strategy = strategy
        self._zone = zone(timezone)
        self._explains = strategy is None
        self._unavailable = ""

    def plan(self, problem: Problem, *, trusts: str = "") -> Planned:
        """The best plan there is; `trusts` says why the planner is not to be asked, if so."""
        if trusts:
            return self._by_rule(problem, trusts)
        if not problem.storages and not problem.flexibles:
            return self._by_rule(problem, "")
        try:
            plan = self._planner().plan(problem)
            _check(problem, plan)
            return Planned(plan, self._reasons(problem, plan), "")
        except Exception as error:  # noqa: BLE001  whatever a solver does, the car is charged
            self._strategy = self._strategy if not self._explains else None
            return self._by_rule(problem, f"the planner failed ({_said(error)})")

    def _planner(self) -> Strategy:
        if self._strategy is None:
            from vettura.energy.plan import Planner

            self._strategy = Planner()
        return self._strategy

    def _reasons(self, problem: Problem, plan: Plan) -> list[list[Reason]]:
        from vettura.energy.explain import reasons

        return [list(each) for each in reasons(problem, plan, zone=self._zone)]

    def _by_rule(self, problem: Problem, why: str) -> Planned:
        if why:
            log.warning("planned_by_rule", why=why)
        plan = safe_rule(replace(problem, hours=None))
        return Planned(plan, rule_reasons(plan), why)


def rule_reasons(plan: Plan) -> list[list[Reason]]:
    """A rule has one reason for everything."""
    one = Reason(code="rule", text=RULE_TEXT)
    return [[one] * plan.slots.count for _ in plan.storages]


def _check(problem: Problem, plan: Plan) -> None:
    """A plan that is none is refused: numbers, and a balance in each slot."""
    flows: Sequence[np.ndarray[tuple[int, ...], np.dtype[np.float64]]] = [
        plan.import_w,
        plan.export_w,
        plan.sun_w,
        *(each.charge_w for each in plan.storages),
        *(each.discharge_w for each in plan.storages),
    ]
    if not all(np.isfinite(flow).all() for flow in flows):
        raise ValueError("a flow of the plan is no number")
    taken_w = sum((each.charge_w - each.discharge_w for each in plan.storages), problem.load_w)
    taken_w = sum(plan.flexible_w, taken_w)
    gap_w = float(np.max(np.abs(plan.import_w - plan.export_w + plan.sun_w - taken_w)))
    if gap_w > BALANCE_W:
        raise ValueError(f"the plan's balance is {gap_w:.0f} W off")


def _said(error: Exception) -> str:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return text[:120]
