import csv
from itertools import pairwise
from statistics import mean, quantiles

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from life.drives import Figures, figures_of
from life.homes import HOME, MARKET, OFFICE
from make import SHARED
from vettura.clock.chance import random_stream
from vettura.drive.cycles import load_cycle
from vettura.errors import InputError
from vettura.life.places import Place, distance_m
from vettura.life.road import make_trip

MEASURED = SHARED / "data" / "bmw_i3"


def place(name, latitude_deg, longitude_deg, elevation_m=240.0):
    return Place(
        name=name,
        kind="leisure",
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        elevation_m=elevation_m,
    )


near = st.floats(0.004, 0.35) | st.floats(-0.35, -0.004)
places = st.builds(
    lambda lat, dlat, dlon, up: (
        place("a", lat, 7.7, 300.0),
        place("b", lat + dlat, 7.7 + dlon, 300.0 + up),
    ),
    st.sampled_from((45.0, -33.0, 0.0, 65.0)),
    near,
    near,
    st.floats(-300.0, 1200.0),
)


def made(pair, seed=1, trip_id="t"):
    return make_trip(*pair, seed=seed, id=trip_id)


@settings(max_examples=80, deadline=None)
@given(pair=places, seed=st.integers(0, 2**63))
def test_a_trip_keeps_to_what_cars_and_roads_can_do(pair, seed):
    trip = made(pair, seed)
    trace = trip.speed_mps
    assert trace[0] == trace[-1] == 0.0
    assert max(trace) < 150 / 3.6
    steps = [after - before for before, after in pairwise(trace)]
    assert min(steps) >= -1.8
    assert max(steps) <= 1.65
    grades = [(b - a) / trip.grid_m for a, b in pairwise(trip.elevation_m)]
    assert max(map(abs, grades)) <= 0.06


@settings(max_examples=80, deadline=None)
@given(pair=places, seed=st.integers(0, 2**63))
def test_the_way_driven_is_as_long_as_the_road_and_ends_at_the_places(pair, seed):
    trip, (origin, destination) = made(pair, seed), pair
    length_m = trip.grid_m * (len(trip.elevation_m) - 1)
    assert len(trip.elevation_m) == len(trip.latitude_deg) == len(trip.longitude_deg)
    assert trip.distance_m == pytest.approx(length_m, rel=0.005)
    assert trip.place_at(0.0) == pytest.approx(coordinates(origin), abs=1e-6)
    assert trip.place_at(length_m) == pytest.approx(coordinates(destination), abs=1e-6)
    climb_m = abs(destination.elevation_m - origin.elevation_m)
    straight_m = distance_m(origin, destination)
    longest_m = max(1.40 * straight_m, 1.5 * climb_m / 0.05)
    assert 1.25 * straight_m - 100.0 <= length_m <= longest_m + 100.0


@settings(max_examples=40, deadline=None)
@given(pair=places)
def test_points_of_the_track_are_a_grid_apart_on_the_ground(pair):
    trip = made(pair)
    track = zip(trip.latitude_deg, trip.longitude_deg, strict=True)
    points = [place("p", latitude, longitude) for latitude, longitude in track]
    gaps_m = [distance_m(a, b) for a, b in pairwise(points)]
    # A schematic map, flat: up to 3 % off away from its middle; corners cut bends short.
    assert max(gaps_m) <= 1.03 * trip.grid_m
    assert sum(gaps_m) == pytest.approx(trip.distance_m, rel=0.12)


@settings(max_examples=30, deadline=None)
@given(pair=places, seed=st.integers(0, 2**63))
def test_the_road_is_the_same_both_ways_and_every_day(pair, seed):
    there, back = made(pair, seed, "monday"), made(pair[::-1], seed + 1, "tuesday")
    assert there.latitude_deg == back.latitude_deg[::-1]
    assert there.longitude_deg == back.longitude_deg[::-1]
    assert there.elevation_m == back.elevation_m[::-1]


def test_the_same_seed_and_id_are_the_same_drive_and_others_are_not():
    monday = make_trip(HOME, OFFICE, seed=1, id="monday")
    assert monday == make_trip(HOME, OFFICE, seed=1, id="monday")
    assert monday.speed_mps != make_trip(HOME, OFFICE, seed=2, id="monday").speed_mps
    assert monday.speed_mps != make_trip(HOME, OFFICE, seed=1, id="tuesday").speed_mps
    assert monday.elevation_m != make_trip(HOME, MARKET, seed=1, id="monday").elevation_m


def test_the_same_commute_takes_longer_on_some_days():
    durations = [make_trip(HOME, OFFICE, seed=1, id=str(k)).duration_s for k in range(40)]
    assert 1.1 < max(durations) / min(durations) < 2.0


@pytest.mark.parametrize("latitude_deg", [45.0, 45.0005, 60.0])
def test_places_too_near_or_too_far_have_no_road(latitude_deg):
    with pytest.raises(InputError, match="m apart"):
        made((place("a", 45.0, 7.7), place("b", latitude_deg, 7.7)))


def test_the_longest_trip_fits_into_a_message():
    trip = made((place("a", 45.0, 7.7), place("b", 51.0, 7.7)))
    assert 9 * (len(trip.speed_mps) + 3 * len(trip.elevation_m)) < 1_000_000


def commutes():
    """Ways as long as the measured ones: half of them between 12 and 19 km."""
    chance = random_stream(5, "commutes")
    for number in range(200):
        pair = (
            place("a", 45.0, 7.7),
            place(
                "b",
                45.0 + chance.choice((-1, 1)) * chance.uniform(0.03, 0.13),
                7.7 + chance.choice((-1, 1)) * chance.uniform(0.03, 0.16),
                chance.uniform(200, 300),
            ),
        )
        yield figures_of(made(pair, trip_id=str(number)).speed_mps)


def measured():
    for path in sorted(MEASURED.glob("Trip*.csv")):
        with path.open(encoding="utf-8") as file:
            rows = [row["speed_kmh"] for row in csv.DictReader(file) if row["speed_kmh"]]
        yield figures_of([float(speed) / 3.6 for speed in rows])


@pytest.mark.skipif(not MEASURED.exists(), reason="the measured trips are not on this machine")
@pytest.mark.parametrize("name", Figures._fields)
def test_drives_look_like_measured_ones(name):
    # 29 trips of BMW i3s around Munich, 1 Hz (TUM 2020, doi 10.21227/6jr9-5235).
    real = quantiles([getattr(each, name) for each in measured()], n=20)
    ours = quantiles([getattr(each, name) for each in commutes()], n=4)
    tenth, quarter, three_quarters, nine_tenths = real[1], real[4], real[14], real[17]
    assert quarter <= ours[1] <= three_quarters, "our median is in the middle half of theirs"
    assert tenth <= ours[0], "a quarter of ours is not below a tenth of theirs"
    assert ours[2] <= nine_tenths, "a quarter of ours is not above a tenth of theirs"


def test_drives_are_of_the_kind_of_the_world_test_cycle():
    cycle = figures_of(load_cycle("wltc3b").speed_mps)
    ours = Figures(*(mean(column) for column in zip(*commutes(), strict=True)))
    assert ours.mean_mps == pytest.approx(cycle.mean_mps, rel=0.2)
    assert ours.stops_per_km == pytest.approx(cycle.stops_per_km, abs=0.2)
    assert ours.idle_share == pytest.approx(cycle.idle_share, abs=0.06)
    assert ours.positive_kinetic_mps2 == pytest.approx(cycle.positive_kinetic_mps2, rel=0.3)


def coordinates(where):
    return where.latitude_deg, where.longitude_deg, where.elevation_m
