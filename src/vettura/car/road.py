"""What the road and the air take from the car, and how its tyres warm up."""

import math

from vettura.car.params import Params
from vettura.units import (
    DRY_AIR_J_PER_KG_K,
    GRAVITY_MPS2,
    KMH_PER_MPS,
    STANDARD_PRESSURE_PA,
    ZERO_DEGC_IN_K,
)

REFERENCE_DEGC = 20.0
REFERENCE_DENSITY = STANDARD_PRESSURE_PA / (DRY_AIR_J_PER_KG_K * (REFERENCE_DEGC + ZERO_DEGC_IN_K))
"""Air density [kg/m³] that road loads are corrected to (SAE J1263: 20 °C, sea level)."""

BRAKE_DECELERATION_MPS2 = 0.9 * GRAVITY_MPS2
"""Dry-road grip: no brake does better on road tyres."""
TYRE_RISE_K_PER_MPS = 0.8
"""How much warmer than the air a rolling tyre settles, for each m/s: about 20 K at 90 km/h, the
order measured on passenger tyres (Ejsmont et al., Wear 386, 2017)."""
TYRE_REFERENCE_DEGC = REFERENCE_DEGC + TYRE_RISE_K_PER_MPS * 80.0 / KMH_PER_MPS
"""Tyre temperature [°C] that road loads hold for: a coast-down follows half an hour at 80 km/h (SAE
J2263), and a label's rolling resistance is measured so, too (ISO 28580). The tyres do not cool in
the seconds of the coast-down: in town they run colder than that, on the motorway warmer."""
TYRE_SECONDS = 1_500.0
"""Time constant of tyre warm-up: rolling resistance settles after 20 to 30 minutes (SAE J1269)."""
WET_PER_MM_PER_H, WET_MM_PER_H_MAX = 0.05, 4.0
"""Rolling resistance on a wet road: water is displaced and cools the tyre, 10 to 20 % more at
usual water depths (Ejsmont et al., Measurement 82, 2016); rain beyond the limit drains off."""
TYRE_FACTOR_MIN, TYRE_FACTOR_MAX = 0.6, 2.5


def air_density(pressure_pa: float, ambient_degc: float) -> float:
    """Density of dry air [kg/m³]: p / (R·T)."""
    return pressure_pa / (DRY_AIR_J_PER_KG_K * (ambient_degc + ZERO_DEGC_IN_K))


def pressure_at(altitude_m: float) -> float:
    """Air pressure [Pa] at that height above the sea: ISO 2533, valid up to 11 km."""
    share = 1.0 - 2.25577e-5 * min(altitude_m, 11_000.0)
    return STANDARD_PRESSURE_PA * math.pow(share, 5.25588)


def rolling_n(params: Params, tyre_degc: float, rain_mm_per_h: float) -> float:
    """Rolling resistance [N]: A of the coast-down, with the tyres' temperature and a wet road."""
    colder = params.road.tyre_per_k * (TYRE_REFERENCE_DEGC - tyre_degc)
    # The beginning of an exponential: rubber loses ever more the colder it is (ISO 28580's own
    # correction is a straight line because it holds for 20 to 30 degrees only).
    tyre = 1.0 + colder * (1.0 + 0.5 * colder)
    tyre = min(max(tyre, TYRE_FACTOR_MIN), TYRE_FACTOR_MAX)
    wet = 1.0 + WET_PER_MM_PER_H * min(max(rain_mm_per_h, 0.0), WET_MM_PER_H_MAX)
    return params.road.a_n * tyre * wet


def drag_n_per_mps2(params: Params, density: float, slipstream: float) -> float:
    """Drag over the square of the air's speed: C of the coast-down, in this air, behind others."""
    return params.road.c_n_per_mps2 * (density * (1.0 / REFERENCE_DENSITY) * (1.0 - slipstream))


def road_load_n(
    params: Params,
    speed_mps: float,
    headwind_mps: float,
    grade: float,
    rolling: float,
    drag: float,
) -> float:
    """Force [N] that must be overcome at constant speed.

    A + B·v + C·v² of a coast-down (SAE J1263), with A and C as `rolling_n` and `drag_n_per_mps2`
    have them now, plus the slope's share of the weight. A car at rest is held by its brakes: 0.
    """
    # What is 0 all the way costs a batch nothing: the compiler drops the side that is not chosen.
    air_mps = speed_mps + headwind_mps if headwind_mps != 0.0 else speed_mps
    drag_n = drag * air_mps * abs(air_mps)
    steady_n = rolling + params.road.b_n_per_mps * speed_mps + drag_n
    # sin(atan(g)) to third order: within 1e-4 of the truth up to 30 % of slope, and no square root.
    climb_n = params.road.mass_kg * GRAVITY_MPS2 * (grade * (1.0 - 0.5 * grade * grade))
    moving_n = steady_n + climb_n if grade != 0.0 else steady_n
    return moving_n if speed_mps > 0.0 else 0.0


def warm_tyre(tyre_degc: float, speed_mps: float, ambient_degc: float, dt: float) -> float:
    """Tyre temperature [°C] after `dt` seconds: it settles at the air's plus a rise with speed."""
    goal = ambient_degc + TYRE_RISE_K_PER_MPS * speed_mps
    share = dt / TYRE_SECONDS
    return tyre_degc + (share / (1.0 + share)) * (goal - tyre_degc)
