"""Driving a car of which only the file is known: its sprint, and what it takes over a cycle."""

from vettura.car.params import Params
from vettura.car.relations import params_of, resting_state, warmed_up
from vettura.car.spec import CarSpec
from vettura.car.state import Inputs
from vettura.car.step import step
from vettura.car.trip import Trip
from vettura.units import KMH_PER_MPS, M_PER_KM

SPRINT_KMH = 100.0
SPRINT_STEP_S, SPRINT_S_MAX = 0.1, 60.0
WISH_MPS = 80.0
"""Faster than any car here drives: the pedal to the floor."""
DRIVER_KG = 75.0
"""Alone in the lightest car: how makers time it."""
HALL_DEGC = 20.0
RECHARGE_MINUTES_MAX = 48 * 60


def sprint_s(spec: CarSpec) -> float:
    """Seconds from 0 to 100 km/h on a flat road at 20 °C, 90 % charged; SPRINT_S_MAX at most."""
    params = params_of(spec, mass_kg=spec.body.kerb_mass_kg.value + DRIVER_KG)
    state, elapsed_s = warmed_up(params, ambient_degc=HALL_DEGC), 0.0
    goal_mps = SPRINT_KMH / KMH_PER_MPS
    while elapsed_s < SPRINT_S_MAX:
        before_mps = state.speed_mps
        state, _ = step(params, state, Inputs(speed_mps=WISH_MPS), SPRINT_STEP_S)
        if state.speed_mps >= goal_mps:
            share = (goal_mps - before_mps) / (state.speed_mps - before_mps)
            return elapsed_s + share * SPRINT_STEP_S
        elapsed_s += SPRINT_STEP_S
    return SPRINT_S_MAX


def wall_wh_per_km(spec: CarSpec, trip: Trip) -> float:
    """Energy at the wall over a cycle of one speed a second, 20 °C, climate off.

    With the mass of the coast-down where there is one, as on the dynamometer.
    """
    down = spec.body.coast_down
    params = params_of(spec, mass_kg=down.test_mass_kg if down else None)
    state = warmed_up(params, ambient_degc=HALL_DEGC)
    for wish_mps in trip.speed_mps[1:]:
        state, _ = step(params, state, Inputs(speed_mps=wish_mps, accessories=0.0), 1.0)
    used_wh = state.drawn_wh - state.regenerated_wh + state.resistive_wh
    stored_wh_per_km = used_wh / max(state.distance_m, 1.0) * M_PER_KM
    return stored_wh_per_km / charging_efficiency(params, ambient_degc=HALL_DEGC)


def charging_efficiency(params: Params, *, ambient_degc: float) -> float:
    """Energy stored over energy from the wall, in a recharge from empty to full at AC."""
    begin = resting_state(params, displayed_soc=0.05, ambient_degc=ambient_degc)
    supply = params.supply
    inputs = Inputs(
        ambient_degc=ambient_degc,
        awake=0.0,
        ac_power_w=supply.ac_power_max_w,
        ac_phases=supply.ac_phases,
    )
    state = begin
    for _ in range(RECHARGE_MINUTES_MAX):
        state, flows = step(params, state, inputs, 60.0)
        if flows.wall_power_w <= 0.0:
            break
    stored_wh = state.charged_wh - (state.resistive_wh - begin.resistive_wh)
    return stored_wh / state.wall_wh
