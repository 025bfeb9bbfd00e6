"""The cabin: air and interior as two thermal masses, and what warms or cools them."""

from typing import NamedTuple

from vettura.car.params import CabinParams, Params
from vettura.units import ZERO_DEGC_IN_K

PULL_S = 180.0
"""How fast the control means to bring the air to its target, where the machine can: cabins of the
measured i3 trips close the last kelvins with a time constant of 2 to 4 minutes."""
SUPPLY_K = 24.0
"""How much warmer (or colder) than the cabin the blown air is held before the fan turns up: the i3
of the measured trips blows 41 °C into 24 °C once warm, 47 °C when it freezes outside."""
RECIRCULATION_MAX = 0.9
"""Some air is always fresh: closed off, a cabin fogs within minutes and gathers carbon dioxide."""
PERSON_W = 80.0
"""Sensible heat of a seated person at about 22 °C (ISO 8996: 100 to 120 W in all, of which breath
and skin take a quarter to a third as moisture)."""
SUN_ON_AIR = 0.4
"""Of the sun let in, what falls on thin trim and comes back to the air at once."""
SPEED_MAX_MPS = 60.0
"""The loss grows with speed no further: no one drives faster for long."""
BLOWER_IDLE_W, BLOWER_W = 15.0, 250.0
"""Flaps and fan electronics; and the fan at its greatest flow, by the cube of the flow (about 20 A
at 13 V on the highest setting, 2 to 3 A on the usual one)."""

RESISTIVE_EFFICIENCY = 0.97
"""Of a resistive heater and its coolant loop."""
CARNOT_SHARE = 0.38
"""What an automotive heat pump reaches of the ideal one (Qi, Applied Thermal Engineering 66, 2014:
COP 2 to 3 near 0 °C)."""
CONDENSER_K = 25.0
"""Refrigerant above the target when heating."""
LIFT_MIN_K = 10.0
COP_MAX = 3.5
HEAT_PUMP_RAMP_K = 10.0
"""From the coldest air a heat pump works in to where it carries the whole load."""
COOLING_SHARE = 0.35
"""As CARNOT_SHARE, compressor, condenser fan and expansion valve of an air conditioner: COP 2 to
2.5 at 35 °C (Qi 2014)."""
COIL_DEGC, HOT_SIDE_K = 4.0, 14.0
"""Refrigerant in the evaporator, and above the outside air in the condenser, when cooling."""
LATENT_SHARE = 0.35
"""Water condensed on the coil over air cooled, all air fresh: a sensible heat ratio near 0.75 is
the usual design value (ASHRAE Handbook, HVAC Applications, automobile air conditioning)."""
DRY_DEGC, HUMID_RAMP_K = 12.0, 12.0
"""Outside air that carries no more water than the coil's, and how much warmer it carries it all."""


class Cabin(NamedTuple):
    """The cabin after a step, and what flowed: means over it."""

    cabin_degc: float
    interior_degc: float
    power_w: float
    """Electric power of heater, compressor and blower."""
    heat_w: float
    """Into the air: from the machine (negative when it cools), people and a share of the sun."""
    lost_w: float
    """From the air to the outside, through the shell and by fresh air."""
    absorbed_w: float
    """From the air into the interior."""


class Demand(NamedTuple):
    """What the control asks for."""

    heat_w: float
    """From the machine into the cabin; negative cools."""
    air_w_per_k: float
    """Blown air: flow times its heat."""
    free_w: float
    """Cooling that colder outside air does alone, the fan turned up."""


def heating_cost(cabin: CabinParams, ambient_degc: float, target_degc: float) -> float:
    """Electric energy per heat into the cabin, between 1 / COP_MAX and 1 / RESISTIVE_EFFICIENCY.

    A heat pump reaches a share of Carnot between a condenser above the target and an evaporator
    below the outside air: its cost is lift over CARNOT_SHARE times the warm side. In deep cold a
    resistive heater takes over along a ramp. 1/x of the warm side is its expansion about 320 K
    (within 0.2 % for targets of 10 to 35 °C).
    """
    warm_k = target_degc + CONDENSER_K + ZERO_DEGC_IN_K
    lift_k = max(target_degc + CONDENSER_K + cabin.evaporator_k - ambient_degc, LIFT_MIN_K)
    inverse = (2.0 - warm_k * (1.0 / 320.0)) * (1.0 / 320.0 / CARNOT_SHARE)
    resistive = 1.0 / RESISTIVE_EFFICIENCY
    pump = min(max(lift_k * inverse, 1.0 / COP_MAX), resistive)
    from_degc = cabin.heat_pump_from_degc
    share = min(max((ambient_degc - from_degc) * (1.0 / HEAT_PUMP_RAMP_K), 0.0), 1.0)
    return resistive + cabin.heat_pump * share * (pump - resistive)


def cooling_cost(ambient_degc: float, fresh: float) -> float:
    """Electric energy per sensible heat out of the cabin; `fresh` is the share of outside air.

    A share of Carnot between the coil and a condenser above the outside air, and the water that
    humid fresh air leaves on the coil, which must be cooled as well.
    """
    lift_k = max(ambient_degc + HOT_SIDE_K - COIL_DEGC, LIFT_MIN_K)
    cost = max(lift_k * (1.0 / (COOLING_SHARE * (COIL_DEGC + ZERO_DEGC_IN_K))), 1.0 / COP_MAX)
    humid = min(max((ambient_degc - DRY_DEGC) * (1.0 / HUMID_RAMP_K), 0.0), 1.0)
    return cost * (1.0 + LATENT_SHARE * fresh * humid)


def demand(
    cabin: CabinParams,
    gap_k: float,
    warmer_k: float,
    fresh: float,
    passive_w: float,
    dt: float,
) -> Demand:
    """What the machine is asked for, within what it can.

    `gap_k` lies between cabin and target, `warmer_k` between outside and cabin, `passive_w` is what
    warms the air anyway (negative: cools it). The air asked for follows the heat it must carry.
    """
    # The mean pull over the step towards a target that is approached exponentially.
    share = dt / PULL_S
    pull = (1.0 - share * (0.5 - share * (1.0 / 6.0 - share * (1.0 / 24.0)))) / PULL_S
    carried_w = cabin.air_j_per_k * gap_k * pull - passive_w
    wanted_air = abs(carried_w) * (1.0 / SUPPLY_K)
    air_w_per_k = min(max(wanted_air, cabin.air_min_w_per_k), cabin.air_max_w_per_k)
    asked_w = carried_w + air_w_per_k * fresh * warmer_k
    spare_w = (cabin.air_max_w_per_k - air_w_per_k) * fresh * max(warmer_k, 0.0)
    free_w = min(max(-asked_w, 0.0), spare_w)
    heat_w = min(max(asked_w + free_w, -cabin.cooling_power_max_w), cabin.heater_power_max_w)
    return Demand(heat_w, air_w_per_k, free_w)


def condition_cabin(
    params: Params,
    cabin_degc: float,
    interior_degc: float,
    ambient_degc: float,
    sun_w_per_m2: float,
    speed_mps: float,
    target_degc: float,
    climate_on: float,
    recirculation: float,
    people: float,
    measured_w: float,
    dt: float,
) -> Cabin:
    """Cabin after `dt` seconds, and the electric power [W] that its climate took.

    With `measured_w` >= 0 that electric power is taken instead of the demand's and turned into heat
    by the same costs: heat below the target's temperature outside, cold above it.
    """
    cabin = params.cabin
    fresh = 1.0 - min(max(recirculation, 0.0), RECIRCULATION_MAX)
    shell = cabin.ua_w_per_k + cabin.ua_per_mps * min(speed_mps, SPEED_MAX_MPS)
    sun_w = cabin.sun_m2 * sun_w_per_m2
    gain_w = PERSON_W * people + SUN_ON_AIR * sun_w
    warmer_k = cabin_degc - ambient_degc
    exchange = cabin.exchange_w_per_k
    passive_w = gain_w - shell * warmer_k - exchange * (cabin_degc - interior_degc)
    wish = demand(cabin, target_degc - cabin_degc, warmer_k, fresh, passive_w, dt)
    given = 1.0 if measured_w >= 0.0 else 0.0
    cold = ambient_degc - target_degc if measured_w >= 0.0 else -wish.heat_w
    cooling = cooling_cost(ambient_degc, fresh)
    cost = -cooling if cold > 0.0 else heating_cost(cabin, ambient_degc, target_degc)
    flow = wish.air_w_per_k * cabin.air_max_k_per_w
    blower_w = BLOWER_IDLE_W + BLOWER_W * flow * flow * flow
    modelled_w = climate_on * (blower_w + wish.heat_w * cost)
    power_w = measured_w if measured_w >= 0.0 else modelled_w
    heat_w = measured_w / cost if measured_w >= 0.0 else climate_on * wish.heat_w
    on = max(climate_on, given)
    vented = shell + on * wish.air_w_per_k * fresh
    in_w = heat_w - climate_on * (1.0 - given) * wish.free_w + gain_w
    return _settle(
        cabin,
        cabin_degc,
        interior_degc,
        ambient_degc,
        vented,
        in_w,
        (1.0 - SUN_ON_AIR) * sun_w,
        power_w,
        dt,
    )


def _settle(
    cabin: CabinParams,
    cabin_degc: float,
    interior_degc: float,
    ambient_degc: float,
    vented: float,
    heat_w: float,
    interior_w: float,
    power_w: float,
    dt: float,
) -> Cabin:
    """Both nodes after `dt`, by the midpoint rule: flows at temperatures half a step ahead.

    Stable while dt·λ <= 2 and without overshoot (1 - z + z²/2 > 0) always, third-order error
    below z³/6. By the relations λ <= 1/355 per second for every car (Gershgorin, air row: shell
    at 60 m/s, full fan and twice the exchange over the air's heat: (4.8 + 6.7 + 4) / 5500), so
    z <= 0.17 at 60 s.
    """
    exchange = cabin.exchange_w_per_k
    air_share = dt * cabin.air_k_per_j
    interior_share = dt * cabin.interior_k_per_j
    absorbed_w = exchange * (cabin_degc - interior_degc)
    air_w = heat_w - vented * (cabin_degc - ambient_degc) - absorbed_w
    middle_degc = cabin_degc + 0.5 * air_share * air_w
    middle_in_degc = interior_degc + 0.5 * interior_share * (interior_w + absorbed_w)
    absorbed_w = exchange * (middle_degc - middle_in_degc)
    lost_w = vented * (middle_degc - ambient_degc)
    return Cabin(
        cabin_degc=cabin_degc + air_share * (heat_w - lost_w - absorbed_w),
        interior_degc=interior_degc + interior_share * (interior_w + absorbed_w),
        power_w=power_w,
        heat_w=heat_w,
        lost_w=lost_w,
        absorbed_w=absorbed_w,
    )
