"""Why a storage does what it does in each slot: from the plan's dual values, in words.

What a kWh costs in a slot is the dual value of the house's balance there; what it is worth in a
battery is the dual value of the battery's balance. A storage charges where the first (over the
charger's efficiency) is below the second, gives where it is above, and otherwise waits. What the
worth comes from is found by going on from the slot until something holds it: a goal that is just
met, a battery that is full or empty, a slot that it serves, the end.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import final

import numpy as np

from vettura.bus.messages_energy import Reason
from vettura.energy.plan_blocks import import_price
from vettura.energy.problem import Array, Goal, Plan, Problem, Storage, StorageFlows
from vettura.units import NS_PER_S, W_PER_KW, WH_PER_KWH

POWER_W = 10.0
"""Below, nothing flows that a person would see."""
HELD_WH = 5.0
PRICE = 1e-4
"""Per kWh: prices that differ by less are the same."""
DAY_S = 86_400
FLOOR = "floor"
"""The name of goals that are met at once whatever it costs."""


def reasons(problem: Problem, plan: Plan, *, zone: tzinfo = UTC) -> list[list[Reason]]:
    """For each storage and slot why; times of day in `zone`, prices per kWh."""
    return [
        _Teller(problem, plan, storage, flows, zone).all()
        for storage, flows in zip(problem.storages, plan.storages, strict=True)
    ]


@final
@dataclass(frozen=True, slots=True)
class _Aim:
    """What energy that is in a storage after a slot is for."""

    border: int
    """Until then it stays."""
    words: str
    goal: Goal | None = None


@final
class _Teller:
    def __init__(
        self, problem: Problem, plan: Plan, storage: Storage, flows: StorageFlows, zone: tzinfo
    ) -> None:
        self.problem, self.plan, self.storage, self.flows = problem, plan, storage, flows
        self.zone = zone
        self.count = plan.slots.count
        self.is_here = (storage.charge_w_max > 0.0) | (storage.discharge_w_max > 0.0)
        self.here = _price_here(problem, plan)
        worth = flows.worth_per_wh * WH_PER_KWH
        self.worth_wall = worth * storage.charge_efficiency
        """What a kWh at the wall may cost to be worth its charging."""
        self.borders = np.concatenate([[0], np.cumsum(problem.slot_hours())]) * 3600.0

    def all(self) -> list[Reason]:
        return [self._one(slot) for slot in range(self.count)]

    def _one(self, slot: int) -> Reason:
        charge, discharge = self.flows.charge_w[slot], self.flows.discharge_w[slot]
        if not self.is_here[slot]:
            return Reason(code="away", text="away")
        if self.plan.origin != "planner":
            does = "charges" if charge > POWER_W else "gives" if discharge > POWER_W else "waits"
            return Reason(code="rule", text=f"{does} by the rule {self.plan.origin!r}")
        if charge > POWER_W:
            return self._charging(slot)
        if discharge > POWER_W:
            return self._giving(slot)
        return self._waiting(slot)

    def _charging(self, slot: int) -> Reason:
        floor = self._floor(slot)
        price = self.here[slot]
        if floor is not None:
            return Reason(code="floor", text=f"charges at once up to its floor: {price:.2f} here")
        if self._is_sun(slot):
            sold = self.problem.export_per_wh[slot] * WH_PER_KWH
            text = f"charges from the sun, which would earn {sold:.2f}"
            if self.problem.sun_w[slot] > self.plan.sun_w[slot] + POWER_W or sold <= PRICE:
                text = "charges from sun that nobody else takes"
            return Reason(code="sun", text=text)
        aim = self._aim(slot)
        other = self._next_best(slot, aim)
        if other is None:
            when = self._when(aim.border)
            code = "goal" if aim.goal is not None else "cheap"
            text = (
                f"charges: {price:.2f} here, and every slot until {when} is needed for {aim.words}"
            )
            return Reason(code=code, text=text)
        cost = self.here[other]
        if cost < price - PRICE:
            text = (
                f"charges: {price:.2f} here; {cost:.2f} at {self._when(other)} is not enough "
                f"for {aim.words}"
            )
            return Reason(code="goal" if aim.goal is not None else "cheap", text=text)
        text = f"charges: {price:.2f} here, the next slot that could serve {aim.words} costs "
        return Reason(code="cheap", text=f"{text}{cost:.2f}")

    def _giving(self, slot: int) -> Reason:
        price = self.here[slot]
        wear = self.storage.wear_per_wh * WH_PER_KWH
        held = self.flows.worth_per_wh[slot] * WH_PER_KWH
        kept = f"what it holds is worth {held:.2f}"
        kept += f" and its wear {wear:.2f}" if wear > 0.0 else ""
        if self.plan.export_w[slot] > POWER_W and self.storage.exports:
            return Reason(code="sell", text=f"sells at {price:.2f}: {kept}")
        return Reason(
            code="house", text=f"gives to the house, where a kWh costs {price:.2f}: {kept}"
        )

    def _waiting(self, slot: int) -> Reason:
        held, price = self.flows.energy_wh[slot], self.here[slot]
        if held >= self.storage.energy_max_wh - HELD_WH:
            return Reason(code="full", text="holds all that it may")
        if self.storage.charge_w_max[slot] <= POWER_W:
            return Reason(code="limit", text="may not charge now")
        later = self._next_charge(slot)
        if price <= self.worth_wall[slot] - PRICE:
            return self._held_back(slot)
        if later is not None:
            cost = self.here[later]
            text = f"waits: {price:.2f} here, {cost:.2f} at {self._when(later)}"
            return Reason(code="wait", text=text)
        text = f"nothing to gain: {price:.2f} here, worth {max(self.worth_wall[slot], 0.0):.2f}"
        return Reason(code="idle", text=text)

    def _held_back(self, slot: int) -> Reason:
        """It would pay to charge, but something is in the way."""
        spare_w = self.problem.sun_w[slot] - self.problem.load_w[slot]
        if 0.0 < spare_w < self.storage.charge_w_least:
            text = f"waits: {spare_w / W_PER_KW:.1f} kW of sun are too little for its charger"
            return Reason(code="limit", text=text)
        wire = self.problem.connection
        drawn = self.plan.import_w[slot]
        limit = min(wire.import_w_max, 3.0 * wire.phase_w_max)
        if drawn >= limit - POWER_W or np.isfinite(wire.phase_w_max):
            return Reason(code="fuse", text="waits: the house already draws what its fuse allows")
        if wire.peak_per_w > 0.0 and drawn >= self.plan.import_w.max() - POWER_W:
            return Reason(code="peak", text="waits: more would raise the month's highest power")
        if not self.storage.charges_from_grid:
            return Reason(code="limit", text="waits for the sun, from which alone it may charge")
        return Reason(code="limit", text="can take no more now")

    def _is_sun(self, slot: int) -> bool:
        if self.plan.sun_w[slot] < POWER_W:
            return False
        return self.plan.import_w[slot] < POWER_W or not self.storage.charges_from_grid

    def _floor(self, slot: int) -> Goal | None:
        for goal in self.storage.goals:
            if goal.name.endswith(FLOOR) and slot < goal.at:
                return goal
        return None

    def _aim(self, slot: int) -> _Aim:
        """Go on until something holds the worth of what is stored."""
        flows, storage = self.flows, self.storage
        missing = {missed.name for missed in self.plan.missed}
        for border in range(slot + 1, self.count + 1):
            for goal in storage.goals:
                is_tight = flows.energy_wh[border] <= goal.energy_wh + HELD_WH
                if goal.at == border and (is_tight or goal.name in missing):
                    return _Aim(border, f"{goal.name!r} at {self._when(border)}", goal)
            if border == self.count:
                break
            if storage.used_wh[border] > 0.0 and flows.energy_wh[border + 1] <= HELD_WH:
                return _Aim(border, f"the trip at {self._when(border)}")
            if flows.discharge_w[border] > POWER_W:
                what = "selling" if self.plan.export_w[border] > POWER_W else "the house"
                price = self.here[border]
                return _Aim(border, f"{what} at {self._when(border)} ({price:.2f})")
        return _Aim(self.count, "later")

    def _next_best(self, slot: int, aim: _Aim) -> int | None:
        """The cheapest other slot before the aim in which it could still charge more."""
        slots = np.arange(slot + 1, aim.border)
        slots = slots[
            self.flows.charge_w[slots] < np.maximum(self.storage.charge_w_max[slots] - POWER_W, 0.0)
        ]
        # Not beyond a border at which it is full: what is charged later serves something else.
        full = np.flatnonzero(
            self.flows.energy_wh[slot + 1 : aim.border] >= self.storage.energy_max_wh - HELD_WH
        )
        if len(full):
            slots = slots[slots <= slot + int(full[0])]
        if len(slots) == 0:
            return None
        return int(slots[np.argmin(self.here[slots])])

    def _next_charge(self, slot: int) -> int | None:
        later = np.flatnonzero(self.flows.charge_w[slot + 1 :] > POWER_W)
        return slot + 1 + int(later[0]) if len(later) else None

    def _when(self, border: int) -> str:
        """The time of day there; with the day, when it is more than a day ahead."""
        seconds = float(self.borders[border])
        at = datetime.fromtimestamp(self.plan.slots.start_ns / NS_PER_S + seconds, tz=self.zone)
        return f"{at:%H:%M}" if seconds < DAY_S else f"{at:%a %H:%M}"


def _price_here(problem: Problem, plan: Plan) -> Array:
    """(n,) What one more kWh costs in a slot, carbon's worth included: what is bought, or not sold.

    The dual value says it too, but in a slot where nothing can be added it says something else.
    """
    bought = import_price(problem)
    sold = problem.export_per_wh * WH_PER_KWH
    marginal = plan.marginal_per_wh * WH_PER_KWH
    kept = np.where(plan.export_w > POWER_W, sold, marginal)
    price: Array = np.where(plan.import_w > POWER_W, bought, kept)
    return price
