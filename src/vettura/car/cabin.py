"""The cabin: air and interior as two thermal masses, and what warms or cools them."""

from typing import NamedTuple

from vettura.car.params import Params
from vettura.car.tables import ramp
from vettura.units import ZERO_DEGC_IN_K

PULL_SECONDS = 180.0
"""How fast the control means to bring the air to its target."""
CARNOT_SHARE = 0.38
"""What an automotive heat pump reaches of the ideal one (Qi, Applied Thermal Engineering 66, 2014:
COP 2 to 3 near 0 °C)."""
HEAT_PUMP_FROM_DEGC, HEAT_PUMP_FULL_DEGC = -18.0, -8.0
COP_MAX = 3.5
COOLING_COP = 2.2
RESISTIVE_EFFICIENCY = 0.97
BLOWER_W = 90.0


class Cabin(NamedTuple):
    """The cabin after a step."""

    cabin_degc: float
    interior_degc: float
    power_w: float
    """Electric power of heater, compressor and blower."""


def heating_cop(params: Params, ambient_degc: float, target_degc: float) -> float:
    """Heat moved per electric energy: a share of Carnot between a condenser 25 K above the target
    and an evaporator 8 K below the air, capped; resistive without a heat pump or in deep cold."""
    warm_k = target_degc + 25.0 + ZERO_DEGC_IN_K
    lift_k = max(target_degc + 33.0 - ambient_degc, 10.0)
    pump = min(max(CARNOT_SHARE * warm_k / lift_k, 1.0), COP_MAX)
    usable = params.cabin.heat_pump * ramp(ambient_degc, HEAT_PUMP_FROM_DEGC, HEAT_PUMP_FULL_DEGC)
    return RESISTIVE_EFFICIENCY + usable * (pump - RESISTIVE_EFFICIENCY)


def condition_cabin(
    params: Params,
    cabin_degc: float,
    interior_degc: float,
    ambient_degc: float,
    sun_w_per_m2: float,
    speed_mps: float,
    target_degc: float,
    climate_on: float,
    measured_w: float,
    dt: float,
) -> Cabin:
    """Cabin after `dt` seconds, and the electric power [W] that its climate took.

    The heat wanted is what holds the target against losses plus what closes the gap within
    PULL_SECONDS, within what the machine can. With `measured_w` >= 0 that electric power is taken
    instead and turned into heat by the same efficiencies. Both nodes are stepped implicitly.
    """
    ua = params.cabin.ua_w_per_k + params.cabin.ua_per_mps * speed_mps
    sun_w = params.cabin.sun_m2 * sun_w_per_m2
    exchange = params.cabin.exchange_w_per_k
    gap_w = params.cabin.air_j_per_k * (target_degc - cabin_degc) / PULL_SECONDS
    hold_w = ua * (target_degc - ambient_degc) + exchange * (target_degc - interior_degc) - sun_w
    wanted_w = min(
        max(gap_w + hold_w, -params.cabin.cooling_power_max_w), params.cabin.heater_power_max_w
    )
    cop = heating_cop(params, ambient_degc=ambient_degc, target_degc=target_degc)
    ratio = cop if wanted_w > 0.0 else -COOLING_COP
    modelled_w = climate_on * (BLOWER_W + wanted_w / ratio)
    given = 1.0 if measured_w >= 0.0 else 0.0
    power_w = given * measured_w + (1.0 - given) * modelled_w
    heat_w = given * measured_w * ratio + (1.0 - given) * climate_on * wanted_w
    share_air = dt / params.cabin.air_j_per_k
    share_in = dt / params.cabin.interior_j_per_k
    in_gain = interior_degc + share_in * 0.5 * sun_w
    in_scale = 1.0 / (1.0 + share_in * exchange)
    air_gain = cabin_degc + share_air * (
        heat_w + 0.5 * sun_w + ua * ambient_degc + exchange * in_gain * in_scale
    )
    coupled = exchange * (1.0 - share_in * exchange * in_scale)
    air_degc = air_gain / (1.0 + share_air * (ua + coupled))
    inside_degc = (in_gain + share_in * exchange * air_degc) * in_scale
    return Cabin(air_degc, inside_degc, power_w)
