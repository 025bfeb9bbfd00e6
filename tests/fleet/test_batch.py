"""Many cars at once are the living car, many times: the same bits on any number of cores."""

import pytest

from make import ALL_CARS
from vettura.car import load_car, params_of
from vettura.drive.cycles import cycle_names, load_cycle
from vettura.drive.simulate import drive_trip, warmed_up
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


def test_no_cars_are_no_work():
    assert drive_many([], load_cycle("udds"), []).states == []


def test_cars_without_states_are_refused():
    with pytest.raises(UsageError, match="20 cars but 0 states"):
        drive_many(TWENTY, load_cycle("udds"), [])
