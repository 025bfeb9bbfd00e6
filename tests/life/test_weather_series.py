import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vettura.life.sun import declination_rad, height_sine, solar_hour, sunrise_hour
from vettura.life.sun_series import (
    day_angles_rad,
    declinations_rad,
    height_sines,
    solar_hours,
    sunrise_hours,
)
from vettura.life.weather import weather_at
from vettura.life.weather_series import weather_over

NS = 1_000_000_000


@settings(max_examples=30)
@given(
    st.integers(946_684_800, 2_000_000_000),
    st.integers(0, 1000),
    st.floats(-60.0, 65.0),
    st.floats(-180.0, 180.0),
)
def test_many_instants_have_the_weather_of_each(start_s, seed, latitude_deg, longitude_deg):
    times = (start_s + 4_777 * np.arange(60)) * NS
    place = {
        "latitude_deg": latitude_deg,
        "longitude_deg": longitude_deg,
        "elevation_m": 400.0,
        "seed": seed,
    }
    series = weather_over(times, **place)
    for k, time_ns in enumerate(times.tolist()):
        one = weather_at(time_ns=time_ns, **place)
        assert series.ambient_degc[k] == pytest.approx(one.ambient_degc, abs=1e-6)
        assert series.wind_mps[k] == pytest.approx(one.wind_mps, abs=1e-9)
        assert series.sun_w_per_m2[k] == pytest.approx(one.sun_w_per_m2, abs=1e-6)


def test_the_suns_angles_are_those_of_one_instant():
    times = np.arange(1_700_000_000, 1_740_000_000, 555_555) * NS
    angles = day_angles_rad(times)
    declinations = declinations_rad(angles)
    hours = solar_hours(times, angles, 7.7)
    sines = height_sines(declinations, hours, 45.0)
    rises = sunrise_hours(declinations, 45.0)
    for k, time_ns in enumerate(times.tolist()):
        assert declinations[k] == pytest.approx(declination_rad(time_ns), abs=1e-9)
        assert hours[k] == pytest.approx(solar_hour(time_ns, 7.7), abs=1e-9)
        assert rises[k] == pytest.approx(sunrise_hour(time_ns, 45.0), abs=1e-9)
        sine = height_sine(time_ns, latitude_deg=45.0, longitude_deg=7.7)
        assert sines[k] == pytest.approx(sine, abs=1e-9)
