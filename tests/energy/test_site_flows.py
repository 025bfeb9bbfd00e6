"""A virtual house: everything that flows is somewhere, and nobody goes beyond what it can."""

import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vettura.bus.messages_energy import BatteryOrder
from vettura.energy.config import BatteryConfig, EnergyConfig, GridConfig, PanelConfig
from vettura.energy.site_flows import Site, flowing, meter_of, passed
from vettura.units import NS_PER_S, PHASE_V

BATTERY = BatteryConfig(capacity_wh=10_000.0, soc_min=0.1)
CONFIG = EnergyConfig(battery=BATTERY, panels=(PanelConfig(peak_w=8_000.0),))
HOUR_NS = 3_600 * NS_PER_S


def at(stored_wh=5_000.0, config=CONFIG, order=None, site=None, **flows):
    usual = {"load_w": 500.0, "able_w": 0.0, "station_lines_w": (0.0, 0.0, 0.0), "period_s": 2.0}
    begin = site or Site(time_ns=HOUR_NS, battery_wh=stored_wh, order=order)
    return flowing(begin, config, **{**usual, **flows})


def order(power_w):
    return BatteryOrder(power_w=power_w, until_ns=2 * HOUR_NS)


moments = st.fixed_dictionaries(
    {
        "load_w": st.floats(0.0, 8_000.0),
        "able_w": st.floats(0.0, 10_000.0),
        "station_lines_w": st.tuples(*[st.floats(-2_000.0, 3_680.0)] * 3),
    }
)


@settings(max_examples=120, deadline=None)
@given(
    steps=st.lists(
        st.tuples(moments, st.integers(1, 600), st.none() | st.floats(-9_000.0, 9_000.0)),
        max_size=20,
    ),
    stored_wh=st.floats(1_000.0, 10_000.0),
    export_w_max=st.none() | st.floats(0.0, 5_000.0),
)
def test_all_that_flows_is_counted_and_the_battery_stays_within_itself(
    steps, stored_wh, export_w_max
):
    config = EnergyConfig(battery=BATTERY, grid=GridConfig(export_w_max=export_w_max))
    site = Site(time_ns=0, battery_wh=stored_wh)
    drawn_wh = 0.0
    for moment, seconds, wished_w in steps:
        told = BatteryOrder(power_w=wished_w, until_ns=10**18) if wished_w is not None else None
        begin = replace(site, order=told)
        site = at(config=config, site=begin, period_s=float(seconds), **moment)
        flows = site.flows
        drawn_wh += flows.grid_w * seconds / 3600.0
        said = meter_of(site, config)
        balance_w = said.load_w + said.stations_w + said.battery_w - said.sun_w
        assert math.isclose(said.grid_w, balance_w, abs_tol=1e-6)
        assert math.isclose(sum(said.phase_w), said.grid_w, abs_tol=1e-6)
        assert -BATTERY.discharge_w_max <= flows.battery_w <= BATTERY.charge_w_max
        assert 0.0 <= flows.sun_w <= moment["able_w"]
        before_wh = site.battery_wh
        site = passed(site, BATTERY, site.time_ns + seconds * NS_PER_S)
        assert site.battery_wh <= BATTERY.capacity_wh + 1e-6
        assert site.battery_wh >= min(before_wh, 1_000.0) - 1e-6
    assert math.isclose(site.import_wh - site.export_wh, drawn_wh, abs_tol=1e-6)


def test_by_itself_it_takes_the_sun_s_rest_and_gives_to_the_house_but_not_to_cars():
    assert at(able_w=3_000.0).flows.battery_w == 2_500.0
    assert at(able_w=3_000.0, station_lines_w=(2_000.0, 0.0, 0.0)).flows.battery_w == 500.0
    assert at(load_w=900.0).flows.battery_w == -900.0
    with_car = at(load_w=900.0, station_lines_w=(3_680.0, 3_680.0, 3_680.0))
    assert with_car.flows.battery_w == -900.0


def test_an_order_holds_until_its_lease_is_over():
    site = at(order=order(-300.0), load_w=900.0)
    assert site.flows.battery_w == -300.0
    later = passed(site, BATTERY, 2 * HOUR_NS)
    assert at(site=later, load_w=900.0).flows.battery_w == -900.0


def test_it_does_not_feed_the_grid_unless_it_may():
    assert at(order=order(-5_000.0), load_w=900.0).flows.grid_w == pytest.approx(0.0)
    exports = EnergyConfig(battery=BatteryConfig(capacity_wh=10_000.0, exports=True))
    assert at(order=order(-5_000.0), load_w=900.0, config=exports).flows.battery_w == -5_000.0


def test_from_the_grid_it_rises_slowly_and_stays_below_the_fuse():
    site, powers = at(order=order(5_000.0)), []
    for _ in range(60):
        site = at(site=passed(site, BATTERY, site.time_ns + 2 * NS_PER_S))
        powers.append(site.flows.battery_w)
    rise_w = max(b - a for a, b in itertools.pairwise(powers))
    assert rise_w <= 6.0 * PHASE_V * 3 * 2.0 / 45.0 + 1e-6
    assert powers[-1] == 5_000.0
    narrow = EnergyConfig(battery=BATTERY, grid=GridConfig(fuse_a=16.0, phases=1))
    full = at(site=site, config=narrow, load_w=2_000.0)
    assert full.flows.grid_w <= 10.0 * PHASE_V


def test_an_hour_of_charging_loses_what_its_efficiency_says():
    site = passed(at(able_w=2_500.0), BATTERY, 2 * HOUR_NS)
    assert site.battery_wh == pytest.approx(5_000.0 + 2_000.0 * 0.95)
    site = passed(at(load_w=950.0), BATTERY, 2 * HOUR_NS)
    assert site.battery_wh == pytest.approx(5_000.0 - 1_000.0)


def test_what_the_grid_does_not_accept_stays_on_the_roof():
    config = EnergyConfig(grid=GridConfig(export_w_max=1_000.0))
    flows = at(config=config, able_w=8_000.0).flows
    assert flows.sun_w == 1_500.0
    assert flows.grid_w == pytest.approx(-1_000.0)
