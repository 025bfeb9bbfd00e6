"""What is proven of a station: decreases count once confirmed, leases end in safe powers."""

import pytest

from vettura.bus.messages_energy import StationLimit, StationOffer
from vettura.energy.fuse import LAG_NS, answered, bound, is_lapsed, sent, unknown
from vettura.energy.pilot import SLACK_A, SLACK_SHARE
from vettura.energy.rounds import Seat, Table, play
from vettura.life.station import StationConfig
from vettura.units import NS_PER_S

NOW_NS = 1_772_452_800 * NS_PER_S
LEASE_NS = 20 * NS_PER_S
BOX = StationConfig(id="a", power_w_max=11_040.0)
OTHER = StationConfig(id="b", power_w_max=11_040.0, line=2)
SAFE = pytest.approx((6.0 * SLACK_SHARE + SLACK_A, 0.0, 0.0))
"""A car that was seen to take more than 6 A may go on with its meter's error."""


def offer(power_w, at_ns=NOW_NS, phases=3):
    return StationOffer(power_w=power_w, phases=phases, until_ns=at_ns + LEASE_NS, issued_ns=at_ns)


def limit(power_w, at_ns=NOW_NS):
    amps = [power_w / 690.0] * 3
    return StationLimit(
        limit_w=power_w,
        phases=3,
        lines_a=amps,
        until_ns=at_ns + LEASE_NS,
        issued_ns=at_ns,
        safe_w=1_380.0,
    )


def standing(power_w=11_040.0, config=BOX):
    begun = unknown(config, start_ns=NOW_NS, lease_ns=LEASE_NS)
    return answered(sent(begun, offer(power_w), 3, NOW_NS), limit(power_w))


def test_at_the_beginning_a_station_may_take_all_that_it_can_until_any_lease_is_over():
    begun = unknown(BOX, start_ns=NOW_NS, lease_ns=LEASE_NS)
    assert bound(begun, NOW_NS) == pytest.approx((16.0, 16.0, 16.0))
    assert bound(begun, NOW_NS + LEASE_NS + LAG_NS) == SAFE


def test_a_decrease_counts_once_it_is_confirmed():
    less = sent(standing(), offer(4_140.0, NOW_NS + 1), 3, NOW_NS + 1)
    assert bound(less, NOW_NS + 1) == pytest.approx((16.0, 16.0, 16.0))
    assert bound(answered(less, limit(4_140.0, NOW_NS + 1)), NOW_NS + 2) == pytest.approx([6.0] * 3)


def test_an_increase_counts_as_soon_as_it_is_sent():
    more = sent(standing(4_140.0), offer(11_040.0, NOW_NS + 1), 3, NOW_NS + 1)
    assert bound(more, NOW_NS + 1) == pytest.approx((16.0, 16.0, 16.0))


def test_an_answer_to_an_older_word_takes_nothing_from_a_newer_one():
    both = sent(standing(), offer(4_140.0, NOW_NS + 1), 3, NOW_NS + 1)
    both = sent(both, offer(11_040.0, NOW_NS + 2), 3, NOW_NS + 2)
    told = answered(both, limit(4_140.0, NOW_NS + 1))
    assert bound(told, NOW_NS + 3) == pytest.approx((16.0, 16.0, 16.0))
    again = answered(answered(told, limit(11_040.0, NOW_NS + 2)), limit(4_140.0, NOW_NS + 1))
    assert bound(again, NOW_NS + 3) == pytest.approx((16.0, 16.0, 16.0))


def test_of_one_word_an_early_answer_that_comes_late_undoes_nothing():
    less = sent(standing(), offer(4_140.0, NOW_NS + 1), 3, NOW_NS + 1)
    done = answered(less, limit(4_140.0, NOW_NS + 1))
    early = limit(11_040.0, NOW_NS + 1)
    assert bound(answered(done, early), NOW_NS + 2) == pytest.approx([6.0] * 3)


def test_who_is_not_reached_counts_with_its_safe_power_after_lease_and_lag():
    one = standing()
    end_ns = NOW_NS + LEASE_NS + LAG_NS
    assert bound(one, end_ns - 1) == pytest.approx((16.0, 16.0, 16.0))
    assert bound(one, end_ns) == SAFE
    assert is_lapsed(one, end_ns)


def table(others=(1.0, 1.0, 1.0), fuse_a=25.0):
    return Table(fuse_a=fuse_a, phases=3, reserve_a=6.0, others_a=others, lease_ns=LEASE_NS)


def seat(one, **changes):
    return Seat(**{"standing": one, "wanted_w": 11_040.0, "last": offer(0.0), **changes})


def words(done):
    return {word.station: word.offer.power_w for word in done.words}


def test_more_waits_until_less_is_confirmed():
    full = seat(standing(), last=offer(11_040.0))
    new = seat(standing(0.0, OTHER))
    first = words(play(table(), [full, new], NOW_NS + NS_PER_S))
    assert first["a"] == pytest.approx(9.0 * 690.0)
    assert first.get("b", 0.0) == 0.0, "16 A may still flow, and 18 A are free"
    at_ns = NOW_NS + NS_PER_S
    gave = answered(
        sent(full.standing, offer(first["a"], at_ns), 3, at_ns), limit(first["a"], at_ns)
    )
    then = words(play(table(), [seat(gave, last=offer(first["a"], at_ns)), new], at_ns + 1))
    assert then["b"] == pytest.approx(9.0 * 690.0)


def test_without_a_meter_nobody_gets_more_than_is_safe():
    assert words(play(table(others=None), [seat(standing(0.0))], NOW_NS + NS_PER_S)) == {
        "a": 1_380.0
    }


def test_a_station_nobody_reaches_leaves_the_others_less():
    far_ns = NOW_NS + LEASE_NS + LAG_NS
    near = answered(sent(standing(0.0, OTHER), offer(0.0, far_ns), 3, far_ns), limit(0.0, far_ns))
    done = play(table(), [seat(standing()), seat(near, last=offer(0.0, far_ns))], far_ns)
    assert words(done)["b"] <= (25.0 - 6.0 - 1.0 - 6.0) * 690.0 + 1e-6


def test_a_house_that_takes_more_makes_cars_give_way_at_once():
    before = seat(standing(), last=offer(11_040.0))
    done = play(table(others=(10.0, 2.0, 2.0)), [before], NOW_NS + NS_PER_S)
    assert words(done)["a"] <= 9.0 * 690.0


def test_of_two_that_cannot_charge_together_one_waits_and_is_named():
    three = {"may_switch": False, "phases_now": 3}
    pair = [seat(standing(0.0), **three), seat(standing(0.0, OTHER), **three)]
    done = play(table(others=(10.0, 10.0, 10.0)), pair, NOW_NS + NS_PER_S)
    assert len(done.waiting) == 1
