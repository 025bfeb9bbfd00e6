"""What stations and battery do now, from the plan and what the meter shows."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vettura.energy.dispatch import (
    MIN_OFF_NS,
    MIN_ON_NS,
    RAMP_W_PER_S,
    SPARE_W,
    House,
    Memory,
    Order,
    Stand,
    battery_w,
    dispatch,
)
from vettura.energy.dispatch_phases import SWITCH_NS, Line, least_w, most_w
from vettura.units import NS_PER_S

THREE, ONE, BOTH = Line(11_000.0, (3,)), Line(3_680.0, (1,)), Line(11_000.0, (1, 3))
STEP_NS = 5 * NS_PER_S
SLOT_NS = 900 * NS_PER_S
START_NS = 1_772_452_800 * NS_PER_S
SUN = Order(sun_w=5_000.0, worth_per_wh=2e-4)


def stand(line=BOTH, **changes):
    fields = {"id": "wallbox", "line": line, "has_car": True, "car_w_max": 11_000.0}
    return Stand(**fields | changes)


def live(stand, *, minutes, surplus, draws=1.0, prices=(3e-4, 8e-5), step_ns=STEP_NS, memory=None):
    """(time_ns, setpoint) of a station that draws its share of each setpoint at once."""
    memories = {stand.id: memory} if memory else {}
    told, now_ns, power_w, counted_wh = [], START_NS, 0.0, 0.0
    while now_ns < START_NS + minutes * 60 * NS_PER_S:
        slot = (now_ns - START_NS) // SLOT_NS
        free_w = surplus(now_ns - START_NS)
        house = House(
            grid_w=None if free_w is None else power_w - free_w,
            stations_w=power_w,
            import_per_wh=prices[0],
            export_per_wh=prices[1],
            slot_end_ns=START_NS + (slot + 1) * SLOT_NS,
            plan_ns=START_NS,
            slot=slot,
        )
        one = replace(stand, measured_w=power_w, measured_wh=counted_wh)
        ((setpoint, after),) = dispatch([one], house, memories, now_ns)
        memories = {stand.id: after}
        power_w = draws * setpoint.power_w
        counted_wh += max(power_w, 0.0) * step_ns / NS_PER_S / 3600
        told.append((now_ns, setpoint))
        now_ns += step_ns
    return told


def energy_wh(told, step_ns=STEP_NS):
    return sum(setpoint.power_w for _, setpoint in told) * step_ns / NS_PER_S / 3600


def test_what_the_plan_takes_from_the_grid_is_given_evenly_above_six_amperes():
    told = live(stand(order=Order(grid_w=6_000.0)), minutes=15, surplus=lambda _: -400.0)
    assert energy_wh(told) == pytest.approx(1_500.0, rel=0.02)
    assert {s.why for _, s in told} <= {"grid", "wait"}
    assert max(s.power_w for _, s in told) < 6_600.0


def test_a_slot_below_six_amperes_becomes_minutes_at_full_power():
    told = live(stand(THREE, order=Order(grid_w=2_000.0)), minutes=15, surplus=lambda _: -400.0)
    powers = {round(s.power_w) for _, s in told}
    assert energy_wh(told) == pytest.approx(500.0, rel=0.1)
    assert max(powers) == 11_000
    on = [now_ns for now_ns, s in told if s.power_w > 0.0]
    assert on[-1] - on[0] < 4 * 60 * NS_PER_S


def test_too_little_for_a_contactor_is_carried_into_the_next_slot():
    told = live(stand(THREE, order=Order(grid_w=500.0)), minutes=60, surplus=lambda _: -400.0)
    assert energy_wh(told) == pytest.approx(500.0, abs=380.0)
    switched = sum((a.power_w > 0) != (b.power_w > 0) for (_, a), (_, b) in pairwise(told))
    assert switched <= 4


def test_the_sun_is_followed_a_little_below_what_it_leaves_over():
    told = live(stand(order=SUN), minutes=20, surplus=lambda _: 6_000.0)
    assert told[0][1].power_w == 0.0
    assert told[-1][1].power_w == pytest.approx(6_000.0 - SPARE_W)
    assert told[-1][1].phases == 3


def test_a_little_sun_is_followed_on_one_phase():
    told = live(stand(order=SUN), minutes=20, surplus=lambda _: 2_500.0)
    assert told[-1][1].phases == 1
    assert told[-1][1].power_w == pytest.approx(2_450.0)
    assert live(stand(THREE, order=SUN), minutes=9, surplus=lambda _: 1_300.0)[-1][1].power_w == 0


def test_a_cloud_does_not_stop_a_charge_and_an_evening_does():
    def cloud(time_ns):
        return 500.0 if 600 <= time_ns / NS_PER_S < 700 else 5_000.0

    told = live(stand(order=SUN), minutes=20, surplus=cloud)
    assert all(s.power_w > 0.0 for now_ns, s in told if now_ns > START_NS + 120 * NS_PER_S)
    told = live(stand(order=SUN), minutes=30, surplus=lambda t: 5_000.0 if t < SLOT_NS else 0.0)
    assert told[-1][1].power_w == 0.0


def test_sun_is_left_to_the_grid_where_it_pays_more_than_it_is_worth():
    rich = Order(worth_per_wh=5e-5)
    assert live(stand(order=rich), minutes=9, surplus=lambda _: 6_000.0)[-1][1].power_w == 0.0
    worthy = Order(worth_per_wh=2e-4)
    assert live(stand(order=worthy), minutes=9, surplus=lambda _: 6_000.0)[-1][1].power_w > 5_000


def test_the_floor_is_filled_at_once_and_the_owner_may_forbid_even_that():
    told = live(stand(is_below_floor=True), minutes=5, surplus=lambda _: None)
    assert told[-1][1].power_w == 11_000.0
    assert told[-1][1].why == "floor"
    told = live(stand(is_below_floor=True, mode="off"), minutes=5, surplus=lambda _: 0.0)
    assert told[-1][1].power_w == 0.0


@pytest.mark.parametrize(
    ("mode", "surplus_w", "power_w"),
    [("now", 0.0, 11_000.0), ("off", 9_000.0, 0.0), ("sun", 5_000.0, 4_950.0), ("sun", 0.0, 0.0)],
)
def test_each_mode_does_what_it_says(mode, surplus_w, power_w):
    one = stand(mode=mode, order=Order(grid_w=11_000.0))
    assert live(one, minutes=9, surplus=lambda _: surplus_w)[-1][1].power_w == power_w


def test_a_silent_meter_leaves_the_plans_own_grid_power():
    one = stand(order=Order(grid_w=6_000.0, sun_w=3_000.0, worth_per_wh=2e-4))
    assert live(one, minutes=9, surplus=lambda _: None)[-1][1].power_w == pytest.approx(
        6_000.0, rel=0.05
    )
    giving = stand(order=Order(give_w=3_000.0), may_give=True, give_w_max=6_000.0)
    assert live(giving, minutes=9, surplus=lambda _: None)[-1][1].power_w == 0.0


def test_a_car_gives_what_the_house_takes_and_never_exports():
    one = stand(order=Order(give_w=3_000.0, worth_per_wh=1e-4), may_give=True, give_w_max=6_000.0)
    told = live(one, minutes=20, surplus=lambda _: -2_000.0)
    assert told[-1][1].power_w == pytest.approx(-1_950.0)
    assert told[-1][1].why == "give"

    def kettle(time_ns):
        return -4_000.0 if time_ns > 600 * NS_PER_S else -300.0

    told = live(one, minutes=20, surplus=kettle)
    assert told[-1][1].power_w == pytest.approx(-3_950.0)
    assert all(s.power_w >= kettle(now_ns - START_NS) - 1e-6 for now_ns, s in told[1:])


def test_a_car_below_its_reserve_or_by_a_dear_battery_gives_nothing():
    order = Order(give_w=0.0, worth_per_wh=4e-4)
    dear = stand(order=order, may_give=True, give_w_max=6_000.0)
    assert live(dear, minutes=9, surplus=lambda _: -3_000.0)[-1][1].power_w == 0.0
    empty = stand(order=Order(give_w=3_000.0), give_w_max=6_000.0)
    assert live(empty, minutes=9, surplus=lambda _: -3_000.0)[-1][1].power_w == 0.0


def test_two_cars_do_not_take_the_same_sun():
    memories = {}
    stands = [stand(id="a", order=SUN), stand(id="b", order=SUN)]
    now_ns = START_NS
    for _ in range(60):
        taken = sum(memory.power_w for memory in memories.values())
        house = House(
            grid_w=taken - 7_000.0, stations_w=taken, slot_end_ns=START_NS + SLOT_NS, slot=0
        )
        found = dispatch(stands, house, memories, now_ns)
        memories = {setpoint.station: memory for setpoint, memory in found}
        now_ns += STEP_NS
    assert sum(s.power_w for s, _ in found) <= 7_000.0


@settings(max_examples=150, deadline=None)
@given(
    line=st.sampled_from([THREE, ONE, BOTH]),
    order=st.builds(
        Order,
        grid_w=st.sampled_from([0.0, 300.0, 2_000.0, 7_000.0]),
        sun_w=st.sampled_from([0.0, 4_000.0]),
        give_w=st.sampled_from([0.0, 2_000.0]),
        worth_per_wh=st.sampled_from([None, 1e-4, 3e-4]),
    ),
    course=st.lists(st.one_of(st.none(), st.floats(-6_000, 12_000)), min_size=4, max_size=4),
    mode=st.sampled_from(["plan", "sun", "now"]),
    draws=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_whatever_happens_currents_ramps_and_contactors_keep_their_limits(
    line, order, course, mode, draws
):
    one = stand(line, order=order, mode=mode, may_give=True, give_w_max=5_000.0)
    told = live(one, minutes=24, surplus=lambda t: course[int(t / NS_PER_S) // 360], draws=draws)
    moved_ns = switched_ns = None
    before = None
    for now_ns, s in told:
        assert s.phases in line.phases
        if s.power_w > 0.0:
            assert least_w(line, s.phases) <= s.power_w <= most_w(line, s.phases) + 1e-6
        else:
            assert -5_000.0 <= s.power_w <= 0.0
        if before is None:
            before = s
            continue
        rise_w = RAMP_W_PER_S * STEP_NS / NS_PER_S
        least = least_w(line, s.phases)
        assert abs(s.power_w) <= max(abs(before.power_w) + rise_w, least) + 1e-6 or s.power_w == 0
        if (s.power_w != 0.0) != (before.power_w != 0.0):
            if moved_ns is not None and before.power_w >= 0.0:
                wait_ns = MIN_OFF_NS if s.power_w != 0.0 else MIN_ON_NS
                assert now_ns - moved_ns >= wait_ns
            moved_ns = now_ns
        if s.phases != before.phases:
            assert switched_ns is None or now_ns - switched_ns >= SWITCH_NS
            switched_ns = now_ns
        before = s


def test_the_home_battery_follows_the_house_and_feeds_no_car():
    house = House(grid_w=9_500.0, stations_w=9_000.0, slot_end_ns=0, import_per_wh=3e-4)
    limits = {"sun_taken_w": 0.0, "charge_w_max": 5_000.0, "discharge_w_max": 5_000.0}
    giving = Order(give_w=500.0, worth_per_wh=1e-4)
    assert battery_w(giving, house, **limits) == pytest.approx(-500.0)
    into_cars = replace(giving, give_w=4_000.0)
    assert battery_w(into_cars, house, feeds_cars=True, **limits) == pytest.approx(-4_000.0)
    sunny = replace(house, grid_w=-3_000.0, stations_w=0.0)
    assert battery_w(Order(worth_per_wh=1e-4), sunny, **limits) == pytest.approx(3_000.0)
    assert battery_w(Order(), replace(house, grid_w=None), **limits) is None
    night = Order(grid_w=2_000.0, worth_per_wh=3e-4)
    assert battery_w(night, replace(house, stations_w=0.0), **limits) == pytest.approx(2_000.0)


def test_a_memory_of_nothing_is_a_station_at_rest():
    assert not Memory().is_on
