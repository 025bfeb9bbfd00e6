"""A home file's year: the same seed gives the same world, and bad input is one line."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from make import ROOT, SHARED
from vettura.energy.year.bound import bound
from vettura.energy.year.live import live
from vettura.energy.year.strategies import GIVES, PLANNER, all_strategies
from vettura.energy.year.table import compare
from vettura.errors import InputError
from vettura.house import HomeFile, load_home
from vettura.house.energy_year import YearWanted, home_year

PRICES_2024 = SHARED / "data" / "day_ahead_de" / "prices_2024.csv"
NEAR = ("home", "supermarket", "swimming pool")


def small_home() -> HomeFile:
    """The example with panels, whose people go to places nearby."""
    home = load_home(ROOT / "examples" / "sole.toml")
    people = [
        replace(person, work="supermarket" if person.car else "")
        for person in home.household.people
    ]
    places = tuple(place for place in home.household.places if place.name in NEAR)
    household = replace(home.household, people=tuple(people), places=places)
    return replace(home, household=household)


def price_file(folder, days: int = 6):
    """Prices with a shape, and sun, as the national file has them."""
    path = folder / "prices.csv"
    start = datetime(2024, 1, 1, tzinfo=UTC)
    lines = ["time_utc,price_eur_per_mwh,solar_mw,load_mw"]
    for hour in range(24 * days):
        when = (start + timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%MZ")
        clock = hour % 24
        price = 80.0 + 40.0 * (17 <= clock <= 20) - 50.0 * (2 <= clock <= 4) + hour % 7
        sun = max(0.0, 9_000.0 - 1_500.0 * abs(clock - 12))
        lines.append(f"{when},{price},{sun},50000.0")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def wanted(tmp_path_factory) -> YearWanted:
    return YearWanted(home=small_home(), year=2024, prices=price_file(tmp_path_factory.mktemp("p")))


def test_the_same_seed_gives_the_same_world(wanted) -> None:
    one, other = home_year(wanted).world, home_year(wanted).world
    assert one.cars[0].absences == other.cars[0].absences
    assert (one.load_w == other.load_w).all()
    assert (one.import_per_wh == other.import_per_wh).all()
    assert one.slots.count == 6 * 24
    # 1.19 times the market, and 0.19 EUR/kWh.
    assert one.import_per_wh[0] == pytest.approx((1.19 * 80.0 / 1000.0 + 0.19) / 1000.0)


def test_drives_take_more_in_the_cold(wanted) -> None:
    (car,) = home_year(wanted).world.cars
    table = dict(zip(car.consumption.degc, car.consumption.wh_per_m, strict=True))
    assert table[-10.0] > 1.2 * table[20.0]
    cold, mild = (car.consumption.degc.index(degc) for degc in (-10.0, 20.0))
    assert car.consumption.prepare_wh[cold] > 300.0
    assert car.consumption.prepare_wh[mild] == 0.0
    assert all(0.02 < one.used_wh / one.distance_m < 1.0 for one in car.absences)
    assert all(one.first < one.end for one in car.absences)


def test_what_a_home_lacks_is_one_line(wanted, tmp_path) -> None:
    with pytest.raises(InputError, match=r"no \[energy\]"):
        home_year(replace_wanted(wanted, home=replace(wanted.home, energy=None)))
    with pytest.raises(InputError, match="no prices are given"):
        home_year(replace_wanted(wanted, prices=None))
    with pytest.raises(InputError, match="no such file of prices"):
        home_year(replace_wanted(wanted, prices=tmp_path / "none.csv"))
    with pytest.raises(InputError, match="the prices are of 2024"):
        home_year(replace_wanted(wanted, year=2023))
    with pytest.raises(InputError, match=r"no \[\[stations\]\]"):
        home_year(replace_wanted(wanted, home=replace(wanted.home, stations=[])))


def replace_wanted(wanted: YearWanted, **changes) -> YearWanted:
    from dataclasses import replace as dataclass_replace

    return dataclass_replace(wanted, **changes)


@pytest.mark.skipif(not PRICES_2024.exists(), reason="../shared/data/day_ahead_de is not here")
def test_two_weeks_of_real_prices_are_planned_well(tmp_path) -> None:
    rows = PRICES_2024.read_text("utf-8").splitlines()
    may = [row for row in rows if "2024-05-01" <= row[:10] < "2024-05-17"]
    (tmp_path / "may.csv").write_text("\n".join([rows[0], *may]) + "\n")
    asked = YearWanted(home=small_home(), year=2024, prices=tmp_path / "may.csv")
    year = home_year(asked)
    ledgers = live(year.world, year.foresight, all_strategies())
    ledgers += [bound(year.world, gives=gives) for gives in (False, True)]
    found = compare(year.world, ledgers, currency="EUR")
    assert found.bill("bound") <= found.bill(PLANNER) < found.bill("evcc") < found.bill("plugged")
    assert found.bill("bound_v2h") <= found.bill(GIVES) < found.bill(PLANNER)
    assert found.of_bound(PLANNER) > 0.85
    planned = [one for one in found.outcomes if one.name in {PLANNER, GIVES}]
    assert all(one.missed_wh == 0.0 and one.short_days == 0 for one in planned)
