"""How often a car is looked at: often on the road, seldom at rest, and as finely as its clock."""

import math

import pytest
from msgspec.structs import replace

from make import make_living, make_params, make_trip
from vettura.bus.messages import Climate, Drive, Plug
from vettura.drive.commands import obey
from vettura.drive.living import LastTrip
from vettura.drive.pace import kept_s, period_s, rates, soon_s
from vettura.units import NS_PER_S


def cars():
    params, asleep = make_params(), make_living()
    driving, _ = obey(params, asleep, Drive(trip=make_trip()))
    awake, _ = obey(params, asleep, Climate(on=True, target_degc=22.0))
    charging, _ = obey(params, asleep, Plug(station="box", power_w_max=11_000.0, phases=3))
    charging = replace(charging, awake_until_ns=0)
    just_left = replace(
        asleep,
        last_trip=LastTrip(
            start_ns=0,
            end_ns=asleep.time_ns - 5 * NS_PER_S,
            duration_s=1,
            distance_m=1,
            energy_wh=1,
        ),
    )
    return {
        "driving": driving,
        "awake": awake,
        "charging": charging,
        "asleep": asleep,
        "left": just_left,
    }


def test_a_fine_clock_is_asked_for_every_moment_that_matters():
    found = {name: period_s(car, 0.0) for name, car in cars().items()}
    assert found == {"driving": 0.1, "awake": 1.0, "charging": 5.0, "asleep": 60.0, "left": 1.0}


def test_a_coarse_clock_is_asked_for_less_and_least_of_a_car_at_rest():
    found = {name: period_s(car, 1.0) for name, car in cars().items()}
    assert found == {"driving": 1.0, "awake": 10.0, "charging": 30.0, "asleep": 120.0, "left": 1.0}


@pytest.mark.parametrize("resolution_s", [0.0, 1.0])
def test_a_car_whose_station_offers_nothing_sleeps_at_its_cable(resolution_s):
    charging, asleep = cars()["charging"], cars()["asleep"]
    paused = replace(charging, cable=replace(charging.cable, power_w_max=0.0))
    assert period_s(paused, resolution_s) == period_s(asleep, resolution_s)
    assert rates(paused, resolution_s) == rates(asleep, resolution_s)
    giving = replace(paused, cable=replace(paused.cable, dc=True, give_w=2_000.0))
    assert period_s(giving, resolution_s) == period_s(charging, resolution_s)


def test_a_car_that_a_timer_will_wake_is_looked_at_each_minute():
    asleep = cars()["asleep"]
    timed = replace(asleep, ready_at_ns=asleep.time_ns + 3600 * NS_PER_S)
    assert period_s(asleep, 1.0) == 2.0 * period_s(timed, 1.0) == 2.0 * period_s(asleep, 0.0)


@pytest.mark.parametrize("resolution_s", [0.0, 0.02, 1.0, 12.0, 200.0])
def test_nothing_is_asked_for_more_often_than_the_clock_grants(resolution_s):
    for name, car in cars().items():
        assert min(period_s(car, resolution_s), soon_s(resolution_s)) >= resolution_s, name
        often = rates(car, resolution_s)
        assert often.second_s <= often.slow_s <= often.full_s, name


def test_a_car_asleep_says_everything_ten_times_less_often_and_still_that_it_is_there():
    asleep, awake = (rates(cars()[name], 0.0) for name in ("asleep", "awake"))
    assert asleep.full_s == 10.0 * awake.full_s
    assert asleep.beat_s == awake.beat_s == period_s(cars()["asleep"], 0.0)


def test_a_live_car_is_kept_each_second_and_a_rehearsed_one_as_its_clock_is_coarse():
    driving, asleep = cars()["driving"], cars()["asleep"]
    assert kept_s(driving, 0.02, speed=1.0) == 1.0
    # Looks of a live car are late by some breaths: none of them may go unkept for that.
    assert kept_s(driving, 12.0, speed=600.0) < 12.0
    assert kept_s(driving, 0.0, speed=math.inf) == 1.0
    assert kept_s(driving, 1.0, speed=math.inf) == 60.0
    assert kept_s(asleep, 0.02, speed=1.0) == 600.0
