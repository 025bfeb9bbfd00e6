import math
from collections import defaultdict
from datetime import UTC, datetime
from statistics import mean, pstdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vettura.life.climate import TURIN
from vettura.life.sun import height_sine
from vettura.life.weather import cloud_cover, weather_at

NS_PER_H = 3_600 * 10**9
JANUARY = int(datetime(2021, 1, 1, tzinfo=UTC).timestamp()) * 10**9
CONDITIONS = {"sunny", "clear-night", "cloudy", "rainy", "snowy", "fog"}


def turin(time_ns, seed=1, elevation_m=250.0):
    return weather_at(
        latitude_deg=45.0, longitude_deg=8.0, elevation_m=elevation_m, time_ns=time_ns, seed=seed
    )


@pytest.fixture(scope="module")
def years():
    """Five years of one seed each, every second hour, by month."""
    months = defaultdict(list)
    for seed in range(5):
        for hour in range(0, 8760, 2):
            time_ns = JANUARY + hour * NS_PER_H
            month = datetime.fromtimestamp(time_ns / 1e9, UTC).month
            months[month].append(turin(time_ns, seed))
    return [months[month] for month in range(1, 13)]


def test_months_are_as_warm_and_windy_as_their_table(years):
    for hours, month in zip(years, TURIN, strict=True):
        assert mean(h.ambient_degc for h in hours) == pytest.approx(month.mean_degc, abs=1.7)
        assert mean(h.wind_mps for h in hours) == pytest.approx(month.wind_mps, rel=0.2)
    bias = mean(h.ambient_degc for hours in years for h in hours) - mean(m.mean_degc for m in TURIN)
    assert abs(bias) < 0.4


def test_the_sun_of_a_month_is_that_of_the_source(years):
    # Wh/m² a day, PVGIS typical year 45.0 N 8.0 E 2005-2023.
    source = (1543, 2393, 3824, 4047, 4833, 7205, 6619, 5758, 4516, 2872, 2021, 1491)
    for hours, day_wh in zip(years, source, strict=True):
        assert 24 * mean(h.sun_w_per_m2 for h in hours) == pytest.approx(day_wh, rel=0.25)


def test_one_day_differs_from_the_next_as_much_as_in_the_source(years):
    for hours in years:
        days = [mean(h.ambient_degc for h in hours[k : k + 12]) for k in range(0, len(hours), 12)]
        assert 0.8 < pstdev(days) < 3.2


def test_it_rains_sometimes_and_is_dry_mostly(years):
    conditions = [h.condition for hours in years for h in hours]
    wet = sum(c in ("rainy", "snowy") for c in conditions) / len(conditions)
    assert 0.03 < wet < 0.15
    assert set(conditions) <= CONDITIONS
    assert {"sunny", "clear-night", "cloudy", "rainy"} <= set(conditions)


@settings(max_examples=300, deadline=None)
@given(
    latitude_deg=st.floats(-80, 80),
    longitude_deg=st.floats(-180, 180),
    elevation_m=st.floats(-450, 5500),
    time_ns=st.integers(0, 4_000_000_000 * 10**9),
    seed=st.integers(0, 2**63),
)
def test_the_weather_is_always_and_everywhere_possible(
    latitude_deg, longitude_deg, elevation_m, time_ns, seed
):
    weather = weather_at(
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        elevation_m=elevation_m,
        time_ns=time_ns,
        seed=seed,
    )
    assert -60.0 < weather.ambient_degc < 50.0
    assert 0.0 <= weather.wind_mps < 15.0
    assert 0.0 <= weather.sun_w_per_m2 < 1200.0
    assert weather.condition in CONDITIONS
    sine = height_sine(time_ns, latitude_deg=latitude_deg, longitude_deg=longitude_deg)
    assert sine > 0.0 or weather.sun_w_per_m2 == 0.0
    assert weather.condition != "clear-night" or sine < 0.0


@settings(max_examples=200, deadline=None)
@given(time_ns=st.integers(0, 4_000_000_000 * 10**9), seed=st.integers(0, 2**63))
def test_the_weather_never_jumps(time_ns, seed):
    now, soon = turin(time_ns, seed), turin(time_ns + 60 * 10**9, seed)
    assert abs(soon.ambient_degc - now.ambient_degc) < 0.25
    assert abs(soon.wind_mps - now.wind_mps) < 1.0
    assert abs(soon.sun_w_per_m2 - now.sun_w_per_m2) < 30.0


def test_the_same_seed_is_the_same_weather_and_another_is_not():
    assert turin(JANUARY) == turin(JANUARY)
    assert turin(JANUARY).ambient_degc != turin(JANUARY, seed=2).ambient_degc


def test_a_thousand_metres_up_it_is_six_and_a_half_degrees_colder():
    low, high = turin(JANUARY), turin(JANUARY, elevation_m=1250.0)
    assert low.ambient_degc - high.ambient_degc == pytest.approx(6.5)


def test_afternoons_are_warmer_than_mornings(years):
    morning = [turin(JANUARY + (24 * day + 5) * NS_PER_H).ambient_degc for day in range(365)]
    afternoon = [turin(JANUARY + (24 * day + 14) * NS_PER_H).ambient_degc for day in range(365)]
    assert mean(afternoon) - mean(morning) > 6.0


def test_clouds_let_through_what_kasten_and_czeplak_measured():
    assert cloud_cover(1.0) == cloud_cover(1.1) == 0.0
    assert cloud_cover(0.25) == 1.0
    assert 1.0 - 0.75 * math.pow(cloud_cover(0.6), 3.4) == pytest.approx(0.6)
