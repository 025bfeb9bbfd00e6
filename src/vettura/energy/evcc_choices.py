"""The choices in evcc's model, made by what the relaxation shows and solved again."""

from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from vettura.energy.evcc import Request
from vettura.energy.evcc_program import BatteryColumns, EvccLayout
from vettura.energy.evcc_value import Terms
from vettura.energy.plan_program import Flags, Floats, Ints, Program
from vettura.units import WH_PER_KWH

TINY_KWH = 1e-7
FULL_KWH = 1e-6


@final
@dataclass(slots=True)
class Made:
    """Choices made so far, as bounds."""

    upper: dict[int, float] = field(default_factory=dict)
    lower: dict[int, float] = field(default_factory=dict)
    row_lower: dict[int, float] = field(default_factory=dict)

    def applied(self, program: Program) -> Program:
        """The program under these choices."""
        upper, lower = program.upper.copy(), program.lower.copy()
        row_lower = program.row_lower.copy()
        for array, changes in (
            (upper, self.upper),
            (lower, self.lower),
            (row_lower, self.row_lower),
        ):
            array[list(changes.keys())] = list(changes.values())
        return replace(program, upper=upper, lower=lower, row_lower=row_lower)

    def close(self, columns: Ints) -> None:
        """Nothing flows there."""
        self.upper.update(dict.fromkeys(columns.tolist(), 0.0))


@final
class Choices:
    """What a request leaves to choose."""

    def __init__(self, request: Request, terms: Terms, layout: EvccLayout) -> None:
        self.request, self.terms, self.layout = request, terms, layout
        batteries = list(zip(request.batteries, layout.batteries, strict=True))
        grid = request.grid
        # Where a limit is nothing, all is above it, whichever way the rest flows.
        over = [layout.over] if grid.p_max_imp else []
        lost = [layout.lost] if grid.p_max_exp else []
        self.imports_side = [layout.imports, *over] + [
            columns.discharge for battery, columns in batteries if not battery.discharge_to_grid
        ]
        self.exports_side = [layout.exports, *lost] + [
            columns.charge for battery, columns in batteries if not battery.charge_from_grid
        ]

    def make(self, value: Floats, made: Made) -> bool:
        """Make those that this solution leaves open; False when there are none."""
        is_new = False
        for battery, columns in enumerate(self.layout.batteries):
            is_new |= self._full(battery, columns, value, made)
            is_new |= self._flow(columns, value, made)
            is_new |= self._least(battery, columns, value, made)
        return self._direction(value, made) or is_new

    def is_open(self, value: Floats) -> bool:
        """Whether something flows both ways at once."""
        made = Made()
        flows = [self._flow(columns, value, made) for columns in self.layout.batteries]
        return self._direction(value, made) or any(flows)

    def _full(self, battery: int, columns: BatteryColumns, value: Floats, made: Made) -> bool:
        """What is full takes no more, whatever is demanded."""
        most = self.request.batteries[battery].s_max / WH_PER_KWH
        slots = columns.demand_slots
        is_full = value[columns.held[slots]] >= most - FULL_KWH
        is_full &= value[columns.lacking] > TINY_KWH
        made.row_lower.update(dict.fromkeys(columns.demand[is_full].tolist(), -np.inf))
        made.lower.update(dict.fromkeys(columns.held[slots[is_full]].tolist(), most - FULL_KWH))
        return bool(is_full.any())

    def _flow(self, columns: BatteryColumns, value: Floats, made: Made) -> bool:
        charged, given = value[columns.charge], value[columns.discharge]
        both = np.minimum(charged, given) > TINY_KWH
        net = charged * self.request.eta_c - given / self.request.eta_d
        made.close(columns.discharge[both & (net >= 0.0)])
        made.close(columns.charge[both & (net < 0.0)])
        return bool(both.any())

    def least_kwh(self, battery: int) -> Floats:
        """(T,) The least that it charges in a step, if anything."""
        return self.request.batteries[battery].c_min * self.terms.hours / WH_PER_KWH

    def is_low(self, battery: int, columns: BatteryColumns, value: Floats) -> Flags:
        """(T,) Where it charges less than it may."""
        charged, least = value[columns.charge], self.least_kwh(battery)
        low = np.greater(charged, TINY_KWH) & np.less(charged, least - TINY_KWH)
        asked = self.request.batteries[battery]
        if asked.p_demand is not None:
            room = asked.s_max / WH_PER_KWH - value[columns.held]
            low &= ~(np.greater(asked.p_demand, 0.0) & (room <= least + TINY_KWH))
        return low

    def _least(self, battery: int, columns: BatteryColumns, value: Floats, made: Made) -> bool:
        low = self.is_low(battery, columns, value)
        least = self.least_kwh(battery)
        is_up = low & (value[columns.charge] >= least / 2.0)
        made.lower.update(zip(columns.charge[is_up].tolist(), least[is_up].tolist(), strict=True))
        made.close(columns.charge[low & ~is_up])
        return bool(low.any())

    def _direction(self, value: Floats, made: Made) -> bool:
        count = len(self.terms.hours)
        sides = [
            sum((value[its] for its in side), np.zeros(count))
            for side in (self.imports_side, self.exports_side)
        ]
        both = np.minimum(*sides) > TINY_KWH
        is_import = sides[0] > sides[1]
        for side, mask in ((self.imports_side, ~is_import), (self.exports_side, is_import)):
            for its in side:
                made.close(its[both & mask])
        return bool(both.any())
