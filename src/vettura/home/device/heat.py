"""How a house warms and cools: air and structure, two masses, solved exactly between events. Pure.

C1 dT1/dt = H12 (T2 - T1) + Hv (Ta - T1) + Q1   air, furniture, plaster
C2 dT2/dt = H12 (T1 - T2) + He (Ta - T2) + Q2   walls and floors

A reduced form of the simple hourly method of ISO 13790:2008; its values for a house of medium
weight: 165 kJ/K of structure per m² of floor, 9.1 W/(m²·K) over 2.5 m² of surface per m² of floor.
"""

import math
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

from vettura.units import NS_PER_S, SECONDS_PER_HOUR

Insulation: TypeAlias = Literal["old", "usual", "new"]
LOSS_W_PER_K_M2 = {"old": 2.2, "usual": 1.2, "new": 0.55}
"""Through walls, roof and windows per m² of floor: about what TABULA has for single-family houses
in northern Italy before 1976, of about 1990, and after 2006 (episcope.eu)."""
AIR_WH_PER_K_M2 = 10.0
STRUCTURE_WH_PER_K_M2 = 165.0 / 3.6
COUPLING_W_PER_K_M2 = 10.0
VENTILATION_W_PER_K_M2 = 0.34 * 0.3 * 2.7
"""0.34 Wh/(m³·K) of air, changed 0.3 times an hour, in rooms 2.7 m high."""
SUN_M2_PER_M2 = 0.03
"""Sun that gets in, per m² of floor and W/m² on the ground: windows, their glass, their shade."""
SUN_TO_AIR = 0.3
_HALVINGS = 40


class Mass(NamedTuple):
    """How warm air and structure are [degC]."""

    air_degc: float
    structure_degc: float


class Around(NamedTuple):
    """What acts on them, held until something changes."""

    ambient_degc: float
    vent_w_per_k: float
    air_w: float
    """Heat into the air."""
    structure_w: float
    """Heat into the structure."""


class House(NamedTuple):
    """One house."""

    air_wh_per_k: float
    structure_wh_per_k: float
    coupling_w_per_k: float
    loss_w_per_k: float

    def stored_wh(self, mass: Mass) -> float:
        """Heat in it over 0 degC."""
        return self.air_wh_per_k * mass.air_degc + self.structure_wh_per_k * mass.structure_degc


class Course(NamedTuple):
    """Temperatures over time: a steady end and two decays, for air and structure."""

    steady: Mass
    rates_per_h: tuple[float, float]
    air_k: tuple[float, float]
    structure_k: tuple[float, float]

    def at(self, hours: float) -> Mass:
        """The temperatures so long after the begin."""
        first, second = (math.exp(rate * hours) for rate in self.rates_per_h)
        return Mass(
            self.steady.air_degc + self.air_k[0] * first + self.air_k[1] * second,
            self.steady.structure_degc + self.structure_k[0] * first + self.structure_k[1] * second,
        )

    def summed(self, hours: float) -> Mass:
        """The integral of both over that time [K·h]."""
        first, second = (math.expm1(rate * hours) / rate for rate in self.rates_per_h)
        return Mass(
            self.steady.air_degc * hours + self.air_k[0] * first + self.air_k[1] * second,
            self.steady.structure_degc * hours
            + self.structure_k[0] * first
            + self.structure_k[1] * second,
        )

    def reaches_h(self, air_degc: float, within_h: float) -> float | None:
        """When the air is first that warm [h]; None when it is not within that time."""
        marks = [0.0, within_h]
        turn_h = self._turn_h()
        if turn_h is not None and 0.0 < turn_h < within_h:
            marks.insert(1, turn_h)
        for begin, end in pairwise(marks):
            is_below = self.at(begin).air_degc < air_degc
            if is_below != (self.at(end).air_degc < air_degc):
                return self._crosses_h(air_degc, begin, end, is_below=is_below)
        return None

    def _crosses_h(self, air_degc: float, low: float, high: float, *, is_below: bool) -> float:
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            if (self.at(middle).air_degc < air_degc) == is_below:
                low = middle
            else:
                high = middle
        return high

    def _turn_h(self) -> float | None:
        """When the air stops rising and falls, or the other way round; None when it does not."""
        first, second = (k * rate for k, rate in zip(self.air_k, self.rates_per_h, strict=True))
        if first == 0.0 or second / first >= 0.0:
            return None
        return math.log(-second / first) / (self.rates_per_h[0] - self.rates_per_h[1])


def house_of(floor_m2: float, insulation: Insulation) -> House:
    """A house of that floor [m²]."""
    return House(
        air_wh_per_k=AIR_WH_PER_K_M2 * floor_m2,
        structure_wh_per_k=STRUCTURE_WH_PER_K_M2 * floor_m2,
        coupling_w_per_k=COUPLING_W_PER_K_M2 * floor_m2,
        loss_w_per_k=LOSS_W_PER_K_M2[insulation] * floor_m2,
    )


def course_of(house: House, mass: Mass, around: Around) -> Course:
    """How the temperatures go on from `mass` while `around` stays."""
    c1, c2, h12, he = house
    hv = around.vent_w_per_k
    a, b = -(h12 + hv) / c1, h12 / c1
    c, d = h12 / c2, -(h12 + he) / c2
    e = (hv * around.ambient_degc + around.air_w) / c1
    f = (he * around.ambient_degc + around.structure_w) / c2
    determinant = a * d - b * c
    steady = Mass((b * f - d * e) / determinant, (c * e - a * f) / determinant)
    half, root = 0.5 * (a + d), math.sqrt(0.25 * (a - d) ** 2 + b * c)
    slow, fast = half + root, half - root
    y1 = mass.air_degc - steady.air_degc
    y2 = mass.structure_degc - steady.structure_degc
    first = (y2 - (fast - a) * y1 / b) / (slow - fast)
    second = y1 / b - first
    return Course(
        steady,
        (slow, fast),
        (first * b, second * b),
        (first * (slow - a), second * (fast - a)),
    )


def lost_wh(house: House, around: Around, summed: Mass, hours: float) -> float:
    """What flowed out to the air outside in that time."""
    out_air = around.vent_w_per_k * (summed.air_degc - around.ambient_degc * hours)
    out_walls = house.loss_w_per_k * (summed.structure_degc - around.ambient_degc * hours)
    return out_air + out_walls


def hours_of(duration_ns: int) -> float:
    """Nanoseconds as hours."""
    return duration_ns / NS_PER_S / SECONDS_PER_HOUR
