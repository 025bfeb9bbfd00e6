from dataclasses import replace

import pytest

from life.homes import HOME, OFFICE, make_household, make_person
from vettura.bus.messages import SignalFrame
from vettura.bus.paths import DISPLAYED_SOC, PLACE
from vettura.home.plan import (
    MINUTE_NS,
    TRIES_MAX,
    Around,
    Memory,
    Stay,
    Step,
    decide,
    failed,
    need_m,
    observe,
    stay_at,
    tended,
    wants_charge,
)
from vettura.home.sight import CarSeen, Sight
from vettura.life.day import Outing
from vettura.life.places import distance_m

NOON = 12 * 60 * MINUTE_NS
CALM = Around(is_plug_wanted=False, is_too_empty=False, is_harsh=False)
STAYS = [
    Stay("night", "home", "home", 0, NOON),
    Stay("work", "office", "work", NOON, NOON + 300 * MINUTE_NS),
    Stay("back", "home", "home", NOON + 300 * MINUTE_NS, NOON + 700 * MINUTE_NS),
]


def car(place="home", **changes):
    fields = {
        "place": place,
        "is_driving": False,
        "is_plugged": False,
        "station": "",
        "soc": 0.6,
        "range_m": 200_000.0,
        "latitude_deg": 45.0,
        "longitude_deg": 7.7,
        "altitude_m": 240.0,
    }
    return CarSeen(**{**fields, **changes})


def chosen(seen, now_ns, memory=None, around=CALM):
    return decide(seen, memory or Memory(), STAYS, now_ns, prepare_s=600.0, around=around)


@pytest.mark.parametrize(
    ("seen", "now_ns", "step"),
    [
        (car(), NOON - 1, Step.WAIT),
        (car(), NOON, Step.LEAVE),
        (car(), NOON + 200 * MINUTE_NS, Step.LEAVE),
        (car(), NOON + 286 * MINUTE_NS, Step.WAIT),
        (car("office"), NOON + MINUTE_NS, Step.WAIT),
        (car("road", is_driving=True), NOON + MINUTE_NS, Step.WAIT),
        (car("office"), NOON + 301 * MINUTE_NS, Step.LEAVE),
    ],
)
def test_a_person_leaves_when_it_is_time_and_still_worth_it(seen, now_ns, step):
    assert chosen(seen, now_ns) is step


def test_a_drive_is_not_sent_twice_before_it_shows():
    memory = Memory(sent_ns=NOON)
    assert chosen(car(), NOON + MINUTE_NS // 2, memory) is Step.WAIT
    assert chosen(car(), NOON + 2 * MINUTE_NS, memory) is Step.LEAVE


def test_who_fails_tries_each_minute_and_gives_up_after_ten():
    memory = Memory()
    for attempt in range(TRIES_MAX):
        now_ns = NOON + attempt * MINUTE_NS
        assert chosen(car(), now_ns, memory) is Step.LEAVE
        memory = failed(memory, STAYS[1], now_ns)
        assert chosen(car(), now_ns + MINUTE_NS // 2, memory) is Step.WAIT
    assert chosen(car(), NOON + 60 * MINUTE_NS, memory) is Step.WAIT
    assert chosen(car("office"), NOON + 301 * MINUTE_NS, memory) is Step.LEAVE


def test_who_gave_up_at_home_with_an_empty_battery_plugs_in():
    memory = replace(Memory(), trying="work", tries=TRIES_MAX)
    assert chosen(car(), NOON, memory, CALM._replace(is_plug_wanted=True)) is Step.PLUG
    empty = CALM._replace(is_plug_wanted=True, is_too_empty=True)
    assert chosen(car(), NOON, Memory(), empty) is Step.PLUG
    assert chosen(car(), NOON, Memory(), empty._replace(is_plug_wanted=False)) is Step.WAIT


def test_the_cabin_is_prepared_once_shortly_before_leaving_in_harsh_weather():
    harsh = CALM._replace(is_harsh=True)
    assert chosen(car(), NOON - 9 * MINUTE_NS, around=harsh) is Step.PREPARE
    assert chosen(car(), NOON - 11 * MINUTE_NS, around=harsh) is Step.WAIT
    assert chosen(car(), NOON - 9 * MINUTE_NS) is Step.WAIT
    memory = Memory(prepared="work")
    assert chosen(car(), NOON - 9 * MINUTE_NS, memory, harsh) is Step.WAIT
    warm = Memory(arrived_ns=NOON - 12 * MINUTE_NS)
    assert chosen(car(), NOON - 9 * MINUTE_NS, warm, harsh) is Step.WAIT


def test_the_cable_is_thought_of_once_after_each_arrival():
    wanted = CALM._replace(is_plug_wanted=True)
    assert chosen(car(), NOON - 60 * MINUTE_NS, around=wanted) is Step.PLUG
    assert chosen(car(), NOON - 10 * MINUTE_NS, around=wanted) is Step.WAIT
    assert chosen(car(), NOON - 60 * MINUTE_NS, Memory(is_to_plug=False), wanted) is Step.WAIT


def test_an_arrival_is_noticed_even_when_the_drive_was_not_seen():
    memory = observe(Memory(), car(), 1)
    assert not memory.is_to_settle
    driven = observe(memory, car("road", is_driving=True), 2)
    assert observe(driven, car("office"), 3).is_to_settle
    assert observe(memory, car("office"), 3).is_to_settle
    assert not observe(memory, car(), 3).is_to_settle


def test_settling_that_fails_is_tried_ten_times_and_then_left():
    memory, now_ns = Memory(is_to_settle=True), NOON - 60 * MINUTE_NS
    for _ in range(TRIES_MAX):
        assert chosen(car(), now_ns, memory) is Step.SETTLE
        memory = tended(memory, is_done=False, now_ns=now_ns)
        assert chosen(car(), now_ns + 1, memory) is Step.WAIT
        now_ns += MINUTE_NS
    assert chosen(car(), NOON, memory) is Step.LEAVE


def test_a_car_that_someone_else_has_driven_rests_before_it_is_fetched():
    memory = Memory(arrived_ns=NOON - 100 * MINUTE_NS, bound_for="home")
    assert chosen(car("pool"), NOON - 90 * MINUTE_NS, memory) is Step.WAIT
    assert chosen(car("pool"), NOON - 80 * MINUTE_NS, memory) is Step.LEAVE


def test_charge_is_wanted_when_low_or_when_the_way_ahead_needs_it():
    assert wants_charge(car(soc=0.5), below_soc=0.7, ahead_m=0.0)
    assert not wants_charge(car(soc=0.8), below_soc=0.7, ahead_m=100_000.0)
    assert wants_charge(car(soc=0.8, range_m=140_000.0), below_soc=0.7, ahead_m=100_000.0)


def test_the_way_ahead_is_that_of_the_person_s_own_outings():
    fields = {"id": "1", "car": "C", "purpose": "work", "leave_ns": 0, "until_ns": 1}
    outings = [
        Outing(person="Giulia", destination="office", **fields),
        Outing(person="Marco", destination="pool", **fields),
        Outing(person="Giulia", destination="home", **fields),
    ]
    there_m = 1.33 * distance_m(HOME, OFFICE)
    assert need_m(make_household(), outings, make_person()) == pytest.approx(2 * there_m)


def test_before_the_first_stay_the_first_one_counts():
    assert stay_at(STAYS, -1)[0].id == "night"
    assert stay_at(STAYS, NOON) == (STAYS[1], STAYS[2])
    assert stay_at(STAYS, NOON * 9) == (STAYS[2], None)


def test_late_frames_do_not_undo_newer_ones():
    seen = Sight()
    seen.take(SignalFrame(time_ns=2, values={PLACE: "office"}))
    seen.take(SignalFrame(time_ns=1, values={PLACE: "home", DISPLAYED_SOC: 50.0}))
    assert seen.look() is None
    assert seen._values == {PLACE: "office", DISPLAYED_SOC: 50.0}
