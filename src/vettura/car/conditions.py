"""What changes over minutes, not seconds: looked at once, and held for a stretch of driving."""

from typing import NamedTuple

from vettura.car.battery import (
    charge_limit_w,
    conditioning_power_w,
    discharge_limit_w,
    open_circuit_v,
    outside_gain_w,
    peak_power_w,
    resistance,
)
from vettura.car.cabin import Cabin, condition_cabin
from vettura.car.charge import OUTLET_EFFICIENCY, give_power_w
from vettura.car.motor import switching
from vettura.car.params import Params
from vettura.car.road import air_density, drag_n_per_mps2, rolling_n
from vettura.car.state import Inputs, State

BATTERY_TO_WHEEL = 0.85
"""Share of a battery at its limit that is counted on to reach the wheels."""
VOLTS_MAX = 1.2
"""Of the nominal voltage: no full pack is above."""


class Conditions(NamedTuple):
    """What holds for a stretch: of the battery, of the loads, of cabin, tyres and air."""

    source_v: float
    """Open-circuit voltage."""
    ohmic_ohm: float
    pair_ohm: float
    capacity_c: float
    soc_per_c: float
    """Charge of the full pack as it is now [coulomb], and its reciprocal."""
    switched: float
    """Factor of the inverters' losses by voltage."""
    fed_w: float
    """Most power at the wheels: the motors' limit, the battery's own, and its voltage's."""
    taken_w: float
    """Most power from the motors: their own limit, and what loads and battery can take."""
    outside_w: float
    """Heat into the battery that is not its own."""
    climate_w: float
    auxiliary_w: float
    thermal_w: float
    comfort_w: float
    """The three together."""
    outlet_w: float
    loads_w: float
    """All that is not the motors."""
    cabin_k_per_s: float
    interior_k_per_s: float
    rolling_n: float
    drag_n_per_mps2: float


def conditions_of(params: Params, state: State, inputs: Inputs, span: float) -> Conditions:
    """Look at the car for the next `span` seconds: at most 10 while it moves, 60 at rest."""
    # With a flat battery everything is dark until a station or a slope brings some charge.
    lit = state.soc > 0.0
    awake = inputs.awake if lit else 0.0
    cabin = _cabin(params, state, inputs, lit, span)
    awake_w = params.supply.auxiliary_w + inputs.accessories * params.supply.accessory_w
    lit_w = params.supply.standby_w + inputs.awake * (awake_w - params.supply.standby_w)
    auxiliary_w = lit_w if lit else 0.0
    thermal_w = conditioning_power_w(
        params,
        battery_degc=state.battery_degc,
        awake=awake,
        wanted=inputs.precondition if lit else 0.0,
    )
    outlet_w = _outlet_w(params, state, inputs, span)
    comfort_w = cabin.power_w + auxiliary_w + thermal_w
    loads_w = comfort_w + outlet_w / OUTLET_EFFICIENCY
    met = resistance(params.pack, state.soc, state.battery_degc, state.resistance_share)
    source_v = open_circuit_v(params.pack, state.soc)
    volts = min(source_v * params.drive.per_nominal_volt, VOLTS_MAX)
    limit_w = discharge_limit_w(params, soc=state.soc, battery_degc=state.battery_degc)
    peak_w = peak_power_w(source_v, state.polarisation_v, met.ohmic_ohm)
    fed_w = BATTERY_TO_WHEEL * max(min(limit_w, peak_w) - loads_w, 0.0)
    room_w = charge_limit_w(params, soc=state.soc, battery_degc=state.battery_degc)
    density = air_density(inputs.pressure_pa, inputs.ambient_degc)
    capacity_c = params.pack.capacity_c * state.capacity_share
    return Conditions(
        source_v=source_v,
        ohmic_ohm=met.ohmic_ohm,
        pair_ohm=met.pair_ohm,
        capacity_c=capacity_c,
        soc_per_c=1.0 / capacity_c,
        switched=switching(volts),
        fed_w=min(fed_w, params.drive.power_max_w * min(volts, 1.0)),
        taken_w=min(params.drive.regen_power_max_w, loads_w + room_w),
        outside_w=outside_gain_w(params.pack, state.battery_degc, inputs.ambient_degc, thermal_w),
        climate_w=cabin.power_w,
        auxiliary_w=auxiliary_w,
        thermal_w=thermal_w,
        comfort_w=comfort_w,
        outlet_w=outlet_w,
        loads_w=loads_w,
        cabin_k_per_s=(cabin.cabin_degc - state.cabin_degc) * (1.0 / span),
        interior_k_per_s=(cabin.interior_degc - state.interior_degc) * (1.0 / span),
        rolling_n=rolling_n(params, state.tyre_degc, inputs.rain_mm_per_h),
        drag_n_per_mps2=drag_n_per_mps2(params, density, inputs.slipstream),
    )


def _cabin(params: Params, state: State, inputs: Inputs, lit: bool, span: float) -> Cabin:
    return condition_cabin(
        params,
        cabin_degc=state.cabin_degc,
        interior_degc=state.interior_degc,
        ambient_degc=inputs.ambient_degc,
        sun_w_per_m2=inputs.sun_w_per_m2,
        speed_mps=state.speed_mps,
        target_degc=inputs.cabin_target_degc,
        climate_on=inputs.climate_on if lit else 0.0,
        recirculation=inputs.recirculation,
        people=inputs.awake * inputs.people,
        measured_w=inputs.climate_power_w if lit else -1.0,
        dt=span,
    )


def _outlet_w(params: Params, state: State, inputs: Inputs, span: float) -> float:
    # Power goes one way at a time: the charger that takes from a station cannot give to a plug.
    if inputs.outlet_power_w > 0.0 and inputs.ac_power_w <= 0.0 and inputs.dc_power_w == 0.0:
        return give_power_w(
            params,
            asked_w=inputs.outlet_power_w,
            reserve=inputs.outlet_reserve,
            soc=state.soc,
            battery_degc=state.battery_degc,
            voltage_v=open_circuit_v(params.pack, state.soc),
            capacity_share=state.capacity_share,
            dt=span,
        )
    return 0.0
