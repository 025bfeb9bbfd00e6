"""Who is rehearsed: a name, whether it may take from cars, and how it answers a problem."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, final

from vettura.energy.plan import Planner
from vettura.energy.problem import Plan, Problem
from vettura.energy.rules import cheapest_slots, evcc_like, plugged_in

Answer: TypeAlias = Callable[[Problem, int], Plan]
"""A problem, and how many of its slots have published prices."""

PLUGGED, CHEAPEST, EVCC, PLANNER, GIVES = "plugged", "cheapest", "evcc", "planner", "planner_v2h"
BOUND, BOUND_GIVES = "bound", "bound_v2h"
TITLES = {
    PLUGGED: "plug and charge",
    CHEAPEST: "cheapest slots",
    EVCC: "rules as evcc has them",
    PLANNER: "planner",
    GIVES: "planner + V2H",
    BOUND: "perfect foresight",
    BOUND_GIVES: "perfect foresight + V2H",
}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """One way to charge."""

    name: str
    answer: Answer
    gives: bool = False


def all_strategies() -> tuple[Strategy, ...]:
    """The five that live through the year, each with a memory of its own."""
    return (
        Strategy(name=PLUGGED, answer=_rule(plugged_in)),
        Strategy(name=CHEAPEST, answer=_rule(cheapest_slots)),
        Strategy(name=EVCC, answer=_evcc),
        Strategy(name=PLANNER, answer=_planned(Planner())),
        Strategy(name=GIVES, answer=_planned(Planner()), gives=True),
    )


def _rule(rule: Callable[[Problem], Plan]) -> Answer:
    return lambda problem, _: rule(problem)


def _evcc(problem: Problem, known: int) -> Plan:
    return evcc_like(problem, known=known)


def _planned(planner: Planner) -> Answer:
    return lambda problem, _: planner.plan(problem)
