"""A charger that loses while it runs, and takes at least six amperes: the share of a slot."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.homes import make_problem, make_storage
from vettura.energy.explain import reasons
from vettura.energy.oracle import oracle
from vettura.energy.plan import Planner, plan
from vettura.energy.problem import Goal
from vettura.errors import InputError

COUNT = 24
LOSS_W, LEAST_W, MOST_W = 300.0, 1_380.0, 11_000.0
SEEDS = st.integers(0, 10_000)


def a_car(**changes):
    fields = {
        "id": "car",
        "capacity_wh": 60_000.0,
        "energy_wh": 15_000.0,
        "energy_max_wh": 60_000.0,
        "charge_w_max": np.full(COUNT, MOST_W),
        "discharge_w_max": np.zeros(COUNT),
        "charge_efficiency": 0.9,
        "charge_loss_w": LOSS_W,
        "charge_w_least": LEAST_W,
        "value_per_wh": 0.2e-3,
        "value_up_to_wh": 30_000.0,
    }
    return make_storage(COUNT, **fields | changes)


def a_home(seed, *, has_battery=False, below_nothing=False):
    chance = np.random.default_rng(seed)
    hour = np.arange(COUNT)
    shape = np.maximum(np.sin((hour - 6.0) / 12.0 * np.pi), 0.0)
    here = np.where((hour > 8) & (hour < 12), 0.0, MOST_W) * (chance.random() < 0.7)
    here = here if here.any() else np.full(COUNT, MOST_W)
    goal = Goal(name="out", at=20, energy_wh=chance.uniform(10e3, 40e3), per_wh=2e-3)
    storages = [a_car(charge_w_max=here, goals=(goal,))]
    if has_battery:
        storages.append(make_storage(COUNT, charge_efficiency=0.95, value_per_wh=0.1e-3))
    prices = chance.uniform(0.12, 0.4, COUNT)
    if below_nothing:
        prices[chance.integers(0, COUNT, 4)] = -0.05
    return make_problem(
        COUNT,
        storages=tuple(storages),
        sun_w=chance.uniform(200.0, 6_000.0) * shape * chance.uniform(0.3, 1.0, COUNT),
        load_w=chance.uniform(100.0, 1_500.0, COUNT),
        import_per_wh=prices * 1e-3,
        export_per_wh=np.minimum(prices - 0.01, 0.08) * 1e-3,
    )


def optimum(problem):
    """The home of one car once more, with a share in every slot, for another solver."""
    from scipy.optimize import linprog

    (car,), n = problem.storages, problem.slots.count
    # Import, export, used sun, charge, share, held at the end of each slot; missed; kept.
    bring, send, sun, takes, share, held = (np.arange(n) + n * k for k in range(6))
    missed, kept, width = 6 * n, 6 * n + 1, 6 * n + 2
    cost = np.zeros(width)
    cost[bring], cost[send] = problem.import_per_wh, -problem.export_per_wh
    cost[missed], cost[kept] = car.goals[0].per_wh, -car.value_per_wh
    gain = car.charge_efficiency + LOSS_W / MOST_W
    equal, equals, below, limits = [], [], [], []

    def row(rows, sides, side, *terms):
        line = np.zeros(width)
        for column, value in terms:
            line[column] += value
        rows.append(line)
        sides.append(side)

    for t in range(n):
        balance = ((bring[t], 1), (send[t], -1), (sun[t], 1), (takes[t], -1))
        row(equal, equals, problem.load_w[t], *balance)
        before = [(held[t - 1], -1)] if t else []
        stored = ((held[t], 1), (takes[t], -gain), (share[t], LOSS_W), *before)
        row(equal, equals, 0.0 if t else car.energy_wh, *stored)
        row(below, limits, 0.0, (takes[t], 1), (share[t], -car.charge_w_max[t]))
        row(below, limits, 0.0, (takes[t], -1), (share[t], LEAST_W))
        spare = max(problem.sun_w[t] - problem.load_w[t], 0.0)
        row(below, limits, 0.0, (takes[t], 1), (bring[t], -1), (share[t], -spare))
    goal = car.goals[0]
    row(below, limits, -goal.energy_wh, (held[goal.at - 1], -1), (missed, -1))
    row(below, limits, 0.0, (kept, 1), (held[-1], -1))
    most = np.full(width, np.inf)
    most[sun], most[takes], most[share] = problem.sun_w, car.charge_w_max, 1.0
    most[held], most[kept] = car.energy_max_wh, car.value_up_to_wh
    bounds = list(zip(np.zeros(width), most, strict=True))
    found = linprog(
        cost * 1e3, A_ub=below, b_ub=limits, A_eq=equal, b_eq=equals, bounds=bounds, method="highs"
    )
    assert found.status == 0, found.message
    return found.fun / 1e3


@settings(max_examples=12, deadline=None, derandomize=True)
@given(SEEDS, st.booleans())
def test_a_plan_is_the_optimum_of_another_formulation_with_a_share_in_every_slot(seed, below):
    problem = a_home(seed, below_nothing=below)
    assert plan(problem).objective == pytest.approx(optimum(problem), abs=2e-5)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(SEEDS, st.booleans())
def test_shares_keep_their_limits_and_flows_their_balance(seed, has_battery):
    problem = a_home(seed, has_battery=has_battery)
    answer = plan(problem)
    drawn = problem.load_w - answer.sun_w
    for flows in answer.storages:
        drawn = drawn + flows.charge_w - flows.discharge_w
    assert np.allclose(answer.import_w - answer.export_w, drawn, atol=1e-6)
    car, flows = problem.storages[0], answer.storages[0]
    share = flows.share_on
    assert ((share >= 0.0) & (share <= 1.0)).all()
    assert (flows.charge_w <= share * MOST_W + 1e-3).all()
    assert (flows.charge_w >= share * LEAST_W - 1e-3).all()
    stored = car.charge_gain * flows.charge_w - LOSS_W * share
    assert np.diff(flows.energy_wh) == pytest.approx(stored, abs=0.01)
    spare = np.maximum(problem.sun_w - problem.load_w, 0.0)
    given_w = sum(f.discharge_w for f in answer.storages)
    assert (flows.charge_w <= answer.import_w + given_w + share * spare + 0.01).all()
    assert all(other.share_on is None for other in answer.storages[1:])


@settings(max_examples=10, deadline=None, derandomize=True)
@given(SEEDS)
def test_without_sun_a_loss_changes_nothing_since_minutes_at_full_power_are_best(seed):
    problem = replace(a_home(seed), sun_w=np.zeros(COUNT))
    plain = a_car(
        charge_w_max=problem.storages[0].charge_w_max,
        goals=problem.storages[0].goals,
        charge_loss_w=0.0,
        charge_w_least=0.0,
    )
    other = plan(replace(problem, storages=(plain,)))
    assert plan(problem).objective == pytest.approx(other.objective, abs=1e-6)


@settings(max_examples=10, deadline=None, derandomize=True)
@given(SEEDS)
def test_a_charger_that_loses_nothing_at_any_power_plans_as_one_that_says_nothing(seed):
    problem = a_home(seed)
    (car,) = problem.storages
    any_power = replace(car, charge_loss_w=0.0, charge_w_least=1e-3)
    nothing = replace(car, charge_loss_w=0.0, charge_w_least=0.0)
    one, other = (plan(replace(problem, storages=(each,))) for each in (any_power, nothing))
    assert one.objective == pytest.approx(other.objective, abs=1e-6)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(SEEDS)
def test_new_prices_after_a_plan_give_what_a_new_planner_gives(seed):
    planner, first = Planner(), a_home(seed)
    planner.plan(first)
    for shift in (2e-5, -2.5e-4):
        moved = replace(
            first, import_per_wh=first.import_per_wh + shift, export_per_wh=np.full(COUNT, -1e-3)
        )
        assert planner.plan(moved).objective == pytest.approx(plan(moved).objective, abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_whole_numbers_find_the_same_plan(seed):
    problem = a_home(seed)
    assert plan(problem).objective == pytest.approx(oracle(problem).plan.objective, abs=2e-5)


def test_thin_sun_is_not_worth_a_running_charger_and_the_reason_says_so():
    sun_w = np.full(COUNT, 600.0)
    problem = make_problem(
        COUNT, storages=(a_car(),), sun_w=sun_w, export_per_wh=np.full(COUNT, 0.08e-3)
    )
    answer = plan(problem)
    assert not answer.storages[0].charge_w.any()
    assert (
        plan(replace(problem, storages=(a_car(charge_loss_w=0.0, charge_w_least=0.0),)))
        .storages[0]
        .charge_w.any()
    )
    (why,) = reasons(problem, answer)
    assert why[0].text == "waits: 0.1 kW of sun are too little for its charger"


def test_a_loss_that_the_least_power_cannot_bear_is_refused():
    with pytest.raises(InputError, match="charge_loss_w"):
        plan(make_problem(COUNT, storages=(a_car(charge_w_least=100.0),)))
