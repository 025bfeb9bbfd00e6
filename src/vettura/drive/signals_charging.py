"""Signals of charging and of giving power: current, voltage, limits, how long it takes. Pure."""

import math

from vettura.bus.paths import (
    CABLE,
    CHARGE,
    CHARGE_LIMIT,
    CHARGING,
    CURRENT_LIMIT,
    FLAP,
    GIVE,
    GIVE_MAX,
    IS_CHARGING,
    LATCH,
    OURS,
    RESERVE,
    STATION,
    TIMER,
    WALL_POWER,
)
from vettura.car.battery import open_circuit_v
from vettura.car.charge import ac_power_limit_w, displayed_soc, spare_w, warmth
from vettura.car.tables import lookup
from vettura.drive.body import told, value_of
from vettura.drive.living import net_energy_wh
from vettura.drive.signals_battery import pack_v
from vettura.drive.signals_motion import iso
from vettura.drive.signals_names import Look, Values
from vettura.units import NS_PER_S, PERCENT, PHASE_V, SECONDS_PER_HOUR, W_PER_KW, WH_PER_KWH

GRID_V, GRID_OHM = 233.0, 0.09
"""Behind a house's socket: 230 V are left at 32 A (EN 50160 allows 207 to 253 V; IEC 60725 takes
0.24 Ω for the weakest supplies)."""
DC_A_MAX = 500.0
SECONDS_PER_MINUTE = 60.0
MINUTE_NS = 60 * NS_PER_S


def charging_events(look: Look) -> Values:
    """Cable, port, timer, and what the owner set."""
    car = look.car
    cable, charging = car.cable, car.charge is not None
    gives = given_w(look) > 0.0
    holds = charging or gives
    return {
        IS_CHARGING: charging and not gives,
        CHARGING + "IsDischarging": gives,
        CHARGE: "START" if charging else "STOP",
        CHARGE_LIMIT: round(PERCENT * car.charge_limit),
        STATION: cable.station if cable else "",
        TIMER + "Mode": value_of(car.body, TIMER + "Mode"),
        TIMER + "Time": value_of(car.body, TIMER + "Time"),
        CABLE: cable is not None,
        LATCH: cable is not None and (holds or told(car.body, LATCH, otherwise=car.locked)),
        FLAP: car.flap_open,
        CURRENT_LIMIT: car.charge_current_max_a,
        OURS + "Charging.SessionId": car.charge.id if car.charge else "",
        **_station(look),
        GIVE: car.discharge_power_w,
        RESERVE: round(PERCENT * car.discharge_reserve),
    }


def charging_second(look: Look) -> Values:
    """What flows through the cable, once a second."""
    car, flows = look.car, look.car.flows
    charging = car.charge is not None
    flows_dc = charging or flows.wall_power_w < 0.0
    dc = flows_dc and car.cable is not None and car.cable.dc
    into_w = into_battery_w(look)
    loss_w = max(flows.wall_power_w - flows.charge_power_w, 0.0) if charging else 0.0
    session_wh = car.state.wall_wh - car.charge.start_wall_wh if car.charge else 0.0
    mean_w = car.last_charge.mean_w if car.last_charge else 0.0
    return {
        CHARGING + "ChargeRate": round(into_w / car.wh_per_m / 1000.0, 1),
        CHARGING + "ChargeCurrent.DC": round(-flows.battery_current_a, 2) if dc else 0.0,
        CHARGING + "ChargeVoltage.DC": round(flows.battery_voltage_v, 1) if dc else 0.0,
        CHARGING + "PowerLoss": float(round(loss_w)),
        CHARGING + "AveragePower": round(mean_w / W_PER_KW, 3),
        OURS + "Charging.SessionEnergy": round(session_wh / WH_PER_KWH, 3),
        WALL_POWER: float(round(flows.wall_power_w)),
        OURS + "Discharging.Power": float(round(given_w(look))),
        **(_station(look) if car.cable is not None else {}),
        **_phases(look),
        **_acceptable(look),
    }


def charging_slow(look: Look) -> Values:
    """How long it takes and where it is, every ten seconds."""
    car = look.car
    where = car.last_charge or car
    left_s = time_left_s(look)
    # To the minute: nobody wants to see seconds of an estimate dance.
    end_ns = (car.time_ns + round(left_s * NS_PER_S)) // MINUTE_NS * MINUTE_NS if left_s else 0
    return {
        CHARGING + "MaxPower": round(car.cable.power_w_max / W_PER_KW, 2) if car.cable else 0.0,
        CHARGING + "TimeToComplete": round(left_s),
        CHARGING + "Temperature": round(car.gauges.charger_degc, 1),
        CHARGING + "Location.Latitude": round(where.latitude_deg, 7),
        CHARGING + "Location.Longitude": round(where.longitude_deg, 7),
        CHARGING + "Location.Altitude": round(where.altitude_m, 1),
        OURS + "Charging.FinishTime": iso(end_ns),
        GIVE_MAX: float(100 * round(able_to_give_w(look) / 100)),
    }


def given_w(look: Look) -> float:
    """What leaves the car at its plug and at its DC port [W]."""
    flows = look.car.flows
    return flows.outlet_power_w + max(-flows.wall_power_w, 0.0)


def able_to_give_w(look: Look) -> float:
    """What it could give at its DC port for the next minute, down to the reserve [W]."""
    params, car = look.params, look.car
    able_w = spare_w(
        params,
        car.discharge_reserve,
        car.state.soc,
        car.state.battery_degc,
        open_circuit_v(params.pack, car.state.soc),
        car.state.capacity_share,
        SECONDS_PER_MINUTE,
    )
    return min(params.supply.dc_give_power_max_w, able_w)


def into_battery_w(look: Look) -> float:
    """What a station puts into the battery [W]."""
    car = look.car
    return max(-car.flows.battery_power_w, 0.0) if car.charge is not None else 0.0


def time_left_s(look: Look) -> float:
    """How long the charge takes to its limit at the power of now [s]; 0 when none flows."""
    car, into_w = look.car, into_battery_w(look)
    missing = max(car.charge_limit - displayed_soc(look.params, car.state.soc), 0.0)
    if into_w <= 1.0:
        return 0.0
    return missing * net_energy_wh(look.params, car.state) / into_w * SECONDS_PER_HOUR


def station_a(look: Look) -> float:
    """What the plugged station may give [A], for each of its phases; 0 without one."""
    cable = look.car.cable
    if cable is None:
        return 0.0
    if cable.dc:
        return min(cable.power_w_max / pack_v(look), DC_A_MAX)
    return cable.power_w_max / (PHASE_V * cable.phases)


def _station(look: Look) -> Values:
    """At a DC station the limit follows the battery's voltage."""
    return {OURS + "Charging.StationCurrentLimit": round(station_a(look), 2)}


def _phases(look: Look) -> Values:
    """Current and voltage of every phase: their products are the power at the wall."""
    car, wall_w = look.car, look.car.flows.wall_power_w
    cable = car.cable
    flows = car.charge is not None and cable is not None and not cable.dc and wall_w > 0.0
    used = min(cable.phases, round(look.params.supply.ac_phases)) if flows and cable else 0
    amps, volts = phase(wall_w / used) if used else (0.0, 0.0)
    values: Values = {}
    for number in (1, 2, 3):
        carries = number <= used
        values[f"{CHARGING}ChargeCurrent.Phase{number}"] = round(amps, 3) if carries else 0.0
        values[f"{CHARGING}ChargeVoltage.Phase{number}"] = round(volts, 2) if carries else 0.0
    return values


def phase(power_w: float) -> tuple[float, float]:
    """Current [A] and voltage [V] of one phase that brings so much [W], at a power factor of 1.

    The grid behind it has some resistance: P = I·(U - I·R).
    """
    root = math.sqrt(max(GRID_V * GRID_V - 4.0 * GRID_OHM * power_w, 0.0))
    volts = 0.5 * (GRID_V + root)
    return power_w / volts, volts


def _acceptable(look: Look) -> Values:
    """What the car could take now, whatever a station offers [A]."""
    params, _, car, _ = look
    supply, phases = params.supply, round(params.supply.ac_phases)
    full_w = ac_power_limit_w(params, offered_w=1e6, phases=3.0)
    amps = full_w / (PHASE_V * phases)
    if car.charge_current_max_a > 0.0:
        amps = min(amps, car.charge_current_max_a)
    curve_w = lookup(supply.dc_power_w, displayed_soc(params, car.state.soc))
    dc_a = min(curve_w * warmth(car.state.battery_degc) / pack_v(look), DC_A_MAX)
    branch = CHARGING + "MaximumChargingCurrent."
    return {
        branch + "DC": round(dc_a, 1),
        **{f"{branch}Phase{n}": round(amps, 1) if n <= phases else 0.0 for n in (1, 2, 3)},
    }
