"""The traction battery: voltage, resistance, limits and heat."""

import math
from typing import NamedTuple

from vettura.car.params import Ocv, PackParams, Params
from vettura.car.tables import rise

EMPTY_KNEE, FULL_KNEE = 0.06, 0.9
"""Charge below and above which the open-circuit voltage bends away from its polynomial."""
COLDEST_DEGC, WARMEST_DEGC = -30.0, 60.0
"""Range of the resistance over temperature; held beyond."""
ACTIVATED = 0.265
"""Share of the ohmic part that is charge transfer, at 25 °C: the one figure that brings out pulses
of ORNL's Leaf cell at 10 and 25 °C (ratio 1.66 after 0.5 s) and steps of a BMW i3 pack between -1
and 30 °C (192 mΩ at 1, 117 at 11, 64 at 29 °C)."""
POLARISATION_S = 100.0
"""Time constant of the RC pair: 77 s (i3 in traffic) to 127 s (Leaf cell from pulses of 10 s to
discharges of an hour) are best; the voltage errs alike in between."""
FULL_RISE, FULL_RISE_FROM = 0.32, 0.85
EMPTY_RISE, EMPTY_RISE_BELOW = 1.05, 0.30
"""Rise of the ohmic part to the full pack, and of the pair's to the empty one (Leaf cell)."""
COOLING_FROM_DEGC, COOLING_FULL_DEGC = 32.0, 40.0
HEATING_FROM_DEGC, HEATING_FULL_DEGC = 5.0, -5.0
PRECONDITIONED_DEGC, PRECONDITION_RAMP_K = 28.0, 5.0
"""Where a battery is warm enough for its full charging curve, and over how much its heater fades;
makers bring it to 25 to 45 °C."""
HEATING_EFFICIENCY, COOLING_COP = 0.9, 2.0
PEAK_SHARE = 0.96
"""Of the power at which a pack's voltage halves, what is asked of it at most."""
BRIM = 0.003
"""Charge below the cells' end over which regeneration closes; no car here hides less above what
it displays as full."""


class Resistance(NamedTuple):
    """What stands in the current's way."""

    ohmic_ohm: float
    """Answers at once."""
    pair_ohm: float
    """Of the RC pair."""


class Pack(NamedTuple):
    """How the pack answers one step's load."""

    current_a: float
    voltage_v: float
    power_w: float
    chemical_w: float
    heat_w: float
    polarisation_v: float
    soc: float


def open_circuit_v(pack: PackParams, soc: float) -> float:
    """Voltage [V] of the rested pack at a charge of 0 to 1."""
    return curve_v(pack.ocv_v, soc)


def curve_v(ocv: Ocv, soc: float) -> float:
    """Open-circuit voltage [V] at a charge of 0 to 1, of a cell or a pack by its curve.

    A polynomial, with a square corner at the empty end and a cubic one at the full end: what a
    polynomial alone cannot follow. Rises all the way.
    """
    # In pairs and pairs of pairs: a shorter chain than Horner's for the same work.
    square = soc * soc
    low = (ocv.c0 + soc * ocv.c1) + square * (ocv.c2 + soc * ocv.c3)
    high = (ocv.c4 + soc * ocv.c5) + square * (ocv.c6 + soc * ocv.c7)
    middle = low + (square * square) * high
    empty = max(1.0 - soc * (1.0 / EMPTY_KNEE), 0.0)
    full = max((soc - FULL_KNEE) * (1.0 / (1.0 - FULL_KNEE)), 0.0)
    return middle - ocv.empty_v * (empty * empty) + ocv.full_v * (full * full * full)


def resistance(
    pack: PackParams, soc: float, battery_degc: float, resistance_share: float
) -> Resistance:
    """Resistances at that charge and temperature, of a pack aged to `resistance_share`.

    Two processes in a row, each after Arrhenius: ions and electrons on their way (10 kJ/mol), and
    charge transfer (50 kJ/mol; both of the order of impedance spectra, e.g. Waag et al., Applied
    Energy 102, 2013). Their sum steepens in the cold and flattens in the warm, as measured.
    """
    slow = _arrhenius(battery_degc)
    square = slow * slow
    activated = square * square - 1.0
    full = max((soc - FULL_RISE_FROM) * (1.0 / (1.0 - FULL_RISE_FROM)), 0.0)
    empty = max(1.0 - soc * (1.0 / EMPTY_RISE_BELOW), 0.0)
    shared = resistance_share * slow
    return Resistance(
        pack.resistance_ohm
        * shared
        * (1.0 + ACTIVATED * activated)
        * (1.0 + FULL_RISE * (full * full)),
        pack.polarisation_ohm
        * shared
        * (1.0 + pack.polarisation_activated * activated)
        * (1.0 + EMPTY_RISE * (empty * empty)),
    )


def _arrhenius(battery_degc: float) -> float:
    """exp(1200 K · (1/T - 1/T25)) as a polynomial, within 0.13 % from -30 to 60 °C.

    Its fifth power is the same for 6000 K: 10 and 50 kJ/mol over the gas constant.
    """
    degc = min(max(battery_degc, COLDEST_DEGC), WARMEST_DEGC)
    high = 2.823528e-4 + degc * (-2.707791e-6 + degc * 1.38521e-8)
    return 1.444137 + degc * (-2.332489e-2 + degc * high)


def discharge_limit_w(params: Params, soc: float, battery_degc: float) -> float:
    """Power [W] the pack may give: less when it is cold or nearly empty."""
    cold = 0.2 + 0.8 * rise(battery_degc + 20.0, 1.0 / 30.0)
    empty = rise(soc - params.pack.soc_empty, 1.0 / 0.08)
    return params.pack.discharge_power_max_w * cold * empty


def charge_limit_w(params: Params, soc: float, battery_degc: float) -> float:
    """Power [W] the pack may take from the motor: lithium plating forbids much in the cold, and
    there is no room in a full pack. What the display calls full still takes a little, the cells'
    own end (1.0) nothing: a long way down a mountain would else charge them into nowhere."""
    cold = 0.05 + 0.95 * rise(battery_degc + 10.0, 1.0 / 30.0)
    full = 1.0 - 0.95 * rise(soc - (params.pack.soc_full - 0.12), 1.0 / 0.12)
    room = rise(1.0 - soc, 1.0 / BRIM)
    return params.pack.charge_power_max_w * cold * full * room


def peak_power_w(source_v: float, polarisation_v: float, ohmic_ohm: float) -> float:
    """Most power [W] the pack can give at this moment, as far as `carry_power` goes: a cold one
    answers a load with more voltage lost than its limit knows of."""
    behind_v = max(source_v - polarisation_v, 0.1 * source_v)
    return PEAK_SHARE * behind_v * behind_v / (4.0 * ohmic_ohm)


def carry_power(
    source_v: float,
    met: Resistance,
    capacity_c: float,
    soc_per_c: float,
    soc: float,
    polarisation_v: float,
    power_w: float,
    dt: float,
) -> Pack:
    """Answer of the pack to `power_w` at its terminals (positive discharges) over `dt` seconds.

    P = I·(U - I·R) solved for I, with U the open-circuit voltage less the RC pair's, both and the
    capacity (and its reciprocal) at hand. A load beyond the pack's peak is clipped where 96 % of it
    are reached: the voltage stays above 0.6·U.
    """
    behind_v = max(source_v - polarisation_v, 0.1 * source_v)
    square = behind_v * behind_v
    load = min(4.0 * met.ohmic_ohm * power_w, PEAK_SHARE * square)
    below = 2.0 * met.ohmic_ohm * (behind_v + math.sqrt(square - load))
    # An empty pack gives nothing more, however hard it is asked.
    current_a = min(load / below, soc * capacity_c * (1.0 / dt))
    moved = current_a * dt * soc_per_c
    return _answer(met, source_v, behind_v, polarisation_v, soc, current_a, moved, dt)


def carry_current(
    pack: PackParams,
    soc: float,
    polarisation_v: float,
    battery_degc: float,
    capacity_share: float,
    resistance_share: float,
    current_a: float,
    dt: float,
) -> Pack:
    """Answer of the pack to a measured current [A] (positive discharges) over `dt` seconds."""
    source_v = open_circuit_v(pack, soc)
    met = resistance(pack, soc, battery_degc, resistance_share)
    moved = current_a * dt * pack.soc_per_c * (1.0 / capacity_share)
    return _answer(
        met, source_v, source_v - polarisation_v, polarisation_v, soc, current_a, moved, dt
    )


def _answer(
    met: Resistance,
    source_v: float,
    behind_v: float,
    polarisation_v: float,
    soc: float,
    current_a: float,
    moved: float,
    dt: float,
) -> Pack:
    """What the current makes of the pack; the RC pair is stepped implicitly, so any `dt` is stable.

    Heat is what the cells gave and the terminals did not get. It is negative for a moment when the
    current turns and the RC pair gives back; over any load from rest its sum is not.
    """
    voltage_v = behind_v - current_a * met.ohmic_ohm
    chemical_w = current_a * source_v
    power_w = current_a * voltage_v
    share = dt / (POLARISATION_S + dt)
    return Pack(
        current_a,
        voltage_v,
        power_w,
        chemical_w,
        chemical_w - power_w,
        polarisation_v + share * (current_a * met.pair_ohm - polarisation_v),
        min(max(soc - moved, 0.0), 1.0),
    )


def conditioning_power_w(params: Params, battery_degc: float, awake: float, wanted: float) -> float:
    """Electric power [W] for heating (cold) or cooling (hot) the battery, when the car is awake.

    `wanted` is 1 to warm it for fast charging, whoever drives; then it heats up to
    PRECONDITIONED_DEGC.
    """
    hot = rise(battery_degc - COOLING_FROM_DEGC, 1.0 / (COOLING_FULL_DEGC - COOLING_FROM_DEGC))
    cold = rise(HEATING_FROM_DEGC - battery_degc, 1.0 / (HEATING_FROM_DEGC - HEATING_FULL_DEGC))
    below = rise(PRECONDITIONED_DEGC - battery_degc, 1.0 / PRECONDITION_RAMP_K)
    heating = max(awake * cold, wanted * below)
    return awake * hot * params.pack.cooling_w + heating * params.pack.heating_w


def battery_degc_after(
    pack: PackParams,
    battery_degc: float,
    ambient_degc: float,
    heat_w: float,
    conditioning_w: float,
    dt: float,
) -> float:
    """Temperature [°C] of the pack after `dt`: one thermal mass, stepped explicitly.

    Stable: its time constant is hours and `dt` at most a minute.
    """
    gain_w = outside_gain_w(pack, battery_degc, ambient_degc, conditioning_w)
    return battery_degc + dt * pack.degc_per_j * (heat_w + gain_w)


def outside_gain_w(
    pack: PackParams, battery_degc: float, ambient_degc: float, conditioning_w: float
) -> float:
    """Heat [W] that the pack gets from its heater or chiller and from the air; negative: loses."""
    cooling = battery_degc > 0.5 * (PRECONDITIONED_DEGC + COOLING_FROM_DEGC)
    moved_per_w = -COOLING_COP if cooling else HEATING_EFFICIENCY
    return moved_per_w * conditioning_w - pack.ua_w_per_k * (battery_degc - ambient_degc)
