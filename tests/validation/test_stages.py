"""Stages: each is fed with what was measured before it and compared with what came after."""

from dataclasses import replace

import pytest

from make import make_params
from validation.trips_made import CAR, SECONDS, bare_trip, true_trip
from vettura.car.relations import resting_state
from vettura.drive.replay import replay
from vettura.validation.stages import (
    Pair,
    centred,
    climate_power,
    electric_power,
    pack_power,
    pack_voltage,
    shaft_power,
)


def test_nothing_is_compared_with_what_was_not_measured():
    params, trip = make_params(CAR), bare_trip()
    driven = replay(params, trip)
    assert pack_power(driven, trip) is None
    assert shaft_power(params, driven, trip) is None
    assert electric_power(params, trip) is None
    assert pack_voltage(params, trip) is None
    assert climate_power(driven, trip) is None


def test_a_reading_is_centred_between_its_neighbours():
    assert centred([1.0, 3.0, 7.0]) == [2.0, 5.0]


def test_a_pair_that_agrees_has_no_error_and_an_empty_sum_has_none():
    assert Pair([2.0, 2.0], [1.0, 3.0]).error == 0.0
    assert Pair([1.0], [0.0]).error is None
    assert Pair([3_600.0], [7_200.0]).energy_wh == (1.0, 2.0)


def test_without_current_the_voltage_is_the_open_circuit_voltage():
    params = make_params(CAR)
    trip = replace(bare_trip(), battery_v=[370.0] * SECONDS, battery_a=[0.0] * SECONDS)
    voltages = pack_voltage(params, trip).predicted
    assert max(voltages) - min(voltages) < 1e-9
    rested = resting_state(params, displayed_soc=0.7, ambient_degc=15.0)._replace(soc=0.7)
    assert 3.5 * 96 < voltages[0] < 4.2 * 96
    assert rested.soc == 0.7


def test_a_current_that_discharges_pulls_the_voltage_down_and_more_so_in_the_cold():
    def lowest(degc, current_a):
        trip = replace(
            bare_trip(ambient_degc=degc),
            battery_v=[370.0] * SECONDS,
            battery_a=[-current_a] * SECONDS,
        )
        return pack_voltage(make_params(CAR), trip).predicted[60]

    assert lowest(0.0, 60.0) < lowest(25.0, 60.0) < lowest(25.0, 0.0)
    assert lowest(25.0, -30.0) > lowest(25.0, 0.0)


def test_a_standing_car_takes_its_auxiliary_load_and_nothing_else():
    params = make_params(CAR)
    trip = replace(
        true_trip(), speed_mps=[0.0] * SECONDS, motor_torque_nm=[0.0] * SECONDS, heating_w=None
    )
    trip = replace(trip, aircon_w=[100.0] * SECONDS)
    resting_w = params.supply.auxiliary_w + params.supply.accessory_w
    assert set(electric_power(params, trip).predicted) == {resting_w}


def test_the_shaft_gives_torque_times_speed():
    params, trip = make_params(CAR), replace(true_trip(), motor_torque_nm=[10.0] * SECONDS)
    shaft = shaft_power(params, replay(params, trip), trip)
    fastest = 10.0 * 15.0 * params.motor.per_arm
    assert max(shaft.measured) == pytest.approx(fastest)
