"""Each slot says why, with the prices that decided."""

from datetime import timedelta, timezone

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.homes import draw_home, make_problem, make_storage
from vettura.energy.explain import reasons
from vettura.energy.plan import plan
from vettura.energy.problem import Connection, Goal

CODES = {"cheap", "sun", "goal", "floor", "wait", "full", "away"}
CODES |= {"house", "sell", "peak", "fuse", "idle", "limit", "rule"}


def told(problem, **options):
    return reasons(problem, plan(problem), **options)[0]


def make_car(count, **changes):
    fields = {"id": "car", "energy_wh": 0.0, "discharge_w_max": np.zeros(count)}
    return make_storage(count, **fields | changes)


def test_a_car_says_which_slot_is_the_next_to_serve_its_goal():
    goal = Goal(name="work", at=4, energy_wh=5_000.0, per_wh=2e-3)
    prices = np.array([0.30, 0.21, 0.24, 0.50]) * 1e-3
    problem = make_problem(storages=(make_car(4, goals=(goal,)),), import_per_wh=prices)
    said = told(problem, zone=timezone(timedelta(hours=1)))
    assert [r.code for r in said] == ["wait", "cheap", "idle", "idle"]
    assert said[0].text == "waits: 0.30 here, 0.21 at 02:00"
    assert said[1].text == (
        "charges: 0.21 here, the next slot that could serve 'work' at 05:00 costs 0.24"
    )


def test_what_has_no_other_slot_says_so():
    goal = Goal(name="work", at=2, energy_wh=10_000.0, per_wh=2e-3)
    charge = np.array([5_000.0, 5_000.0, 0.0, 5_000.0])
    problem = make_problem(storages=(make_car(4, charge_w_max=charge, goals=(goal,)),))
    said = told(problem)
    assert [r.code for r in said] == ["goal", "goal", "away", "full"]
    assert "every slot until 02:00 is needed for 'work'" in said[0].text


def test_sun_house_sale_and_floor_are_told():
    battery = make_storage(
        4,
        energy_wh=2_000.0,
        exports=True,
        charge_efficiency=0.95,
        wear_per_wh=2e-5,
        charge_w_max=np.full(4, 3_000.0),
    )
    problem = make_problem(
        storages=(battery,),
        sun_w=np.array([4_000.0, 0.0, 0.0, 0.0]),
        import_per_wh=np.array([0.30, 0.30, 0.40, 0.60]) * 1e-3,
        export_per_wh=np.array([0.05, 0.05, 0.05, 0.55]) * 1e-3,
    )
    said = told(problem)
    assert said[0].code == "sun"
    assert said[0].text == "charges from the sun, which would earn 0.05"
    assert said[3].code == "sell"
    assert said[3].text.startswith("sells at 0.55: what it holds is worth")
    floor = Goal(name="floor", at=1, energy_wh=3_000.0, per_wh=2e-3)
    said = told(make_problem(storages=(make_car(4, goals=(floor,)),)))
    assert said[0].code == "floor"


def test_a_fuse_that_stands_in_the_way_is_told():
    goal = Goal(name="work", at=4, energy_wh=8_000.0, per_wh=2e-3)
    problem = make_problem(
        storages=(make_car(4, goals=(goal,)),),
        load_w=np.array([500.0, 3_000.0, 500.0, 500.0]),
        import_per_wh=np.array([0.4, 0.1, 0.3, 0.3]) * 1e-3,
        connection=Connection(import_w_max=3_000.0),
    )
    assert told(problem)[1].code == "fuse"


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_every_slot_of_every_storage_has_a_reason(seed):
    problem = draw_home(seed)
    for said in reasons(problem, plan(problem)):
        assert len(said) == problem.slots.count
        assert {reason.code for reason in said} <= CODES
        assert all(reason.text and "\n" not in reason.text for reason in said)
