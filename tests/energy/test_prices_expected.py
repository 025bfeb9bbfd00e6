import numpy as np
import pytest

from make import SHARED
from vettura.energy.forecast_truth import read_national
from vettura.energy.local_grid import by_day, local_grid
from vettura.energy.prices_expected import expected_day


@pytest.fixture(scope="module")
def year():
    path = SHARED / "data" / "day_ahead_de" / "prices_2024.csv"
    if not path.exists():
        pytest.skip("../shared/data/day_ahead_de is not here")
    market = read_national(path).market
    grid = local_grid(market.slots, "Europe/Berlin")
    first = int(grid.day[0])
    return first, 1e6 * by_day(market.per_wh, grid, first_day=first, days=366)[:, ::4]


def ranks(values):
    return np.argsort(np.argsort(values))


def test_the_last_weeks_tell_a_day_better_than_the_last_day_does(year):
    first, table = year
    errors = {"expected": [], "yesterday": []}
    orders = {"expected": [], "yesterday": []}
    for row in range(28, 366):
        guesses = {
            "expected": expected_day(table, first_day=first, last=row - 1, day=first + row).middle,
            "yesterday": table[row - 1],
        }
        for name, guess in guesses.items():
            there = np.isfinite(guess) & np.isfinite(table[row])
            errors[name].append(np.abs(guess - table[row])[there].mean())
            orders[name].append(np.corrcoef(ranks(guess[there]), ranks(table[row][there]))[0, 1])
    assert np.mean(errors["expected"]) < 0.87 * np.mean(errors["yesterday"])
    assert np.mean(orders["expected"]) > 0.82 > 0.75 > np.mean(orders["yesterday"])


def test_about_eight_in_ten_lie_between_the_tenths(year):
    first, table = year
    inside = []
    for row in range(28, 366):
        seen = expected_day(table, first_day=first, last=row - 1, day=first + row)
        inside.append((table[row] >= seen.low) & (table[row] <= seen.high))
    assert 0.72 < np.mean(inside) < 0.9


def test_nothing_known_is_nothing_expected():
    empty = np.full((5, 96), np.nan)
    assert expected_day(empty, first_day=700_000, last=4, day=700_005) is None
    assert expected_day(empty, first_day=700_000, last=-1, day=700_005) is None


def test_hours_that_were_never_told_are_like_the_others():
    table = np.full((5, 24), np.nan)
    table[:, :12] = 0.1
    seen = expected_day(table, first_day=700_000, last=4, day=700_005)
    assert seen.middle == pytest.approx(0.1)
    assert np.isfinite(seen.low).all()
