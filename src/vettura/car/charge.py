"""Charging at a station, and giving power to a plug: what passes between car and world."""

from typing import NamedTuple

from vettura.car.battery import discharge_limit_w
from vettura.car.params import Params
from vettura.car.state import Inputs
from vettura.car.tables import lookup, ramp

OUTLET_EFFICIENCY = 0.94
"""From the battery to a plug on the car: the on-board charger run backwards."""


class Charge(NamedTuple):
    """What a step of charging moves."""

    wall_w: float
    """Taken from the station."""
    arriving_w: float
    """Arriving on the car's high-voltage side."""


def displayed_soc(params: Params, soc: float) -> float:
    """Charge as the driver sees it: 0 to 1 over the usable window."""
    window = params.pack.soc_full - params.pack.soc_empty
    return min(max((soc - params.pack.soc_empty) / window, 0.0), 1.0)


def pack_soc(params: Params, displayed: float) -> float:
    """The pack's own charge for what the driver sees."""
    return params.pack.soc_empty + displayed * (params.pack.soc_full - params.pack.soc_empty)


def warmth(battery_degc: float) -> float:
    """Share of the DC curve that a battery at that temperature takes, 0.06 to 1.

    A straight line from -15 °C to full power at 25 °C, so that a Leaf charged for half an hour from
    20 % reaches 36 % less at 0 °C than at 25 °C (Motoaki et al., Energy Policy 122, 2018).
    """
    return 0.06 + 0.94 * ramp(battery_degc, -15.0, 25.0)


def ac_power_limit_w(params: Params, offered_w: float, phases: float) -> float:
    """Power [W] at the wall that station and on-board charger can share.

    `offered_w` is the station's over all its `phases`; only those that both have carry current.
    """
    supply = params.supply
    both = min(phases, supply.ac_phases)
    beyond_one = (both - 1.0) / max(supply.ac_phases - 1.0, 1.0)
    own_w = supply.ac_power_one_phase_w + beyond_one * (
        supply.ac_power_max_w - supply.ac_power_one_phase_w
    )
    return min(offered_w * both / max(phases, 1.0), own_w)


def dc_power_limit_w(
    params: Params,
    offered_w: float,
    current_max_a: float,
    voltage_max_v: float,
    voltage_v: float,
) -> float:
    """Power [W] that station and cable bring to a pack of that open-circuit voltage.

    Charging raises the voltage, so the cable's current is never exceeded. A pack above the
    station's voltage charges through its booster.
    """
    boosted_w = min(current_max_a * voltage_max_v, params.supply.boost_power_w)
    cable_w = current_max_a * voltage_v if voltage_v <= voltage_max_v else boosted_w
    return min(offered_w, cable_w)


def take_charge(
    params: Params,
    inputs: Inputs,
    soc: float,
    battery_degc: float,
    loads_w: float,
    voltage_v: float,
    capacity_share: float,
    dt: float,
) -> Charge:
    """What is taken of an offer: the least of station, cable, car, curve, warmth, taper and limit.

    `loads_w` is what runs meanwhile (12 V, climate, conditioning) and is served first. AC passes
    the on-board charger, P_dc = efficiency·P_wall - loss; DC arrives as it is.
    """
    shown = displayed_soc(params, soc)
    room = max(pack_soc(params, inputs.charge_limit) - soc, 0.0)
    room_w = room * params.pack.capacity_c * capacity_share * voltage_v / dt
    offered_dc_w = dc_power_limit_w(
        params,
        offered_w=inputs.dc_power_w,
        current_max_a=inputs.dc_current_max_a,
        voltage_max_v=inputs.dc_voltage_max_v,
        voltage_v=voltage_v,
    )
    curve_w = lookup(params.supply.dc_power_w, shown) * warmth(battery_degc)
    dc_w = min(offered_dc_w, min(curve_w, room_w) + loads_w)
    # Constant voltage at the end: the last 3 % take an ever smaller current.
    taper = 0.06 + 0.94 * (1.0 - ramp(shown, 0.97, 1.0))
    pack_w = min(
        room_w, params.pack.charge_power_max_w * (0.1 + 0.9 * ramp(battery_degc, -10.0, 5.0))
    )
    both_w = ac_power_limit_w(params, offered_w=inputs.ac_power_w, phases=inputs.ac_phases)
    ac_cap_w = min(both_w, params.supply.ac_power_max_w * taper)
    ac_need_w = (pack_w + loads_w + params.supply.charger_loss_w) / params.supply.charger_efficiency
    ac_wall_w = min(ac_cap_w, ac_need_w)
    ac_w = max(ac_wall_w * params.supply.charger_efficiency - params.supply.charger_loss_w, 0.0)
    # A full car draws nothing more: the contactor opens and the car lives off its battery.
    open_ = 1.0 if room_w > 0.0 else 0.0
    return Charge(open_ * (ac_wall_w + dc_w), open_ * (ac_w + dc_w))


def give_power_w(
    params: Params,
    asked_w: float,
    reserve: float,
    soc: float,
    battery_degc: float,
    voltage_v: float,
    capacity_share: float,
    dt: float,
) -> float:
    """Power [W] at the car's plug: what is asked, up to its outlet, its battery and the reserve.

    `reserve` is a displayed charge, 0 to 1; below it the car gives nothing away.
    """
    able_w = spare_w(params, reserve, soc, battery_degc, voltage_v, capacity_share, dt)
    return min(asked_w, params.supply.outlet_power_max_w, able_w * OUTLET_EFFICIENCY)


def give_dc(
    params: Params,
    inputs: Inputs,
    soc: float,
    battery_degc: float,
    voltage_v: float,
    capacity_share: float,
    dt: float,
) -> Charge:
    """What a two-way DC station takes out of the car: a charge with minus signs.

    It is what the station asks (`dc_power_w` below 0), up to car, battery and reserve. The station
    turns it into alternating current itself, so all of it leaves the battery.
    """
    able_w = spare_w(
        params, inputs.outlet_reserve, soc, battery_degc, voltage_v, capacity_share, dt
    )
    given_w = min(-inputs.dc_power_w, params.supply.dc_give_power_max_w, able_w)
    return Charge(-given_w, -given_w)


def spare_w(
    params: Params,
    reserve: float,
    soc: float,
    battery_degc: float,
    voltage_v: float,
    capacity_share: float,
    dt: float,
) -> float:
    """Power [W] that the battery can spare for `dt` seconds above that displayed charge."""
    spare = max(soc - pack_soc(params, reserve), 0.0)
    above_w = spare * params.pack.capacity_c * capacity_share * voltage_v / dt
    return min(above_w, discharge_limit_w(params, soc=soc, battery_degc=battery_degc))
