"""Years at once: hot places, full batteries and fast charging cost capacity, capacity range."""

import pytest

from make import ALL_CARS, make_params
from vettura.car.ageing import AGEING
from vettura.car.catalogue import load_car
from vettura.drive.lifetime import Life, live_years
from vettura.life.normals import MONTHS_DEGC

USUAL = Life(15_000_000.0, MONTHS_DEGC["turin"], 0.8, 0.1)


def end_of(car="vw-id4-pro", *, years=8, **changes):
    ageing = AGEING[load_car(car).battery.chemistry.value]
    return live_years(make_params(car), ageing, USUAL._replace(**changes), years)[-1]


@pytest.mark.parametrize("car", ALL_CARS)
def test_every_car_keeps_its_warranty_in_turin(car):
    """Eight years, 160,000 km, 70 %: what most makers promise."""
    end = end_of(car, m_per_year=20_000_000.0)
    assert end.distance_m == 160_000_000.0
    assert 0.70 < end.health.capacity_share < 0.95


def test_hotter_places_leave_less():
    left = [
        end_of(months_degc=MONTHS_DEGC[place]).health.capacity_share
        for place in ("helsinki", "turin", "seville", "phoenix")
    ]
    assert left == sorted(left, reverse=True)
    assert left[0] - left[-1] > 0.08


def test_charging_full_or_fast_and_driving_more_leave_a_little_less():
    usual = end_of().health.capacity_share
    for change in ({"charge_to": 1.0}, {"fast_share": 1.0}, {"m_per_year": 40_000_000.0}):
        worse = end_of(**change).health.capacity_share
        assert 0.003 < usual - worse < 0.08


def test_range_shrinks_at_least_as_capacity_does():
    years = live_years(make_params("vw-id4-pro"), AGEING["nmc"], USUAL, 5)
    assert [year.year for year in years] == list(range(6))
    first, last = years[0], years[-1]
    assert first.health.capacity_share == 1.0
    assert last.range_m / first.range_m <= last.health.capacity_share + 1e-3
    assert last.range_m > 0.8 * first.range_m


def test_a_car_that_never_moves_ages_by_time_alone():
    end = end_of(m_per_year=0.0)
    assert end.health.loss_by_use == 0.0
    assert end.health.loss_by_time > 0.03


def test_the_normals_are_whole_years():
    for months in MONTHS_DEGC.values():
        assert len(months) == 12
        assert max(months[5:8]) > months[0] + 10.0
