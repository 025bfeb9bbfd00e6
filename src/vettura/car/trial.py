"""Driving a car of which only the file is known: its sprint, and what it takes over a cycle."""

from vettura.car.params import Params
from vettura.car.relations import params_of, resting_state
from vettura.car.spec import CarSpec
from vettura.car.state import Inputs, State
from vettura.car.step import step
from vettura.car.trip import Trip
from vettura.units import KMH_PER_MPS, M_PER_KM

SPRINT_KMH = 100.0
SPRINT_STEP_S, SPRINT_S_MAX = 0.1, 60.0
WISH_MPS = 80.0
"""Faster than any car here drives: the pedal to the floor."""
DRIVER_KG = 75.0
"""Alone in the lightest car: how makers time it."""
WARM_TYRE_K = 10.0
"""What tyres and gear are warmer than the air on a dynamometer."""


def sprint_s(spec: CarSpec) -> float:
    """Seconds from 0 to 100 km/h on a flat road at 20 °C, 90 % charged; SPRINT_S_MAX at most."""
    params = params_of(spec, mass_kg=spec.body.kerb_mass_kg.value + DRIVER_KG)
    state, elapsed_s = _warm(params), 0.0
    goal_mps = SPRINT_KMH / KMH_PER_MPS
    while elapsed_s < SPRINT_S_MAX:
        before_mps = state.speed_mps
        state, _ = step(params, state, Inputs(speed_mps=WISH_MPS), SPRINT_STEP_S)
        if state.speed_mps >= goal_mps:
            share = (goal_mps - before_mps) / (state.speed_mps - before_mps)
            return elapsed_s + share * SPRINT_STEP_S
        elapsed_s += SPRINT_STEP_S
    return SPRINT_S_MAX


def consumption_wh_per_km(spec: CarSpec, trip: Trip) -> float:
    """Out of the battery over a cycle of one speed a second, 20 °C, climate off.

    With the mass of the coast-down where there is one, as on the dynamometer.
    """
    down = spec.body.coast_down
    params = params_of(spec, mass_kg=down.test_mass_kg if down else None)
    state = _warm(params)
    for wish_mps in trip.speed_mps[1:]:
        state, _ = step(params, state, Inputs(speed_mps=wish_mps, accessories=0.0), 1.0)
    return (state.drawn_wh - state.regenerated_wh) / max(state.distance_m, 1.0) * M_PER_KM


def _warm(params: Params) -> State:
    rested = resting_state(params, displayed_soc=0.9, ambient_degc=20.0)
    return rested._replace(tyre_degc=rested.tyre_degc + WARM_TYRE_K)
