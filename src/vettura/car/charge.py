"""Charging at a station: what the car takes of what is offered."""

from typing import NamedTuple

from vettura.car.params import Params
from vettura.car.tables import lookup, ramp


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


def take_charge(
    params: Params,
    ac_power_w: float,
    dc_power_w: float,
    soc: float,
    battery_degc: float,
    limit: float,
    loads_w: float,
    voltage_v: float,
    capacity_share: float,
    dt: float,
) -> Charge:
    """What is taken of an offer: the least of station, car, curve, temperature, taper and limit.

    `loads_w` is what runs meanwhile (12 V, climate, conditioning) and is served first. AC passes
    the on-board charger, P_dc = efficiency·P_wall - loss; DC arrives as it is.
    """
    shown = displayed_soc(params, soc)
    room_c = (pack_soc(params, limit) - soc) * params.pack.capacity_c * capacity_share
    room_w = max(room_c * voltage_v * (1.0 / dt), 0.0)
    # Constant voltage at the end: the last 3 % take an ever smaller current.
    taper = 0.06 + 0.94 * (1.0 - ramp(shown, 0.97, 1.0))
    warmth = 0.06 + 0.94 * ramp(battery_degc, -10.0, 22.0)
    curve_w = lookup(params.supply.dc_power_w, shown) * warmth
    dc_w = min(dc_power_w, min(curve_w, room_w) + loads_w)
    pack_w = min(
        room_w, params.pack.charge_power_max_w * (0.1 + 0.9 * ramp(battery_degc, -10.0, 5.0))
    )
    ac_cap_w = min(ac_power_w, params.supply.ac_power_max_w * taper)
    ac_need_w = (pack_w + loads_w + params.supply.charger_loss_w) / params.supply.charger_efficiency
    ac_wall_w = min(ac_cap_w, ac_need_w)
    ac_w = max(ac_wall_w * params.supply.charger_efficiency - params.supply.charger_loss_w, 0.0)
    # A full car draws nothing more: the contactor opens and the car lives off its battery.
    open_ = 1.0 if room_w > 0.0 else 0.0
    return Charge(open_ * (ac_wall_w + dc_w), open_ * (ac_w + dc_w))
