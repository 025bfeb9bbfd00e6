"""The battery: its curves are sound, its books close, and it holds against measured packs."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from make import ALL_CARS, SHARED, make_params
from vettura.car.battery import (
    ACTIVATED,
    battery_degc_after,
    carry_current,
    carry_power,
    open_circuit_v,
    resistance,
)
from vettura.car.chemistry import CHEMISTRIES, mean_v, pack_params
from vettura.drive.measured import read_trip

I3_TRIPS = SHARED / "data" / "bmw_i3"
PUBLISHED = {
    # At 0, 5, ..., 100 %, read off the sources that `chemistry.CHEMISTRIES` names.
    "nmc": "3.10 3.43 3.50 3.54 3.57 3.59 3.61 3.63 3.65 3.67 3.70 "
    "3.74 3.79 3.84 3.89 3.93 3.98 4.03 4.07 4.11 4.17",
    "nca": "3.00 3.32 3.43 3.49 3.53 3.56 3.59 3.61 3.64 3.67 3.71 "
    "3.76 3.81 3.86 3.91 3.95 3.99 4.03 4.07 4.10 4.17",
    "lfp": "2.60 3.05 3.18 3.21 3.23 3.25 3.27 3.285 3.29 3.293 3.296 "
    "3.30 3.306 3.32 3.33 3.332 3.333 3.335 3.337 3.345 3.45",
}
NEARNESS_V = {"nmc": 0.008, "nca": 0.008, "lfp": 0.0135}

charges = st.floats(0.0, 1.0)
temperatures = st.floats(-40.0, 70.0)
shares = st.floats(0.5, 1.0)
growths = st.floats(0.8, 3.0)
lengths = st.sampled_from([0.1, 1.0, 5.0, 60.0])


def make_cell(chemistry="nmc", *, ah=60.0):
    kind = CHEMISTRIES[chemistry]
    energy_wh = ah * mean_v(kind.cell_v)
    return pack_params(
        kind,
        cells_in_series=1,
        gross_wh=energy_wh,
        net_wh=energy_wh,
        discharge_power_max_w=1e3,
        charge_power_max_w=1e3,
    )


def load(params, power_w, *, soc=0.6, pair_v=0.0, degc=25.0, capacity=1.0, growth=1.0, dt=1.0):
    return load_pack(params, soc, pair_v, degc, capacity, growth, power_w, dt)


def load_pack(params, soc, pair_v, degc, capacity, growth, power_w, dt):
    """The pack as a step asks it: conditions first, then power."""
    pack = params.pack
    met, held_c = resistance(pack, soc, degc, growth), pack.capacity_c * capacity
    source_v = open_circuit_v(pack, soc)
    return carry_power(source_v, met, held_c, 1.0 / held_c, soc, pair_v, power_w, dt)


@pytest.mark.parametrize("chemistry", CHEMISTRIES)
def test_open_circuit_voltage_rises_all_the_way(chemistry):
    cell = make_cell(chemistry)
    volts = [open_circuit_v(cell, k / 5_000) for k in range(5_001)]
    assert all(b > a for a, b in pairwise(volts))
    assert 2.3 < volts[0] < 3.0
    assert 3.4 < volts[-1] < 4.2
    assert sum(volts) / len(volts) == pytest.approx(mean_v(cell.ocv_v), rel=1e-4)


@pytest.mark.parametrize("chemistry", PUBLISHED)
def test_open_circuit_voltage_is_near_the_published_curve(chemistry):
    cell = make_cell(chemistry)
    points = [float(word) for word in PUBLISHED[chemistry].split()]
    off_v = [abs(open_circuit_v(cell, k / 20) - points[k]) for k in range(1, 21)]
    assert max(off_v) < NEARNESS_V[chemistry]


@given(degc=st.floats(-30.0, 60.0))
def test_resistance_is_two_arrhenius_processes_in_a_row(degc):
    cell = make_cell()
    over = 1.0 / (degc + 273.15) - 1.0 / 298.15
    exact = (1.0 - ACTIVATED) * math.exp(1200.0 * over) + ACTIVATED * math.exp(6000.0 * over)
    factor = resistance(cell, 0.5, degc, 1.0).ohmic_ohm / cell.resistance_ohm
    assert factor == pytest.approx(exact, rel=0.007)


@pytest.mark.parametrize("chemistry", CHEMISTRIES)
def test_resistance_falls_with_warmth_and_is_held_beyond_its_range(chemistry):
    cell = make_cell(chemistry)
    warmer = [resistance(cell, 0.5, degc, 1.0) for degc in range(-30, 61)]
    assert all(a.ohmic_ohm > b.ohmic_ohm for a, b in pairwise(warmer))
    assert all(a.pair_ohm > b.pair_ohm for a, b in pairwise(warmer))
    assert resistance(cell, 0.5, -60.0, 1.0) == warmer[0]
    assert resistance(cell, 0.5, 90.0, 1.0) == warmer[-1]


def test_resistance_rises_towards_both_ends_of_charge():
    cell = make_cell("lmo")
    empty, half, full = (sum(resistance(cell, soc, 25.0, 1.0)) for soc in (0.03, 0.5, 1.0))
    assert empty > 1.3 * half
    assert half < full < empty


@pytest.mark.parametrize("car", ALL_CARS[:5])
@settings(max_examples=150, deadline=None)
@given(
    soc=charges,
    pair_v=st.floats(-500.0, 500.0),
    degc=temperatures,
    capacity=shares,
    growth=growths,
    power_w=st.floats(-1e6, 1e8),
    dt=lengths,
)
def test_no_load_breaks_the_pack_or_its_book(car, soc, pair_v, degc, capacity, growth, power_w, dt):
    params = make_params(car)
    done = load_pack(params, soc, pair_v, degc, capacity, growth, power_w, dt)
    assert all(math.isfinite(value) for value in done)
    assert done.voltage_v > 0.05 * open_circuit_v(params.pack, soc)
    assert 0.0 <= done.soc <= 1.0
    assert done.chemical_w == pytest.approx(done.power_w + done.heat_w, rel=1e-12, abs=1e-6)
    assert done.chemical_w == done.current_a * open_circuit_v(params.pack, soc)
    assert done.power_w <= max(power_w, 0.0) * (1.0 + 1e-9) + 1e-6


@pytest.mark.parametrize("car", ALL_CARS[:5])
@given(soc=st.floats(0.1, 0.9), degc=st.floats(0.0, 45.0), power_w=st.floats(-4e4, 4e4))
def test_a_load_within_reach_is_served_to_the_watt(car, soc, degc, power_w):
    params = make_params(car)
    done = load(params, power_w, soc=soc, degc=degc)
    assert done.power_w == pytest.approx(power_w, rel=1e-9, abs=1e-6)
    assert done.heat_w >= 0.0
    assert abs(done.voltage_v / open_circuit_v(params.pack, soc) - 1.0) < 0.25


def test_a_frozen_pack_asked_for_a_megawatt_gives_what_it_can():
    params = make_params("bmw-i3-60ah")
    done = load(params, 1e6, degc=-30.0)
    assert done.voltage_v == pytest.approx(0.6 * open_circuit_v(params.pack, 0.6), rel=1e-9)
    assert 3e3 < done.power_w < 5e4


def test_an_empty_pack_gives_its_last_coulombs_and_no_more():
    params = make_params()
    done = load(params, 5e4, soc=1e-5, dt=1.0)
    assert done.soc == pytest.approx(0.0, abs=1e-12)
    assert done.current_a == pytest.approx(1e-5 * params.pack.capacity_c, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    powers=st.lists(st.floats(-5e4, 8e4), min_size=1, max_size=40),
    degc=st.floats(-20.0, 50.0),
    capacity=shares,
    dt=lengths,
)
def test_charge_is_conserved_and_no_load_from_rest_draws_heat(powers, degc, capacity, dt):
    params = make_params()
    soc, pair_v, moved_c, heat_j, handled_j = 0.55, 0.0, 0.0, 0.0, 0.0
    for power_w in powers:
        done = load(
            params, power_w * min(1.0, 10.0 / dt), soc=soc, pair_v=pair_v, degc=degc,
            capacity=capacity, dt=dt,
        )  # fmt: skip
        soc, pair_v = done.soc, done.polarisation_v
        moved_c += done.current_a * dt
        heat_j += done.heat_w * dt
        handled_j += abs(done.chemical_w) * dt
    held_c = params.pack.capacity_c * capacity
    assert 0.0 < soc < 1.0
    assert (0.55 - soc) * held_c == pytest.approx(moved_c, rel=1e-9, abs=1e-6 * held_c * 1e-3)
    assert heat_j >= -1e-9 * handled_j


def test_an_aged_pack_empties_sooner_and_sags_more():
    params = make_params()
    new, small, stiff = (load(params, 3e4), load(params, 3e4, capacity=0.5),
                         load(params, 3e4, growth=2.0))  # fmt: skip
    assert 0.6 - small.soc == pytest.approx(2.0 * (0.6 - new.soc), rel=1e-9)
    assert small.voltage_v == pytest.approx(new.voltage_v, rel=1e-12)
    assert 1.9 < stiff.heat_w / new.heat_w < 2.2


@given(soc=st.floats(0.05, 0.95), current_a=st.floats(-150.0, 150.0), degc=temperatures)
def test_a_given_current_and_the_power_it_makes_are_the_same_load(soc, current_a, degc):
    params = make_params()
    carried = carry_current(params.pack, soc, 0.5, degc, 0.9, 1.1, current_a, 1.0)
    loaded = load_pack(params, soc, 0.5, degc, 0.9, 1.1, carried.power_w, 1.0)
    assert loaded.current_a == pytest.approx(current_a, rel=1e-6, abs=1e-6)
    assert loaded.soc == pytest.approx(carried.soc, abs=1e-9)


def test_the_pair_settles_at_its_resistance_times_the_current():
    cell = make_cell()
    pair_v = 0.0
    for _ in range(1_000):
        pair_v = carry_current(cell, 0.5, pair_v, 25.0, 1.0, 1.0, 60.0, 1.0).polarisation_v
    assert pair_v == pytest.approx(60.0 * cell.polarisation_ohm, rel=3e-3)


def test_temperature_goes_with_heat_and_towards_the_air():
    pack = make_params().pack
    assert battery_degc_after(pack, 20.0, 20.0, 0.0, 0.0, 60.0) == 20.0
    assert battery_degc_after(pack, 20.0, -10.0, 0.0, 0.0, 60.0) < 20.0
    heated = battery_degc_after(pack, 20.0, 20.0, 1_000.0, 0.0, 60.0)
    assert heated == pytest.approx(20.0 + 60_000.0 * pack.degc_per_j, rel=1e-12)
    assert battery_degc_after(pack, -10.0, -10.0, 0.0, 500.0, 60.0) > -10.0
    assert battery_degc_after(pack, 40.0, 40.0, 0.0, 500.0, 60.0) < 40.0


def voltage_errors(pack, trip):
    """Model less measured, second by second, from a pack at rest."""
    pair_v, off_v = 0.0, []
    columns = zip(trip.battery_v, trip.battery_a, trip.soc, trip.battery_degc, strict=True)
    for volts, amps, soc, degc in columns:
        done = carry_current(pack, soc, pair_v, degc, 1.0, 1.0, -amps, 1.0)
        pair_v = done.polarisation_v
        off_v.append(done.voltage_v - volts)
    return off_v


def test_the_i3_pack_voltage_is_within_two_volts_over_all_trips():
    paths = sorted(I3_TRIPS.glob("*.csv"))
    if not paths:
        pytest.skip("measured i3 trips are not here")
    pack = make_params("bmw-i3-60ah").pack
    trips = [trip for trip in map(read_trip, paths) if trip.soc is not None]
    off_v = [error for trip in trips for error in voltage_errors(pack, trip)]
    assert math.sqrt(sum(v * v for v in off_v) / len(off_v)) < 2.0
    assert abs(sum(off_v) / len(off_v)) < 0.5
