"""Sets of states: what is in both is in each, and nothing is in an empty one."""

from hypothesis import given
from hypothesis import strategies as st

from vettura.home.findings.allowed import Allowed

STATES = ["on", "off", "home", "0", "5", "10", "unavailable"]
names = st.frozensets(st.sampled_from(STATES))
limits = st.sampled_from([float("-inf"), -1.0, 0.0, 5.0, 7.5, float("inf")])
sets = st.builds(Allowed, st.none() | names, names, limits, limits)


@given(sets, sets, st.sampled_from(STATES))
def test_what_is_in_both_is_in_each(one, other, state):
    assert one.meet(other).has(state) == (one.has(state) and other.has(state))
    assert one.meets(other) == other.meets(one)


@given(sets, st.sampled_from(STATES))
def test_what_has_a_state_is_not_empty(allowed, state):
    if allowed.has(state):
        assert not allowed.is_empty


@given(sets, st.sampled_from(STATES))
def test_the_opposite_has_what_it_has_not(allowed, state):
    opposite = allowed.opposite()
    if opposite is not None:
        assert opposite.has(state) != allowed.has(state)
