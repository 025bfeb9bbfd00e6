"""Charging by rule: each keeps the balance and does what its name says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vettura.energy.problem import Goal, Plan, Problem, Storage
from vettura.energy.rules import cheapest_slots, evcc_like, plugged_in, safe_rule
from vettura.energy.slots import Slots

RULES = [plugged_in, cheapest_slots, evcc_like, safe_rule]
COUNT = 12


def a_problem(
    *,
    prices: list[float] | None = None,
    sun_w: float = 0.0,
    goal_wh: float = 20_000.0,
    at: int = 8,
    battery: bool = False,
    import_w_max: float = 20_000.0,
) -> Problem:
    from vettura.energy.problem import Connection

    here = np.ones(COUNT)
    here[8:10] = 0.0
    used = np.zeros(COUNT)
    used[8] = 5_000.0
    car = Storage(
        id="car",
        kind="car",
        capacity_wh=60_000.0,
        energy_wh=6_000.0,
        energy_min_wh=5_000.0,
        energy_max_wh=60_000.0,
        charge_w_max=11_000.0 * here,
        discharge_w_max=0.0 * here,
        used_wh=used,
        charge_efficiency=0.9,
        discharge_efficiency=0.94,
        goals=(Goal(name="trip", at=at, energy_wh=goal_wh, per_wh=5e-3),),
    )
    home = Storage(
        id="battery",
        kind="battery",
        capacity_wh=10_000.0,
        energy_wh=5_000.0,
        energy_min_wh=1_000.0,
        energy_max_wh=10_000.0,
        charge_w_max=np.full(COUNT, 4_000.0),
        discharge_w_max=np.full(COUNT, 4_000.0),
        used_wh=np.zeros(COUNT),
        charge_efficiency=0.95,
        discharge_efficiency=0.95,
    )
    return Problem(
        slots=Slots(start_ns=0, slot_s=3600, count=COUNT),
        load_w=np.full(COUNT, 500.0),
        sun_w=np.where((np.arange(COUNT) >= 4) & (np.arange(COUNT) < 7), sun_w, 0.0),
        import_per_wh=np.array(prices or [3e-4] * COUNT),
        export_per_wh=np.full(COUNT, 8e-5),
        storages=(car, home) if battery else (car,),
        connection=Connection(import_w_max=import_w_max),
    )


def balance(problem: Problem, plan: Plan) -> np.ndarray:
    moved = sum(f.charge_w - f.discharge_w for f in plan.storages)
    return plan.import_w + plan.sun_w - plan.export_w - problem.load_w - moved


@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.floats(-1e-4, 9e-4), min_size=COUNT, max_size=COUNT),
    st.floats(0.0, 9_000.0),
    st.floats(0.0, 40_000.0),
    st.booleans(),
    st.floats(2_000.0, 30_000.0),
)
def test_rules_keep_balance_window_and_limits(
    rule, prices: list[float], sun_w: float, goal_wh: float, battery: bool, limit_w: float
) -> None:  # type: ignore[no-untyped-def]
    problem = a_problem(
        prices=prices, sun_w=sun_w, goal_wh=goal_wh, battery=battery, import_w_max=limit_w
    )
    plan = rule(problem)
    assert np.abs(balance(problem, plan)).max() < 1e-6
    assert plan.import_w.max() <= limit_w + 1e-6
    for storage, flows in zip(problem.storages, plan.storages, strict=True):
        assert (flows.charge_w <= storage.charge_w_max + 1e-9).all()
        assert (flows.discharge_w <= storage.discharge_w_max + 1e-9).all()
        held = flows.charge_w * storage.charge_efficiency
        held = held - flows.discharge_w / storage.discharge_efficiency - storage.used_wh
        assert np.allclose(np.diff(flows.energy_wh), held)
        assert flows.energy_wh.max() <= storage.energy_max_wh + 1e-6


def test_plugged_in_begins_at_once() -> None:
    plan = plugged_in(a_problem())
    assert plan.storages[0].charge_w[0] == 11_000.0
    assert not plan.missed


def test_cheapest_slots_takes_the_cheapest() -> None:
    prices = [5e-4, 4e-4, 1e-4, 5e-4, 5e-4, 5e-4, 2e-4, 5e-4, 0.0, 0.0, 5e-4, 5e-4]
    plan = cheapest_slots(a_problem(prices=prices))
    charged = plan.storages[0].charge_w
    assert np.flatnonzero(charged).tolist() == [2, 6]
    assert charged[2] == 11_000.0
    assert not plan.missed


def test_evcc_like_is_late_among_equals_and_takes_the_sun() -> None:
    plan = evcc_like(a_problem())
    assert np.flatnonzero(plan.storages[0].charge_w).tolist() == [6, 7]
    sunny = evcc_like(a_problem(sun_w=4_500.0))
    assert sunny.storages[0].charge_w[4] == 4_000.0


def test_evcc_like_waits_for_prices_while_there_is_time() -> None:
    problem = a_problem()
    assert not evcc_like(problem, known=3).storages[0].charge_w[:3].any()
    # With one slot left after the published ones, what does not fit there is planned before.
    early = evcc_like(problem, known=7).storages[0].charge_w
    assert early[6] > 0.0
    assert not early[:6].any()


def test_the_sun_is_not_followed_below_six_amperes() -> None:
    plan = evcc_like(a_problem(sun_w=1_500.0, goal_wh=0.0))
    assert not plan.storages[0].charge_w.any()


def test_the_safe_rule_meets_what_can_be_met_and_names_the_rest() -> None:
    plan = safe_rule(a_problem(goal_wh=55_000.0, at=2))
    assert plan.storages[0].charge_w[0] == 11_000.0
    (missed,) = plan.missed
    assert missed.name == "car: trip"
    assert abs(missed.missing_wh - (55_000.0 - 6_000.0 - 2 * 9_900.0)) < 1.0
    assert plan.origin == "safe rule"


def test_a_home_battery_is_not_emptied_into_a_car() -> None:
    plan = plugged_in(a_problem(battery=True))
    car, home = plan.storages
    assert not home.discharge_w[car.charge_w > 0.0].any()
    assert home.discharge_w[3] > 0.0
