"""Calibrating: a changed car is found again from its trips, and nothing else is claimed."""

import statistics
from dataclasses import replace
from pathlib import Path

import pytest

from drive.truth import a_year_of_trips, changed, cycle, drive, slow_flat_trips
from make import SHARED, make_params
from vettura.drive.calibrate import (
    AT_BOUND,
    FITTED,
    NOT_SHOWN,
    apply,
    as_measured,
    calibrate,
    choose,
    predict,
)
from vettura.drive.calibrate_file import load_calibration, save_calibration
from vettura.drive.calibrate_knobs import auxiliary_w_of
from vettura.drive.calibrate_trips import climate_is_broken
from vettura.drive.measured import MeasuredTrip, read_trip
from vettura.drive.replay import replay
from vettura.errors import InputError

CAR = "bmw-i3-60ah"
TRIPS = SHARED / "data" / "bmw_i3"


def by_name(found):
    return {one.name: one for one in found.parameters}


TRUTH = {"rolling": 1.2, "mass_kg": 150.0, "aux_w": 500.0, "capacity": 0.88}


@pytest.fixture(scope="module")
def aged():
    params = make_params(CAR)
    truth = changed(params, **TRUTH)
    return params, truth, calibrate(params, a_year_of_trips(truth, noise=0.02), car=CAR)


def test_a_changed_car_is_found_again_within_the_stated_uncertainty(aged):
    params, truth, found = aged
    said = by_name(found)
    true = {
        "rolling": truth.road.a_n,
        "mass": truth.road.mass_kg,
        "auxiliary": auxiliary_w_of(truth),
        "capacity": truth.pack.capacity_c,
        "resistance": truth.pack.resistance_ohm,
    }
    for name, value in true.items():
        assert said[name].verdict != NOT_SHOWN, name
        assert abs(said[name].value - value) < 2.0 * said[name].sd, name
    assert said["capacity"].value == pytest.approx(truth.pack.capacity_c, rel=0.03)
    assert said["rolling"].value > 1.08 * params.road.a_n
    assert said["mass"].value > params.road.mass_kg + 50.0


def test_a_calibrated_car_foretells_a_trip_it_has_not_seen(aged):
    params, truth, found = aged
    unseen = drive(truth, cycle("hwfet"), ambient=22.0, hills_m=20.0)
    raw = replay(params, unseen)
    said = predict(params, unseen, found)
    assert said.low_wh < unseen.energy_wh < said.high_wh
    assert abs(said.energy_wh / unseen.energy_wh - 1.0) < 0.04 < abs(raw.error)
    assert replay(apply(params, found), as_measured(unseen, found)).predicted_wh == pytest.approx(
        said.energy_wh, rel=1e-9
    )


def test_the_same_trips_give_the_same_calibration():
    params = make_params(CAR)
    trips = slow_flat_trips(params)
    assert calibrate(params, trips, car=CAR) == calibrate(params, trips, car=CAR)


def test_slow_flat_summer_trips_show_neither_drag_nor_cold_tyres_nor_heat_loss():
    params = make_params(CAR)
    found = by_name(calibrate(params, slow_flat_trips(params), model_climate=True))
    for name in ("drag", "tyre_cold", "heat_loss", "capacity", "mass"):
        assert found[name].verdict == NOT_SHOWN, name
        assert found[name].value == found[name].file_value
        assert found[name].sd == found[name].prior_sd
        assert found[name].note.startswith("needs ")


def test_an_aged_battery_is_not_mistaken_for_cold_tyres():
    params = make_params(CAR)
    truth = changed(params, capacity=0.8, resistance=1.6)
    found = by_name(calibrate(params, a_year_of_trips(truth)))
    assert found["capacity"].value == pytest.approx(truth.pack.capacity_c, rel=0.03)
    assert found["resistance"].value == pytest.approx(truth.pack.resistance_ohm, rel=0.12)
    for name in ("rolling", "tyre_cold"):
        assert found[name].value == pytest.approx(found[name].file_value, rel=0.06), name


def test_cold_tyres_are_not_mistaken_for_an_aged_battery():
    params = make_params(CAR)
    truth = params._replace(road=params.road._replace(tyre_per_k=0.035))
    found = by_name(calibrate(params, a_year_of_trips(truth)))
    assert found["rolling"].value + found["tyre_cold"].value > 1.02 * params.road.a_n
    assert found["capacity"].value == pytest.approx(params.pack.capacity_c, rel=0.02)
    assert found["resistance"].value == pytest.approx(params.pack.resistance_ohm, rel=0.05)


def test_the_cabins_heat_loss_is_found_where_heating_is_modelled():
    params = make_params(CAR)
    cabin = params.cabin
    truth = params._replace(
        cabin=cabin._replace(ua_w_per_k=1.5 * cabin.ua_w_per_k, ua_per_mps=1.5 * cabin.ua_per_mps)
    )
    trips = []
    for name, ambient in (("X", -5.0), ("Y", 2.0), ("Z", 5.0)):
        cold = replace(
            drive(truth, cycle("udds")[:900], name=name, ambient=ambient), heating_w=None
        )
        driven = replay(truth, cold, model_climate=True)
        power = [driven.power_w[0], *driven.power_w]
        trips.append(
            replace(
                cold,
                battery_v=[360.0] * len(power),
                battery_a=[-w / 360.0 for w in power],
                heating_w=[driven.climate_w[0], *driven.climate_w],
            )
        )
    found = by_name(calibrate(params, trips, model_climate=True))
    assert found["heat_loss"].verdict == FITTED
    assert abs(found["heat_loss"].value - 1.5 * cabin.ua_w_per_k) < 2.0 * found["heat_loss"].sd
    assert found["heat_loss"].value > 1.15 * cabin.ua_w_per_k


def test_a_parameter_at_its_bound_is_a_warning():
    params = make_params(CAR)
    truth = changed(params, capacity=0.3)
    found = calibrate(params, [drive(truth, cycle("hwfet"), name=n) for n in "ABCDEF"])
    assert by_name(found)["capacity"].verdict == AT_BOUND
    assert any("battery capacity lies at its bound" in line for line in found.warnings)


def test_one_trip_of_another_world_moves_the_fit_little_and_is_named():
    params = make_params(CAR)
    good = a_year_of_trips(params)
    odd = drive(params, cycle("udds"), name="odd", ambient=15.0)
    odd = replace(odd, battery_a=[1.6 * a for a in odd.battery_a], soc=None)
    found = calibrate(params, [*good, odd])
    assert by_name(found)["rolling"].value == pytest.approx(params.road.a_n, rel=0.15)
    assert any(line.startswith("odd:") for line in found.warnings)


def test_a_heater_that_claims_more_than_the_pack_gave_is_left_out():
    params = make_params(CAR)
    trip = drive(params, cycle("udds"), name="broken", ambient=25.0)
    broken = replace(trip, heating_w=[6_000.0] * len(trip.time_s))
    assert climate_is_broken(broken)
    assert not climate_is_broken(trip)
    found = calibrate(params, [broken, *slow_flat_trips(params)])
    assert any("claim more than the pack gave" in line for line in found.warnings)
    assert by_name(found)["heating"].verdict == NOT_SHOWN


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda t: replace(t, battery_a=None), "battery_v and battery_a"),
        (lambda t: replace(t, time_s=t.time_s[:50], speed_mps=t.speed_mps[:50]), "shorter"),
    ],
)
def test_a_trip_that_says_nothing_is_refused_by_name(spoil, word):
    params = make_params(CAR)
    trip = spoil(drive(params, cycle("udds"), name="mute"))
    with pytest.raises(InputError, match=f"mute: .*{word}"):
        calibrate(params, [trip])


def test_no_trips_are_refused():
    with pytest.raises(InputError, match="no trips"):
        calibrate(make_params(CAR), [])


def test_trips_are_chosen_by_conditions_and_differ():
    params = make_params(CAR)
    slow, fast = cycle("udds")[:700], cycle("hwfet")
    trips = [
        drive(params, speeds, name=f"{kind}{ambient}", ambient=float(ambient))
        for kind, speeds in (("slow", slow), ("fast", fast))
        for ambient in (-5, 0, 10, 20, 30)
    ]
    chosen = {trip.name for trip in choose(trips, 4)}
    assert len(chosen) == 4
    assert chosen >= {"fast-5", "slow30"}
    assert {name[:4] for name in chosen} == {"slow", "fast"}
    dearer = [replace(t, battery_a=[2.0 * a for a in t.battery_a]) for t in trips]
    assert {trip.name for trip in choose(dearer, 4)} == chosen


def test_a_calibration_outlives_its_process(aged, tmp_path):
    _, _, found = aged
    file = tmp_path / "deep" / "car.toml"
    save_calibration(file, found)
    assert load_calibration(file, car=CAR) == found


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('car = "bmw-i3-60ah"', 'car = "vw-id4-pro"', "calibrates 'vw-id4-pro'"),
        ('name = "mass"', 'name = "charm"', "unknown name 'charm'"),
        ("trip_sigma", "trip_sigm", "trip_sigm"),
        ("correlation = [[", "correlation = [[1.0], [", "correlation"),
    ],
)
def test_a_spoilt_calibration_file_is_refused_in_one_line(aged, tmp_path, old, new, word):
    file = tmp_path / "car.toml"
    save_calibration(file, aged[2])
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=word) as caught:
        load_calibration(file, car=CAR)
    assert str(file) in caught.value.message


def real_trips() -> list[MeasuredTrip]:
    if not TRIPS.exists():
        pytest.skip(f"{Path('..', 'shared', 'data', 'bmw_i3')} is not here")
    return [read_trip(path) for path in sorted(TRIPS.glob("*.csv"))]


def test_five_trips_of_a_real_car_foretell_the_others():
    """The choice that `--use 5` makes; how often the interval holds is counted over two choices."""
    trips = real_trips()
    params = make_params(CAR)
    errors, within = {}, []
    for turn in (3, 0):
        chosen = choose(trips, 5, turn=turn)
        found = calibrate(params, chosen, car=CAR)
        others = [trip for trip in trips if not any(trip is one for one in chosen)]
        said = {trip.name: predict(params, trip, found) for trip in others}
        errors = {t.name: said[t.name].energy_wh / t.energy_wh - 1.0 for t in others}
        within += [said[t.name].low_wh <= t.energy_wh <= said[t.name].high_wh for t in others]
        assert len(errors) == len(trips) - 5
        assert statistics.fmean(map(abs, errors.values())) <= 0.05
    for season in ("TripA", "TripB"):
        assert abs(statistics.fmean(e for n, e in errors.items() if n.startswith(season))) <= 0.03
    assert 0.70 <= statistics.fmean(within) <= 0.90
