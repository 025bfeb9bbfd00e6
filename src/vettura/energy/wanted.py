"""What a station shall have now, and how urgently, from schedule, car and goal. Pure."""

from typing import NamedTuple

from vettura.bus.messages_energy import ChargingNeeds, GoalState, Schedule
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S, SECONDS_PER_HOUR

USUAL_LEFT_S = 8.0 * SECONDS_PER_HOUR
"""A car whose departure nobody knows is taken to stay a night (our judgement)."""
LEFT_S_MIN = 900.0


class Wanted(NamedTuple):
    """Power at the grid's side [W], negative out of the car; None: any number of phases."""

    power_w: float
    phases: int | None = None


def wanted_now(
    plan: Schedule | None, config: StationConfig, adopted_w: float | None, now_ns: int
) -> Wanted:
    """What the plan says for now; without a plan that holds, what is safe.

    `adopted_w` is what it had before anybody planned in this life [W]; None when that is over.
    """
    if plan is None:
        return Wanted(config.safe_w if adopted_w is None else adopted_w)
    if now_ns >= plan.until_ns:
        return Wanted(config.safe_w)
    found = None
    for period in plan.periods:
        if period.start_ns <= now_ns:
            found = period
    if found is None:
        return Wanted(0.0)
    power_w = max(found.power_w, -config.discharge_power_w_max)
    return Wanted(min(power_w, config.power_w_max), found.phases)


def need_w(needs: ChargingNeeds | None, goal: GoalState | None, now_ns: int) -> float:
    """The mean power that a car needs until it leaves [W]; 0 when nobody knows."""
    if needs is None:
        return 0.0
    energy_wh, by_ns = needs.energy_wh, needs.departure_ns
    if goal is not None and needs.soc is not None and needs.capacity_wh is not None:
        energy_wh = max(goal.soc - needs.soc, 0.0) * needs.capacity_wh
        by_ns = goal.early_ns
    if energy_wh is None:
        return 0.0
    left_s = USUAL_LEFT_S if by_ns is None else (by_ns - now_ns) / NS_PER_S
    return energy_wh / max(left_s, LEFT_S_MIN) * SECONDS_PER_HOUR
