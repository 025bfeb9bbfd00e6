"""evcc's choices as whole numbers: asked only where what the relaxation shows does not prove it."""

import numpy as np

from vettura.energy.evcc import Request
from vettura.energy.evcc_choices import Choices
from vettura.energy.evcc_program import EvccLayout
from vettura.energy.evcc_value import Terms
from vettura.energy.plan_program import Builder, Floats, Ints, Program
from vettura.units import WH_PER_KWH

_NONE = np.zeros(0, dtype=np.int32)


def with_whole_numbers(
    request: Request, terms: Terms, program: Program, layout: EvccLayout, *, ways: bool
) -> tuple[Program, Ints]:
    """The program with a column of 0 or 1 for each choice, and which columns these are.

    Without `ways` which way things flow is left open: seldom does it need to be asked.
    """
    return _Whole(request, terms, program, layout).build(ways=ways)


class _Whole:
    def __init__(
        self, request: Request, terms: Terms, program: Program, layout: EvccLayout
    ) -> None:
        self.request, self.terms, self.layout = request, terms, layout
        self.program = program
        self.builder = Builder.after(program)
        self.count = len(terms.hours)
        self.whole: list[Ints] = []
        self.most_kwh = self._most()

    def build(self, *, ways: bool) -> tuple[Program, Ints]:
        if ways:
            self._direction()
        for battery in range(len(self.request.batteries)):
            if ways:
                self._flow(battery)
            self._least(battery)
        return self.builder.program(), np.concatenate([_NONE, *self.whole])

    def _most(self) -> Floats:
        """(T,) More than can ever flow [kWh]."""
        power = sum(b.c_max + b.d_max for b in self.request.batteries)
        return (np.abs(self.terms.net) + power * self.terms.hours) / WH_PER_KWH + 1.0

    def _binaries(self, count: int) -> Ints:
        columns = self.builder.columns(count, cost=0.0, lower=0.0, upper=1.0)
        self.whole.append(columns)
        return columns

    def _if(self, columns: Ints, most: Floats, flag: Ints, *, is_on: bool) -> None:
        """column <= most while the flag is on (or off), else nothing."""
        upper = 0.0 if is_on else most
        rows = self.builder.rows(len(columns), lower=-np.inf, upper=upper)
        self.builder.entries(rows, columns, 1.0)
        self.builder.entries(rows, flag, -most if is_on else most)

    def _direction(self) -> None:
        exporting = self._binaries(self.count)
        choices = Choices(self.request, self.terms, self.layout)
        for sides, is_on in ((choices.imports_side, False), (choices.exports_side, True)):
            for columns in sides:
                upper = np.minimum(self.program.upper[columns], self.most_kwh)
                self._if(columns, upper, exporting, is_on=is_on)

    def _flow(self, battery: int) -> None:
        columns = self.layout.batteries[battery]
        asked = self.request.batteries[battery]
        if asked.c_max == 0.0 or asked.d_max == 0.0:
            return
        gives = self._binaries(self.count)
        self._if(columns.discharge, self.program.upper[columns.discharge], gives, is_on=True)
        self._if(columns.charge, self.program.upper[columns.charge], gives, is_on=False)

    def _least(self, battery: int) -> None:
        columns = self.layout.batteries[battery]
        asked = self.request.batteries[battery]
        least = asked.c_min * self.terms.hours / WH_PER_KWH
        slots = columns.demand_slots
        nearly = self._full(battery) if len(slots) else None
        if asked.c_min == 0.0 or asked.c_max == 0.0:
            return
        charges = self._binaries(self.count)
        self._if(columns.charge, self.program.upper[columns.charge], charges, is_on=True)
        rows = self.builder.rows(self.count, lower=0.0, upper=np.inf)
        self.builder.entries(rows, columns.charge, 1.0)
        self.builder.entries(rows, charges, -least)
        if nearly is not None:
            self.builder.entries(rows[slots], nearly, least[slots])

    def _full(self, battery: int) -> Ints:
        """What is full needs not take what is demanded; what is nearly so may take little."""
        columns = self.layout.batteries[battery]
        asked = self.request.batteries[battery]
        slots = columns.demand_slots
        held, most = columns.held[slots], asked.s_max / WH_PER_KWH
        least = asked.c_min * self.terms.hours[slots] / WH_PER_KWH
        full, nearly = self._binaries(len(slots)), self._binaries(len(slots))
        for flag, lower in ((full, 0.0), (nearly, -least)):
            rows = self.builder.rows(len(slots), lower=lower, upper=np.inf)
            self.builder.entries(rows, held, 1.0)
            self.builder.entries(rows, flag, -most)
        wanted = self.program.row_lower[columns.demand]
        self.builder.entries(columns.demand, full, wanted)
        return nearly
