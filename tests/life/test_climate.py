import csv
from collections import defaultdict
from datetime import UTC, datetime
from statistics import mean

import pytest

from make import SHARED
from vettura.life.climate import TURIN, clearness_at, mean_clearness
from vettura.life.sun import clear_sky_w_per_m2, height_sine
from vettura.units import NS_PER_S

TMY = SHARED / "data" / "tmy_turin" / "tmy_45N_8E_2005_2023.csv"
IRRADIANCE_AFTER_S = 0.1761 * 3600.0


@pytest.fixture(scope="module")
def year():
    """Days of the typical year by month: lists of (hour of the epoch, degC, W/m², m/s)."""
    if not TMY.exists():
        pytest.skip("the typical year of Turin is not on this machine")
    months = defaultdict(lambda: defaultdict(list))
    with TMY.open(encoding="utf-8") as file:
        for row in csv.reader(file):
            if len(row) == 10 and row[0][:2] == "20":
                time = datetime.strptime(row[0], "%Y%m%d:%H%M").replace(tzinfo=UTC)
                values = (time, float(row[1]), float(row[3]), float(row[7]))
                months[time.month][time.day].append(values)
    return [list(months[month].values()) for month in range(1, 13)]


def test_means_swings_and_winds_of_the_table_are_those_of_its_source(year):
    for days, month in zip(year, TURIN, strict=True):
        hours = [hour for day in days for hour in day]
        assert month.mean_degc == pytest.approx(mean(h[1] for h in hours), abs=0.01)
        assert month.wind_mps == pytest.approx(mean(h[3] for h in hours), abs=0.01)
        swings = [(max(h[1] for h in day) - min(h[1] for h in day)) / 2 for day in days]
        assert month.swing_k == pytest.approx(mean(swings), abs=0.01)


def test_clearness_of_the_table_is_that_of_its_source(year):
    for days, month in zip(year, TURIN, strict=True):
        shares = sorted(clearness(day) for day in days)
        for level, value in zip(
            (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0), month.clearness, strict=True
        ):
            assert value == pytest.approx(shares[int(level * (len(shares) - 1))], abs=0.006)


def clearness(day):
    clear = sum(
        clear_sky_w_per_m2(
            height_sine(
                int((time.timestamp() + IRRADIANCE_AFTER_S) * NS_PER_S),
                latitude_deg=45.0,
                longitude_deg=8.0,
            )
        )
        for time, *_ in day
    )
    return sum(hour[2] for hour in day) / clear


@pytest.mark.parametrize("month", TURIN)
def test_clearness_rises_with_the_share_of_darker_days(month):
    values = [clearness_at(month, share / 200) for share in range(201)]
    assert values == sorted(values)
    assert (values[0], values[-1]) == pytest.approx((month.clearness[0], month.clearness[-1]))
    assert mean(values) == pytest.approx(mean_clearness(month), abs=0.01)
