"""What a station offers: 6 A or nothing, leases, phases without current, a contactor that rests."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vettura.energy.pilot import (
    FOLLOWS_NS,
    GRACE_S,
    PHASE_PAUSE_NS,
    PHASE_REST_NS,
    REST_NS,
    in_force,
    is_obeyed,
    legal_w,
    limit_of,
    next_ns,
    offered,
    refused_offer,
    told,
    watched,
)
from vettura.energy.station import Station, Word
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S, PHASE_A_MIN, PHASE_V

BOX = StationConfig(id="box", power_w_max=11_040.0)
TWO_WAY = StationConfig(id="two", power_w_max=7_360.0, dc=True, discharge_power_w_max=6_000.0)
NOW_NS = 1_772_452_800 * NS_PER_S
LEASE_NS = 20 * NS_PER_S
GRACE_NS = round(GRACE_S * NS_PER_S)


def word(power_w, phases=None, until_ns=NOW_NS + LEASE_NS):
    return Word(power_w=power_w, phases=phases, until_ns=until_ns, issued_ns=NOW_NS)


def station(power_w=11_040.0, phases=3, **changes):
    return Station(time_ns=NOW_NS, vin="car", offered_w=0.0, word=word(power_w, phases), **changes)


def later(one, config=BOX, *, seconds):
    """Step by step to that time, as the service does."""
    now_ns, end_ns = NOW_NS, NOW_NS + round(seconds * NS_PER_S)
    one = offered(one, config, now_ns)
    while (due_ns := next_ns(one, config, now_ns)) <= end_ns:
        now_ns = due_ns
        one = offered(one, config, now_ns)
    return offered(one, config, end_ns)


@pytest.mark.parametrize(
    ("power_w", "phases", "legal"),
    [
        (11_040.0, 3, 11_040.0),
        (4_140.0, 3, 4_140.0),
        (4_000.0, 3, 0.0),
        (4_000.0, 1, 3_680.0),
        (1_379.0, 1, 0.0),
        (-500.0, 3, 0.0),
    ],
)
def test_a_car_is_offered_six_amperes_or_nothing(power_w, phases, legal):
    assert legal_w(BOX, power_w, phases) == pytest.approx(legal)


def test_a_two_way_station_takes_within_its_own_range():
    assert legal_w(TWO_WAY, -9_000.0, 3) == -6_000.0
    assert refused_offer(TWO_WAY, -6_001.0) == "power_w must be a number from -6000 to 7360"
    assert refused_offer(BOX, -1.0) == "power_w must be a number from 0 to 11040"
    assert refused_offer(BOX, 5_000.0, 2) == "phases must be 1 or 3"


def test_an_offer_rises_by_steps_and_falls_at_once():
    first = offered(station(), BOX, NOW_NS)
    assert first.offered_w == PHASE_A_MIN * PHASE_V * 3
    assert later(station(), seconds=3).offered_w == pytest.approx(10.0 * PHASE_V * 3)
    top = later(station(), seconds=10)
    assert top.offered_w == pytest.approx(11_040.0)
    less = replace(top, word=word(4_140.0, 3))
    assert offered(less, BOX, NOW_NS + 10 * NS_PER_S).offered_w == pytest.approx(4_140.0)


def test_an_opened_contactor_rests_before_it_closes():
    top = later(station(), seconds=10)
    at_ns = NOW_NS + 10 * NS_PER_S
    off = offered(replace(top, word=word(0.0)), BOX, at_ns)
    again = replace(off, word=word(11_040.0, 3, until_ns=at_ns + 10 * REST_NS))
    assert offered(again, BOX, at_ns + REST_NS - 1).offered_w == 0.0
    on = offered(again, BOX, at_ns + REST_NS)
    assert on.offered_w > 0.0
    assert on.switches == top.switches + 1


def test_phases_are_switched_without_current_after_a_pause_and_not_often():
    top = later(station(), seconds=10)
    at_ns = NOW_NS + 10 * NS_PER_S
    far_ns = at_ns + 10 * PHASE_REST_NS
    one = replace(top, word=word(2_300.0, 1, until_ns=far_ns))
    one = offered(one, BOX, at_ns)
    assert (one.offered_w, one.phases) == (0.0, 3)
    assert offered(one, BOX, at_ns + PHASE_PAUSE_NS - 1).phases == 3
    one = offered(one, BOX, at_ns + PHASE_PAUSE_NS)
    assert (one.phases, one.offered_w) == (1, pytest.approx(1_380.0))
    # Back to three it goes later; until then with the same current on the phase that it has.
    back = replace(one, word=word(6_900.0, 3, until_ns=far_ns))
    soon = offered(back, BOX, at_ns + 30 * NS_PER_S)
    assert soon.phases == 1
    assert 0.0 < soon.offered_w <= 10.0 * PHASE_V


def test_after_its_lease_it_falls_to_the_lower_of_offer_and_safe_and_rises_to_safe_after_grace():
    assert BOX.safe_w == 1_380.0
    assert in_force(station(), BOX, NOW_NS + LEASE_NS).power_w == 1_380.0
    paused = station(0.0)
    assert in_force(paused, BOX, NOW_NS + LEASE_NS).power_w == 0.0
    assert in_force(paused, BOX, NOW_NS + LEASE_NS + GRACE_NS).power_w == 1_380.0
    gives = replace(station(), word=word(-5_000.0))
    assert in_force(gives, TWO_WAY, NOW_NS + LEASE_NS).power_w == 0.0


def test_less_is_guaranteed_only_once_the_meter_shows_it():
    top = told(later(station(), seconds=10), BOX, 11_040.0, 3, NOW_NS)
    less = offered(replace(top, word=word(4_140.0, 3)), BOX, NOW_NS + NS_PER_S)
    less = told(less, BOX, 4_140.0, 3, NOW_NS + NS_PER_S)
    assert limit_of(less, BOX, NOW_NS + NS_PER_S).lines_a == pytest.approx([16.0] * 3)
    measured = replace(
        less, power_w=4_140.0, phase_a=(6.0, 6.0, 6.0), heard_ns=NOW_NS + 2 * NS_PER_S
    )
    assert is_obeyed(measured)
    done = watched(measured, BOX, NOW_NS + 2 * NS_PER_S)
    assert limit_of(done, BOX, NOW_NS + 2 * NS_PER_S).lines_a == pytest.approx([6.0] * 3)


def test_two_phases_at_full_current_are_not_taken_for_three_at_less():
    one = told(station(phases=3), BOX, 4_140.0, 3, NOW_NS)
    seen = replace(one, power_w=4_000.0, phase_a=(8.7, 8.7, 0.0), heard_ns=NOW_NS + NS_PER_S)
    assert not is_obeyed(seen)


def test_a_car_that_does_not_obey_in_five_seconds_loses_its_current():
    one = told(replace(station(4_140.0), offered_w=4_140.0), BOX, 4_140.0, 3, NOW_NS)
    takes = replace(one, power_w=11_000.0, phase_a=(16.0, 16.0, 16.0))
    early = replace(takes, heard_ns=NOW_NS + FOLLOWS_NS - 1)
    assert not watched(early, BOX, NOW_NS + FOLLOWS_NS).fault
    late = watched(replace(takes, heard_ns=NOW_NS + FOLLOWS_NS), BOX, NOW_NS + FOLLOWS_NS)
    assert late.offered_w == 0.0
    assert late.fault == "the car takes 11000 W of 4140 W offered"


def test_between_charging_and_giving_there_is_a_moment_of_nothing():
    charges = replace(station(), offered_w=5_000.0, word=word(-4_000.0))
    first = offered(charges, TWO_WAY, NOW_NS)
    assert first.offered_w == 0.0
    assert later(first, TWO_WAY, seconds=10).offered_w == -4_000.0


words = st.builds(
    word,
    power_w=st.floats(0.0, 11_040.0),
    phases=st.sampled_from([None, 1, 3]),
    until_ns=st.integers(NOW_NS, NOW_NS + 900 * NS_PER_S),
)


@settings(max_examples=100, deadline=None)
@given(said=st.lists(st.tuples(words, st.floats(0.0, 120.0)), max_size=12))
def test_no_offer_is_above_its_guarantee_or_below_six_amperes(said):
    now_ns, one = NOW_NS, station(0.0)
    for each, wait_s in said:
        one = replace(one, word=each)
        end_ns = now_ns + round(wait_s * NS_PER_S)
        while now_ns <= end_ns:
            before = one
            one = offered(one, BOX, now_ns)
            limit = limit_of(one, BOX, now_ns)
            amps = one.offered_w / PHASE_V / one.phases
            assert amps == 0.0 or amps >= PHASE_A_MIN - 1e-9
            assert amps <= max(limit.lines_a) + 1e-5
            if one.phases != before.phases:
                assert before.offered_w == 0.0
            due_ns = next_ns(one, BOX, now_ns)
            assert due_ns > now_ns
            now_ns = due_ns
        now_ns = end_ns
