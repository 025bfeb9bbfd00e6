"""A person's whole day: it can be lived, and it is the same whenever it is asked for."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from life.homes import HOME, MARKET, OFFICE, POOL, SCHOOL, make_household, make_person
from vettura.life.body import heart_bpm, steps_at, weight_kg
from vettura.life.callers import callers, smoke
from vettura.life.day import plan_day
from vettura.life.gear import gear_charge, phone_charge
from vettura.life.household import WEEK
from vettura.life.person_day import person_day
from vettura.life.travel import travel_s, way_of
from vettura.units import NS_PER_S

MONDAY = date(2026, 3, 2)
HOUR_NS = 3600 * NS_PER_S
ZONES = ("Europe/Rome", "America/New_York", "Pacific/Auckland", "UTC")
people = st.builds(
    make_person,
    car=st.sampled_from(("", "LVXSU7CASA0000001")),
    travels_by=st.sampled_from(("auto", "foot", "bus", "scooter")),
    work=st.sampled_from(("", "office", "school")),
    work_days=st.lists(st.sampled_from(WEEK), unique=True).map(tuple),
    leaves_at=st.sampled_from(("04:00", "07:40", "12:00")),
    returns_at=st.sampled_from(("12:00", "17:45", "21:30")),
    shops_per_week=st.floats(0, 7),
    leisure_per_week=st.floats(0, 7),
    wakes_at=st.sampled_from(("04:00", "06:30", "12:00")),
    sleeps_at=st.sampled_from(("20:00", "23:00", "23:59")),
)
days = st.dates(date(2020, 1, 1), date(2045, 12, 31)) | st.sampled_from(
    (date(2026, 3, 29), date(2026, 10, 25), date(2028, 2, 29), date(2026, 12, 31))
)
seeds = st.integers(0, 2**63)
shares = st.lists(st.floats(0, 1), min_size=2, max_size=6)


@settings(max_examples=200, deadline=None)
@given(person=people, day=days, zone=st.sampled_from(ZONES), seed=seeds)
def test_a_date_is_spells_in_order_from_its_first_instant_with_sleep_in_it(person, day, zone, seed):
    household = make_household(person, timezone=zone)
    lived = person_day(household, person, day, seed)
    begins = [spell.begin_ns for spell in lived.spells]
    assert begins[0] == lived.begin_ns
    assert begins == sorted(begins)
    assert begins[-1] < lived.end_ns
    assert lived.begin_ns < lived.wake_ns < lived.end_ns
    assert lived.sleep_ns > lived.wake_ns
    assert lived.spell(lived.wake_ns - 1).doing in {"sleeping", "up"}
    assert lived.spell(lived.wake_ns).doing != "sleeping"
    now_ns = lived.begin_ns
    for _ in range(200):
        later_ns = lived.next_ns(now_ns)
        assert later_ns > now_ns
        if later_ns >= lived.end_ns:
            break
        now_ns = later_ns
    assert later_ns == lived.end_ns


@settings(max_examples=100, deadline=None)
@given(person=people, day=days, seed=seeds)
def test_ways_are_those_of_the_plan_and_end_before_the_next_begins(person, day, seed):
    household = make_household(person)
    lived = person_day(household, person, day, seed)
    outings = plan_day(household, day, seed)
    assert [(j.leave_ns, j.destination) for j in lived.journeys] == [
        (outing.leave_ns, outing.destination) for outing in outings
    ]
    for journey in lived.journeys:
        assert journey.leave_ns < journey.arrive_ns <= journey.until_ns
        assert (journey.way == "car") == bool(person.car)
    for before, after in pairwise(lived.journeys):
        assert before.destination == after.origin
    first = lived.journeys[:1]
    assert all(lived.wake_ns < journey.leave_ns for journey in first)


@settings(max_examples=100, deadline=None)
@given(person=people, day=days, seed=seeds, shares=shares)
def test_bodies_and_gear_stay_in_range_at_any_time(person, day, seed, shares):
    household = make_household(person)
    lived = person_day(household, person, day, seed)
    steps = -1
    for share in sorted(shares):
        now_ns = lived.begin_ns + int(share * (lived.end_ns - lived.begin_ns - 1))
        assert 35 <= heart_bpm(person, lived, now_ns, seed) <= 130
        assert steps_at(lived, now_ns) >= steps
        steps = steps_at(lived, now_ns)
        charges = [
            phone_charge(lived, now_ns),
            gear_charge(lived, now_ns, lasts_days=12.0, every_days=7),
            gear_charge(lived, now_ns, lasts_days=2.4, every_days=1),
        ]
        assert all(0.0 <= charge.soc <= 1.0 for charge in charges)
    assert steps < 60_000
    assert 0.85 < weight_kg(household, person, day, seed) / person.weight_kg < 1.15


def test_a_working_week_of_steps_is_what_people_walk():
    person = make_person()
    household = make_household(person)
    counts = [
        steps_at(lived, lived.end_ns - 1)
        for lived in (
            person_day(household, person, MONDAY + timedelta(days=k), 1) for k in range(60)
        )
    ]
    assert 3_500 < sum(counts) / len(counts) < 10_000


def test_weight_drifts_by_weeks_and_hardly_from_day_to_day():
    person = make_person()
    household = make_household(person)
    weights = [weight_kg(household, person, MONDAY + timedelta(days=k), 1) for k in range(720)]
    daily = [abs(b - a) for a, b in pairwise(weights)]
    assert max(daily) < 1.6
    assert max(weights) - min(weights) > 1.0


def test_who_has_no_car_walks_what_is_near_and_takes_the_bus_to_the_rest():
    walker = make_person(car="")
    assert way_of(walker, HOME, OFFICE) == "bus"
    assert way_of(make_person(car="", travels_by="scooter"), HOME, SCHOOL) == "scooter"
    assert way_of(make_person(car="", travels_by="scooter"), HOME, OFFICE) == "bus"
    assert way_of(make_person(car="", travels_by="foot"), HOME, SCHOOL) == "foot"
    assert way_of(make_person(), HOME, SCHOOL) == "car"
    minutes = {
        way: travel_s(make_person(car="", travels_by=way), HOME, SCHOOL) / 60
        for way in ("foot", "bus", "scooter")
    }
    assert 35 < minutes["foot"] < 50
    assert 14 < minutes["bus"] < 26
    assert 10 < minutes["scooter"] < 16
    drivers = travel_s(make_person(), HOME, POOL)
    assert travel_s(walker, HOME, POOL) > drivers


def test_another_person_leaves_the_days_of_the_others_alone():
    alone = make_household(make_person())
    both = make_household(make_person(), make_person("Marco", ""))
    one = plan_day(alone, MONDAY, 1)
    assert [o for o in plan_day(both, MONDAY, 1) if o.person == "Giulia"] == one
    assert [o.car for o in plan_day(both, MONDAY, 1) if o.person == "Marco"][:1] == [""]


@pytest.mark.parametrize("day", [MONDAY, date(2026, 3, 30), date(2026, 10, 26)])
def test_people_wake_by_the_clock_on_the_wall(day):
    person = make_person()
    lived = person_day(make_household(person), person, day, 3)
    shown = datetime.fromtimestamp(lived.wake_ns / NS_PER_S, ZoneInfo("Europe/Rome"))
    assert abs(60 * shown.hour + shown.minute - (6 * 60 + 40)) <= 40


def test_a_market_is_not_a_place_to_sleep():
    for k in range(60):
        person = make_person(car="", work="", shops_per_week=7)
        lived = person_day(make_household(person), person, MONDAY + timedelta(days=k), 5)
        assert all(j.destination in {MARKET.name, POOL.name, "home"} for j in lived.journeys)
        if lived.journeys:
            assert lived.journeys[-1].destination == "home"
            assert lived.journeys[-1].arrive_ns < lived.sleep_ns


def test_callers_and_smoke_come_as_often_as_they_should():
    household = make_household()
    dates = [MONDAY + timedelta(days=k) for k in range(1456)]
    rings = [caller for day in dates for caller in callers(household, day, 1)]
    assert 300 < sum(caller.who == "parcel" for caller in rings) < 430
    assert 20 < sum(caller.who == "guests" for caller in rings) < 65
    fires = [smoke(household, day, 1, per_year=10.0) for day in dates]
    assert 20 < sum(fire is not None for fire in fires) < 65
    assert not any(smoke(household, day, 1, per_year=0.0) for day in dates)
