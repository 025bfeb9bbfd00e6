"""What a car needs: goals from its drives, early enough, never a constant."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vettura.car import load_car, params_of
from vettura.energy.car_store import CarStore, car_store
from vettura.energy.departures import Departures
from vettura.energy.need import (
    Asked,
    Consumption,
    Drive,
    Wish,
    drive_wh,
    need_of,
    storage_of,
)
from vettura.energy.slots import Slots
from vettura.units import NS_PER_S

HOUR = 3600 * NS_PER_S
START = 1_704_067_200 * NS_PER_S  # Monday 2024-01-01, 00:00 UTC
THIRSTY = Consumption((-10.0, 20.0, 35.0), (0.24, 0.16, 0.18), (1500.0, 0.0, 500.0), 0.1)
STORE = car_store(
    params_of(load_car("vw-id4-pro")), power_w_max=11_000.0, phases=3.0, gives_w_max=6_000.0
)


def a_drive(leave_h: float, back_h: float, km: float = 40.0, degc: float = 5.0) -> Drive:
    return Drive(
        name="office",
        leave_ns=START + round(leave_h * HOUR),
        back_ns=START + round(back_h * HOUR),
        distance_m=1000.0 * km,
        degc=degc,
    )


def an_asked(**changes: object) -> Asked:
    given_: dict[str, object] = {
        "vin": "V",
        "slots": Slots(start_ns=START, slot_s=900, count=192),
        "now_ns": START,
        "store": STORE,
        "energy_wh": 20_000.0,
        "is_here": True,
        "drives": [a_drive(7.5, 18.0)],
        "consumption": THIRSTY,
    }
    return Asked(**{**given_, **changes})  # type: ignore[arg-type]


def test_a_store_takes_what_the_car_takes() -> None:
    assert STORE.charge_w_max == 11_000.0
    assert 0.88 < STORE.charge_efficiency < 0.92
    # The charger's own loss weighs more at 6 A: 78 % in the car's model.
    assert 0.75 < STORE.into_cells_w(1380.0) / 1380.0 < 0.80
    assert STORE.limit_w(STORE.energy_at(0.9)) == 11_000.0
    assert abs(STORE.limit_w(STORE.capacity_wh) - 0.06 * 11_000.0) < 1.0


def test_a_car_with_one_phase_takes_its_share_of_three() -> None:
    leaf = car_store(params_of(load_car("nissan-leaf-40kwh")), power_w_max=11_000.0, phases=3.0)
    assert abs(leaf.charge_w_max - 11_000.0 / 3.0) < 1.0
    assert 0.8 < leaf.charge_efficiency < 0.9
    assert leaf.discharge_w_max == 0.0


@given(st.floats(0.0, 1.0))
def test_displayed_charge_and_energy_are_each_others_inverse(soc: float) -> None:
    assert abs(STORE.soc_at(STORE.energy_at(soc)) - soc) < 1e-9


def test_the_goal_is_the_drives_energy_with_a_margin() -> None:
    need = need_of(an_asked())
    drive = a_drive(7.5, 18.0)
    (goal,) = need.goals
    expected = STORE.energy_at(0.1) + drive_wh(THIRSTY, drive, 0.98) + 500.0 + 250.0
    assert goal.at == 30
    assert abs(goal.energy_wh - expected - 7.5 * STORE.standby_w) < 1.0
    assert goal.energy_wh > STORE.energy_at(0.1) + drive_wh(THIRSTY, drive, 0.5)
    assert "40 km" in need.state.text


@given(st.floats(-10.0, 34.0), st.floats(0.5, 0.99))
def test_a_surer_answer_asks_for_more(degc: float, chance: float) -> None:
    drive = a_drive(8.0, 9.0, degc=degc)
    assert drive_wh(THIRSTY, drive, chance) >= drive_wh(THIRSTY, drive, 0.5)


def test_the_car_is_away_from_leaving_until_it_is_back() -> None:
    need = need_of(an_asked())
    assert need.here[:30].all()
    assert not need.here[30:72].any()
    assert need.here[72:].all()
    assert np.flatnonzero(need.used_wh).tolist() == [30]


def test_a_car_on_its_way_asks_for_nothing_that_is_driven_already() -> None:
    need = need_of(an_asked(is_here=False, drives=[a_drive(-1.0, 3.0), a_drive(7.5, 18.0)]))
    assert not need.here[:12].any()
    assert np.flatnonzero(need.used_wh).tolist() == [30]


def test_a_floor_is_asked_for_at_once() -> None:
    need = need_of(an_asked(energy_wh=1_000.0, wish=Wish(floor_soc=0.2)))
    floors = [goal for goal in need.goals if goal.name == "floor"]
    assert [goal.at for goal in floors] == list(range(1, len(floors) + 1))
    assert floors[-1].energy_wh == STORE.energy_at(0.2)


def test_a_wish_stands_beside_the_drive() -> None:
    need = need_of(an_asked(wish=Wish(soc=0.8)))
    asked_wh = max(goal.energy_wh for goal in need.goals)
    assert 0.0 < asked_wh - STORE.energy_at(0.8) < 8 * STORE.standby_w
    assert need.state.source == "owner"
    dated = need_of(an_asked(drives=[], wish=Wish(soc=0.8, by_ns=START + 7 * HOUR)))
    assert [(goal.at, goal.energy_wh) for goal in dated.goals] == [(28, STORE.energy_at(0.8))]


def test_who_leaves_early_finds_the_charge_in_early() -> None:
    history = Departures(timezone="UTC")
    for day in range(-40, 0):
        stated = START + (24 * day + 12) * HOUR
        history = history.learned(
            stated_ns=stated, left_ns=stated - 4 * HOUR - day % 7 * 60 * 10**9
        )
    need = need_of(an_asked(drives=[a_drive(12.0, 18.0)], departures=history))
    assert need.goals[0].at == 31  # 07:45, the last border before 07:54
    assert need.state.early_ns < need.state.by_ns


def test_strangers_are_not_believed() -> None:
    need = need_of(an_asked(drives=[a_drive(12.0, 18.0)], departures=Departures(timezone="UTC")))
    assert need.goals[0].at <= 4 * 4


@given(st.floats(0.0, 30.0), st.floats(0.0, 1.0))
def test_early_is_between_now_and_what_was_stated(stated_h: float, chance: float) -> None:
    history = Departures(timezone="Europe/Rome")
    for day in range(-20, 0):
        stated = START + (24 * day + 9) * HOUR
        history = history.learned(stated_ns=stated, left_ns=stated - day * 600 * NS_PER_S)
    stated_ns = START + round(stated_h * HOUR)
    early_ns = history.early_ns(stated_ns=stated_ns, now_ns=START, chance=chance)
    assert START <= early_ns <= max(stated_ns, START)


def test_the_planner_sees_a_storage_that_leaves() -> None:
    asked = an_asked(energy_wh=30_000.0)
    need = need_of(asked)
    storage = storage_of(asked, need, gives=True)
    assert storage.charge_w_max[0] == 11_000.0
    assert storage.charge_w_max[40] == 0.0
    assert storage.discharge_w_max[0] == 6_000.0
    assert not storage_of(asked, need).discharge_w_max.any()


def test_an_instance_is_pure_data() -> None:
    assert isinstance(STORE, CarStore)
