import math
from datetime import UTC, datetime

import pytest

from vettura.life.sun import clear_sky_w_per_m2, declination_rad, height_sine, solar_hour

NS = 10**9


def at(*when):
    return int(datetime(*when, tzinfo=UTC).timestamp()) * NS


@pytest.mark.parametrize(
    ("when", "degrees"),
    [((2026, 6, 21, 12), 23.44), ((2026, 12, 21, 12), -23.44), ((2026, 3, 20, 15), 0.0)],
)
def test_the_sun_stands_over_the_tropics_at_the_solstices(when, degrees):
    assert math.degrees(declination_rad(at(*when))) == pytest.approx(degrees, abs=0.4)


def test_solar_noon_in_turin_follows_the_equation_of_time():
    # Its extremes: 14.2 minutes late on 11 February, 16.4 early on 3 November.
    assert solar_hour(at(2026, 2, 11, 11, 43), 7.69) == pytest.approx(12.0, abs=0.05)
    assert solar_hour(at(2026, 11, 3, 11, 13), 7.69) == pytest.approx(12.0, abs=0.05)


def test_the_noon_sun_is_as_high_as_latitude_and_season_say():
    sine = height_sine(at(2026, 6, 21, 11, 31), latitude_deg=45.07, longitude_deg=7.69)
    assert math.degrees(math.asin(sine)) == pytest.approx(90 - 45.07 + 23.44, abs=0.2)


def test_a_clear_sky_gives_about_a_kilowatt_under_a_high_sun_and_nothing_at_night():
    assert clear_sky_w_per_m2(1.0) == pytest.approx(1035, abs=1)
    assert clear_sky_w_per_m2(-0.5) == clear_sky_w_per_m2(0.0) == 0.0
