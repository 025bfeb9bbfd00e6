"""How a battery ages: capacity and resistance over years and cycles, by chemistry.

Semi-empirical laws as NREL's BLAST-Lite collects them (Smith et al. 2017; Gasper et al. 2022): what
time takes and what use takes add up, each y = k·x^p with x in days or in full cycles and k by
temperature, charge, depth and current. Sudden death (knee points) and plating in the cold are not
in these laws. Called hourly or daily, never in the car's step.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from vettura.car.battery import curve_v
from vettura.car.chemistry import CHEMISTRIES
from vettura.car.params import TABLE_SIZE
from vettura.car.tables import lookup
from vettura.units import ZERO_DEGC_IN_K

REFERENCE_K = 25.0 + ZERO_DEGC_IN_K
GAS_J_PER_MOL_K = 8.314
HOURS_PER_DAY = 24.0
SECONDS_PER_DAY = 86_400.0
CAPACITY_SHARE_MIN = 0.05
"""Far below anything a car lives to see; the laws do not end by themselves."""
RATE_SLOPE = 0.0630 / 0.0971
"""Growth of the loss by cycles with each C of mean current: Naumann et al. 2020, LFP. The sets of
the other chemistries were cycled at one current, so they borrow it."""
GAIN_PER_LOSS = 2.0
"""Resistance gained over capacity lost where nobody published it (NCA, LMO): what Schmalstieg's
own two laws give at 25 °C and half charge."""


class Calendar(NamedTuple):
    """What time takes: rate · days^power."""

    rate: float
    """After one day at 25 °C, to be multiplied with `by_charge`."""
    power: float
    activation_k: float
    """E/R of the rate [K]."""
    by_charge: tuple[float, ...]
    """Factor, TABLE_SIZE points over the pack's own charge; never falls."""


class Cycling(NamedTuple):
    """What use takes: (by_depth + by_charge) · current factor · cycles^power."""

    power: float
    by_depth: tuple[float, ...]
    """After one full cycle, TABLE_SIZE points over the depth of cycles; never falls."""
    by_charge: tuple[float, ...]
    """Added to it, over the middle charge of cycles; never falls."""
    tested_per_h: float
    """Mean current [C] at which the tables hold."""
    rate_slope: float
    """Growth with each C."""


class AgeingParams(NamedTuple):
    """One chemistry."""

    loss_by_time: Calendar
    loss_by_use: Cycling
    gain_by_time: Calendar
    gain_by_use: Cycling


class Health(NamedTuple):
    """How far a battery has aged. It is all the laws remember, so conditions may change."""

    capacity_share: float
    """Capacity over the new battery's, in (0, 1]."""
    resistance_share: float
    """Resistance over the new battery's, 1 or more."""
    loss_by_time: float
    loss_by_use: float
    gain_by_time: float
    gain_by_use: float


class Stress(NamedTuple):
    """What a battery went through for a while."""

    hours: float
    soc_mean: float
    """The pack's own charge, 0 to 1, averaged over time."""
    soc_low: float
    soc_high: float
    """Between which it was cycled."""
    battery_degc: float
    throughput_ah_per_ah: float
    """Charge moved in and out, over capacity: a full cycle makes 2."""
    rate_per_h: float
    """Current over capacity [C], averaged over the charge that moved."""


NEW = Health(1.0, 1.0, 0.0, 0.0, 0.0, 0.0)


def age(params: AgeingParams, health: Health, stress: Stress) -> Health:
    """The battery after `stress`.

    Each law y = k·x^p is carried on from what was lost so far, y^(1/p) + k^(1/p)·x, which is the
    solution of its differential form: constant conditions may be cut anywhere, and changing ones
    are taken as they come. The tests behind the laws span about -10 to 60 °C and up to 2 C.
    """
    loss_by_time = _by_time(params.loss_by_time, health.loss_by_time, stress)
    loss_by_use = _by_use(params.loss_by_use, health.loss_by_use, stress)
    gain_by_time = _by_time(params.gain_by_time, health.gain_by_time, stress)
    gain_by_use = _by_use(params.gain_by_use, health.gain_by_use, stress)
    return Health(
        capacity_share=max(1.0 - loss_by_time - loss_by_use, CAPACITY_SHARE_MIN),
        resistance_share=1.0 + gain_by_time + gain_by_use,
        loss_by_time=loss_by_time,
        loss_by_use=loss_by_use,
        gain_by_time=gain_by_time,
        gain_by_use=gain_by_use,
    )


def _by_time(law: Calendar, so_far: float, stress: Stress) -> float:
    kelvin = stress.battery_degc + ZERO_DEGC_IN_K
    warmth = math.exp(law.activation_k * (1.0 / REFERENCE_K - 1.0 / kelvin))
    rate = law.rate * warmth * lookup(law.by_charge, stress.soc_mean)
    return _carried_on(so_far, rate, law.power, stress.hours / HOURS_PER_DAY)


def _by_use(law: Cycling, so_far: float, stress: Stress) -> float:
    depth = lookup(law.by_depth, stress.soc_high - stress.soc_low)
    middle = lookup(law.by_charge, 0.5 * (stress.soc_low + stress.soc_high))
    current = (1.0 + law.rate_slope * stress.rate_per_h) / (1.0 + law.rate_slope * law.tested_per_h)
    cycles = 0.5 * stress.throughput_ah_per_ah
    return _carried_on(so_far, (depth + middle) * current, law.power, cycles)


def _carried_on(so_far: float, rate: float, power: float, span: float) -> float:
    inverse = 1.0 / power
    after: float = (so_far**inverse + rate**inverse * span) ** power
    # Rounding must not heal a battery.
    return max(after, so_far)


def _table(law: Callable[[float], float]) -> tuple[float, ...]:
    return tuple(law(k / (TABLE_SIZE - 1)) for k in range(TABLE_SIZE))


NOTHING = _table(lambda _: 0.0)


def _lfp() -> AgeingParams:
    """Sony US26650, LFP and graphite: Naumann et al., J. Energy Storage 17 (2018) 153 for time, J.
    Power Sources 451 (2020) 227666 for use.

    Its resistance grows most at half charge; that is taken for any charge, and the growth at low
    current for any current, so that nothing makes a battery better.
    """
    return AgeingParams(
        loss_by_time=Calendar(
            rate=1.2571e-5 * math.sqrt(SECONDS_PER_DAY),
            power=0.5,
            activation_k=17_126.0 / GAS_J_PER_MOL_K,
            by_charge=_table(lambda soc: 2.8575 * (soc - 0.5) ** 3 + 0.60225),
        ),
        loss_by_use=Cycling(
            power=0.5,
            by_depth=_table(lambda d: 0.0971e-2 * (4.0253 * (d - 0.6) ** 3 + 1.0923)),
            by_charge=NOTHING,
            tested_per_h=0.0,
            rate_slope=RATE_SLOPE,
        ),
        gain_by_time=Calendar(
            rate=3.4194e-10 * SECONDS_PER_DAY,
            power=1.0,
            activation_k=71_827.0 / GAS_J_PER_MOL_K,
            by_charge=_table(lambda _: 1.5604),
        ),
        gain_by_use=Cycling(
            power=1.0,
            by_depth=_table(lambda d: 0.0021e-2 * (6.8477 * (d - 0.5) ** 3 + 0.9182)),
            by_charge=NOTHING,
            tested_per_h=0.0,
            rate_slope=0.0,
        ),
    )


def _nmc() -> AgeingParams:
    """Sanyo UR18650E, NMC and graphite: Schmalstieg et al., J. Power Sources 257 (2014) 325.

    Their laws go by voltage, from 3.33 V, and by ampere-hours of a 2.15 Ah cell, 4.3 in a cycle;
    cycled at 1 C and 35 °C. They have use weigh a little more below 3.67 V, too; left out.
    """
    volts = CHEMISTRIES["nmc"].cell_v
    cycle_ah = 4.3

    def above(soc: float, least_v: float) -> float:
        return max(curve_v(volts, soc) - least_v, 0.0)

    return AgeingParams(
        loss_by_time=Calendar(
            rate=1e6 * math.exp(-6_976.0 / REFERENCE_K),
            power=0.75,
            activation_k=6_976.0,
            by_charge=_table(lambda soc: 7.543 * (3.33 + above(soc, 3.33)) - 23.75),
        ),
        loss_by_use=Cycling(
            power=0.5,
            by_depth=_table(lambda d: math.sqrt(cycle_ah) * (7.6e-4 + 4.081e-3 * d)),
            by_charge=_table(lambda soc: math.sqrt(cycle_ah) * 7.348e-3 * above(soc, 3.667) ** 2),
            tested_per_h=1.0,
            rate_slope=RATE_SLOPE,
        ),
        gain_by_time=Calendar(
            rate=1e5 * math.exp(-5_986.0 / REFERENCE_K),
            power=0.75,
            activation_k=5_986.0,
            by_charge=_table(lambda soc: 5.270 * (3.33 + above(soc, 3.33)) - 16.32),
        ),
        gain_by_use=Cycling(
            power=1.0,
            by_depth=_table(lambda d: cycle_ah * max(2.798e-4 * d - 1.521e-5, 0.0)),
            by_charge=_table(lambda soc: cycle_ah * 2.153e-4 * above(soc, 3.725) ** 2),
            tested_per_h=1.0,
            rate_slope=0.0,
        ),
    )


def _nca() -> AgeingParams:
    """Panasonic NCR18650B, NCA and graphite: BLAST-Lite's fit to Keil et al., J. Electrochem. Soc.
    163 (2016) A1872 for time and Preger et al., ibid. 167 (2020) 120532 for use, which was charged
    at 0.5 C and discharged at 1 C or more."""
    loss_by_time = Calendar(
        rate=75.4 * math.exp(-3_340.0 / REFERENCE_K),
        power=0.512,
        activation_k=3_340.0,
        by_charge=_table(lambda soc: math.exp(353.0 * soc / REFERENCE_K)),
    )
    loss_by_use = Cycling(
        power=0.699,
        by_depth=_table(lambda d: 2.0 * (1.86e-6 + 1.77e-4 * d)),
        by_charge=NOTHING,
        tested_per_h=0.75,
        rate_slope=RATE_SLOPE,
    )
    return _with_borrowed_gain(loss_by_time, loss_by_use)


def _lmo() -> AgeingParams:
    """Nissan Leaf modules of 2011 to 2012, LMO mixed with NCA, and graphite: BLAST-Lite's fit to
    Braco et al., J. Energy Storage 32 (2020) 101695 and IEEE EEEIC 2022.

    The modules began their tests at 70 % of new; the same law is taken from the first day. Cycled
    at 1 C and full depth only.
    """
    loss_by_time = Calendar(
        rate=3.25e8 * math.exp(-7_580.0 / REFERENCE_K),
        power=0.464,
        activation_k=7_580.0,
        by_charge=_table(lambda soc: math.exp(162.0 * soc / REFERENCE_K)),
    )
    loss_by_use = Cycling(
        power=1.08,
        by_depth=_table(lambda _: 7.58e-5),
        by_charge=NOTHING,
        tested_per_h=1.0,
        rate_slope=RATE_SLOPE,
    )
    return _with_borrowed_gain(loss_by_time, loss_by_use)


def _with_borrowed_gain(loss_by_time: Calendar, loss_by_use: Cycling) -> AgeingParams:
    return AgeingParams(
        loss_by_time=loss_by_time,
        loss_by_use=loss_by_use,
        gain_by_time=loss_by_time._replace(rate=GAIN_PER_LOSS * loss_by_time.rate),
        gain_by_use=loss_by_use._replace(
            by_depth=tuple(GAIN_PER_LOSS * k for k in loss_by_use.by_depth)
        ),
    )


AGEING = {"lfp": _lfp(), "nmc": _nmc(), "nca": _nca(), "lmo": _lmo(), "nmc_lmo": _lmo()}
"""By chemistry, as in car files."""
