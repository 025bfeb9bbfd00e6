import math

import msgspec
import pytest

from life.homes import CAR, HOME, OFFICE, PLACES, make_household, make_person
from vettura.config import parse_toml
from vettura.errors import InputError
from vettura.life.household import Household
from vettura.life.places import EARTH_RADIUS_M, Place, distance_m
from vettura.life.station import StationConfig


def plain(household):
    return msgspec.to_builtins(household)


def test_a_household_reads_back_as_it_was_written():
    household = make_household(make_person(school="school", work_days=("mon", "sat")))
    assert msgspec.convert(plain(household), Household) == household


def test_an_unknown_key_is_refused_by_name():
    with pytest.raises(msgspec.ValidationError, match="garden"):
        msgspec.convert({**plain(make_household()), "garden": True}, Household)


def test_a_toml_error_names_file_key_and_range():
    text = b'id = "casa"\ntimezone = "Europe/Rome"\n[[places]]\nname = "home"\nkind = "home"\n'
    with pytest.raises(InputError, match=r"casa\.toml: places\.home\.latitude_deg is 95") as raised:
        parse_toml(text + b"latitude_deg = 95\nlongitude_deg = 7\n", Household, where="casa.toml")
    assert "-80 to 80" in raised.value.hint


@pytest.mark.parametrize(
    ("changes", "key", "legal"),
    [
        ({"leaves_at": "7:40"}, "leaves_at", "04:00 to 12:00"),
        ({"leaves_at": "25:00"}, "leaves_at", "HH:MM"),
        ({"returns_at": "06:00"}, "returns_at", "07:40 to 21:30"),
        ({"shops_per_week": 8}, "shops_per_week", "0 to 7"),
        ({"leisure_per_week": float("nan")}, "leisure_per_week", "0 to 7"),
        ({"cabin_degc": 40}, "cabin_degc", "16 to 30"),
        ({"prepare_s": -1}, "prepare_s", "0 to 1800"),
        ({"work_days": ("monday",)}, "work_days", "mon, tue"),
        ({"car": "a.b"}, "car", "letters, digits"),
        ({"name": ""}, "name", "1 to 64"),
    ],
)
def test_a_person_with_a_bad_habit_is_refused_with_key_and_legal_range(changes, key, legal):
    with pytest.raises(InputError, match=key) as raised:
        make_person(**changes)
    assert legal in raised.value.hint


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"id": "two homes"}, "household.id"),
        ({"timezone": "Europe/Atlantis"}, "timezone"),
        ({"timezone": "/etc/passwd"}, "timezone"),
        ({"timezone": ""}, "timezone"),
        ({"places": (OFFICE,)}, "0 places of kind home"),
        ({"places": (*PLACES, HOME)}, "appears twice"),
        ({"places": ()}, "number of places"),
        ({"plug_below_soc": 70}, "plug_below_soc"),
        ({"people": (make_person(), make_person("Marco"))}, "people.car"),
        ({"people": (make_person(work="moon"),)}, "people.Giulia.work"),
        ({"people": (make_person(school="moon"),)}, "people.Giulia.school"),
    ],
)
def test_a_household_that_cannot_be_is_refused_by_key(changes, key):
    with pytest.raises(InputError, match=key):
        make_household(**changes)


def test_a_place_beyond_a_day_s_drive_is_refused():
    oslo = Place(name="Oslo", kind="leisure", latitude_deg=59.9, longitude_deg=10.7)
    with pytest.raises(InputError, match="distance from home of Oslo"):
        make_household(places=(*PLACES, oslo))


def test_no_place_is_called_as_cars_call_the_road():
    with pytest.raises(InputError, match="road"):
        Place(name="road", kind="shop", latitude_deg=45, longitude_deg=7)


def test_a_station_outside_what_houses_have_is_refused():
    with pytest.raises(InputError, match=r"station\.power_w_max") as raised:
        StationConfig(id="wallbox", power_w_max=150_000)
    assert "1380 to 22200" in raised.value.hint


def test_distance_is_that_of_the_great_circle():
    south = Place(name="s", kind="home", latitude_deg=45.0, longitude_deg=7.0)
    north = Place(name="n", kind="work", latitude_deg=46.0, longitude_deg=7.0)
    across = Place(name="a", kind="work", latitude_deg=0.0, longitude_deg=179.5)
    beyond = Place(name="b", kind="work", latitude_deg=0.0, longitude_deg=-179.5)
    degree_m = math.pi * EARTH_RADIUS_M / 180
    assert distance_m(south, north) == pytest.approx(degree_m)
    assert distance_m(across, beyond) == pytest.approx(degree_m)
    assert distance_m(south, south) == 0.0


def test_a_household_without_people_is_a_home_all_the_same():
    household = Household(id="casa", timezone="Europe/Rome", places=(HOME,))
    assert household.home == HOME
    assert household.place("moon") is None
    assert make_person().car == CAR
