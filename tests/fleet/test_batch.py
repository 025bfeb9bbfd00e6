"""Many cars at once are the living car, many times: the same bits on any number of cores."""

import pytest

from make import ALL_CARS
from vettura.car import Inputs, load_car, params_of
from vettura.car.relations import warmed_up
from vettura.car.step import step
from vettura.drive.cycles import cycle_names, load_cycle
from vettura.drive.simulate import drive_trip
from vettura.errors import UsageError
from vettura.fleet.batch import drive_many

TWENTY = [
    params_of(load_car(car), mass_kg=1_600.0 + 100.0 * (index % 4))
    for index, car in enumerate(ALL_CARS[-20:])
]


@pytest.mark.parametrize("cycle", cycle_names())
@pytest.mark.parametrize("ambient", [-15.0, 20.0])
def test_twenty_cars_give_equal_bits_plain_alone_and_on_one_and_two_threads(cycle, ambient):
    trip = load_cycle(cycle)
    begins = [warmed_up(p, ambient_degc=ambient, displayed_soc=0.7) for p in TWENTY]
    plain = [
        drive_trip(p, trip, state=s, ambient_degc=ambient)
        for p, s in zip(TWENTY, begins, strict=True)
    ]
    one = drive_many(TWENTY, trip, begins, ambient_degc=ambient, threads=1)
    two = drive_many(TWENTY, trip, begins, ambient_degc=ambient, threads=2)
    alone = drive_many(TWENTY[7:8], trip, begins[7:8], ambient_degc=ambient)
    assert one.states == [result.state for result in plain]
    assert one.missed_s == [result.missed_s for result in plain]
    assert two == one
    assert alone.states == one.states[7:8]


@pytest.mark.parametrize("ambient", [-15.0, 20.0])
def test_lanes_that_look_every_second_give_the_bits_of_living_cars(ambient):
    """The living car calls `step`; a batch with `hold_s` 1 looks at the conditions as often."""
    trip = load_cycle("udds")
    begins = [warmed_up(p, ambient_degc=ambient, displayed_soc=0.7) for p in TWENTY]
    living = []
    for params, state in zip(TWENTY, begins, strict=True):
        car = state
        for speed_mps in trip.speed_mps[1:]:
            wish = Inputs(speed_mps=speed_mps, ambient_degc=ambient, accessories=0.0)
            car, _ = step(params, car, wish, 1.0)
        living.append(car)
    for threads in (1, 2):
        driven = drive_many(TWENTY, trip, begins, ambient_degc=ambient, hold_s=1.0, threads=threads)
        assert driven.states == living
    alone = drive_many(TWENTY[3:4], trip, begins[3:4], ambient_degc=ambient, hold_s=1.0)
    assert alone.states == living[3:4]


def test_no_cars_are_no_work():
    assert drive_many([], load_cycle("udds"), []).states == []


def test_cars_without_states_are_refused():
    with pytest.raises(UsageError, match="20 cars but 0 states"):
        drive_many(TWENTY, load_cycle("udds"), [])
