"""The house's content and ISO 15118's: a schedule never allows more on the wire than it says."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from make import NOON_NS, VIN
from vettura.bus import paths as at
from vettura.bus.messages_energy import ChargingNeeds, GoalState, Period, Prices, Schedule
from vettura.faces.iso15118_content import (
    Allowed,
    Entry,
    entries_of,
    exponent_and_value,
    flow_of,
    horizon_s,
    needs_of_car,
    power_at,
    price_levels,
)
from vettura.units import NS_PER_S

HOUR_NS = 3_600 * NS_PER_S
SIGNALS = {
    at.DISPLAYED_SOC: 50.0,
    at.CHARGE_LIMIT: 80,
    at.BATTERY + "StateOfCharge.CurrentEnergy": 36.8,
    at.CHARGING + "MaximumChargingCurrent.Phase1": 16.0,
    at.CHARGING + "MaximumChargingCurrent.Phase2": 16.0,
    at.CHARGING + "MaximumChargingCurrent.Phase3": 16.0,
    at.CHARGING + "MaximumChargingCurrent.DC": 300.0,
    at.VOLTAGE: 400.0,
    at.RESERVE: 20,
}
GOAL = GoalState(
    time_ns=NOON_NS,
    vin=VIN,
    soc=0.7,
    by_ns=NOON_NS + 8 * HOUR_NS,
    early_ns=NOON_NS + 7 * HOUR_NS,
    floor_soc=0.55,
    source="trip",
    text="to work",
)


def car(**changes):
    told = {"vin": VIN, "station": "wallbox", "now_ns": NOON_NS} | changes
    return needs_of_car(SIGNALS, **told)


def house(*hours_w, until=None, first=0):
    """A schedule of one power for each hour."""
    periods = [
        Period(start_ns=NOON_NS + (first + hour) * HOUR_NS, power_w=float(power_w))
        for hour, power_w in enumerate(hours_w)
    ]
    until_ns = NOON_NS + (first + len(hours_w) if until is None else until) * HOUR_NS
    return Schedule(id="s1", time_ns=NOON_NS, station="wallbox", periods=periods, until_ns=until_ns)


def sent(schedule, *, hours=24, fallback_w=1_400.0, most=12):
    entries = entries_of(
        schedule, NOON_NS, horizon_s=hours * 3_600, fallback_w=fallback_w, most=most
    )
    return [(entry.start_s / 3_600, entry.duration_s / 3_600, entry.power_w) for entry in entries]


def test_a_car_without_a_goal_wants_its_limit_whenever_it_leaves():
    needs = car()
    assert needs.departure_ns is None
    assert needs.capacity_wh == pytest.approx(73_600.0)
    assert needs.energy_wh == needs.energy_max_wh == pytest.approx(22_080.0)
    assert needs.energy_min_wh == 0.0
    assert (needs.charge_w_max, needs.charge_w_min, needs.phases) == (11_040.0, 4_140.0, 3)
    assert needs.discharge_w_max == 0.0


def test_a_car_with_a_goal_wants_that_by_then_and_its_floor_at_once():
    needs = car(goal=GOAL)
    assert needs.departure_ns == GOAL.by_ns
    assert needs.energy_wh == pytest.approx(0.2 * 73_600.0)
    assert needs.energy_min_wh == pytest.approx(0.05 * 73_600.0)
    assert needs.energy_max_wh == pytest.approx(0.3 * 73_600.0)


def test_a_goal_beyond_the_limit_is_the_limit_and_one_that_is_past_has_no_departure():
    needs = car(goal=replace(GOAL, soc=1.0, by_ns=NOON_NS))
    assert needs.energy_wh == needs.energy_max_wh
    assert needs.departure_ns is None


def test_on_dc_the_battery_decides():
    needs = car(is_dc=True)
    assert (needs.charge_w_max, needs.charge_w_min, needs.phases) == (120_000.0, 0.0, None)


def test_a_car_gives_back_only_above_its_reserve():
    assert car(gives_w=5_000.0).discharge_w_max == 5_000.0
    low = SIGNALS | {at.RESERVE: 50}
    needs = needs_of_car(low, vin=VIN, station="w", now_ns=NOON_NS, gives_w=5_000.0)
    assert needs.discharge_w_max == 0.0


def test_a_car_that_says_nothing_yet_needs_nothing_and_nothing_breaks():
    needs = needs_of_car({}, vin=VIN, station="w", now_ns=NOON_NS)
    assert (needs.capacity_wh, needs.energy_wh, needs.charge_w_max) == (0.0, 0.0, 0.0)


def test_a_schedule_holds_until_it_ends_then_the_safe_power():
    schedule = house(11_000, 4_000, -3_000)
    hours = [power_at(schedule, NOON_NS + h * HOUR_NS, fallback_w=1_400.0) for h in range(4)]
    assert hours == [11_000.0, 4_000.0, -3_000.0, 1_400.0]
    assert power_at(None, NOON_NS, fallback_w=1_400.0) == 1_400.0
    assert power_at(house(5_000, first=1), NOON_NS, fallback_w=1_400.0) == 1_400.0


def test_entries_reach_without_gaps_to_the_horizon():
    assert sent(house(11_000, 11_000, 4_000), hours=8) == [
        (0.0, 2.0, 11_000.0),
        (2.0, 1.0, 4_000.0),
        (3.0, 5.0, 1_400.0),
    ]
    assert sent(None, hours=2) == [(0.0, 2.0, 1_400.0)]
    assert sent(house(11_000, 4_000), hours=1) == [(0.0, 1.0, 11_000.0)]


def test_a_change_within_a_second_has_what_both_sides_have_in_common():
    def told(*powers_w):
        periods = [
            Period(start_ns=NOON_NS + index * 10_500_000_000, power_w=float(power_w))
            for index, power_w in enumerate(powers_w)
        ]
        until_ns = NOON_NS + 60 * NS_PER_S
        schedule = Schedule(
            id="s", time_ns=NOON_NS, station="w", periods=periods, until_ns=until_ns
        )
        entries = entries_of(schedule, NOON_NS + 300, horizon_s=20, fallback_w=0.0, most=12)
        return [(entry.start_s, entry.power_w) for entry in entries]

    assert told(9, 5) == [(0, 9.0), (10, 5.0)]
    assert told(5, 9) == [(0, 5.0), (11, 9.0)]
    assert told(9, -4) == [(0, 9.0), (10, 0.0), (11, -4.0)]


def test_a_price_is_a_level_of_ten():
    def prices(*per_wh):
        known = {"known": len(per_wh), "source": "test"}
        return Prices(
            time_ns=NOON_NS,
            start_ns=NOON_NS,
            slot_s=3_600,
            currency="EUR",
            import_per_wh=list(per_wh),
            export_per_wh=[0.0] * len(per_wh),
            **known,
        )

    entries = [Entry(start_s=h * 3_600, duration_s=3_600, power_w=0.0) for h in range(4)]
    levels = price_levels(entries, prices(1.0, 2.0, 3.0), NOON_NS)
    assert levels == [1, 6, 10, 10]
    assert price_levels(entries, prices(2.0, 2.0), NOON_NS) == [1, 1, 1, 1]
    assert price_levels(entries, None, NOON_NS) == [1, 1, 1, 1]
    whole_day = [Entry(start_s=0, duration_s=86_400, power_w=0.0)]
    assert price_levels(whole_day, prices(1.0, 4.0), NOON_NS) == [6]


def test_too_many_entries_end_in_what_the_rest_has_in_common():
    assert sent(house(5, 4, 3, 2, 3, until=5), hours=5, most=3) == [
        (0.0, 1.0, 5.0),
        (1.0, 1.0, 4.0),
        (2.0, 3.0, 2.0),
    ]
    assert sent(house(5, 4, -3, until=3), hours=3, most=2)[-1][-1] == 0.0
    assert sent(house(5, -4, -3, until=3), hours=3, most=2)[-1][-1] == -3.0


POWERS = st.lists(st.integers(-11_000, 22_000), min_size=1, max_size=30)


@given(POWERS, st.integers(1, 40), st.integers(1, 12), st.integers(0, 4_000), st.integers(0, 2e9))
def test_what_is_sent_never_goes_beyond_the_schedule_in_either_direction(
    powers, hours, most, fallback_w, late_ns
):
    schedule, now_ns = house(*powers), NOON_NS + int(late_ns)
    entries = entries_of(
        schedule, now_ns, horizon_s=hours * 3_600, fallback_w=float(fallback_w), most=most
    )
    anchor_ns = now_ns // NS_PER_S * NS_PER_S
    assert len(entries) <= most
    assert entries[0].start_s == 0
    assert sum(entry.duration_s for entry in entries) == hours * 3_600
    for entry in entries:
        begin_ns = anchor_ns + entry.start_s * NS_PER_S
        for at_ns in (begin_ns, begin_ns + entry.duration_s * NS_PER_S - 1):
            told_w = power_at(schedule, at_ns, fallback_w=float(fallback_w))
            assert min(told_w, 0.0) <= entry.power_w <= max(told_w, 0.0)


@given(st.floats(-1e6, 1e6), st.sampled_from(["2", "20"]))
def test_a_quantity_fits_sixteen_bits_and_is_never_said_too_high(quantity, edition):
    exponent, value = exponent_and_value(quantity, edition)
    assert abs(value) <= 32_767
    said = value * 10.0**exponent
    assert abs(said) <= abs(quantity) + 1e-6
    assert abs(quantity - said) <= max(abs(quantity) * 1e-3, 10.0 ** max(exponent, -3))


def test_whole_watts_of_a_house_are_said_as_they_are():
    for watts in (0, 1_380, 11_000, 22_080, -6_000):
        exponent, value = exponent_and_value(float(watts), "2")
        assert math.isclose(value * 10.0**exponent, watts)


def test_a_schedule_reaches_to_the_departure_or_a_day():
    needs = ChargingNeeds(time_ns=NOON_NS, station="w")
    assert horizon_s(needs) == 86_400
    assert horizon_s(replace(needs, departure_ns=NOON_NS + 2 * HOUR_NS)) == 7_200
    assert horizon_s(replace(needs, departure_ns=NOON_NS - HOUR_NS)) == 86_400


@pytest.mark.parametrize(
    ("charge_w", "discharge_w", "energy_wh", "flow_w"),
    [
        (7_000, 0, 5_000, 7_000),
        (22_000, 0, 5_000, 11_000),
        (7_000, 6_000, 5_000, 7_000),
        (7_000, 6_000, 0, -4_000),
        (0, 3_000, 5_000, -3_000),
        (1_000, 0, 5_000, 0),
        (0, 0, None, 0),
    ],
)
def test_a_car_that_obeys_takes_what_it_wants_and_gives_what_it_may(
    charge_w, discharge_w, energy_wh, flow_w
):
    needs = ChargingNeeds(
        time_ns=NOON_NS,
        station="w",
        energy_wh=energy_wh,
        charge_w_max=11_000.0,
        charge_w_min=4_140.0,
        discharge_w_max=4_000.0,
    )
    allowed = Allowed(charge_w=float(charge_w), discharge_w=float(discharge_w))
    assert flow_of(allowed, needs) == flow_w
