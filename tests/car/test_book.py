"""The energy book: whatever the day brings, what goes in comes out, to nine digits."""

import math
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from make import ALL_CARS, make_params
from vettura.car.battery import open_circuit_v
from vettura.car.charge import OUTLET_EFFICIENCY
from vettura.car.params import Params
from vettura.car.relations import resting_state
from vettura.car.state import Flows, Inputs, State
from vettura.car.step import step
from vettura.drive.cycles import cycle_names, load_cycle

CARS = {car: make_params(car) for car in ALL_CARS}
CLOSED = 1e-9
J_PER_WH = 3_600.0


class Moment(NamedTuple):
    """One step of a day."""

    before: State
    after: State
    flows: Flows
    inputs: Inputs
    dt: float


class Day(NamedTuple):
    """A car, and all that happened to it."""

    params: Params
    moments: list[Moment]
    told: str

    def __repr__(self):
        """What is enough to live it again."""
        return self.told

    @property
    def begin(self):
        return self.moments[0].before

    @property
    def end(self):
        return self.moments[-1].after

    def sum_j(self, power_w):
        """Energy [J] of a power [W] read from a moment's flows, exactly summed."""
        return math.fsum(power_w(moment.flows) * moment.dt for moment in self.moments)

    def grown_j(self, *names):
        """By how much the state's counters [Wh] of that name grew together [J]."""
        return J_PER_WH * math.fsum(
            getattr(self.end, name) - getattr(self.begin, name) for name in names
        )


weather = {
    "ambient_degc": st.floats(-25.0, 45.0),
    "headwind_mps": st.floats(-15.0, 15.0),
    "rain_mm_per_h": st.floats(0.0, 10.0),
    "sun_w_per_m2": st.floats(0.0, 1_000.0),
    "climate_on": st.sampled_from([0.0, 1.0]),
}
worlds = st.fixed_dictionaries(weather).map(lambda world: Inputs(**world))
roads = st.fixed_dictionaries(
    {
        "cycle": st.sampled_from(cycle_names()),
        "first": st.integers(0, 700),
        "seconds": st.integers(5, 150),
        "faster": st.floats(0.3, 2.5),
        "grade": st.floats(-0.25, 0.25),
        "world": worlds,
    }
)
plugs = st.fixed_dictionaries(
    {
        "offer": st.one_of(
            st.fixed_dictionaries({"ac_power_w": st.floats(50.0, 22_000.0)}),
            st.fixed_dictionaries({"dc_power_w": st.floats(1_000.0, 350_000.0)}),
            st.fixed_dictionaries(
                {
                    "dc_power_w": st.floats(-12_000.0, -500.0),
                    "outlet_reserve": st.floats(0.0, 0.5),
                }
            ),
            st.fixed_dictionaries(
                {
                    "outlet_power_w": st.floats(100.0, 12_000.0),
                    "outlet_reserve": st.floats(0.0, 0.5),
                }
            ),
            st.just({}),
        ),
        "awake": st.sampled_from([0.0, 1.0]),
        "ac_phases": st.sampled_from([1.0, 3.0]),
        "minutes": st.integers(1, 30),
        "world": worlds,
    }
)


def on_the_road(road):
    """Wishes second by second: a piece of a cycle, faster or slower, and then to a stop."""
    trace = load_cycle(road["cycle"]).speed_mps[road["first"] :][: road["seconds"]]
    world = road["world"]._replace(grade=road["grade"])
    for speed_mps in [*(road["faster"] * speed for speed in trace), *([0.0] * 20)]:
        yield world._replace(speed_mps=speed_mps), 1.0


def parked(plug):
    wish = plug["world"]._replace(awake=plug["awake"], ac_phases=plug["ac_phases"], **plug["offer"])
    return [(wish, 10.0)] * (6 * plug["minutes"])


@st.composite
def days(draw):
    """A drive and what follows it, from any of a pack's charges, the hidden ends included; it may
    begin at speed, so that a car without power rolls to its end."""
    car = draw(st.sampled_from(ALL_CARS))
    params = CARS[car]
    begin = resting_state(params, displayed_soc=0.5, ambient_degc=draw(st.floats(-25.0, 45.0)))
    state = begin = begin._replace(
        speed_mps=draw(st.sampled_from([0.0, 0.5, 15.0])),
        soc=draw(st.one_of(st.floats(1e-6, 1.0), st.sampled_from([0.0, 0.001, 0.999, 1.0]))),
        capacity_share=draw(st.floats(0.6, 1.0)),
        resistance_share=draw(st.floats(1.0, 2.0)),
    )
    parts = [draw(roads), *draw(st.lists(st.one_of(roads, plugs), max_size=4))]
    moments = []
    for part in parts:
        for inputs, dt in on_the_road(part) if "cycle" in part else parked(part):
            before = state
            state, flows = step(params, state, inputs, dt)
            moments.append(Moment(before, state, flows, inputs, dt))
    return Day(params, moments, f"{car} from {begin}: {parts}")


def closes(left, right, *, within):
    """Equal to nine digits of all that moved (`within`), not of what is left of it."""
    return abs(left - right) <= CLOSED * within


@settings(max_examples=150, deadline=None)
@given(day=days())
def test_what_left_the_cells_arrived_at_the_terminals_or_stayed_as_heat(day):
    chemical_j = day.sum_j(lambda f: f.chemical_power_w)
    terminal_j = day.sum_j(lambda f: f.battery_power_w)
    heat_j = day.sum_j(lambda f: f.battery_heat_w)
    moved_j = day.sum_j(lambda f: abs(f.chemical_power_w))
    assert closes(chemical_j, terminal_j + heat_j, within=moved_j)
    given_j = day.grown_j("drawn_wh") - day.grown_j("regenerated_wh", "charged_wh")
    assert closes(given_j, terminal_j, within=moved_j)
    assert closes(given_j, chemical_j - day.grown_j("resistive_wh"), within=moved_j)


@settings(max_examples=150, deadline=None)
@given(day=days())
def test_the_charge_that_is_gone_flowed_as_current_and_the_current_bore_the_power(day):
    """Also at both ends: an empty pack gives no current, and a full one takes none."""
    pack = day.params.pack
    held_c = pack.capacity_c * day.begin.capacity_share
    for before, after, flows, _, dt in day.moments:
        gone_c = (before.soc - after.soc) * held_c
        assert abs(gone_c - flows.battery_current_a * dt) <= 1e-14 * held_c
        source_v = open_circuit_v(pack, before.soc)
        assert flows.chemical_power_w == source_v * flows.battery_current_a
        assert flows.battery_power_w == flows.battery_voltage_v * flows.battery_current_a
    flowed_c = day.sum_j(lambda f: f.battery_current_a)
    moved_c = day.sum_j(lambda f: abs(f.battery_current_a))
    gone_c = (day.begin.soc - day.end.soc) * held_c
    assert abs(gone_c - flowed_c) <= CLOSED * moved_c + 1e-12 * held_c


@settings(max_examples=150, deadline=None)
@given(day=days())
def test_what_the_motors_took_moved_the_wheels_or_was_lost(day):
    motor_j = day.sum_j(lambda f: f.motor_power_w)
    wheel_j = day.sum_j(lambda f: f.wheel_power_w)
    loss_j = day.sum_j(lambda f: f.drive_loss_w)
    assert closes(motor_j, wheel_j + loss_j, within=day.sum_j(lambda f: abs(f.motor_power_w)))
    assert all(moment.flows.drive_loss_w >= 0.0 for moment in day.moments)


@settings(max_examples=150, deadline=None)
@given(day=days())
def test_what_moved_the_wheels_overcame_the_road_heated_the_brakes_or_is_kinetic(day):
    """Whether the car follows its trace or not; speeds are means over each step."""
    inertia_kg = day.params.road.inertia_kg
    road_j = moved_j = 0.0
    for before, after, flows, _, dt in day.moments:
        way_m = after.distance_m - before.distance_m
        assert math.isclose(
            way_m, 0.5 * (before.speed_mps + after.speed_mps) * dt, rel_tol=1e-9, abs_tol=1e-9
        )
        road_j += flows.road_load_n * 0.5 * (before.speed_mps + after.speed_mps) * dt
        moved_j += (abs(flows.wheel_power_w) + flows.brake_power_w) * dt
    moved_j += abs(road_j)
    kinetic_j = 0.5 * inertia_kg * (day.end.speed_mps**2 - day.begin.speed_mps**2)
    wheel_j = day.sum_j(lambda f: f.wheel_power_w)
    brake_j = day.sum_j(lambda f: f.brake_power_w)
    assert closes(wheel_j, road_j + brake_j + kinetic_j, within=moved_j)


@settings(max_examples=150, deadline=None)
@given(day=days())
def test_the_battery_feeds_motor_and_loads_or_says_what_it_could_not(day):
    for _, _, flows, _, _ in day.moments:
        asked_w = asked_of_the_battery_w(flows)
        within = abs(asked_w) + abs(flows.motor_power_w) + flows.charge_power_w + 1.0
        assert closes(asked_w - flows.unserved_power_w, flows.battery_power_w, within=within)
        assert flows.unserved_power_w >= -CLOSED * within
    loads_j = day.sum_j(lambda f: f.climate_power_w + f.auxiliary_power_w + f.thermal_power_w)
    assert closes(day.grown_j("auxiliary_wh"), loads_j, within=loads_j)
    given_j = day.sum_j(lambda f: f.outlet_power_w + max(-f.wall_power_w, 0.0))
    assert closes(day.grown_j("outlet_wh"), given_j, within=given_j)


@settings(max_examples=150, deadline=None)
@given(day=days())
def test_only_an_empty_battery_or_one_at_its_peak_leaves_anything_unserved(day):
    """At 96 % of its peak a pack's voltage has fallen to 0.6 of what it holds without current."""
    for before, after, flows, _, _ in day.moments:
        rested_v = open_circuit_v(day.params.pack, before.soc) - before.polarisation_v
        at_peak = flows.battery_voltage_v <= 0.6 * rested_v * (1.0 + 1e-9)
        if not at_peak and after.soc > 1e-12:
            within = abs(asked_of_the_battery_w(flows)) + abs(flows.motor_power_w) + 1e3
            assert closes(flows.unserved_power_w, 0.0, within=within + flows.charge_power_w)


@settings(max_examples=150, deadline=None)
@given(day=days())
def test_what_a_station_gave_arrived_or_was_lost_in_the_charger(day):
    supply = day.params.supply
    lost_j = 0.0
    for _, _, flows, inputs, dt in day.moments:
        passed_w = flows.wall_power_w * supply.charger_efficiency - supply.charger_loss_w
        arriving_w = max(passed_w, 0.0) if inputs.ac_power_w > 0.0 else flows.wall_power_w
        lost_j += (flows.wall_power_w - arriving_w) * dt
        offered_w = max(inputs.ac_power_w, inputs.dc_power_w, 0.0)
        assert flows.wall_power_w <= offered_w * (1.0 + 1e-12)
    wall_j = day.sum_j(lambda f: max(f.wall_power_w, 0.0))
    arrived_j = day.sum_j(lambda f: max(f.charge_power_w, 0.0))
    assert closes(wall_j, arrived_j + lost_j, within=wall_j)
    assert closes(day.grown_j("wall_wh"), wall_j, within=wall_j)
    assert 0.0 <= lost_j <= wall_j * (1.0 + CLOSED)


@settings(max_examples=100, deadline=None)
@given(day=days())
def test_what_a_two_way_station_takes_is_what_the_car_can_give_and_leaves_the_battery(day):
    for _, _, flows, inputs, _ in day.moments:
        if inputs.dc_power_w < 0.0:
            able_w = day.params.supply.dc_give_power_max_w
            assert 0.0 <= -flows.wall_power_w <= min(able_w, -inputs.dc_power_w)
            assert flows.charge_power_w == flows.wall_power_w
        else:
            assert flows.wall_power_w >= 0.0


def asked_of_the_battery_w(flows):
    loads_w = flows.climate_power_w + flows.auxiliary_power_w + flows.thermal_power_w
    plugged_w = flows.outlet_power_w / OUTLET_EFFICIENCY - flows.charge_power_w
    return flows.motor_power_w + loads_w + plugged_w
