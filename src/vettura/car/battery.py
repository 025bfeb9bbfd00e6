"""The traction battery: voltage, resistance, limits and heat."""

import math
from typing import NamedTuple

from vettura.car.params import Params
from vettura.car.tables import lookup, ramp
from vettura.units import ZERO_DEGC_IN_K

ACTIVATION_K = 4_000.0
"""Activation temperature E/R of cell resistance [K]: 309, 169 and 85 mΩ at 0, 10 and 25 °C on a
BMW i3 pack give 3,900 to 4,200 (33 kJ/mol)."""
REFERENCE_K = 25.0 + ZERO_DEGC_IN_K
COOLING_FROM_DEGC, COOLING_FULL_DEGC = 32.0, 40.0
HEATING_FROM_DEGC, HEATING_FULL_DEGC = 5.0, -5.0
HEATING_EFFICIENCY, COOLING_COP = 0.9, 2.0


class Pack(NamedTuple):
    """How the pack answers one step's load."""

    current_a: float
    voltage_v: float
    power_w: float
    heat_w: float
    polarisation_v: float
    soc: float


def resistance_factor(battery_degc: float, soc: float) -> float:
    """Resistance over its value at 25 °C and half charge.

    Arrhenius in temperature, written as its expansion in 1/T - 1/T25 to fourth order (within 2 %
    from -25 to 60 °C); a rise towards the empty pack as in HPPC tests (ORNL Leaf cell).
    """
    x = ACTIVATION_K * (1.0 / (battery_degc + ZERO_DEGC_IN_K) - 1.0 / REFERENCE_K)
    x = min(max(x, -2.0), 3.0)
    half = 0.5 * x
    root = 1.0 + half * (1.0 + half * (0.5 + half * (1.0 / 6.0 + half * (1.0 / 24.0))))
    empty = 1.0 - ramp(soc, 0.0, 0.2)
    return root * root * (1.0 + 0.6 * empty * empty)


def discharge_limit_w(params: Params, soc: float, battery_degc: float) -> float:
    """Power [W] the pack may give: less when it is cold or nearly empty."""
    cold = 0.2 + 0.8 * ramp(battery_degc, -20.0, 10.0)
    empty = ramp(soc, params.pack.soc_empty, params.pack.soc_empty + 0.08)
    return params.pack.discharge_power_max_w * cold * empty


def charge_limit_w(params: Params, soc: float, battery_degc: float) -> float:
    """Power [W] the pack may take from the motor: lithium plating forbids much in the cold, and
    there is no room in a full pack."""
    cold = 0.05 + 0.95 * ramp(battery_degc, -10.0, 20.0)
    full = 1.0 - 0.95 * ramp(soc, params.pack.soc_full - 0.12, params.pack.soc_full)
    return params.pack.charge_power_max_w * cold * full


def load_pack(
    params: Params,
    soc: float,
    polarisation_v: float,
    battery_degc: float,
    power_w: float,
    dt: float,
) -> Pack:
    """Answer of the pack to `power_w` at its terminals (positive discharges) over `dt` seconds.

    P = I·(U - I·R) solved for I, with U the open-circuit voltage less the RC pair's. The RC pair
    is stepped implicitly, so any `dt` is stable. A load beyond the pack's peak is clipped.
    """
    factor = resistance_factor(battery_degc, soc)
    ohmic = params.pack.resistance_ohm * factor
    source_v = lookup(params.pack.ocv_v, soc)
    behind_v = source_v - polarisation_v
    peak_w = 0.24 * behind_v * behind_v / ohmic
    load_w = min(power_w, peak_w)
    root = math.sqrt(behind_v * behind_v - 4.0 * ohmic * load_w)
    wanted_a = 2.0 * load_w / (behind_v + root)
    # An empty pack gives nothing more, however hard it is asked.
    current_a = min(wanted_a, soc * params.pack.capacity_c / dt)
    share = dt / params.pack.polarisation_s
    pair_v = (polarisation_v + share * current_a * params.pack.polarisation_ohm * factor) / (
        1.0 + share
    )
    voltage_v = behind_v - current_a * ohmic
    heat_w = current_a * (source_v - voltage_v)
    return Pack(
        current_a=current_a,
        voltage_v=voltage_v,
        power_w=current_a * voltage_v,
        heat_w=heat_w,
        polarisation_v=pair_v,
        soc=min(max(soc - current_a * dt / params.pack.capacity_c, 0.0), 1.0),
    )


def conditioning_power_w(params: Params, battery_degc: float, awake: float) -> float:
    """Electric power [W] for heating (cold) or cooling (hot) the battery, when the car is awake."""
    hot = ramp(battery_degc, COOLING_FROM_DEGC, COOLING_FULL_DEGC)
    cold = 1.0 - ramp(battery_degc, HEATING_FULL_DEGC, HEATING_FROM_DEGC)
    return awake * (hot * params.pack.cooling_w + cold * params.pack.heating_w)


def battery_degc_after(
    params: Params,
    battery_degc: float,
    ambient_degc: float,
    heat_w: float,
    conditioning_w: float,
    dt: float,
) -> float:
    """Temperature [°C] of the pack after `dt`: one thermal mass, stepped implicitly."""
    cooling = battery_degc > 0.5 * (HEATING_FROM_DEGC + COOLING_FROM_DEGC)
    moved_w = -COOLING_COP * conditioning_w if cooling else HEATING_EFFICIENCY * conditioning_w
    share = dt / params.pack.heat_j_per_k
    gain = share * (max(heat_w, 0.0) + moved_w + params.pack.ua_w_per_k * ambient_degc)
    return (battery_degc + gain) / (1.0 + share * params.pack.ua_w_per_k)
