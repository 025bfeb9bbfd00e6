"""What a trip says about a car: energy over stretches, coulombs against charge, volts against amps.

A row is one number that was measured, what the model says of it, and how far that moves with each
parameter. Rows are sums over minutes or kilometres: there the noise of single seconds is gone.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from vettura.drive.calibrate_knobs import CAPACITY, KNOBS, NAMES, RESISTANCE
from vettura.units import SECONDS_PER_HOUR

DRIVING, STANDING, CLIMATE, CHARGE, PULSES = "driving", "standing", "climate", "charge", "pulses"

STRETCH_M = 2_000.0
"""Short enough that hills and traffic differ between stretches, long enough that a second of
misalignment does not count."""
STRETCH_MIN_M = 1_000.0
STRETCH_MAX_S = 300.0
STANDING_MPS = 0.3

TRIP_SIGMA = 0.03
"""What is left of a trip's energy that no parameter explains, relative, beside its stretches: wind,
rain, traffic's wake. The best fits leave 3.4 % in the mean on the i3's trips, a standard deviation
of 4.2 %, and ten stretches make 3 % of that."""
STRETCH_SIGMA = 0.12
"""The same for one stretch beside its trip: slopes from GPS, gusts, bends."""
STRETCH_LEFT = 0.6
"""Of the stretches' variance, what is left in a trip's total: a wrong height between two stretches
makes one dearer and the other cheaper. Residuals of neighbours correlate by -0.2 on 29 measured
trips of an i3, and 1 + 2·(-0.2) is left of a sum."""
STRETCH_FLOOR_WH = 8.0
"""A second of misalignment at 30 kW at either end."""
STANDING_SIGMA, STANDING_FLOOR_W, STANDING_FLOOR_WH = 0.15, 60.0, 1.0
"""Lamps, fans and wipers come and go: tens of watts."""
CLIMATE_SIGMA, CLIMATE_FLOOR_WH = 0.20, 25.0
"""What people set, and where the sun stands, is not known."""
CHANNEL_SIGMA, CHANNEL_ZERO_W = 0.05, 120.0
"""What heater and compressor take beside what they are said to take: gain, and zero error while
they claim anything. At rest, what is left of an i3's pack power varies by some 60 W around 600 W
under heaters of 1 to 4 kW in winter, but by 200 W under claims of a few hundred watts in summer."""
CHARGE_SIGMA, SOC_SIGMA = 0.01, 0.005
"""Gain of a current sensor, and of one reading of the state of charge: control units correct it by
half a percent."""
PULSES_SIGMA = 0.08
"""Cells are not all as warm as their sensor: 2 K change the resistance by 8 %."""
BLOCK_S = 5
BLOCKS_MIN = 12
PULSE_A_MIN = 5.0
"""Current must change by this much (root mean square) from block to block."""


class Row(NamedTuple):
    """One number that was measured."""

    kind: str
    measured: float
    predicted: float
    size: float
    """What the relative noise refers to."""
    floor: float
    """Noise that is there however small the size."""
    sensitivity: tuple[float, ...]
    """Change of `predicted` for each of KNOBS, per share of the car file's figure."""


SIGMAS = {
    DRIVING: STRETCH_SIGMA,
    STANDING: STANDING_SIGMA,
    CLIMATE: CLIMATE_SIGMA,
    CHARGE: CHARGE_SIGMA,
    PULSES: PULSES_SIGMA,
}


def variance_of(row: Row, stretch_sigma: float = STRETCH_SIGMA) -> float:
    """Variance of a row's noise, beside what is common to its whole trip."""
    sigma = stretch_sigma if row.kind == DRIVING else SIGMAS[row.kind]
    return (sigma * row.size) ** 2 + row.floor**2


def channel_sd_wh(*, energy_wh: float, claimed_s: float) -> float:
    """What the climate's channels may be off [Wh], by what they claim and for how long."""
    return math.hypot(CHANNEL_SIGMA * energy_wh, CHANNEL_ZERO_W * claimed_s / SECONDS_PER_HOUR)


def only(name: str, value: float) -> tuple[float, ...]:
    """Sensitivity to one parameter alone."""
    return tuple(value if knob == name else 0.0 for knob in NAMES)


NOTHING = tuple(0.0 for _ in KNOBS)


def cut(speed_mps: Sequence[float]) -> list[int]:
    """Which stretch each second belongs to; -1 while the car stands. One speed a second.

    Stretches end after 2 km or 300 s of driving; a short rest is joined to the last one.
    """
    places: list[int] = []
    index, along_m, seconds = 0, 0.0, 0.0
    for speed in speed_mps:
        if speed <= STANDING_MPS:
            places.append(-1)
            continue
        if along_m >= STRETCH_M or seconds >= STRETCH_MAX_S:
            index, along_m, seconds = index + 1, 0.0, 0.0
        places.append(index)
        along_m += speed
        seconds += 1.0
    if index > 0 and along_m < STRETCH_MIN_M:
        places = [min(place, index - 1) for place in places]
    return places


def sums(values: Sequence[float], places: Sequence[int]) -> list[float]:
    """Totals by stretch; the last is what came while standing."""
    count = max(places, default=-1) + 1
    totals = [0.0] * (count + 1)
    for value, place in zip(values, places, strict=True):
        totals[place if place >= 0 else count] += value
    return totals


def charge_row(*, coulombs: float, soc_change: float, capacity_c: float, share: float) -> Row:
    """Coulombs that left the pack beside the charge that it says it lost.

    `capacity_c` is the car file's, `share` what is held of it now.
    """
    return Row(
        CHARGE,
        coulombs,
        share * capacity_c * soc_change,
        abs(coulombs),
        math.sqrt(2.0) * SOC_SIGMA * capacity_c,
        only(CAPACITY, capacity_c * soc_change),
    )


class Slope(NamedTuple):
    """How volts fall with amps."""

    ohm: float
    sd_ohm: float


def slope_of(volts: Sequence[float], amps: Sequence[float]) -> Slope | None:
    """Least squares of changes in voltage over changes in current (positive discharges).

    Changes between means over 5 s: charge and warmth hardly move meanwhile. None where the current
    hardly changes, or for less than a minute.
    """
    means = list(zip(_blocks(volts), _blocks(amps), strict=True))
    steps = [(v1 - v0, a1 - a0) for (v0, a0), (v1, a1) in pairwise(means)]
    square = sum(a * a for _, a in steps)
    if len(steps) < BLOCKS_MIN or square < PULSE_A_MIN**2 * len(steps):
        return None
    ohm = -sum(v * a for v, a in steps) / square
    rest = sum((v + ohm * a) ** 2 for v, a in steps) / (len(steps) - 1)
    return Slope(ohm, math.sqrt(rest / square))


def _blocks(values: Sequence[float]) -> list[float]:
    count = len(values) // BLOCK_S
    return [sum(values[BLOCK_S * k : BLOCK_S * (k + 1)]) / BLOCK_S for k in range(count)]


def pulse_row(measured: Slope, model: Slope, *, share: float) -> Row:
    """The same slope in what was measured and in what the model, at `share`, says of that drive."""
    floor = math.hypot(measured.sd_ohm, model.sd_ohm)
    return Row(
        PULSES, measured.ohm, model.ohm, model.ohm, floor, only(RESISTANCE, model.ohm / share)
    )
