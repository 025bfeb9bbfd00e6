"""One step of a car's life: the only place that knows in which order things happen."""

from vettura.car.battery import (
    Pack,
    battery_degc_after,
    conditioning_power_w,
    load_pack,
    open_circuit_v,
)
from vettura.car.cabin import Cabin, condition_cabin
from vettura.car.charge import OUTLET_EFFICIENCY, Charge, give_power_w, take_charge
from vettura.car.driver import Traction, follow
from vettura.car.params import Params
from vettura.car.road import warm_tyre
from vettura.car.state import Flows, Inputs, State, Step
from vettura.units import SECONDS_PER_HOUR


def step(params: Params, state: State, inputs: Inputs, dt: float) -> Step:
    """Carry the car `dt` seconds on: at most 1 s while it moves, 60 s at rest.

    The wished speed is followed as far as motor, battery and brakes allow; a miss is flagged, never
    an error. A car that is offered current must stand still: the caller sees to that.
    """
    # With a flat battery everything is dark until a station or a slope brings some charge.
    lit = state.soc > 0.0
    cabin = _cabin(params, state, inputs, lit, dt)
    awake_w = params.supply.auxiliary_w + inputs.accessories * params.supply.accessory_w
    lit_w = params.supply.standby_w + inputs.awake * (awake_w - params.supply.standby_w)
    auxiliary_w = lit_w if lit else 0.0
    awake = inputs.awake if lit else 0.0
    thermal_w = conditioning_power_w(params, battery_degc=state.battery_degc, awake=awake)
    outlet_w = _outlet_w(params, state, inputs, dt)
    loads_w = cabin.power_w + auxiliary_w + thermal_w + outlet_w / OUTLET_EFFICIENCY
    source_v = open_circuit_v(params.pack, state.soc)
    traction = follow(params, state, inputs, loads_w, source_v, dt)
    charge = _charge(params, state, inputs, loads_w, dt)
    pack = load_pack(
        params,
        soc=state.soc,
        polarisation_v=state.polarisation_v,
        battery_degc=state.battery_degc,
        capacity_share=state.capacity_share,
        resistance_share=state.resistance_share,
        power_w=traction.motor_w + loads_w - charge.arriving_w,
        dt=dt,
    )
    battery_degc = battery_degc_after(
        params.pack,
        battery_degc=state.battery_degc,
        ambient_degc=inputs.ambient_degc,
        heat_w=pack.heat_w,
        conditioning_w=thermal_w,
        dt=dt,
    )
    tyre_degc = warm_tyre(
        state.tyre_degc, speed_mps=traction.speed_mps, ambient_degc=inputs.ambient_degc, dt=dt
    )
    acceleration_mps2 = (traction.speed_mps - state.speed_mps) / dt
    flows = _flows(
        traction, cabin, charge, pack, auxiliary_w, thermal_w, acceleration_mps2, outlet_w
    )
    return Step(_settle(state, flows, traction, cabin, pack, battery_degc, tyre_degc, dt), flows)


def _cabin(params: Params, state: State, inputs: Inputs, lit: bool, dt: float) -> Cabin:
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
        dt=dt,
    )


def _charge(params: Params, state: State, inputs: Inputs, loads_w: float, dt: float) -> Charge:
    # In a batch that drives, what stations offer is a constant, and the compiler drops the rest.
    if inputs.ac_power_w > 0.0 or inputs.dc_power_w > 0.0:
        return take_charge(
            params,
            inputs,
            soc=state.soc,
            battery_degc=state.battery_degc,
            loads_w=loads_w,
            voltage_v=open_circuit_v(params.pack, state.soc),
            capacity_share=state.capacity_share,
            dt=dt,
        )
    return Charge(0.0, 0.0)


def _outlet_w(params: Params, state: State, inputs: Inputs, dt: float) -> float:
    # Power goes one way at a time: the charger that takes from a station cannot give to a plug.
    if inputs.outlet_power_w > 0.0 and inputs.ac_power_w <= 0.0 and inputs.dc_power_w <= 0.0:
        return give_power_w(
            params,
            asked_w=inputs.outlet_power_w,
            reserve=inputs.outlet_reserve,
            soc=state.soc,
            battery_degc=state.battery_degc,
            voltage_v=open_circuit_v(params.pack, state.soc),
            capacity_share=state.capacity_share,
            dt=dt,
        )
    return 0.0


def _flows(
    traction: Traction,
    cabin: Cabin,
    charge: Charge,
    pack: Pack,
    auxiliary_w: float,
    thermal_w: float,
    acceleration_mps2: float,
    outlet_w: float,
) -> Flows:
    loads_w = cabin.power_w + auxiliary_w + thermal_w + outlet_w / OUTLET_EFFICIENCY
    return Flows(
        wheel_power_w=traction.wheel_w,
        brake_power_w=traction.brake_w,
        motor_torque_nm=traction.torque_nm,
        second_torque_nm=traction.second_torque_nm,
        motor_speed_radps=traction.speed_radps,
        motor_power_w=traction.motor_w,
        drive_loss_w=traction.loss_w,
        climate_power_w=cabin.power_w,
        auxiliary_power_w=auxiliary_w,
        thermal_power_w=thermal_w,
        battery_power_w=pack.power_w,
        battery_voltage_v=pack.voltage_v,
        battery_current_a=pack.current_a,
        chemical_power_w=pack.chemical_w,
        battery_heat_w=pack.heat_w,
        wall_power_w=charge.wall_w,
        charge_power_w=charge.arriving_w,
        road_load_n=traction.road_n,
        acceleration_mps2=acceleration_mps2,
        trace_missed=traction.missed,
        outlet_power_w=outlet_w,
        unserved_power_w=traction.motor_w + loads_w - charge.arriving_w - pack.power_w,
    )


def _settle(
    state: State,
    flows: Flows,
    traction: Traction,
    cabin: Cabin,
    pack: Pack,
    battery_degc: float,
    tyre_degc: float,
    dt: float,
) -> State:
    """Book what flowed into what is remembered."""
    hours = dt / SECONDS_PER_HOUR
    taken_w = max(-pack.power_w, 0.0)
    at_station = flows.charge_power_w > 0.0
    charged_w = taken_w if at_station else 0.0
    braked_w = 0.0 if at_station else taken_w
    loads_w = flows.climate_power_w + flows.auxiliary_power_w + flows.thermal_power_w
    return State(
        speed_mps=traction.speed_mps,
        distance_m=state.distance_m + traction.distance_m,
        soc=pack.soc,
        polarisation_v=pack.polarisation_v,
        battery_degc=battery_degc,
        cabin_degc=cabin.cabin_degc,
        interior_degc=cabin.interior_degc,
        tyre_degc=tyre_degc,
        drawn_wh=state.drawn_wh + max(pack.power_w, 0.0) * hours,
        regenerated_wh=state.regenerated_wh + braked_w * hours,
        auxiliary_wh=state.auxiliary_wh + loads_w * hours,
        charged_wh=_booked(state.charged_wh, charged_w, hours),
        wall_wh=_booked(state.wall_wh, flows.wall_power_w, hours),
        resistive_wh=state.resistive_wh + pack.heat_w * hours,
        capacity_share=state.capacity_share,
        resistance_share=state.resistance_share,
        outlet_wh=_booked(state.outlet_wh, flows.outlet_power_w, hours),
    )


def _booked(total_wh: float, power_w: float, hours: float) -> float:
    """A counter after the step; what never flows while driving costs a batch nothing."""
    return total_wh + power_w * hours if power_w > 0.0 else total_wh
