"""Sharing a fuse: no line is overfilled, nobody sits below 6 A, need decides, and turns come."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vettura.energy.sharing import Asker, Grant, amps_of, lines_of, share
from vettura.units import PHASE_A_MIN, PHASE_V


def asker(name="a", **changes):
    return Asker(**{"id": name, "wanted_w": 11_000.0, "power_w_max": 11_000.0, **changes})


def used(askers, grants):
    lines = [0.0, 0.0, 0.0]
    for one in askers:
        grant = grants[one.id]
        for index in lines_of(one.line, grant.phases):
            lines[index] += amps_of(grant.power_w, grant.phases)
    return lines


askers = st.lists(
    st.builds(
        asker,
        wanted_w=st.floats(0.0, 22_000.0),
        power_w_max=st.sampled_from([3_680.0, 7_400.0, 11_000.0, 22_000.0]),
        line=st.integers(1, 3),
        phases=st.sampled_from([(1,), (3,), (1, 3)]),
        dc=st.booleans(),
        need_w=st.floats(0.0, 20_000.0),
        served_wh=st.floats(0.0, 40_000.0),
        is_held=st.booleans(),
    ),
    max_size=6,
).map(
    lambda many: [
        asker(
            str(k),
            **{f: getattr(a, f) for f in a.__dataclass_fields__ if f != "id"},
        )
        for k, a in enumerate(many)
    ]
)
free = st.tuples(*[st.floats(-10.0, 63.0)] * 3)


@settings(max_examples=120, deadline=None)
@given(askers=askers, free=free)
def test_no_line_is_overfilled_and_nobody_gets_less_than_six_amperes_or_more_than_it_wants(
    askers, free
):
    grants = share(askers, free)
    for amps, room in zip(used(askers, grants), free, strict=True):
        assert amps <= max(room, 0.0) + 1e-6
    for one in askers:
        grant = grants[one.id]
        assert grant.phases in one.phases
        assert grant.power_w <= min(one.wanted_w, one.power_w_max) + 1e-6
        least_w = PHASE_A_MIN * PHASE_V * grant.phases
        assert grant.power_w == 0.0 or one.dc or grant.power_w >= least_w - 1e-6


@settings(max_examples=100, deadline=None)
@given(askers=askers, free=free)
def test_who_gets_less_than_it_wants_has_a_full_line(askers, free):
    grants = share(askers, free)
    lines = used(askers, grants)
    for one in askers:
        grant = grants[one.id]
        top_w = min(one.wanted_w, one.power_w_max / max(one.phases) * grant.phases)
        if 0.0 < grant.power_w < top_w - 1e-3:
            rooms = [free[k] - lines[k] for k in lines_of(one.line, grant.phases)]
            assert min(rooms) < 1e-6


def test_a_lone_station_gets_what_it_wants():
    assert share([asker()], (32.0, 32.0, 32.0))["a"].power_w == pytest.approx(11_000.0)


def test_two_alike_get_the_same_and_twice_the_need_gets_twice_the_rest():
    alike = share([asker("a"), asker("b")], (20.0, 20.0, 20.0))
    assert alike["a"] == alike["b"] == Grant(power_w=pytest.approx(6_900.0), phases=3)
    pair = [asker("a", need_w=2_000.0), asker("b", need_w=1_000.0)]
    grants = share(pair, (20.0, 20.0, 20.0))
    above = [amps_of(grants[k].power_w, 3) - PHASE_A_MIN for k in "ab"]
    assert above[0] == pytest.approx(2.0 * above[1])


def test_little_is_wanted_on_one_phase_and_on_its_own_line():
    grant = share([asker(wanted_w=2_300.0, line=2)], (0.0, 16.0, 0.0))["a"]
    assert grant == Grant(power_w=pytest.approx(2_300.0), phases=1)


def test_when_six_amperes_do_not_fit_for_all_who_had_least_comes_first_unless_a_turn_runs():
    few = (10.0, 10.0, 10.0)
    three = {"phases": (3,)}
    fresh = [asker("a", served_wh=900.0, **three), asker("b", served_wh=100.0, **three)]
    assert share(fresh, few)["a"].power_w == 0.0
    held = [asker("a", served_wh=900.0, is_held=True, **three), asker("b", **three)]
    assert share(held, few)["b"].power_w == 0.0


def test_a_station_that_cannot_have_three_phases_begins_on_its_own():
    grant = share([asker(line=3)], (2.0, 2.0, 20.0))["a"]
    assert grant.phases == 1
    assert grant.power_w == pytest.approx(11_000.0 / 3.0)
