"""Statistics of errors: the same each time, and what their names say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vettura.validation.summary import (
    bootstrap,
    percentile,
    r_squared,
    root_mean_square,
    summarise_errors,
)

FINITE = st.floats(-10.0, 10.0)
ERRORS = [("a", 0.02), ("b", -0.10), ("c", 0.04), ("d", -0.04)]


def test_no_errors_have_no_summary():
    assert summarise_errors([], stream="none") is None


def test_a_summary_says_how_large_how_biased_and_which_are_the_worst():
    summary = summarise_errors(ERRORS, stream="four")
    assert summary.count == 4
    assert summary.mape == pytest.approx(0.05)
    assert summary.median == pytest.approx(0.04)
    assert summary.bias == pytest.approx(-0.02)
    assert [name for name, _ in summary.worst] == ["b", "c", "d"]


@given(values=st.lists(FINITE, min_size=1, max_size=20))
def test_the_same_values_always_give_the_same_interval_and_it_lies_between_them(values):
    def mean(sample):
        return sum(sample) / len(sample)

    low, high = bootstrap(values, mean, stream="twice")
    assert (low, high) == bootstrap(values, mean, stream="twice")
    assert min(values) - 1e-9 <= low <= high <= max(values) + 1e-9


def test_the_interval_is_narrower_when_there_are_more_values():
    few = summarise_errors(ERRORS, stream="width").mape_interval
    many = summarise_errors(ERRORS * 25, stream="width").mape_interval
    assert many[1] - many[0] < 0.5 * (few[1] - few[0])


@given(values=st.lists(FINITE, min_size=1), share=st.floats(0.0, 1.0))
def test_a_percentile_lies_between_the_least_and_the_greatest(values, share):
    assert min(values) <= percentile(values, share) + 1e-9
    assert percentile(values, share) <= max(values) + 1e-9


def test_nine_in_ten_of_eleven_even_values_lie_below_the_tenth():
    assert percentile([float(k) for k in range(11)], 0.9) == pytest.approx(9.0)


def test_a_perfect_prediction_explains_all_and_the_mean_explains_nothing():
    measured = [1.0, 2.0, 3.0]
    assert r_squared(predicted=measured, measured=measured) == 1.0
    assert r_squared(predicted=[2.0] * 3, measured=measured) == pytest.approx(0.0)
    assert r_squared(predicted=measured, measured=[2.0] * 3) is None


def test_a_constant_miss_is_its_own_root_mean_square():
    assert root_mean_square(predicted=[3.0, 4.0], measured=[1.0, 2.0]) == pytest.approx(2.0)
