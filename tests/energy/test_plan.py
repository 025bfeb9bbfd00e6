"""The planner: laws that every plan keeps, over homes of all kinds."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.homes import draw_home, make_problem, make_storage
from vettura.energy.explain import reasons
from vettura.energy.plan import Planner, plan
from vettura.energy.plan_blocks import house_share
from vettura.energy.problem import Connection, Flexible, Goal, Plan, Problem
from vettura.energy.slots import Slots
from vettura.errors import InputError

WATT = 1e-3
"""A milliwatt: what a solver's tolerance may leave."""
SEEDS = st.integers(0, 10_000)


def drawn_w(plan: Plan, problem: Problem) -> np.ndarray:
    drawn = problem.load_w - plan.sun_w
    drawn = drawn + sum(plan.flexible_w, np.zeros(len(drawn)))
    for flows in plan.storages:
        drawn = drawn + flows.charge_w - flows.discharge_w
    return drawn


def missed_w(plan: Plan, name: str) -> np.ndarray:
    """(n,) What is missed of a limit in each slot."""
    missing = np.zeros(plan.slots.count)
    for missed in plan.missed:
        if missed.name == name:
            missing[missed.at - 1] += missed.missing_wh / plan.slots.hours
    return missing


@settings(max_examples=40, deadline=None, derandomize=True)
@given(SEEDS)
def test_every_plan_keeps_the_laws(seed):
    problem = draw_home(seed)
    answer = plan(problem)
    balance_and_limits(problem, answer)
    for storage, flows in zip(problem.storages, answer.storages, strict=True):
        storage_laws(problem, storage, flows, answer)
    for flexible, power in zip(problem.flexibles, answer.flexible_w, strict=True):
        window = power[flexible.first : flexible.end]
        assert power.sum() == pytest.approx(window.sum())
        assert (power <= flexible.power_w_max + WATT).all()
        missing = sum(m.missing_wh for m in answer.missed if m.name == flexible.id)
        given_wh = power.sum() * problem.slots.hours
        assert given_wh + missing == pytest.approx(flexible.energy_wh, abs=0.1)


def balance_and_limits(problem, answer):
    drawn = drawn_w(answer, problem)
    assert np.allclose(drawn, answer.import_w - answer.export_w, rtol=0.0, atol=1e-6)
    assert not (np.minimum(answer.import_w, answer.export_w) > 0.0).any()
    assert (answer.sun_w <= problem.sun_w).all()
    if not problem.connection.curtails:
        assert np.allclose(answer.sun_w, problem.sun_w)
    over = missed_w(answer, "import limit")
    assert (answer.import_w <= problem.connection.import_w_max + over + 0.01).all()
    dumped = missed_w(answer, "export limit")
    assert (answer.export_w <= problem.connection.export_w_max + dumped + 0.01).all()
    exported = sum(
        (
            f.discharge_w
            for s, f in zip(problem.storages, answer.storages, strict=True)
            if s.exports
        ),
        np.zeros(problem.slots.count),
    )
    if any(s.discharge_w_max.any() and not s.exports for s in problem.storages):
        assert (answer.export_w <= answer.sun_w + exported + WATT).all()
    share = np.array(problem.load_phase_share)[:, None] * problem.load_w
    house = np.array(house_share(problem))[:, None]
    phases = share + house * (sum(answer.flexible_w, np.zeros(len(drawn))) - answer.sun_w)
    for storage, flows in zip(problem.storages, answer.storages, strict=True):
        net = flows.charge_w - flows.discharge_w
        phases = phases + np.array(storage.phase_share)[:, None] * net
    assert (phases <= problem.connection.phase_w_max + missed_w(answer, "fuse") + over + 0.01).all()


def storage_laws(problem, storage, flows, answer):
    assert not (np.minimum(flows.charge_w, flows.discharge_w) > 0.01).any()
    assert (flows.charge_w <= storage.charge_w_max).all()
    assert (flows.discharge_w <= storage.discharge_w_max).all()
    held = flows.energy_wh
    assert held[0] == storage.energy_wh
    assert (held >= 0.0).all()
    assert (held <= max(storage.energy_wh, storage.energy_max_wh) + 0.01).all()
    change = problem.slots.hours * (
        flows.charge_w * storage.charge_efficiency
        - flows.discharge_w / storage.discharge_efficiency
    )
    missing = sum(m.missing_wh for m in answer.missed if m.name == f"{storage.id}: trip")
    assert held[-1] == pytest.approx(
        held[0] + change.sum() - storage.used_wh.sum() + missing, abs=0.1
    )
    gives = flows.discharge_w > 0.01
    assert (held[1:][gives] >= storage.energy_min_wh - 0.01).all()
    for intercept, slope in storage.taper:
        cut = np.maximum(intercept + slope * held[:-1], 0.0)
        if intercept + slope * storage.energy_wh >= 0.0:
            assert (flows.charge_w <= cut + 0.01).all()
    if not storage.charges_from_grid:
        assert (flows.charge_w <= answer.sun_w + 0.01).all()
    for goal in storage.goals:
        missing = sum(m.missing_wh for m in answer.missed if m.name == goal.name)
        assert held[goal.at] >= goal.energy_wh - missing - 0.01


@settings(max_examples=20, deadline=None, derandomize=True)
@given(SEEDS)
def test_a_battery_for_the_house_alone_gives_to_no_other_battery(seed):
    free = draw_home(seed)
    tied = replace(
        free, storages=tuple(replace(each, feeds_storages=False) for each in free.storages)
    )
    answer = plan(tied)
    balance_and_limits(tied, answer)
    given_w = sum(flows.discharge_w for flows in answer.storages)
    used_w = np.maximum(tied.load_w, 0.0) + sum(answer.flexible_w, np.zeros(len(tied.load_w)))
    leaves = any(storage.exports for storage in tied.storages)
    could = sum(storage.charge_w_max > 0.0 for storage in tied.storages) > 1
    assert (given_w <= used_w + answer.export_w * leaves + WATT)[could].all()
    assert answer.objective >= plan(free).objective - 1e-6


def test_at_one_price_a_car_charges_at_once():
    count = 8
    car = make_storage(
        count,
        energy_wh=1_000.0,
        discharge_w_max=np.zeros(count),
        goals=(Goal(name="out", at=8, energy_wh=9_000.0, per_wh=2e-3),),
    )
    answer = plan(make_problem(count, storages=(car,)))
    assert answer.storages[0].charge_w == pytest.approx([5000, 3000, 0, 0, 0, 0, 0, 0], abs=0.01)


def test_the_cheapest_slots_serve_the_goal_and_the_duals_say_what_it_is_worth():
    car = make_storage(
        4,
        energy_wh=0.0,
        discharge_w_max=np.zeros(4),
        goals=(Goal(name="out", at=4, energy_wh=7_000.0, per_wh=2e-3),),
    )
    prices = np.array([0.3, 0.1, 0.2, 0.4]) * 1e-3
    answer = plan(make_problem(4, storages=(car,), import_per_wh=prices))
    assert answer.storages[0].charge_w == pytest.approx([0, 5000, 2000, 0], abs=0.01)
    assert answer.storages[0].worth_per_wh[1:] == pytest.approx([0.2e-3] * 3, abs=1e-8)
    assert answer.marginal_per_wh == pytest.approx(prices, abs=1e-8)
    assert answer.cost == pytest.approx(0.5 * 1.0 + 5 * 0.1 + 2 * 0.2)


def test_what_cannot_be_had_is_named():
    used = np.array([0.0, 0.0, 20_000.0, 0.0])
    car = make_storage(
        4,
        id="car",
        used_wh=used,
        charge_w_max=np.array([5_000.0, 0.0, 0.0, 0.0]),
        discharge_w_max=np.zeros(4),
        goals=(Goal(name="car: out", at=1, energy_wh=30_000.0, per_wh=2e-3),),
    )
    boiler = Flexible(id="boiler", energy_wh=5_000.0, power_w_max=1_000.0, first=1, end=3)
    problem = make_problem(
        storages=(car,),
        flexibles=(boiler,),
        load_w=np.array([500.0, 500.0, 500.0, 9_000.0]),
        connection=Connection(import_w_max=8_000.0),
    )
    missed = {(m.name, m.at): round(m.missing_wh) for m in plan(problem).missed}
    assert missed == {
        ("car: trip", 3): 10_000,
        ("car: out", 1): 20_000,
        ("boiler", 3): 3_000,
        ("import limit", 4): 1_000,
    }


def test_nothing_is_earned_from_exporting_what_is_imported():
    prices = np.array([0.05, 0.05, -0.10, 0.30]) * 1e-3
    battery = make_storage(4, exports=True, charge_efficiency=0.9)
    problem = make_problem(
        storages=(battery,), import_per_wh=prices, export_per_wh=np.full(4, 0.2e-3)
    )
    answer = plan(problem)
    assert not (np.minimum(answer.import_w, answer.export_w) > 0.0).any()
    flows = answer.storages[0]
    assert not (np.minimum(flows.charge_w, flows.discharge_w) > 0.01).any()


@settings(max_examples=10, deadline=None, derandomize=True)
@given(SEEDS, st.floats(0.9, 1.1))
def test_a_warm_plan_costs_what_a_cold_one_does(seed, factor):
    planner = Planner()
    problem = draw_home(seed)
    planner.plan(problem)
    changed = replace(problem, import_per_wh=problem.import_per_wh * factor)
    warm, cold = planner.plan(changed), plan(changed)
    assert warm.objective == pytest.approx(cold.objective, abs=1e-5)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"load_w": np.array([1.0, np.nan, 1.0, 1.0])}, "load_w: slot 1 is nan"),
        ({"sun_w": np.array([1.0, 1.0, -5.0, 1.0])}, "sun_w: slot 2 is -5.0"),
        ({"import_per_wh": np.array([0.1, 0.1])}, r"import_per_wh: \(2,\) numbers for 4 slots"),
        ({"storages": (make_storage(4, energy_wh=float("nan")),)}, "'battery': energy_wh is nan"),
        ({"storages": (make_storage(4), make_storage(4))}, "two have the same id"),
        ({"connection": Connection(import_w_max=float("nan"))}, "import_w_max: nan"),
        ({"load_phase_share": (1.0, 1.0, 0.0)}, "load_phase_share: .* make 1"),
        ({"hours": np.array([1.0, 0.0, 1.0, 1.0])}, "hours: slot 1 is 0.0"),
    ],
)
def test_what_is_no_number_is_refused_in_one_line(changes, text):
    with pytest.raises(InputError, match=text) as refused:
        plan(make_problem(**changes))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("night", "slots"), [("2024-03-31", 23), ("2024-10-27", 25)])
def test_a_night_on_which_clocks_change_has_its_own_number_of_slots(night, slots):
    """The grid of time is UTC: an hour that is missing or doubled is no special slot."""
    rome = ZoneInfo("Europe/Rome")
    begins = datetime.fromisoformat(f"{night}T00:00").replace(tzinfo=rome)
    ends = (begins + timedelta(days=1)).replace(tzinfo=rome)
    count = round((ends.timestamp() - begins.timestamp()) / 3600.0)
    assert count == slots
    leaves = begins.replace(hour=7).timestamp()
    at = round((leaves - begins.timestamp()) / 3600.0)
    car = make_storage(
        count,
        energy_wh=0.0,
        discharge_w_max=np.zeros(count),
        goals=(Goal(name="out", at=at, energy_wh=10_000.0, per_wh=2e-3),),
    )
    start_ns = int(begins.timestamp()) * 1_000_000_000
    problem = make_problem(
        count,
        storages=(car,),
        slots=Slots(start_ns=start_ns, slot_s=3600, count=count),
        import_per_wh=np.linspace(0.4e-3, 0.1e-3, count),
    )
    answer = plan(problem)
    assert not answer.missed
    charged = np.flatnonzero(answer.storages[0].charge_w > 1.0)
    assert charged.tolist() == [at - 2, at - 1]
    said = reasons(problem, answer, zone=rome)[0]
    assert "'out' at 07:00" in said[at - 1].text


def test_slots_of_different_lengths_are_planned_in_energy():
    car = make_storage(
        3,
        energy_wh=0.0,
        discharge_w_max=np.zeros(3),
        goals=(Goal(name="out", at=3, energy_wh=9_000.0, per_wh=2e-3),),
    )
    problem = make_problem(
        3,
        storages=(car,),
        hours=np.array([0.25, 1.5, 4.0]),
        import_per_wh=np.array([0.3, 0.1, 0.2]) * 1e-3,
    )
    answer = plan(problem)
    assert answer.storages[0].charge_w == pytest.approx([0.0, 5_000.0, 375.0], abs=0.01)
    assert answer.storages[0].energy_wh == pytest.approx([0.0, 0.0, 7_500.0, 9_000.0], abs=0.01)
    assert answer.marginal_per_wh == pytest.approx(problem.import_per_wh, abs=1e-8)
    bought = problem.hours * (500.0 + answer.storages[0].charge_w)
    assert answer.cost == pytest.approx(float(bought @ problem.import_per_wh))
