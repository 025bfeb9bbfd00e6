"""Channels that contradict each other are found by cause, and honest ones are left alone."""

from dataclasses import replace

import pytest

from make import SHARED
from validation.trips_made import SECONDS, bare_trip, true_trip
from vettura.drive.channels import climate_fault
from vettura.drive.measured import read_trip

TRIPS = sorted((SHARED / "data" / "bmw_i3").glob("*.csv"))


def test_an_honest_channel_and_a_missing_one_have_no_fault():
    assert climate_fault(true_trip()) == ""
    assert climate_fault(bare_trip()) == ""


def test_heating_beyond_all_that_was_drawn_is_a_fault():
    assert "kWh that the pack gave" in climate_fault(
        replace(true_trip(), heating_w=[8_000.0] * SECONDS)
    )


def test_heating_beyond_what_the_standing_car_gets_is_a_fault():
    trip = true_trip()
    stands_still = [0.0 if k < 100 else speed for k, speed in enumerate(trip.speed_mps)]
    current_a = [-1.0 if k < 100 else amps for k, amps in enumerate(trip.battery_a)]
    heating_w = [2_500.0 if k < 100 else 0.0 for k in range(SECONDS)]
    broken = replace(trip, speed_mps=stands_still, battery_a=current_a, heating_w=heating_w)
    assert "while the car stands" in climate_fault(broken)


def test_full_heating_in_warm_air_is_a_fault_even_where_no_volts_were_logged():
    long = bare_trip(ambient_degc=28.0, seconds=900)
    cold = replace(bare_trip(ambient_degc=2.0, seconds=900), heating_w=[5_000.0] * 900)
    assert "in warm air" in climate_fault(replace(long, heating_w=[5_000.0] * 900))
    assert climate_fault(cold) == ""


@pytest.mark.skipif(not TRIPS, reason="../shared/data/bmw_i3 is not here")
def test_of_the_i3s_trips_one_channel_is_broken():
    assert [p.stem for p in TRIPS if climate_fault(read_trip(p))] == ["TripA06"]
