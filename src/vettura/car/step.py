"""One step of a car's life: the only place that knows in which order things happen."""

from vettura.car.battery import Pack, Resistance, carry_power
from vettura.car.charge import Charge, give_dc, take_charge
from vettura.car.conditions import Conditions, conditions_of
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
    return advance(params, state, inputs, conditions_of(params, state, inputs, dt), dt)


def advance(params: Params, state: State, inputs: Inputs, held: Conditions, dt: float) -> Step:
    """As `step`, under conditions that were looked at up to some seconds ago."""
    traction = follow(params, state, inputs, held, dt)
    charge = _charge(params, state, inputs, held, dt)
    pack = carry_power(
        held.source_v,
        Resistance(held.ohmic_ohm, held.pair_ohm),
        held.capacity_c,
        held.soc_per_c,
        state.soc,
        state.polarisation_v,
        traction.motor_w + held.loads_w - charge.arriving_w,
        dt,
    )
    warmed_k = dt * params.pack.degc_per_j * (pack.heat_w + held.outside_w)
    tyre_degc = warm_tyre(
        state.tyre_degc, speed_mps=traction.speed_mps, ambient_degc=inputs.ambient_degc, dt=dt
    )
    flows = _flows(state, traction, charge, pack, held, dt)
    battery_degc = state.battery_degc + warmed_k
    return Step(_settle(state, flows, traction, pack, held, battery_degc, tyre_degc, dt), flows)


def _charge(params: Params, state: State, inputs: Inputs, held: Conditions, dt: float) -> Charge:
    # In a batch that drives, what stations offer is a constant, and the compiler drops the rest.
    if inputs.ac_power_w > 0.0 or inputs.dc_power_w > 0.0:
        return take_charge(
            params,
            inputs,
            soc=state.soc,
            battery_degc=state.battery_degc,
            loads_w=held.loads_w,
            voltage_v=held.source_v,
            capacity_share=state.capacity_share,
            dt=dt,
        )
    if inputs.dc_power_w < 0.0:
        return give_dc(
            params,
            inputs,
            soc=state.soc,
            battery_degc=state.battery_degc,
            voltage_v=held.source_v,
            capacity_share=state.capacity_share,
            dt=dt,
        )
    return Charge(0.0, 0.0)


def _flows(
    state: State, traction: Traction, charge: Charge, pack: Pack, held: Conditions, dt: float
) -> Flows:
    return Flows(
        wheel_power_w=traction.wheel_w,
        brake_power_w=traction.brake_w,
        motor_torque_nm=traction.torque_nm,
        second_torque_nm=traction.second_torque_nm,
        motor_speed_radps=traction.speed_radps,
        motor_power_w=traction.motor_w,
        drive_loss_w=traction.loss_w,
        climate_power_w=held.climate_w,
        auxiliary_power_w=held.auxiliary_w,
        thermal_power_w=held.thermal_w,
        battery_power_w=pack.power_w,
        battery_voltage_v=pack.voltage_v,
        battery_current_a=pack.current_a,
        chemical_power_w=pack.chemical_w,
        battery_heat_w=pack.heat_w,
        wall_power_w=charge.wall_w,
        charge_power_w=charge.arriving_w,
        road_load_n=traction.road_n,
        acceleration_mps2=(traction.speed_mps - state.speed_mps) / dt,
        trace_missed=traction.missed,
        outlet_power_w=held.outlet_w,
        unserved_power_w=traction.motor_w + held.loads_w - charge.arriving_w - pack.power_w,
    )


def _settle(
    state: State,
    flows: Flows,
    traction: Traction,
    pack: Pack,
    held: Conditions,
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
    return State(
        speed_mps=traction.speed_mps,
        distance_m=state.distance_m + traction.distance_m,
        soc=pack.soc,
        polarisation_v=pack.polarisation_v,
        battery_degc=battery_degc,
        cabin_degc=state.cabin_degc + dt * held.cabin_k_per_s,
        interior_degc=state.interior_degc + dt * held.interior_k_per_s,
        tyre_degc=tyre_degc,
        drawn_wh=state.drawn_wh + max(pack.power_w, 0.0) * hours,
        regenerated_wh=state.regenerated_wh + braked_w * hours,
        auxiliary_wh=state.auxiliary_wh + held.comfort_w * hours,
        charged_wh=_booked(state.charged_wh, charged_w, hours),
        wall_wh=_booked(state.wall_wh, flows.wall_power_w, hours),
        resistive_wh=state.resistive_wh + pack.heat_w * hours,
        capacity_share=state.capacity_share,
        resistance_share=state.resistance_share,
        outlet_wh=_booked(
            state.outlet_wh, flows.outlet_power_w - min(flows.wall_power_w, 0.0), hours
        ),
    )


def _booked(total_wh: float, power_w: float, hours: float) -> float:
    """A counter after the step; what never flows while driving costs a batch nothing."""
    return total_wh + power_w * hours if power_w > 0.0 else total_wh
