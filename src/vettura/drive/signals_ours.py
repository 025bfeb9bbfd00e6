"""Signals that VSS lacks, those of service and diagnostics, and the trips. Pure."""

from vettura.bus.paths import (
    AWAKE,
    BATTERY,
    CLIMATE_POWER,
    LOCK,
    MODE,
    OURS,
    PLACE,
    PRECONDITION,
    READY_AT,
    TROUBLE_CODES,
)
from vettura.drive.faults import codes
from vettura.drive.living import ON_THE_ROAD, is_awake
from vettura.drive.signals_body import habit
from vettura.drive.signals_motion import iso
from vettura.drive.signals_names import Look, Values
from vettura.units import M_PER_KM, NS_PER_S, PERCENT, WH_PER_KWH

SERVICE_M, SERVICE_S = 30_000_000.0, 2.0 * 365.25 * 86_400.0
"""Between two services: 30,000 km or two years, as makers of electric cars usually ask for."""
FLAT_SOC = 1e-6
TIME_MAX_S = 2_147_483_647


def ours_fast(look: Look) -> Values:
    """Power at the wheels, and whether the car keeps up with its trip."""
    flows = look.car.flows
    return {
        OURS + "WheelPower": float(round(flows.wheel_power_w)),
        OURS + "IsTraceMissed": flows.trace_missed > 0.0,
    }


def ours_events(look: Look) -> Values:
    """Mode, place, key, plan, update, and what is broken."""
    car, progress = look.car, look.car.progress
    trouble: list[str | float] = [*codes(look.car.faults)]
    stranded = progress is None and (car.place == ON_THE_ROAD or car.state.soc <= FLAT_SOC)
    return {
        MODE: car.mode.upper(),
        PLACE: car.place,
        OURS + "Destination": progress.destination if progress else "",
        AWAKE: is_awake(car),
        LOCK: car.locked,
        OURS + "Key.State": habit(car).key,
        PRECONDITION: car.climate_on and progress is None,
        READY_AT: iso(car.ready_at_ns),
        OURS + "Update.State": "UP_TO_DATE",
        "Vehicle.Connectivity.IsConnectivityAvailable": True,
        "Vehicle.IsBrokenDown": stranded,
        TROUBLE_CODES: trouble,
        BATTERY + "ErrorCodes": [code for code in trouble if str(code).startswith("P0A")],
        **_last_trip(look),
    }


def ours_second(look: Look) -> Values:
    """Loads and the trip under way."""
    car, progress, flows = look.car, look.car.progress, look.car.flows
    state = car.state
    since_m = state.distance_m - progress.start_m if progress else 0.0
    used_wh = state.drawn_wh - state.regenerated_wh - progress.start_wh if progress else 0.0
    share = since_m / progress.distance_m if progress else 0.0
    return {
        OURS + "AuxiliaryPower": float(round(flows.auxiliary_power_w)),
        CLIMATE_POWER: float(round(flows.climate_power_w)),
        OURS + "TripProgress": round(PERCENT * min(max(share, 0.0), 1.0), 2),
        OURS + "Trip.Energy": round(used_wh / WH_PER_KWH, 3),
        OURS + "Trip.Consumption": per_100_km(used_wh, since_m),
    }


def ours_slow(look: Look) -> Values:
    """Service and trouble, every ten seconds."""
    car = look.car
    since_m = car.state.distance_m - car.serviced_m
    since_s = (car.time_ns - car.serviced_ns) / NS_PER_S if car.serviced_ns else 0.0
    left_m, left_s = SERVICE_M - since_m, SERVICE_S - since_s
    return {
        "Vehicle.Diagnostics.DTCCount": min(len(codes(look.car.faults)), 255),
        "Vehicle.Service.DistanceToService": round(left_m / M_PER_KM, 1),
        "Vehicle.Service.TimeToService": round(min(max(left_s, -TIME_MAX_S), TIME_MAX_S)),
        "Vehicle.Service.IsServiceDue": left_m <= 0.0 or left_s <= 0.0,
    }


def per_100_km(used_wh: float, distance_m: float) -> float:
    """Consumption as people read it [kWh/100 km]; 0 before the first 100 m."""
    if distance_m < 100.0:
        return 0.0
    return round(100.0 * (used_wh / WH_PER_KWH) / (distance_m / M_PER_KM), 2)


def _last_trip(look: Look) -> Values:
    last = look.car.last_trip
    return {
        OURS + "LastTrip.Consumption": per_100_km(last.energy_wh, last.distance_m) if last else 0.0,
        OURS + "LastTrip.Distance": round(last.distance_m) if last else 0,
        OURS + "LastTrip.Duration": round(last.duration_s) if last else 0,
        OURS + "LastTrip.Energy": round(last.energy_wh / WH_PER_KWH, 3) if last else 0.0,
    }
