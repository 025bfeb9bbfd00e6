"""A parked car keeps its appointments: warm in time, charged by the timer, never twice."""

import pytest
from msgspec.structs import replace

from make import NOON_NS, make_living, make_params
from vettura.bus.messages import Climate, Plug
from vettura.bus.paths import TIMER
from vettura.car.charge import displayed_soc
from vettura.drive.body import Body, aim
from vettura.drive.commands import obey, start_charge
from vettura.drive.life import advance
from vettura.drive.living import Air, inputs_of
from vettura.units import NS_PER_S

PARAMS = make_params()
HOUR_NS = 3_600 * NS_PER_S
CONDITIONING = "Vehicle.Powertrain.TractionBattery.BatteryConditioning."


def slept(car, until_ns, air=None):
    return advance(PARAMS, car, air or Air(), None, until_ns).car


def timed(car, mode, time):
    body = aim(aim(car.body, TIMER + "Mode", mode), TIMER + "Time", time)
    return replace(car, body=body)


@pytest.mark.parametrize("ambient_degc", [-15.0, 0.0, 15.0, 38.0])
def test_the_cabin_is_ready_when_it_shall_be_and_not_heated_for_hours(ambient_degc):
    air = Air(ambient_degc=ambient_degc)
    cold = slept(make_living(soc=0.9), NOON_NS + 12 * HOUR_NS, air)
    ready_ns = cold.time_ns + 2 * HOUR_NS
    planned = replace(cold, ready_at_ns=ready_ns)
    assert not slept(planned, ready_ns - HOUR_NS, air).climate_on
    ready = slept(planned, ready_ns, air)
    assert ready.state.cabin_degc == pytest.approx(planned.cabin_target_degc, abs=1.0)
    later = slept(ready, ready_ns + HOUR_NS // 2, air)
    assert (later.climate_on, later.ready_at_ns) == (False, 0)


def test_a_plan_that_is_given_up_starts_nothing():
    planned = make_living(ready_at_ns=NOON_NS + HOUR_NS)
    given_up = replace(planned, ready_at_ns=0)
    assert slept(given_up, NOON_NS + HOUR_NS).state.cabin_degc < 16.0


def test_a_broken_climate_keeps_no_appointment():
    planned = make_living(ready_at_ns=NOON_NS + HOUR_NS, faults=["climate_unit"])
    assert not slept(planned, NOON_NS + HOUR_NS - NS_PER_S).climate_on


def test_a_charge_waits_for_its_timer_and_then_runs_once():
    car = timed(make_living(), "START_TIME", "2026-03-02T14:00:00Z")
    car, _ = obey(PARAMS, car, Plug(station="wallbox", power_w_max=11_000.0))
    assert car.charge is None
    assert slept(car, NOON_NS + 2 * HOUR_NS - 60 * NS_PER_S).charge is None
    began = slept(car, NOON_NS + 2 * HOUR_NS + 120 * NS_PER_S)
    assert began.charge is not None
    assert began.body.values[TIMER + "Mode"] == "INACTIVE"


def test_who_says_start_does_not_wait_for_the_timer():
    car = timed(make_living(), "START_TIME", "2026-03-02T14:00:00Z")
    car, _ = obey(PARAMS, car, Plug(station="wallbox", power_w_max=11_000.0))
    assert start_charge(PARAMS, car).car.charge is not None


def test_a_charge_that_shall_end_at_a_time_has_ended_by_then_and_not_long_before():
    car = timed(make_living(), "END_TIME", "2026-03-02T18:00:00+00:00")
    car, _ = obey(PARAMS, car, Plug(station="wallbox", power_w_max=11_000.0))
    assert car.charge is None
    full = slept(car, NOON_NS + 6 * HOUR_NS)
    assert displayed_soc(PARAMS, full.state.soc) == pytest.approx(0.8, abs=2e-3)
    before = slept(car, NOON_NS + 5 * HOUR_NS)
    assert displayed_soc(PARAMS, before.state.soc) < 0.79


@pytest.mark.parametrize("time", ["", "soon", "2026-13-99", "14:00"])
def test_a_timer_without_a_time_holds_nothing_back(time):
    car = timed(make_living(), "START_TIME", time)
    car, _ = obey(PARAMS, car, Plug(station="wallbox", power_w_max=11_000.0))
    assert car.charge is not None


def test_a_battery_is_warmed_when_somebody_wishes_and_only_then():
    air = Air(ambient_degc=0.0)
    body = aim(Body(), CONDITIONING + "RequestedMode", "FAST_CHARGING_PREPARATION")
    cold = make_living(state=make_living().state._replace(battery_degc=0.0))
    warm = slept(replace(cold, body=body), NOON_NS + HOUR_NS, air)
    left = slept(cold, NOON_NS + HOUR_NS, air)
    assert warm.state.battery_degc > left.state.battery_degc + 5.0
    late = aim(body, CONDITIONING + "StartTime", "2026-03-02T13:30:00Z")
    assert inputs_of(replace(cold, body=late), air, speed_mps=0.0, grade=0.0).precondition == 0.0


def test_the_owner_limits_what_each_phase_carries():
    car, _ = obey(PARAMS, make_living(), Plug(station="wallbox", power_w_max=11_000.0))
    limited = replace(car, charge_current_max_a=8.0)
    flows = slept(limited, NOON_NS + 60 * NS_PER_S).flows
    assert flows.wall_power_w == pytest.approx(3 * 8.0 * 230.0)
    assert slept(car, NOON_NS + 60 * NS_PER_S).flows.wall_power_w > 10_000.0


def test_a_parked_car_feeds_a_house_down_to_its_reserve():
    params = PARAMS._replace(supply=PARAMS.supply._replace(outlet_power_max_w=5_000.0))
    car = make_living(soc=0.5, discharge_power_w=3_000.0, discharge_reserve=0.4)
    soon = advance(params, car, Air(), None, NOON_NS + HOUR_NS).car
    assert soon.flows.outlet_power_w == pytest.approx(3_000.0)
    later = advance(params, car, Air(), None, NOON_NS + 8 * HOUR_NS).car
    assert later.flows.outlet_power_w == pytest.approx(0.0, abs=50.0)
    assert displayed_soc(params, later.state.soc) == pytest.approx(0.4, abs=5e-3)


def test_used_air_costs_less_than_fresh_in_the_cold():
    air = Air(ambient_degc=-5.0)
    spent = []
    for told in (False, True):
        body = aim(Body(), "Vehicle.Cabin.HVAC.IsRecirculationActive", told)
        car, _ = obey(PARAMS, make_living(body=body), Climate(on=True))
        spent.append(slept(car, NOON_NS + HOUR_NS // 2, air).state.auxiliary_wh)
    assert spent[1] < 0.9 * spent[0]


def test_rain_makes_the_road_heavier():
    wet = inputs_of(make_living(), Air(rain_mm_per_h=2.0), speed_mps=10.0, grade=0.0)
    assert wet.rain_mm_per_h == 2.0
