"""Charging: never more than anyone allows, more when there is more, and every watt-hour counted."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from make import ALL_CARS, make_params
from vettura.car.battery import open_circuit_v
from vettura.car.charge import (
    OUTLET_EFFICIENCY,
    displayed_soc,
    give_power_w,
    pack_soc,
    take_charge,
    warmth,
)
from vettura.car.params import Ocv
from vettura.car.relations import resting_state
from vettura.car.state import Inputs
from vettura.car.step import step
from vettura.car.tables import lookup

cars = st.sampled_from(ALL_CARS)
charges = st.floats(0.0, 1.0)
temperatures = st.floats(-40.0, 60.0)
loads = st.floats(0.0, 8_000.0)


def supplied(params, **changes):
    return params._replace(supply=params.supply._replace(**changes))


def taken(params, soc, *, degc=25.0, loads_w=0.0, dt=1.0, **offer):
    return take_charge(
        params,
        Inputs(**offer),
        soc=soc,
        battery_degc=degc,
        loads_w=loads_w,
        voltage_v=open_circuit_v(params.pack, soc),
        capacity_share=1.0,
        dt=dt,
    )


@settings(max_examples=200, deadline=None)
@given(
    car=cars,
    soc=charges,
    degc=temperatures,
    loads_w=loads,
    offered=st.floats(0.0, 400_000.0),
    cable_a=st.floats(1.0, 800.0),
    station_v=st.sampled_from([500.0, 1_000.0]),
)
def test_dc_never_exceeds_curve_station_or_cable(
    car, soc, degc, loads_w, offered, cable_a, station_v
):
    params = make_params(car)
    station = {"dc_current_max_a": cable_a, "dc_voltage_max_v": station_v}
    got = taken(params, soc, degc=degc, loads_w=loads_w, dc_power_w=offered, **station)
    curve_w = lookup(params.supply.dc_power_w, displayed_soc(params, soc))
    assert 0.0 <= got.wall_w <= offered
    assert got.wall_w <= curve_w * warmth(degc) + loads_w + 1e-6
    assert got.wall_w <= cable_a * open_circuit_v(params.pack, soc) + 1e-6
    assert got.arriving_w == got.wall_w


@settings(max_examples=200, deadline=None)
@given(
    car=cars,
    soc=charges,
    degc=temperatures,
    loads_w=loads,
    offered=st.floats(0.0, 43_000.0),
    phases=st.sampled_from([1.0, 2.0, 3.0]),
)
def test_ac_never_exceeds_station_or_charger_and_its_loss_is_closed(
    car, soc, degc, loads_w, offered, phases
):
    params = make_params(car)
    supply = params.supply
    got = taken(params, soc, degc=degc, loads_w=loads_w, ac_power_w=offered, ac_phases=phases)
    assert 0.0 <= got.wall_w <= min(offered, supply.ac_power_max_w) + 1e-6
    assert got.wall_w <= max(phases, 1.0) * offered / phases + 1e-6
    assert 0.0 <= got.arriving_w <= got.wall_w
    if got.arriving_w > 0.0:
        lost = got.wall_w * (1.0 - supply.charger_efficiency) + supply.charger_loss_w
        assert got.wall_w - got.arriving_w == pytest.approx(lost, rel=1e-9)


@settings(max_examples=150, deadline=None)
@given(
    car=cars,
    soc=charges,
    colder=st.floats(-40.0, 40.0),
    warmer_k=st.floats(0.0, 20.0),
    offered=st.floats(0.0, 300_000.0),
    more_w=st.floats(0.0, 100_000.0),
)
def test_a_warmer_battery_and_a_stronger_station_never_charge_slower(
    car, soc, colder, warmer_k, offered, more_w
):
    params = make_params(car)
    base = taken(params, soc, degc=colder, dc_power_w=offered).arriving_w
    assert taken(params, soc, degc=colder + warmer_k, dc_power_w=offered).arriving_w >= base
    assert taken(params, soc, degc=colder, dc_power_w=offered + more_w).arriving_w >= base
    slow = taken(params, soc, degc=colder, ac_power_w=offered / 15.0).arriving_w
    more = taken(params, soc, degc=colder, ac_power_w=(offered + more_w) / 15.0).arriving_w
    assert more >= slow


def test_a_one_phase_car_takes_a_third_of_a_three_phase_station():
    params = make_params("bmw-i3-60ah")
    got = taken(params, 0.5, ac_power_w=11_000.0, ac_phases=3.0)
    assert got.wall_w == pytest.approx(11_000.0 / 3.0)
    alone = taken(params, 0.5, ac_power_w=7_400.0, ac_phases=1.0)
    assert alone.wall_w == pytest.approx(7_400.0)


def test_a_three_phase_car_at_one_phase_takes_a_third_unless_its_file_says_otherwise():
    params = make_params("vw-id4-pro")
    third = taken(params, 0.5, ac_power_w=7_400.0, ac_phases=1.0)
    assert third.wall_w == pytest.approx(11_000.0 / 3.0)
    strong = supplied(params, ac_power_one_phase_w=7_200.0)
    got = taken(strong, 0.5, ac_power_w=7_400.0, ac_phases=1.0)
    assert got.wall_w == pytest.approx(7_200.0)
    two = taken(params, 0.5, ac_power_w=22_000.0, ac_phases=2.0)
    assert two.wall_w == pytest.approx(22_000.0 / 3.0)


def test_a_thin_cable_limits_the_current():
    params = make_params("xiaomi-su7")
    thin = taken(params, 0.3, dc_power_w=350_000.0, dc_current_max_a=125.0)
    assert thin.wall_w == pytest.approx(125.0 * open_circuit_v(params.pack, 0.3))


def test_an_800_volt_pack_charges_through_its_booster_at_a_400_volt_station():
    base = make_params("vw-id4-pro")
    params = base._replace(pack=base.pack._replace(ocv_v=Ocv(*(2.0 * v for v in base.pack.ocv_v))))
    params = supplied(params, boost_power_w=50_000.0)
    full = taken(params, 0.3, dc_power_w=350_000.0).wall_w
    old = taken(params, 0.3, dc_power_w=350_000.0, dc_voltage_max_v=500.0).wall_w
    thin = {"dc_voltage_max_v": 500.0, "dc_current_max_a": 60.0}
    assert full > 100_000.0
    assert old == 50_000.0
    assert taken(params, 0.3, dc_power_w=350_000.0, **thin).wall_w == 30_000.0


def fast_charged(params, degc, *, seconds):
    """Displayed charge after that long on a 50 kW station, from 20 %, car and air at `degc`."""
    state = resting_state(params, displayed_soc=0.2, ambient_degc=degc)
    for _ in range(seconds // 10):
        state, _ = step(params, state, Inputs(dc_power_w=50_000.0, ambient_degc=degc), 10.0)
    return displayed_soc(params, state.soc)


def test_half_an_hour_at_freezing_gives_a_leaf_a_third_less_than_at_25_degrees():
    """Motoaki et al., Energy Policy 122 (2018) 162: 500 charges of Leaf taxis, 80 % against 36 %
    less; theirs had 24 kWh, ours has 40, hence the wide margin on the 80 %."""
    params = make_params("nissan-leaf-40kwh")
    warm, cold = (fast_charged(params, degc, seconds=1_800) for degc in (25.0, 0.0))
    assert warm == pytest.approx(0.80, abs=0.08)
    assert 1.0 - cold / warm == pytest.approx(0.36, abs=0.05)


@pytest.mark.parametrize("car", ALL_CARS)
@pytest.mark.parametrize("offer", [{"ac_power_w": 11_000.0}, {"dc_power_w": 150_000.0}])
def test_what_the_station_gave_is_charged_or_lost_or_used(car, offer):
    params = make_params(car)
    state = begin = resting_state(params, displayed_soc=0.3, ambient_degc=20.0)
    lost_wh = used_wh = 0.0
    for _ in range(180):
        state, flows = step(params, state, Inputs(climate_on=1.0, ambient_degc=5.0, **offer), 10.0)
        lost_wh += (flows.wall_power_w - flows.charge_power_w) / 360.0
        used_wh += (flows.climate_power_w + flows.auxiliary_power_w + flows.thermal_power_w) / 360.0
    assert state.wall_wh - begin.wall_wh == pytest.approx(
        state.charged_wh - begin.charged_wh + lost_wh + used_wh, rel=1e-9
    )


def gives(params, soc, *, asked=3_000.0, reserve=0.2, degc=20.0, dt=1.0):
    return give_power_w(
        params,
        asked_w=asked,
        reserve=reserve,
        soc=pack_soc(params, soc),
        battery_degc=degc,
        voltage_v=open_circuit_v(params.pack, pack_soc(params, soc)),
        capacity_share=1.0,
        dt=dt,
    )


def test_a_car_without_an_outlet_gives_nothing():
    params = supplied(make_params(), outlet_power_max_w=0.0)
    assert gives(params, 0.8) == 0.0


def test_a_car_gives_what_its_outlet_can_and_nothing_below_the_reserve():
    params = supplied(make_params(), outlet_power_max_w=3_600.0)
    assert gives(params, 0.8) == 3_000.0
    assert gives(params, 0.8, asked=9_000.0) == 3_600.0
    assert gives(params, 0.19) == 0.0
    assert gives(params, 0.19, reserve=0.1) == 3_000.0


@pytest.mark.parametrize("speed", [0.0, 15.0])
def test_what_a_plug_takes_leaves_the_battery_with_the_inverters_loss(speed):
    params = supplied(make_params(), outlet_power_max_w=3_600.0)
    state = resting_state(params, displayed_soc=0.6, ambient_degc=20.0)
    state = state._replace(speed_mps=speed)
    after, flows = step(params, state, Inputs(speed_mps=speed, outlet_power_w=2_000.0), 1.0)
    _, without = step(params, state, Inputs(speed_mps=speed), 1.0)
    more_w = flows.battery_power_w - without.battery_power_w
    assert flows.outlet_power_w == 2_000.0
    assert more_w == pytest.approx(2_000.0 / OUTLET_EFFICIENCY, rel=1e-9)
    assert after.outlet_wh == pytest.approx(2_000.0 / 3_600.0)


def test_a_house_on_the_car_stops_at_the_reserve():
    params = supplied(make_params("nissan-leaf-40kwh"), outlet_power_max_w=6_000.0)
    state = resting_state(params, displayed_soc=0.5, ambient_degc=20.0)
    house = Inputs(awake=0.0, outlet_power_w=5_000.0, outlet_reserve=0.3)
    for _ in range(4 * 60):
        state, flows = step(params, state, house, 60.0)
    assert flows.outlet_power_w == pytest.approx(0.0, abs=20.0)
    assert displayed_soc(params, state.soc) == pytest.approx(0.3, abs=0.002)
    assert 0.17 * 38_000.0 < state.outlet_wh < 0.2 * 38_000.0


def test_nothing_is_given_while_a_station_charges():
    params = supplied(make_params(), outlet_power_max_w=3_600.0)
    state = resting_state(params, displayed_soc=0.6, ambient_degc=20.0)
    wish = Inputs(ac_power_w=7_000.0, outlet_power_w=2_000.0)
    assert step(params, state, wish, 1.0).flows.outlet_power_w == 0.0


@settings(max_examples=100, deadline=None)
@given(
    car=cars,
    soc=charges,
    degc=temperatures,
    dt=st.sampled_from([0.1, 1.0, 60.0]),
    offer=st.fixed_dictionaries(
        {},
        optional={
            "ac_power_w": st.floats(0.0, 43_000.0),
            "dc_power_w": st.floats(0.0, 400_000.0),
            "outlet_power_w": st.floats(0.0, 20_000.0),
            "dc_current_max_a": st.floats(0.0, 1_000.0),
        },
    ),
)
def test_no_offer_and_no_wish_makes_a_nan(car, soc, degc, dt, offer):
    params = supplied(make_params(car), outlet_power_max_w=6_000.0)
    state = resting_state(params, displayed_soc=soc, ambient_degc=degc)
    done = step(params, state, Inputs(ambient_degc=degc, **offer), dt)
    assert all(math.isfinite(value) for value in (*done.state, *done.flows))
